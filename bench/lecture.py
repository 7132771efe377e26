"""GPT-2 as a careful student of the lecture writes it: what the measurements are held against.

Every formula is written out; queries, keys and values have a layer each; the mask is a buffer; the
output head is a matrix of its own, and gives logits at every position; generation runs the whole
text through the model for each new token. All of it is right, and none of it is tuned: no fused
kernel, no cache, float32, torch's AdamW as it comes.

Shapes: B batch, T tokens, C n_embd, H heads, D head size, V vocabulary.
"""

import math

import torch
from torch import Tensor, nn


class LayerNorm(nn.Module):
    """(x − mean) / √(variance + 1e-5) · scale + shift, over the last dimension."""

    def __init__(self, n_embd: int) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(n_embd))
        self.shift = nn.Parameter(torch.zeros(n_embd))

    def forward(self, x: Tensor) -> Tensor:
        mean = x.mean(dim=-1, keepdim=True)
        variance = x.var(dim=-1, keepdim=True, unbiased=False)
        return self.scale * (x - mean) / torch.sqrt(variance + 1e-5) + self.shift


class GELU(nn.Module):
    """The tanh form, written out."""

    def forward(self, x: Tensor) -> Tensor:
        inner = math.sqrt(2 / math.pi) * (x + 0.044715 * torch.pow(x, 3))
        return 0.5 * x * (1 + torch.tanh(inner))


class MultiHeadAttention(nn.Module):
    """Causal attention in H heads: (B, T, C) → (B, T, C)."""

    def __init__(self, context_length: int, n_head: int, n_embd: int) -> None:
        super().__init__()
        self.n_head = n_head
        self.query = nn.Linear(n_embd, n_embd)
        self.key = nn.Linear(n_embd, n_embd)
        self.value = nn.Linear(n_embd, n_embd)
        self.out = nn.Linear(n_embd, n_embd)
        future = torch.ones(context_length, context_length, dtype=torch.bool).triu(1)
        self.future: Tensor
        self.register_buffer("future", future)

    def forward(self, x: Tensor) -> Tensor:
        B, T, C = x.shape

        def heads(y: Tensor) -> Tensor:  # (B, T, C) → (B, H, T, D)
            return y.view(B, T, self.n_head, C // self.n_head).transpose(1, 2)

        query, key, value = heads(self.query(x)), heads(self.key(x)), heads(self.value(x))
        scores = query @ key.transpose(2, 3) / math.sqrt(C // self.n_head)
        scores = scores.masked_fill(self.future[:T, :T], -torch.inf)
        mixed = torch.softmax(scores, dim=-1) @ value
        return self.out(mixed.transpose(1, 2).contiguous().view(B, T, C))


class Block(nn.Module):
    """Attention, then a feed-forward network, each added to its input: (B, T, C) → (B, T, C)."""

    def __init__(self, context_length: int, n_head: int, n_embd: int) -> None:
        super().__init__()
        self.norm1 = LayerNorm(n_embd)
        self.attention = MultiHeadAttention(context_length, n_head, n_embd)
        self.norm2 = LayerNorm(n_embd)
        self.feed_forward = nn.Sequential(
            nn.Linear(n_embd, 4 * n_embd), GELU(), nn.Linear(4 * n_embd, n_embd)
        )

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attention(self.norm1(x))
        return x + self.feed_forward(self.norm2(x))


class LectureGPT(nn.Module):
    """(B, T) int64 → (B, T, V). The weights are torch's initial ones: its speed is all we ask."""

    def __init__(
        self, vocab_size: int, context_length: int, n_layer: int, n_head: int, n_embd: int
    ) -> None:
        super().__init__()
        self.context_length = context_length
        self.tokens = nn.Embedding(vocab_size, n_embd)
        self.positions = nn.Embedding(context_length, n_embd)
        self.blocks = nn.Sequential(
            *(Block(context_length, n_head, n_embd) for _ in range(n_layer))
        )
        self.norm = LayerNorm(n_embd)
        self.head = nn.Linear(n_embd, vocab_size, bias=False)

    def forward(self, tokens: Tensor) -> Tensor:
        x = self.tokens(tokens) + self.positions(torch.arange(tokens.size(1), device=tokens.device))
        return self.head(self.norm(self.blocks(x)))


def train_step(
    model: LectureGPT, optimizer: torch.optim.Optimizer, inputs: Tensor, targets: Tensor
) -> None:
    """One update of AdamW on inputs and targets (B, T); −100 marks what is not a target."""
    optimizer.zero_grad()
    logits = model(inputs)
    loss = nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten())
    loss.backward()
    optimizer.step()
    loss.item()


@torch.no_grad()
def generate(model: LectureGPT, tokens: Tensor, max_new_tokens: int) -> Tensor:
    """Greedy: tokens (B, T) and what follows, (B, T + max_new_tokens)."""
    for _ in range(max_new_tokens):
        logits = model(tokens[:, -model.context_length :])[:, -1]
        tokens = torch.cat((tokens, logits.argmax(dim=-1, keepdim=True)), dim=1)
    return tokens
