"""Weights in the order in which the processor reads them fastest, for a model that only generates.

oneDNN multiplies matrices for torch on a CPU. It can cut a weight into blocks once, and then needs
half of the time for a product, with one row or with hundreds (355M in bfloat16, two cores of a Zen
4: one token 32 ms for 42, eight 36 for 51; cutting takes 0.4 s). The two calls are those that
torch's own compiler makes; where a build of torch, a processor or a dtype has none of it, the model
stays as it is.
"""

from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from gpt.linear import Linear
from gpt.model import GPT

ROWS = 8  # blocks are chosen for so many rows, and are good for others


def pack(model: GPT) -> None:
    """Give each linear layer and the head a packed weight: the same model, for inference only.

    The layers' own weights become tensors of a shape without numbers, so that memory holds them
    once: afterwards the model can be neither trained nor saved.
    """
    for layer in [module for module in model.modules() if isinstance(module, Linear)]:
        packed = packed_copy(layer.weight)
        if packed is not None:
            layer.forward = partial(_linear, packed, layer.bias)  # type: ignore[method-assign]
            layer.weight = nn.Parameter(layer.weight.to("meta"), requires_grad=False)
    if model.config.tied_head and (packed := packed_copy(model.wte.weight)) is not None:
        model.head = partial(_linear, packed, None)  # type: ignore[method-assign]


@torch.no_grad()
def packed_copy(weight: Tensor) -> Tensor | None:
    """A copy of a weight (out, in) in oneDNN's blocks; None where there is no such form."""
    calls: Any = torch.ops.mkldnn
    if weight.device.type != "cpu" or not hasattr(calls, "_reorder_linear_weight"):
        return None
    if weight.dtype == torch.bfloat16:
        supported = calls._is_mkldnn_bf16_supported()
    else:
        supported = weight.dtype == torch.float32
    return calls._reorder_linear_weight(weight.detach(), ROWS) if supported else None


def _linear(packed: Tensor, bias: Tensor | None, x: Tensor) -> Tensor:
    """x (…, in) → (…, out): x · Wᵀ + b."""
    return torch.ops.mkldnn._linear_pointwise(x, packed, bias, "none", [], "")
