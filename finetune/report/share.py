"""A picture to pass on, 1200 × 630 SVG: the loss curves, and one answer before and after."""

import textwrap
from html import escape
from pathlib import Path

from finetune.plot import STYLE, WIDE, loss_curves, svg, svg_text
from finetune.report.answers import chosen
from finetune.report.files import Run

WIDTH, HEIGHT = 1200, 630
LINES, LINE_LENGTH = 3, 34  # of each text


def share_picture(run: Run) -> str:
    """The document; "" if there is no curve or no answer yet."""
    if len(run.history) < 2 or not run.responses:
        return ""
    pool, before = run.compared()
    picks = [i for note, i in chosen(pool, before) if note.startswith("The ")] or [0]
    entry = pool[picks[0]]
    texts = [("Instruction", f"{entry['instruction']} {entry['input']}")]
    texts += [("Before training", before[picks[0]][0])] if before else []
    texts += [("After", entry["response"])]
    first, last = run.history[0], run.history[-1]
    name = Path(str(run.options.get("model", run.directory.name))).name
    parts = [
        svg_text(40, 76, f"{escape(name)}, fine-tuned to follow instructions", "title", 40),
        svg_text(40, 116, f"Validation loss {first.val_loss:.2f} → {last.val_loss:.2f}", "", 22),
        f'<svg x="30" y="160" width="680" height="400">{loss_curves(run.history, WIDE, "")}</svg>',
    ]
    y = 200
    for heading, text in texts:
        parts.append(svg_text(740, y, heading, "", 16))
        words = " ".join(text.split())
        lines = textwrap.wrap(words, LINE_LENGTH, max_lines=LINES, placeholder=" …") or ["–"]
        for line in lines:
            y += 26
            parts.append(svg_text(740, y, escape(line), "title" if heading == "After" else "", 20))
        y += 40
    return svg(WIDTH, HEIGHT, parts, STYLE, "What fine-tuning did")
