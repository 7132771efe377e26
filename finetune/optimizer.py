"""AdamW (Loshchilov & Hutter, 2019): Adam, with weights pulled towards zero apart from the
gradient.

As in the lecture every parameter decays, biases and LayerNorms too. β = (0.9, 0.999) and ε = 1e-8
are torch's defaults and the lecture's.
"""

from collections.abc import Iterable

import torch
from torch.nn import Parameter


class AdamW:
    """torch's AdamW, `fused` (one pass over memory), which by default steps during `backward`.

    A parameter's update needs no gradient but its own. So as soon as `backward` has completed
    one, the parameter is updated and the gradient freed: there is never a whole set of gradients,
    as large as the model, in memory. The numbers are those of a step at the end, which `step`
    takes for whatever still has a gradient: all of them, with `in_backward` off. One such
    optimizer to a model: it steps as long as the model lives.
    """

    def __init__(self, parameters: Iterable[Parameter], lr: float, weight_decay: float) -> None:
        self.in_backward = True
        self.parts = {
            parameter: torch.optim.AdamW([parameter], lr=lr, weight_decay=weight_decay, fused=True)
            for parameter in parameters
        }
        for parameter in self.parts:
            parameter.register_post_accumulate_grad_hook(self._on_gradient)

    def _on_gradient(self, parameter: Parameter) -> None:
        if self.in_backward:
            self.parts[parameter].step()
            parameter.grad = None

    def step(self) -> None:
        for part in self.parts.values():
            part.step()

    def zero_grad(self) -> None:
        for parameter in self.parts:
            parameter.grad = None
