"""One record on its way through the lecture's steps, with the values as they are.

Every number comes from the code that it explains: the functions are called, the tensors are caught
by hooks as the model computes them. Each step names the file and the line where it is done.
"""

import inspect
import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from finetune.collate import IGNORE_INDEX, Batch, collate
from finetune.dataset import Encoded, Record, encode
from finetune.loop import train_step
from finetune.loss import batch_loss_sum
from finetune.optimizer import AdamW
from finetune.prompt import format_prompt
from finetune.records import read_records
from finetune.walk.inside import attention_scores, split_heads, visible
from gpt.attention import MultiHeadAttention
from gpt.model import GPT, TransformerBlock
from gpt.tokenizer import Tokenizer

ROOT = Path(__file__).parents[2]
LR, WEIGHT_DECAY, BETA_1, BETA_2, EPSILON = 5e-5, 0.1, 0.9, 0.999, 1e-8  # the lecture's AdamW
STEPS = ("record", "prompt", "tokens", "batch", "forward", "attention", "logits", "loss",
         "gradients", "AdamW")  # fmt: skip


class Walk:
    """The steps of two records in one batch; what is shown is the first one's."""

    def __init__(
        self,
        model: GPT,
        tokenizer: Tokenizer,
        records: Sequence[Record],
        layer: int = 0,
        head: int = 0,
        template: str = "alpaca",
        mask_prompt: bool = False,
    ) -> None:
        self.model, self.tokenizer, self.template = model, tokenizer, template
        self.layer, self.head = layer, head
        context_length = model.config.context_length
        self.encoded: Encoded = encode(records, tokenizer, context_length, template)
        self.records = self.encoded.records
        self.batch: Batch = collate(self.encoded.examples, mask_prompt)
        self.tensors: dict[str, Tensor] = {}  # by module name, in the order of computing
        self.optimizer = AdamW(model.parameters(), LR, WEIGHT_DECAY)
        self.losses = self._forward()

    def _forward(self) -> Tensor:
        """Run the model once, catching each module's output; the loss at each position, (B, T)."""
        hooks = [
            module.register_forward_hook(self._catch(name))
            for name, module in self.model.named_modules()
            if (name and "." not in name) or f"{name}.".startswith(f"h.{self.layer}.")
        ]
        self.logits = self.model(self.batch.inputs)  # (B, T, V)
        for hook in hooks:
            hook.remove()
        V = self.logits.size(-1)
        losses = torch.nn.functional.cross_entropy(
            self.logits.view(-1, V), self.batch.targets.view(-1), reduction="none"
        )
        return losses.view_as(self.batch.targets).detach()

    def _catch(self, name: str) -> Callable[[Any, Any, Tensor], None]:
        def hook(module: Any, inputs: Any, output: Tensor) -> None:
            if name.endswith("attn.c_proj"):
                self.tensors[name.replace("c_proj", "heads")] = inputs[0].detach()
            self.tensors[name] = output.detach()

        return hook

    def steps(self) -> Iterator[tuple[str, list[str]]]:
        """Each step's title, and its lines."""
        for step in (self.record, self.prompt, self.text_tokens, self.padded, self.forward,
                     self.attention, self.predictions, self.loss, self.gradients,
                     self.adamw):  # fmt: skip
            lines = step()
            yield lines[0], lines[1:]

    def record(self) -> list[str]:
        record = self.records[0]
        fields = [
            f"{name}: {getattr(record, name)!r}" for name in ("instruction", "input", "output")
        ]
        return [f"The record  ({source(read_records)})", *fields]

    def prompt(self) -> list[str]:
        record = self.records[0]
        text = format_prompt(record.instruction, record.input, self.template)
        title = f"Its prompt, which the response follows  ({source(format_prompt)})"
        return [title, *(f"| {line}" for line in text.split("\n")), f"| {record.output}"]

    def text_tokens(self) -> list[str]:
        tokens, prompt_length = self.encoded.examples[0]
        words = [f"{self.text(token)} {token}" for token in tokens]
        return [
            f"As token ids: {prompt_length} of the prompt, {len(tokens) - prompt_length} of the "
            f"response and its end  ({source(encode)})",
            "  ".join(words[:prompt_length]),
            "and the response:",
            "  ".join(words[prompt_length:]),
        ]

    def padded(self) -> list[str]:
        B, T = self.batch.inputs.shape
        lines = [
            f"A batch of {B}, padded to T = {T}; targets are the inputs shifted by one  "
            f"({source(collate)})"
        ]
        for row in range(B):
            length = len(self.encoded.examples[row].tokens) - 1
            shown = range(max(length - 6, 0), min(length + 3, T))
            inputs = [self.text(self.batch.inputs[row, t]) if t < length else "_" for t in shown]
            targets = [self.text(t) for t in self.batch.targets[row, shown.start : shown.stop]]
            columns = [max(map(len, pair)) for pair in zip(inputs, targets, strict=True)]
            for name, words in (("inputs ", inputs), ("targets", targets)):
                cells = (f"{w:{n}}" for w, n in zip(words, columns, strict=True))
                lines.append(f"{name} … {' '.join(cells)}")
        count = self.batch.num_targets()
        return [*lines, f"_ is padding, × has no target: {count} of {B * T} positions have one"]

    def forward(self) -> list[str]:
        lines = [f"Through the model, tensor by tensor  ({source(GPT.hidden_states)})"]
        for name, tensor in self.tensors.items():
            numbers = " ".join(f"{x:+.3f}" for x in tensor.flatten()[-3:].tolist())
            lines.append(f"{name:22} {tuple(tensor.shape)!s:16} … {numbers}")
        block = f"({source(TransformerBlock)})"
        return [*lines, f"(B, T, C) throughout a block; the other blocks do the same  {block}"]

    def attention(self) -> list[str]:
        name, n_head = f"h.{self.layer}.attn", self.model.config.n_head
        qkv = self.tensors[f"{name}.c_attn"]  # (B, T, 3C)
        scores = attention_scores(qkv, n_head)  # (B, H, T, T)
        weights = torch.softmax(scores, dim=-1)
        mixed = weights @ split_heads(qkv.chunk(3, dim=2)[2], n_head)  # (B, H, T, D)
        used = self.tensors[f"{name}.heads"]
        assert torch.allclose(mixed.transpose(1, 2).flatten(2), used, atol=1e-4), "not what it did"
        scores, weights = scores[0, self.head], weights[0, self.head]
        D = self.model.config.n_embd // n_head
        last = len(self.encoded.examples[0].tokens) - 2  # the position that is asked for the end
        title = (
            f"Attention in block {self.layer + 1}, head {self.head + 1}: scores q · k / √{D}, "
            f"the future masked, softmax  ({source(MultiHeadAttention.forward)})"
        )
        lines = [title, "the last positions of the first record, each row a token that looks:"]
        for what, table in (("scores", scores), ("softmax", weights)):
            for t in range(last - 3, last + 1):
                row = " ".join(f"{x:7.3f}" for x in table[t, last - 3 : last + 1].tolist())
                lines.append(f"{what:8}{self.text(self.batch.inputs[0, t]):>12} {row}")
        best = weights[last].topk(3)
        looked = ", ".join(
            f"{self.text(self.batch.inputs[0, t])} {w:.2f}"
            for w, t in zip(best.values.tolist(), best.indices.tolist(), strict=True)
        )
        return [*lines, f"the last one looks most at {looked}"]

    def predictions(self) -> list[str]:
        position = self.encoded.examples[0].prompt_length - 1
        probabilities = torch.softmax(self.logits[0, position].detach(), dim=-1)
        top = probabilities.topk(5)
        rows = [
            f"{self.text(token):14} logit {self.logits[0, position, token]:7.3f}, p {p:.4f}"
            for p, token in zip(top.values.tolist(), top.indices.tolist(), strict=True)
        ]
        target = self.text(self.batch.targets[0, position])
        return [
            f"Logits {tuple(self.logits.shape)}: the five likeliest tokens after the prompt  "
            f"({source(GPT.head)})",
            *rows,
            f"the target is {target}, with probability "
            f"{probabilities[self.batch.targets[0, position]]:.4f}",
        ]

    def loss(self) -> list[str]:
        first = self.encoded.examples[0].prompt_length - 1
        last = len(self.encoded.examples[0].tokens) - 1
        each = [
            f"{self.text(self.batch.targets[0, t])} {self.losses[0, t]:.3f}"
            for t in range(first, last)
        ]
        self.mean = batch_loss_sum(self.model, self.batch) / self.batch.num_targets()
        total, count = self.losses.sum().item(), self.batch.num_targets()
        assert math.isclose(self.mean.item(), total / count, rel_tol=1e-4), "not what it did"
        return [
            f"The loss of each target, −log of its probability  ({source(batch_loss_sum)})",
            "  ".join(each),
            f"all {count} in the batch: {total:.3f} / {count} = {self.mean.item():.4f} nats each",
        ]

    def gradients(self) -> list[str]:
        self.mean.backward()
        groups: dict[str, float] = {}
        for name, parameter in self.model.named_parameters():
            group = ".".join(name.split(".")[:2]) if name.startswith("h.") else name.split(".")[0]
            assert parameter.grad is not None
            groups[group] = groups.get(group, 0.0) + parameter.grad.to_dense().square().sum().item()
        lines = [f"{name:6} {math.sqrt(squares):.4f}" for name, squares in groups.items()]
        where = f"({source(train_step)})"
        return [f"loss.backward(): the norm of the gradient, by block  {where}", *lines]

    def adamw(self) -> list[str]:
        parameter = self.model.get_parameter(f"h.{self.layer}.attn.c_attn.weight")
        assert parameter.grad is not None
        before, gradient = parameter[0, 0].item(), parameter.grad[0, 0].item()
        self.optimizer.step()
        after = parameter[0, 0].item()
        m, v = (1 - BETA_1) * gradient, (1 - BETA_2) * gradient**2
        m_hat, v_hat = m / (1 - BETA_1), v / (1 - BETA_2)
        decayed = before - LR * WEIGHT_DECAY * before
        expected = decayed - LR * m_hat / (math.sqrt(v_hat) + EPSILON)
        assert math.isclose(after, expected, rel_tol=1e-5, abs_tol=1e-9), "not what it did"
        return [
            f"AdamW moves one weight, h.{self.layer}.attn.c_attn.weight[0, 0]  ({source(AdamW)})",
            f"{'before, w':36} = {before:+.8f}",
            f"{'gradient, g':36} = {gradient:+.3e}",
            f"{'m = 0.9 · 0 + 0.1 · g':36} = {m:+.3e}, corrected by 1 − 0.9: {m_hat:+.3e}",
            f"{'v = 0.999 · 0 + 0.001 · g²':36} = {v:.3e}, corrected by 1 − 0.999: {v_hat:.3e}",
            f"{f'decay: w − {LR} · {WEIGHT_DECAY} · w':36} = {decayed:+.8f}",
            f"{f'step: − {LR} · m / (√v + {EPSILON})':36} = {expected - decayed:+.8f}",
            f"{'after, w':36} = {after:+.8f}",
        ]

    def text(self, token: int | Tensor) -> str:
        """A token to be read: ␣ is a space, ↵ a line break, × no target."""
        return "×" if int(token) == IGNORE_INDEX else visible(self.tokenizer, int(token))


def source(thing: Callable[..., Any]) -> str:
    """The file and the line where a function or class begins."""
    path = Path(inspect.getsourcefile(thing) or "").relative_to(ROOT).as_posix()
    return f"{path}:{inspect.getsourcelines(thing)[1]}"
