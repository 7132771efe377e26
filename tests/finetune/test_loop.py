"""finetune/loop.py: it learns, it counts, it stops, and each step is the step the lecture takes."""

import copy
import io
import itertools
import math
import re
import time
from functools import partial
from itertools import pairwise

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from tqdm import tqdm

from finetune import loop
from finetune.collate import IGNORE_INDEX, Loader, collate
from finetune.dataset import Example
from finetune.extras.optimizer_in_backward import AdamWInBackward
from finetune.loop import Callbacks, Plan, TrainingError, train, train_step
from finetune.loss import batch_loss_sum, loader_loss
from finetune.optimizer import FUSED, AdamW
from tests import textbook


def examples(n, seed=0):
    return [
        Example(textbook.random_tokens(1, 4 + i % 5, seed + i)[0].tolist(), 2) for i in range(n)
    ]


class Collect(Callbacks):
    """What the loop hands out: evaluations, finished epochs, progress after each step."""

    def __init__(self):
        self.evaluations, self.epochs, self.steps = [], [], []

    def on_evaluation(self, metrics):
        self.evaluations.append(metrics)

    def on_epoch_end(self, epoch):
        self.epochs.append(epoch)

    def on_step(self, progress, epoch_over):
        self.steps.append((progress, epoch_over))


def run(
    model, rows, validation=None, *, lr=0.01, optimizer=None, size=2, mask=False, seed=7,
    collect=None, loss_sum=batch_loss_sum, start=loop.START, **plan,
):  # fmt: skip
    """Train on the rows, `size` a batch. Returns the `Collect` that was told about it."""
    collect = collect or Collect()
    validation = validation or [Example([1, 2, 3, 4], 2)] * 3
    train(
        model,
        optimizer or AdamWInBackward(model.parameters(), 1.0, 0.1),
        Loader(rows, size, mask),
        Loader(validation, size, mask),
        Plan(lr=lr if callable(lr) else lambda step, steps: lr, **plan),
        torch.Generator().manual_seed(seed),
        [collect],
        loss_sum,
        start,
    )
    return collect


def test_a_batch_overfits():
    """Four rows by heart: a wrong shift, mask or optimizer leaves a loss far above this."""
    model = textbook.small_model(n_embd=16)
    rows = examples(4)
    evaluations = run(model, rows, rows, size=4, lr=0.03, epochs=60, eval_every=99).evaluations
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
    plan = {"epochs": epochs, "max_steps": most, "eval_every": every}
    told = run(textbook.small_model(), examples(n), size=size, **plan)
    per_epoch = n // size
    steps = min(epochs * per_epoch, most or 10**9)
    ends = {steps - 1, *range(per_epoch - 1, steps, per_epoch)}
    expected = [-1, *(s for s in range(steps) if s % every == 0 or s in ends)]
    assert [m.step for m in told.evaluations] == expected
    assert [m.epoch for m in told.evaluations] == [(s + 1) / per_epoch for s in expected]
    assert told.epochs == list(range(1, -(-steps // per_epoch) + 1))


def test_the_loop_is_the_plain_loop():
    """The same batches, mean loss, gradient and update, written out; then equal to the last bit."""
    rows = examples(9)
    model, plain = textbook.small_model(), textbook.small_model()
    evaluations = run(model, rows, lr=0.02, epochs=2, eval_every=3).evaluations
    optimizer = torch.optim.AdamW(plain.parameters(), lr=0.02, weight_decay=0.1, fused=FUSED)
    generator, loader = torch.Generator().manual_seed(7), Loader(rows, 2)
    losses, tokens = {-1: loader_loss(plain, loader, 5)}, {-1: 0}
    for step, batch in enumerate([*loader.shuffled(generator), *loader.shuffled(generator)]):
        (batch_loss_sum(plain, batch) / batch.num_targets()).backward()
        optimizer.step()
        optimizer.zero_grad()
        losses[step] = loader_loss(plain, loader, 5)
        tokens[step] = tokens[step - 1] + batch.num_targets()
    assert all(
        torch.equal(a, b) for a, b in zip(model.parameters(), plain.parameters(), strict=True)
    )
    assert [m.train_loss for m in evaluations] == [losses[m.step] for m in evaluations]
    assert [m.tokens for m in evaluations] == [tokens[m.step] for m in evaluations]


def test_a_step_gives_its_mean_loss_and_counts_its_targets():
    """Before the update, over both batches; then the weights are others, the gradients gone."""
    model, (one, other) = textbook.small_model(), (collate(examples(3)), collate(examples(2, 50)))
    count = one.num_targets() + other.num_targets()
    expected = sum(batch_loss_sum(model, each).item() for each in (one, other)) / count
    before = [parameter.detach().clone() for parameter in model.parameters()]
    loss, counted = train_step(model, AdamW(model.parameters(), 0.01, 0.1), [one, other])
    assert counted == count and loss == pytest.approx(expected, rel=1e-12)
    for parameter, was in zip(model.parameters(), before, strict=True):
        assert parameter.grad is None and not torch.equal(parameter, was)


def test_an_optimizer_that_steps_at_the_end_trains_the_same_model():
    models = textbook.small_model(), textbook.small_model()
    first, second = (
        run(model, examples(9), epochs=2, optimizer=kind(model.parameters(), 0.01, 0.1))
        for kind, model in zip((AdamWInBackward, AdamW), models, strict=True)
    )
    assert [m.train_loss for m in first.evaluations] == [m.train_loss for m in second.evaluations]
    for a, b in zip(*(model.parameters() for model in models), strict=True):
        assert torch.equal(a, b) and a.grad is None and b.grad is None


@settings(max_examples=15)
@given(n=st.integers(4, 20), size=st.integers(1, 3), accumulate=st.integers(1, 4))
def test_accumulated_batches_have_the_gradient_of_one_batch(n, size, accumulate):
    """At every step, the last and short one too, and with rows of unequal lengths."""
    rows = examples(n)
    gradients, model = [], textbook.small_model()
    optimizer = AdamW(model.parameters(), 0.01, 0.1)
    take_step = optimizer.step

    def step():
        gradients.append([parameter.grad.clone() for parameter in model.parameters()])
        take_step()

    optimizer.step = step
    plain = textbook.small_model()
    plan = {"accumulation": accumulate, "eval_every": 1}
    told = run(model, rows, optimizer=optimizer, size=size, **plan)
    order = torch.randperm(n, generator=torch.Generator().manual_seed(7)).tolist()
    order, whole = order[: n - n % size], size * accumulate
    wholes = [order[i : i + whole] for i in range(0, len(order), whole)]
    assert len(gradients) == len(wholes)
    assert told.evaluations[-1].epoch == 1
    one = AdamW(plain.parameters(), 0.01, 0.1)
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

    def lr(step, steps):
        asked.append((step, steps))
        return 1e-9 if step else 0.5

    class Watch(Collect):
        def on_step(self, progress, epoch_over):
            weights.append(model.ln_f.bias.detach().clone())

    model = textbook.small_model()
    weights = [model.ln_f.bias.detach().clone()]
    optimizer = AdamW(model.parameters(), 1.0, 0.1)
    run(model, examples(6), lr=lr, optimizer=optimizer, epochs=2, collect=Watch())
    assert asked == [(step, 6) for step in range(6)]
    moved = [(b - a).abs().max().item() for a, b in pairwise(weights)]
    assert moved[0] > 0.1 and max(moved[1:]) < 1e-6


@settings(max_examples=10)
@given(n=st.integers(4, 12), accumulate=st.integers(1, 3), epochs=st.integers(1, 3), at=st.data())
def test_a_resumed_run_is_the_run_that_was_not_stopped(n, accumulate, epochs, at):
    """From any step: the same evaluations, epochs and, to the last bit, weights."""
    rows, states = examples(n), []
    kind = AdamWInBackward if accumulate == 1 else AdamW
    model = textbook.small_model()
    optimizer = kind(model.parameters(), 0.01, 0.1)

    class Watch(Collect):
        def on_step(self, progress, epoch_over):
            super().on_step(progress, epoch_over)
            moments = [optimizer.state[parameter] for parameter in model.parameters()]
            states.append(copy.deepcopy((model, moments)))

    plan = {"epochs": epochs, "accumulation": accumulate, "eval_every": 2}
    whole = run(model, rows, optimizer=optimizer, collect=Watch(), **plan)
    per_epoch = math.ceil(n // 2 / accumulate)
    assert [over for _, over in whole.steps] == [
        (step + 1) % per_epoch == 0 for step in range(epochs * per_epoch)
    ]
    k = at.draw(st.integers(0, len(states) - 1))
    again, moments = states[k]
    second = kind(again.parameters(), 0.01, 0.1)
    second.state.update(zip(again.parameters(), moments, strict=True))
    progress = whole.steps[k][0]
    rest = run(again, rows, optimizer=second, start=progress, seed=99, **plan)

    def figures(metrics):
        return [m._replace(seconds=0, tokens_per_second=0) for m in metrics]

    assert figures(rest.evaluations) == figures(m for m in whole.evaluations if m.step > k)
    assert rest.epochs == [epoch for epoch in whole.epochs if epoch > (k + 1) // per_epoch]
    for a, b in zip(model.parameters(), again.parameters(), strict=True):
        assert torch.equal(a, b)
    assert all(m.seconds >= progress.seconds for m in rest.evaluations)


def test_validation_loss_is_of_the_validation_records():
    rows, others = examples(4), examples(3, seed=90)
    model = textbook.small_model()
    expected = loader_loss(model, Loader(others, 2), 5)
    first = run(model, rows, others).evaluations[0]
    assert first.val_loss == expected != first.train_loss


def test_evaluating_changes_nothing_of_the_training():
    """At every step, of many batches, or hardly ever: the weights are the same to the last bit."""
    often, seldom = textbook.small_model(), textbook.small_model()
    run(often, examples(9), epochs=2, eval_every=1, eval_batches=9)
    run(seldom, examples(9), epochs=2, eval_every=99, eval_batches=1)
    for a, b in zip(often.parameters(), seldom.parameters(), strict=True):
        assert torch.equal(a, b)


def test_mask_prompt_reaches_the_targets():
    plain = run(textbook.small_model(), examples(4)).evaluations
    masked = run(textbook.small_model(), examples(4), mask=True).evaluations
    assert masked[-1].tokens == plain[-1].tokens - 4  # each prompt of 2 supervised one target of it
    assert masked[0].train_loss != plain[0].train_loss


def run_until_error(model, rows, message, **changes):
    """The `Collect` of a run that ends with a TrainingError."""
    collect = Collect()
    with pytest.raises(TrainingError, match=message) as caught:
        run(model, rows, collect=collect, **changes)
    assert "\n" not in str(caught.value)
    return collect


def test_damaged_weights_are_told_before_any_training():
    model = textbook.small_model()
    model.ln_f.bias.data[0] = float("nan")
    told = run_until_error(model, examples(4), "loss is nan before any training: the weights")
    assert (told.evaluations, told.epochs, told.steps) == ([], [], [])


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
    message = r"loss became (nan|inf) after step 3: try a smaller --lr"
    plan = {"optimizer": optimizer, "epochs": 3, "eval_every": 100}
    told = run_until_error(model, examples(4), message, **plan)
    assert [m.step for m in told.evaluations] == [-1, 0, 1] and told.epochs == [1]


@pytest.mark.parametrize("kind", [AdamW, AdamWInBackward])
def test_a_training_loss_that_is_not_finite_does_not_touch_the_weights(kind):
    """Token 30 is broken. The records that are evaluated do not hold it, the others do."""
    model = textbook.small_model(tied_head=False)
    model.wte.weight.data[30] = float("inf")
    before = [parameter.clone() for parameter in model.parameters()]
    rows = [Example([1, 2, 3], 1)] * 2 + [Example([30, 2, 3], 1)] * 20
    optimizer = kind(model.parameters(), 0.01, 0.1)
    told = run_until_error(
        model, rows, "loss became (nan|inf): try", optimizer=optimizer, eval_batches=1
    )
    assert [m.step for m in told.evaluations] == [-1] and told.epochs == []
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), before, strict=True))


@pytest.mark.parametrize("loss", [float("inf"), float("-inf"), float("nan")])
def test_an_infinite_loss_is_not_finite_either(loss):
    """In the second of two batches: the error comes before the update."""
    model, losses = textbook.small_model(), iter([2.0, loss])
    optimizer = AdamW(model.parameters(), 0.01, 0.1)
    optimizer.step = None  # not to be called
    with pytest.raises(TrainingError, match=f"became {loss}: try a smaller --lr"):
        train_step(
            model,
            optimizer,
            [collate(examples(3))] * 2,
            lambda *_: torch.tensor(next(losses), requires_grad=True),
        )


def test_the_losss_dtype_reaches_the_steps_and_the_evaluations():
    coarse, exact = textbook.small_model().float(), textbook.small_model().float()
    in_bfloat16 = partial(batch_loss_sum, dtype=torch.bfloat16)
    expected = [
        loader_loss(coarse, Loader(examples(4), 2), 5, loss_sum=loss)
        for loss in (in_bfloat16, batch_loss_sum)
    ]
    told = run(coarse, examples(4), loss_sum=in_bfloat16)
    assert told.evaluations[0].train_loss == expected[0] != expected[1]
    run(exact, examples(4))
    assert not torch.equal(coarse.wte.weight, exact.wte.weight)


def test_seconds_are_counted_from_the_start_of_training():
    started = time.perf_counter()
    evaluations = run(textbook.small_model(), examples(8), eval_every=1).evaluations
    seconds = [0, *(m.seconds for m in evaluations), time.perf_counter() - started]
    assert seconds == sorted(seconds)


def test_rate_and_speed_of_the_updates_are_noted(monkeypatch):
    """By a clock that ticks when it is looked at: a step takes a second, an evaluation none."""
    ticks = itertools.count()
    monkeypatch.setattr(loop.time, "perf_counter", lambda: float(next(ticks)))
    plan = {"eval_every": 3, "lr": lambda step, steps: step + 0.5}
    evaluations = run(textbook.small_model(), examples(14), **plan).evaluations
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
