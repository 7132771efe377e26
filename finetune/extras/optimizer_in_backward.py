"""AdamW's step fused into the backward pass, as in PyTorch's tutorial "How to save memory by fusing
the optimizer step into the backward pass".

A parameter's update needs no gradient but its own. So as soon as `backward` has completed a
matrix's, the matrix is updated and the gradient freed: there is never a whole set of gradients, as
large as the model, in memory. Biases and LayerNorms, which are small, wait for `step`. The numbers
are those of a step at the end for all. What needs all gradients at once excludes it: clipping,
gradient accumulation, several processes.

The largest gradient left is that of the token embedding, a third of 124M: as the tied head it has a
gradient for all its rows (V, C), and the rows that were looked up have a second one. `HeadInBlocks`
never has it whole. It keeps the small factors of the head's gradient, and multiplies them for some
rows at a time, when the backward pass has come to the looked-up rows: those are added, and AdamW
updates these rows of the table.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import torch
from torch import Tensor
from torch.nn import Parameter
from torch.optim.adamw import adamw

from finetune.optimizer import FUSED, AdamW
from gpt.linear import linear
from gpt.model import GPT

ROWS = 2048  # of the token embedding together: of 355M, 8 MB of gradient


class AdamWInBackward(AdamW):
    """`AdamW` whose `step` finds the biases and LayerNorms only, which are small: together they
    take less time. The matrices are updated in `backward`; set the learning rate before it.

    With `model`, the one that is trained, its token embedding is updated in blocks of rows.
    Create one per model; its hooks stay registered for the model's lifetime.
    """

    def __init__(
        self,
        parameters: Iterable[Parameter],
        lr: float,
        weight_decay: float,
        decay: str = "all",
        model: GPT | None = None,
    ) -> None:
        super().__init__(parameters, lr, weight_decay, decay)
        self.head: HeadInBlocks | None = None
        if model is not None and model.config.tied_head and model.wte.weight.requires_grad:
            self.head = HeadInBlocks(model.wte.weight)
            model.head = self.head  # type: ignore[method-assign]
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
                if parameter.dim() > 1:
                    parameter.register_post_accumulate_grad_hook(self._on_gradient)

    @torch.no_grad()
    def _on_gradient(self, parameter: Parameter) -> None:
        """What torch.optim.AdamW.step does for one parameter, without its preparations."""
        state, group = self.state[parameter], self.group_of[parameter]
        beta1, beta2 = group["betas"]
        assert parameter.grad is not None
        gradients, rows = iter([parameter.grad]), len(parameter)
        if self.head is not None and parameter is self.head.table:
            gradients, rows = self.head.gradients(), ROWS
        blocks = (x.split(rows) for x in (parameter, state["exp_avg"], state["exp_avg_sq"]))
        for weight, exp_avg, exp_avg_sq, gradient in zip(*blocks, gradients, strict=True):
            adamw(
                [weight],
                [gradient],
                [exp_avg],
                [exp_avg_sq],
                max_exp_avg_sqs=[],
                state_steps=[state["step"].clone()],  # it counts in this one
                fused=FUSED,
                amsgrad=False,
                maximize=False,
                lr=group["lr"],
                beta1=beta1,
                beta2=beta2,
                weight_decay=group["weight_decay"],
                eps=group["eps"],
            )
        state["step"] += 1
        parameter.grad = None


class HeadInBlocks:
    """A tied head (P, C) → (P, V) that leaves its table's gradient to be asked for in blocks."""

    def __init__(self, table: Tensor) -> None:
        self.table = table  # (V, C), the token embedding
        self.factors: list[tuple[Tensor, Tensor]] = []  # of its gradient: (P, C) and (P, V)

    def __call__(self, hidden: Tensor) -> Tensor:
        """Logits, as `GPT.head` computes them."""
        blocks = [linear(hidden, rows) for rows in self.table.detach().split(ROWS)]
        logits = torch.cat(blocks, dim=-1)
        if logits.requires_grad:
            logits.register_hook(lambda grad: self.factors.append((hidden.detach(), grad)))
        return logits

    def gradients(self) -> Iterator[Tensor]:
        """The gradient of ROWS rows of the table after the other, when `backward` has reached it:
        (ROWS, C) each. The table's `grad` has the rows that were looked up, as a sparse tensor.
        """
        assert self.table.grad is not None
        looked_up = self.table.grad.coalesce()
        ids, values = looked_up.indices()[0], looked_up.values()  # (N,), (N, C)
        hidden, grad = self.factors.pop()
        hidden = hidden.to(grad.dtype)
        for number, part in enumerate(grad.split(ROWS, dim=1)):
            start = number * ROWS
            gradient = (part.t().contiguous() @ hidden).to(self.table.dtype)  # (ROWS, C)
            inside = (start <= ids) & (ids < start + ROWS)
            yield gradient.index_add_(0, ids[inside] - start, values[inside])
