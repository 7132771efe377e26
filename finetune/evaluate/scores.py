"""How good a model's responses are, counted without a judge; each score with a 95 % interval.

- Exact match: the share of responses that are the reference, but for letters' case, punctuation
  and white space. Records with more than one right answer (OPEN_KINDS) are not counted.
- Token F1, as for the SQuAD questions (Rajpurkar et al., 2016): the harmonic mean of the share of
  the response's words that are in the reference, and of the reference's that are in the response.
- Ended with end of text: the share of responses that the model ended, rather than being cut off.
- Perplexity: e to the mean loss of the supervised tokens.

The interval of a share is Wilson's (1927), which claims no certainty where none or all are right.
That of another mean is a bootstrap (Efron, 1979): the records are drawn again, as many, with
repetition, a thousand times, and the middle 95 % of the means is shown.
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

# Kinds of task in the bundled data: with more than one right answer; and those whose answer is not
# made from the given text, but has to be known.
OPEN_KINDS = frozenset({"complete_sentence", "definition", "name_some", "simile"})
KNOWLEDGE_KINDS = OPEN_KINDS | {
    *("animals", "antonym", "arithmetic", "capital_city", "classify", "comparison", "odd_one_out"),
    *("plural_noun", "rhyme", "spelling", "symbol", "synonym", "units"),
}
Z = 1.96  # of a normal distribution, 95 % lie within so many standard deviations of the mean
MAX_LOSS = 700.0  # nats; e to more than 709 is no float


class Estimate(NamedTuple):
    """A mean over `count` records or tokens, and the ends of its 95 % interval."""

    value: float
    low: float
    high: float
    count: int  # type: ignore[assignment]  # hides tuple.count


class KindScore(NamedTuple):
    """The scores of one kind of task; `exact` is None for OPEN_KINDS."""

    exact: float | None
    f1: float
    count: int  # type: ignore[assignment]  # likewise


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
    rows = max(1, 1_000_000 // len(values))  # resamples that are drawn together
    means = []
    for start in range(0, resamples, rows):
        shape = (min(rows, resamples - start), len(values))
        drawn = torch.randint(len(values), shape, generator=generator)
        means.append((value[drawn] * weight[drawn]).sum(1) / weight[drawn].sum(1))
    low, high = (
        torch.cat(means).quantile(torch.tensor([0.025, 0.975], dtype=torch.float64)).tolist()
    )
    return low, high


def share(flags: Sequence[bool]) -> Estimate:
    """The share that is true, of one flag or more, with Wilson's interval."""
    n, p = len(flags), sum(flags) / len(flags)
    middle = p + Z**2 / (2 * n)
    half = Z * math.sqrt(p * (1 - p) / n + Z**2 / (4 * n**2))
    low, high = ((middle + side) / (1 + Z**2 / n) for side in (-half, half))
    return Estimate(p, max(0.0, min(p, low)), min(1.0, max(p, high)), n)


def mean(values: Sequence[float]) -> Estimate:
    """Of one value or more."""
    return Estimate(sum(values) / len(values), *bootstrap_interval(values), len(values))


def perplexity(losses: Sequence[tuple[float, int]]) -> Estimate:
    """From each record's summed loss and count of supervised tokens.

    A mean loss above MAX_LOSS, or one that is not finite, counts as MAX_LOSS.
    """
    losses = [(loss, count) for loss, count in losses if count]
    loss, tokens = (sum(column) for column in zip(*losses, strict=True))
    interval = bootstrap_interval([loss / count for loss, count in losses], [c for _, c in losses])
    means = (loss / tokens, *interval)
    value, low, high = (math.exp(m if m < MAX_LOSS else MAX_LOSS) for m in means)
    return Estimate(value, low, high, tokens)


def score(records: Sequence[Record], responses: Sequence[Response]) -> dict[str, Estimate]:
    """Name → estimate, over one record or more."""
    pairs = list(zip(responses, records, strict=True))
    exact = [is_exact(response, r) for response, r in pairs if r.kind not in OPEN_KINDS]
    return ({"Exact match": share(exact)} if exact else {}) | {
        "Token F1": mean([token_f1(response.text, record.output) for response, record in pairs]),
        "Ended with end of text": share([response.hit_eos for response, _ in pairs]),
        "Tokens in a response": mean([float(response.tokens) for response, _ in pairs]),
    }


def is_exact(response: Response, record: Record) -> bool:
    """Whether the response is the reference, as the first paragraph above means it."""
    return normalized(response.text) == normalized(record.output)


def score_by_kind(records: Sequence[Record], responses: Sequence[Response]) -> dict[str, KindScore]:
    """Kind of task → scores, the best first; of the records that say their kind."""
    groups: dict[str, list[tuple[float, float]]] = {}
    for record, response in zip(records, responses, strict=True):
        if record.kind:
            pair = float(is_exact(response, record)), token_f1(response.text, record.output)
            groups.setdefault(record.kind, []).append(pair)
    kinds = {}
    for kind, pairs in groups.items():
        exact, f1 = (sum(column) / len(pairs) for column in zip(*pairs, strict=True))
        kinds[kind] = KindScore(None if kind in OPEN_KINDS else exact, f1, len(pairs))
    return dict(sorted(kinds.items(), key=lambda item: (-(item[1].exact or 0), -item[1].f1)))


def format_value(name: str, value: float) -> str:
    """A score as it is read: a share or F1 in per cent, another one as a number."""
    if name.startswith(("Perplexity", "Tokens")):
        return f"{value:.3g}" if value >= 1e5 else f"{value:.2f}"
    return f"{100 * value:.1f} %"


def format_table(estimates: dict[str, Estimate], kinds: dict[str, KindScore]) -> str:
    """All scores as text, to be printed."""
    lines = [f"{'':24}{'':>9}  {'95 % interval':^21}  {'of':>6}"]
    for name, e in estimates.items():
        value, low, high = (format_value(name, number) for number in e[:3])
        lines.append(f"{name:24}{value:>9}  {low:>9} - {high:>9}  {e.count:6,}")
    if kinds:
        lines.append(f"\n{'By kind of task':24}{'exact':>9}  {'F1':>9}  {'of':>6}")
        for kind, k in kinds.items():
            exact = "" if k.exact is None else format_value("", k.exact)
            lines.append(f"{kind:24}{exact:>9}  {format_value('', k.f1):>9}  {k.count:6}")
    return "\n".join(lines)


def score_run(
    model: GPT,
    records: Sequence[Record],
    responses: Sequence[Response],
    loaders: dict[str, Loader],
    dtype: torch.dtype,
) -> dict[str, Any]:
    """What a run writes to scores.json: the scores of its responses, and perplexity by loader.

    `dtype` is that of the matrix products in the losses; the responses are the model's own dtype's.
    """
    estimates = score(records, responses)
    for name, loader in loaders.items():
        estimates[f"Perplexity, {name}"] = perplexity(example_losses(model, loader, dtype))
    kinds = score_by_kind(records, responses)
    return {
        "figures": {name: estimate._asdict() for name, estimate in estimates.items()},
        "kinds": {name: kind._asdict() for name, kind in kinds.items()},
        "dtypes": dtypes_note(model, dtype),
    }


def dtypes_note(model: GPT, dtype: torch.dtype) -> str:
    """In which dtype the scores were computed: the weights' for responses, `dtype` for losses."""
    weights, losses = (str(d).removeprefix("torch.") for d in (model.wte.weight.dtype, dtype))
    return f"responses computed in {weights}, losses in {losses}"
