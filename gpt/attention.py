"""Causal multi-head self-attention, and the cache of keys and values for generation.

"Attention Is All You Need" (Vaswani et al., 2017), section 3.2, in GPT-2's arrangement: one linear
layer makes queries, keys and values together (`c_attn`), one mixes the heads' outputs (`c_proj`).

Shapes: B batch, T new tokens, S tokens attended to (past and new), C n_embd, H heads, D = C / H.
"""

import math
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gpt.config import GPTConfig
from gpt.linear import Linear


class KVCache:
    """The keys and values of every token the model has read, one (2, B, H, S, D) per layer.

    A token's keys and values depend on the tokens before it alone, so while a text grows at its end
    they stay what they were. `length` is S, the same for every row and, between two forward passes,
    for every layer.
    """

    GROWTH = 64  # columns made at a time: a copy of the cache every 64 tokens, not at every one

    def __init__(self) -> None:
        self.length = 0
        self._layers: list[Tensor] = []  # with room for more columns

    def update(self, layer: int, new: Tensor) -> Tensor:
        """Store a layer's new keys and values (2, B, H, T, D); return all of them, (…, S, D)."""
        stop = self.length + new.size(3)
        if layer == len(self._layers):
            self._layers.append(new[:, :, :, :0])
        stored = self._layers[layer]
        if stop > stored.size(3):
            two, B, H, _, D = stored.shape
            larger = stored.new_empty(two, B, H, stop + self.GROWTH, D)
            larger[:, :, :, : self.length] = stored[:, :, :, : self.length]
            self._layers[layer] = stored = larger
        stored.narrow(3, self.length, new.size(3)).copy_(new)
        return stored.narrow(3, 0, stop)

    def select_rows(self, rows: Tensor) -> None:
        """Keep these rows of the batch only: (rows,) int64."""
        self._layers = [stored[:, rows] for stored in self._layers]


class Rows(NamedTuple):
    """N tokens that stand in several rows of text, as finetune/extras/shared_prefixes.py has them:
    each is computed once, but for attention, which goes from row to row."""

    token: Tensor  # (B, T) int64: which of the N stands at each place
    place: Tensor  # (N,) int64: one of the places of each, of the B · T


class MultiHeadAttention(nn.Module):
    """softmax(Q Kᵀ / √D + mask) V in H heads side by side, for (B, T, C) → (B, T, C).

    `F.scaled_dot_product_attention` is that formula in one kernel, without ever storing the (T, S)
    table of weights; `explicit_attention` below writes it out, and so does `tests/textbook.py`.
    """

    def __init__(self, config: GPTConfig) -> None:
        super().__init__()
        self.n_head = config.n_head
        self.c_attn = Linear(config.n_embd, 3 * config.n_embd)
        self.c_proj = Linear(config.n_embd, config.n_embd)

    def forward(
        self,
        x: Tensor,
        mask: Tensor | None = None,
        cache: KVCache | None = None,
        layer: int = 0,
        rows: Rows | None = None,
    ) -> Tensor:
        """`mask` (B or 1, 1, T, S): True where a token (row) attends to another (column).

        Without one, attention is causal. The kernel's own causal mask starts at the top left
        corner, which is right only if the T tokens are all there are; a single token that ends a
        cached text may look at everything and needs no mask at all. With `rows`, x is (1, N, C).
        """
        three = self.c_attn(x)
        if rows is not None:  # (1, N, 3C) → (B, T, 3C)
            three = three[0].index_select(0, rows.token.flatten()).view(*rows.token.shape, -1)
        B, T, _ = three.shape
        # (B, T, 3C) → (3, B, H, T, D)
        three = three.view(B, T, 3, self.n_head, -1).permute(2, 0, 3, 1, 4)
        if cache is None:
            query, key, value = three
        else:
            query, (key, value) = three[0], cache.update(layer, three[1:])
        assert mask is not None or key.size(2) == T or T == 1, "a cached chunk needs its mask"
        if cache is None and _use_explicit(query):
            heads = explicit_attention(query, key, value, mask)
        else:
            heads = F.scaled_dot_product_attention(
                query, key, value, attn_mask=mask, is_causal=mask is None and T > 1
            )
        heads = heads.transpose(1, 2).reshape(B, T, x.size(2))
        if rows is not None:  # (B, T, C) → (1, N, C)
            heads = heads.flatten(0, 1).index_select(0, rows.place)[None]
        return self.c_proj(heads)


def explicit_attention(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None
) -> Tensor:
    """Attention step by step, causal without a mask: three of (B, H, T, D) → (B, H, T, D)."""
    T, D = query.shape[-2:]
    hidden = torch.full((T, T), -math.inf, dtype=query.dtype, device=query.device)
    bias = hidden.triu(1) if mask is None else hidden.masked_fill(mask, 0)
    scores = (query / math.sqrt(D)) @ key.transpose(2, 3) + bias  # (B, H, T, T)
    return torch.softmax(scores, dim=-1) @ value


def _use_explicit(query: Tensor) -> bool:
    """Where the fused kernel's backward pass is slow: bfloat16 on a CPU, and few positions."""
    return (
        query.device.type == "cpu"
        and query.dtype == torch.bfloat16
        and torch.is_grad_enabled()
        and query.size(2) <= 512
    )


def attention_mask(
    new: int, past: int, padding: Tensor | None, device: torch.device
) -> Tensor | None:
    """Which of past + new columns each new token may look at: (B or 1, 1, T, S) bool, or None.

    `padding` (B,) counts the columns to the left of each row's text. None means that the plain
    causal rule of `MultiHeadAttention.forward` is enough. Padding positions attend only to padding:
    without this their softmax row would have no allowed column and be NaN, which spreads
    (NaN · 0 = NaN).
    """
    if padding is None and (past == 0 or new == 1):
        return None
    columns = torch.arange(past + new, device=device)
    causal = columns <= columns[past:, None]  # (T, S)
    if padding is None:
        return causal[None, None]
    is_text = columns >= padding[:, None]  # (B, S)
    same_kind = is_text[:, None, :] == is_text[:, past:, None]  # (B, T, S)
    return (causal & same_kind)[:, None]
