"""Answers as cards: the task, the reference and one answer or more, with the words that differ."""

import re
from collections import Counter
from collections.abc import Sequence
from difflib import SequenceMatcher
from html import escape

from finetune.dataset import Record
from finetune.evaluate.scores import OPEN_KINDS, is_exact, normalized, token_f1
from finetune.report.files import Run
from finetune.report.style import folded, radios, section
from finetune.responses import Response

LONG = 400  # characters; of a longer text the beginning is shown, the rest on demand
VERDICTS = {"right": "✓ right", "near": "≈ one word off", "wrong": "✗ wrong",
            "open": "○ not judged"}  # fmt: skip
LEGEND = (
    "✓ is the reference but for case and punctuation, ≈ is one word off, ✗ is wrong, ○ has more "
    "than one right answer and is not judged here; … was cut off. Words that differ are marked."
)


def verdict(record: Record, response: Response) -> str:
    """A key of VERDICTS."""
    if is_exact(response, record):
        return "right"
    if record.kind in OPEN_KINDS:
        return "open"
    blocks = _differences(response.text, record.output)
    return "near" if len(blocks) == 1 and max(map(len, blocks[0])) == 1 else "wrong"


def card(record: Record, answers: dict[str, Response], name: str, note: str = "") -> str:
    """One task with its reference and its answers by heading, one or more. `name` is its id."""
    looks = [verdict(record, response) for response in answers.values()]
    *_, last = answers.values()
    missed = _differences(record.output, last.text) if looks[-1] == "near" else []
    said = {"Reference": _highlighted(record.output, missed)}
    for (heading, response), look in zip(answers.items(), looks, strict=True):
        said[heading] = _marked(record, response, look)
    columns = [f"<div><small>{escape(head)}</small>{text}</div>" for head, text in said.items()]
    kind = " · ".join(filter(None, (note, record.kind.replace("_", " "))))
    given = f"<small>Input</small>{shortened(record.input)}" if record.input else ""
    return (
        f'<div class="pair {looks[-1]}" id="{name}"><div class="asked"><small>{escape(kind)}'
        f"</small>{shortened(record.instruction)}{given}</div>"
        f'<div class="said">{"".join(columns)}</div></div>'
    )


def all_answers(run: Run) -> str:
    """A section with a card for each record, folded, and a filter that needs no script."""
    cards, counts = [], Counter[str]()
    for n, (record, response) in enumerate(zip(run.records, run.responses, strict=True), 1):
        cards.append(card(record, {"Answer": response}, f"test-{n}", f"Test {n}"))
        counts[verdict(record, response)] += 1
    labels = {look: f"{name} ({counts[look]})" for look, name in VERDICTS.items() if counts[look]}
    labels = {"pair": f"all ({len(cards)})"} | labels
    filters = radios("show", labels, 0, ".cards .pair:not(.KEY) { display: none }")
    shown = f'<div>{filters}<div class="cards">{"".join(cards)}</div></div>'
    shown = folded(f"Show the {len(cards)} answers", shown)
    return section("All test answers", shown) if cards else ""


def chosen(
    records: Sequence[Record], responses: Sequence[Response], before: Sequence[Response] = ()
) -> dict[int, str]:
    """A typical answer, the best and a failed one: the record's number from 0, and which it is.

    Of several that are the best, one that was the worst among the answers `before` training.
    """

    def f1(answers: Sequence[Response], i: int) -> float:
        return token_f1(answers[i].text, records[i].output) if answers else 0

    judged = [i for i, record in enumerate(records) if record.kind not in OPEN_KINDS]
    if not judged:
        return {}
    ranked = sorted(judged, key=lambda i: (f1(responses, i), len(records[i].output)))
    best = max(reversed(ranked), key=lambda i: (f1(responses, i), -f1(before, i)))
    picked = {ranked[len(ranked) // 2]: "A typical answer"}
    picked.setdefault(best, "The best" if f1(responses, best) == 1 else "The closest")
    if f1(responses, ranked[0]) < 1:
        picked.setdefault(ranked[0], "A failed one")
    return picked


def shortened(text: str) -> str:
    """The text, escaped; of a long one the beginning, the rest on demand."""
    if len(text) <= LONG:
        return escape(text)
    return folded(f"{escape(text[: LONG // 2])} … ({len(text):,} characters)", escape(text))


def _marked(record: Record, response: Response, look: str) -> str:
    """The response behind its sign; where most of it is right, the wrong words are marked."""
    text = re.sub(r"\n\s*\n", "\n", response.text)  # a model that rambles leaves lines empty
    wrong = _differences(text, record.output) if look in ("near", "wrong") else []
    few = 2 * sum(len(places) for places, _ in wrong) <= len(text.split())
    cut = "" if response.hit_eos else " …"
    sign = f'<b class="{look}">{VERDICTS[look][0]}</b>'
    return f"{sign} {_highlighted(text, wrong if few else [])}{cut}"


def _highlighted(text: str, blocks: Sequence[tuple[range, range]]) -> str:
    """The text with those of its words marked that are in the blocks; a long one is folded."""
    if len(text) > LONG:
        return shortened(text)
    parts = [escape(part) for part in re.split(r"(\s+)", text.strip())]  # word, space, word, …
    for word in (word for places, _ in blocks for word in places):
        parts[2 * word] = f"<mark>{parts[2 * word]}</mark>"
    return "".join(parts)


def _differences(one: str, other: str) -> list[tuple[range, range]]:
    """Where the words of two texts differ: their numbers in the one, and in the other."""
    left, right = ([normalized(word) for word in text.split()[:LONG]] for text in (one, other))
    blocks = SequenceMatcher(None, left, right, autojunk=False).get_opcodes()
    return [(range(a, b), range(c, d)) for kind, a, b, c, d in blocks if kind != "equal"]
