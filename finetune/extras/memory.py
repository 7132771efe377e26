"""What every script does around its `main`. Imported before torch, which looks some of it up.

torch warns at import when NumPy is not installed. Here it never is, and nothing misses it.

Two things are about memory on a CPU. What torch frees, Linux's C library gives back to the system,
to be given the same gigabytes again in the next step, page by page and cleared: a third of a
training step. `reuse_memory` lets the process keep them. And oneDNN, which multiplies matrices for
torch, remembers how for the last 1,024 shapes; every batch has shapes of its own, and the little
that is kept for each lies between the large freed blocks and splits them. `remember_few_shapes`
saves half a gigabyte at 355M, where no time is lost; `tiny` would lose a fifth of its speed.
"""

import ctypes
import os
import signal
import sys
import time
import warnings
from collections.abc import Callable
from signal import SIGINT, SIGTERM
from typing import NoReturn

from gpt.errors import UserError

warnings.filterwarnings("ignore", message="Failed to initialize NumPy")

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_MMAP_MAX = -1, -3, -4  # from glibc's malloc.h


def reuse_memory(yes: bool) -> None:
    """Keep freed memory for the next tensor; or never hold more than is in use, which is slower.

    For the tensors made from then on, where the C library is glibc; elsewhere it does nothing.
    mallopt(3) explains the numbers.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is not None:
        mallopt(M_TRIM_THRESHOLD, 2**31 - 1 if yes else 1 << 20)
        mallopt(M_MMAP_THRESHOLD, 1 << 20)
        mallopt(M_MMAP_MAX, 0 if yes else 1 << 20)


reuse_memory(True)


def remember_few_shapes() -> None:
    """oneDNN's last 32 in place of 1,024, if no matrix has been multiplied yet."""
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "32")


def _excepthook(kind: type[BaseException], error: BaseException, trace: object) -> None:
    """Ctrl-C while torch is being imported is no bug and needs no traceback."""
    if issubclass(kind, KeyboardInterrupt):
        print("interrupted", file=sys.stderr)
    else:
        sys.__excepthook__(kind, error, trace)


sys.excepthook = _excepthook


class Stop:
    """While it is entered, Ctrl-C and SIGTERM wait until the program asks, at a step's end.

    The second time they end it at once. (The same signal within seconds is the first one still:
    torchrun passes on what the terminal has already sent.)
    """

    def __init__(self) -> None:
        self.signal, self.since = None, 0.0

    @property
    def asked(self) -> bool:
        return self.signal is not None

    def __enter__(self) -> "Stop":
        self.before = {n: signal.signal(n, self._on_signal) for n in (SIGINT, SIGTERM)}
        return self

    def __exit__(self, *error: object) -> None:
        for number, handler in self.before.items():
            signal.signal(number, handler)

    def _on_signal(self, number: int, frame: object) -> None:
        if self.signal is None:
            self.signal, self.since = number, time.monotonic()
            os.write(2, b"\nStopping when this step is done and saved; again to stop at once\n")
        elif time.monotonic() - self.since > 3:
            self.signal = number
            self.leave()

    def leave(self) -> NoReturn:
        """End the program as the signal would have."""
        if self.signal == SIGTERM:
            raise SystemExit(128 + SIGTERM)
        raise KeyboardInterrupt


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
