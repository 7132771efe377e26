"""Several runs on one page: their options, their curves over one another, their answers."""

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

from finetune.dataset import Record
from finetune.evaluate.scores import format_value
from finetune.plot import compared_curves
from finetune.report.answers import LEGEND, card
from finetune.report.files import Run, read_run
from finetune.report.page import notes, results
from finetune.report.style import charts, document, first_of, section, soft, table
from finetune.responses import Response
from gpt.errors import UserError
from weights.files import write_text

OWN = {"out", "resume", "save_every"}  # options that make no other run


def write_comparison(directories: Sequence[Path], path: Path) -> Path:
    """Write a page about two runs or more. Raises UserError."""
    if len({directory.resolve() for directory in directories}) < len(directories):
        raise UserError("one run is given twice")
    runs = {f"{n} {d.resolve().name}": read_run(d) for n, d in enumerate(directories, start=1)}
    histories = [run.history for run in runs.values()]
    said = [f"{name}: {note}" for name, run in runs.items() for note in notes(run)]
    curves = charts(lambda width: compared_curves(histories, width, ""))
    body = [
        f"<h1>{len(runs)} runs</h1>",
        *(f'<p class="note">{escape(note)}</p>' for note in said),
        section("Options and results", _table(runs)),
        section("Learning", soft(escape(", ".join(runs))), curves),
        _answers(runs),
    ]
    write_text(path, document(" and ".join(runs), body))
    return path


def _table(runs: Mapping[str, Run]) -> str:
    """What differs among the options and among the results."""
    columns: list[dict[str, str]] = []
    for run in runs.values():
        options = {key: run.public(str(run.options[key])) for key in run.options if key not in OWN}
        scores = {name: format_value(name, e["value"]) for name, e in run.scores["figures"].items()}
        columns.append(options | results(run) | scores)
    rows = []
    for name in dict.fromkeys(name for column in columns for name in column):
        values = [column.get(name, "–") for column in columns]
        if len({*values}) > 1:
            rows.append([escape(cell) for cell in (name.replace("_", " "), *values)])
    return f'<div class="wide">{table(["", *map(escape, runs)], rows)}</div>'


def _answers(runs: Mapping[str, Run]) -> str:
    """The test records that several of the runs answered, with all their answers."""
    found: dict[Record, dict[str, Response]] = {}
    for name, run in runs.items():
        for record, response in zip(run.records, run.responses, strict=True):
            found.setdefault(record, {})[name] = response
    cards = [
        card(record, answers, f"test-{number}")
        for number, (record, answers) in enumerate(found.items(), start=1)
        if len(answers) > 1
    ]
    return section("Test answers", soft(LEGEND), first_of(cards, 3)) if cards else ""
