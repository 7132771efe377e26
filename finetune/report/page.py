"""The page of a run: one HTML file without a script, with nothing fetched from anywhere.

It is made of what the run's directory holds (finetune/report/files.py); where a file is missing,
its section is. Whatever comes from the data or the model is escaped.
"""

from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from typing import Any

from finetune.evaluate.scores import KNOWLEDGE_KINDS, format_value, score
from finetune.loop import Metrics
from finetune.plot import epoch_at, loss_curves, rate_curve, speed_curve
from finetune.report.answers import LEGEND, all_answers, card, chosen
from finetune.report.attention import attention_picture, inside_section
from finetune.report.files import Run, read_run, record_of, response_of
from finetune.report.share import share_picture
from finetune.report.style import STYLE, both_widths, radios, section
from finetune.report.token_view import shared_beginning
from finetune.responses import Response
from weights.files import write_text

NAME = "report.html"
HOTTEST = 8.0  # nats; what is colored most. A guess among 8,192 tokens costs 9 nats.
SHARED = 3  # tokens; a beginning that all rows share is shown once from this length on


def write_page(directory: Path, responses: list[dict[str, Any]] | None = None) -> Path:
    """Write `report.html` and two pictures into the directory of a run. Raises UserError.

    `responses` stand in for responses.json, which is the last file of a run.
    """
    run = read_run(directory, responses)
    write_text(directory / NAME, encodable(page(run)))
    for name, picture in (
        ("share.svg", share_picture(run)),
        ("attention.svg", attention_picture(run)),
    ):
        if picture:
            write_text(directory / name, encodable(picture))
    return directory / NAME


def encodable(text: str) -> str:
    """The text without half characters, as the name of a directory may have them."""
    return text.encode("utf-8", "replace").decode("utf-8")


def page(run: Run) -> str:
    """The whole document."""
    title = f"{Path(str(run.options.get('model', run.directory.name))).name}: {run.directory.name}"
    body = [
        f"<h1>{escape(title)}</h1>",
        *(f'<p class="soft">{escape(run.public(line))}</p>' for line in run.facts.get("about", [])),
        *(f'<p class="note">{escape(note)}</p>' for note in notes(run)),
        _tiles(run),
        _learning(run),
        _three_answers(run),
        inside_section(run),
        _scores(run),
        _all_answers(run),
        _tokens(run),
        _walk(run),
        _reproduce(run),
    ]
    return document(title, body)


def document(title: str, body: Iterable[str]) -> str:
    """An HTML document with the page's style."""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head>\n"
        f"<body><main>\n{chr(10).join(part for part in body if part)}\n</main></body></html>\n"
    )


def notes(run: Run) -> list[str]:
    """What a reader has to know first: a run that stopped, or one that diverged."""
    last, found = run.history[-1], []
    if not run.responses:
        found.append(f"This run is not finished: it has been measured until step {last.step}.")
    return found + ([risen] if (risen := loss_has_risen(run.history)) else [])


def loss_has_risen(history: Sequence[Metrics]) -> str:
    """A sentence for a run whose training loss ended above where it began; else ""."""
    first, last = history[0].train_loss, history[-1].train_loss
    if last <= first:
        return ""
    return f"The loss rose from {first:.3g} to {last:.3g}: the learning rate is too high."


def _tiles(run: Run) -> str:
    first, last = run.history[0], run.history[-1]
    speeds = sorted(m.tokens_per_second for m in run.history[1:])
    tiles = [
        ("validation loss", f"{first.val_loss:.2f} → {last.val_loss:.2f}"),
        ("training loss", f"{first.train_loss:.2f} → {last.train_loss:.2f}"),
        ("epochs", f"{last.epoch:.2f}".rstrip("0").rstrip(".")),
        ("tokens learned from", f"{last.tokens:,}"),
        ("training took", _time(last.seconds)),
    ]
    if speeds:
        tiles.append(("tokens a second", f"{speeds[len(speeds) // 2]:,.0f}"))
    exact = run.scores.get("figures", {}).get("Exact match")
    if exact:
        right = f"{round(exact['value'] * exact['count'])} of {exact['count']}"
        tiles.append(("test answers exact", right))
    cells = "".join(
        f'<div class="tile"><b>{value}</b><small>{name}</small></div>' for name, value in tiles
    )
    return f'<div class="tiles">{cells}</div>'


def _time(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _learning(run: Run) -> str:
    """The curves; and the answers at some steps, chosen by radio buttons that mark the curve."""
    if len(run.history) < 2:
        return ""
    played = run.epochs.get("answers", [])
    marks = [epoch_at(answer["step"], run.history, lambda m: m.step + 1) for answer in played]
    charts = both_widths(lambda width: loss_curves(run.history, width, "", marks))
    small = f'<div class="plots">{rate_curve(run.history, "")}{speed_curve(run.history, "")}</div>'
    folded = f"<details><summary>Learning rate and speed</summary>{small}</details>"
    if not played:
        return section("Learning", charts, folded)
    stops = radios("stop", {f"{i}": escape(a["when"]) for i, a in enumerate(played)}, len(played))
    shows = "".join(
        f"#stop-{i}:checked ~ .stop{i} {{ display: block }}"
        f"#stop-{i}:checked ~ div .at{i} {{ visibility: visible }}"
        for i in range(len(played))
    )
    answers = "".join(
        f'<div class="stop stop{i}">{_played(run.epochs["records"], answer, i)}</div>'
        for i, answer in enumerate(played)
    )
    return section(
        "Learning",
        f"<style>{shows}</style>",
        '<p class="soft">Validation records, answered while the model learned. Choose a moment '
        "(the arrow keys go from one to the next); the line on the curve shows where it is. "
        "Dotted lines are the ends of epochs.</p>",
        f"<div>{stops}{charts}{answers}</div>",
        folded,
    )


def _played(records: Sequence[dict[str, Any]], answer: dict[str, Any], stop: int) -> str:
    cards = [
        card(record, [(answer["when"].capitalize(), Response(*response))], f"moment-{stop}-{i}")
        for i, (record, response) in enumerate(zip(records, answer["responses"], strict=False))
    ]
    more = f"<details><summary>{len(cards) - 2} more</summary>{''.join(cards[2:])}</details>"
    return "".join(cards[:2]) + (more if len(cards) > 2 else "")


def _three_answers(run: Run) -> str:
    """A typical answer, the best and a failed one, with those before training if there are any."""
    pool, before = run.compared()
    cards = []
    for note, i in chosen(pool, before):
        answers = [("Before training", Response(*before[i]))] if before else []
        answers.append(("After", response_of(pool[i])))
        cards.append(card(pool[i], answers, f"pair-{i + 1}", note))
    if not cards:
        return ""
    intro = f'<p class="soft">Test records, which were not trained on. {LEGEND}</p>'
    return section("Before and after", intro, *cards)


def _all_answers(run: Run) -> str:
    return section("All test answers", all_answers(run.responses)) if run.responses else ""


def _tokens(run: Run) -> str:
    before, after = (each.get("microscope", []) for each in (run.before, run.after))
    pairs = list(zip(before, after, strict=False))
    if not pairs or any(old[:2] != new[:2] for old, new in pairs):
        return ""
    columns = [list(zip(*old, new[2], strict=True)) for old, new in pairs]  # (read, asked, a, b)
    shared = shared_beginning([[column[:2] for column in row] for row in columns])
    shared = shared if shared >= SHARED else 0
    rows = [("The beginning that all rows share", columns[0][:shared])] if shared else []
    for number, row in enumerate(columns, start=1):
        text = "".join(column[0] for column in row[shared:]).replace("↵", " ")
        name = " ".join(text.replace("␣", " ").replace("·", " ").split())[:60]
        losses = " → ".join(f"{_mean(column[i] for column in row):.2f}" for i in (2, 3))
        rows.append((f"Row {number}, “{name}…”: mean loss {losses}", row[shared:]))
    intro = (
        '<p class="soft">Validation records as one batch, as the training loop sees them. In grey '
        "on top is what the model reads. Below it is its target, the next token (the inputs "
        "shifted by one), colored by its loss: first before training, then after. Dashed: no "
        "target, because it is padding (_) or masked. ␣ is a space, ↵ a line break. Point at a "
        "token, touch it or reach it with the Tab key for its losses, at the bottom of the "
        "screen.</p>"
        f'<p class="soft">Loss 0 <span class="key"></span> {HOTTEST:.0f} nats or more</p>'
    )
    shown = "".join(
        f'<h3>{escape(name)}</h3><div class="tokens">{"".join(_cell(*c) for c in row)}</div>'
        for name, row in rows
    )
    return section(
        "One batch, token by token",
        f"<details><summary>Show the {len(columns)} rows</summary>{intro}{shown}</details>",
    )


def _mean(losses: Iterable[float | None]) -> float:
    known = [loss for loss in losses if loss is not None]
    return sum(known) / max(len(known), 1)


def _cell(read: str, asked: str, old: float | None, new: float | None) -> str:
    read, asked = escape(read or "_"), escape(asked or "_")
    if old is None or new is None:
        return f'<span class="off"><i>{read}</i><b>{asked}</b><b>{asked}</b></span>'
    colored = "".join(
        f'<b style="--l:{min(loss / HOTTEST, 1):.2f}">{asked}</b>' for loss in (old, new)
    )
    losses = f"loss {old:.2f} → {new:.2f}"
    return f'<span tabindex="0" data-loss="{losses}"><i>{read}</i>{colored}</span>'


def _scores(run: Run) -> str:
    if not run.scores:
        return ""
    before = _scores_before(run)
    head = "".join(
        f'<th class="n">{name}</th>'
        for name in ("value", "95 % interval", "of", *(["before training"] if before else []))
    )
    rows = ""
    for name, e in run.scores["figures"].items():
        low, high = (format_value(name, e[end]) for end in ("low", "high"))
        cells = [format_value(name, e["value"]), f"{low} – {high}", f"{e['count']:,}"]
        cells += [before.get(name, "–")] if before else []
        rows += f"<tr><td>{escape(name)}</td>" + "".join(f'<td class="n">{c}</td>' for c in cells)
        rows += "</tr>"
    parts = [f'<div class="wide"><table><tr><th></th>{head}</tr>{rows}</table></div>']
    said = [str(run.scores.get("dtypes", "")).capitalize()]
    if before and run.before.get("answers"):
        said.append(f"Before training: the first {len(run.before['answers'])} test records")
    said.append("Exact match allows for case, punctuation and white space")
    parts.append(f'<p class="soft">{escape(". ".join(filter(None, said)))}.</p>')
    return section("Scores on the test records", *parts, _kinds(run.scores["kinds"]))


def _scores_before(run: Run) -> dict[str, str]:
    """The scores of the answers before training, as far as there are any, to be shown."""
    answers = [Response(*answer) for answer in run.before.get("answers", [])]
    records = [record_of(entry) for entry in run.responses[: len(answers)]]
    if not records:
        return {}
    found = {name: e.value for name, e in score(records, answers[: len(records)]).items()}
    found |= run.before.get("perplexity", {})
    return {name: format_value(name, value) for name, value in found.items()}


def _kinds(kinds: dict[str, Any]) -> str:
    if not kinds:
        return ""
    groups: dict[str, list[str]] = {"Works on the given text": [], "Must know": []}
    for kind in kinds:
        groups["Must know" if kind in KNOWLEDGE_KINDS else "Works on the given text"].append(kind)
    if not groups["Must know"]:
        groups = {"Kind of task": [*kinds]}
    tables = ""
    for title, names in groups.items():
        rows = "".join(
            f"<tr><td>{escape(kind.replace('_', ' '))}</td>"
            f'<td class="n">{_exact(kinds[kind])}</td>'
            f'<td class="n">{format_value("", kinds[kind]["f1"])}</td></tr>'
            for kind in names
        )
        head = f'<tr><th>{title}</th><th class="n">exact</th><th class="n">F1</th></tr>'
        tables += f"<table>{head}{rows}</table>"
    return f'<details><summary>By kind of task</summary><div class="kinds">{tables}</div></details>'


def _exact(kind: dict[str, Any]) -> str:
    if kind["exact"] is None:
        return "not judged"
    return f"{round(kind['exact'] * kind['count'])} of {kind['count']}"


def _walk(run: Run) -> str:
    """The steps as `python -m finetune.walk` prints them."""
    steps = run.after.get("walk", [])
    shown = "".join(
        f"<h3>{number}. {escape(title)}</h3><pre>{escape(chr(10).join(lines))}</pre>"
        for number, (title, lines) in enumerate(steps, start=1)
    )
    return shown and section(
        "One record, step by step",
        '<p class="soft">The trained model, one test record and another one beside it, with the '
        "values as they are; the update of the last step is not kept. "
        "<code>python -m finetune.walk</code> prints this for any record and model.</p>",
        f"<details><summary>Show the {len(steps)} steps</summary>{shown}</details>",
    )


def _reproduce(run: Run) -> str:
    if not run.facts:
        return ""
    versions = f'<p class="soft">{escape(run.facts["versions"])}</p>'
    return section("To do the same again", f"<pre>{escape(run.command())}</pre>", versions)
