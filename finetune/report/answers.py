"""Answers as cards: the task, the reference and one answer or more, with the words that differ."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher
from html import escape
from typing import Any

from finetune.dataset import Record
from finetune.evaluate.scores import OPEN_KINDS, is_exact, normalized, token_f1
from finetune.report.files import record_of, response_of
from finetune.report.style import radios
from finetune.responses import Response

LONG = 400  # characters; of a longer text the beginning is shown, the rest on demand
SIGNS = {"right": "✓", "near": "≈", "wrong": "✗", "open": "○"}
LEGEND = (
    "✓ is the reference but for case and punctuation, ≈ is one word off, ✗ is wrong, ○ has more "
    "than one right answer and is not judged here; … was cut off. Words that differ are marked."
)


def verdict(record: Record, response: Response) -> str:
    """A key of SIGNS."""
    if is_exact(response, record):
        return "right"
    if record.kind in OPEN_KINDS:
        return "open"
    blocks = _differences(response.text.split(), record.output.split())
    near = len(blocks) == 1 and max(j - i for i, j in (blocks[0][:2], blocks[0][2:])) == 1
    return "near" if near else "wrong"


def card(
    entry: dict[str, Any],
    answers: Iterable[tuple[str, Response]],
    name: str = "",
    note: str = "",
) -> str:
    """One task with its reference and its answers, each under a heading. `name` is its id."""
    record = record_of(entry)
    task = "".join(f"<small>{escape(each)}</small>" for each in (note, _kind(record)) if each)
    task += folded(record.instruction)
    if record.input:
        task += f"<small>Input</small>{folded(record.input)}"
    columns, look, missed = [], "open", []
    for heading, response in answers:
        look = verdict(record, response)
        columns.append((heading, _marked(record, response, look)))
        differing = _differences(record.output.split(), response.text.split())
        missed = differing if look == "near" else []
    columns.insert(0, ("Reference", _highlighted(record.output, missed)))
    said = "".join(f"<div><small>{escape(name)}</small>{text}</div>" for name, text in columns)
    mark = f' id="{name}"' if name else ""
    return (
        f'<div class="pair {look}"{mark}><div class="asked">{task}</div>'
        f'<div class="said">{said}</div></div>'
    )


def all_answers(entries: Sequence[dict[str, Any]]) -> str:
    """A card for each entry, folded, with a filter by verdict that needs no script."""
    cards = [
        card(entry, [("Answer", response_of(entry))], f"test-{number}", f"Test {number}")
        for number, entry in enumerate(entries, start=1)
    ]
    found = [verdict(record_of(entry), response_of(entry)) for entry in entries]
    names = {"all": "all", "right": "✓ right", "near": "≈ one word off", "wrong": "✗ wrong"}
    names |= {"open": "○ not judged"} if "open" in found else {}
    counts = Counter([*found, *["all"] * len(found)])
    filters = radios("show", {look: f"{name} ({counts[look]})" for look, name in names.items()})
    return (
        f"<details><summary>Show the {len(cards)} answers</summary>"
        f'<div>{filters}<div class="cards">{"".join(cards)}</div></div></details>'
    )


def chosen(
    entries: Sequence[dict[str, Any]], before: Sequence[Sequence[Any]] = ()
) -> list[tuple[str, int]]:
    """A typical answer, the best and a failed one: what it is, and the entry's number from 0.

    Of several that are the best, one that was the worst among the answers `before` training.
    """
    judged = [i for i, entry in enumerate(entries) if record_of(entry).kind not in OPEN_KINDS]
    if not judged:
        return []
    f1 = {i: token_f1(entries[i]["response"], entries[i]["output"]) for i in judged}
    ranked = sorted(judged, key=lambda i: (f1[i], len(entries[i]["output"])))
    old = {i: token_f1(before[i][0], entries[i]["output"]) if before else 0 for i in judged}
    best = max(reversed(ranked), key=lambda i: (f1[i], -old[i]))
    picked = {ranked[len(ranked) // 2]: "A typical answer"}
    picked.setdefault(best, "The best" if f1[best] == 1 else "The closest")
    if f1[ranked[0]] < 1:
        picked.setdefault(ranked[0], "A failed one")
    return [(note, i) for i, note in picked.items()]


def folded(text: str) -> str:
    """The text, escaped; of a long one the beginning, the rest on demand."""
    if len(text) <= LONG:
        return escape(text)
    return (
        f"<details><summary>{escape(text[: LONG // 2])} … ({len(text):,} characters)</summary>"
        f"{escape(text)}</details>"
    )


def _marked(record: Record, response: Response, look: str) -> str:
    """The response behind its sign; where most of it is right, the wrong words are marked."""
    text = re.sub(r"\n\s*\n", "\n", response.text)  # a model that rambles leaves lines empty
    words = text.split()
    wrong = _differences(words, record.output.split()) if look in ("near", "wrong") else []
    few = 2 * sum(end - start for start, end, _, _ in wrong) <= len(words)
    cut = "" if response.hit_eos else " …"
    return f'<b class="{look}">{SIGNS[look]}</b> {_highlighted(text, wrong if few else [])}{cut}'


def _highlighted(text: str, blocks: Sequence[tuple[int, int, int, int]]) -> str:
    """The text with those of its words marked that are in the blocks; a long one is folded."""
    if len(text) > LONG:
        return folded(text)
    chosen = {i for start, end, _, _ in blocks for i in range(start, end)}
    number, parts = 0, []
    for part in re.split(r"(\s+)", text):
        is_word = bool(part.strip())
        shown = f"<mark>{escape(part)}</mark>" if is_word and number in chosen else escape(part)
        parts.append(shown)
        number += is_word
    return "".join(parts)


def _differences(one: Sequence[str], other: Sequence[str]) -> list[tuple[int, int, int, int]]:
    """Where two lists of words differ, as ranges in the one and in the other."""
    left, right = ([normalized(word) for word in each[:LONG]] for each in (one, other))
    blocks = SequenceMatcher(None, left, right, autojunk=False).get_opcodes()
    return [(a, b, c, d) for kind, a, b, c, d in blocks if kind != "equal"]


def _kind(record: Record) -> str:
    return record.kind.replace("_", " ")
