"""The directory of a run: what is written to it on the way, and how a run that stopped goes on.

options.json     every option, written first
run.json         the command, what it found, and the versions it ran with
before.json      answers to some test records, and token losses, before training
metrics.jsonl    one line an evaluation
model/           the model after the last whole epoch; with LoRA also adapter/
checkpoint/      what to go on from (finetune/checkpoint.py); removed at the end
losses.svg       the loss curves
after.json       the token losses after training
scores.json      what the answers are worth (finetune/scores.py)
report.html      all of this to look at (finetune/report.py)
responses.json   the answers to the test records; the last file: the run is finished
"""

import dataclasses
import json
import platform
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from tqdm import tqdm

from finetune.dataset import Record
from finetune.evaluate.scores import Answer
from finetune.extras import checkpoint
from finetune.extras.distributed import ALONE, Processes
from finetune.extras.memory import Stop
from finetune.loop import BEGINNING, Metrics, Position
from finetune.optimizer import AdamW
from finetune.plot import loss_curves
from finetune.report import __main__ as report
from gpt.errors import UserError
from gpt.model import GPT
from weights.files import append_text, read_json_object, write_text


def new_directory(out: str | None, model: str, options: dict[str, Any]) -> Path:
    """Make a run's directory, `out` or a new one named after `model`, with its options in it.

    Raises UserError if it holds something.
    """
    if out is None:
        directory = Path("runs") / f"{Path(model).resolve().name}-{time.strftime('%Y%m%d-%H%M%S')}"
        while directory.exists():  # another run began in the same second
            directory = directory.with_name(directory.name + "-again")
    else:
        directory = Path(out)
        if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
            raise UserError(f"--out {directory}: already there; give another, to lose nothing")
    directory.mkdir(parents=True, exist_ok=out is not None)
    write_text(directory / "options.json", json.dumps(options, indent=2) + "\n")
    return directory


def stored_options(directory: Path) -> dict[str, Any]:
    """The options that a run was started with. Raises UserError."""
    path = directory / "options.json"
    if not path.is_file():
        raise UserError(f"{directory}: no options.json in it, so no run to go on with")
    return read_json_object(path)


def is_finished(directory: Path) -> bool:
    """Whether nothing of the run in `directory` is left to do; its checkpoint then goes."""
    finished = (directory / "responses.json").is_file()
    if finished:  # it may have been killed in its last moment, before it had removed it
        shutil.rmtree(directory / "checkpoint", ignore_errors=True)
    return finished


class Run:
    """What train.py hands to the loop, so that the run can be watched and gone on with.

    Opening it puts the last checkpoint, if there is one, into model and optimizer: training starts
    at `start`. Every process has one; the leader's alone writes. `records` stands for what is
    trained on, `command` goes on with it.
    """

    def __init__(
        self,
        directory: Path,
        model: GPT,
        optimizer: AdamW,
        records: str,
        save_every: int | None = None,
        processes: Processes = ALONE,
        command: str = "python train.py",
    ) -> None:
        self.command = command
        self.directory, self.model, self.optimizer = directory, model, optimizer
        self.records, self.save_every, self.processes = records, save_every, processes
        self.start: Position = BEGINNING
        self.history: list[Metrics] = []
        self.stop = Stop()
        found = checkpoint.newest(directory / "checkpoint")
        if found is not None:
            self.start, self.history = checkpoint.load(found, model, optimizer, records)
        if processes.leads:
            for parts in ("*.part", "model/*.part", "adapter/*.part"):  # of a process that died
                for left_over in directory.glob(parts):
                    left_over.unlink()
            # What was noted after the checkpoint will be noted again.
            write_text(directory / "metrics.jsonl", "".join(map(_line, self.history)))

    def describe(self, about: str) -> None:
        """Print what the run is, and keep it for the report."""
        tqdm.write(about)
        facts = {
            "command": self.command,
            "about": about.splitlines(),
            "versions": f"Python {platform.python_version()}, torch {torch.__version__}, "
            f"{platform.system()} on {platform.machine()}, {torch.get_num_threads()} threads",
        }
        if self.processes.leads and self.start == BEGINNING:
            write_text(self.directory / "run.json", json.dumps(facts, indent=2) + "\n")

    def keep(self, name: str, seen: dict[str, Any]) -> None:
        """Write a file of what was seen of the model."""
        write_text(self.directory / name, json.dumps(seen, ensure_ascii=False) + "\n")

    def on_evaluation(self, metrics: Metrics) -> None:
        """Note it."""
        self.history.append(metrics)
        if self.processes.leads:
            append_text(self.directory / "metrics.jsonl", _line(metrics))

    def on_step(self, position: Position, epoch_over: bool) -> None:
        """Write a checkpoint when one is due, or a signal came, which then ends the program."""
        stopping = self.processes.sum(self.stop.asked) > 0
        due = self.save_every is not None and (position.step + 1) % self.save_every == 0
        if stopping or due or epoch_over:
            checkpoint.save(
                self.directory / "checkpoint",
                self.model,
                self.optimizer,
                position,
                self.history,
                self.records,
                self.processes,
            )
        if stopping:
            tqdm.write(
                f"Stopped after step {position.step}. To go on: "
                f"{self.command} --resume {self.directory}"
            )
            self.stop.leave()

    def finish(self, records: Sequence[Record], answers: Sequence[Answer]) -> None:
        """Write what a finished run has. For the leader."""
        write_text(self.directory / "losses.svg", loss_curves(self.history))
        answered = [
            dataclasses.asdict(record)
            | {"response": answer.text, "ended": answer.ended, "tokens": answer.tokens}
            for record, answer in zip(records, answers, strict=True)
        ]
        write_text(self.directory / report.NAME, report.page(self.directory, answered))
        text = json.dumps(answered, indent=2, ensure_ascii=False)
        write_text(self.directory / "responses.json", text + "\n")
        shutil.rmtree(self.directory / "checkpoint", ignore_errors=True)


def _line(metrics: Metrics) -> str:
    return json.dumps(metrics._asdict()) + "\n"
