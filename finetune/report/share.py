"""A picture to pass on, 1200 × 630 SVG: the loss curves, and one answer before and after."""

import textwrap
from html import escape
from pathlib import Path

from finetune.plot import STYLE, WIDE, loss_curves, svg, svg_text
from finetune.report.answers import chosen
from finetune.report.files import Run


def share_picture(run: Run) -> str:
    """The document; "" if there is no curve or no answer yet."""
    if len(run.history) < 2 or not run.responses:
        return ""
    records, after, before = run.compared()
    i = next((i for i, note in chosen(records, after, before).items() if "The" in note), 0)
    texts = {"Instruction": f"{records[i].instruction} {records[i].input}"}
    texts |= {"Before training": before[i].text} if before else {}
    texts |= {"After": after[i].text}
    first, last = run.history[0], run.history[-1]
    name = Path(str(run.options.get("model", run.directory.name))).name
    parts = [
        svg_text(40, 76, f"{escape(name)}, fine-tuned to follow instructions", "title", 40),
        svg_text(40, 116, f"Validation loss {first.val_loss:.2f} → {last.val_loss:.2f}", "", 22),
        f'<svg x="30" y="160" width="680" height="400">{loss_curves(run.history, WIDE, "")}</svg>',
    ]
    y = 200
    for heading, text in texts.items():
        parts.append(svg_text(740, y, heading, "", 16))
        words, look = " ".join(text.split()) or "–", "title" if heading == "After" else ""
        for line in textwrap.wrap(words, 34, max_lines=3, placeholder=" …"):
            y += 26
            parts.append(svg_text(740, y, escape(line), look, 20))
        y += 40
    return svg(1200, 630, parts, STYLE, "What fine-tuning did")
