"""finetune/loss.py: against likelihoods summed by hand, and what padding must not do."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.autograd.graph import saved_tensors_hooks
from torch.utils._python_dispatch import TorchDispatchMode

from finetune.collate import IGNORE_INDEX, Batch, Loader, collate
from finetune.dataset import Example
from finetune.loss import SLICE, batch_loss_sum, loader_loss
from tests import textbook

seeds = st.integers(0, 1000)


def batch(B, T, seed, share=0.5):
    """Inputs, and targets of which about `share` are supervised."""
    inputs, targets = (textbook.random_tokens(B, T, s) for s in (seed, seed + 1))
    hidden = torch.rand(B, T, generator=torch.Generator().manual_seed(seed)) > share
    return Batch(inputs, targets.masked_fill(hidden, IGNORE_INDEX))


def gradients(model, batch):
    model.zero_grad()
    batch_loss_sum(model, batch).backward()
    return [parameter.grad for parameter in model.parameters()]


@given(seed=seeds, B=st.integers(1, 3), T=st.integers(1, 8))
def test_loss_is_the_sum_of_negative_log_likelihoods(seed, B, T):
    model = textbook.small_model(seed)
    inputs, targets = batch(B, T, seed)
    by_hand = torch.zeros((), dtype=torch.float64)
    for row in range(B):
        logits = textbook.gpt(inputs[row].tolist(), model)
        for t in range(T):
            if targets[row, t] != IGNORE_INDEX:
                by_hand += textbook.negative_log_likelihood(logits[t], targets[row, t])
    torch.testing.assert_close(batch_loss_sum(model, Batch(inputs, targets)), by_hand)


@given(seed=seeds, B=st.integers(4, 8), T=st.integers(8, 12), tied=st.booleans())
def test_projecting_supervised_positions_only_is_the_same(seed, B, T, tied):
    model = textbook.small_model(seed, tied_head=tied)
    inputs, targets = batch(B, T, seed)
    everywhere = model(inputs)
    supervised = targets != IGNORE_INDEX
    expected = F.cross_entropy(everywhere[supervised], targets[supervised], reduction="sum")
    torch.testing.assert_close(batch_loss_sum(model, Batch(inputs, targets)), expected)


@given(seed=seeds, extra=st.integers(1, 5), filler=st.integers(0, 30))
def test_right_padding_changes_neither_loss_nor_gradients(seed, extra, filler):
    model = textbook.small_model(seed)
    plain_batch = batch(2, 6, seed, share=0.8)
    padded_batch = Batch(
        F.pad(plain_batch.inputs, (0, extra), value=filler),
        F.pad(plain_batch.targets, (0, extra), value=IGNORE_INDEX),
    )
    assert plain_batch.num_targets() == padded_batch.num_targets()
    torch.testing.assert_close(
        batch_loss_sum(model, plain_batch), batch_loss_sum(model, padded_batch)
    )
    both = gradients(model, plain_batch), gradients(model, padded_batch)
    for plain, padded in zip(*both, strict=True):
        assert (plain - padded).abs().max() < 1e-12 * max(1, plain.abs().max())


@given(seed=seeds, lengths=st.lists(st.integers(2, 13), min_size=2, max_size=4))
def test_a_batch_is_the_sum_of_its_rows(seed, lengths):
    model = textbook.small_model(seed)
    rows = [
        Example(textbook.random_tokens(1, n, seed + i)[0].tolist(), 1)
        for i, n in enumerate(lengths)
    ]
    together, apart = collate(rows), [collate([row]) for row in rows]
    torch.testing.assert_close(
        batch_loss_sum(model, together), sum(batch_loss_sum(model, each) for each in apart)
    )
    counts = [each.num_targets() for each in apart]
    assert together.num_targets() == sum(counts) == sum(lengths) - len(lengths)


@pytest.mark.parametrize("tied", [True, False])
def test_nothing_supervised_is_zero_and_so_are_its_gradients(tied):
    model = textbook.small_model(tied_head=tied)
    inputs = textbook.random_tokens(2, 5, 0)
    empty = Batch(inputs, torch.full_like(inputs, IGNORE_INDEX))
    assert batch_loss_sum(model, empty).item() == empty.num_targets() == 0
    assert not any(g.any() for g in gradients(model, empty))


def test_an_even_model_is_as_surprised_as_its_vocabulary_is_large():
    model = textbook.small_model()
    for parameter in model.parameters():
        parameter.data.zero_()
    made = batch(3, 7, 0)
    loss = batch_loss_sum(model, made) / made.num_targets()
    torch.testing.assert_close(loss, torch.log(torch.tensor(31.0, dtype=torch.float64)))


def test_bfloat16_multiplies_coarsely_and_keeps_parameters_and_loss():
    model = textbook.small_model().float()
    made = batch(4, 10, 3)
    exact = batch_loss_sum(model, made)
    coarse = batch_loss_sum(model, made, torch.bfloat16)
    coarse.backward()
    assert coarse.dtype == torch.float32 == model.wte.weight.grad.dtype
    assert coarse.item() != exact.item()
    assert coarse.item() == pytest.approx(exact.item(), rel=0.05)


def test_logits_are_made_at_the_supervised_positions_only():
    """Elsewhere they would be right, and thrown away: at 124M a third of the work."""
    model, made = textbook.small_model(), []
    model.ln_f.register_forward_hook(lambda *call: made.append(tuple(call[-1].shape)))
    some = batch(3, 7, 0)
    batch_loss_sum(model, some)
    count = some.num_targets()
    assert type(count) is int  # it is added up and written as JSON
    assert made == [(count, 8)] and 0 < count < 21


@settings(max_examples=15)
@given(
    seed=seeds,
    N=st.integers(1, 400) | st.sampled_from([SLICE - 1, SLICE, SLICE + 1, 2 * SLICE, 3 * SLICE]),
    tied=st.booleans(),
)
def test_slices_add_up_to_one_cross_entropy(seed, N, tied):
    """N supervised positions among 400: from one slice, hardly filled, to four."""
    model = textbook.small_model(seed, n_layer=1, vocab_size=7, context_length=200, tied_head=tied)
    inputs, targets = (textbook.random_tokens(2, 200, s, 7) for s in (seed, seed + 1))
    hidden = torch.randperm(400, generator=torch.Generator().manual_seed(seed))[N:]
    targets.view(-1)[hidden] = IGNORE_INDEX
    logits = model(inputs).flatten(0, 1)
    whole = F.cross_entropy(logits, targets.flatten(), reduction="sum", ignore_index=IGNORE_INDEX)
    expected = torch.autograd.grad(whole, tuple(model.parameters()))
    some = Batch(inputs, targets)
    loss = batch_loss_sum(model, some)
    assert some.num_targets() == N and loss.shape == ()
    torch.testing.assert_close(loss, whole)
    for got, gradient in zip(gradients(model, some), expected, strict=True):
        torch.testing.assert_close(got, gradient, rtol=1e-9, atol=1e-9)


class LargestTable(TorchDispatchMode):
    """Watches every operation for the most rows that it makes of float32 (rows, V)."""

    def __init__(self, V):
        super().__init__()
        self.V, self.rows = V, 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        out = function(*args, **kwargs or {})
        for each in out if isinstance(out, (tuple, list)) else [out]:
            if isinstance(each, torch.Tensor) and each.dtype == torch.float32 and each.dim() == 2:
                self.rows = max(self.rows, len(each) if each.size(1) == self.V else 0)
        return out


def test_in_bfloat16_no_more_than_a_slice_is_ever_in_float32():
    """Neither made in a pass, forward or backward, nor kept from the one to the other."""
    model = textbook.small_model(vocab_size=37, context_length=200).float()
    inputs, targets = (textbook.random_tokens(2, 200, s, 37) for s in (0, 1))
    kept = []
    hooks = saved_tensors_hooks(lambda t: kept.append((t.dtype, *t.shape)) or t, lambda t: t)
    with LargestTable(37) as largest:
        with hooks:
            loss = batch_loss_sum(model, Batch(inputs, targets), torch.bfloat16)
        assert largest.rows == SLICE < 400 == targets.numel()
        assert not any(shape[0] == torch.float32 and shape[-1] == 37 for shape in kept)
        loss.backward()
    assert largest.rows == SLICE


def test_in_float32_the_logits_themselves_are_all_that_is_kept_of_their_size():
    model = textbook.small_model(vocab_size=37, context_length=200).float()
    inputs, targets = (textbook.random_tokens(2, 200, s, 37) for s in (0, 1))
    kept = {}

    def keep(t):
        if t.shape[-1:] == (37,) and t.size(0) >= SLICE:
            kept[t.untyped_storage().data_ptr()] = t.untyped_storage().nbytes()
        return t

    with saved_tensors_hooks(keep, lambda t: t):
        held = batch_loss_sum(model, Batch(inputs, targets))  # its graph: no memory is used twice
    assert [*kept.values()] == [400 * 37 * 4] and held.requires_grad


@pytest.mark.parametrize("mode", [True, False])
def test_a_loaders_loss_is_the_mean_of_its_first_batches_means(mode):
    """In file order; three batches of two and one of one. The model keeps the mode it was in."""
    model = textbook.small_model().train(mode)
    rows = [Example(textbook.random_tokens(1, 4 + i % 5, i)[0].tolist(), 2) for i in range(7)]
    loader, modes = Loader(rows, 2), []
    handle = model.register_forward_hook(lambda *_: modes.append(model.training))
    means = [
        (batch_loss_sum(model, each) / each.num_targets()).item()
        for each in map(collate, (rows[:2], rows[2:4], rows[4:6], rows[6:]))
    ]
    modes.clear()
    for most in (1, 3, 4, 9):
        expected = sum(means[:most]) / min(most, 4)
        assert loader_loss(model, loader, most) == pytest.approx(expected, rel=1e-12)
    handle.remove()
    assert len(modes) == 1 + 3 + 4 + 4 and not any(modes) and model.training is mode
    assert all(parameter.grad is None for parameter in model.parameters())
