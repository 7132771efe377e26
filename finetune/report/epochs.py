"""Eight validation records answered again and again while the model learns, for the page to play.

Handed to the loop as a callback. Where answering is slow, only the ends of epochs are kept, and
where it is very slow nothing is: the first answers, before training, are timed.
"""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from finetune.dataset import Record
from finetune.device import SingleProcess
from finetune.loop import Callbacks, Metrics, Progress
from finetune.responses import Response
from gpt.model import GPT
from weights.files import read_json_object, write_text

PLAYED_RECORDS = 8
STEPS = (5, 20, 60)  # 0 is before training
MAX_NEW_TOKENS = 64
SLOW, TOO_SLOW = 15.0, 60.0  # seconds for the first answers


@dataclass
class PlayedEpochs(Callbacks):
    """Writes epochs.json. `respond` gives the model's responses to records."""

    directory: Path
    records: Sequence[Record]
    respond: Callable[..., list[Response]]
    model: GPT
    process: SingleProcess

    def __post_init__(self) -> None:
        self.path, self.records = self.directory / "epochs.json", self.records[:PLAYED_RECORDS]
        stored = read_json_object(self.path) if self.path.is_file() else {}  # of a resumed run
        self.answers, self.seconds = stored.get("answers", []), stored.get("seconds", 0.0)

    def on_evaluation(self, metrics: Metrics) -> None:
        """Answer before training, and measure how long that takes."""
        if metrics.step < 0:
            self._answer("before training", 0)
            self.seconds = self.process.all_reduce_sum(self.seconds)  # every process decides alike

    def on_epoch_end(self, epoch: int) -> None:
        """Remember the epoch: `on_step` comes right after."""
        self.epoch = epoch

    def on_step(self, progress: Progress, epoch_over: bool) -> None:
        """Answer after some of the first steps, and after each epoch."""
        steps = progress.step + 1
        if epoch_over and self.seconds < TOO_SLOW:
            self._answer(f"epoch {self.epoch}, step {steps}", steps)
        elif steps in STEPS and self.seconds < SLOW:
            self._answer(f"step {steps}", steps)

    def _answer(self, when: str, steps: int) -> None:
        with self.process.unsharded(self.model):
            if not self.process.is_main_process:
                return
            started = time.perf_counter()
            responses = self.respond(self.records, MAX_NEW_TOKENS)
            self.seconds = self.seconds or time.perf_counter() - started
        # What was answered after the checkpoint that a run resumed from is answered again.
        self.answers = [answer for answer in self.answers if answer["step"] < steps]
        self.answers.append({"when": when, "step": steps, "responses": responses})
        data = {"records": [*map(asdict, self.records)], "answers": self.answers}
        text = json.dumps(data | {"seconds": self.seconds}, ensure_ascii=False)
        write_text(self.path, text + "\n")
