"""finetune/plot.py: the SVG is well-formed, and every point is where its figures put it."""

import math
import re
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finetune.loop import Metrics
from finetune.plot import LEFT, NARROW, WIDE, compared_curves, loss_curves, rate_curve

SVG = "{http://www.w3.org/2000/svg}"
LOSSES = [(9.0, 9.1), (5.0, 5.5), (2.5, 3.9), (1.25, 4.0)]
RIGHT, TOP, BOTTOM = 680 - 132, 84, 400 - 46  # of the wide chart's frame


def history(losses, tokens_per_step=100):
    return [
        Metrics(i - 1, i / 2, i * tokens_per_step, float(i), 0.0, 0.0, train_loss, val_loss)
        for i, (train_loss, val_loss) in enumerate(losses)
    ]


def curve(svg, look):
    (line,) = (p for p in svg.iter(f"{SVG}polyline") if look in p.get("class").split())
    return [tuple(map(float, point.split(","))) for point in line.get("points").split()]


def texts(svg):
    return [text.text for text in svg.iter(f"{SVG}text")]


def lookup(svg, tag, look):
    return [e for e in svg.iter(f"{SVG}{tag}") if look in e.get("class", "").split()]


def labels(svg):
    """The value axis: label → height."""
    return {t.text: float(t.get("y")) - 4 for t in lookup(svg, "text", "end")}


def test_losses_lie_where_the_logarithmic_axis_says():
    svg = ET.fromstring(loss_curves(history(LOSSES)))
    marks = labels(svg)
    assert list(marks) == ["2", "4", "6", "8"]
    lines = [float(p.get("d").split()[-1]) for p in lookup(svg, "path", "grid")]
    assert lines == pytest.approx(list(marks.values()), abs=0.06)
    per_log = (marks["2"] - marks["8"]) / math.log(4)
    for look, column in (("c0", 0), ("c1", 1)):
        for i, (x, y) in enumerate(curve(svg, look)):
            assert x == pytest.approx(LEFT + (RIGHT - LEFT) * i / 3, abs=0.06)
            expected = marks["2"] - per_log * math.log(LOSSES[i][column] / 2)
            assert y == pytest.approx(expected, abs=0.15)


def test_names_stand_at_the_ends_of_the_lines_and_apart():
    svg = ET.fromstring(loss_curves(history(LOSSES)))
    named = texts(svg)
    for name in ("Epochs", "Tokens seen", "Loss (nats per token)"):
        assert name in named
    assert "Training 1.250" in named and "Validation 4.000" in named
    close = ET.fromstring(loss_curves(history([(9.0, 9.1), (2.0, 2.001)])))
    ends = [t for t in close.iter(f"{SVG}text") if t.text[:8] in ("Training", "Validati")]
    heights = [float(t.get("y")) for t in ends]
    assert max(heights) - min(heights) >= 16 and all(float(t.get("x")) > RIGHT for t in ends)
    narrow = ET.fromstring(loss_curves(history(LOSSES), NARROW))
    assert narrow.get("width") == "360" and "train 1.250" in texts(narrow)


def test_the_lowest_validation_loss_and_the_ends_of_epochs_are_marked():
    svg = ET.fromstring(loss_curves(history([*LOSSES, (1.0, 5.0)])))
    (ring,) = lookup(svg, "circle", "lowest")
    x, y = curve(svg, "c1")[2]
    assert (float(ring.get("cx")), float(ring.get("cy"))) == (x, y)
    assert "lowest 3.900" in texts(svg)
    ends = [float(p.get("d")[1:].split()[0]) for p in lookup(svg, "path", "epoch")]
    assert ends == pytest.approx([(LEFT + RIGHT) / 2, RIGHT], abs=0.06)
    document = loss_curves(history(LOSSES), marks=[0.75])
    (line,) = lookup(ET.fromstring(document), "path", "at0")
    assert float(line.get("d")[1:].split()[0]) == pytest.approx((LEFT + RIGHT) / 2, abs=0.06)
    assert ".at { visibility: hidden" in document


def test_runs_are_compared_by_their_validation_losses():
    runs = [history(LOSSES), history(LOSSES[:2])]
    svg = ET.fromstring(compared_curves(runs, WIDE))
    assert len(curve(svg, "c0")) == 4 and len(curve(svg, "c1")) == 2
    assert curve(svg, "c0")[1] == curve(svg, "c1")[1]
    assert "1 4.000" in texts(svg) and "2 5.500" in texts(svg)


def test_tokens_stand_above_the_epoch_at_which_they_were_seen():
    """300 tokens, evenly over 1.5 epochs: a mark every 100, that of 200 at two thirds."""
    svg = ET.fromstring(loss_curves(history(LOSSES)))
    marks = {
        t.text: float(t.get("x")) for t in svg.iter(f"{SVG}text") if t.get("y") == f"{TOP - 10:.1f}"
    }
    assert list(marks) == ["0", "100", "200", "300"]
    assert marks["200"] == pytest.approx(LEFT + (RIGHT - LEFT) * 2 / 3, abs=0.06)


@given(
    losses=st.lists(st.tuples(st.floats(1e-6, 1e4), st.floats(1e-6, 1e4)), min_size=1, max_size=20),
    tokens=st.integers(0, 10**9),
)
def test_any_history_is_drawn_inside_its_frame(losses, tokens):
    svg = ET.fromstring(loss_curves(history(losses, tokens)))
    for look in ("c0", "c1"):
        points = curve(svg, look)
        assert len(points) == len(losses)
        for x, y in points:
            assert LEFT - 0.1 <= x <= RIGHT + 0.1 and TOP - 0.1 <= y <= BOTTOM + 0.1
    assert len(labels(svg)) >= 2 and len(texts(svg)) < 40


def test_a_short_axis_has_even_marks():
    """2.9 and 2.1 are less than a factor 12 apart."""
    svg = ET.fromstring(loss_curves(history([(2.9, 2.8), (2.1, 2.5)])))
    assert list(labels(svg)) == ["2.0", "2.2", "2.4", "2.6", "2.8", "3.0"]


@pytest.mark.parametrize("loss", [1.0, 0.0, 2.5])
def test_a_flat_curve_is_drawn(loss):
    for losses in ([(loss, loss)], [(loss, loss)] * 3):
        for _, y in curve(ET.fromstring(loss_curves(history(losses))), "c0"):
            assert TOP <= y <= BOTTOM


@pytest.mark.parametrize(
    ("last", "labels"),
    [
        (0.3, ["0.00", "0.05", "0.10", "0.15", "0.20", "0.25", "0.30"]),
        (1.5, ["0.0", "0.5", "1.0", "1.5"]),
        (2.0, ["0.0", "0.5", "1.0", "1.5", "2.0"]),
        (12.0, ["0", "2", "4", "6", "8", "10", "12"]),
    ],
)
def test_epochs_are_marked_below(last, labels):
    metrics = [
        Metrics(-1, 0.0, 0, 0.0, 0.0, 0.0, 3.0, 3.0),
        Metrics(9, last, 500, 9.0, 0.0, 0.0, 2.0, 2.0),
    ]
    svg = ET.fromstring(loss_curves(metrics))
    below = [t for t in svg.iter(f"{SVG}text") if t.get("y") == f"{BOTTOM + 20:.1f}"]
    assert [t.text for t in below] == labels
    for text in below:
        at = LEFT + (RIGHT - LEFT) * float(text.text) / last
        assert float(text.get("x")) == pytest.approx(at, abs=0.06)


def test_long_batches_move_the_marks_of_the_tokens():
    """100 tokens in the first half of the run, 300 in the second: 200 stand at two thirds."""
    metrics = [
        Metrics(step, epoch, tokens, 0.0, 0.0, 0.0, 3.0, 3.0)
        for step, epoch, tokens in ((-1, 0.0, 0), (4, 0.5, 100), (9, 1.0, 400))
    ]
    svg = ET.fromstring(loss_curves(metrics))
    (mark,) = (t for t in svg.iter(f"{SVG}text") if t.text == "200")
    assert float(mark.get("x")) == pytest.approx(LEFT + (RIGHT - LEFT) * 2 / 3, abs=0.06)


def test_epochs_are_named_below_tokens_above_and_only_validation_is_dashed():
    document = loss_curves(history(LOSSES))
    heights = {t.text: t.get("y") for t in ET.fromstring(document).iter(f"{SVG}text")}
    assert float(heights["Epochs"]) > BOTTOM and float(heights["Tokens seen"]) < TOP
    assert re.findall(r'class="curve (c\d dash)"', document) == ["c1 dash"]
    assert "@media (prefers-color-scheme: dark)" in document


def test_the_rate_is_drawn_from_the_first_update_above_an_axis_from_zero():
    """2e-4 and 1e-4 of 2e-4; nothing at step -1."""
    run = [
        Metrics(-1, 0.0, 0, 0.0, 0.0, 0.0, 3.0, 3.0),
        Metrics(0, 0.5, 50, 1.0, 2e-4, 300.0, 3.0, 3.0),
        Metrics(1, 1.0, 100, 2.0, 1e-4, 1500.0, 3.0, 3.0),
    ]
    right, top, bottom = 360 - 94, 40, 280 - 46
    svg = ET.fromstring(rate_curve(run))
    (x1, y1), (x2, y2) = curve(svg, "c0")
    assert (x1, x2) == pytest.approx(((LEFT + right) / 2, right), abs=0.06)
    assert [y1, y2] == pytest.approx([top, (top + bottom) / 2], abs=0.06)
    assert {"0.0001", "5e-05", "Learning rate"} <= set(texts(svg))


def narrow_curves(metrics):
    return loss_curves(metrics, NARROW)


@pytest.mark.parametrize("draw", [loss_curves, narrow_curves, rate_curve])
def test_no_text_lies_on_another_or_leaves_the_frame(draw):
    """A letter is about 7 units wide and 13 high; a title, a tick and a name stand apart."""
    svg = ET.fromstring(draw(history(LOSSES, 10**6)))
    boxes = []
    for text in svg.iter(f"{SVG}text"):
        wide, x, y = 7 * len(text.text), float(text.get("x")), float(text.get("y"))
        look = text.get("class").split()
        left = x - wide if "end" in look else x - wide / 2 if "middle" in look else x
        assert left >= 0 and left + wide <= float(svg.get("width")), text.text
        boxes.append((left, y - 10, left + wide, y))
    for i, a in enumerate(boxes):
        for b in boxes[:i]:
            assert a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1], (a, b)
