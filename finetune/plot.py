"""A run's curves as SVG, drawn from its metrics with nothing but text.

As the lecture plots them: against epochs below and tokens seen above, training solid, validation
dashed. The losses have a logarithmic axis, on which the later epochs can be read as well as the
first steps. A chart is made for one width and shown at that width, so that all letters have one
size.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from html import escape
from itertools import pairwise
from operator import attrgetter
from typing import NamedTuple

from finetune.loop import Metrics

WIDE, NARROW = 680, 360  # widths of a chart, for a screen and for a phone
LEFT, BOTTOM = 56, 46  # margins; the right one has the curves' names
TOP, TOP_WITH_TOKENS = 40, 84

STYLE = """
  text { font: 13px system-ui, -apple-system, 'Segoe UI', Arial, sans-serif; fill: #24292f }
  .ground { fill: #ffffff } .frame, .tick { stroke: #8c959f; fill: none }
  .grid { stroke: #d8dee4 } .epoch { stroke: #8c959f; stroke-dasharray: 1 4 }
  .middle { text-anchor: middle } .end { text-anchor: end } .title { font-weight: 600 }
  .arc { fill: none; stroke-opacity: .8 }
  .curve { fill: none; stroke-width: 2; stroke-linejoin: round } .dash { stroke-dasharray: 6 4 }
  .lowest { fill: none; stroke-width: 2 } .at { visibility: hidden; stroke: #24292f; fill: none }
  .c0 { stroke: #0969da } .c1 { stroke: #bc4c00 } .c2 { stroke: #1a7f37 } .c3 { stroke: #8250df }
  text.c0, text.c1, text.c2, text.c3 { stroke: none }
  text.c0 { fill: #0969da } text.c1 { fill: #bc4c00 } text.c2 { fill: #1a7f37 }
  text.c3 { fill: #8250df }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .ground { fill: #0d1117 } .grid { stroke: #30363d }
    .at { stroke: #e6edf3 }
    .c0 { stroke: #58a6ff } .c1 { stroke: #f0883e } .c2 { stroke: #3fb950 } .c3 { stroke: #bc8cff }
    text.c0 { fill: #58a6ff } text.c1 { fill: #f0883e } text.c2 { fill: #3fb950 }
    text.c3 { fill: #bc8cff }
  }
"""


class Curve(NamedTuple):
    """One line of a chart: its name, its look in STYLE, and its points, (epoch, value)."""

    name: str
    look: str
    points: list[tuple[float, float]]


def loss_curves(
    metrics: Sequence[Metrics], width: int = WIDE, style: str = STYLE, marks: Sequence[float] = ()
) -> str:
    """Both losses of one evaluation or more, as an SVG document, for light and dark grounds.

    Each epoch in `marks` has a vertical line, hidden until a page shows its class: at0, at1, …
    """
    names = ("Training", "Validation") if width > 500 else ("train", "val")
    curves = [
        Curve(names[0], "c0", [(m.epoch, m.train_loss) for m in metrics]),
        Curve(names[1], "c1 dash", [(m.epoch, m.val_loss) for m in metrics]),
    ]
    chart = Chart(curves, "Loss (nats per token)", ".3f", width, True, TOP_WITH_TOKENS)
    return chart.svg(style, metrics, chart.lowest(curves[1]), chart.marks(marks))


def compared_curves(
    runs: Mapping[str, Sequence[Metrics]], width: int = WIDE, style: str = STYLE
) -> str:
    """The validation losses of several runs, one over another."""
    curves = [
        Curve(str(number), f"c{(number - 1) % 4}" + " dash" * (number > 4), points)
        for number, metrics in enumerate(runs.values(), start=1)
        for points in [[(m.epoch, m.val_loss) for m in metrics]]
    ]
    return Chart(curves, "Validation loss (nats per token)", ".3f", width, log=True).svg(style)


def rate_curve(metrics: Sequence[Metrics], style: str = STYLE) -> str:
    """The learning rate, of one update or more."""
    curve = Curve("", "c0", [(m.epoch, m.lr) for m in metrics[1:]])
    return Chart([curve], "Learning rate", ".2g", NARROW).svg(style)


def speed_curve(metrics: Sequence[Metrics], style: str = STYLE) -> str:
    """Tokens per second, of one update or more."""
    curve = Curve("", "c0", [(m.epoch, m.tokens_per_second) for m in metrics[1:]])
    return Chart([curve], "Tokens per second", ",.0f", NARROW).svg(style)


class Chart:
    """Curves over epochs, with axes that hold all their points; `form` writes their last values."""

    def __init__(
        self,
        curves: Sequence[Curve],
        measure: str,
        form: str,
        width: int,
        log: bool = False,
        top: int = TOP,
    ) -> None:
        self.curves, self.measure, self.form, self.log, self.top = curves, measure, form, log, top
        self.width, self.height = width, 400 if width > 500 else 280
        self.right, self.bottom = width - (132 if width > 500 else 94), self.height - BOTTOM
        values = [value for curve in curves for _, value in curve.points]
        self.last_epoch = max(epoch for curve in curves for epoch, _ in curve.points)
        if log:
            self.floor = max(max(values), 1e-30) * 1e-6  # the logarithm of 0 has no place
            low, high = (max(value, self.floor) for value in (min(values), max(values)))
            self.low, self.high = low / 1.08, high * 1.08
            self.ticks = list(_log_ticks(self.low, self.high))
        else:
            step = _nice_step(max(values), 5)
            top = max(1, math.ceil(max(values) / step - 1e-9))
            self.low, self.high = 0.0, top * step
            self.ticks = [(i * step, _number(i * step, step)) for i in range(top + 1)]

    def x(self, epoch: float) -> float:
        """Where an epoch stands, in pixels from the left."""
        return LEFT + (self.right - LEFT) * epoch / (self.last_epoch or 1)

    def y(self, value: float) -> float:
        """Where a value stands, in pixels from the top."""
        low, high = self.low, self.high
        if self.log:
            low, high, value = (math.log(v) for v in (low, high, max(value, self.floor)))
        return self.bottom - (self.bottom - self.top) * (value - low) / (high - low)

    def svg(self, style: str, tokens: Sequence[Metrics] = (), *more: Iterator[str]) -> str:
        """The document; with `tokens`, their axis above; and `more` elements."""
        parts = [
            *self._axes(tokens),
            *(part for each in more for part in each),
            *(
                f'<polyline class="curve {curve.look}" points="'
                + " ".join(f"{self.x(e):.1f},{self.y(v):.1f}" for e, v in curve.points)
                + '"/>'
                for curve in self.curves
            ),
            *self._names(),
        ]
        label = f"{self.measure} over epochs"
        return svg(self.width, self.height, parts, style, label)

    def _axes(self, tokens: Sequence[Metrics]) -> Iterator[str]:
        yield svg_text(8, 20, self.measure, "title")
        for value, label in self.ticks:
            yield _line("grid", LEFT, self.y(value), self.right, self.y(value))
            yield svg_text(LEFT - 8, self.y(value) + 4, label, "end")
        for epoch in range(
            1, math.floor(self.last_epoch + 1e-9) + 1 if self.last_epoch < 50 else 1
        ):
            yield _line("epoch", self.x(epoch), self.top, self.x(epoch), self.bottom)
        step = _nice_step(self.last_epoch, 6 if self.width > 500 else 4)
        for tick in range(int(self.last_epoch / step + 1e-9) + 1):
            at = self.x(tick * step)
            yield _line("tick", at, self.bottom, at, self.bottom + 5)
            yield svg_text(at, self.bottom + 20, f"{tick * step:.{_decimals(step)}f}")
        yield svg_text((LEFT + self.right) / 2, self.bottom + 40, "Epochs")
        if tokens and tokens[-1].tokens:
            step = _nice_step(tokens[-1].tokens, 5 if self.width > 500 else 3)
            for tick in range(int(tokens[-1].tokens / step) + 1):
                at = self.x(epoch_at(tick * step, tokens, attrgetter("tokens")))
                yield _line("tick", at, self.top, at, self.top - 5)
                yield svg_text(at, self.top - 10, f"{round(tick * step):,}")
            yield svg_text((LEFT + self.right) / 2, self.top - 32, "Tokens seen")
        yield (
            f'<rect class="frame" x="{LEFT}" y="{self.top}" width="{self.right - LEFT}" '
            f'height="{self.bottom - self.top}"/>'
        )

    def _names(self) -> Iterator[str]:
        """At each curve's end its name and last value, moved apart where they would collide."""
        ends = sorted((self.y(curve.points[-1][1]), curve) for curve in self.curves)
        below = -math.inf
        for y, curve in ends:
            below = max(y + 4, below + 16)
            name = f"{curve.name} {curve.points[-1][1]:{self.form}}".strip()
            yield svg_text(self.right + 8, below, escape(name), curve.look.split()[0])

    def lowest(self, curve: Curve) -> Iterator[str]:
        """A ring around the curve's lowest point, with its value where that is not at the end."""
        epoch, value = min(curve.points, key=lambda point: point[1])
        x, y, look = self.x(epoch), self.y(value), curve.look.split()[0]
        yield f'<circle class="lowest {look}" cx="{x:.1f}" cy="{y:.1f}" r="5"/>'
        if epoch < self.last_epoch:
            yield svg_text(
                min(x, self.right - 40), y - 12, f"lowest {value:{self.form}}", f"middle {look}"
            )

    def marks(self, epochs: Sequence[float]) -> Iterator[str]:
        """Hidden vertical lines, of the classes at0, at1, …"""
        for i, epoch in enumerate(epochs):
            yield _line(f"at at{i}", self.x(epoch), self.top, self.x(epoch), self.bottom)


def svg(width: float, height: float, parts: Sequence[str], style: str = "", label: str = "") -> str:
    """A document; without a style of its own it is a part of a page that has STYLE."""
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" '
            f'width="{width:.0f}" height="{height:.0f}" role="img" aria-label="{escape(label)}">',
            *([f"<style>{style}</style>"] if style else []),
            f'<rect class="ground" width="{width:.0f}" height="{height:.0f}"/>',
            *parts,
            "</svg>\n",
        ]
    )


def svg_text(x: float, y: float, words: str, look: str = "middle", size: int = 0) -> str:
    """Escaped words at a place, in a size of their own if one is given."""
    own = f' style="font-size:{size}px"' if size else ""
    return f'<text class="{look}" x="{x:.1f}" y="{y:.1f}"{own}>{words}</text>'


def _line(look: str, x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<path class="{look}" d="M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}"/>'


def _log_ticks(low: float, high: float) -> Iterator[tuple[float, str]]:
    """Values from `low` to `high` to be marked on a logarithmic axis, with their labels."""
    if high / low < 12:
        step = _nice_step(high - low, 6)
        for i in range(math.ceil(low / step), math.floor(high / step) + 1):
            yield i * step, _number(i * step, step)
        return
    powers = range(math.floor(math.log10(low)), math.floor(math.log10(high)) + 1)
    wanted = (1, 2, 5) if len(powers) < 5 else (1,)
    for power in powers:
        for value in (m * 10.0**power for m in wanted):
            if low <= value <= high:
                yield value, f"{value:g}" if value < 1e6 else f"{value:.0e}"


def _nice_step(span: float, most: int) -> float:
    """The smallest of 1, 2 or 5 times a power of ten that cuts `span` into at most `most` parts."""
    if span <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(span / most))
    return next(power * m for m in (1, 2, 5, 10) if span <= most * power * m * (1 + 1e-9))


def _number(value: float, step: float) -> str:
    """With as many decimals as tell it from its neighbors; tiny and huge ones as 5e-05."""
    return f"{value:,.{_decimals(step)}f}" if 1e-4 <= step < 1e6 else f"{value:.2g}"


def _decimals(step: float) -> int:
    return max(0, -math.floor(math.log10(step) + 1e-9))


def epoch_at(count: float, metrics: Sequence[Metrics], of: Callable[[Metrics], float]) -> float:
    """How many epochs had passed when `of` an evaluation was `count`, from those around it."""
    for before, after in pairwise(metrics):
        low, high = of(before), of(after)
        if low <= count <= high and low < high:
            return before.epoch + (count - low) / (high - low) * (after.epoch - before.epoch)
    return metrics[-1].epoch
