"""AdamW (Loshchilov & Hutter, 2019): Adam, with weights pulled towards zero apart from the
gradient; and how the learning rate changes from step to step.

As in the lecture every parameter decays by default, biases and LayerNorms too, and the rate stays
as it is. β = (0.9, 0.999) and ε = 1e-8 are torch's defaults and the lecture's.
"""

import math
from collections.abc import Iterable

import torch
from torch.nn import Parameter

DECAYING = ("all", "matrices")
SCHEDULES = ("constant", "cosine", "linear")


class AdamW:
    """torch's AdamW, `fused` (one pass over memory), which by default steps during `backward`.

    A parameter's update needs no gradient but its own. So as soon as `backward` has completed
    one, the parameter is updated and the gradient freed: there is never a whole set of gradients,
    as large as the model, in memory. The numbers are those of a step at the end, which `step`
    takes for whatever still has a gradient: all of them, with `in_backward` off. One such
    optimizer to a model: it steps as long as the model lives.

    `decaying` "matrices" leaves out what has one dimension: biases and LayerNorms. With
    `clip_norm`, gradients that are longer than that, taken together as one vector, are shortened
    to it before the step (Pascanu et al., 2013); that takes all of them, so the step is at the end.
    """

    def __init__(
        self,
        parameters: Iterable[Parameter],
        lr: float,
        weight_decay: float,
        decaying: str = "all",
        clip_norm: float | None = None,
        in_backward: bool = True,
    ) -> None:
        assert decaying in DECAYING
        self.clip_norm = clip_norm
        self.in_backward = in_backward and clip_norm is None
        self.parts = {
            parameter: torch.optim.AdamW(
                [parameter],
                lr=lr,
                weight_decay=weight_decay if decaying == "all" or parameter.dim() > 1 else 0.0,
                fused=True,
            )
            for parameter in parameters
        }
        for parameter in self.parts:
            parameter.register_post_accumulate_grad_hook(self._on_gradient)

    def _on_gradient(self, parameter: Parameter) -> None:
        if self.in_backward:
            self.parts[parameter].step()
            parameter.grad = None

    def set_lr(self, lr: float) -> None:
        """The learning rate of the next step: set it before `backward`."""
        for part in self.parts.values():
            part.param_groups[0]["lr"] = lr

    def step(self) -> None:
        if self.clip_norm is not None:
            torch.nn.utils.clip_grad_norm_(self.parts, self.clip_norm)
        for part in self.parts.values():
            part.step()

    def zero_grad(self) -> None:
        for parameter in self.parts:
            parameter.grad = None


def learning_rate(step: int, steps: int, peak: float, warmup_steps: int, schedule: str) -> float:
    """The rate of a step, counted from 0, of `steps`.

    It rises in equal parts, the first of them taken by the first step, and is `peak` after
    `warmup_steps`. From there it is constant, or falls towards the 0 that would come after the
    last step: in a line, or as half a cosine wave (Loshchilov & Hutter, 2017).
    """
    assert schedule in SCHEDULES
    if step < warmup_steps:
        return peak * ((step + 1) / warmup_steps)
    done = (step - warmup_steps) / (steps - warmup_steps)
    if schedule == "cosine":
        return peak * (1 + math.cos(math.pi * done)) / 2
    return peak * (1 - done) if schedule == "linear" else peak
