"""The loss curves as an SVG, drawn from the run's metrics with nothing but text.

As the lecture plots them: losses against epochs below and against tokens seen above, the training
curve solid and the validation curve dashed.
"""

import math
from collections.abc import Sequence
from itertools import pairwise

from finetune.loop import Metrics

WIDTH, HEIGHT = 640, 400
LEFT, RIGHT, TOP, BOTTOM = 58, 622, 74, 346  # the plot's edges in the picture

STYLE = """
  text { font: 13px system-ui, -apple-system, 'Segoe UI', Arial, sans-serif; fill: #24292f }
  .ground { fill: #ffffff } .frame, .tick { stroke: #8c959f; fill: none }
  .grid { stroke: #d8dee4 } .middle { text-anchor: middle } .end { text-anchor: end }
  .train { stroke: #0969da } .validation { stroke: #bc4c00; stroke-dasharray: 6 4 }
  .curve { fill: none; stroke-width: 2; stroke-linejoin: round }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .ground { fill: #0d1117 } .grid { stroke: #30363d }
    .train { stroke: #58a6ff } .validation { stroke: #f0883e }
  }
"""


def loss_curves(metrics: Sequence[Metrics]) -> str:
    """An SVG document of one evaluation or more, readable on light and on dark grounds."""
    last = metrics[-1]
    losses = [loss for m in metrics for loss in (m.train_loss, m.val_loss)]
    y_step = _nice_step(max(losses) - min(losses), 6)
    low, high = math.floor(min(losses) / y_step), math.ceil(max(losses) / y_step)
    high = max(high, low + 1)  # both in steps

    def x(epoch: float) -> float:
        return LEFT + (RIGHT - LEFT) * epoch / (last.epoch or 1)

    def y(loss: float) -> float:
        return BOTTOM - (BOTTOM - TOP) * (loss / y_step - low) / (high - low)

    def text(at_x: float, at_y: float, words: str, look: str = "middle") -> str:
        return f'<text class="{look}" x="{at_x:.1f}" y="{at_y:.1f}">{words}</text>'

    def line(look: str, x1: float, y1: float, x2: float, y2: float) -> str:
        return f'<path class="{look}" d="M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}"/>'

    parts = []
    for tick in range(low, high + 1):
        level = y(tick * y_step)
        parts += [
            line("grid", LEFT, level, RIGHT, level),
            text(LEFT - 8, level + 4, f"{tick * y_step:.{_decimals(y_step)}f}", "end"),
        ]
    x_step = _nice_step(last.epoch, 6)
    for tick in range(int(last.epoch / x_step + 1e-9) + 1):
        at = x(tick * x_step)
        label = f"{tick * x_step:.{_decimals(x_step)}f}"
        parts += [line("tick", at, BOTTOM, at, BOTTOM + 5), text(at, BOTTOM + 20, label)]
    token_step = _nice_step(last.tokens, 6)
    for tick in range(int(last.tokens / token_step) + 1 if last.tokens else 0):
        at = x(_epoch_at(tick * token_step, metrics))
        label = f"{round(tick * token_step):,}"
        parts += [line("tick", at, TOP, at, TOP - 5), text(at, TOP - 10, label)]

    parts += [
        f'<rect class="frame" x="{LEFT}" y="{TOP}" width="{RIGHT - LEFT}" '
        f'height="{BOTTOM - TOP}"/>',
        text((LEFT + RIGHT) / 2, BOTTOM + 42, "Epochs"),
        text((LEFT + RIGHT) / 2, TOP - 34, "Tokens seen"),
        f'<text class="middle" transform="translate(16 {(TOP + BOTTOM) / 2}) rotate(-90)">'
        "Loss (nats per token)</text>",
    ]
    for row, (look, name, field) in enumerate(
        (("train", "Training", "train_loss"), ("validation", "Validation", "val_loss"))
    ):
        points = " ".join(f"{x(m.epoch):.1f},{y(getattr(m, field)):.1f}" for m in metrics)
        level = TOP + 20 + 20 * row
        parts += [
            f'<polyline class="curve {look}" points="{points}"/>',
            line(f"curve {look}", RIGHT - 176, level, RIGHT - 146, level),
            text(RIGHT - 138, level + 4, f"{name}: {getattr(last, field):.3f}", "start"),
        ]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
            f'width="{WIDTH}" height="{HEIGHT}" role="img" '
            'aria-label="Training and validation loss over epochs and tokens">',
            f"<style>{STYLE}</style>",
            f'<rect class="ground" width="{WIDTH}" height="{HEIGHT}"/>',
            *parts,
            "</svg>\n",
        ]
    )


def _nice_step(span: float, most: int) -> float:
    """The smallest of 1, 2 or 5 times a power of ten that cuts `span` into at most `most` parts."""
    if span <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(span / most))
    return next(power * m for m in (1, 2, 5, 10) if span <= most * power * m * (1 + 1e-9))


def _decimals(step: float) -> int:
    return max(0, -math.floor(math.log10(step) + 1e-9))


def _epoch_at(tokens: float, metrics: Sequence[Metrics]) -> float:
    """How many epochs had passed when `tokens` had been seen, from the evaluations around it."""
    for before, after in pairwise(metrics):
        if before.tokens <= tokens <= after.tokens and after.tokens > before.tokens:
            share = (tokens - before.tokens) / (after.tokens - before.tokens)
            return before.epoch + share * (after.epoch - before.epoch)
    raise AssertionError("tokens outside the run")
