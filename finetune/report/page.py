"""The page of a run: one HTML file without a script, with nothing fetched from anywhere.

It is made of what the run's directory holds (finetune/report/files.py); where a file is missing,
its section is. Whatever comes from the data or the model is escaped.
"""

import re
from html import escape
from pathlib import Path
from typing import Any

from finetune.dataset import Record
from finetune.evaluate.scores import KNOWLEDGE_KINDS, format_value, score
from finetune.options import command_line
from finetune.plot import epoch_at, loss_curves, rate_curve
from finetune.report.answers import LEGEND, all_answers, card, chosen
from finetune.report.attention import attention_picture, inside_section
from finetune.report.files import Run
from finetune.report.inside import shared_beginning
from finetune.report.share import share_picture
from finetune.report.style import charts, document, first_of, folded, radios, section, soft, table
from finetune.responses import Response
from weights.files import write_text

HOTTEST = 8.0  # nats; what is colored most. A guess among 8,192 tokens costs 9 nats.


def write_page(run: Run) -> Path:
    """Write `report.html` and two pictures into the directory of a run."""
    pictures = {"share.svg": share_picture(run), "attention.svg": attention_picture(run)}
    for name, text in (pictures | {"report.html": page(run)}).items():
        if text:
            write_text(run.directory / name, text)
    return run.directory / "report.html"


def page(run: Run) -> str:
    """The whole document."""
    model = Path(str(run.options.get("model", run.directory.name))).name
    tiles = [f"<div><b>{x}</b><small>{name}</small></div>" for name, x in results(run).items()]
    title = f"{model}: {run.directory.name}"
    head = [
        f"<h1>{escape(title)}</h1>",
        *(soft(escape(run.public(line))) for line in run.facts["about"]),
        *(f'<p class="note">{escape(note)}</p>' for note in notes(run)),
        f'<div class="tiles">{"".join(tiles)}</div>',
    ]
    sections = (_learning, _three_answers, inside_section, _scores, all_answers, _tokens, _walk,
                _reproduce)  # fmt: skip
    return document(title, [*head, *(draw(run) for draw in sections)])


def notes(run: Run) -> list[str]:
    """What a reader has to know first: a run that stopped, or one that diverged."""
    first, last, found = run.history[0], run.history[-1], []
    if not run.responses:
        found.append(f"This run is not finished: it has been measured until step {last.step}.")
    if last.train_loss > first.train_loss:
        change = f"The loss rose from {first.train_loss:.3g} to {last.train_loss:.3g}"
        found.append(f"{change}: the learning rate is too high.")
    return found


def results(run: Run) -> dict[str, str]:
    """What came of training, in figures: name → value."""
    first, last = run.history[0], run.history[-1]
    found = {
        "validation loss": f"{first.val_loss:.3f} → {last.val_loss:.3f}",
        "training loss": f"{first.train_loss:.3f} → {last.train_loss:.3f}",
        "lowest validation loss": f"{min(m.val_loss for m in run.history):.3f}",
        "epochs": f"{last.epoch:.3g}",
        "tokens learned from": f"{last.tokens:,}",
        "training took": f"{last.seconds / 60:.1f} min",
    }
    if speeds := sorted(m.tokens_per_second for m in run.history[1:]):
        found["tokens a second"] = f"{speeds[len(speeds) // 2]:,.0f}"
    if exact := run.scores["figures"].get("Exact match"):
        found["test answers exact"] = f"{exact['value'] * exact['count']:.0f} of {exact['count']}"
    return found


def _learning(run: Run) -> str:
    """The curves; and the answers at some steps, chosen by radio buttons that mark the curve."""
    if len(run.history) < 2:
        return ""
    played = run.epochs["answers"]
    marks = [epoch_at(answer["step"], run.history, lambda m: m.step + 1) for answer in played]
    curves = charts(lambda width: loss_curves(run.history, width, "", marks))
    labels = {f"{i}": escape(answer["when"]) for i, answer in enumerate(played)}
    effects = ".stopKEY { display: block }", "div .atKEY { visibility: visible }"
    buttons = radios("stop", labels, len(played) - 1, *effects)
    answers = ""
    for i, moment in enumerate(played):
        pairs = zip(run.epochs["records"], moment["responses"], strict=False)
        when = moment["when"].capitalize()
        cards = [
            card(Record(**record), {when: Response(*response)}, f"moment-{i}-{number}")
            for number, (record, response) in enumerate(pairs)
        ]
        answers += f'<div class="stop stop{i}">{first_of(cards, 2)}</div>'
    intro = soft(
        "Validation records, answered while the model learned. Choose a moment, or use the "
        "arrow keys: the line on the curve shows where it is. Dotted lines are the ends of epochs."
    )
    shown = f"<div>{buttons}{curves}{answers}</div>"
    rest = folded("Learning rate", rate_curve(run.history, ""))
    return section("Learning", intro if played else "", shown, rest)


def _three_answers(run: Run) -> str:
    """A typical answer, the best and a failed one, with those before training if there are any."""
    records, after, before = run.compared()
    cards = []
    for i, note in chosen(records, after, before).items():
        answers = {"Before training": before[i]} if before else {}
        cards.append(card(records[i], answers | {"After": after[i]}, f"pair-{i + 1}", note))
    intro = soft(f"Test records, which were not trained on. {LEGEND}")
    return section("Before and after", intro, *cards) if cards else ""


def _scores(run: Run) -> str:
    if not run.scores["figures"]:
        return ""
    records, _, answers = run.compared()
    before = {name: e.value for name, e in score(records, answers).items()} if answers else {}
    before |= run.before["perplexity"]
    head, rows = ["", "value", "95 % interval", "of"], []
    for name, e in run.scores["figures"].items():
        value, low, high = (format_value(name, e[end]) for end in ("value", "low", "high"))
        rows.append([escape(name), value, f"{low} – {high}", f"{e['count']:,}"])
        if before:
            rows[-1].append(format_value(name, before[name]) if name in before else "–")
    if before:
        head.append(f"before ({len(answers)} answers)")
    said = [escape(run.scores["dtypes"]).capitalize()] if run.scores["dtypes"] else []
    said.append("Exact match allows for case, punctuation and white space.")
    shown = f'<div class="wide">{table(head, rows)}</div>', soft(". ".join(said))
    return section("Scores on the test records", *shown, _kinds(run.scores["kinds"]))


def _kinds(kinds: dict[str, Any]) -> str:
    known = [kind for kind in kinds if kind in KNOWLEDGE_KINDS]
    given = [kind for kind in kinds if kind not in known]
    groups = {"Works on the given text": given, "Must know": known}
    tables = []
    for title, names in (groups if known else {"Kind of task": given}).items():
        rows = []
        for kind in names:
            exact, f1, count = (kinds[kind][name] for name in ("exact", "f1", "count"))
            right = "not judged" if exact is None else f"{exact * count:.0f} of {count}"
            rows.append([escape(kind.replace("_", " ")), right, format_value("", f1)])
        tables.append(table([title, "exact", "F1"], rows))
    shown = f'<div class="wide kinds">{"".join(tables)}</div>'
    return folded("By kind of task", shown) if kinds else ""


def _tokens(run: Run) -> str:
    seen = zip(run.before["microscope"], run.after["microscope"], strict=False)
    # Of each row the cells: what is read, what is asked, its loss before and after.
    rows = [[*zip(*old, new[2], strict=True)] for old, new in seen if old[:2] == new[:2]]
    if not rows:
        return ""
    shared = shared_beginning([[cell[:2] for cell in row] for row in rows])
    named = [("The beginning that all rows share", rows[0][:shared])] if shared else []
    for number, row in enumerate(rows, start=1):
        words = re.sub("[␣↵·]+", " ", "".join(read for read, *_ in row[shared:])).strip()
        known = [cell[2:] for cell in row if None not in cell[2:]]
        means = " → ".join(f"{sum(losses) / len(known):.2f}" for losses in zip(*known, strict=True))
        named.append((f"Row {number}, “{words[:60]}…”: mean loss {means}", row[shared:]))
    cells = [
        f'<h3>{escape(name)}</h3><div class="tokens">{"".join(_cell(*cell) for cell in row)}</div>'
        for name, row in named
    ]
    intro = soft(
        "Validation records as one batch of the training loop. In grey what the model reads, below "
        "it twice the target, the next token, colored by its loss: before training and after it, "
        f"up to {HOTTEST:.0f} nats. Dashed: no target, because it is padding (_) or masked. ␣ is a "
        "space, ↵ a line break. Point at a token, touch it or go to it by Tab to read its losses."
    )
    shown = folded(f"Show the {len(rows)} rows", intro, *cells)
    return section("One batch, token by token", shown)


def _cell(read: str, asked: str, old: float | None, new: float | None) -> str:
    read, asked = escape(read or "_"), escape(asked or "_")
    if old is None or new is None:
        return f'<span class="off"><i>{read}</i><b>{asked}</b><b>{asked}</b></span>'
    hot = "".join(f'<b style="--l:{min(x / HOTTEST, 1):.2f}">{asked}</b>' for x in (old, new))
    return f'<span tabindex="0" data-loss="loss {old:.2f} → {new:.2f}"><i>{read}</i>{hot}</span>'


def _walk(run: Run) -> str:
    """The steps as `python -m finetune.walk` prints them."""
    steps = [
        f"<h3>{number}. {escape(title)}</h3><pre>{escape(chr(10).join(lines))}</pre>"
        for number, (title, lines) in enumerate(run.after["walk"], start=1)
    ]
    intro = soft(
        "The trained model and one test record. <code>python -m finetune.walk</code> prints this "
        "for any record and model; the update of the last step is not kept."
    )
    shown = folded(f"Show the {len(steps)} steps", *steps)
    return section("One record, step by step", intro, shown) if steps else ""


def _reproduce(run: Run) -> str:
    if not run.facts["command"]:
        return ""
    command = run.public(f"{run.facts['command']} {command_line(run.options)}")
    versions = soft(escape(run.facts["versions"]))
    return section("To do the same again", f"<pre>{escape(command)}</pre>", versions)
