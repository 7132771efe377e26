"""Errors that the user can mend, how a script ends, and how text is shown in a terminal.

A wrong option, a broken file, a record without an output: each is raised as a `UserError` (or a
subclass that says where) whose message is one line: which file, which entry, what is wrong, what
to do. `run_script` prints that line and ends with status 2. Any other exception is a bug of ours
and keeps its traceback. All this is in the lowest room because every room raises such errors.
"""

import contextlib
import difflib
import errno
import os
import sys
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Any

# The characters that a terminal obeys (those below a space, delete, and U+0080 to U+009F), and a
# picture of each: U+241B, ␛, stands for ESC. A line break and a tab stay.
CONTROL_PICTURES = {code: 0x2400 + code for code in range(32) if chr(code) not in "\n\t"}
CONTROL_PICTURES |= {127: 0x2421} | dict.fromkeys(range(128, 160), 0xFFFD)


class UserError(ValueError):
    """A mistake of the user's, told in one line that says what to do about it."""


def printable(text: str) -> str:
    """`text` for stdout: in a terminal, control characters are shown and not obeyed.

    Data and responses may hold escape codes that clear the screen or rename the window. In a file
    or a pipe the text stays as it is.
    """
    return text.translate(CONTROL_PICTURES) if sys.stdout.isatty() else text


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """ "; did you mean X?" with the known word most like `word`, or "" if none is."""
    close = difflib.get_close_matches(word, list(known), n=1)
    return f"; did you mean {close[0]}?" if close else ""


def run_script(main: Callable[[], int]) -> int:
    """`main`'s exit status; 2 and one line on stderr for a mistake of the user's; 130 for Ctrl-C.

    Such mistakes are a UserError, the system's refusal of a file (a full disk, a missing
    permission) and a lack of memory. Anything else is a bug and shows its traceback.
    """
    _open_standard_streams()
    # Windows consoles are not UTF-8; and a line belongs in a log file as soon as it is printed.
    streams: tuple[Any, Any] = (sys.stdout, sys.stderr)
    for output in streams:
        output.reconfigure(encoding="utf-8", errors="replace", line_buffering=True)
    try:
        status = main()
        sys.stdout.flush()
        return status
    except UserError as error:
        message = str(error)
    except BrokenPipeError:  # whoever read our output has seen enough
        for output in (sys.stdout, sys.stderr):
            os.dup2(os.open(os.devnull, os.O_WRONLY), output.fileno())
        return 141  # as the shell says it: 128 + SIGPIPE
    except (MemoryError, RuntimeError, OSError) as error:
        if _is_lack_of_memory(error):
            message = (
                "not enough memory: --low-memory, --lora-rank 16, a smaller --batch-size or a "
                "smaller model (--model 124M) takes less"
            )
        elif isinstance(error, OSError) and error.strerror is not None:
            message = f"{error.filename or 'output'}: {error.strerror}"
        else:
            raise
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    with contextlib.suppress(BrokenPipeError):
        print("error: " + " ".join(message.split()).translate(CONTROL_PICTURES), file=sys.stderr)
    return 2


def _open_standard_streams() -> None:
    """Give a process that was started without stdin, stdout or stderr the null device for them.

    Else the next file that is opened gets the number of one, and what is printed is written there.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest free number, which is this one
    sys.stdin = sys.stdin or open(os.devnull, encoding="utf-8")  # noqa: SIM115
    sys.stdout = sys.stdout or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    sys.stderr = sys.stderr or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115


def _is_lack_of_memory(error: Exception) -> bool:
    if isinstance(error, OSError):
        return error.errno == errno.ENOMEM
    signs = ("can't allocate memory", "out of memory")  # torch's, on the CPU and on a GPU
    return isinstance(error, MemoryError) or any(sign in str(error) for sign in signs)


def quiet_interrupt() -> None:
    """For a script's first line: Ctrl-C while torch is being imported shows no traceback."""

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            print("interrupted", file=sys.stderr)
        else:
            sys.__excepthook__(kind, error, trace)

    sys.excepthook = hook
