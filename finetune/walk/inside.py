"""What a model computes on the way to its logits: attention weights, and what each layer would say.

Both are caught by hooks while the model runs; gpt/ knows nothing of them.

Shapes: B batch, L layers, H heads, T tokens, C n_embd, D = C / H, V vocabulary.
"""

import math
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

import torch
from torch import Tensor

from gpt.model import GPT, eval_mode
from gpt.tokenizer import Tokenizer


@torch.no_grad()
def trace(model: GPT, tokens: Sequence[int]) -> tuple[Tensor, Tensor]:
    """Run the model over a text: its hidden states after each block, (L, T, C), and its attention
    weights, (L, H, T, T)."""
    hidden: list[Tensor] = []
    attention: list[Tensor] = []

    def catch_weights(module: Any, inputs: Any, qkv: Tensor) -> None:
        scores = attention_scores(qkv.float(), model.config.n_head)
        attention.append(torch.softmax(scores, dim=-1)[0])  # (H, T, T)

    with eval_mode(model), ExitStack() as hooks:
        for block in model.h:
            c_attn = block.get_submodule("attn.c_attn")
            hooks.enter_context(c_attn.register_forward_hook(catch_weights))
            hooks.enter_context(block.register_forward_hook(lambda m, x, y: hidden.append(y[0])))
        model.hidden_states(torch.tensor([tokens], device=model.device))
    return torch.stack(hidden), torch.stack(attention)


def attention_scores(qkv: Tensor, n_head: int) -> Tensor:
    """q · k / √D, −∞ where a token would look ahead: c_attn's output (B, T, 3C) → (B, H, T, T)."""
    query, key, _ = (split_heads(part, n_head) for part in qkv.chunk(3, dim=2))
    scores = query @ key.transpose(2, 3) / math.sqrt(query.size(3))
    return scores + torch.full_like(scores, -math.inf).triu(1)


def split_heads(x: Tensor, n_head: int) -> Tensor:
    """(B, T, C) → (B, H, T, D)."""
    return x.unflatten(2, (n_head, -1)).transpose(1, 2)


@torch.no_grad()
def layer_logits(model: GPT, hidden: Tensor) -> Tensor:
    """What the model would say if it ended after a block: (…, C) → (…, V).

    This is the logit lens (nostalgebraist, 2020): the last LayerNorm and the head, which follow the
    last block, put after any block. After the last one they are the model's own logits.
    """
    return model.head(model.ln_f(hidden))


def visible(tokenizer: Tokenizer, token: int) -> str:
    """A token's text with its white space visible: ␣ is a space, ↵ a line break, ⇥ a tab."""
    if token == tokenizer.end_of_text:
        return "END"
    return tokenizer.decode([token]).replace(" ", "␣").replace("\n", "↵").replace("\t", "⇥")
