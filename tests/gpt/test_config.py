"""gpt/config.py: the sizes, and a configuration that cannot make a model."""

import dataclasses

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gpt.config import SIZES, GPTConfig
from gpt.errors import UserError
from gpt.model import GPT

# OpenAI's released checkpoints, output head tied to the embedding.
PARAMETERS = {
    "124M": 124_439_808,
    "355M": 354_823_168,
    "774M": 774_030_080,
    "1558M": 1_557_611_200,
}


def count(config: GPTConfig) -> int:
    with torch.device("meta"):
        return GPT(config).num_parameters()


@pytest.mark.parametrize("name", PARAMETERS)
def test_sizes_have_the_released_parameter_counts(name):
    assert count(SIZES[name]) == PARAMETERS[name]


def test_untied_355M_has_the_lectures_count():
    assert count(dataclasses.replace(SIZES["355M"], tied_head=False)) == 406_286_336


@given(
    vocab=st.integers(1, 99),
    context=st.integers(1, 50),
    layers=st.integers(1, 4),
    heads=st.integers(1, 4),
    size=st.integers(1, 6),
    tied=st.booleans(),
)
def test_parameter_count_is_the_formulas(vocab, context, layers, heads, size, tied):
    C = heads * size
    per_block = 12 * C * C + 13 * C  # 4 + 8 matrices of C × C; 9 biases and 2 LayerNorms
    expected = (1 if tied else 2) * vocab * C + context * C + layers * per_block + 2 * C
    assert count(GPTConfig(vocab, context, layers, heads, C, tied)) == expected


@given(
    field=st.sampled_from(["vocab_size", "context_length", "n_layer", "n_head", "n_embd"]),
    value=st.one_of(st.integers(max_value=0), st.floats(), st.text(), st.none(), st.booleans()),
)
def test_an_impossible_value_is_refused_by_name(field, value):
    with pytest.raises(UserError, match=rf"GPTConfig\.{field} "):
        GPTConfig(**{field: value})


def test_a_size_that_no_model_has_is_refused():
    with pytest.raises(UserError, match=r"n_embd must be an integer from 1 to 1,000,000, not"):
        GPTConfig(n_embd=1_000_001)
    with pytest.raises(UserError, match=r"n_layer must be an integer from 1 to 1,000, not"):
        GPTConfig(n_layer=1_001)


def test_heads_must_divide_the_width_and_the_head_is_tied_or_not():
    with pytest.raises(UserError, match=r"GPTConfig\.n_embd .* n_head"):
        GPTConfig(n_embd=10, n_head=3)
    with pytest.raises(UserError, match=r"GPTConfig\.tied_head"):
        GPTConfig(tied_head=1)


def test_a_config_is_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        SIZES["124M"].n_layer = 3


def test_the_defaults_are_124M():
    assert GPTConfig() == SIZES["124M"]


@pytest.mark.parametrize("name", PARAMETERS)
def test_the_released_sizes_have_heads_of_64(name):
    """Counting parameters does not see it: no shape depends on the number of heads."""
    assert SIZES[name].n_embd == 64 * SIZES[name].n_head


def test_tiny_is_small_in_every_way():
    expected = {"vocab_size": 8192, "context_length": 256, "n_layer": 6, "n_head": 4, "n_embd": 256}
    assert SIZES["tiny"] == GPTConfig(**expected)
