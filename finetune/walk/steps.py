"""One record on its way through the lecture's steps, with the values as they are.

Every number comes from the code that it explains: the functions are called, the tensors are caught
by hooks as the model computes them. Each step names the file and the line where it is done.
"""

import inspect
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from finetune.collate import IGNORE_INDEX, collate
from finetune.dataset import Record, encode
from finetune.loop import train_step
from finetune.loss import batch_loss_sum
from finetune.optimizer import AdamW
from finetune.prompt import format_prompt
from finetune.records import read_records
from finetune.walk.inside import attention_scores, visible
from gpt.attention import MultiHeadAttention
from gpt.model import GPT, TransformerBlock
from gpt.tokenizer import Tokenizer

ROOT = Path(__file__).parents[2]
LR, WEIGHT_DECAY, BETA_1, BETA_2, EPSILON = 5e-5, 0.1, 0.9, 0.999, 1e-8  # the lecture's AdamW


@dataclass
class Walk:
    """Two records in one batch. Each step is a method that yields a title, then lines; what is
    shown is the first record's."""

    model: GPT
    tokenizer: Tokenizer
    records: Sequence[Record]
    layer: int = 0
    head: int = 0
    template: str = "alpaca"
    mask_prompt: bool = False

    def __post_init__(self) -> None:
        """Run the model once, catching each module's output."""
        context_length = self.model.config.context_length
        encoded = encode(self.records, self.tokenizer, context_length, self.template)
        self.examples, self.shown = encoded.examples, encoded.records[0]
        self.tokens, self.prompt_length = self.examples[0]
        self.batch = collate(self.examples, self.mask_prompt)
        self.tensors: dict[str, Tensor] = {}  # by module name, in the order of computing
        with ExitStack() as hooks:
            for name, module in self.model.named_modules():
                if (name and "." not in name) or f"{name}.".startswith(f"h.{self.layer}."):
                    hooks.enter_context(module.register_forward_hook(partial(self._keep, name)))
            self.logits = self.model(self.batch.inputs)  # (B, T, V)
        targets = self.batch.targets
        losses = cross_entropy(self.logits.flatten(0, 1), targets.flatten(), reduction="none")
        self.losses = losses.view(targets.shape)  # (B, T)

    def _keep(self, name: str, module: Any, inputs: Any, output: Tensor) -> None:
        self.tensors[name] = output.detach()

    def steps(self) -> Iterator[tuple[str, list[str]]]:
        """Each step's title, and its lines."""
        for title, *lines in (step(self) for step in STEPS):
            yield title, lines

    def record(self) -> Iterator[str]:
        yield f"The record  ({source(read_records)})"
        for name in ("instruction", "input", "output"):
            yield f"{name}: {getattr(self.shown, name)!r}"

    def prompt(self) -> Iterator[str]:
        yield f"Its prompt, which the response follows  ({source(format_prompt)})"
        text = format_prompt(self.shown.instruction, self.shown.input, self.template)
        yield from (f"| {line}" for line in [*text.split("\n"), self.shown.output])

    def token_ids(self) -> Iterator[str]:
        yield f"As token ids: the prompt, and the response with its end  ({source(encode)})"
        words = [f"{self.text(token)} {token}" for token in self.tokens]
        prompt, response = words[: self.prompt_length], words[self.prompt_length :]
        yield from ("  ".join(prompt), "and the response:", "  ".join(response))

    def padded(self) -> Iterator[str]:
        inputs, targets = self.batch
        B, T = inputs.shape
        yield f"A batch of {B}, padded to T = {T}, the targets shifted by one  ({source(collate)})"
        for example, row_inputs, row_targets in zip(self.examples, inputs, targets, strict=True):
            length, read, asked = len(example.tokens) - 1, "inputs  …", "targets …"
            for t in range(max(length - 6, 0), min(length + 3, T)):
                token = self.text(row_inputs[t]) if t < length else "_"
                target = self.text(row_targets[t])
                width = max(len(token), len(target))
                read, asked = f"{read} {token:{width}}", f"{asked} {target:{width}}"
            yield from (read, asked)
        count = self.batch.num_targets()
        yield f"_ is padding, × has no target: {count} of {B * T} positions have one"

    def forward(self) -> Iterator[str]:
        yield f"Through the model, tensor by tensor  ({source(GPT.hidden_states)})"
        for name, tensor in self.tensors.items():
            numbers = " ".join(f"{x:+.3f}" for x in tensor.flatten()[-3:].tolist())
            yield f"{name:22} {tuple(tensor.shape)!s:16} … {numbers}"
        block = source(TransformerBlock)
        yield f"(B, T, C) throughout a block; the other blocks do the same  ({block})"

    def attention(self) -> Iterator[str]:
        n_head = self.model.config.n_head
        where = source(MultiHeadAttention.forward)
        formula = f"q · k / √{self.model.config.n_embd // n_head}, the future masked, softmax"
        yield f"Attention of block {self.layer + 1}, head {self.head + 1}: {formula}  ({where})"
        qkv = self.tensors[f"h.{self.layer}.attn.c_attn"]  # (B, T, 3C)
        scores = attention_scores(qkv, n_head)[0, self.head]  # (B, H, T, T) → (T, T)
        weights = torch.softmax(scores, dim=-1)
        last = len(self.tokens) - 2  # the position that is asked for the end
        yield "the last positions of the first record, each row a token that looks:"
        for what, table in (("scores", scores), ("softmax", weights)):
            for t in range(last - 3, last + 1):
                row = " ".join(f"{x:7.3f}" for x in table[t, last - 3 : last + 1].tolist())
                yield f"{what:8}{self.text(self.tokens[t]):>12} {row}"
        top = zip(*weights[last].topk(3), strict=True)
        looked = [f"{self.text(self.tokens[int(t)])} {weight:.2f}" for weight, t in top]
        yield f"the last one looks most at {', '.join(looked)}"

    def predictions(self) -> Iterator[str]:
        shape = tuple(self.logits.shape)
        yield f"Logits {shape}: the five likeliest tokens after the prompt  ({source(GPT.head)})"
        logits = self.logits[0, self.prompt_length - 1]  # (V,)
        probabilities = torch.softmax(logits, dim=-1)
        for p, token in zip(*probabilities.topk(5), strict=True):
            yield f"{self.text(token):14} logit {logits[token]:7.3f}, p {p:.4f}"
        target = self.tokens[self.prompt_length]
        yield f"the target is {self.text(target)}, with probability {probabilities[target]:.4f}"

    def loss(self) -> Iterator[str]:
        yield f"The loss of each target, −log of its probability  ({source(batch_loss_sum)})"
        losses = self.losses[0, self.prompt_length - 1 :].tolist()
        pairs = zip(self.tokens[self.prompt_length :], losses, strict=False)  # without padding
        yield "  ".join(f"{self.text(token)} {loss:.3f}" for token, loss in pairs)
        total, count = self.losses.sum().item(), self.batch.num_targets()
        self.mean = batch_loss_sum(self.model, self.batch) / count
        same = math.isclose(self.mean.item(), total / count, rel_tol=1e-4, abs_tol=1e-5)
        assert same, "not what it did"
        yield f"all {count} in the batch: {total:.3f} / {count} = {self.mean.item():.4f} nats each"

    def gradients(self) -> Iterator[str]:
        yield f"loss.backward(): the norm of the gradient, by block  ({source(train_step)})"
        self.mean.backward()
        squares: dict[str, float] = {}
        for name, parameter in self.model.named_parameters():
            group = ".".join(name.split(".")[: 1 + name.startswith("h.")])
            assert parameter.grad is not None
            square = parameter.grad.to_dense().square().sum().item()
            squares[group] = squares.get(group, 0.0) + square
        yield from (f"{group:6} {math.sqrt(square):.4f}" for group, square in squares.items())

    def adamw(self) -> Iterator[str]:
        name = f"h.{self.layer}.attn.c_attn.weight"
        yield f"AdamW moves one weight, {name}[0, 0]  ({source(AdamW)})"
        parameter = self.model.get_parameter(name)
        assert parameter.grad is not None
        before, gradient = parameter[0, 0].item(), parameter.grad[0, 0].item()
        AdamW(self.model.parameters(), LR, WEIGHT_DECAY).step()
        after = parameter[0, 0].item()
        m, v = (1 - BETA_1) * gradient, (1 - BETA_2) * gradient**2
        m_hat, v_hat = m / (1 - BETA_1), v / (1 - BETA_2)
        decayed = before - LR * WEIGHT_DECAY * before
        step = -LR * m_hat / (math.sqrt(v_hat) + EPSILON)
        assert math.isclose(after, decayed + step, rel_tol=1e-5, abs_tol=1e-9), "not what it did"
        for formula, value in (
            ("before, w", f"{before:+.8f}"),
            ("gradient, g", f"{gradient:+.3e}"),
            ("m = 0.9 · 0 + 0.1 · g", f"{m:+.3e}, corrected by 1 − 0.9: {m_hat:+.3e}"),
            ("v = 0.999 · 0 + 0.001 · g²", f"{v:.3e}, corrected by 1 − 0.999: {v_hat:.3e}"),
            (f"decay: w − {LR} · {WEIGHT_DECAY} · w", f"{decayed:+.8f}"),
            (f"step: − {LR} · m / (√v + {EPSILON})", f"{step:+.8f}"),
            ("after, w", f"{after:+.8f}"),
        ):
            yield f"{formula:36} = {value}"

    def text(self, token: int | Tensor) -> str:
        """A token to be read: ␣ is a space, ↵ a line break, × no target."""
        return "×" if int(token) == IGNORE_INDEX else visible(self.tokenizer, int(token))


STEPS = (Walk.record, Walk.prompt, Walk.token_ids, Walk.padded, Walk.forward, Walk.attention,
         Walk.predictions, Walk.loss, Walk.gradients, Walk.adamw)  # fmt: skip


def source(thing: Callable[..., Any]) -> str:
    """The file and the line where a function or class begins."""
    path = Path(inspect.getsourcefile(thing) or "").relative_to(ROOT).as_posix()
    return f"{path}:{inspect.getsourcelines(thing)[1]}"
