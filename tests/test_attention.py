"""gpt/attention.py: the fused kernel, the mask and the cache against their definitions."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gpt.attention import KVCache, MultiHeadAttention, attention_mask
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
    everything = torch.randn(2, layers, 3, 2, sum(chunks), 4)  # key or value, layer, B, H, S, D
    for chunk in chunks:
        stop = cache.length + chunk
        for layer in range(layers):
            new = everything[:, layer, :, :, cache.length : stop]
            keys, values = cache.extend(layer, new[0], new[1])
            assert torch.equal(keys, everything[0, layer, :, :, :stop])
            assert torch.equal(values, everything[1, layer, :, :, :stop])
        cache.length = stop
    cache.keep(torch.tensor([2, 0]))
    more = torch.randn(2, 2, 1, 4)
    keys, _ = cache.extend(1, more, more)
    assert torch.equal(keys, torch.cat([everything[0, 1, [2, 0]], more], dim=2))


def test_a_cached_chunk_without_a_mask_is_a_bug():
    module = MultiHeadAttention(textbook.small_config())
    cache = KVCache()
    module(torch.zeros(1, 3, 8), cache=cache)
    cache.length = 3
    with pytest.raises(AssertionError, match="mask"):
        module(torch.zeros(1, 2, 8), cache=cache)
