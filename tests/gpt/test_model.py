"""gpt/model.py: every part against the textbook, and what must hold of any causal model."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.autograd.graph import saved_tensors_hooks

from finetune.collate import Batch
from finetune.loss import batch_loss_sum
from gpt.attention import KVCache
from gpt.model import GELU, GPT, FeedForward, LayerNorm, TransformerBlock
from tests import textbook

seeds = st.integers(0, 1000)
lengths = st.integers(1, 12)


@given(width=st.integers(1, 9), seed=seeds)
def test_layer_norm_is_the_textbooks(width, seed):
    torch.manual_seed(seed)
    module = LayerNorm(width).double()
    for parameter in module.parameters():
        parameter.data.normal_()
    x = 3 * torch.randn(4, width, dtype=torch.float64) + 1
    torch.testing.assert_close(module(x), textbook.layer_norm(x, module.weight, module.bias))


def test_layer_norm_epsilon_is_openais():
    """√(0 + ε) shows where the variance is about as small as ε."""
    x = torch.tensor([1e-3, -1e-3], dtype=torch.float64)
    assert LayerNorm(2).double()(x)[0].item() == pytest.approx(1e-3 / math.sqrt(1e-6 + 1e-5))


def test_gelu_is_the_tanh_form_and_not_the_erf_form():
    x = torch.linspace(-5, 5, 1001, dtype=torch.float64)
    torch.testing.assert_close(GELU()(x), textbook.gelu(x), rtol=0, atol=1e-12)
    # Their largest distance is 4.7e-4, near |x| = 2.3: far above what the line before allows.
    assert 4e-4 < (textbook.gelu(x) - textbook.gelu_erf(x)).abs().max() < 5e-4


@given(seed=seeds)
def test_feed_forward_and_block_are_the_textbooks(seed):
    torch.manual_seed(seed)
    config = textbook.small_config()
    x = torch.randn(2, 5, 8, dtype=torch.float64)
    mlp = FeedForward(config).double()
    torch.testing.assert_close(mlp(x), textbook.feed_forward(x, mlp))
    block = TransformerBlock(config).double()
    for row, fast in zip(x, block(x, None, None, 0), strict=True):
        torch.testing.assert_close(fast, textbook.block(row, block, config.n_head))


@given(seed=seeds, T=lengths, tied=st.booleans())
def test_gpt_is_the_textbooks(seed, T, tied):
    model = textbook.small_model(seed, tied_head=tied)
    tokens = textbook.random_tokens(2, T, seed)
    logits = model(tokens)
    assert logits.shape == (2, T, 31)
    for row, fast in zip(tokens.tolist(), logits, strict=True):
        torch.testing.assert_close(fast, textbook.gpt(row, model))


@given(seed=seeds, T=st.integers(2, 12), data=st.data())
def test_a_later_token_changes_no_earlier_logit(seed, T, data):
    t = data.draw(st.integers(1, T - 1))
    model, tokens = textbook.small_model(seed), textbook.random_tokens(1, T, seed)
    before = model(tokens)
    tokens[0, t] = (tokens[0, t] + 1) % 31
    after = model(tokens)
    assert torch.equal(before[:, :t], after[:, :t])
    assert not torch.allclose(before[:, t], after[:, t])


@given(seed=seeds, B=st.integers(2, 5), T=lengths)
def test_rows_do_not_see_each_other(seed, B, T):
    model, tokens = textbook.small_model(seed), textbook.random_tokens(B, T, seed)
    logits = model(tokens)
    for row in range(B):
        torch.testing.assert_close(logits[row], model(tokens[row : row + 1])[0])
    order = torch.randperm(B)
    torch.testing.assert_close(model(tokens[order]), logits[order])


@given(seed=seeds, T=lengths, data=st.data())
def test_selected_positions_are_exactly_those_of_the_full_logits(seed, T, data):
    model, tokens = textbook.small_model(seed), textbook.random_tokens(3, T, seed)
    chosen = st.lists(st.booleans(), min_size=3 * T, max_size=3 * T)
    select = torch.tensor(data.draw(chosen)).view(3, T)
    hidden = model.hidden_states(tokens, select=select)
    assert torch.equal(hidden, model.hidden_states(tokens)[select])
    torch.testing.assert_close(model(tokens, select=select), model(tokens)[select])


@given(seed=seeds, data=st.data())
def test_cached_chunks_give_what_one_pass_gives(seed, data):
    model, tokens = textbook.small_model(seed), textbook.random_tokens(2, 12, seed)
    cache, pieces = KVCache(), []
    while cache.length < 12:
        size = data.draw(st.integers(1, 12 - cache.length))
        pieces.append(model(tokens[:, cache.length : cache.length + size], cache=cache))
    torch.testing.assert_close(torch.cat(pieces, dim=1), model(tokens))


@given(seed=seeds, row_lengths=st.lists(st.integers(1, 8), min_size=2, max_size=4), data=st.data())
def test_left_padding_changes_nothing(seed, row_lengths, data):
    """Rows of unequal lengths, read in cached chunks, against each row alone."""
    model = textbook.small_model(seed)
    rows = [textbook.random_tokens(1, n, seed + i)[0] for i, n in enumerate(row_lengths)]
    longest = max(row_lengths)
    filler = data.draw(st.integers(0, 30))
    padded = torch.full((len(rows), longest), filler)
    for i, row in enumerate(rows):
        padded[i, longest - len(row) :] = row
    padding = torch.tensor([longest - n for n in row_lengths])
    cut = data.draw(st.integers(0, longest - 1))
    cache, pieces = KVCache(), []
    for part in (padded[:, :cut], padded[:, cut:]):
        if part.size(1):
            pieces.append(model(part, cache=cache, padding=padding))
    logits = torch.cat(pieces, dim=1)
    for i, row in enumerate(rows):
        torch.testing.assert_close(logits[i, longest - len(row) :], model(row[None])[0])


def test_more_tokens_than_the_context_is_a_bug():
    model = textbook.small_model()
    model(textbook.random_tokens(1, 12, 0))
    with pytest.raises(AssertionError, match="context"):
        model(textbook.random_tokens(1, 13, 0))


def test_tied_head_is_the_embedding_and_an_untied_one_is_not():
    tied, untied = textbook.small_model(), textbook.small_model(tied_head=False)
    assert "lm_head.weight" not in dict(tied.named_parameters())
    hidden = torch.randn(8, dtype=torch.float64)
    torch.testing.assert_close(tied.head(hidden), tied.wte.weight @ hidden)
    torch.testing.assert_close(untied.head(hidden), untied.lm_head.weight @ hidden)
    assert not torch.allclose(untied.head(hidden), untied.wte.weight @ hidden)


def test_initial_weights_are_gpt2s():
    """Standard deviations of thousands of draws, within 5 %; residual ones over √(2 · n_layer)."""
    config = textbook.small_config(n_layer=3, n_embd=64, vocab_size=500, context_length=100)
    model = GPT(config, torch.Generator().manual_seed(1))
    for name, parameter in model.named_parameters():
        if ".ln_" in name or name.startswith("ln_"):
            expected = torch.ones if name.endswith("weight") else torch.zeros
            assert torch.equal(parameter, expected(64)), name
        elif name.endswith("bias"):
            assert not parameter.any(), name
        else:
            std = 0.02
            if name == "wpe.weight":
                std = 0.01
            if "c_proj" in name:
                std = 0.02 / math.sqrt(2 * 3)
            assert parameter.std().item() == pytest.approx(std, rel=0.05), name
            assert abs(parameter.mean().item()) < std / 10, name


def test_initial_weights_come_from_the_generator():
    first, again, other = (
        GPT(textbook.small_config(), torch.Generator().manual_seed(seed)) for seed in (1, 1, 2)
    )
    assert torch.equal(first.wte.weight, again.wte.weight)
    assert not torch.equal(first.wte.weight, other.wte.weight)


def gradients(model, tokens, dtype=torch.float64):
    """The loss of a batch and every parameter's gradient, by name."""
    model.zero_grad()
    loss = batch_loss_sum(model, Batch(tokens[:, :-1], tokens[:, 1:]), dtype)
    loss.backward()
    return loss, {name: parameter.grad for name, parameter in model.named_parameters()}


@given(seed=seeds, T=st.integers(2, 12), vocabulary=st.sampled_from([1, 2, 31]))
def test_a_tied_embeddings_gradient_is_the_heads_and_the_lookups_together(seed, T, vocabulary):
    """Each of the two alone is that of an untied model with the same weights.

    With a small vocabulary most tokens are repeated, and their gradients add up.
    """
    tied = textbook.small_model(seed)
    untied = textbook.small_model(seed, tied_head=False)
    untied.load_state_dict({**tied.state_dict(), "lm_head.weight": tied.wte.weight})
    tokens = textbook.random_tokens(3, T, seed, vocabulary)
    loss, together = gradients(tied, tokens)
    same, apart = gradients(untied, tokens)
    assert loss == same
    assert all(gradient.layout == torch.strided for gradient in together.values())
    assert all(gradient.layout == torch.strided for gradient in apart.values())
    looked_up = torch.zeros(31, dtype=torch.bool).index_fill(0, tokens[:, :-1].flatten(), True)
    assert torch.equal(apart["wte.weight"].any(dim=1), looked_up)
    head = apart.pop("lm_head.weight")
    torch.testing.assert_close(together["wte.weight"], head + apart["wte.weight"])
    assert torch.equal(together["wte.weight"][~looked_up], head[~looked_up])
    for name in apart.keys() - {"wte.weight"}:
        assert torch.equal(together[name], apart[name]), name


@settings(max_examples=10)
@given(seed=seeds, tied=st.booleans(), vocabulary=st.sampled_from([1, 2, 31]))
def test_every_gradient_is_the_textbooks(seed, tied, vocabulary):
    model = textbook.small_model(seed, tied_head=tied)
    tokens = textbook.random_tokens(2, 6, seed, vocabulary)
    by_hand = sum(
        textbook.negative_log_likelihood(logits, target)
        for row in tokens
        for logits, target in zip(textbook.gpt(row[:-1].tolist(), model), row[1:], strict=True)
    )
    expected = torch.autograd.grad(by_hand, tuple(model.parameters()), materialize_grads=True)
    _, got = gradients(model, tokens)
    for gradient, (name, fast) in zip(expected, got.items(), strict=True):
        torch.testing.assert_close(fast, gradient, msg=name)


@pytest.mark.parametrize("tied", [True, False])
def test_under_autocast_no_weights_rounded_copy_is_kept(tied):
    """They would be half the size of the model. No activation here has the shape of a weight."""
    model, kept = GPT(textbook.small_config(tied_head=tied)), set()
    hooks = saved_tensors_hooks(lambda t: kept.add((t.dtype, tuple(t.shape))) or t, lambda t: t)
    with hooks, torch.autocast("cpu", torch.bfloat16):
        model(textbook.random_tokens(3, 5, 0))
    rounded = {shape for dtype, shape in kept if dtype == torch.bfloat16}
    weights = {tuple(parameter.shape) for parameter in model.parameters()}
    assert rounded and not rounded & (weights | {shape[::-1] for shape in weights})
