"""What the lecture shows on the screen: both losses, and the response to one validation record.

Lines have at most 80 characters and are broken between words; of a long text the beginning is
shown.
"""

import math
import shlex
import textwrap
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import torch
from tqdm import tqdm

from finetune.dataset import Record
from finetune.device import SingleProcess
from finetune.loop import Callbacks, Metrics
from finetune.responses import Response
from gpt.errors import printable
from gpt.model import GPT

WIDTH, LONGEST = 80, 200  # characters of a line, and of a text that is shown
SAMPLE_TOKENS = 64  # length of a response before training: an untrained model may never end


def wrap_words(text: str, first: str = "", rest: str = "") -> str:
    """The text in lines of at most WIDTH, after `first`, or on a further line after `rest`."""
    lines: list[str] = []
    for line in text.split("\n"):
        start = rest if lines else first
        lines += textwrap.wrap(
            line,
            WIDTH,
            initial_indent=start,
            subsequent_indent=rest,
            replace_whitespace=False,
            break_long_words=False,
            break_on_hyphens=False,
        ) or [start.rstrip()]
    return "\n".join(lines)


def labelled(texts: Mapping[str, str]) -> str:
    """Texts beside their labels, control characters shown and not obeyed; no empty "Input"."""
    return "\n".join(
        wrap_words(
            printable(text if len(text) <= LONGEST else f"{text[:LONGEST].rstrip()}…"),
            f"  {label + ':':13}",
            " " * 15,
        )
        for label, text in texts.items()
        if text or label != "Input"
    )


class Console(Callbacks):
    """Prints above the progress bar. `respond` gives the model's responses to records."""

    def __init__(
        self,
        sample: Record,
        respond: Callable[..., list[Response]],
        model: GPT,
        process: SingleProcess,
    ) -> None:
        self.sample, self.respond, self.model, self.process = sample, respond, model, process

    def on_evaluation(self, metrics: Metrics) -> None:
        when = f"Ep {math.ceil(metrics.epoch)} (Step {metrics.step:06d})"
        tqdm.write(
            f"{when if metrics.step >= 0 else 'Before training'}: "
            f"Train loss {metrics.train_loss:.3f}, Val loss {metrics.val_loss:.3f}"
        )

    def on_epoch_end(self, epoch: int) -> None:
        self.show(f"After epoch {epoch}")

    def show(self, when: str, max_new_tokens: int = 256) -> None:
        """Print the record with the response of the model as it is now."""
        with self.process.unsharded(self.model):
            if not self.process.is_main_process:
                return
            (response,) = self.respond([self.sample], max_new_tokens)
        texts = {"Instruction": self.sample.instruction, "Input": self.sample.input}
        texts |= {"Expected": self.sample.output, "Response": response.text}
        tqdm.write(f"\n{when}, the first validation record:\n{labelled(texts)}\n")


def closing(history: Sequence[Metrics], directory: Path, found: str, ideas: Sequence[str]) -> str:
    """The end of a run: what training did, what else was `found`, and what to do now."""
    first, last = history[0], history[-1]
    model = shlex.quote((directory / "model").as_posix())
    ask = "" if directory.parent == Path("runs") else f" --model {model}"
    lines = [
        f"Training loss {first.train_loss:.3f} → {last.train_loss:.3f}, "
        f"validation loss {first.val_loss:.3f} → {last.val_loss:.3f}",
        f"Trained on {last.tokens:,} tokens in {last.seconds:.1f} s.",
        *([found] if found else []),
        f"\nOpen {directory / 'report.html'} to see the run.",
        f"Ask the model: python generate.py{ask}",
        *(["Things to ask:"] if ideas else []),
        *(wrap_words(printable(idea), "  ", "    ") for idea in ideas),
    ]
    return "\n".join(lines)


def header(
    name: str,
    model: GPT,
    source: str,
    records: dict[str, list[Record]],
    device: torch.device,
    dtype: torch.dtype,
    process: SingleProcess,
) -> str:
    """What is trained on what."""
    trained = sum(p.numel() for p in model.parameters() if p.requires_grad)
    rounded = any(p.dtype == torch.bfloat16 for p in model.parameters())  # frozen beside LoRA
    return (
        f"{name}: {model.num_parameters():,} parameters"
        + (f", {trained:,} of them trained" if trained < model.num_parameters() else "")
        + (", frozen matrices rounded to bfloat16, in model/ too" if rounded else "")
        + f", on {device} in {str(dtype).removeprefix('torch.')}"
        + (f", in {process.world_size} processes" if process.world_size > 1 else "")
        + f"\n{source}: {len(records['train'])} records to train on, {len(records['test'])} to "
        f"test, {len(records['validation'])} to validate"
    )
