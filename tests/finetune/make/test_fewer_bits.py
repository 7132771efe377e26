"""Weights with fewer bits."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from finetune.make.fewer_bits import main, rounded
from tests.conftest import write_model_and_records
from weights import pretrained


@given(
    st.lists(st.floats(-1e6, 1e6, width=32, allow_subnormal=False), min_size=1, max_size=20),
    st.integers(min_value=1, max_value=7),
)
def test_a_number_moves_by_half_a_step_at_most(numbers, bits):
    x = torch.tensor(numbers)
    y = rounded(x, bits)
    assert ((y - x).abs() <= x.abs() * 2.0 ** -(bits + 1)).all()
    assert torch.equal(rounded(y, bits), y)
    assert torch.equal(rounded(y, 7).bfloat16().float(), y)  # bfloat16 holds it


def test_three_bits_of_the_fraction():
    assert rounded(torch.tensor([1.0, 1.06, 1.07, -1.9, 0.0]), 3).tolist() == [
        1,
        1,
        1.125,
        -1.875,
        0,
    ]


@pytest.mark.parametrize("bits", [2, 7])
def test_a_rounded_model_has_few_different_fractions(tmp_path, bits):
    write_model_and_records(tmp_path)
    assert main([str(tmp_path / "small"), str(tmp_path / "out"), "--bits", str(bits)]) == 0
    before, _, _ = pretrained.load(tmp_path / "small")
    after, _, _ = pretrained.load(tmp_path / "out")
    for old, new in zip(before.parameters(), after.parameters(), strict=True):
        assert torch.equal(new, rounded(old.detach(), bits))
        assert torch.frexp(new.abs())[0].unique().numel() <= 2**bits + 1
