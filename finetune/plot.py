"""A run's curves as SVG, drawn from its metrics with nothing but text.

As the lecture plots them: against epochs below and tokens seen above, training solid, validation
dashed. The losses have a logarithmic axis, on which the later epochs can be read as well as the
first steps. A chart is made for one width and shown at that width, so that all letters have one
size.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from operator import attrgetter
from typing import NamedTuple

from finetune.loop import Metrics

WIDE, NARROW = 680, 360  # widths of a chart, for a screen and for a phone
LEFT, BOTTOM = 56, 46  # margins; the right one has the curves' names
TOP, TOP_WITH_TOKENS = 40, 84
Mark = tuple[float, str]  # a place on an axis, and its label

STYLE = """
  svg { color: #24292f } .c0 { color: #0969da } .c1 { color: #bc4c00 } .c2 { color: #1a7f37 }
  .c3 { color: #8250df } .ground { fill: #ffffff } .grid { stroke: #d8dee4 }
  text { font: 13px system-ui, -apple-system, 'Segoe UI', Arial, sans-serif; fill: currentColor }
  .middle { text-anchor: middle } .end { text-anchor: end } .title { font-weight: 600 }
  .frame, .tick, .epoch { stroke: #8c959f; fill: none } .epoch { stroke-dasharray: 1 4 }
  .curve, .lowest, .arc, .at { stroke: currentColor; fill: none } .arc { stroke-opacity: .8 }
  .curve, .lowest { stroke-width: 2 } .curve.dash { stroke-dasharray: 6 4 }
  .curve { stroke-linejoin: round } .at { visibility: hidden }
  @media (prefers-color-scheme: dark) {
    svg { color: #e6edf3 } .c0 { color: #58a6ff } .c1 { color: #f0883e } .c2 { color: #3fb950 }
    .c3 { color: #bc8cff } .ground { fill: #0d1117 } .grid { stroke: #30363d }
  }
"""


class Curve(NamedTuple):
    """One line of a chart: its name, its look in STYLE, and its points, (epoch, value)."""

    name: str
    look: str
    points: list[tuple[float, float]]


def curve_of(metrics: Sequence[Metrics], field: str, name: str = "", look: str = "c0") -> Curve:
    """A field of the metrics over epochs."""
    return Curve(name, look, [(m.epoch, getattr(m, field)) for m in metrics])


def loss_curves(
    metrics: Sequence[Metrics], width: int = WIDE, style: str = STYLE, marks: Iterable[float] = ()
) -> str:
    """Both losses of one evaluation or more, as an SVG document, for light and dark grounds.

    Each epoch in `marks` has a vertical line, hidden until a page shows its class: at0, at1, …
    """
    names = ("Training", "Validation") if width > 500 else ("train", "val")
    training = curve_of(metrics, "train_loss", names[0])
    validation = curve_of(metrics, "val_loss", names[1], "c1 dash")
    curves = training, validation
    chart = Chart(curves, "Loss (nats per token)", ".3f", width, log=True, tokens=metrics)
    lines = [chart.upright(f"at at{i}", epoch) for i, epoch in enumerate(marks)]
    return chart.svg(style, *chart.lowest(validation), *lines)


def compared_curves(runs: Sequence[Sequence[Metrics]], width: int, style: str = STYLE) -> str:
    """The validation losses of several runs, one over another."""
    curves = []
    for i, metrics in enumerate(runs):
        look = f"c{i % 4}" + " dash" * (i > 3)
        curves.append(curve_of(metrics, "val_loss", f"{i + 1}", look))
    return Chart(curves, "Validation loss (nats per token)", ".3f", width, log=True).svg(style)


def rate_curve(metrics: Sequence[Metrics], style: str = STYLE) -> str:
    """The learning rate, of one update or more."""
    return Chart([curve_of(metrics[1:], "lr")], "Learning rate", ".2g", NARROW).svg(style)


@dataclass
class Chart:
    """Curves over epochs, with axes that hold all their points; `form` writes their last values.

    With `tokens`, the metrics that count them, there is an axis of tokens above.
    """

    curves: Sequence[Curve]
    measure: str
    form: str
    width: int
    log: bool = False
    tokens: Sequence[Metrics] = ()

    def __post_init__(self) -> None:
        wide = self.width > 500
        self.most = 6 if wide else 4  # parts of an axis
        self.top, self.height = TOP_WITH_TOKENS if self.tokens else TOP, 400 if wide else 280
        self.right, self.bottom = self.width - (132 if wide else 94), self.height - BOTTOM
        self.last_epoch = max(epoch for curve in self.curves for epoch, _ in curve.points)
        values = [value for curve in self.curves for _, value in curve.points]
        self.low, self.high = 0.0, max(values) if max(values) > 0 else 1.0
        if self.log:
            self.low = max(min(values), self.high * 1e-6) / 1.08  # 0 has no logarithm
            self.high *= 1.08

    def x(self, epoch: float) -> float:
        """Where an epoch stands, in pixels from the left."""
        return LEFT + (self.right - LEFT) * epoch / (self.last_epoch or 1)

    def y(self, value: float) -> float:
        """Where a value stands, in pixels from the top."""
        low, high, value = self.low, self.high, max(value, self.low)
        if self.log:
            low, high, value = math.log(low), math.log(high), math.log(value)
        return self.bottom - (self.bottom - self.top) * (value - low) / (high - low)

    def svg(self, style: str, *more: str) -> str:
        """The document, with `more` elements under the curves."""
        parts = [*self._axes(), *more]
        for curve in self.curves:
            points = " ".join(f"{self.x(e):.1f},{self.y(v):.1f}" for e, v in curve.points)
            parts.append(f'<polyline class="curve {curve.look}" points="{points}"/>')
        label = f"{self.measure} over epochs"
        return svg(self.width, self.height, [*parts, *self._names()], style, label)

    def _axes(self) -> Iterator[str]:
        yield svg_text(8, 20, self.measure, "title")
        ends = self.low, self.high
        for value, label in _log_ticks(*ends) if self.log else _ticks(*ends):
            yield _line("grid", LEFT, self.y(value), self.right, self.y(value))
            yield svg_text(LEFT - 8, self.y(value) + 4, label, "end")
        for epoch in range(1, math.floor(self.last_epoch) + 1 if self.last_epoch < 50 else 1):
            yield self.upright("epoch", epoch)
        yield from self._axis("Epochs", self.bottom, 1, _ticks(0, self.last_epoch, self.most))
        if self.tokens:
            counts, of = _ticks(0, self.tokens[-1].tokens, self.most - 1), attrgetter("tokens")
            marks = [(epoch_at(n, self.tokens, of), f"{n:,.0f}") for n, _ in counts]
            yield from self._axis("Tokens seen", self.top, -1, marks)
        width, height = self.right - LEFT, self.bottom - self.top
        yield f'<rect class="frame" x="{LEFT}" y="{self.top}" width="{width}" height="{height}"/>'

    def _axis(self, name: str, y: float, side: int, marks: Iterable[Mark]) -> Iterator[str]:
        """Marks at epochs, with their labels: below the frame (side 1) or above it (-1)."""
        for epoch, label in marks:
            yield _line("tick", self.x(epoch), y, self.x(epoch), y + 5 * side)
            yield svg_text(self.x(epoch), y + 5 + 15 * side, label)
        yield svg_text((LEFT + self.right) / 2, y + 4 + 36 * side, name)

    def _names(self) -> Iterator[str]:
        """At each curve's end its name and last value, moved apart where they would collide."""
        below = -math.inf
        for y, curve in sorted((self.y(curve.points[-1][1]), curve) for curve in self.curves):
            below = max(y + 4, below + 16)
            name = f"{curve.name} {curve.points[-1][1]:{self.form}}".strip()
            yield svg_text(self.right + 8, below, escape(name), curve.look)

    def lowest(self, curve: Curve) -> Iterator[str]:
        """A ring around the curve's lowest point, with its value where that is not at the end."""
        epoch, value = min(curve.points, key=lambda point: point[1])
        x, y = self.x(epoch), self.y(value)
        yield f'<circle class="lowest {curve.look}" cx="{x:.1f}" cy="{y:.1f}" r="5"/>'
        if epoch < self.last_epoch:
            name = f"lowest {value:{self.form}}"
            yield svg_text(min(x, self.right - 40), y - 12, name, f"middle {curve.look}")

    def upright(self, look: str, epoch: float) -> str:
        """A vertical line at an epoch."""
        return _line(look, self.x(epoch), self.top, self.x(epoch), self.bottom)


def svg(width: float, height: float, parts: Sequence[str], style: str = "", label: str = "") -> str:
    """A document; without a style of its own it is a part of a page that has STYLE."""
    size = f'width="{width:.0f}" height="{height:.0f}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" {size} '
        f'role="img" aria-label="{escape(label)}">\n<style>{style}</style>\n'
        f'<rect class="ground" {size}/>\n' + "\n".join(parts) + "\n</svg>\n"
    )


def svg_text(x: float, y: float, words: str, look: str = "middle", size: int = 13) -> str:
    """Escaped words at a place."""
    own = f' style="font-size:{size}px"' if size != 13 else ""
    return f'<text class="{look}" x="{x:.1f}" y="{y:.1f}"{own}>{words}</text>'


def _line(look: str, x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<path class="{look}" d="M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}"/>'


def _ticks(low: float, high: float, most: int = 5) -> Iterator[Mark]:
    """The multiples, from `low` to `high`, of the smallest step of 1, 2 or 5 times a power of ten
    that makes at most so many parts; with as many decimals as tell them from one another."""
    if high <= low:
        return
    power = 10.0 ** math.floor(math.log10((high - low) / most))
    step = next(power * m for m in (1, 2, 5, 10) if high - low <= most * power * m * (1 + 1e-9))
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    form = f",.{decimals}f" if 1e-4 <= step < 1e6 else ".2g"
    for i in range(math.ceil(low / step), math.floor(high / step + 1e-9) + 1):
        yield i * step, f"{i * step:{form}}"


def _log_ticks(low: float, high: float) -> Iterator[Mark]:
    """Values to be marked on a logarithmic axis; on a short one evenly."""
    if high / low < 12:
        yield from _ticks(low, high, 6)
        return
    first, last = (math.floor(math.log10(end)) for end in (low, high))
    for power in range(first, last + 1):
        for value in [m * 10.0**power for m in ((1, 2, 5) if last - first < 4 else (1,))]:
            if low <= value <= high:
                yield value, f"{value:g}"


def epoch_at(count: float, metrics: Sequence[Metrics], of: Callable[[Metrics], float]) -> float:
    """How many epochs had passed when `of` an evaluation was `count`, from those around it."""
    for before, after in pairwise(metrics):
        low, high = of(before), of(after)
        if low <= count <= high and low < high:
            return before.epoch + (count - low) / (high - low) * (after.epoch - before.epoch)
    return metrics[-1].epoch
