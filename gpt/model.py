"""GPT-2 (Radford et al., 2019) from its parts: LayerNorm, GELU, FeedForward, TransformerBlock, GPT.

Module names are those of OpenAI's code (`wte`, `h.0.attn.c_attn`, `ln_f`, …), so that a checkpoint
maps onto the model by a loop. Each part runs torch's fused kernel; the formula it stands for is in
its docstring and, as code, in `tests/textbook.py`, where a test holds the two together.

Shapes: B batch, T tokens, C n_embd, V vocabulary, N selected positions.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gpt.attention import KVCache, MultiHeadAttention, Rows, attention_mask
from gpt.config import GPTConfig
from gpt.linear import Linear, linear


@contextmanager
def eval_mode(model: nn.Module) -> Iterator[None]:
    """The model in evaluation mode, and afterwards, on every path out, in the mode it was in."""
    was_training = model.training
    model.eval()
    try:
        yield
    finally:
        model.train(was_training)


class Embedding(nn.Embedding):
    """A row of a table for every id: (…) int64 → (…, C)."""

    def reset_parameters(self) -> None:
        """As in `Linear`."""
        if not self.weight.is_meta:
            super().reset_parameters()


class LayerNorm(nn.Module):
    """(x − mean) / √(variance + 1e-5) · weight + bias over the last dimension (Ba et al., 2016).

    The variance is the biased one (divided by C); epsilon is OpenAI's.
    """

    EPSILON = 1e-5

    def __init__(self, n_embd: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(n_embd))
        self.bias = nn.Parameter(torch.zeros(n_embd))

    def forward(self, x: Tensor) -> Tensor:
        return F.layer_norm(x, self.weight.shape, self.weight, self.bias, self.EPSILON)


class GELU(nn.Module):
    """x/2 · (1 + tanh(√(2/π) · (x + 0.044715 x³))), the approximation GPT-2 was trained with.

    Section 2 of Hendrycks & Gimpel, 2016. The exact form (with erf) is a different function: it
    passes every test of shapes and gives the released weights worse losses.
    """

    def forward(self, x: Tensor) -> Tensor:
        return F.gelu(x, approximate="tanh")


class FeedForward(nn.Module):
    """The same two-layer network at every position: C → 4C → GELU → C."""

    def __init__(self, config: GPTConfig) -> None:
        super().__init__()
        self.c_fc = Linear(config.n_embd, 4 * config.n_embd)
        self.gelu = GELU()
        self.c_proj = Linear(4 * config.n_embd, config.n_embd)

    def forward(self, x: Tensor) -> Tensor:
        return self.c_proj(self.gelu(self.c_fc(x)))


class TransformerBlock(nn.Module):
    """Attention moves information between positions, the feed-forward works on it at each position.

    Both read a normalised copy and add to the residual stream x, which nothing else touches:
    GPT-2's "pre-norm" order.
    """

    def __init__(self, config: GPTConfig) -> None:
        super().__init__()
        self.ln_1 = LayerNorm(config.n_embd)
        self.attn = MultiHeadAttention(config)
        self.ln_2 = LayerNorm(config.n_embd)
        self.mlp = FeedForward(config)

    def forward(self, x: Tensor, *others: Any) -> Tensor:
        """`others` are those of MultiHeadAttention.forward."""
        x = x + self.attn(self.ln_1(x), *others)
        return x + self.mlp(self.ln_2(x))


class GPT(nn.Module):
    """Token ids in, logits over the next token out.

    `generator` seeds the initial weights (None: torch's global one).
    """

    def __init__(self, config: GPTConfig, generator: torch.Generator | None = None) -> None:
        super().__init__()
        self.config = config
        # A tied head has a gradient for every row of the table; the few rows that were looked up
        # need only be added to it, not a second table of mostly zeros.
        self.wte = Embedding(config.vocab_size, config.n_embd, sparse=config.tied_head)
        self.wpe = Embedding(config.context_length, config.n_embd)
        self.h = nn.ModuleList(TransformerBlock(config) for _ in range(config.n_layer))
        self.ln_f = LayerNorm(config.n_embd)
        if not config.tied_head:
            self.lm_head = Linear(config.n_embd, config.vocab_size, bias=False)
        self._initialize(generator)

    def _initialize(self, generator: torch.Generator | None) -> None:
        """GPT-2's: weights N(0, 0.02²), positions N(0, 0.01²) (OpenAI's `model.py`), biases 0.

        The layers that write to the residual stream start smaller by √(2 · n_layer), the number of
        such layers, so that its variance does not grow with depth (section 2.3 of the paper).
        """
        for name, parameter in self.named_parameters():
            if parameter.is_meta or ".ln_" in f".{name}":
                continue  # a LayerNorm begins as it was made, at 1 and 0
            if name.endswith("bias"):
                nn.init.zeros_(parameter)
                continue
            std = 0.01 if name.startswith("wpe") else 0.02
            if name.endswith("c_proj.weight"):
                std /= math.sqrt(2 * self.config.n_layer)
            nn.init.normal_(parameter, std=std, generator=generator)

    @property
    def device(self) -> torch.device:
        return self.wte.weight.device

    def num_parameters(self) -> int:
        return sum(parameter.numel() for parameter in self.parameters())

    def forward(
        self,
        tokens: Tensor,
        select: Tensor | None = None,
        cache: KVCache | None = None,
        padding: Tensor | None = None,
        rows: Rows | None = None,
    ) -> Tensor:
        """Logits (B, T, V) for tokens (B, T) int64; with `select` (B, T) bool, only there: (N, V).

        The projection onto the vocabulary is a third of the work at 124M and all other positions'
        logits would be thrown away, so training asks for the supervised positions and generation
        for the last one. The chosen rows are those of `logits[select]`, in its order. `select` may
        also be (N,) int64, indices into the B · T positions.

        With `cache`, the tokens continue those already in it. `padding` (B,) int64 counts the
        columns to the left of each row's text (cached ones included), for rows of unequal
        lengths.

        With `rows`, the tokens (1, N) are not one text but stand in the rows of several.
        """
        return self.head(self.hidden_states(tokens, select, cache, padding, rows))

    def hidden_states(
        self,
        tokens: Tensor,
        select: Tensor | None = None,
        cache: KVCache | None = None,
        padding: Tensor | None = None,
        rows: Rows | None = None,
    ) -> Tensor:
        """What `forward` projects onto the vocabulary: (B, T, C), or (N, C) with `select`."""
        new, past = tokens.size(1), 0 if cache is None else cache.length
        if rows is not None:
            positions, mask = rows.place % rows.token.size(1), None
        else:
            assert past + new <= self.config.context_length, "more tokens than the context holds"
            positions = torch.arange(past, past + new, device=tokens.device)
            if padding is not None:
                positions = (positions - padding[:, None]).clamp(min=0)
            mask = attention_mask(new, past, padding, tokens.device)

        x = self.wte(tokens) + self.wpe(positions)
        for layer, block in enumerate(self.h):
            x = block(x, mask, cache, layer, rows)
        if cache is not None:
            cache.length += new
        return self.ln_f(x if select is None else x.flatten(0, 1)[select.flatten()])

    def head(self, hidden: Tensor) -> Tensor:
        """(…, C) → (…, V): a logit for each token of the vocabulary."""
        return linear(hidden, self.wte.weight) if self.config.tied_head else self.lm_head(hidden)
