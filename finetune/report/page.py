"""The page of a run: one HTML file without a script, with nothing fetched from anywhere.

It is made of what the run's directory holds (finetune/extras/run_directory.py says what); where a
file is missing, its section is. Whatever comes from the data or the model is escaped.
"""

import json
import re
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from typing import Any

from finetune.dataset import Record
from finetune.evaluate.scores import is_exact
from finetune.loop import Metrics
from finetune.options import command_line
from finetune.plot import loss_curves, rate_curve, speed_curve
from finetune.responses import Response
from gpt.errors import UserError
from weights.files import read_json_object, write_text

NAME = "report.html"
HOTTEST = 8.0  # nats; what is colored most. A guess among 8,192 tokens costs 9 nats.

STYLE = """
:root { --ink: #1f2328; --soft: #59636e; --ground: #ffffff; --card: #f6f8fa; --line: #d1d9e0;
  --hot: 232 93 32; --good: #1a7f37; --bad: #b42318; --link: #0969da; color-scheme: light dark }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6edf3; --soft: #9198a1; --ground: #0d1117; --card: #151b23; --line: #3d444d;
    --hot: 240 110 50; --good: #3fb950; --bad: #ff7b72; --link: #58a6ff } }
* { box-sizing: border-box }
body { margin: 0; background: var(--ground); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Arial, sans-serif }
main { max-width: 1000px; margin: 0 auto; padding: 24px 16px 64px }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 8px }
h2 { font-size: 1.25rem; margin: 48px 0 8px; padding-top: 12px; border-top: 1px solid var(--line) }
p { margin: 8px 0 } .soft { color: var(--soft) } small { font-size: .82rem }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(190px, 1fr)); gap: 10px;
  margin: 20px 0 }
.tile { background: var(--card); border: 1px solid var(--line); border-radius: 8px;
  padding: 10px 12px }
.tile b { display: block; font-size: 1.1rem; white-space: nowrap;
  font-variant-numeric: tabular-nums }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 440px), 1fr));
  gap: 10px } svg { width: 100%; height: auto; display: block }
.pair { border: 1px solid var(--line); border-radius: 8px; margin: 12px 0; overflow: hidden }
.asked { background: var(--card); padding: 10px 12px }
.said { display: flex; flex-direction: column; gap: 1px; background: var(--line) }
@media (min-width: 720px) { .said { flex-direction: row } .said div { flex: 1 1 0 } }
.said div { background: var(--ground); padding: 8px 12px }
.asked, .said div { white-space: pre-wrap; overflow-wrap: anywhere }
.said small, .asked small { display: block; color: var(--soft) }
.good { color: var(--good) } .bad { color: var(--bad) }
.tokens { display: flex; flex-wrap: wrap; gap: 6px 2px; margin: 10px 0 22px;
  font: 12px/1.35 ui-monospace, Menlo, Consolas, monospace }
.tokens span { display: grid; grid-template-rows: repeat(3, auto); min-width: 12px }
.tokens i, .tokens b { font: inherit; padding: 1px 3px; white-space: pre; text-align: center;
  min-height: 1.6em }
.tokens i { color: var(--soft) }
.tokens b { background: rgb(var(--hot) / var(--l, 0)); border: 1px solid transparent }
.tokens .off b { background: none; color: var(--soft); opacity: .55;
  border: 1px dashed var(--line) }
.key { display: inline-block; width: 120px; height: 12px; vertical-align: middle;
  background: linear-gradient(90deg, rgb(var(--hot) / 0), rgb(var(--hot) / 1));
  border: 1px solid var(--line) }
.wide { overflow-x: auto } table { border-collapse: collapse; font-variant-numeric: tabular-nums }
th, td { padding: 4px 12px 4px 0; text-align: left; border-bottom: 1px solid var(--line) }
td.n, th.n { text-align: right } td.bar { width: 40% }
.bar span { display: block; height: 12px; border-radius: 3px; background: var(--good);
  min-width: 1px }
pre { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 12px;
  white-space: pre-wrap; overflow-wrap: anywhere; font-size: .85rem }
summary { cursor: pointer; color: var(--link) }
"""


def write_page(directory: Path, responses: Sequence[dict[str, Any]]) -> Path:
    """Write `report.html` into the directory of a run."""
    write_text(directory / NAME, page(directory, responses))
    return directory / NAME


def page(directory: Path, responses: Sequence[dict[str, Any]]) -> str:
    """The whole document, from the files of a run and the answers to its test records."""
    history = _history(directory / "metrics.jsonl")
    facts, options = (_object(directory / name) for name in ("run.json", "options.json"))
    before, after = (_object(directory / name) for name in ("before.json", "after.json"))
    scores = _object(directory / "scores.json")
    title = f"{Path(str(options.get('model', directory.name))).name}: {directory.name}"
    body = [
        f"<h1>{escape(title)}</h1>",
        *(f'<p class="soft">{escape(line)}</p>' for line in facts.get("about", [])),
        _tiles(history, scores),
        _before_and_after(before.get("answers", []), responses),
        _curves(history),
        _microscope(before.get("microscope", []), after.get("microscope", [])),
        _scores(scores),
        _all_answers(responses),
        _reproduce(facts, options),
    ]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head>\n"
        f"<body><main>\n{chr(10).join(part for part in body if part)}\n</main></body></html>\n"
    )


def _section(title: str, *parts: str) -> str:
    name = escape(title.lower().replace(" ", "-"))
    return f'<h2 id="{name}">{escape(title)}</h2>\n' + "\n".join(parts)


def _tiles(history: Sequence[Metrics], scores: dict[str, Any]) -> str:
    first, last = history[0], history[-1]
    speeds = sorted(m.tokens_per_second for m in history[1:])
    tiles = [
        ("validation loss", f"{first.val_loss:.2f} → {last.val_loss:.2f}"),
        ("training loss", f"{first.train_loss:.2f} → {last.train_loss:.2f}"),
        ("epochs", f"{last.epoch:.2f}".rstrip("0").rstrip(".")),
        ("tokens learned from", f"{last.tokens:,}"),
        ("training took", _time(last.seconds)),
    ]
    if speeds:
        tiles.append(("tokens a second", f"{speeds[len(speeds) // 2]:,.0f}"))
    exact = scores.get("figures", {}).get("Exact match")
    if exact:
        tiles.append(("test answers exact", f"{round(exact['value'] * exact['count'])} of "
                      f"{exact['count']}"))  # fmt: skip
    cells = "".join(f'<div class="tile"><b>{b}</b><small>{name}</small></div>' for name, b in tiles)
    return f'<div class="tiles">{cells}</div>'


def _time(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _before_and_after(before: Sequence[Any], responses: Sequence[dict[str, Any]]) -> str:
    """The first test records, as many as were answered before training."""
    if not before:
        return ""
    pairs = []
    for old, entry in zip(before, responses, strict=False):
        columns = [
            ("Reference", escape(entry["output"])),
            ("Before", _marked(entry, Response(*old))),
            ("After", _marked(entry, _response(entry))),
        ]
        pairs.append(_card(entry, columns))
    return _section(
        "Before and after",
        '<p class="soft">The first test records, which were not trained on. '
        "✓ is an exact match, but for case and punctuation; … was cut off.</p>",
        *pairs,
    )


def _card(entry: dict[str, Any], columns: Iterable[tuple[str, str]]) -> str:
    asked = escape(entry["instruction"])
    if entry["input"]:
        asked += f"<small>Input</small>{escape(entry['input'])}"
    if entry.get("kind"):
        asked = f"<small>{escape(entry['kind'].replace('_', ' '))}</small>" + asked
    said = "".join(f"<div><small>{name}</small>{text}</div>" for name, text in columns)
    return f'<div class="pair"><div class="asked">{asked}</div><div class="said">{said}</div></div>'


def _response(entry: dict[str, Any]) -> Response:
    return Response(entry["response"], entry["ended"], entry["tokens"])


def _marked(entry: dict[str, Any], answer: Response) -> str:
    right = is_exact(answer, Record(entry["instruction"], entry["output"]))
    mark = '<b class="good">✓</b>' if right else '<b class="bad">✗</b>'
    text = re.sub(r"\n\s*\n", "\n", answer.text)  # a model that rambles leaves lines empty
    return f"{mark} {escape(text)}{'' if answer.hit_eos else ' …'}"


def _curves(history: Sequence[Metrics]) -> str:
    if len(history) < 2:
        return ""
    return _section(
        "Learning",
        loss_curves(history),
        f'<div class="plots">{rate_curve(history)}{speed_curve(history)}</div>',
    )


def _microscope(before: Sequence[Any], after: Sequence[Any]) -> str:
    if not before or not after:
        return ""
    parts = [
        '<p class="soft">Validation records as one batch, as the training loop sees them. In grey '
        "on top is what the model reads. Beneath it is what it is asked for there, the next token "
        "(the inputs shifted by one), colored by the loss: first before training, then after. "
        "Dashed: nothing is asked, for it is padding or masked. · is a space, ↵ a line break. "
        "Point at a token for its losses.</p>"
        f'<p class="soft">Loss 0 <span class="key"></span> {HOTTEST:.0f} nats or more</p>'
    ]
    for number, (old, new) in enumerate(zip(before, after, strict=True), start=1):
        cells = "".join(_cell(*each) for each in zip(old[0], old[1], old[2], new[2], strict=True))
        means = " → ".join(f"{_mean(row[2]):.2f}" for row in (old, new))
        parts += [
            f"<p><small>Row {number}: mean loss {means}</small></p>",
            f'<div class="tokens">{cells}</div>',
        ]
    return _section("One batch under the microscope", *parts)


def _mean(losses: Iterable[float | None]) -> float:
    known = [loss for loss in losses if loss is not None]
    return sum(known) / max(len(known), 1)


def _cell(read: str, asked: str, old: float | None, new: float | None) -> str:
    read, asked = escape(read), escape(asked)
    if old is None or new is None:
        return f'<span class="off"><i>{read}</i><b>{asked}</b><b>{asked}</b></span>'
    colored = "".join(
        f'<b style="--l:{min(loss / HOTTEST, 1):.2f}">{asked}</b>' for loss in (old, new)
    )
    return f'<span title="loss {old:.2f} → {new:.2f}"><i>{read}</i>{colored}</span>'


def _scores(scores: dict[str, Any]) -> str:
    if not scores:
        return ""
    rows = "".join(
        f'<tr><td>{escape(name)}</td><td class="n">{f["value"]:.3f}</td>'
        f'<td class="n">{f["low"]:.3f} – {f["high"]:.3f}</td><td class="n">{f["count"]:,}</td></tr>'
        for name, f in scores["figures"].items()
    )
    head = '<tr><th></th><th class="n">value</th><th class="n">95 % interval</th>'
    parts = [f'<div class="wide"><table>{head}<th class="n">of</th></tr>{rows}</table></div>']
    if scores["kinds"]:
        rows = "".join(
            f'<tr><td>{escape(kind.replace("_", " "))}</td><td class="n">'
            f'{round(k["exact"] * k["count"])} of {k["count"]}</td><td class="bar">'
            f'<span style="width:{100 * k["exact"]:.0f}%"></span></td>'
            f'<td class="n">{k["f1"]:.2f}</td></tr>'
            for kind, k in scores["kinds"].items()
        )
        head = (
            '<tr><th>Kind of task</th><th class="n">exact</th><th></th><th class="n">F1</th></tr>'
        )
        parts.append(f'<p></p><div class="wide"><table>{head}{rows}</table></div>')
    return _section("Scores on the test records", *parts)


def _all_answers(responses: Sequence[dict[str, Any]]) -> str:
    if not responses:
        return ""
    cards = [
        _card(e, [("Reference", escape(e["output"])), ("Answer", _marked(e, _response(e)))])
        for e in responses
    ]
    return _section(
        "All test answers",
        f"<details><summary>Show {len(responses)} answers</summary>{''.join(cards)}</details>",
    )


def _reproduce(facts: dict[str, Any], options: dict[str, Any]) -> str:
    parts = []
    if facts:
        command = f"{facts['command']} {command_line(options)}"
        parts.append(f"<pre>{escape(command)}</pre>")
        parts.append(f'<p class="soft">{escape(facts["versions"])}</p>')
    return _section("To do the same again", *parts) if parts else ""


def _history(path: Path) -> list[Metrics]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        history = [Metrics(**json.loads(line)) for line in lines]
    except (OSError, ValueError, TypeError) as error:
        raise UserError(f"{path}: no metrics of a run: {error}") from None
    if not history:
        raise UserError(f"{path}: empty: the run has not measured anything yet")
    return history


def _object(path: Path) -> dict[str, Any]:
    return read_json_object(path) if path.is_file() else {}


def read_responses(directory: Path) -> list[dict[str, Any]]:
    """The answers to the test records; none if the run is not finished. Raises UserError."""
    path = directory / "responses.json"
    if not path.is_file():
        return []
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise UserError(f"{path}: broken JSON: {error}") from None
