"""The loss: how surprised the model is by each next token, −log p(target), summed and counted.

The mean that is minimised is taken by the caller, over all that one optimizer step sees. A mean
of means would weigh a token in a batch of short answers more than one in a batch of long answers.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from finetune.collate import IGNORE_INDEX

SLICE = 128  # positions whose float32 log-probabilities are in memory together: 26 MB of them


def summed_loss(
    model: nn.Module, inputs: Tensor, targets: Tensor, dtype: torch.dtype = torch.float32
) -> tuple[Tensor, int]:
    """Cross-entropy in nats summed over the supervised tokens, and how many there are.

    `model` is a GPT or what finetune/distributed.py makes of it; inputs, targets (B, T) int64.
    Where the target is IGNORE_INDEX the model is not even asked: no logits are computed. With
    nothing supervised the sum is 0, and so is its gradient. With `dtype` bfloat16 the model's
    matrices are multiplied in that, by autocast; the parameters and the loss keep their precision.
    """
    supervised = targets != IGNORE_INDEX
    with torch.autocast(inputs.device.type, torch.bfloat16, enabled=dtype == torch.bfloat16):
        logits = model(inputs, at=supervised)  # (N, V)

    def cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
        precise = torch.promote_types(logits.dtype, torch.float32)
        return F.cross_entropy(logits.to(precise), targets, reduction="sum")

    # A slice at a time, each computed again for its gradient: the logits are the largest thing in
    # a step, and in one piece they would be there four times over.
    slices = zip(logits.split(SLICE), targets[supervised].split(SLICE), strict=True)
    loss = sum(checkpoint(cross_entropy, *each, use_reentrant=False) for each in slices)
    return loss, int(supervised.sum())
