"""From an answer to the judge's question, and from the judge's reply to a grade from 0 to 100."""

import hashlib
import json
import re
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

from finetune.evaluate.scores import mean
from gpt.errors import UserError
from weights.files import read_json_object

PROMPT = (
    "You grade answers. Here are a task, a correct answer to it, and the answer of a student.\n\n"
    "Task:\n{task}\n\nCorrect answer:\n{reference}\n\nStudent's answer:\n{response}\n\n"
    "How good is the student's answer, from 0 (wrong or none) to 100 (as good as the correct one)? "
    "Write the whole number alone, and nothing else."
)

# A number, perhaps named, perhaps out of 100, perhaps quoted or set in bold. A sign before it would
# make it another number, so none may stand there.
MARKS = r"[\s*_`\"'“”()\[\]]*"
GRADE = re.compile(
    rf"{MARKS}(?:(?:score|grade|rating){MARKS}[:=]{MARKS})?([0-9]+(?:\.[0-9]+)?)"
    rf"(?:{MARKS}(?:/|out\s+of){MARKS}100)?{MARKS}[.!]?{MARKS}",
    re.IGNORECASE,
)
LONGEST_GRADE = 200  # characters; a longer reply is no number alone, and slow to match


def read_entries(path: Path) -> list[dict[str, Any]]:
    """The answers of a run. Raises UserError for the first that is not as it should be."""
    try:
        entries = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path}: no JSON: {error}") from None
    if not isinstance(entries, list) or not entries:
        raise UserError(f"{path}: should be an array of answers, as in a run's responses.json")
    for n, entry in enumerate(entries, start=1):
        for field in ("instruction", "output", "response", "input"):
            if not isinstance(entry, dict):
                raise UserError(f"{path}: entry {n}: should be an object")
            given = entry.get(field) or "" if field == "input" else entry.get(field)
            if not isinstance(given, str):
                raise UserError(f"{path}: entry {n}: field '{field}' should be text")
    return entries


def question(entry: dict[str, Any]) -> str:
    """What the judge reads."""
    task = "\n".join(part for part in (entry["instruction"], entry.get("input")) if part)
    response = entry["response"] or "(nothing)"
    return PROMPT.format(task=task, reference=entry["output"], response=response)


def without_reasoning(reply: str) -> str:
    """What a reasoning model says after its `<think>…</think>`; the reply itself if it has none."""
    return reply.rpartition("</think>")[2].strip()


def parse_score(reply: str) -> float | None:
    """The grade, if the reply is one: "85.", "85/100", "**85** out of 100", "Rating: 85"."""
    found = GRADE.fullmatch(reply) if len(reply) <= LONGEST_GRADE else None
    return float(found[1]) if found is not None and float(found[1]) <= 100 else None


def summary(entries: Sequence[dict[str, Any]], grades: Sequence[dict[str, Any]], judge: str) -> str:
    """The mean, by kind of task too where it is known, and the replies that were no number."""
    pairs = list(zip(entries, grades, strict=True))
    scores = [grade["score"] for grade in grades if grade["score"] is not None]
    lines = []
    if scores:
        average = mean(scores)
        lines.append(
            f"{judge}: {average.value:.1f} of 100 on average (95 % interval {average.low:.1f} to "
            f"{average.high:.1f}), {median(scores):.0f} in the middle, over {average.count} answers"
        )
    kinds: dict[str, list[float]] = {}
    for entry, grade in pairs:
        kind = entry.get("kind")
        if kind and isinstance(kind, str) and grade["score"] is not None:
            kinds.setdefault(kind, []).append(grade["score"])
    for kind, own in sorted(kinds.items(), key=lambda item: -sum(item[1]) / len(item[1])):
        lines.append(f"  {sum(own) / len(own):5.1f}  {kind} ({len(own)})")
    unparsed = [
        (n, grade["reply"]) for n, (_, grade) in enumerate(pairs, 1) if grade["score"] is None
    ]
    if unparsed:
        lines.append(f"{len(unparsed)} of {len(pairs)} replies were no number from 0 to 100:")
        lines += [f"  answer {n}: {' '.join(reply.split())[:80]!r}" for n, reply in unparsed[:5]]
        lines += ["  …"] if len(unparsed) > 5 else []
    return "\n".join(lines)


def entry_key(entry: dict[str, Any]) -> str:
    """Identifies an answer with its task: a changed answer is graded again."""
    fields = [entry["instruction"], entry.get("input") or "", entry["output"], entry["response"]]
    return hashlib.sha256(json.dumps(fields).encode("utf-8")).hexdigest()[:32]


def stored_grades(path: Path, header: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The grades in a file, by key. Raises UserError if they were asked for in another way."""
    if not path.is_file():
        return {}
    stored = read_json_object(path)
    for name, value in header.items():
        if stored.get(name) != value:
            raise UserError(
                f"{path}: made with another {name} ({str(stored.get(name))[:40]!r}); give another "
                "--out, or remove it"
            )
    grades: Any = stored.get("grades")
    if not isinstance(grades, list):
        grades = [None]
    for grade in grades:
        number = grade.get("score") if isinstance(grade, dict) else ""
        if not (
            isinstance(grade, dict)
            and isinstance(grade.get("key"), str)
            and isinstance(grade.get("reply"), str)
            and (number is None or isinstance(number, (int, float)))
        ):
            raise UserError(f"{path}: no file of grades; give another --out")
    return {grade["key"]: grade for grade in grades}
