"""Text generation: choose the next token by the model's logits, append it, repeat.

Greedy takes the most likely token. Sampling draws one, after dividing the logits by a temperature
and keeping the k most likely (top-k: Fan et al., 2018, and GPT-2's own samples with k = 40), or the
fewest whose probabilities sum to p (top-p or nucleus sampling: Holtzman et al., 2020).

Shapes: B rows still being generated, T tokens, V vocabulary.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from gpt.attention import KVCache
from gpt.errors import UserError
from gpt.model import GPT, eval_mode


class Sampling(NamedTuple):
    """How a token is chosen. Temperature 0 is greedy: it draws nothing, from however many."""

    temperature: float = 0.0
    top_k: int | None = None  # draw from the k most likely tokens
    top_p: float | None = None  # draw from the fewest tokens that together have this probability


GREEDY = Sampling()


def sample_next_token(
    logits: Tensor, sampling: Sampling, generators: Sequence[torch.Generator]
) -> list[int]:
    """The next token of each row of logits (B, V). Row b draws from `generators[b]`.

    Where tokens tie for the last of the k places, exactly k stay. The nucleus is taken of what
    top-k leaves, after the temperature. Raises UserError for logits that are NaN or infinite.
    """
    best = logits.max(dim=-1)  # (B,) values, NaN if a logit of the row is, and their first indices
    if not all(map(math.isfinite, best.values.tolist())):
        raise UserError("the model's logits are not finite: its weights are damaged")
    temperature, top_k, top_p = sampling
    if temperature == 0:
        return best.indices.tolist()
    top = torch.topk(logits.float(), min(top_k or logits.size(-1), logits.size(-1)))  # (B, k)
    below_best = top.values - top.values[:, :1]  # ≤ 0, so that no temperature makes it overflow
    probabilities = torch.softmax(below_best / max(temperature, 1e-30), dim=-1).cpu()
    if top_p is not None:  # from the most likely on, a token is kept while those before have < p
        before = probabilities.cumsum(dim=-1) - probabilities
        probabilities = probabilities.masked_fill(before >= top_p, 0)
    tokens = top.indices.cpu()
    return [
        int(row[torch.multinomial(p, 1, generator=generator)])
        for row, p, generator in zip(tokens, probabilities, generators, strict=True)
    ]


@torch.inference_mode()
def generate_stream(
    model: GPT,
    prompts: Sequence[Sequence[int]],
    max_new_tokens: int,
    end_of_text: int,
    sampling: Sampling = GREEDY,
    generators: Sequence[torch.Generator] = (),
    stop: Callable[[list[int]], bool] | None = None,
) -> Iterator[tuple[int, int]]:
    """Continue every prompt, yielding (prompt's index, next token id) as soon as each is known.

    A row ends with its `end_of_text` (yielded as well), after `max_new_tokens`, or when the context
    is full: when prompt and response together have `context_length` tokens. A prompt must be
    shorter than that. A row also ends where `stop`, given its new tokens, is true.

    Each row gets what it would get alone: rows of unequal lengths are padded on the left and
    masked, and each draws from a CPU generator of its own (one per prompt; greedy needs none).
    """
    context = model.config.context_length
    assert all(0 < len(prompt) < context for prompt in prompts), "no token to continue, or no room"
    assert sampling.temperature >= 0 and (sampling.top_k is None or sampling.top_k >= 1)
    assert sampling.top_p is None or 0 < sampling.top_p <= 1
    greedy = sampling.temperature == 0
    assert greedy or len(generators) == len(prompts), "one generator for each prompt"
    if not prompts or max_new_tokens == 0:
        return

    texts = [list(prompt) for prompt in prompts]
    rows = list(range(len(prompts)))  # the prompts still being continued
    cache = None
    with eval_mode(model):
        for _ in range(max_new_tokens):
            if cache is None or cache.length == context:
                # The first step; or the columns are used up, by padding too, but no row is full:
                # the rows that are left are read again with the padding that they need.
                tokens, padding = _left_padded([texts[row] for row in rows], model.device)
                cache = KVCache()
            else:
                tokens = torch.tensor([[texts[row][-1]] for row in rows], device=model.device)

            last = None
            if tokens.size(1) > 1:
                last = torch.zeros_like(tokens, dtype=torch.bool)
                last[:, -1] = True
            logits = model(tokens, select=last, cache=cache, padding=padding)
            logits = logits.view(len(rows), -1)  # (B, V): of each row's last token
            row_generators = [] if greedy else [generators[row] for row in rows]
            chosen = sample_next_token(logits, sampling, row_generators)
            for row, token in zip(rows, chosen, strict=True):
                texts[row].append(token)
                yield row, token

            unfinished = [
                i
                for i, row in enumerate(rows)
                if texts[row][-1] != end_of_text
                and len(texts[row]) < context
                and not (stop and stop(texts[row][len(prompts[row]) :]))
            ]
            if not unfinished:
                return
            if len(unfinished) < len(rows):  # a finished row costs nothing from here on
                rows = [rows[i] for i in unfinished]
                kept = torch.tensor(unfinished, device=model.device)
                cache.select_rows(kept)
                padding = None if padding is None else padding[kept]


def generate(
    model: GPT,
    prompts: Sequence[Sequence[int]],
    max_new_tokens: int,
    end_of_text: int,
    sampling: Sampling = GREEDY,
    generators: Sequence[torch.Generator] = (),
) -> list[list[int]]:
    """`generate_stream`, collected: the new tokens of each prompt, without the end of text."""
    new: list[list[int]] = [[] for _ in prompts]
    for row, token in generate_stream(
        model, prompts, max_new_tokens, end_of_text, sampling, generators
    ):
        if token != end_of_text:
            new[row].append(token)
    return new


def _left_padded(rows: list[list[int]], device: torch.device) -> tuple[Tensor, Tensor | None]:
    """Rows of unequal lengths as one (B, T), ending together; and how much each was padded, (B,).

    The padding's value is never looked at. Rows of one length need none: None.
    """
    longest = max(map(len, rows))
    padding = [longest - len(row) for row in rows]
    tokens = torch.tensor(
        [[0] * pad + row for pad, row in zip(padding, rows, strict=True)], device=device
    )
    return tokens, torch.tensor(padding, device=device) if any(padding) else None
