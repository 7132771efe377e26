"""finetune/extras/gradient_checkpointing.py: the same bits from one kept tensor for each block."""

import pytest
import torch
from torch.autograd.graph import saved_tensors_hooks

from finetune.collate import Batch
from finetune.extras import gradient_checkpointing, lora
from finetune.extras.gradient_checkpointing import _Recomputed
from finetune.loss import batch_loss_sum
from gpt.model import GPT
from gpt.sampling import generate
from tests import textbook


def gradients(model, dtype=torch.float64):
    """The loss of a batch, and each gradient by name."""
    model.zero_grad()
    tokens = textbook.random_tokens(3, 12, 0)
    loss = batch_loss_sum(model, Batch(tokens[:, :-1], tokens[:, 1:]), dtype)
    loss.backward()
    return loss, {name: p.grad for name, p in model.named_parameters() if p.grad is not None}


def assert_same_bits(before, after):
    """Two results of `gradients` are equal."""
    (loss, plain), (again, recomputed) = before, after
    assert torch.equal(loss, again) and plain.keys() == recomputed.keys()
    for name in plain:
        assert torch.equal(plain[name].to_dense(), recomputed[name].to_dense()), name


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("adapted", [True, False])  # then the first block's input has no gradient
@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_it_changes_no_bit_of_loss_or_gradients(dtype, tied, adapted):
    model = textbook.small_model(3, tied_head=tied, n_layer=3)
    model = model.float() if dtype == torch.bfloat16 else model
    if adapted:
        lora.add(model, 2, 4.0, torch.Generator().manual_seed(0), frozen_dtype=dtype)
    before = gradients(model, dtype)
    gradient_checkpointing.add(model)
    assert_same_bits(before, gradients(model, dtype))
    assert len(before[1]) == (24 if adapted else sum(1 for _ in model.parameters()))


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_a_layer_that_is_not_trained_saves_less(dtype):
    """The tensors still have the same numbers in both forward passes."""
    model = textbook.small_model(n_layer=3)
    model = model.float() if dtype == torch.bfloat16 else model
    for frozen in (model.h[0].mlp.c_proj, model.h[1].mlp.c_fc):
        frozen.requires_grad_(False)
    before = gradients(model, dtype)
    gradient_checkpointing.add(model)
    assert_same_bits(before, gradients(model, dtype))


@pytest.mark.parametrize("autocast", [True, False])
def test_a_block_keeps_its_input_alone_and_frees_the_rest_as_it_is_used(autocast, monkeypatch):
    """Between the passes nothing of the block is kept; in the backward pass each tensor once."""
    model, made, most = GPT(textbook.small_config(n_layer=4)), [], []
    compute = _Recomputed._compute

    def counted(block):
        assert not block.kept
        compute(block)
        made.append(block)
        most.append([len(each.kept) for each in made])

    monkeypatch.setattr(_Recomputed, "_compute", counted)
    gradient_checkpointing.add(model)
    outside = []
    hooks = saved_tensors_hooks(lambda t: outside.append(t.shape) or t, lambda t: t)
    with hooks, torch.autocast("cpu", torch.bfloat16, enabled=autocast):
        logits = model(textbook.random_tokens(3, 12, 0))
    assert not made
    logits.sum().backward()
    assert [block.x.shape for block in made] == [(3, 12, 8)] * 3
    full = most[0][0]
    assert full >= 12 and most == [[full], [0, full], [0, 0, full]]
    assert not made[-1].kept
    assert len(outside) < full + 12  # of the last block, the embeddings, the LayerNorm, the head


def test_it_is_off_unless_asked_for_and_in_training_only(monkeypatch):
    model, plain, calls = textbook.small_model(), textbook.small_model(), []
    gradient_checkpointing.add(model)
    gradient_checkpointing.add(plain, False)
    expected = generate(plain, [[1, 2, 3], [4]], 5, end_of_text=30)
    made = gradient_checkpointing, "_Recomputed"
    monkeypatch.setattr(*made, lambda *given: calls.append(1) or _Recomputed(*given))
    assert generate(model, [[1, 2, 3], [4]], 5, end_of_text=30) == expected
    gradients(plain)
    assert not calls
    gradients(model)
    assert len(calls) == len(model.h) - 1  # the last block's are kept


def test_a_second_backward_pass_computes_it_all_again():
    model = textbook.small_model()
    gradient_checkpointing.add(model)
    x = torch.randn(2, 5, 8, dtype=torch.float64, requires_grad=True)
    y = model.h[0](x, None, None, 0).sum()
    (one,) = torch.autograd.grad(y, x, retain_graph=True)
    (other,) = torch.autograd.grad(y, x)
    assert torch.equal(one, other)


@pytest.mark.parametrize("stopped", [False, True])
def test_the_last_product_of_a_block_is_computed_once_in_mixed_precision(monkeypatch, stopped):
    model, products = textbook.small_model(n_layer=3).float(), []
    before = gradients(model, torch.bfloat16)
    gradient_checkpointing.add(model)
    multiply = torch.nn.functional.linear

    def counted(x, weight, bias=None):
        products.append(tuple(weight.shape))
        return multiply(x, weight, bias)

    monkeypatch.setattr(torch.nn.functional, "linear", counted)
    if stopped:  # in a recomputation: afterwards the layer must multiply again
        compute = _Recomputed._compute

        def interrupted(block):
            block.others = (*block.others, "one too many")
            compute(block)

        with monkeypatch.context() as patch:
            patch.setattr(_Recomputed, "_compute", interrupted)
            with pytest.raises(TypeError):
                gradients(model, torch.bfloat16)
        products.clear()
    assert_same_bits(before, gradients(model, torch.bfloat16))
    C, forward_passes = 8, 3
    assert products.count((C, 4 * C)) == forward_passes  # mlp.c_proj
    assert products.count((4 * C, C)) == forward_passes + 2  # mlp.c_fc, in two blocks again
