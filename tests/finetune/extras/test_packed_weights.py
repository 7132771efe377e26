"""finetune/extras/packed_weights.py: the same model, and its numbers in memory once."""

import pytest
import torch

from finetune.extras import packed_weights
from finetune.extras.packed_weights import pack, packed_copy
from gpt.linear import Linear
from gpt.sampling import generate
from tests import textbook

ONEDNN = hasattr(torch.ops.mkldnn, "_reorder_linear_weight")


def small_model(tied, dtype):
    return textbook.small_model(1, tied_head=tied).to(dtype)


def layers_of(model):
    return [module for module in model.modules() if isinstance(module, Linear)]


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_packed_model_gives_what_it_gave(dtype, tied):
    """In a batch, and selected positions; whatever the dtype can do here."""
    model, tokens = small_model(tied, dtype), textbook.random_tokens(3, 7, 0)
    with torch.inference_mode():
        expected = model(tokens)
        pack(model)
        logits = model(tokens)
        chosen = model(tokens, select=tokens > 15)
    close = {"rtol": 1e-4, "atol": 1e-4} if dtype == torch.float32 else {"rtol": 0.1, "atol": 0.3}
    torch.testing.assert_close(logits, expected, **close)
    torch.testing.assert_close(chosen, expected[tokens > 15], **close)


@pytest.mark.parametrize("tied", [True, False])
def test_it_writes_the_same_text_and_counts_as_many_parameters(tied):
    """One prompt, and several of unequal lengths, with the cache."""
    model, prompts = small_model(tied, torch.float32), [[1, 2, 3], [4, 5], [6]]
    count = model.num_parameters()
    written = [generate(model, some, 5, end_of_text=-1) for some in (prompts, prompts[:1])]
    pack(model)
    again = [generate(model, some, 5, end_of_text=-1) for some in (prompts, prompts[:1])]
    assert again == written and model.num_parameters() == count and model.device.type == "cpu"


@pytest.mark.skipif(not ONEDNN, reason="this build of torch has no oneDNN")
@pytest.mark.parametrize("tied", [True, False])
def test_a_layers_numbers_are_there_once(tied):
    model = small_model(tied, torch.float32)
    pack(model)
    assert len(layers_of(model)) == 8 + (not tied)
    assert all(layer.weight.is_meta for layer in layers_of(model))
    assert not model.wte.weight.is_meta and not any(p.is_meta for p in model.ln_f.parameters())


def test_what_has_no_packed_form_stays_as_it_is(monkeypatch):
    model = textbook.small_model(1)  # float64
    pack(model)
    assert not any(layer.weight.is_meta for layer in layers_of(model))
    assert packed_copy(torch.empty(3, 4, device="meta")) is None
    monkeypatch.setattr(packed_weights.torch.ops, "mkldnn", object())  # a build without oneDNN
    model = small_model(True, torch.float32)
    before = model(torch.tensor([[1, 2]]))
    pack(model)
    assert torch.equal(model(torch.tensor([[1, 2]])), before)
