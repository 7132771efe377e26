"""finetune/loop.py: it learns, it counts, it stops, and each step is the step the lecture takes."""

import copy
import io
import itertools
import math
import re
import time
from itertools import pairwise

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from tqdm import tqdm

from finetune import loop
from finetune.collate import IGNORE_INDEX, batches, collate
from finetune.dataset import Example
from finetune.evaluate.__main__ import mean_loss
from finetune.loop import TrainingError, train
from finetune.loss import summed_loss
from finetune.optimizer import AdamW
from tests import textbook


def examples(n, seed=0):
    return [
        Example(textbook.random_tokens(1, 4 + i % 5, seed + i)[0].tolist(), 2) for i in range(n)
    ]


def run(model, training, validation=None, lr=0.01, collect=None, optimizer=None, **changes):
    """Train and collect what the loop hands out: (evaluations, finished epochs)."""
    evaluations, epochs = collect or ([], [])
    options = {
        "epochs": 1,
        "batch_size": 2,
        "accumulate": 1,
        "max_steps": None,
        "eval_every": 5,
        "eval_batches": 5,
        "mask_prompt": False,
        "dtype": torch.float32,
        "generator": torch.Generator().manual_seed(7),
        "schedule": lambda step, steps: lr,
        "on_step": lambda position, epoch_over: None,
    }
    train(
        model,
        optimizer or AdamW(model.parameters(), lr, 0.1),
        training,
        validation or [Example([1, 2, 3, 4], 2)] * 3,
        on_evaluation=evaluations.append,
        on_epoch_end=epochs.append,
        **options | changes,
    )
    return evaluations, epochs


def test_a_batch_overfits():
    """Four rows by heart: a wrong shift, mask or optimizer leaves a loss far above this."""
    model = textbook.small_model(n_embd=16)
    rows = examples(4)
    evaluations, _ = run(model, rows, rows, batch_size=4, epochs=150, eval_every=1000)
    assert evaluations[0].train_loss > 3
    assert evaluations[-1].train_loss < 0.2


@settings(max_examples=15)
@given(
    n=st.integers(4, 20),
    size=st.integers(1, 4),
    epochs=st.integers(1, 3),
    most=st.none() | st.integers(1, 12),
    every=st.integers(1, 6),
)
def test_evaluations_and_epochs_by_counting(n, size, epochs, most, every):
    evaluations, finished = run(
        textbook.small_model(),
        examples(n),
        batch_size=size,
        epochs=epochs,
        max_steps=most,
        eval_every=every,
    )
    per_epoch = n // size
    steps = min(epochs * per_epoch, most or 10**9)
    ends = {steps - 1, *range(per_epoch - 1, steps, per_epoch)}
    expected = [-1, *(s for s in range(steps) if s % every == 0 or s in ends)]
    assert [m.step for m in evaluations] == expected
    assert [m.epoch for m in evaluations] == [(s + 1) / per_epoch for s in expected]
    assert finished == list(range(1, -(-steps // per_epoch) + 1))


def test_the_loop_is_the_plain_loop():
    """The same batches, mean loss, gradient and update, written out; then equal to the last bit."""
    rows = examples(9)
    model, plain = textbook.small_model(), textbook.small_model()
    evaluations, _ = run(model, rows, lr=0.02, epochs=2, eval_every=3)
    optimizer = torch.optim.AdamW(plain.parameters(), lr=0.02, weight_decay=0.1, fused=True)
    generator = torch.Generator().manual_seed(7)
    losses, tokens = {-1: mean_loss(plain, rows, 2, 5)}, {-1: 0}
    for step, (inputs, targets) in enumerate(
        [*batches(rows, 2, False, generator), *batches(rows, 2, False, generator)]
    ):
        loss, count = summed_loss(plain, inputs, targets)
        (loss / count).backward()
        optimizer.step()
        optimizer.zero_grad()
        losses[step] = mean_loss(plain, rows, 2, 5)
        tokens[step] = tokens[step - 1] + count
    assert all(
        torch.equal(a, b) for a, b in zip(model.parameters(), plain.parameters(), strict=True)
    )
    assert [m.train_loss for m in evaluations] == [losses[m.step] for m in evaluations]
    assert [m.tokens for m in evaluations] == [tokens[m.step] for m in evaluations]


def test_an_optimizer_that_steps_at_the_end_trains_the_same_model():
    models = textbook.small_model(), textbook.small_model()
    at_the_end = AdamW(models[1].parameters(), 0.01, 0.1)
    at_the_end.in_backward = False
    first, _ = run(models[0], examples(9), epochs=2)
    second, _ = run(models[1], examples(9), epochs=2, optimizer=at_the_end)
    assert [m.train_loss for m in first] == [m.train_loss for m in second]
    for a, b in zip(*(model.parameters() for model in models), strict=True):
        assert torch.equal(a, b) and a.grad is None and b.grad is None


@settings(max_examples=15)
@given(n=st.integers(4, 20), size=st.integers(1, 3), accumulate=st.integers(1, 4))
def test_accumulated_batches_have_the_gradient_of_one_batch(n, size, accumulate):
    """At every step, the last and short one too, and with rows of unequal lengths."""
    rows = examples(n)
    gradients, model = [], textbook.small_model()
    optimizer = AdamW(model.parameters(), 0.01, 0.1, in_backward=False)
    take_step = optimizer.step

    def step():
        gradients.append([parameter.grad.clone() for parameter in model.parameters()])
        take_step()

    optimizer.step = step
    one, plain = textbook.small_model(), textbook.small_model()
    evaluations, _ = run(
        model, rows, optimizer=optimizer, batch_size=size, accumulate=accumulate, eval_every=1
    )
    order = torch.randperm(n, generator=torch.Generator().manual_seed(7)).tolist()
    order, whole = order[: n - n % size], size * accumulate
    wholes = [order[i : i + whole] for i in range(0, len(order), whole)]
    assert len(gradients) == len(wholes)
    assert evaluations[-1].epoch == 1
    one = AdamW(plain.parameters(), 0.01, 0.1, in_backward=False)
    for found, chosen in zip(gradients, wholes, strict=True):
        inputs, targets = collate([rows[i] for i in chosen])
        logits = plain(inputs).flatten(0, 1)
        F.cross_entropy(logits, targets.flatten(), ignore_index=IGNORE_INDEX).backward()
        for gradient, parameter in zip(found, plain.parameters(), strict=True):
            torch.testing.assert_close(gradient, parameter.grad, rtol=1e-7, atol=1e-12)
        one.step()
        one.zero_grad()


def test_each_step_has_the_rate_of_the_schedule():
    asked = []

    def schedule(step, steps):
        asked.append((step, steps))
        return 1e-9 if step else 0.5

    model = textbook.small_model()
    weights = [model.ln_f.bias.detach().clone()]
    run(
        model,
        examples(6),
        schedule=schedule,
        epochs=2,
        on_step=lambda *_: weights.append(model.ln_f.bias.detach().clone()),
    )
    assert asked == [(step, 6) for step in range(6)]
    moved = [(b - a).abs().max().item() for a, b in pairwise(weights)]
    assert moved[0] > 0.1 and max(moved[1:]) < 1e-6


@settings(max_examples=10)
@given(n=st.integers(4, 12), accumulate=st.integers(1, 3), epochs=st.integers(1, 3), at=st.data())
def test_what_goes_on_from_a_position_is_what_went_on(n, accumulate, epochs, at):
    """From any step: the same evaluations, epochs and, to the last bit, weights."""
    rows, positions, states = examples(n), [], []
    model = textbook.small_model()
    optimizer = AdamW(model.parameters(), 0.01, 0.1)

    def on_step(position, epoch_over):
        positions.append((position, epoch_over))
        states.append(copy.deepcopy((model, [*optimizer.parts.values()])))

    options = {"epochs": epochs, "accumulate": accumulate, "eval_every": 2}
    optimizer.in_backward = accumulate == 1
    evaluations, finished = run(model, rows, optimizer=optimizer, on_step=on_step, **options)
    per_epoch = math.ceil(n // 2 / accumulate)
    assert [over for _, over in positions] == [
        (step + 1) % per_epoch == 0 for step in range(epochs * per_epoch)
    ]
    k = at.draw(st.integers(0, len(positions) - 1))
    again, parts = states[k]
    second = AdamW(again.parameters(), 0.01, 0.1, in_backward=accumulate == 1)
    for parameter, part in zip(second.parts, parts, strict=True):
        ((_, state),) = part.state.items()
        second.parts[parameter].state[parameter] = state
    rest, ended = run(
        again,
        rows,
        optimizer=second,
        start=positions[k][0],
        generator=torch.Generator().manual_seed(99),
        **options,
    )

    def figures(metrics):
        return [m._replace(seconds=0, tokens_per_second=0) for m in metrics]

    assert figures(rest) == figures(m for m in evaluations if m.step > k)
    assert ended == [epoch for epoch in finished if epoch > (k + 1) // per_epoch]
    for a, b in zip(model.parameters(), again.parameters(), strict=True):
        assert torch.equal(a, b)
    assert all(m.seconds >= positions[k][0].seconds for m in rest)


def test_validation_loss_is_of_the_validation_records():
    rows, others = examples(4), examples(3, seed=90)
    model = textbook.small_model()
    expected = mean_loss(model, others, 2, 5)
    evaluations, _ = run(model, rows, others)
    assert evaluations[0].val_loss == expected != evaluations[0].train_loss


def test_mask_prompt_reaches_the_targets():
    plain, _ = run(textbook.small_model(), examples(4))
    masked, _ = run(textbook.small_model(), examples(4), mask_prompt=True)
    assert masked[-1].tokens == plain[-1].tokens - 4  # each prompt of 2 supervised one target of it
    assert masked[0].train_loss != plain[0].train_loss


def collect_until_error(model, training, message, **changes):
    """What the loop hands out before its TrainingError: (evaluations, finished epochs)."""
    evaluations, epochs = [], []
    with pytest.raises(TrainingError, match=message) as caught:
        run(model, training, collect=(evaluations, epochs), **changes)
    assert "\n" not in str(caught.value)
    return evaluations, epochs


def test_damaged_weights_are_told_before_any_training():
    model = textbook.small_model()
    model.ln_f.bias.data[0] = float("nan")
    seen = collect_until_error(model, examples(4), "loss is nan before any training: the weights")
    assert seen == ([], [])


def test_a_model_that_diverges_in_an_epochs_last_update_is_not_handed_out():
    """The second epoch's last update, which is followed by no other evaluation."""
    model, updates = textbook.small_model(), []
    optimizer = AdamW(model.parameters(), 0.01, 0.1)
    step = optimizer.step

    def diverge():
        step()
        updates.append(1)
        if len(updates) == 4:
            model.wte.weight.data.fill_(1e300)

    optimizer.step = diverge
    evaluations, epochs = collect_until_error(
        model,
        examples(4),
        r"loss became (nan|inf) after step 3: try a smaller --lr",
        optimizer=optimizer,
        epochs=3,
        eval_every=100,
    )
    assert [m.step for m in evaluations] == [-1, 0, 1] and epochs == [1]


def test_a_training_loss_that_is_not_finite_does_not_touch_the_weights():
    """Token 30 is broken. The records that are evaluated do not hold it, the others do."""
    model = textbook.small_model(tied_head=False)
    model.wte.weight.data[30] = float("inf")
    before = [parameter.clone() for parameter in model.parameters()]
    rows = [Example([1, 2, 3], 1)] * 2 + [Example([30, 2, 3], 1)] * 20
    evaluations, epochs = collect_until_error(model, rows, "loss", eval_batches=1)
    assert [m.step for m in evaluations] == [-1] and epochs == []
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), before, strict=True))


@pytest.mark.parametrize("loss", [float("inf"), float("-inf"), float("nan")])
def test_an_infinite_loss_is_not_finite_either(loss, monkeypatch):
    """In the second step: the message names the last whole one, counted from 0."""
    steps = iter([2.0, loss])
    monkeypatch.setattr(
        loop, "summed_loss", lambda *_: (torch.tensor(next(steps), requires_grad=True), 1)
    )
    monkeypatch.setattr(loop, "mean_loss", lambda *_: 1.0)
    with pytest.raises(TrainingError, match=f"became {loss} after step 0:"):
        run(textbook.small_model(), examples(8))


def test_the_dtype_reaches_the_steps_and_the_evaluations():
    coarse, exact = textbook.small_model().float(), textbook.small_model().float()
    expected = mean_loss(coarse, examples(4), 2, 5, dtype=torch.bfloat16)
    evaluations, _ = run(coarse, examples(4), dtype=torch.bfloat16)
    assert evaluations[0].train_loss == expected != mean_loss(exact, examples(4), 2, 5)
    run(exact, examples(4))
    assert not torch.equal(coarse.wte.weight, exact.wte.weight)


def test_seconds_are_counted_from_the_start_of_training():
    started = time.perf_counter()
    evaluations, _ = run(textbook.small_model(), examples(8), eval_every=1)
    seconds = [0, *(m.seconds for m in evaluations), time.perf_counter() - started]
    assert seconds == sorted(seconds)


def test_rate_and_speed_of_the_updates_are_noted(monkeypatch):
    """By a clock that ticks when it is looked at: a step takes a second, an evaluation none."""
    ticks = itertools.count()
    monkeypatch.setattr(loop.time, "perf_counter", lambda: float(next(ticks)))
    evaluations, _ = run(
        textbook.small_model(), examples(14), eval_every=3, schedule=lambda step, steps: step + 0.5
    )
    assert [m.step for m in evaluations] == [-1, 0, 3, 6]
    assert [m.lr for m in evaluations] == [0.0, 0.5, 3.5, 6.5]
    tokens = [m.tokens for m in evaluations]
    expected = [0.0, tokens[1] / 1, (tokens[2] - tokens[1]) / 3, (tokens[3] - tokens[2]) / 3]
    assert [m.tokens_per_second for m in evaluations] == pytest.approx(expected)


def test_the_bar_counts_the_steps_to_take_and_shows_loss_and_speed(monkeypatch):
    bars = []

    def shown(**options):
        bars.append(tqdm(**options | {"disable": False, "file": io.StringIO()}))
        return bars[-1]

    monkeypatch.setattr(loop, "tqdm", shown)
    run(textbook.small_model(), examples(8), epochs=3, max_steps=10)
    (bar,) = bars
    assert bar.n == bar.total == 10
    loss, speed = re.fullmatch(r"loss (\d+\.\d{3}), (\d+) tokens/s", bar.postfix).groups()
    assert float(loss) > 0 and int(speed) > 0
