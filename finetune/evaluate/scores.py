"""How good the answers are, counted without a judge; each figure with how sure it is.

- Exact match: the answer is the reference, once letters' case, punctuation and white space are
  made alike. "Exact match, strict": with no such allowance.
- Token F1, as for the SQuAD questions (Rajpurkar et al., 2016): of the words in answer and
  reference, how many are in both; the harmonic mean of that share of the one and of the other.
- Ended: the model wrote its end of text, rather than being cut off.
- Perplexity: e to the mean loss of the supervised tokens: as if the model had to choose among so
  many tokens at each.

An interval is what a bootstrap gives (Efron, 1979): the records are drawn again, as many, with
repetition, a thousand times over, and the middle 95 % of the figures so found is shown.
"""

import math
import unicodedata
from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

import torch

from finetune.collate import Loader
from finetune.dataset import Record
from finetune.evaluate.losses import example_losses
from finetune.responses import Response
from gpt.model import GPT


class Estimate(NamedTuple):
    """A mean over `count` records or tokens, and the ends of its 95 % interval."""

    value: float
    low: float
    high: float
    count: int


class KindScore(NamedTuple):
    """The scores of one kind of task."""

    exact: float
    f1: float
    count: int


def normalized(text: str) -> str:
    """Small letters, no punctuation, single spaces; a text of punctuation alone stays as it is."""
    text = unicodedata.normalize("NFKC", text).lower()
    kept = "".join(c for c in text if not unicodedata.category(c).startswith("P"))
    return " ".join(kept.split()) or " ".join(text.split())


def token_f1(answer: str, reference: str) -> float:
    """The harmonic mean of precision and recall of the answer's words, from 0 to 1."""
    said, wanted = normalized(answer).split(), normalized(reference).split()
    if not said or not wanted:
        return float(said == wanted)
    return 2 * (Counter(said) & Counter(wanted)).total() / (len(said) + len(wanted))


def bootstrap_interval(
    values: Sequence[float],
    weights: Sequence[float] | None = None,
    resamples: int = 1000,
    seed: int = 0,
) -> tuple[float, float]:
    """The 95 % interval of the (weighted) mean of one value or more."""
    value = torch.tensor(values, dtype=torch.float64)
    weight = torch.ones_like(value) if weights is None else torch.tensor(weights).to(value)
    generator = torch.Generator().manual_seed(seed)
    means = torch.empty(resamples, dtype=torch.float64)
    for i in range(resamples):
        drawn = torch.randint(len(values), (len(values),), generator=generator)
        means[i] = (value[drawn] * weight[drawn]).sum() / weight[drawn].sum()
    low, high = means.quantile(torch.tensor([0.025, 0.975], dtype=torch.float64)).tolist()
    return low, high


def mean(values: Sequence[float]) -> Estimate:
    """Of one value or more."""
    return Estimate(sum(values) / len(values), *bootstrap_interval(values), len(values))


def perplexity(losses: Sequence[tuple[float, int]]) -> Estimate:
    """From each record's summed loss and count of supervised tokens."""
    losses = [(loss, count) for loss, count in losses if count]
    loss, tokens = (sum(column) for column in zip(*losses, strict=True))
    interval = bootstrap_interval([loss / count for loss, count in losses], [c for _, c in losses])
    return Estimate(*(math.exp(value) for value in (loss / tokens, *interval)), tokens)


def score(records: Sequence[Record], responses: Sequence[Response]) -> dict[str, Estimate]:
    """Name → figure, over one record or more."""
    pairs = list(zip(responses, records, strict=True))
    return {
        "Exact match": mean([float(is_exact(a, record)) for a, record in pairs]),
        "Exact match, strict": mean(
            [float(a.text == record.output.strip()) for a, record in pairs]
        ),
        "Token F1": mean([token_f1(a.text, record.output) for a, record in pairs]),
        "Ended with end of text": mean([float(a.hit_eos) for a, _ in pairs]),
        "Tokens in a response": mean([float(a.tokens) for a, _ in pairs]),
    }


def is_exact(response: Response, record: Record) -> bool:
    """Whether the response is the reference, as the first paragraph above means it."""
    return normalized(response.text) == normalized(record.output)


def score_by_kind(records: Sequence[Record], responses: Sequence[Response]) -> dict[str, KindScore]:
    """Kind of task → scores, the best first; of the records that say their kind."""
    groups: dict[str, list[tuple[float, float]]] = {}
    for record, answer in zip(records, responses, strict=True):
        if record.kind:
            pair = float(is_exact(answer, record)), token_f1(answer.text, record.output)
            groups.setdefault(record.kind, []).append(pair)
    kinds = {
        kind: KindScore(
            *(sum(column) / len(pairs) for column in zip(*pairs, strict=True)), len(pairs)
        )
        for kind, pairs in groups.items()
    }
    return dict(sorted(kinds.items(), key=lambda item: (-item[1].exact, -item[1].f1, item[0])))


def format_table(estimates: dict[str, Estimate], kinds: dict[str, KindScore]) -> str:
    """All of it as text, to be printed."""
    lines = [f"{'':24}{'':>9}  {'95 % interval':^17}  {'of':>6}"]
    lines += [
        f"{name:24}{f.value:9.3f}  {f.low:7.3f} - {f.high:7.3f}  {f.count:6,}"
        for name, f in estimates.items()
    ]
    if kinds:
        lines.append(f"\n{'By kind of task':24}{'exact':>9}  {'F1':>7}  {'of':>6}")
        lines += [f"{kind:24}{k.exact:9.3f}  {k.f1:7.3f}  {k.count:6}" for kind, k in kinds.items()]
    return "\n".join(lines)


def score_run(
    model: GPT,
    records: Sequence[Record],
    responses: Sequence[Response],
    loaders: dict[str, Loader],
    dtype: torch.dtype,
) -> dict[str, Any]:
    """What a run writes to scores.json: the scores of its responses, and perplexity by loader."""
    estimates = score(records, responses)
    for name, loader in loaders.items():
        estimates[f"Perplexity, {name}"] = perplexity(example_losses(model, loader, dtype))
    kinds = score_by_kind(records, responses)
    return {
        "figures": {name: estimate._asdict() for name, estimate in estimates.items()},
        "kinds": {name: kind._asdict() for name, kind in kinds.items()},
    }
