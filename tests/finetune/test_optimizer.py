"""finetune/optimizer.py: one group with everything in it, and the update that the paper writes."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from finetune.collate import IGNORE_INDEX, Batch
from finetune.extras import gradient_checkpointing, optimizer_in_backward
from finetune.extras.optimizer_in_backward import AdamWInBackward
from finetune.loss import batch_loss_sum
from finetune.optimizer import FUSED, SCHEDULES, AdamW, lr_at_step
from tests import textbook


def test_every_parameter_is_in_one_group_and_decays():
    model = textbook.small_model()
    optimizer = AdamW(model.parameters(), lr=0.1, weight_decay=0.2)
    (group,) = optimizer.param_groups
    assert [*map(id, group["params"])] == [*map(id, model.parameters())]
    assert (group["weight_decay"], group["lr"]) == (0.2, 0.1)
    assert [*map(id, optimizer.parameters())] == [*map(id, model.parameters())]


@pytest.mark.parametrize("kind", [AdamW, AdamWInBackward])
def test_matrices_alone_decay_if_asked_and_each_parameter_is_in_one_group_still(kind):
    model = textbook.small_model()
    optimizer = kind(model.parameters(), lr=0.1, weight_decay=0.2, decay="matrices")
    singles = getattr(optimizer, "per_parameter", {}).values()
    decay = {}
    for group in optimizer.param_groups:
        for parameter in group["params"]:
            assert id(parameter) not in decay
            decay[id(parameter)] = group["weight_decay"]
    for (group,) in (single.param_groups for single in singles):
        (parameter,) = group["params"]
        assert group["weight_decay"] == decay[id(parameter)]
    assert len(singles) in (0, len(decay))
    for name, parameter in model.named_parameters():
        vector = name.endswith("bias") or ".ln_" in f".{name}"
        assert decay.pop(id(parameter)) == (0 if vector else 0.2), name
    assert not decay


@pytest.mark.parametrize("clip_norm", [0.01, 1e9])
def test_clipped_gradients_keep_their_direction(clip_norm):
    """Their length, all parameters together, is the bound, or what it was if that is less."""
    model, plain = textbook.small_model(1), textbook.small_model(1)
    backward(plain, 0)
    norm = sum((p.grad**2).sum() for p in plain.parameters()).sqrt()
    optimizer = AdamW(model.parameters(), lr=0.02, weight_decay=0.1, clip_norm=clip_norm)
    backward(model, 0)
    for a, b in zip(model.parameters(), plain.parameters(), strict=True):
        assert torch.equal(a, b)
    optimizer.step()
    for a, b in zip(model.parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(a.grad, b.grad * min(1, clip_norm / norm), rtol=1e-4, atol=0)


@given(
    steps=st.integers(1, 60),
    warmup=st.integers(0, 70),
    schedule=st.sampled_from(SCHEDULES),
    peak=st.floats(1e-6, 1),
)
def test_learning_rates(steps, warmup, schedule, peak):
    rates = [lr_at_step(step, steps, peak, warmup, schedule) for step in range(steps)]
    assert all(0 < rate <= peak for rate in rates)
    rising, then = rates[:warmup], rates[warmup:]
    assert rising == pytest.approx([peak * (n + 1) / warmup for n in range(len(rising))])
    n = len(then)
    expected = {
        "constant": [peak] * n,
        "linear": [peak * (n - i) / n for i in range(n)],
        "cosine": [peak * math.cos(math.pi / 2 * i / n) ** 2 for i in range(n)],
    }
    assert then == pytest.approx(expected[schedule], rel=1e-6)


def test_the_rate_that_is_set_is_that_of_the_next_step():
    """In backward too. Adam's first update, without decay, is one rate long wherever it goes."""
    for kind in (AdamW, AdamWInBackward):
        model, before = textbook.small_model(1), textbook.small_model(1)
        optimizer = kind(model.parameters(), 0.5, weight_decay=0)
        optimizer.set_lr(0.25)
        backward(model, 0)
        optimizer.step()
        for parameter, old in zip(model.parameters(), before.parameters(), strict=True):
            assert (parameter - old).abs().max().item() == pytest.approx(0.25, rel=1e-3)


@given(seed=st.integers(0, 99), lr=st.floats(1e-4, 0.1), decay=st.floats(0, 0.5))
def test_three_steps_are_algorithm_2_of_loshchilov_and_hutter(seed, lr, decay):
    model = textbook.small_model(seed)
    optimizer = AdamW(model.parameters(), lr, decay)
    generator = torch.Generator().manual_seed(seed)
    expected = [p.detach().clone() for p in model.parameters()]
    first = [torch.zeros_like(p) for p in expected]
    second = [torch.zeros_like(p) for p in expected]
    for t in (1, 2, 3):
        for i, parameter in enumerate(model.parameters()):
            g = torch.randn(parameter.shape, generator=generator, dtype=torch.float64)
            parameter.grad = g
            first[i] = 0.9 * first[i] + 0.1 * g
            second[i] = 0.999 * second[i] + 0.001 * g**2
            adam = (first[i] / (1 - 0.9**t)) / (torch.sqrt(second[i] / (1 - 0.999**t)) + 1e-8)
            expected[i] = expected[i] - lr * decay * expected[i] - lr * adam
        optimizer.step()
    for parameter, by_hand in zip(model.parameters(), expected, strict=True):
        torch.testing.assert_close(parameter.detach(), by_hand)


def backward(model, step, dtype=torch.float32):
    """Add the gradient of a batch's mean loss, another batch at each step."""
    tokens = textbook.random_tokens(3, 9, step)
    batch = Batch(tokens[:, :-1], tokens[:, 1:])
    (batch_loss_sum(model, batch, dtype) / batch.num_targets()).backward()


def small_model(**changes):
    return textbook.small_model(1, **changes).float()


def assert_equal(model, other):
    for (name, one), two in zip(model.named_parameters(), other.parameters(), strict=True):
        assert torch.equal(one, two), name


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("checkpointing", [True, False])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_stepping_in_backward_is_stepping_at_the_end_to_the_bit(tied, checkpointing, dtype):
    """Four steps: an update too early would be in the gradients of what comes before it."""
    models = [small_model(tied_head=tied) for _ in range(2)]
    optimizers = [
        kind(model.parameters(), lr=0.02, weight_decay=0.1)
        for kind, model in zip((AdamWInBackward, AdamW), models, strict=True)
    ]
    for model in models:
        gradient_checkpointing.add(model, checkpointing)
    for step in range(4):
        for model, optimizer in zip(models, optimizers, strict=True):
            backward(model, step, dtype)
            optimizer.step()
            optimizer.zero_grad()
        assert_equal(*models)
    for name, parameter in small_model(tied_head=tied).named_parameters():
        assert not torch.equal(parameter, models[0].get_parameter(name)), name


@pytest.fixture
def updates(monkeypatch):
    """The gradients of 8 columns that AdamW is given, and the shapes they come in."""
    given, update = [], optimizer_in_backward.adamw

    def adamw(parameters, gradients, *moments, **settings):
        given.extend(g.clone() for g in gradients if g.size(-1) == 8 and g.dim() == 2)
        update(parameters, gradients, *moments, **settings)

    monkeypatch.setattr(optimizer_in_backward, "adamw", adamw)
    return given


@pytest.mark.parametrize("rows", [1, 7, 31, 99])
@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_a_tables_gradient_in_blocks_is_that_of_the_whole(rows, dtype, updates, monkeypatch):
    """Of 31 rows: the last block is short, or the only one; some tokens occur more than once."""
    monkeypatch.setattr(optimizer_in_backward, "ROWS", rows)
    make = small_model if dtype == torch.bfloat16 else lambda: textbook.small_model(1)
    model, plain, seen = make(), make(), []
    table = model.wte.weight
    table.register_post_accumulate_grad_hook(lambda p: seen.append(p.grad))
    AdamWInBackward(model.parameters(), 0.02, 0.1, model=model)
    backward(model, 1, dtype)
    backward(plain, 1, dtype)
    # the only gradient of the table that is ever there has the rows that were looked up
    assert seen[0].is_sparse and seen[0]._nnz() <= 24 and table.grad is None
    blocks = updates[-math.ceil(31 / rows) :]
    assert [len(block) for block in blocks] == [len(block) for block in table.split(rows)]
    close = (
        {"rtol": 1e-9, "atol": 1e-12} if dtype == torch.float64 else {"rtol": 0.02, "atol": 1e-3}
    )
    torch.testing.assert_close(torch.cat(blocks), plain.wte.weight.grad, **close)


@pytest.mark.parametrize("rows", [7, 99])
def test_steps_of_a_table_in_blocks_are_those_of_one_piece(rows, monkeypatch):
    monkeypatch.setattr(optimizer_in_backward, "ROWS", rows)
    model, plain = textbook.small_model(1), textbook.small_model(1)
    optimizers = [AdamWInBackward(model.parameters(), 0.02, 0.1, model=model)]
    optimizers.append(AdamW(plain.parameters(), 0.02, 0.1))
    for step in range(4):
        for optimizer, of in zip(optimizers, (model, plain), strict=True):
            backward(of, step)
            optimizer.step()
            optimizer.zero_grad()
    for one, two in zip(model.parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(one, two, rtol=1e-7, atol=1e-7)
    assert optimizers[0].state[model.wte.weight]["step"] == 4


def test_where_nothing_is_supervised_a_table_in_blocks_only_decays():
    model, plain = small_model(), small_model()
    for of, more in ((model, {"model": model}), (plain, {})):
        AdamWInBackward(of.parameters(), 0.02, 0.1, **more)
        tokens = textbook.random_tokens(3, 9, 0)
        batch_loss_sum(of, Batch(tokens, torch.full_like(tokens, IGNORE_INDEX))).backward()
    assert_equal(model, plain)


@pytest.mark.parametrize("tied", [True, False])
def test_in_backward_there_is_one_matrixs_gradient_at_a_time(tied):
    model, alive = small_model(tied_head=tied), []
    matrices = [parameter for parameter in model.parameters() if parameter.dim() == 2]
    vectors = [parameter for parameter in model.parameters() if parameter.dim() == 1]

    def count(_):
        alive.append(sum(matrix.grad is not None for matrix in matrices))

    for matrix in matrices:  # before the optimizer's own, so that it sees the gradient
        matrix.register_post_accumulate_grad_hook(count)

    def changed(parameters, before):
        return [not torch.equal(a, b) for a, b in zip(parameters, before, strict=True)]

    before = [parameter.detach().clone() for parameter in (*matrices, *vectors)]
    optimizer = AdamWInBackward(model.parameters(), lr=0.02, weight_decay=0.1)
    backward(model, 0)
    assert alive == [1] * len(matrices) and all(matrix.grad is None for matrix in matrices)
    only_matrices = [True] * len(matrices) + [False] * len(vectors)
    assert changed([*matrices, *vectors], before) == only_matrices
    updated = [matrix.detach().clone() for matrix in matrices]
    optimizer.step()  # the others; the matrices are not moved again
    assert not any(changed(matrices, updated)) and all(changed(vectors, before[len(matrices) :]))


@pytest.mark.parametrize("tied", [True, False])
def test_gradients_of_two_batches_add_up_to_one_step_of_torchs_adamw(tied):
    model, plain = small_model(tied_head=tied), small_model(tied_head=tied)
    optimizer = AdamW(model.parameters(), lr=0.02, weight_decay=0.1)
    torchs = torch.optim.AdamW(plain.parameters(), lr=0.02, weight_decay=0.1, fused=FUSED)
    for step in range(3):
        before = model.wte.weight.detach().clone()
        for batch in (2 * step, 2 * step + 1):
            backward(model, batch)
            backward(plain, batch)
            assert torch.equal(model.wte.weight, before)
        optimizer.step()
        torchs.step()
        assert_equal(model, plain)
        optimizer.zero_grad()
        torchs.zero_grad()
        assert all(parameter.grad is None for parameter in model.parameters())


def test_a_parameter_without_a_gradient_is_left_alone():
    """It does not decay either, and its count of steps stands still."""
    model, plain = small_model(), small_model()
    optimizer = AdamW(model.parameters(), lr=0.02, weight_decay=0.1)
    chosen = "h.1.mlp.c_fc.weight"
    for _ in range(2):
        model.get_parameter(chosen).grad = torch.ones(32, 8)
        optimizer.step()
    for name, parameter in model.named_parameters():
        assert torch.equal(parameter, plain.get_parameter(name)) == (name != chosen), name
    # its first step, when it comes, is like anyone's first
    late, fresh = model.wpe.weight, plain.wpe.weight
    torchs = torch.optim.AdamW([fresh], lr=0.02, weight_decay=0.1, fused=FUSED)
    for parameter in (late, fresh):
        parameter.grad = torch.linspace(-1, 1, parameter.numel()).view_as(parameter)
    optimizer.step()
    torchs.step()
    assert torch.equal(late, fresh)
