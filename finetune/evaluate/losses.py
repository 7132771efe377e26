"""The loss of each token and of each example, in nats, for the scores and the report."""

import torch
import torch.nn.functional as F
from torch import Tensor

from finetune.collate import IGNORE_INDEX, Batch, Loader
from gpt.model import GPT, eval_mode


@torch.no_grad()
def token_losses(model: GPT, batch: Batch, dtype: torch.dtype = torch.float32) -> Tensor:
    """The loss at each position, (B, T), 0 where nothing is supervised; what loss.py sums up."""
    inputs, targets = batch
    supervised = targets != IGNORE_INDEX
    with (
        eval_mode(model),
        torch.autocast(inputs.device.type, torch.bfloat16, enabled=dtype == torch.bfloat16),
    ):
        logits = model(inputs, select=supervised)
    losses = torch.zeros(targets.shape, dtype=torch.float32, device=targets.device)
    losses[supervised] = F.cross_entropy(logits.float(), targets[supervised], reduction="none")
    return losses


def example_losses(
    model: GPT, loader: Loader, dtype: torch.dtype = torch.float32
) -> list[tuple[float, int]]:
    """Of each example its loss, summed, and its count of supervised tokens."""
    losses: list[tuple[float, int]] = []
    for batch in loader:
        sums = token_losses(model, batch.to(model.device), dtype).sum(dim=1).tolist()
        counts = (batch.targets != IGNORE_INDEX).sum(dim=1).tolist()
        losses += zip(sums, counts, strict=True)
    return losses
