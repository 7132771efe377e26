"""Gradient checkpointing (Chen et al., 2016): less memory for a third more arithmetic.

A block keeps, from the forward pass for the backward pass, some twelve tensors as large as its
input. A checkpointed block keeps the input alone. When the backward pass asks for the first of the
others, the block runs a second time and they are caught: the same numbers, for there is no dropout.

`torch.utils.checkpoint` does this for any module, and imports torch's compiler for it: 70 MB.
"""

from collections.abc import Callable
from functools import partial
from itertools import count
from typing import Any

import torch
from torch import Tensor
from torch.autograd.graph import saved_tensors_hooks

from gpt.linear import autocast_enabled
from gpt.model import GPT


def add(model: GPT, enabled: bool = True) -> None:
    """If `enabled`, checkpoint the blocks of the model in training, in place.

    But not the last one: what it keeps is needed again at once.
    """
    for block in model.h[:-1] if enabled else ():
        block.forward = partial(_checkpointed, block.forward)


def _checkpointed(forward: Callable[..., Tensor], x: Tensor, *others: Any) -> Tensor:
    if not torch.is_grad_enabled():
        return forward(x, *others)
    block = _Recomputed(forward, x, others)
    with saved_tensors_hooks(block.number, block.tensor):
        return forward(x, *others)


class _Recomputed:
    """What a block needs for its backward pass: each tensor has a number, in the order of use."""

    def __init__(self, forward: Callable[..., Tensor], x: Tensor, others: tuple[Any, ...]) -> None:
        self.forward, self.x, self.others = forward, x, others
        self.autocast = autocast_enabled(x)
        self.numbers = count()
        self.kept: dict[int, Tensor] = {}

    def number(self, tensor: Tensor) -> int:
        """The number that is kept in place of a tensor."""
        return next(self.numbers)

    def tensor(self, number: int) -> Tensor:
        """The tensor of a number; with the first one all are computed."""
        if number not in self.kept:
            self._compute()
        return self.kept.pop(number)

    def _compute(self) -> None:
        numbers = count()

        def keep(tensor: Tensor) -> None:
            self.kept[next(numbers)] = tensor.detach()

        x = self.x.detach().requires_grad_(self.x.requires_grad)
        autocast = torch.autocast(x.device.type, torch.bfloat16, enabled=self.autocast)
        with torch.enable_grad(), autocast, saved_tensors_hooks(keep, lambda kept: kept):
            self.forward(x, *self.others)
