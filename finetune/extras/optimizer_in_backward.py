"""AdamW's step fused into the backward pass, as in PyTorch's tutorial "How to save memory by fusing
the optimizer step into the backward pass".

A parameter's update needs no gradient but its own. So as soon as `backward` has completed one, the
parameter is updated and the gradient freed: there is never a whole set of gradients, as large as
the model, in memory. The numbers are those of a step at the end. What needs all gradients at once
excludes it: clipping, gradient accumulation, several processes.
"""

from collections.abc import Iterable

import torch
from torch.nn import Parameter

from finetune.optimizer import AdamW


class AdamWInBackward(AdamW):
    """`AdamW` whose `step` has nothing left to do. Set the learning rate before `backward`.

    Create one per model; its hooks stay registered for the model's lifetime.
    """

    def __init__(
        self, parameters: Iterable[Parameter], lr: float, weight_decay: float, decay: str = "all"
    ) -> None:
        super().__init__(parameters, lr, weight_decay, decay)
        self.per_parameter: dict[Parameter, torch.optim.AdamW] = {}
        for group in self.param_groups:
            for parameter in group["params"]:
                single = torch.optim.AdamW(
                    [parameter], lr=lr, weight_decay=group["weight_decay"], fused=True
                )
                single.state = self.state  # one place for all moments: checkpoints read it
                # Made now, they lie beside one another; made during the first backward pass, they
                # would lie between freed activations, and 355M would take 0.5 GB more.
                self.state[parameter] = {
                    "step": torch.zeros((), device=parameter.device),
                    "exp_avg": torch.zeros_like(parameter),
                    "exp_avg_sq": torch.zeros_like(parameter),
                }
                self.per_parameter[parameter] = single
                parameter.register_post_accumulate_grad_hook(self._on_gradient)

    def _on_gradient(self, parameter: Parameter) -> None:
        self.per_parameter[parameter].step()
        parameter.grad = None

    def set_lr(self, lr: float) -> None:
        super().set_lr(lr)
        for single in self.per_parameter.values():
            single.param_groups[0]["lr"] = lr

    def step(self, closure: None = None) -> None:
        """Every update was made during `backward`."""
