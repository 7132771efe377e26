"""finetune/scores.py: the scores by hand, and intervals where they can be calculated."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from finetune.dataset import Record
from finetune.evaluate.scores import (
    Answer,
    Figure,
    Kind,
    bootstrap_interval,
    by_kind,
    mean,
    normalized,
    perplexity,
    scored,
    table,
    token_f1,
)


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("The meal is prepared.", "the meal is prepared"),
        ("  'Heroes'\n", "heroes"),
        ("It  doesn\u2019t\tmatter!", "it doesnt matter"),
        ("ﬁne", "fine"),  # the letters f and i in one character
        ("?!", "?!"),
        ("7 + 5 = 12", "7 + 5 = 12"),
    ],
)
def test_normalized(text, same):
    assert normalized(text) == same


@pytest.mark.parametrize(
    ("answer", "reference", "f1"),
    [
        ("The cat sat.", "the cat sat", 1),
        ("a dog", "the cat", 0),
        ("", "the cat", 0),
        ("the the the", "the cat", 2 / 5),  # one word of three, one of two: 2 · 1 / (3 + 2)
        ("the cat sat on the mat", "the cat", 2 * 2 / (6 + 2)),
    ],
)
def test_token_f1(answer, reference, f1):
    assert token_f1(answer, reference) == pytest.approx(f1)


@given(st.text(max_size=20), st.text(max_size=20))
def test_f1_is_the_same_both_ways_and_1_for_the_same(one, other):
    assert token_f1(one, other) == token_f1(other, one)
    assert 0 <= token_f1(one, other) <= 1 == token_f1(one, one)


def test_the_interval_of_a_share_is_that_of_the_binomial():
    """Of n drawn with repetition, the number of ones is binomial: its normal approximation."""
    n, share = 400, 0.3
    values = [1.0] * int(n * share) + [0.0] * (n - int(n * share))
    low, high = bootstrap_interval(values, resamples=4000)
    half = 1.96 * math.sqrt(share * (1 - share) / n)
    assert low == pytest.approx(share - half, abs=0.006)
    assert high == pytest.approx(share + half, abs=0.006)


def test_a_weight_counts_as_so_many_values():
    """Two records of 1 token and 99: the mean is that of one or the other, or of both."""
    low, high = bootstrap_interval([0.0, 1.0], [99, 1])
    assert (low, high) == (0.0, 1.0)
    low, high = bootstrap_interval([0.0] * 50 + [1.0] * 50, [99] * 50 + [1] * 50)
    assert 0.004 < low < 0.01 < high < 0.03


def test_equal_values_leave_no_doubt_and_a_seed_gives_the_same_again():
    assert mean([0.5] * 7) == Figure(0.5, 0.5, 0.5, 7)
    values = torch.rand(50, generator=torch.Generator().manual_seed(1)).tolist()
    assert bootstrap_interval(values) == bootstrap_interval(values)
    assert bootstrap_interval(values) != bootstrap_interval(values, seed=1)


def test_perplexity_is_e_to_the_mean_over_all_tokens():
    figure = perplexity([(6.0, 3), (1.0, 1), (0.0, 0), (8.0, 6)])
    assert figure.value == pytest.approx(math.exp(15 / 10)) and figure.count == 10
    assert math.exp(1.0) <= figure.low <= figure.value <= figure.high <= math.exp(2.0)
    # Half of the records have a token of loss 0, half 99 of loss 2: the interval weighs them too.
    figure = perplexity([(0.0, 1), (2.0 * 99, 99)] * 50)
    assert figure.value == pytest.approx(math.exp(2 * 0.99))
    assert math.exp(1.9) < figure.low < figure.value < figure.high


RECORDS = [
    Record("x", "The cat sat.", kind="a"),
    Record("x", "Yes.", kind="b"),
    Record("x", "Two words", kind="b"),
    Record("x", "nothing"),
]
ANSWERS = [
    Answer("The cat sat.", True, 5),
    Answer("yes.", True, 1),
    Answer("Two", False, 9),
    Answer("", False, 0),
]


def test_the_scores_of_four_answers():
    values = {name: figure.value for name, figure in scored(RECORDS, ANSWERS).items()}
    assert values == pytest.approx(
        {
            "Exact match": 2 / 4,
            "To the letter": 1 / 4,
            "Token F1": (1 + 1 + 2 / 3 + 0) / 4,
            "Ended by itself": 2 / 4,
            "Tokens in an answer": 15 / 4,
        }
    )
    assert by_kind(RECORDS, ANSWERS) == {
        "a": Kind(1.0, 1.0, 1),
        "b": Kind(0.5, pytest.approx((1 + 2 / 3) / 2), 2),
    }


def test_the_table_has_every_figure_and_kind():
    figures = scored(RECORDS, ANSWERS)
    shown = table(figures, by_kind(RECORDS, ANSWERS))
    for name, figure in figures.items():
        (line,) = [line for line in shown.splitlines() if line.startswith(name)]
        numbers = line[len(name) :].replace(" - ", " ").split()
        assert numbers == [*(f"{number:.3f}" for number in figure[:3]), "4"]
    assert "b" + " " * 23 + "    0.500    0.833       2" in shown
    assert "By kind" not in table(figures, {})
