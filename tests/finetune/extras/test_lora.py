"""finetune/extras/lora.py: nothing changes at first, only adapters learn, they can be merged."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from finetune.collate import Batch
from finetune.extras import lora
from finetune.loss import batch_loss_sum
from finetune.optimizer import AdamW
from gpt.errors import UserError
from gpt.linear import Linear
from gpt.model import GPT
from tests import textbook


def adapted(rank=2, alpha=6.0, seed=1, frozen_dtype=None, **changes):
    model = textbook.small_model(seed, **changes)
    lora.add(model, rank, alpha, torch.Generator().manual_seed(seed), frozen_dtype)
    return model


def with_trained_adapters(model, seed=5):
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in model.named_parameters():
        if name.endswith("lora_B"):
            parameter.data.normal_(std=0.3, generator=generator)
    return model


def merged_model(model):
    """A plain model with the adapters merged, as it is saved."""
    plain = GPT(model.config)
    for name, _ in list(plain.named_parameters()):
        module_name, _, leaf = name.rpartition(".")
        module = model.get_submodule(module_name)
        linear = isinstance(module, Linear) and leaf == "weight"
        value = module.plain_weight() if linear else getattr(module, leaf)
        setattr(plain.get_submodule(module_name), leaf, torch.nn.Parameter(value.detach()))
    return plain


@given(rank=st.integers(1, 8), alpha=st.floats(0.1, 300))
def test_before_the_first_step_the_model_is_the_old_one(rank, alpha):
    tokens = textbook.random_tokens(2, 7, rank)
    assert torch.equal(adapted(rank, alpha)(tokens), textbook.small_model(1)(tokens))


@given(rank=st.integers(1, 8), alpha=st.floats(0.1, 300), seed=st.integers(0, 99))
def test_a_layer_is_the_papers_formula_and_so_is_the_merged_one(rank, alpha, seed):
    model = with_trained_adapters(adapted(rank, alpha, seed), seed)
    plain, x = textbook.small_model(seed), torch.randn(3, 8, dtype=torch.float64)
    layer, old = model.h[1].attn.c_attn, plain.h[1].attn.c_attn
    delta = alpha / rank * layer.lora_B @ layer.lora_A
    expected = x @ (old.weight + delta).t() + old.bias
    torch.testing.assert_close(layer(x), expected)
    merged = merged_model(model)
    torch.testing.assert_close(merged.h[1].attn.c_attn.weight, old.weight + delta)
    tokens = textbook.random_tokens(2, 7, seed)
    torch.testing.assert_close(merged(tokens), model(tokens))
    assert not torch.allclose(merged(tokens), plain(tokens))


def test_every_linear_layer_of_the_blocks_is_adapted_and_only_adapters_learn():
    model = adapted(tied_head=False)
    layers = {n for n, m in textbook.small_model(1).named_modules() if isinstance(m, Linear)}
    expected = {f"{n}.lora_{x}" for n in layers - {"lm_head"} for x in "AB"}
    learning = {n for n, p in model.named_parameters() if p.requires_grad}
    assert learning == expected and len(expected) == 2 * 4 * len(model.h)
    before = {n: p.detach().clone() for n, p in model.named_parameters()}
    optimizer = AdamW([p for p in model.parameters() if p.requires_grad], 0.01, 0.1)
    for _ in range(2):  # at first B is zero and keeps A's gradient so
        tokens = textbook.random_tokens(3, 9, 1)
        batch_loss_sum(model, Batch(tokens[:, :-1], tokens[:, 1:])).backward()
        assert {n for n, p in model.named_parameters() if p.grad is not None} == expected
        optimizer.step()
        optimizer.zero_grad()
    assert {n for n, p in model.named_parameters() if not torch.equal(p, before[n])} == expected
    assert len(optimizer.state) == len(expected)


def test_a_begins_within_its_bound_and_as_the_generator_says():
    first, again, other = adapted(seed=1), adapted(seed=1), adapted(seed=2)
    A, width = first.h[0].mlp.c_proj.lora_A, 32
    assert A.shape == (2, width) and 0.5 < A.abs().max() * width**0.5 <= 1
    assert torch.equal(A, again.h[0].mlp.c_proj.lora_A)
    assert not torch.equal(A, other.h[0].mlp.c_proj.lora_A)


def test_frozen_weights_in_bfloat16_train_and_merge_in_float32():
    """The base is rounded once. What the adapters add to it is not."""
    model = textbook.small_model(1).float()
    rounded = model.h[0].mlp.c_fc.weight.bfloat16()
    lora.add(model, 2, 6.0, torch.Generator().manual_seed(1), torch.bfloat16)
    layer = with_trained_adapters(model).h[0].mlp.c_fc
    assert torch.equal(layer.weight, rounded) and layer.lora_A.dtype == torch.float32
    assert model.wte.weight.dtype == model.h[0].ln_1.weight.dtype == torch.float32
    tokens = textbook.random_tokens(3, 9, 1)
    batch = Batch(tokens[:, :-1], tokens[:, 1:])
    loss = batch_loss_sum(model, batch, torch.bfloat16)
    loss.backward()
    assert all(p.grad.dtype == torch.float32 for p in model.parameters() if p.requires_grad)
    merged = merged_model(model).float()
    expected = rounded.float() + 3 * layer.lora_B @ layer.lora_A
    torch.testing.assert_close(merged.h[0].mlp.c_fc.weight, expected)
    of_merged = batch_loss_sum(merged, batch, torch.bfloat16)
    torch.testing.assert_close(of_merged, loss, rtol=0.01, atol=0)


@pytest.mark.parametrize("size", [{"rank": 9}, {"rank": 10**18}, {"alpha": 1e300}])
def test_a_rank_or_an_alpha_that_is_too_large_is_refused(size):
    with pytest.raises(UserError, match=f"--lora-{next(iter(size))} .*: at most"):
        adapted(**size)
