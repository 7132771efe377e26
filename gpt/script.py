"""What every script does around its `main`. Imported before torch, for two things torch looks up.

torch warns at import when NumPy is not installed. Here it never is, and nothing misses it. And on
Linux torch takes memory from the system in pages of 4 kB unless it is told to ask for huge ones
(2 MB), with which the gigabytes that training touches at every step cost far fewer page faults.
"""

import os
import sys
import warnings
from collections.abc import Callable

from gpt.errors import UserError

warnings.filterwarnings("ignore", message="Failed to initialize NumPy")
os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")


def _excepthook(kind: type[BaseException], error: BaseException, trace: object) -> None:
    """Ctrl-C while torch is being imported is no bug and needs no traceback."""
    if issubclass(kind, KeyboardInterrupt):
        print("interrupted", file=sys.stderr)
    else:
        sys.__excepthook__(kind, error, trace)


sys.excepthook = _excepthook


def run(main: Callable[[], int]) -> int:
    """`main`'s exit status; 2 and one line on stderr for what the user can mend; 130 for Ctrl-C.

    What the user can mend is a UserError, the system's refusal of a file (a full disk, a missing
    permission) or of memory. Anything else is a bug and shows its traceback.
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
    except BrokenPipeError:  # who read our output has seen enough
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
