"""finetune/loss.py: against likelihoods summed by hand, and what padding must not do."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch.autograd.graph import saved_tensors_hooks
from torch.utils._python_dispatch import TorchDispatchMode

from finetune.collate import IGNORE_INDEX, collate
from finetune.dataset import Example
from finetune.loss import SLICE, summed_loss
from tests import textbook

seeds = st.integers(0, 1000)


def batch(B, T, seed, share=0.5):
    """Inputs, and targets of which about `share` are supervised."""
    inputs, targets = (textbook.random_tokens(B, T, s) for s in (seed, seed + 1))
    hidden = torch.rand(B, T, generator=torch.Generator().manual_seed(seed)) > share
    return inputs, targets.masked_fill(hidden, IGNORE_INDEX)


def gradients(model, *arguments):
    model.zero_grad()
    loss, _ = summed_loss(model, *arguments)
    loss.backward()
    return [parameter.grad for parameter in model.parameters()]


@given(seed=seeds, B=st.integers(1, 3), T=st.integers(1, 8))
def test_loss_is_the_sum_of_negative_log_likelihoods(seed, B, T):
    model = textbook.small_model(seed)
    inputs, targets = batch(B, T, seed)
    by_hand, supervised = torch.zeros((), dtype=torch.float64), 0
    for row in range(B):
        logits = textbook.gpt(inputs[row].tolist(), model)
        for t in range(T):
            if targets[row, t] != IGNORE_INDEX:
                by_hand += textbook.negative_log_likelihood(logits[t], targets[row, t])
                supervised += 1
    loss, count = summed_loss(model, inputs, targets)
    assert count == supervised
    torch.testing.assert_close(loss, by_hand)


@given(seed=seeds, B=st.integers(4, 8), T=st.integers(8, 12), tied=st.booleans())
def test_projecting_supervised_positions_only_is_the_same_to_the_last_bit(seed, B, T, tied):
    """With 16 or more of them: for very few the BLAS takes other kernels, which round otherwise."""
    model = textbook.small_model(seed, tied_head=tied)
    inputs, targets = batch(B, T, seed)
    everywhere = model(inputs)
    supervised = targets != IGNORE_INDEX
    expected = F.cross_entropy(everywhere[supervised], targets[supervised], reduction="sum")
    assume(supervised.sum() >= 16)
    assert summed_loss(model, inputs, targets)[0] == expected


@given(seed=seeds, extra=st.integers(1, 5), filler=st.integers(0, 30))
def test_right_padding_changes_neither_loss_nor_gradients(seed, extra, filler):
    model = textbook.small_model(seed)
    inputs, targets = batch(2, 6, seed, share=0.8)
    padded_inputs = F.pad(inputs, (0, extra), value=filler)
    padded_targets = F.pad(targets, (0, extra), value=IGNORE_INDEX)
    loss, count = summed_loss(model, inputs, targets)
    padded_loss, padded_count = summed_loss(model, padded_inputs, padded_targets)
    assert count == padded_count
    torch.testing.assert_close(loss, padded_loss)
    for plain, padded in zip(
        gradients(model, inputs, targets),
        gradients(model, padded_inputs, padded_targets),
        strict=True,
    ):
        assert (plain - padded).abs().max() < 1e-12 * max(1, plain.abs().max())


@given(seed=seeds, lengths=st.lists(st.integers(2, 13), min_size=2, max_size=4))
def test_a_batch_is_the_sum_of_its_rows(seed, lengths):
    model = textbook.small_model(seed)
    rows = [
        Example(textbook.random_tokens(1, n, seed + i)[0].tolist(), 1)
        for i, n in enumerate(lengths)
    ]
    together = summed_loss(model, *collate(rows))
    apart = [summed_loss(model, *collate([row])) for row in rows]
    torch.testing.assert_close(together[0], sum(loss for loss, _ in apart))
    assert together[1] == sum(count for _, count in apart) == sum(lengths) - len(lengths)


@pytest.mark.parametrize("tied", [True, False])
def test_nothing_supervised_is_zero_and_so_are_its_gradients(tied):
    model = textbook.small_model(tied_head=tied)
    inputs = textbook.random_tokens(2, 5, 0)
    targets = torch.full_like(inputs, IGNORE_INDEX)
    loss, count = summed_loss(model, inputs, targets)
    assert loss.item() == 0 and count == 0
    assert not any(g.any() for g in gradients(model, inputs, targets))


def test_an_even_model_is_as_surprised_as_its_vocabulary_is_large():
    model = textbook.small_model()
    for parameter in model.parameters():
        parameter.data.zero_()
    loss, count = summed_loss(model, *batch(3, 7, 0))
    torch.testing.assert_close(loss / count, torch.log(torch.tensor(31.0, dtype=torch.float64)))


def test_bfloat16_multiplies_coarsely_and_keeps_parameters_and_loss():
    model = textbook.small_model().float()
    inputs, targets = batch(4, 10, 3)
    exact, _ = summed_loss(model, inputs, targets)
    coarse, _ = summed_loss(model, inputs, targets, torch.bfloat16)
    coarse.backward()
    assert coarse.dtype == torch.float32 == model.wte.weight.grad.dtype
    assert coarse.item() != exact.item()
    assert coarse.item() == pytest.approx(exact.item(), rel=0.05)


def test_logits_are_made_at_the_supervised_positions_only():
    """Elsewhere they would be right, and thrown away: at 124M a third of the work."""
    model, made = textbook.small_model(), []
    model.ln_f.register_forward_hook(lambda *call: made.append(tuple(call[-1].shape)))
    inputs, targets = batch(3, 7, 0)
    _, count = summed_loss(model, inputs, targets)
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
    loss, count = summed_loss(model, inputs, targets)
    assert count == N and loss.shape == ()
    torch.testing.assert_close(loss, whole)
    for got, gradient in zip(gradients(model, inputs, targets), expected, strict=True):
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
            loss, count = summed_loss(model, inputs, targets, torch.bfloat16)
        assert largest.rows == SLICE < count == 400
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
        held = summed_loss(model, inputs, targets)  # the graph, so that no memory is used twice
    assert [*kept.values()] == [400 * 37 * 4] and held[1] == 400
