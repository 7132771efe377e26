"""weights/pretrained.py: a saved directory comes back the same, and one that does not fit is
named."""

import json

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gpt.config import SIZES
from gpt.errors import UserError
from gpt.model import GPT
from gpt.tokenizer import Tokenizer
from tests import textbook
from weights import pretrained, safetensors

TOKENIZER = Tokenizer(300)


@pytest.fixture
def model():
    """All linear layers square or not, none symmetric: a transpose too many or too few shows."""
    return textbook.small_model(vocab_size=300).float()


def saved(directory, model, template=None):
    pretrained.save(directory, model, TOKENIZER, template)
    return directory


def parameters_equal(a, b):
    pairs = zip(a.named_parameters(), b.named_parameters(), strict=True)
    return all(n == m and torch.equal(p, q) for (n, p), (m, q) in pairs)


@given(
    layers=st.integers(1, 3), heads=st.integers(1, 3), tied=st.booleans(), seed=st.integers(0, 99)
)
def test_a_saved_directory_loads_back_bit_identical(tmp_path_factory, layers, heads, tied, seed):
    model = textbook.small_model(
        seed, vocab_size=300, n_layer=layers, n_head=heads, n_embd=4 * heads, tied_head=tied
    ).float()
    directory = saved(tmp_path_factory.mktemp("m"), model, "phi3")
    back = pretrained.load(directory)
    assert back.model.config == model.config and back.tokenizer.vocab_size == 300
    assert back.prompt_template == "phi3"
    assert parameters_equal(back.model, model)
    tokens = textbook.random_tokens(2, 7, seed, vocab_size=300)
    assert torch.equal(back.model(tokens), model(tokens))
    assert all(p.requires_grad and p.is_contiguous() for p in back.model.parameters())


def test_the_directory_is_laid_out_as_hugging_faces_gpt2(tmp_path, model):
    saved(tmp_path, model)
    names = {"config.json", "model.safetensors", "vocab.json", "merges.txt"}
    assert {path.name for path in tmp_path.iterdir()} == names
    config = json.loads((tmp_path / "config.json").read_text(encoding="utf-8"))
    expected = {"n_embd": 8, "n_head": 2, "n_layer": 2, "n_positions": 12, "vocab_size": 300}
    expected |= {"model_type": "gpt2", "activation_function": "gelu_new", "eos_token_id": 299}
    assert expected.items() <= config.items()
    tensors = safetensors.read(tmp_path / "model.safetensors")
    # what openai-community/gpt2 calls them, with the linear layers' weights as [in, out]
    assert tensors["h.1.attn.c_attn.weight"].shape == (8, 24)
    assert tensors["h.1.mlp.c_fc.weight"].shape == (8, 32)
    assert torch.equal(tensors["h.0.attn.c_proj.weight"], model.h[0].attn.c_proj.weight.t())
    assert torch.equal(tensors["wte.weight"], model.wte.weight)
    assert len(tensors) == 12 * 2 + 4


def test_a_second_save_replaces_the_first(tmp_path, model):
    saved(tmp_path, model)
    model.wte.weight.data += 1
    saved(tmp_path, model)
    assert parameters_equal(pretrained.load(tmp_path).model, model)


@pytest.mark.parametrize("stored", [torch.float16, torch.bfloat16, torch.float64])
def test_other_precisions_are_converted(tmp_path, model, stored):
    saved(tmp_path, model)
    path = tmp_path / "model.safetensors"
    narrow = {name: tensor.to(stored) for name, tensor in safetensors.read(path).items()}
    safetensors.write(path, narrow)
    back = pretrained.load(tmp_path).model
    for parameter, original in zip(back.parameters(), model.parameters(), strict=True):
        assert torch.equal(parameter, original.to(stored).float())


def test_loading_as_bfloat16_rounds_every_parameter(tmp_path, model):
    back = pretrained.load(saved(tmp_path, model), dtype=torch.bfloat16).model
    assert parameters_equal(back, model.bfloat16())


def damaged(directory, change):
    path = directory / "model.safetensors"
    tensors = safetensors.read(path)
    change(tensors)
    safetensors.write(path, tensors)


DAMAGES = {
    "missing": (lambda t: t.pop("ln_f.bias"), r"missing: ln_f\.bias"),
    "many missing": (
        lambda t: [t.pop(n) for n in list(t) if n.startswith("h.1.attn")],
        r"missing: h\.1\.attn\.c_attn\.bias, .* and 1 more",
    ),
    "extra": (
        lambda t: t.update(more=torch.zeros(1)),
        "not a part of this model: more",
    ),
    "misshapen": (
        lambda t: t.update({"wpe.weight": torch.zeros(11, 8)}),
        r"'wpe\.weight' has shape \[11, 8\]; config\.json asks for \[12, 8\]",
    ),
    "not transposed": (
        lambda t: t.update({"h.0.mlp.c_fc.weight": torch.zeros(32, 8)}),
        r"'h\.0\.mlp\.c_fc\.weight' has shape \[32, 8\]",
    ),
    "integers": (
        lambda t: t.update({"ln_f.bias": torch.zeros(8, dtype=torch.int32)}),
        r"'ln_f\.bias' holds torch\.int32",
    ),
}


@pytest.mark.parametrize("case", DAMAGES)
def test_a_tensor_that_does_not_fit_is_named(tmp_path, model, case):
    change, message = DAMAGES[case]
    damaged(saved(tmp_path, model), change)
    with pytest.raises(UserError, match=rf"model\.safetensors: .*{message}") as caught:
        pretrained.load(tmp_path)
    assert "\n" not in str(caught.value)


CONFIGS = {
    "no JSON": (lambda c: "{oops", "not JSON"),
    "no object": (lambda c: "[]", "not a JSON object"),
    "another model": (lambda c: c | {"model_type": "llama"}, "model_type is 'llama'"),
    "erf": (lambda c: c | {"activation_function": "gelu"}, "activation_function is 'gelu'"),
    "epsilon": (lambda c: c | {"layer_norm_epsilon": 1e-6}, "layer_norm_epsilon is 1e-06"),
    "inner": (lambda c: c | {"n_inner": 99}, "n_inner is 99"),
    "missing": (lambda c: {k: v for k, v in c.items() if k != "n_layer"}, "n_layer is missing"),
    "heads": (lambda c: c | {"n_head": 3}, "n_embd must be a multiple of n_head"),
    "text": (lambda c: c | {"n_head": "2"}, "n_head must be a positive integer"),
}


@pytest.mark.parametrize("case", CONFIGS)
def test_a_config_that_is_no_gpt2_is_named(tmp_path, model, case):
    change, message = CONFIGS[case]
    path = saved(tmp_path, model) / "config.json"
    changed = change(json.loads(path.read_text(encoding="utf-8")))
    path.write_text(changed if isinstance(changed, str) else json.dumps(changed), encoding="utf-8")
    with pytest.raises(UserError, match=rf"config\.json: .*{message}") as caught:
        pretrained.load(tmp_path)
    assert "\n" not in str(caught.value)


def test_another_vocabulary_is_refused(tmp_path, model):
    path = saved(tmp_path, model) / "vocab.json"
    vocab = json.loads(path.read_text(encoding="utf-8"))
    vocab["a"], vocab["b"] = vocab["b"], vocab["a"]
    path.write_text(json.dumps(vocab), encoding="utf-8")
    with pytest.raises(UserError, match=r"vocab\.json: not GPT-2's"):
        pretrained.load(tmp_path)


def test_a_directory_without_a_model_is_named(tmp_path, model):
    with pytest.raises(UserError, match="nowhere: no such directory"):
        pretrained.load(tmp_path / "nowhere")
    with pytest.raises(UserError, match=r"no config\.json in it"):
        pretrained.load(tmp_path)
    (saved(tmp_path, model) / "model.safetensors").unlink()
    with pytest.raises(UserError, match=r"no model\.safetensors in it"):
        pretrained.load(tmp_path)


def test_random_weights_take_the_shape_from_a_name_or_a_directory(tmp_path, model):
    saved(tmp_path, model)

    def generator():
        return torch.Generator().manual_seed(5)

    tiny = pretrained.from_name("tiny", "random", generator())
    assert tiny.model.config == SIZES["tiny"] and tiny.tokenizer.vocab_size == 8192
    assert parameters_equal(tiny.model, GPT(SIZES["tiny"], generator()))
    like = pretrained.from_name(str(tmp_path), "random", generator()).model
    assert like.config == model.config and not torch.equal(like.wte.weight, model.wte.weight)
    same = pretrained.from_name(str(tmp_path), "pretrained", generator()).model
    assert parameters_equal(same, model)
