"""A picture to pass on, 1200 × 630 SVG: the loss curves, and one answer before and after."""

import textwrap
from html import escape
from pathlib import Path

from finetune.plot import STYLE, WIDE, loss_curves
from finetune.report.answers import chosen
from finetune.report.files import Run

WIDTH, HEIGHT = 1200, 630
LINES, LINE_LENGTH = 3, 34  # of each text


def share_picture(run: Run) -> str:
    """The document; "" if there is no curve or no answer yet."""
    if len(run.history) < 2 or not run.responses:
        return ""
    before = run.before.get("answers", [])
    pool = run.responses[: len(before)] or run.responses
    picks = [i for note, i in chosen(pool) if note.startswith("The ")] or [0]
    entry = pool[picks[0]]
    texts = [("Instruction", f"{entry['instruction']} {entry['input']}")]
    texts += [("Before training", before[picks[0]][0])] if before else []
    texts += [("After", entry["response"])]
    first, last = run.history[0], run.history[-1]
    name = Path(str(run.options.get("model", run.directory.name))).name
    parts = [
        _text(40, 76, 40, f"{name}, fine-tuned to follow instructions", "title"),
        _text(40, 116, 22, f"Validation loss {first.val_loss:.2f} → {last.val_loss:.2f}"),
        f'<svg x="30" y="160" width="680" height="400">{loss_curves(run.history, WIDE, "")}</svg>',
    ]
    y = 200
    for heading, text in texts:
        parts.append(_text(740, y, 16, heading))
        words = " ".join(text.split())
        lines = textwrap.wrap(words, LINE_LENGTH, max_lines=LINES, placeholder=" …") or ["–"]
        for line in lines:
            y += 26
            parts.append(_text(740, y, 20, line, "title" if heading == "After" else ""))
        y += 40
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" '
        f'height="{HEIGHT}"><style>{STYLE}</style>\n'
        f'<rect class="ground" width="{WIDTH}" height="{HEIGHT}"/>\n'
        + "\n".join(parts)
        + "</svg>\n"
    )


def _text(x: int, y: int, size: int, words: str, look: str = "") -> str:
    return f'<text class="{look}" x="{x}" y="{y}" style="font-size:{size}px">{escape(words)}</text>'
