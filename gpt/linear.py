"""The linear layer, x · Wᵀ + b, in the form that the hardware does fastest.

A transformer is mostly linear layers, so this is where its time goes. In two cases torch's own
`F.linear` is not the best that torch can do:

Training in bfloat16 (mixed precision: Micikevicius et al., 2018). The weights stay in float32,
where AdamW's small updates are not lost, and are rounded to bfloat16 to be multiplied.
`torch.autocast` keeps the rounded copies for the backward pass, half the size of the model; here
they are made again.

Generation on a CPU, with few rows. The time is that of reading the weights once from memory, and of
the equivalent ways to call the product some read faster than others.

Everywhere else it is `F.linear`.
"""

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


def linear(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """x (…, in), weight (out, in), bias (out) → (…, out); in bfloat16 under `torch.autocast`."""
    if torch.is_autocast_enabled(x.device.type):
        return _MixedPrecisionLinear.apply(x, weight, bias)
    rows = x.shape[:-1].numel()
    if x.device.type != "cpu" or torch.is_grad_enabled() or not 0 < rows <= FEW_ROWS:
        return F.linear(x, weight, bias)
    flat = x.reshape(rows, -1)
    y = torch.mv(weight, flat[0]) if rows == 1 else (weight @ flat.t()).t().contiguous()
    y = y if bias is None else y + bias
    return y.view(*x.shape[:-1], -1)


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
        transposed = grad_rows.t().contiguous()  # oneDNN is slower where it has to transpose
        return (
            (grad @ weight.bfloat16()).to(ctx.x_dtype) if for_x else None,
            (transposed @ x.reshape(-1, x.size(-1))).to(weight.dtype) if for_weight else None,
            grad_rows.sum(0).to(weight.dtype) if for_bias else None,
        )
