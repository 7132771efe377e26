"""AdamW's step fused into the backward pass, as in PyTorch's tutorial "How to save memory by fusing
the optimizer step into the backward pass".

A parameter's update needs no gradient but its own. So as soon as `backward` has completed one, the
parameter is updated and the gradient freed: there is never a whole set of gradients, as large as
the model, in memory. The numbers are those of a step at the end. What needs all gradients at once
excludes it: clipping, gradient accumulation, several processes.
"""

from collections.abc import Iterable
from typing import Any

import torch
from torch.nn import Parameter
from torch.optim.adamw import adamw

from finetune.optimizer import FUSED, AdamW


class AdamWInBackward(AdamW):
    """`AdamW` whose `step` has nothing left to do. Set the learning rate before `backward`.

    Create one per model; its hooks stay registered for the model's lifetime.
    """

    def __init__(
        self, parameters: Iterable[Parameter], lr: float, weight_decay: float, decay: str = "all"
    ) -> None:
        super().__init__(parameters, lr, weight_decay, decay)
        self.group_of: dict[Parameter, dict[str, Any]] = {}
        for group in self.param_groups:
            for parameter in group["params"]:
                # Made now, they lie beside one another; made during the first backward pass, they
                # would lie between freed activations, and 355M would take 0.5 GB more.
                self.state[parameter] = {
                    "step": torch.zeros((), device=parameter.device),
                    "exp_avg": torch.zeros_like(parameter),
                    "exp_avg_sq": torch.zeros_like(parameter),
                }
                self.group_of[parameter] = group
                parameter.register_post_accumulate_grad_hook(self._on_gradient)

    @torch.no_grad()
    def _on_gradient(self, parameter: Parameter) -> None:
        """What torch.optim.AdamW.step does for one parameter, without its preparations."""
        state, group = self.state[parameter], self.group_of[parameter]
        beta1, beta2 = group["betas"]
        assert parameter.grad is not None
        adamw(
            [parameter],
            [parameter.grad],
            [state["exp_avg"]],
            [state["exp_avg_sq"]],
            max_exp_avg_sqs=[],
            state_steps=[state["step"]],
            fused=FUSED,
            amsgrad=False,
            maximize=False,
            lr=group["lr"],
            beta1=beta1,
            beta2=beta2,
            weight_decay=group["weight_decay"],
            eps=group["eps"],
        )
        parameter.grad = None

    def step(self, closure: None = None) -> None:  # type: ignore[override]  # it takes none
        """Every update was made during `backward`."""
