"""finetune/evaluate/scores.py: the scores by hand, and intervals where they can be calculated."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from finetune.dataset import Record
from finetune.evaluate.scores import (
    Estimate,
    KindScore,
    bootstrap_interval,
    format_table,
    format_value,
    mean,
    normalized,
    perplexity,
    score,
    score_by_kind,
    share,
    token_f1,
)
from finetune.responses import Response


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


@pytest.mark.parametrize(
    ("right", "n", "low", "high"),
    [(0, 110, 0, 0.0337), (110, 110, 0.9663, 1), (61, 110, 0.4613, 0.6440), (0, 1, 0, 0.7935)],
)
def test_wilsons_interval_claims_no_certainty(right, n, low, high):
    estimate = share([True] * right + [False] * (n - right))
    assert estimate == Estimate(
        right / n, pytest.approx(low, abs=1e-4), pytest.approx(high, abs=1e-4), n
    )


@given(st.integers(1, 200), st.data())
def test_wilsons_ends_solve_the_equation_they_come_from(n, data):
    """|p - end| is 1.96 standard deviations of a share of n draws, were `end` the truth."""
    right = data.draw(st.integers(0, n))
    value, low, high, _ = share([True] * right + [False] * (n - right))
    assert 0 <= low <= value <= high <= 1
    for end in (low, high):
        assert abs(value - end) == pytest.approx(1.96 * math.sqrt(end * (1 - end) / n), abs=1e-7)


@pytest.mark.parametrize("loss", [710.0, 1e9, math.inf, math.nan])
def test_a_loss_that_exploded_has_a_perplexity(loss):
    estimate = perplexity([(3 * loss, 3), (6.0, 3)])
    assert all(math.isfinite(number) for number in estimate)
    assert estimate.high > 1e300


def test_the_bootstrap_of_a_share_is_that_of_the_binomial():
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
    assert mean([0.5] * 7) == Estimate(0.5, 0.5, 0.5, 7)
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
RESPONSES = [
    Response("The cat sat.", True, 5),
    Response("yes.", True, 1),
    Response("Two", False, 9),
    Response("", False, 0),
]


def test_the_scores_of_four_responses():
    values = {name: estimate.value for name, estimate in score(RECORDS, RESPONSES).items()}
    assert values == pytest.approx(
        {
            "Exact match": 2 / 4,
            "Token F1": (1 + 1 + 2 / 3 + 0) / 4,
            "Ended with end of text": 2 / 4,
            "Tokens in a response": 15 / 4,
        }
    )
    assert score_by_kind(RECORDS, RESPONSES) == {
        "a": KindScore(1.0, 1.0, 1),
        "b": KindScore(0.5, pytest.approx((1 + 2 / 3) / 2), 2),
    }


def test_kinds_with_more_than_one_right_answer_are_not_judged_by_exact_match():
    record = Record("What is an orchard?", "A field of trees.", kind="definition")
    response = Response("A garden of trees.", True, 5)
    assert "Exact match" not in score([record], [response])
    assert score([record, RECORDS[0]], [response, RESPONSES[0]])["Exact match"].count == 1
    assert score_by_kind([record], [response]) == {"definition": KindScore(None, 0.75, 1)}


def test_the_table_has_every_score_and_kind():
    estimates = score(RECORDS, RESPONSES) | {"Perplexity": Estimate(1e300, 9.5, 1e300, 7)}
    shown = format_table(estimates, score_by_kind(RECORDS, RESPONSES))
    for name, e in estimates.items():
        (line,) = [line for line in shown.splitlines() if line.startswith(f"{name}  ")]
        numbers = line[len(name) :].replace(" %", "%").replace(" - ", " ").split()
        expected = [format_value(name, number).replace(" %", "%") for number in e[:3]]
        assert numbers == [*expected, str(e.count)]
    assert "Exact match                50.0 %" in shown
    assert "b" + " " * 23 + "   50.0 %     83.3 %       2" in shown
    assert "By kind" not in format_table(estimates, {})
    assert max(map(len, shown.splitlines())) <= 80
