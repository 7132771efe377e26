"""Errors that the user can mend, and how a script ends.

A wrong option, a broken file, a record without an output: each is raised as a `UserError` (or a
subclass that says where) whose message is one line: which file, which entry, what is wrong, what
to do. `run_script` prints that line and ends with status 2. Any other exception is a bug of ours
and keeps its traceback. Both are in the lowest room because every room raises such errors.
"""

import os
import sys
from collections.abc import Callable

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


def run_script(main: Callable[[], int]) -> int:
    """`main`'s exit status; 2 and one line on stderr for a mistake of the user's; 130 for Ctrl-C.

    Such mistakes are a UserError, the system's refusal of a file (a full disk, a missing
    permission) and a lack of memory. Anything else is a bug and shows its traceback.
    """
    # A process without a terminal may have neither; and Windows consoles are not UTF-8.
    sys.stdout = sys.stdout or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    sys.stderr = sys.stderr or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    for output in (sys.stdout, sys.stderr):
        output.reconfigure(encoding="utf-8", errors="replace")
    try:
        status = main()
        sys.stdout.flush()
        return status
    except UserError as error:
        message = str(error)
    except BrokenPipeError:  # whoever read our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141  # as the shell says it: 128 + SIGPIPE
    except OSError as error:
        if error.strerror is None:
            raise
        message = f"{error.filename or 'output'}: {error.strerror}"
    except (MemoryError, RuntimeError) as error:
        signs = ("can't allocate memory", "out of memory")  # torch's, on the CPU and on a GPU
        if not isinstance(error, MemoryError) and not any(sign in str(error) for sign in signs):
            raise
        message = "not enough memory: a smaller --model or --batch-size takes less"
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    print("error: " + " ".join(message.split()), file=sys.stderr)
    return 2


def quiet_interrupt() -> None:
    """For a script's first line: Ctrl-C while torch is being imported shows no traceback."""

    def hook(kind: type[BaseException], error: BaseException, trace: object) -> None:
        if issubclass(kind, KeyboardInterrupt):
            print("interrupted", file=sys.stderr)
        else:
            sys.__excepthook__(kind, error, trace)

    sys.excepthook = hook
