"""What the lecture shows on the screen: both losses, and the response to one validation record."""

import math
from collections.abc import Callable

import torch
from tqdm import tqdm

from finetune.dataset import Record
from finetune.device import SingleProcess
from finetune.loop import Callbacks, Metrics
from finetune.responses import Response
from gpt.errors import printable
from gpt.model import GPT


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
        tqdm.write(f"\n{when}, the first validation record:")
        tqdm.write(f"  Instruction: {printable(self.sample.instruction)}")
        if self.sample.input:
            tqdm.write(f"  Input:       {printable(self.sample.input)}")
        tqdm.write(f"  Expected:    {printable(self.sample.output)}")
        tqdm.write(f"  Response:    {printable(response.text)}\n")


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
