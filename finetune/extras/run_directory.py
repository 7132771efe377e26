"""The directory of a run: what is written to it during training, and how a stopped run resumes.

options.json     every option, written first
run.json         the command, the model and the data, and the versions it ran with
before.json      responses to some test records, token losses, attention, before training
metrics.jsonl    one line for each evaluation
model/           the model after the last complete epoch; with LoRA also adapter/
checkpoint/      what to resume from (finetune/extras/checkpoint.py); removed at the end
epochs.json      responses to eight validation records during training (finetune/report/epochs.py)
losses.svg       the loss curves (finetune/plot.py)
share.svg        the curve and one response before and after, as a picture
attention.svg    where the model looked while it wrote one response, as a picture
after.json       token losses and attention after training, and a walk through the steps
scores.json      scores of the responses (finetune/evaluate/scores.py)
report.html      all of this on one page (finetune/report)
responses.json   the responses to the test records; the last file: the run is finished
lock             empty; the process that trains holds it, so that no second one resumes the run
"""

import hashlib
import json
import os
import platform
import re
import shlex
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from tqdm import tqdm

from finetune.console import wrap_words
from finetune.dataset import Record
from finetune.device import SINGLE_PROCESS, SingleProcess
from finetune.extras import adapter, checkpoint, lora
from finetune.extras.model_card import model_card
from finetune.extras.signals import StopSignal
from finetune.loop import START, Callbacks, Metrics, Progress
from finetune.optimizer import AdamW
from finetune.plot import loss_curves
from finetune.prompt import chat_template
from finetune.records import BUNDLED_NAME
from finetune.responses import Response, response_entries
from gpt.errors import UserError
from gpt.model import GPT
from weights import pretrained
from weights.download import try_lock
from weights.files import append_text, read_json_object, write_text
from weights.sources import hugging_face_name

RUNS = Path("runs")
SAVE_SECONDS = (
    600  # from one checkpoint to the next, where `save_every` does not say how many steps
)
RISEN = 1.1  # a loss that is so many times the first one is no noise
MOVABLE = ("model", "data", "validation", "test")  # options: a checkpoint proves them the same


def open_directory(options: dict[str, Any], process: SingleProcess = SINGLE_PROCESS) -> Path:
    """The directory to resume; or a new one, `out` or named after `model`, with the options in it.

    Raises UserError if it is to be new and holds something, and if a run that has no checkpoint is
    resumed with another model or other data.
    """
    if options["resume"] is not None:
        directory = Path(options["resume"])
        stored = stored_options(directory)
        moved = [name for name in MOVABLE if options.get(name) != stored.get(name)]
        if moved and checkpoint.newest(directory / "checkpoint") is None:
            raise UserError(
                f"--{moved[0]}: {directory} has no checkpoint to tell whether it is the same; "
                "start a new run"
            )
        return directory
    if not process.is_main_process:
        return Path(os.devnull)  # only the main process writes
    if note := unfinished_note():
        tqdm.write(note)
    if options["out"] is None:
        name = f"{Path(options['model']).resolve().name}-{time.strftime('%Y%m%d-%H%M%S')}"
        directory = RUNS / name
        while directory.exists():  # another run began in the same second
            directory = directory.with_name(directory.name + "-again")
    else:
        directory = Path(options["out"])
        if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
            raise UserError(f"--out {directory}: already there; give another, to lose nothing")
    directory.mkdir(parents=True, exist_ok=options["out"] is not None)
    write_text(directory / "options.json", json.dumps(options, indent=2) + "\n")
    return directory


def stored_options(directory: Path) -> dict[str, Any]:
    """The options that a run was started with. Raises UserError."""
    path = directory / "options.json"
    if not path.is_file():
        raise UserError(f"{directory}: no options.json in it, so no run to resume")
    options = read_json_object(path)
    if re.search(r"[/\\]finetune[/\\]instructions\.json$", str(options.get("data"))):
        options["data"] = BUNDLED_NAME  # a run of before stored where its clone had them
    if options.get("mask_prompt") is False:
        options["mask_prompt"] = "off"  # which was the default of every model
    return options


def resume_command(directory: Path) -> str:
    """What to type to resume the run in `directory`."""
    path = directory / "run.json"
    command = read_json_object(path)["command"] if path.is_file() else "python train.py"
    return f"{command} --resume {shlex.quote(directory.as_posix())}"


def unfinished_note() -> str | None:
    """A line about the run under runs/ that wrote the last checkpoint and did not finish."""
    checkpoints = [checkpoint.newest(path) for path in RUNS.glob("*/checkpoint")]
    times = {found.parents[1]: found.stat().st_mtime for found in checkpoints if found is not None}
    stopped = [run for run in times if not (run / "responses.json").is_file() and not in_use(run)]
    if not stopped:
        return None
    directory = max(stopped, key=times.__getitem__)
    return f"{directory} is unfinished. To resume it: {resume_command(directory)}"


_held: dict[Path, int] = {}  # the locks of this process, as file descriptors


def in_use(directory: Path) -> bool:
    """Whether another process is at work on the run."""
    path = (directory / "lock").resolve()
    if path in _held or not path.is_file():
        return False
    with path.open("ab") as file:
        return not try_lock(file)


def lock(directory: Path) -> None:
    """Hold the run's lock, until `unlock` or the end of the process. Raises UserError."""
    path = (directory / "lock").resolve()
    if path in _held:
        return
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT)
    with open(descriptor, "r+b", closefd=False) as file:
        free = try_lock(file)
    if not free:
        os.close(descriptor)
        raise UserError(f"{directory}: another process is training this run; wait for its end")
    _held[path] = descriptor


def unlock(directory: Path) -> None:
    """Let others have the run's lock."""
    os.close(_held.pop((directory / "lock").resolve()))


def is_finished(directory: Path) -> bool:
    """Whether the run in `directory` is complete; then a checkpoint left over is removed."""
    finished = (directory / "responses.json").is_file()
    if finished:  # it may have been killed in its last moment, before it had removed it
        shutil.rmtree(directory / "checkpoint", ignore_errors=True)
    return finished


def fingerprint(data: object) -> str:
    """The sha256 of training data, by which a checkpoint knows it again."""
    return hashlib.sha256(repr(data).encode("utf-8")).hexdigest()


class RunDirectory(Callbacks):
    """Callbacks of the loop that log metrics and write checkpoints to the run directory.

    Opening it locks it, and copies the last checkpoint, if there is one, into model and optimizer:
    training starts at `start`. Every process has one; the main process alone writes.
    `data_fingerprint` identifies the training data; `command` starts the program that trains.
    `options` are those it has now: where they say that data or model was moved, the run's own say
    so from then on.

    Raises UserError if another process trains this run, or has finished it.
    """

    def __init__(
        self,
        directory: Path,
        model: GPT,
        optimizer: AdamW,
        data_fingerprint: str,
        save_every: int | None = None,
        process: SingleProcess = SINGLE_PROCESS,
        command: str = "python train.py",
        options: dict[str, Any] | None = None,
    ) -> None:
        self.command = command
        self.directory, self.model, self.optimizer = directory, model, optimizer
        self.data_fingerprint, self.save_every = data_fingerprint, save_every
        self.process = process
        self.start: Progress = START
        self.history: list[Metrics] = []
        self.stop_signal = StopSignal()
        self.saved_at = time.monotonic()
        if process.is_main_process:
            lock(directory)
            if is_finished(directory):
                raise UserError(f"{directory}: another process has finished this run")
        found = checkpoint.newest(directory / "checkpoint")
        if found is not None:
            self.start, self.history = checkpoint.load(found, model, optimizer, data_fingerprint)
        if process.is_main_process:
            if found is not None and options is not None:
                _store_places(directory, options)
            for pattern in ("*.part", "model/*.part", "adapter/*.part"):  # of a process that died
                for left_over in directory.glob(pattern):
                    left_over.unlink()
            # What was logged after the checkpoint will be logged again.
            write_text(directory / "metrics.jsonl", "".join(map(_line, self.history)))

    def print_header(self, about: str) -> None:
        """Print what is trained on what, and keep it for the report."""
        at = f", after step {self.start.step}" if self.start.step >= 0 else ""
        about = f"{about}\nRun: {self.directory}{at}"
        tqdm.write(wrap_words(about))
        facts = {
            "command": self.command,
            "about": about.splitlines(),
            "versions": f"Python {platform.python_version()}, torch {torch.__version__}, "
            f"{platform.system()} on {platform.machine()}, {torch.get_num_threads()} threads",
        }
        if self.process.is_main_process and self.start.step < 0:
            write_text(self.directory / "run.json", json.dumps(facts, indent=2) + "\n")

    def on_evaluation(self, metrics: Metrics) -> None:
        """Append the metrics to metrics.jsonl."""
        self.history.append(metrics)
        if self.process.is_main_process:
            append_text(self.directory / "metrics.jsonl", _line(metrics))

    def on_epoch_end(self, epoch: int) -> None:
        """Write `model/`, which every program that reads GPT-2 opens; with LoRA also `adapter/`."""
        with self.process.unsharded(self.model):
            if not self.process.is_main_process:
                return
            options = stored_options(self.directory)
            template, model = options.get("template"), self.directory / "model"
            jinja = chat_template(template) if template else None
            pretrained.save(model, self.model, template, jinja)
            if template:  # not of a model that was pretrained
                write_text(model / "README.md", model_card(options, self.history[-1]))
            if lora.is_adapted(self.model):
                base = hugging_face_name(options["model"])
                adapter.save(self.directory / "adapter", self.model, base)
        first, last = self.history[0].train_loss, self.history[-1].train_loss
        if last > RISEN * first:
            tqdm.write(
                f"warning: the training loss rose from {first:.2f} to {last:,.2f}: the learning "
                "rate is\ntoo high; a new run with a smaller --lr helps"
            )

    def on_step(self, progress: Progress, epoch_over: bool) -> None:
        """Write a checkpoint when one is due, or after a signal, which then ends the program.

        It is due at an epoch's end, and after `save_every` steps or else ten minutes. A checkpoint
        that cannot be written ends the program only after a signal.
        """
        stopping = self.process.all_reduce_sum(self.stop_signal.requested) > 0
        if self.save_every is not None:
            due = (progress.step + 1) % self.save_every == 0
        else:  # by the main process's clock, so that all decide alike
            late = time.monotonic() - self.saved_at >= SAVE_SECONDS
            due = self.process.all_reduce_sum(late and self.process.is_main_process) > 0
        if stopping or due or epoch_over:
            try:
                checkpoint.save(
                    self.directory / "checkpoint",
                    self.model,
                    self.optimizer,
                    progress,
                    self.history,
                    self.data_fingerprint,
                    self.process,
                )
            except OSError as error:
                if stopping:
                    raise
                tqdm.write(
                    f"warning: no checkpoint after step {progress.step}: "
                    f"{error.filename or self.directory}: {error.strerror}"
                )
            self.saved_at = time.monotonic()
        if stopping:
            tqdm.write(
                f"Stopped after step {progress.step}. To resume: {resume_command(self.directory)}"
            )
            self.stop_signal.exit()

    def finish(self, records: Sequence[Record], responses: Sequence[Response]) -> None:
        """Write losses.svg and responses.json, which marks the run as finished.

        The checkpoint is then removed.
        """
        write_text(self.directory / "losses.svg", loss_curves(self.history))
        entries = response_entries(records, responses)
        text = json.dumps(entries, indent=2, ensure_ascii=False)
        write_text(self.directory / "responses.json", text + "\n")
        shutil.rmtree(self.directory / "checkpoint", ignore_errors=True)
        unlock(self.directory)


def _store_places(directory: Path, options: dict[str, Any]) -> None:
    """Keep where the model and the data are now; a checkpoint has shown that they are the same."""
    stored = stored_options(directory)
    moved = {
        name: options[name]
        for name in MOVABLE
        if name in options and options[name] != stored.get(name)
    }
    if moved:
        text = json.dumps(stored | moved, indent=2) + "\n"
        write_text(directory / "options.json", text)


def _line(metrics: Metrics) -> str:
    return json.dumps(metrics._asdict()) + "\n"
