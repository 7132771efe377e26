"""The formulas that the fast code is held to, written for the eye: no fused kernel, no cache, no
batch tricks.

Everything is as the papers write it and as slow as that is. The tests run both in float64 and
compare.
"""

import math
from functools import cache
from itertools import pairwise

import regex
import torch
from torch import Tensor

from gpt.config import GPTConfig
from gpt.model import GPT
from gpt.tokenizer import MERGES_FILE


def small_config(**changes) -> GPTConfig:
    """A GPT-2 of a few thousand parameters."""
    sizes = {"vocab_size": 31, "context_length": 12, "n_layer": 2, "n_head": 2, "n_embd": 8}
    return GPTConfig(**sizes | changes)


def small_model(seed: int = 0, **changes) -> GPT:
    """A float64 model with weights large enough that a wrong formula shows in its logits."""
    model = GPT(small_config(**changes)).double()
    generator = torch.Generator().manual_seed(seed)
    for parameter in model.parameters():
        parameter.data.normal_(0, 0.5, generator=generator)
    return model


def random_tokens(batch: int, length: int, seed: int, vocab_size: int = 31) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(vocab_size, (batch, length), generator=generator)


def layer_norm(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    mean = x.mean(-1, keepdim=True)
    variance = ((x - mean) ** 2).mean(-1, keepdim=True)
    return (x - mean) / torch.sqrt(variance + 1e-5) * weight + bias


def gelu(x: Tensor) -> Tensor:
    return 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def gelu_erf(x: Tensor) -> Tensor:
    """The exact form, which GPT-2 does not use."""
    return 0.5 * x * (1 + torch.erf(x / math.sqrt(2)))


def linear(x: Tensor, layer: torch.nn.Linear) -> Tensor:
    return x @ layer.weight.T + layer.bias


def attention(x: Tensor, module, n_head: int) -> Tensor:
    """Head by head and position by position: (T, C) → (T, C)."""
    T, C = x.shape
    D = C // n_head
    query, key, value = linear(x, module.c_attn).split(C, dim=1)
    out = torch.zeros_like(x)
    for head in range(n_head):
        part = slice(head * D, (head + 1) * D)
        for t in range(T):
            scores = torch.stack(
                [query[t, part] @ key[s, part] / math.sqrt(D) for s in range(t + 1)]
            )
            weights = torch.exp(scores) / torch.exp(scores).sum()
            out[t, part] = sum(weights[s] * value[s, part] for s in range(t + 1))
    return linear(out, module.c_proj)


def feed_forward(x: Tensor, module) -> Tensor:
    return linear(gelu(linear(x, module.c_fc)), module.c_proj)


def block(x: Tensor, module, n_head: int) -> Tensor:
    x = x + attention(layer_norm(x, module.ln_1.weight, module.ln_1.bias), module.attn, n_head)
    return x + feed_forward(layer_norm(x, module.ln_2.weight, module.ln_2.bias), module.mlp)


def gpt(tokens: list[int], model: GPT) -> Tensor:
    """Logits (T, V) of one row."""
    x = torch.stack([model.wte.weight[t] + model.wpe.weight[i] for i, t in enumerate(tokens)])
    for module in model.h:
        x = block(x, module, model.config.n_head)
    x = layer_norm(x, model.ln_f.weight, model.ln_f.bias)
    head = model.wte.weight if model.config.tied_head else model.lm_head.weight
    return x @ head.T


def gpt_from_openai(tokens: list[int], variables: dict[str, Tensor], n_head: int) -> Tensor:
    """Logits (T, V) of one row, from OpenAI's variables by OpenAI's names, as their code computes
    them.

    Their linear layers are x · w + b with w [1, in, out].
    """
    v = {name.removeprefix("model/"): tensor.double() for name, tensor in variables.items()}
    T, C = len(tokens), v["wte"].shape[1]
    x = v["wte"][tokens] + v["wpe"][:T]
    for n in range(sum(name.endswith("ln_1/g") for name in v)):

        def conv1d(x: Tensor, name: str, n: int = n) -> Tensor:
            return x @ v[f"h{n}/{name}/w"][0] + v[f"h{n}/{name}/b"]

        def norm(x: Tensor, name: str, n: int = n) -> Tensor:
            return layer_norm(x, v[f"h{n}/{name}/g"], v[f"h{n}/{name}/b"])

        heads = []
        query, key, value = conv1d(norm(x, "ln_1"), "attn/c_attn").split(C, dim=1)
        for head in torch.arange(C).split(C // n_head):
            scores = query[:, head] @ key[:, head].T / math.sqrt(C // n_head)
            scores = scores.masked_fill(torch.ones(T, T).triu(1).bool(), -math.inf)
            heads.append(torch.softmax(scores, dim=1) @ value[:, head])
        x = x + conv1d(torch.cat(heads, dim=1), "attn/c_proj")
        x = x + conv1d(gelu(conv1d(norm(x, "ln_2"), "mlp/c_fc")), "mlp/c_proj")
    return layer_norm(x, v["ln_f/g"], v["ln_f/b"]) @ v["wte"].T


def greedy(model: GPT, prompt: list[int], max_new_tokens: int, end_of_text: int) -> list[int]:
    """One row, one token at a time, all computed anew from the last `context_length` tokens."""
    tokens, new = list(prompt), []
    for _ in range(max_new_tokens):
        window = torch.tensor([tokens[-model.config.context_length :]])
        with torch.no_grad():
            token = int(model(window)[0, -1].argmax())
        if token == end_of_text:
            break
        tokens.append(token)
        new.append(token)
    return new


def negative_log_likelihood(logits: Tensor, target: int) -> Tensor:
    return -torch.log(torch.exp(logits[target]) / torch.exp(logits).sum())


@cache
def merge_ranks() -> dict[tuple[str, ...], int]:
    """The pairs of vocab.bpe, each with its number in the order of learning."""
    lines = MERGES_FILE.read_text(encoding="utf-8").split("\n")[1:-1]
    return {tuple(line.split(" ")): rank for rank, line in enumerate(lines)}


def byte_pair_encoding(text: str, n_merges: int) -> list[str]:
    """The tokens of a text, spelled as in vocab.bpe: merge the pair that was learned first, again
    and again.

    After Sennrich et al., 2016, algorithm 1, on UTF-8 bytes.
    """
    ranks, tokens = merge_ranks(), []
    pattern = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
    for piece in regex.findall(pattern, text):
        parts = [byte_name(byte) for byte in piece.encode("utf-8")]
        while len(parts) > 1:
            best = min(pairwise(parts), key=lambda p: ranks.get(p, math.inf))
            if ranks.get(best, math.inf) >= n_merges:
                break
            merged, i = [], 0
            while i < len(parts):
                if tuple(parts[i : i + 2]) == best:
                    merged.append(parts[i] + parts[i + 1])
                    i += 2
                else:
                    merged.append(parts[i])
                    i += 1
            parts = merged
        tokens += parts
    return tokens


def byte_name(byte: int) -> str:
    """A byte that prints in Latin-1 stands for itself, the n-th of the others for U+0100 + n."""

    def prints(b: int) -> bool:
        return 0x21 <= b <= 0x7E or 0xA1 <= b <= 0xAC or 0xAE <= b <= 0xFF

    return chr(byte) if prints(byte) else chr(256 + sum(not prints(b) for b in range(byte)))
