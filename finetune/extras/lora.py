"""LoRA (Hu et al., 2021): fine-tune with two thin matrices beside each linear layer, not the layer.

    y = x · Wᵀ + b  +  (alpha / rank) · x · Aᵀ · Bᵀ        A (rank, in), B (out, rank)

W, b and all else are frozen. B starts at zero, so that the adapted model is the old one until its
first step; A as in the authors' code, uniform in ±1/√in. Afterwards W + (alpha / rank) · B · A is a
layer like any other.

What is saved is memory: a frozen weight needs no gradient and no moments in AdamW, and it may be
in bfloat16, since it takes no small updates. A step still computes most of what it did. The model
that is saved has the frozen weights as they were in training, so rounded to bfloat16 where they
were, with the adapters merged.
"""

import math
from typing import Any

import torch
from torch import Tensor, nn

from gpt.errors import UserError
from gpt.linear import Linear, linear
from gpt.model import GPT

MAX_ALPHA = 1e6  # far above any in use; 1e300 is infinite in float32


class LoRALinear(Linear):
    """A frozen linear layer with an adapter: (…, in_features) → (…, out_features)."""

    def __init__(
        self, frozen: Linear, rank: int, alpha: float, generator: torch.Generator | None
    ) -> None:
        super().__init__(frozen.in_features, frozen.out_features, device="meta")
        self.weight, self.bias = frozen.weight, frozen.bias
        self.rank, self.alpha, self.scale = rank, alpha, alpha / rank
        like: dict[str, Any] = {"device": frozen.weight.device, "dtype": frozen.bias.dtype}
        bound = 1 / math.sqrt(self.in_features)
        start = torch.empty(rank, self.in_features).uniform_(-bound, bound, generator=generator)
        self.lora_A = nn.Parameter(start.to(**like))
        self.lora_B = nn.Parameter(torch.zeros(self.out_features, rank, **like))

    def forward(self, x: Tensor) -> Tensor:
        if self.weight.dtype == torch.bfloat16:  # then the products are too, in training or not
            with torch.autocast(x.device.type, torch.bfloat16):
                return self._adapted(x)
        return self._adapted(x)

    def _adapted(self, x: Tensor) -> Tensor:
        return super().forward(x) + linear(self.scale * linear(x, self.lora_A), self.lora_B)

    @torch.no_grad()
    def plain_weight(self) -> Tensor:
        """W + (alpha / rank) · B · A, in the adapter's precision."""
        return torch.addmm(
            self.weight.to(self.lora_A.dtype), self.lora_B, self.lora_A, alpha=self.scale
        )


def add(
    model: GPT,
    rank: int,
    alpha: float,
    generator: torch.Generator | None = None,
    frozen_dtype: torch.dtype | None = None,
) -> None:
    """Freeze the model and put an adapter beside every linear layer of its blocks, in place.

    `generator` (CPU) draws each A. With `frozen_dtype` the weights of those layers are kept in it.
    Raises UserError for a rank or an alpha that is too large.
    """
    if rank > model.config.n_embd:
        raise UserError(
            f"--lora-rank {rank}: at most {model.config.n_embd}, the rank of this model's matrices"
        )
    if alpha > MAX_ALPHA:
        raise UserError(f"--lora-alpha {alpha:g}: at most {MAX_ALPHA:g}")
    model.requires_grad_(False)
    for module in list(model.h.modules()):
        for name, child in module.named_children():
            if isinstance(child, Linear):
                adapted = LoRALinear(child, rank, alpha, generator)
                adapted.weight.data = adapted.weight.data.to(frozen_dtype or child.weight.dtype)
                setattr(module, name, adapted)


def is_adapted(model: GPT) -> bool:
    """Whether the model has adapters."""
    return any(isinstance(module, LoRALinear) for module in model.modules())
