"""The loss: cross-entropy, −log p(target) in nats, summed over the supervised tokens.

The mean that is minimised is taken by the caller, over all that one optimizer step sees. A mean
of means would weigh a token in a batch of short responses more than one in a batch of long ones.

Shapes: B examples, T tokens, N supervised positions of the B · T, V vocabulary.
"""

from collections.abc import Callable
from itertools import islice

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from finetune.collate import IGNORE_INDEX, Batch, Loader
from finetune.device import SINGLE_PROCESS, SingleProcess
from gpt.model import eval_mode

LossSum = Callable[[nn.Module, Batch], Tensor]  # batch_loss_sum, or another like it
MeanLoss = Callable[[nn.Module, Loader, int, SingleProcess], float]  # likewise loader_loss

SLICE = 64  # positions whose float32 log-probabilities are in memory together: 13 MB of them


def batch_loss_sum(model: nn.Module, batch: Batch, dtype: torch.dtype = torch.float32) -> Tensor:
    """Cross-entropy summed over the batch's supervised tokens: a scalar in float32 or better.

    `model` is a GPT or what finetune/extras/distributed.py makes of it. No logits are computed
    where the target is IGNORE_INDEX. If no position has a target, loss and gradient are 0. With
    `dtype` bfloat16 the model's matrices are multiplied in that, by autocast (mixed precision); the
    parameters and the loss keep their precision.
    """
    inputs, targets = batch  # (B, T) each
    supervised = targets != IGNORE_INDEX
    with torch.autocast(inputs.device.type, torch.bfloat16, enabled=dtype == torch.bfloat16):
        logits = model(inputs, select=supervised)  # (N, V)

    return cross_entropy(logits, targets[supervised]).sum()


def cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    """−log softmax(logits)[target], row by row, in float32 or better: (N, V) and (N,) → (N,)."""
    return _CrossEntropy.apply(logits, targets)


class _CrossEntropy(torch.autograd.Function):
    """Cross-entropy of a slice of rows at a time; the backward pass computes the softmax again.

    The logits are the largest tensor of a step; in one piece, cross-entropy and its backward pass
    would hold about four copies. Here is one: the gradient is written over the logits.
    """

    @staticmethod
    def forward(ctx, logits: Tensor, targets: Tensor) -> Tensor:
        ctx.save_for_backward(logits, targets)
        precise = torch.promote_types(logits.dtype, torch.float32)
        slices = zip(logits.split(SLICE), targets.split(SLICE), strict=True)
        return torch.cat([F.cross_entropy(x.to(precise), y, reduction="none") for x, y in slices])

    @staticmethod
    def backward(ctx, grad: Tensor) -> tuple[Tensor, None]:
        """(softmax(logits) − one-hot(target)) · grad: (N, V)."""
        logits, targets = ctx.saved_tensors
        slices = (part.split(SLICE) for part in (logits, targets, grad))
        for x, y, g in zip(*slices, strict=True):
            p = torch.softmax(x.to(grad.dtype), dim=1)
            p[torch.arange(len(y), device=y.device), y] -= 1
            x.copy_(p.mul_(g[:, None]))
        return logits, None


@torch.no_grad()  # and not inference_mode: FSDP trains with the tensors it first makes in here
def loader_loss(
    model: nn.Module,
    loader: Loader,
    max_batches: int,
    process: SingleProcess = SINGLE_PROCESS,
    loss_sum: LossSum = batch_loss_sum,
) -> float:
    """The lecture's figure: the mean of the first `max_batches` batches' mean losses.

    In file order, so that every evaluation sees the same records and a curve shows the training
    only.
    """
    means = []
    with eval_mode(model):
        for batch in islice(loader, max_batches):
            for part in process.local_batches(model, [batch]):
                total = process.all_reduce_sum(loss_sum(model, part).item())
                means.append(total / batch.num_targets())
    return sum(means) / len(means)
