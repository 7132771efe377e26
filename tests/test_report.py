"""finetune/report.py: the SVG is well-formed, and every point is where its figures put it."""

import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finetune.loop import Metrics
from finetune.report import BOTTOM, LEFT, RIGHT, TOP, loss_curves

SVG = "{http://www.w3.org/2000/svg}"
LOSSES = [(9.0, 9.1), (5.0, 5.5), (2.5, 4.0), (1.25, 3.9)]


def history(losses, tokens_per_step=100):
    return [
        Metrics(i - 1, i / 2, i * tokens_per_step, float(i), train_loss, val_loss)
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
