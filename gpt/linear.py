"""The linear layer, x · Wᵀ + b, in the form that the hardware does fastest.

A transformer is mostly linear layers, so this is where its time goes. In two cases torch's own
`F.linear` is not the best that torch can do:

Training in bfloat16 (mixed precision: Micikevicius et al., 2018). The weights stay in float32,
where AdamW's small updates are not lost, and are rounded to bfloat16 to be multiplied.
`torch.autocast` keeps the rounded copies for the backward pass, half the size of the model; here
they are made again.

Generation on a CPU, with few rows. The time is that of reading the weights once from memory, and of
the equivalent calls of the product some read faster: in float32 W · xᵀ for several rows, and in
bfloat16, where the processor has AMX, that and `torch.mv` for one. Without AMX `F.linear` is as
fast or faster. It is a rule and not a timing, so that a model writes the same text in every run.

Everywhere else it is `F.linear`.
"""

from functools import cache
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

FEW_ROWS = 32  # up to here W · xᵀ reads weights faster than x · Wᵀ; beyond, arithmetic takes over


class Linear(nn.Linear):
    """(…, in_features) → (…, out_features)."""

    def reset_parameters(self) -> None:
        """torch's first weights; on the meta device, where it would load its compiler, none."""
        if not self.weight.is_meta:
            super().reset_parameters()

    def forward(self, x: Tensor) -> Tensor:
        return linear(x, self.weight, self.bias)

    def plain_weight(self) -> Tensor:
        """The weight that alone does what this layer does, (out, in); a subclass may add to it."""
        return self.weight


def linear(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """x (…, in), weight (out, in), bias (out) → (…, out); in bfloat16 under `torch.autocast`."""
    if autocast_enabled(x):
        return _MixedPrecisionLinear.apply(x, weight, bias)
    rows = x.shape[:-1].numel()
    if torch.is_grad_enabled() or not 0 < rows <= FEW_ROWS or not _reads_faster(x, rows):
        return F.linear(x, weight, bias)
    flat = x.reshape(rows, -1)
    if rows == 1:
        y = torch.mv(weight, flat[0]) if bias is None else torch.addmv(bias, weight, flat[0])
    else:
        y = (weight @ flat.t()).t().contiguous()
        y = y if bias is None else y.add_(bias)
    return y.view(*x.shape[:-1], -1)


def _reads_faster(x: Tensor, rows: int) -> bool:
    """Whether another form than `F.linear` reads the weights faster on this processor."""
    if x.device.type != "cpu":
        return False
    return _has_amx() if x.dtype == torch.bfloat16 else rows > 1


@cache
def _has_amx() -> bool:
    """Whether the processor has a matrix unit for bfloat16 (Intel's server CPUs since 2023)."""
    get_capabilities: Any = getattr(torch.cpu, "get_capabilities", dict)  # torch 2.2 has none
    return get_capabilities().get("amx_bf16", False)


def autocast_enabled(x: Tensor) -> bool:
    """Whether `torch.autocast` is on for the device of x."""
    if hasattr(torch, "get_autocast_dtype"):  # since torch 2.4
        return torch.is_autocast_enabled(x.device.type)
    return torch.is_autocast_cpu_enabled() if x.is_cpu else torch.is_autocast_enabled()


class _MixedPrecisionLinear(torch.autograd.Function):
    """F.linear of all three rounded to bfloat16; each gradient in the precision of its own."""

    @staticmethod
    def forward(ctx, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        ctx.x_dtype = x.dtype
        x = x.bfloat16()
        ctx.save_for_backward(x if ctx.needs_input_grad[1] else None, weight)
        return F.linear(x, weight.bfloat16(), None if bias is None else bias.bfloat16())

    @staticmethod
    def backward(ctx, grad: Tensor) -> tuple[Tensor | None, ...]:
        x, weight = ctx.saved_tensors
        for_x, for_weight, for_bias = ctx.needs_input_grad
        grad_rows = grad.reshape(-1, grad.size(-1))
        return (
            (grad @ weight.bfloat16()).to(ctx.x_dtype) if for_x else None,
            (grad_rows.t() @ x.reshape(-1, x.size(-1))).to(weight.dtype) if for_weight else None,
            grad_rows.sum(0).to(weight.dtype) if for_bias else None,
        )
