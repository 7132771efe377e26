"""A run's curves as SVG, drawn from its metrics with nothing but text.

As the lecture plots them: against epochs below and against tokens seen above, the training curve
solid and the validation curve dashed.
"""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from finetune.loop import Metrics

WIDTH, HEIGHT = 640, 400
LEFT, RIGHT, TOP, BOTTOM = 76, 622, 74, 346  # the plot's edges in the picture

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


class Line(NamedTuple):
    """One curve: its look in STYLE, its name, and the field of Metrics that it shows."""

    look: str
    name: str
    field: str


LOSSES = (Line("train", "Training", "train_loss"), Line("validation", "Validation", "val_loss"))


def loss_curves(metrics: Sequence[Metrics]) -> str:
    """An SVG document of one evaluation or more, readable on light and on dark grounds."""
    return _chart(metrics, metrics, LOSSES, "Loss (nats per token)", ".3f")


def rate_curve(metrics: Sequence[Metrics]) -> str:
    """The learning rate, of one update or more."""
    lines = [Line("train", "Learning rate", "lr")]
    return _chart(metrics, metrics[1:], lines, "Learning rate", ".2g", lowest=0.0)


def speed_curve(metrics: Sequence[Metrics]) -> str:
    """Tokens per second, of one update or more."""
    lines = [Line("train", "Speed", "tokens_per_second")]
    return _chart(metrics, metrics[1:], lines, "Tokens per second", ",.0f", lowest=0.0)


def _chart(
    metrics: Sequence[Metrics],
    drawn: Sequence[Metrics],
    lines: Sequence[Line],
    measure: str,
    form: str,
    lowest: float = math.inf,
) -> str:
    """The whole run's axes, and of those metrics that are to be drawn each line's curve.

    `form` is how a figure is written; the axis goes down to `lowest` at least.
    """
    last = metrics[-1]
    values = [getattr(m, line.field) for m in drawn for line in lines]
    values += [lowest] if math.isfinite(lowest) else []
    y_step = _nice_step(max(values) - min(values), 6)
    low, high = math.floor(min(values) / y_step), math.ceil(max(values) / y_step)
    high = max(high, low + 1)  # both in steps

    def x(epoch: float) -> float:
        return LEFT + (RIGHT - LEFT) * epoch / (last.epoch or 1)

    def y(value: float) -> float:
        return BOTTOM - (BOTTOM - TOP) * (value / y_step - low) / (high - low)

    def text(at_x: float, at_y: float, words: str, look: str = "middle") -> str:
        return f'<text class="{look}" x="{at_x:.1f}" y="{at_y:.1f}">{words}</text>'

    def line(look: str, x1: float, y1: float, x2: float, y2: float) -> str:
        return f'<path class="{look}" d="M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}"/>'

    parts = []
    for tick in range(low, high + 1):
        level = y(tick * y_step)
        parts += [
            line("grid", LEFT, level, RIGHT, level),
            text(LEFT - 8, level + 4, _number(tick * y_step, y_step), "end"),
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
        f"{measure}</text>",
    ]
    for row, (look, name, field) in enumerate(lines):
        points = " ".join(f"{x(m.epoch):.1f},{y(getattr(m, field)):.1f}" for m in drawn)
        level = TOP + 20 + 20 * row
        parts += [
            f'<polyline class="curve {look}" points="{points}"/>',
            line(f"curve {look}", RIGHT - 176, level, RIGHT - 146, level),
            text(RIGHT - 138, level + 4, f"{name}: {getattr(last, field):{form}}", "start"),
        ]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
            f'width="{WIDTH}" height="{HEIGHT}" role="img" '
            f'aria-label="{measure} over epochs and tokens">',
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


def _number(value: float, step: float) -> str:
    """With as many decimals as tell it from its neighbors; tiny ones as 5e-05."""
    return f"{value:,.{_decimals(step)}f}" if step >= 1e-4 else f"{value:.2g}"


def _decimals(step: float) -> int:
    return max(0, -math.floor(math.log10(step) + 1e-9))


def _epoch_at(tokens: float, metrics: Sequence[Metrics]) -> float:
    """How many epochs had passed when `tokens` had been seen, from the evaluations around it."""
    for before, after in pairwise(metrics):
        if before.tokens <= tokens <= after.tokens and after.tokens > before.tokens:
            share = (tokens - before.tokens) / (after.tokens - before.tokens)
            return before.epoch + share * (after.epoch - before.epoch)
    raise AssertionError("tokens outside the run")
