"""Gradient checkpointing (Chen et al., 2016): less memory for a third more arithmetic.

A block keeps, from the forward pass for the backward pass, some twelve tensors as large as its
input. A checkpointed block keeps the input alone. When the backward pass asks for the first of the
others, the block runs a second time and they are caught: the same numbers, for there is no dropout.
What it returns is not needed then. So in mixed precision its last product, a third of its
arithmetic, is left out.

`torch.utils.checkpoint` does this for any module, and imports torch's compiler for it: 70 MB.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import count
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks

from gpt.linear import Linear, autocast_enabled
from gpt.model import GPT, TransformerBlock


def add(model: GPT, enabled: bool = True) -> None:
    """If `enabled`, checkpoint the blocks of the model in training, in place.

    But not the last one: what it keeps is needed again at once.
    """
    for block in model.h[:-1] if enabled else ():
        assert isinstance(block, TransformerBlock)
        checkpointed = partial(_checkpointed, block.forward, block.mlp.c_proj)
        block.forward = checkpointed  # type: ignore[method-assign]


def _checkpointed(
    forward: Callable[..., Tensor], last: nn.Module, x: Tensor, *others: Any
) -> Tensor:
    if not torch.is_grad_enabled():
        return forward(x, *others)
    block = _Recomputed(forward, last, x, others)
    with saved_tensors_hooks(block.number, block.tensor):
        return forward(x, *others)


class _Recomputed:
    """What a block needs for its backward pass: each tensor has a number, in the order of use.

    `last` is the layer that its last product is of.
    """

    def __init__(
        self, forward: Callable[..., Tensor], last: nn.Module, x: Tensor, others: tuple[Any, ...]
    ) -> None:
        self.forward, self.last, self.x, self.others = forward, last, x, others
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
        hooks = saved_tensors_hooks(keep, lambda kept: kept)
        with torch.enable_grad(), autocast, _product_left_out(self.last), hooks:
            self.forward(x, *self.others)


@contextmanager
def _product_left_out(layer: nn.Module) -> Iterator[None]:
    """Under autocast the layer returns anything while entered; not one that has an adapter."""
    if type(layer) is not Linear or not autocast_enabled(layer.weight):
        yield
        return
    layer.forward = lambda x: _Unmultiplied.apply(x, layer.weight)  # type: ignore[method-assign]
    try:
        yield
    finally:
        del layer.forward


class _Unmultiplied(torch.autograd.Function):
    """Saves what a linear layer of gpt/linear.py saves under autocast, and multiplies nothing."""

    @staticmethod
    def forward(ctx, x: Tensor, weight: Tensor) -> Tensor:
        x = x.bfloat16()
        ctx.save_for_backward(x if ctx.needs_input_grad[1] else None, weight)
        return x.new_empty(*x.shape[:-1], len(weight))
