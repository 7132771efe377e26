"""Several runs on one page: their options, their curves over one another, their answers."""

from collections.abc import Sequence
from html import escape
from pathlib import Path

from finetune.evaluate.scores import format_value
from finetune.plot import compared_curves
from finetune.report.answers import LEGEND, card
from finetune.report.files import Run, read_run, response_of
from finetune.report.page import document, encodable, notes
from finetune.report.style import both_widths, section
from gpt.errors import UserError
from weights.files import write_text

OWN = ("out", "resume", "save_every")  # options that make no other run
OPEN_ANSWERS = 3  # test records whose answers are shown at once; the rest is folded


def write_comparison(directories: Sequence[Path], path: Path) -> Path:
    """Write a page about two runs or more. Raises UserError."""
    runs = [read_run(directory) for directory in directories]
    names = [f"{n} {run.directory.resolve().name}" for n, run in enumerate(runs, start=1)]
    if len({run.directory.resolve() for run in runs}) < len(runs):
        raise UserError("one run is given twice")
    body = [
        f"<h1>{len(runs)} runs</h1>",
        *(
            f'<p class="note">{escape(name)}: {escape(note)}</p>'
            for name, run in zip(names, runs, strict=True)
            for note in notes(run)
        ),
        section("Options and results", _table(names, runs)),
        section("Learning", *_curves(names, runs)),
        _answers(names, runs),
    ]
    write_text(path, encodable(document(" and ".join(names), body)))
    return path


def _table(names: Sequence[str], runs: Sequence[Run]) -> str:
    """The options that differ, and what came of them."""
    keys = dict.fromkeys(key for run in runs for key in run.options if key not in OWN)
    rows = [(key.replace("_", " "), [run.options.get(key) for run in runs]) for key in keys]
    rows = [row for row in rows if len(set(map(str, row[1]))) > 1]
    rows += [
        ("training loss", [f"{run.history[-1].train_loss:.3f}" for run in runs]),
        ("validation loss", [f"{run.history[-1].val_loss:.3f}" for run in runs]),
        ("lowest validation loss", [f"{min(m.val_loss for m in r.history):.3f}" for r in runs]),
        ("epochs", [f"{run.history[-1].epoch:.2f}" for run in runs]),
        ("seconds", [f"{run.history[-1].seconds:,.0f}" for run in runs]),
    ]
    scores = [run.scores.get("figures", {}) for run in runs]
    for name in dict.fromkeys(name for each in scores for name in each):
        values = (format_value(name, s[name]["value"]) if name in s else "–" for s in scores)
        rows.append((name, [*values]))
    head = "".join(f'<th class="n">{escape(name)}</th>' for name in names)
    cells = "".join(
        f"<tr><td>{escape(name)}</td>"
        + "".join(
            f'<td class="n">{escape(run.public(str(value)))}</td>'
            for value, run in zip(values, runs, strict=True)
        )
        + "</tr>"
        for name, values in rows
    )
    return f'<div class="wide"><table><tr><th></th>{head}</tr>{cells}</table></div>'


def _curves(names: Sequence[str], runs: Sequence[Run]) -> list[str]:
    histories = {name: run.history for name, run in zip(names, runs, strict=True)}
    charts = both_widths(lambda width: compared_curves(histories, width, ""))
    return [f'<p class="soft">{", ".join(map(escape, names))}</p>', charts]


def _answers(names: Sequence[str], runs: Sequence[Run]) -> str:
    """The test records that several of the runs answered, with all their answers."""
    found: dict[tuple[str, ...], list] = {}
    for name, run in zip(names, runs, strict=True):
        for entry in run.responses:
            task = entry["instruction"], entry["input"], entry["output"]
            found.setdefault(task, [entry]).append((name, response_of(entry)))
    cards = [
        card(entry, answers, f"test-{number}")
        for number, (entry, *answers) in enumerate(found.values(), start=1)
        if len(answers) > 1
    ]
    if not cards:
        return ""
    rest = "".join(cards[OPEN_ANSWERS:])
    more = f"<details><summary>{len(cards) - OPEN_ANSWERS} more</summary>{rest}</details>"
    intro = f'<p class="soft">{LEGEND}</p>'
    return section("Test answers", intro, *cards[:OPEN_ANSWERS], more if rest else "")
