"""What a long run meets from outside: signals, and a screen that is closed.

Ctrl-C, SIGTERM and SIGHUP during training: finish the step at hand, write a checkpoint, then end.
A reader of the output that goes away (`| head -1`, a closed terminal): train on without it.
"""

import contextlib
import os
import signal
import sys
import time
from collections.abc import Iterator
from signal import SIGINT, SIGTERM
from typing import Any, NoReturn, TextIO

SIGHUP = getattr(signal, "SIGHUP", SIGTERM)  # the terminal was closed; Windows has no such signal
NOTE = b"\nStopping after this step, with a checkpoint; again to stop at once\n"


class StopSignal:
    """While entered, a signal to stop is noted and waits until the loop asks, at a step's end.

    A second signal ends the program at once. (The same signal within seconds counts as the first
    one still: torchrun passes on what the terminal has already sent.)
    """

    def __init__(self) -> None:
        self.signal: int | None = None
        self.since = 0.0

    @property
    def requested(self) -> bool:
        return self.signal is not None

    def __enter__(self) -> "StopSignal":
        numbers = {SIGINT, SIGTERM}
        if signal.getsignal(SIGHUP) != signal.SIG_IGN:  # `nohup` has it ignored
            numbers.add(SIGHUP)
        self.before = {n: signal.signal(n, self._on_signal) for n in numbers}
        return self

    def __exit__(self, *error: object) -> None:
        for number, handler in self.before.items():
            signal.signal(number, handler)

    def _on_signal(self, number: int, frame: object) -> None:
        if self.signal is None:
            self.signal, self.since = number, time.monotonic()
            with contextlib.suppress(OSError, ValueError):  # the screen may be closed
                os.write(sys.stderr.fileno(), NOTE)
        elif time.monotonic() - self.since > 3:
            self.signal = number
            self.exit()

    def exit(self) -> NoReturn:
        """End the program as the signal would have; as Ctrl-C if another process had the signal."""
        if self.signal in (None, SIGINT):
            raise KeyboardInterrupt
        raise SystemExit(128 + self.signal)


@contextlib.contextmanager
def output_may_close() -> Iterator[None]:
    """While entered, the program goes on when nobody reads stdout or stderr any longer."""
    out, err = _MayClose(sys.stdout), _MayClose(sys.stderr)
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        yield


class _MayClose:
    """A stream that writes to nowhere once it cannot write."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)

    def write(self, text: str) -> int:
        try:
            return self.stream.write(text)
        except OSError:
            self._close()
            return len(text)

    def flush(self) -> None:
        try:
            self.stream.flush()
        except OSError:
            self._close()

    def _close(self) -> None:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self.stream.fileno())  # and so goes what is still in the buffer
        os.close(nowhere)
