"""finetune/walk/inside.py: attention weights and each layer's logits are the model's own."""

import copy

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from finetune.extras import lora
from finetune.walk.inside import (
    attention_scores,
    layer_logits,
    split_heads,
    trace,
    visible,
)
from gpt.tokenizer import Tokenizer
from tests import textbook

TEXTS = st.lists(st.integers(0, 30), min_size=1, max_size=12)


@given(TEXTS, st.integers(0, 99), st.integers(1, 3), st.sampled_from([1, 2, 4]))
def test_the_last_layer_says_what_the_model_says(tokens, seed, n_layer, n_head):
    """And an earlier layer what a model says whose last layer it is."""
    model = textbook.small_model(seed, n_layer=n_layer, n_head=n_head)
    hidden, _ = trace(model, tokens)
    expected = model(torch.tensor([tokens]))[0]
    torch.testing.assert_close(layer_logits(model, hidden[-1]), expected)
    model.h = model.h[:1]
    expected = model(torch.tensor([tokens]))[0]
    torch.testing.assert_close(layer_logits(model, hidden[0]), expected)


@given(TEXTS, st.integers(0, 99), st.sampled_from([1, 2, 4]))
def test_the_weights_are_those_that_the_attention_used(tokens, seed, n_head):
    """With the values and c_proj they make the layer's output; no token looks ahead."""
    model = textbook.small_model(seed, n_head=n_head)
    attn, found = model.h[0].attn, {}
    attn.register_forward_hook(lambda m, inputs, output: found.update(x=inputs[0], y=output))
    weights = trace(model, tokens)[1][0]  # (H, T, T)
    assert weights.shape == (n_head, len(tokens), len(tokens)) and weights.triu(1).eq(0).all()
    torch.testing.assert_close(weights.sum(2), torch.ones(n_head, len(tokens)))
    value = split_heads(attn.c_attn(found["x"]).chunk(3, dim=2)[2], n_head)
    mixed = attn.c_proj((weights.double() @ value).transpose(1, 2).flatten(2))
    torch.testing.assert_close(mixed, found["y"], rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(textbook.attention(found["x"][0], attn, n_head), found["y"][0])


def test_scores_are_scaled_by_the_heads_size():
    qkv = torch.zeros(1, 2, 12, dtype=torch.float64)
    qkv[0, 1, 2:4], qkv[0, 0, 6:8] = torch.tensor([3.0, 1.0]), torch.tensor([1.0, 5.0])
    scores = attention_scores(qkv, 2)  # D = 2: head 1 is the columns 2 and 3 of q, 6 and 7 of k
    assert scores[0, 1, 1].tolist() == pytest.approx([8 / 2**0.5, 0])
    assert scores[0, :, 0, 1].tolist() == [-torch.inf] * 2


def test_looking_leaves_no_trace(monkeypatch):
    model = textbook.small_model()
    lora.add(model, 2, 4.0, torch.Generator().manual_seed(0))
    before = copy.deepcopy(model.state_dict())
    model.train()
    trace(model, [1, 2, 3])
    monkeypatch.setattr(model, "hidden_states", lambda tokens: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        trace(model, [1, 2, 3])
    assert model.training and not [m for m in model.modules() if m._forward_hooks]
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())


def test_white_space_is_visible():
    tokenizer = Tokenizer(300)
    shown = [visible(tokenizer, token) for token in [*tokenizer.encode("a\n\tb"), 299]]
    assert shown == ["a", "↵", "⇥", "b", "END"]
