"""AdamW (Loshchilov & Hutter, 2019): Adam with decoupled weight decay, which acts on the weights
directly and is not part of the gradient; and the learning-rate schedule.

For each weight w with gradient g, at step t (β₁ = 0.9, β₂ = 0.999, ε = 1e-8: torch's defaults):

    m ← β₁ m + (1 − β₁) g            v ← β₂ v + (1 − β₂) g²         the two moments, from 0
    w ← w − lr · weight_decay · w
    w ← w − lr · (m / (1 − β₁ᵗ)) / (√(v / (1 − β₂ᵗ)) + ε)

As in the lecture every parameter decays by default, biases and LayerNorms too, and the learning
rate is constant.
"""

import math
from collections.abc import Iterable

import torch
from torch.nn import Parameter

DECAY = ("all", "matrices")
SCHEDULES = ("constant", "cosine", "linear")
# One pass over memory; on a CPU since torch 2.4, before which Intel Macs have their last torch.
FUSED = tuple(int(part) for part in torch.__version__.split(".")[:2]) >= (2, 4)


class AdamW(torch.optim.AdamW):
    """torch's AdamW, fused where it can be, with gradient clipping.

    `decay` "matrices" leaves out what has one dimension: biases and LayerNorms. With `clip_norm`,
    gradients whose norm, all taken as one vector, is larger are scaled down to it before the step
    (Pascanu et al., 2013).
    """

    def __init__(
        self,
        parameters: Iterable[Parameter],
        lr: float,
        weight_decay: float,
        decay: str = "all",
        clip_norm: float | None = None,
    ) -> None:
        assert decay in DECAY
        self.clip_norm = clip_norm
        groups: dict[float, list[Parameter]] = {}
        for parameter in parameters:
            rate = weight_decay if decay == "all" or parameter.dim() > 1 else 0.0
            groups.setdefault(rate, []).append(parameter)
        super().__init__(
            [{"params": each, "weight_decay": rate} for rate, each in groups.items()],
            lr=lr,
            fused=FUSED,
        )

    def parameters(self) -> list[Parameter]:
        """Those that are trained."""
        return [parameter for group in self.param_groups for parameter in group["params"]]

    def set_lr(self, lr: float) -> None:
        """The learning rate of the next step."""
        for group in self.param_groups:
            group["lr"] = lr

    def step(self, closure: None = None) -> None:  # type: ignore[override]  # it takes none
        if self.clip_norm is not None:
            torch.nn.utils.clip_grad_norm_(self.parameters(), self.clip_norm)
        super().step()


def lr_at_step(step: int, steps: int, max_lr: float, warmup_steps: int, schedule: str) -> float:
    """The learning rate of a step, counted from 0, of `steps`.

    Linear warm-up: it rises in equal parts, the first of them at the first step, and is `max_lr`
    after `warmup_steps`. From there it is constant, or decays towards the 0 that would come after
    the last step: linearly, or as half a cosine wave (Loshchilov & Hutter, 2017).
    """
    assert schedule in SCHEDULES
    if step < warmup_steps:
        return max_lr * ((step + 1) / warmup_steps)
    done = (step - warmup_steps) / (steps - warmup_steps)
    if schedule == "cosine":
        return max_lr * (1 + math.cos(math.pi * done)) / 2
    return max_lr * (1 - done) if schedule == "linear" else max_lr
