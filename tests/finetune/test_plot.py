"""finetune/plot.py: the SVG is well-formed, and every point is where its figures put it."""

import re
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finetune.loop import Metrics
from finetune.plot import BOTTOM, LEFT, RIGHT, TOP, loss_curves, rate_curve, speed_curve

SVG = "{http://www.w3.org/2000/svg}"
LOSSES = [(9.0, 9.1), (5.0, 5.5), (2.5, 4.0), (1.25, 3.9)]


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


def test_points_lie_where_the_axis_says():
    """9.1 and 1.25 in steps of 2 make an axis from 0 to 10; 1.5 epochs make the width."""
    svg = ET.fromstring(loss_curves(history(LOSSES)))
    assert [label for label in texts(svg) if label in {"0", "2", "4", "6", "8", "10"}][:6] == [
        "0", "2", "4", "6", "8", "10",
    ]  # fmt: skip
    for look, column in (("train", 0), ("validation", 1)):
        for i, (x, y) in enumerate(curve(svg, look)):
            assert x == pytest.approx(LEFT + (RIGHT - LEFT) * i / 3, abs=0.06)
            loss = LOSSES[i][column]
            assert y == pytest.approx(BOTTOM - (BOTTOM - TOP) * loss / 10, abs=0.06)


def test_axes_and_curves_are_named_with_their_last_values():
    named = texts(ET.fromstring(loss_curves(history(LOSSES))))
    for name in ("Epochs", "Tokens seen", "Loss (nats per token)"):
        assert name in named
    assert "Training: 1.250" in named and "Validation: 3.900" in named


def test_tokens_stand_above_the_epoch_at_which_they_were_seen():
    """300 tokens, evenly over 1.5 epochs: a mark every 50, the one of 150 half-way along."""
    svg = ET.fromstring(loss_curves(history(LOSSES)))
    marks = {
        t.text: float(t.get("x")) for t in svg.iter(f"{SVG}text") if t.get("y") == f"{TOP - 10:.1f}"
    }
    assert list(marks) == ["0", "50", "100", "150", "200", "250", "300"]
    assert marks["150"] == pytest.approx((LEFT + RIGHT) / 2, abs=0.06)


@given(
    losses=st.lists(st.tuples(st.floats(1e-6, 1e4), st.floats(1e-6, 1e4)), min_size=1, max_size=20),
    tokens=st.integers(0, 10**9),
)
def test_any_history_is_drawn_inside_its_frame(losses, tokens):
    svg = ET.fromstring(loss_curves(history(losses, tokens)))
    for look in ("train", "validation"):
        points = curve(svg, look)
        assert len(points) == len(losses)
        for x, y in points:
            assert LEFT - 0.1 <= x <= RIGHT + 0.1 and TOP - 0.1 <= y <= BOTTOM + 0.1
    assert len(texts(svg)) < 40


def test_an_axis_need_not_start_at_zero_and_its_labels_stand_at_their_lines():
    """2.9 and 2.1 in steps of 0.2 make an axis from 2.0 to 3.0."""
    svg = ET.fromstring(loss_curves(history([(2.9, 2.8), (2.1, 2.5)])))
    (_, first), (_, last) = curve(svg, "train")
    assert first == pytest.approx(BOTTOM - (BOTTOM - TOP) * 0.9, abs=0.06)
    assert last == pytest.approx(BOTTOM - (BOTTOM - TOP) * 0.1, abs=0.06)
    labels = {t.text: float(t.get("y")) for t in svg.iter(f"{SVG}text") if t.get("class") == "end"}
    assert list(labels) == ["2.0", "2.2", "2.4", "2.6", "2.8", "3.0"]
    lines = [p.get("d") for p in svg.iter(f"{SVG}path") if p.get("class") == "grid"]
    for i, (label, line) in enumerate(zip(labels.values(), lines, strict=True)):
        height = BOTTOM - (BOTTOM - TOP) * i / 5
        assert label - 4 == pytest.approx(height, abs=0.06)  # the middle of a figure
        assert float(line.split()[-1]) == pytest.approx(height, abs=0.06)


@pytest.mark.parametrize("loss", [1.0, 0.0, 2.5])
def test_a_flat_curve_is_drawn(loss):
    for losses in ([(loss, loss)], [(loss, loss)] * 3):
        for _, y in curve(ET.fromstring(loss_curves(history(losses))), "train"):
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
    dashed = re.findall(r"\.(\w+) \{[^}]*stroke-dasharray", document)
    assert dashed == ["validation"]
    assert "@media (prefers-color-scheme: dark)" in document


def test_rate_and_speed_are_drawn_from_the_first_update_above_an_axis_from_zero():
    """2e-4 and 1e-4 of 2e-4, 300 and 1500 tokens/s of 1500; nothing at step -1."""
    run = [
        Metrics(-1, 0.0, 0, 0.0, 0.0, 0.0, 3.0, 3.0),
        Metrics(0, 0.5, 50, 1.0, 2e-4, 300.0, 3.0, 3.0),
        Metrics(1, 1.0, 100, 2.0, 1e-4, 1500.0, 3.0, 3.0),
    ]
    height, middle = BOTTOM - TOP, (LEFT + RIGHT) / 2
    for draw, shares, named in (
        (rate_curve, (1, 1 / 2), ("Learning rate: 0.0001", "Learning rate")),
        (speed_curve, (300 / 1500, 1), ("Speed: 1,500", "Tokens per second")),
    ):
        svg = ET.fromstring(draw(run))
        (x1, y1), (x2, y2) = curve(svg, "train")
        assert (x1, x2) == pytest.approx((middle, RIGHT), abs=0.06)
        expected = [BOTTOM - height * share for share in shares]
        assert [y1, y2] == pytest.approx(expected, abs=0.06)
        assert set(named) <= set(texts(svg))
    assert "5e-05" in texts(ET.fromstring(rate_curve(run)))
