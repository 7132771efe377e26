"""gpt/attention.py: the fused kernel, the mask and the cache against their definitions."""

import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from finetune.collate import Batch
from finetune.loss import batch_loss_sum
from gpt import attention
from gpt.attention import KVCache, MultiHeadAttention, attention_mask, explicit_attention
from tests import textbook


@given(
    T=st.integers(1, 7), heads=st.integers(1, 3), size=st.integers(1, 4), seed=st.integers(0, 99)
)
def test_attention_is_the_textbooks(T, heads, size, seed):
    torch.manual_seed(seed)
    module = MultiHeadAttention(textbook.small_config(n_head=heads, n_embd=heads * size)).double()
    x = torch.randn(2, T, heads * size, dtype=torch.float64)
    for row, fast in zip(x, module(x), strict=True):
        torch.testing.assert_close(fast, textbook.attention(row, module, heads))


def test_scores_are_divided_by_the_square_root_of_the_head_size():
    """Without it the weights would be sharper: two keys, one query, by hand."""
    module = MultiHeadAttention(textbook.small_config(n_head=1, n_embd=4)).double()
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.zero_()
        module.c_attn.weight.copy_(torch.eye(4).repeat(3, 1))  # query = key = value = x
        module.c_proj.weight.copy_(torch.eye(4))
    x = torch.tensor([[[0.0, 0, 0, 0], [2, 0, 0, 0]]], dtype=torch.float64)
    # scores of token 1: 0 for token 0, 2 · 2 / √4 = 2 for itself; values 0 and 2
    weight = torch.e**2 / (1 + torch.e**2)
    assert module(x)[0, 1, 0].item() == pytest.approx(2 * weight)


@given(
    new=st.integers(1, 5),
    past=st.integers(0, 5),
    padding=st.none() | st.lists(st.integers(0, 4), min_size=1, max_size=3),
)
def test_mask_is_its_definition(new, past, padding):
    if padding is not None:
        padding = [min(p, past + new - 1) for p in padding]
    mask = attention_mask(
        new, past, None if padding is None else torch.tensor(padding), torch.device("cpu")
    )
    if mask is None:
        assert padding is None and (past == 0 or new == 1)
        return
    for row, pad in enumerate(padding or [0]):
        for t in range(new):
            for s in range(past + new):
                visible = s <= past + t and (s >= pad) == (past + t >= pad)
                assert mask[row, 0, t, s] == visible


@given(chunks=st.lists(st.integers(1, 70), min_size=1, max_size=5))
def test_cache_returns_all_that_was_put_in(chunks):
    cache, layers = KVCache(), 2
    everything = torch.randn(layers, 2, 3, 2, sum(chunks), 4)  # layer, key or value, B, H, S, D
    for chunk in chunks:
        stop = cache.length + chunk
        for layer, both in enumerate(everything):
            got = cache.update(layer, both[:, :, :, cache.length : stop])
            assert torch.equal(got, both[:, :, :, :stop])
        cache.length = stop
    cache.select_rows(torch.tensor([2, 0]))
    more = torch.randn(2, 2, 2, 1, 4)
    expected = torch.cat([everything[1][:, [2, 0]], more], dim=3)
    assert torch.equal(cache.update(1, more), expected)


def test_a_cached_chunk_without_a_mask_is_a_bug():
    module = MultiHeadAttention(textbook.small_config())
    cache = KVCache()
    module(torch.zeros(1, 3, 8), cache=cache)
    cache.length = 3
    with pytest.raises(AssertionError, match="mask"):
        module(torch.zeros(1, 2, 8), cache=cache)


def heads(B, H, T, D, seed):
    """Queries, keys and values."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(3, B, H, T, D, generator=generator, dtype=torch.float64)


@given(
    B=st.integers(1, 3),
    H=st.integers(1, 3),
    T=st.integers(1, 9),
    D=st.integers(1, 5),
    seed=st.integers(0, 1000),
    masked=st.booleans(),
)
def test_the_explicit_form_is_the_kernel_and_its_gradients_are_the_kernels(
    B, H, T, D, seed, masked
):
    mask = None
    if masked:  # each token and any before it
        mask = torch.rand(T, T, generator=torch.Generator().manual_seed(seed)) > 0.5
        mask = (mask | torch.eye(T, dtype=torch.bool)).tril()
    ours, kernels = (heads(B, H, T, D, seed).requires_grad_() for _ in range(2))
    expected = F.scaled_dot_product_attention(*kernels, mask, is_causal=not masked)
    got = explicit_attention(*ours, mask)
    assert got.shape == (B, H, T, D)
    torch.testing.assert_close(got, expected)
    grad = heads(B, H, T, D, seed + 1)[0]
    got.backward(grad)
    expected.backward(grad)
    torch.testing.assert_close(ours.grad, kernels.grad)


@given(T=st.integers(1, 7), size=st.integers(1, 4), seed=st.integers(0, 99))
def test_the_explicit_form_in_its_place_is_the_textbooks(T, size, seed):
    torch.manual_seed(seed)
    module = MultiHeadAttention(textbook.small_config(n_embd=2 * size)).double()
    for parameter in module.parameters():
        parameter.data.normal_()
    x = torch.randn(2, T, 2 * size, dtype=torch.float64)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(attention, "_use_explicit", lambda query: True)
        patch.setattr(F, "scaled_dot_product_attention", None)
        got = module(x)
    for row, fast in zip(x, got, strict=True):
        torch.testing.assert_close(fast, textbook.attention(row, module, 2))


@given(T=st.integers(2, 9), seed=st.integers(0, 1000), data=st.data())
def test_in_the_explicit_form_a_later_token_changes_nothing(T, seed, data):
    t = data.draw(st.integers(1, T - 1))
    query, key, value = heads(2, 2, T, 4, seed)
    before = explicit_attention(query, key, value)
    for each in (query, key, value):
        each[:, :, t:] = 100 * torch.randn_like(each[:, :, t:])
    after = explicit_attention(query, key, value)
    assert torch.equal(before[:, :, :t], after[:, :, :t])
    assert not torch.allclose(before[:, :, t:], after[:, :, t:])


@pytest.mark.parametrize(
    ("taken", "changes"),
    [
        ("explicit", {}),
        ("explicit", {"T": 512}),
        ("kernel", {"T": 513}),
        ("kernel", {"dtype": torch.float32}),
        ("kernel", {"dtype": torch.float16}),
        ("kernel", {"grad": False}),
        ("explicit", {"mask": attention_mask(9, 0, torch.tensor([1]), torch.device("cpu"))}),
        ("kernel", {"cache": KVCache()}),
    ],
    ids=str,
)
def test_the_explicit_form_is_for_training_in_bfloat16_on_a_cpu(taken, changes, monkeypatch):
    case = {"T": 9, "dtype": torch.bfloat16, "grad": True, "mask": None, "cache": None} | changes
    seen, kernel = [], F.scaled_dot_product_attention
    monkeypatch.setattr(
        attention,
        "explicit_attention",
        lambda *a: seen.append("explicit") or explicit_attention(*a),
    )
    monkeypatch.setattr(
        F, "scaled_dot_product_attention", lambda *a, **k: seen.append("kernel") or kernel(*a, **k)
    )
    module = MultiHeadAttention(textbook.small_config()).to(case["dtype"])
    x = torch.zeros(1, case["T"], 8, dtype=case["dtype"])
    with torch.set_grad_enabled(case["grad"]):
        assert module(x, case["mask"], case["cache"]).shape == x.shape
    assert seen == [taken]


def test_the_explicit_form_is_for_no_other_device():
    queries = torch.zeros(1, 2, 9, 4, dtype=torch.bfloat16)
    assert attention._use_explicit(queries)
    assert not attention._use_explicit(queries.to("meta"))


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_gradient_in_bfloat16_is_as_exact_by_the_explicit_form_as_by_the_kernel(
    seed, monkeypatch
):
    """The model's whole gradient, of some ten rounded steps: within 8 · 2⁻⁸ of float32's."""
    model = textbook.small_model(seed).float()
    inputs, targets = (textbook.random_tokens(4, 12, s) for s in (seed, seed + 1))

    def gradient(dtype):
        model.zero_grad()
        batch_loss_sum(model, Batch(inputs, targets), dtype).backward()
        return torch.cat([parameter.grad.flatten() for parameter in model.parameters()])

    exact, calls = gradient(torch.float32), []
    monkeypatch.setattr(
        attention, "explicit_attention", lambda *a: calls.append(1) or explicit_attention(*a)
    )
    by_formula = gradient(torch.bfloat16)
    assert len(calls) == 2  # one a layer
    monkeypatch.setattr(attention, "_use_explicit", lambda query: False)
    by_kernel = gradient(torch.bfloat16)
    assert len(calls) == 2 and not torch.equal(by_formula, by_kernel)
    for one, other in ((by_formula, exact), (by_kernel, exact), (by_formula, by_kernel)):
        assert math.dist(one.tolist(), other.tolist()) < 8 * 2**-8 * exact.norm()
