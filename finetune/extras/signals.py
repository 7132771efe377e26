"""Ctrl-C and SIGTERM during training: finish the step at hand, write a checkpoint, then end."""

import os
import signal
import time
from signal import SIGINT, SIGTERM
from typing import NoReturn


class StopSignal:
    """While entered, Ctrl-C and SIGTERM are noted and wait until the loop asks, at a step's end.

    A second signal ends the program at once. (The same signal within seconds counts as the first
    one still: torchrun passes on what the terminal has already sent.)
    """

    def __init__(self) -> None:
        self.signal, self.since = None, 0.0

    @property
    def requested(self) -> bool:
        return self.signal is not None

    def __enter__(self) -> "StopSignal":
        self.before = {n: signal.signal(n, self._on_signal) for n in (SIGINT, SIGTERM)}
        return self

    def __exit__(self, *error: object) -> None:
        for number, handler in self.before.items():
            signal.signal(number, handler)

    def _on_signal(self, number: int, frame: object) -> None:
        if self.signal is None:
            self.signal, self.since = number, time.monotonic()
            os.write(2, b"\nStopping after this step, with a checkpoint; again to stop at once\n")
        elif time.monotonic() - self.since > 3:
            self.signal = number
            self.exit()

    def exit(self) -> NoReturn:
        """End the program as the signal would have."""
        if self.signal == SIGTERM:
            raise SystemExit(128 + SIGTERM)
        raise KeyboardInterrupt
