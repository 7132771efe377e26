"""finetune/loss.py: against likelihoods summed by hand, and what padding must not do."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import assume, given
from hypothesis import strategies as st

from finetune.collate import IGNORE_INDEX, collate
from finetune.dataset import Example
from finetune.loss import summed_loss
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
