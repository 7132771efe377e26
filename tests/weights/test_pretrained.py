"""weights/pretrained.py: what is saved comes back the same, and what does not fit is named."""

import json
import re
import socket
import time

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gpt.config import SIZES
from gpt.errors import UserError, run_script
from gpt.model import GPT
from gpt.tokenizer import Tokenizer
from tests import tensor_bundle as bundle
from tests import textbook
from weights import pretrained, safetensors
from weights.__main__ import main

WRITTEN = {"config.json", "generation_config.json", "model.safetensors"}
WRITTEN |= {"vocab.json", "merges.txt", "tokenizer_config.json"}


@pytest.fixture
def model():
    """All linear layers square or not, none symmetric: a transpose too many or too few shows."""
    return textbook.small_model(vocab_size=300).float()


def saved(directory, model, template=None):
    pretrained.save(directory, model, template)
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
    assert {path.name for path in tmp_path.iterdir()} == WRITTEN
    config = json.loads((tmp_path / "config.json").read_text(encoding="utf-8"))
    expected = {
        "n_embd": 8,
        "n_head": 2,
        "n_layer": 2,
        "n_positions": 12,
        "vocab_size": 300,
        "n_ctx": 12,
    }
    expected |= {"model_type": "gpt2", "activation_function": "gelu_new", "eos_token_id": 299}
    expected |= {"bos_token_id": 299, "tie_word_embeddings": True, "torch_dtype": "float32"}
    expected |= {"architectures": ["GPT2LMHeadModel"]}
    assert all(config[key] == value for key, value in expected.items())
    assert "prompt_template" not in config
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
        r"missing: h\.1\.attn\.c_attn\.bias, h\.1\.attn\.c_attn\.weight, h\.1\.attn\.c_proj\.bias "
        "and 1 more",
    ),
    "another block": (
        lambda t: t.update({"h.2.ln_1.bias": torch.zeros(8)}),
        r"not a part of this model: h\.2\.ln_1\.bias",
    ),
    "extra": (
        lambda t: t.update(more=torch.zeros(1)),
        "not a part of this model: more",
    ),
    "misshapen": (
        lambda t: t.update({"wpe.weight": torch.zeros(11, 8)}),
        r"'wpe\.weight' has shape \[11, 8\]; the configuration asks for \[12, 8\]",
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
    "template": (lambda c: c | {"prompt_template": []}, "prompt_template should be a text"),
    "vocabulary": (lambda c: c | {"vocab_size": 99999}, r"vocab\.json: not GPT-2's"),
    "many layers": (lambda c: c | {"n_layer": 1000}, "1000 layers are configured"),
    "a million layers": (
        lambda c: c | {"n_layer": 10**6},
        "n_layer must be an integer from 1 to 1",
    ),
    "endless": (lambda c: c | {"n_embd": 2**70}, "n_embd must be an integer from 1 to 1,000,000"),
    "nested": (lambda c: "[" * 100_000, "not JSON"),
    "open": (lambda c: c | {"tie_word_embeddings": "no"}, "tied_head must be true or false"),
    "unscaled": (lambda c: c | {"scale_attn_weights": False}, "scale_attn_weights is False"),
    "by layer": (
        lambda c: c | {"scale_attn_by_inverse_layer_idx": True},
        "scale_attn_by_inverse_layer_idx is True",
    ),
    "cross": (lambda c: c | {"add_cross_attention": True}, "add_cross_attention is True"),
    "missing": (lambda c: {k: v for k, v in c.items() if k != "n_layer"}, "n_layer is missing"),
    "heads": (lambda c: c | {"n_head": 3}, "n_embd must be a multiple of n_head"),
    "text": (lambda c: c | {"n_head": "2"}, "n_head must be an integer"),
}


@pytest.mark.parametrize("case", CONFIGS)
def test_a_config_that_is_no_gpt2_is_named(tmp_path, model, case):
    change, message = CONFIGS[case]
    path = saved(tmp_path, model) / "config.json"
    changed = change(json.loads(path.read_text(encoding="utf-8")))
    path.write_text(changed if isinstance(changed, str) else json.dumps(changed), encoding="utf-8")
    with pytest.raises(UserError, match=message) as caught:
        pretrained.load(tmp_path)
    assert str(tmp_path) in str(caught.value) and "\n" not in str(caught.value)


def test_a_byte_order_mark_in_a_config_is_passed_over(tmp_path, model):
    path = saved(tmp_path, model) / "config.json"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert parameters_equal(pretrained.load(tmp_path).model, model)


def test_a_config_that_leaves_out_what_gpt2_fixes_is_gpt2s(tmp_path, model):
    """OpenAI's own on Hugging Face says nothing of the head, and has a name of its own for GELU."""
    path = saved(tmp_path, model) / "config.json"
    shape = ("n_embd", "n_head", "n_layer", "n_positions", "vocab_size")
    config = {key: json.loads(path.read_text(encoding="utf-8"))[key] for key in shape}
    for more in ({}, {"activation_function": "gelu_pytorch_tanh"}):
        path.write_text(json.dumps(config | more), encoding="utf-8")
        back = pretrained.load(tmp_path)
        assert back.model.config == model.config and back.prompt_template is None
        assert parameters_equal(back.model, model)


def test_a_config_that_is_not_utf8_is_named(tmp_path, model):
    path = saved(tmp_path, model) / "config.json"
    path.write_bytes(path.read_bytes().replace(b'"gpt2"', b'"gpt2", "by": "caf\xe9"'))
    with pytest.raises(UserError, match=r"config\.json: not JSON in UTF-8"):
        pretrained.load(tmp_path)


def test_a_broken_vocabulary_is_named(tmp_path, model):
    path = saved(tmp_path, model) / "vocab.json"
    path.write_text("{oops", encoding="utf-8")
    with pytest.raises(UserError, match=r"vocab\.json: not JSON in UTF-8"):
        pretrained.load(tmp_path)


def test_a_stored_tensor_is_let_go_of_when_it_is_copied(tmp_path, model, monkeypatch):
    stored = pretrained.read(saved(tmp_path, model))
    monkeypatch.setattr(pretrained, "read", lambda directory: stored)
    pretrained.load(tmp_path)
    assert stored.tensors == {}


def test_saving_makes_the_directories_above(tmp_path, model):
    saved(tmp_path / "runs" / "first" / "model", model)
    assert parameters_equal(pretrained.load(tmp_path / "runs" / "first" / "model").model, model)


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
    with pytest.raises(UserError, match=r"no config\.json .* so no model"):
        pretrained.load(tmp_path)
    (saved(tmp_path, model) / "model.safetensors").unlink()
    with pytest.raises(UserError, match=r"no model in it: no model\.safetensors"):
        pretrained.load(tmp_path)


def test_random_weights_take_the_shape_from_a_name_or_a_directory(tmp_path, model):
    saved(tmp_path, model)

    def generator():
        return torch.Generator().manual_seed(5)

    tiny = pretrained.load_model("tiny", "random", generator())
    assert tiny.model.config == SIZES["tiny"] and tiny.tokenizer.vocab_size == 8192
    assert parameters_equal(tiny.model, GPT(SIZES["tiny"], generator()))
    like = pretrained.load_model(str(tmp_path), "random", generator()).model
    assert like.config == model.config and not torch.equal(like.wte.weight, model.wte.weight)
    same = pretrained.load_model(str(tmp_path), "pretrained", generator()).model
    assert parameters_equal(same, model)


# --- OpenAI's own form


def random_variables(n_layer=2, n_embd=8, vocab_size=300, context_length=12, seed=0):
    """OpenAI's variables with random numbers: square matrices are not symmetric, no two alike."""
    generator = torch.Generator().manual_seed(seed)
    return [
        bundle.Variable(v.name, torch.randn(v.tensor.shape, generator=generator) / 2)
        for v in bundle.gpt2_variables(n_layer, n_embd, vocab_size, context_length)
    ]


def openai_directory(directory, n_head=2, **shape):
    variables = random_variables(**shape)
    directory.mkdir(exist_ok=True)
    bundle.write(directory, variables)
    tensors = {v.name: v.tensor for v in variables}
    hparams = {
        "n_vocab": tensors["model/wte"].shape[0],
        "n_ctx": tensors["model/wpe"].shape[0],
        "n_embd": tensors["model/wte"].shape[1],
        "n_head": n_head,
        "n_layer": shape.get("n_layer", 2),
    }
    (directory / "hparams.json").write_text(json.dumps(hparams), encoding="utf-8")
    vocab = Tokenizer(hparams["n_vocab"]).vocab
    (directory / "encoder.json").write_text(json.dumps(vocab), encoding="utf-8")
    (directory / "checkpoint").write_text('model_checkpoint_path: "model.ckpt"\n', encoding="utf-8")
    return tensors


def test_openais_checkpoint_computes_what_openais_code_computes(tmp_path):
    """The logits from their variables by their formula: a transpose missed or too many shows."""
    variables = openai_directory(tmp_path)
    model = pretrained.load(tmp_path, dtype=torch.float64).model
    tokens = textbook.random_tokens(1, 12, 0, vocab_size=300)
    expected = textbook.gpt_from_openai(tokens[0].tolist(), variables, n_head=2)
    torch.testing.assert_close(model(tokens)[0], expected)


def test_conversion_keeps_every_bit(tmp_path):
    openai_directory(tmp_path / "from")
    pretrained.convert(tmp_path / "from", tmp_path / "to")
    before, after = (pretrained.load(tmp_path / name).model for name in ("from", "to"))
    assert parameters_equal(before, after)
    assert {path.name for path in (tmp_path / "to").iterdir()} == WRITTEN


def test_a_checkpoint_of_another_shape_is_named(tmp_path):
    openai_directory(tmp_path)
    hparams = json.loads((tmp_path / "hparams.json").read_text(encoding="utf-8"))
    for change, message in (
        ({"n_layer": 1}, r"not a part of this model: h\.1\.attn\.c_attn\.bias, .* and 9 more"),
        ({"n_layer": 3}, r"3 layers are configured, and 2 are there"),
        ({"n_ctx": 13}, r"'wpe\.weight' has shape \[12, 8\]"),
    ):
        (tmp_path / "hparams.json").write_text(json.dumps(hparams | change), encoding="utf-8")
        with pytest.raises(UserError, match=message):
            pretrained.load(tmp_path)


def test_the_checkpoint_that_the_note_names_is_read(tmp_path):
    variables = openai_directory(tmp_path)
    (tmp_path / "older.index").write_bytes(b"")
    model = pretrained.load(tmp_path).model
    assert torch.equal(model.wte.weight, variables["model/wte"])


# --- Hugging Face's older forms


def hugging_face_names(model, prefix):
    """The file as early versions of transformers wrote it: causal masks, a copy of the head."""
    parameters = dict(model.named_parameters())
    linear = ("c_attn.weight", "c_proj.weight", "c_fc.weight")
    tensors = {
        prefix + name: (p.t().contiguous() if name.endswith(linear) else p).detach().clone()
        for name, p in parameters.items()
    }
    for n in range(2):
        tensors[f"{prefix}h.{n}.attn.bias"] = torch.ones(1, 1, 12, 12).tril()
        tensors[f"{prefix}h.{n}.attn.masked_bias"] = torch.tensor(-1e4)
    tensors["lm_head.weight"] = parameters["wte.weight"].detach().clone()
    return tensors


@pytest.mark.parametrize("prefix", ["", "transformer."])
@pytest.mark.parametrize("form", ["safetensors", "zip", "legacy"])
def test_hugging_faces_files_old_and_new(tmp_path, model, prefix, form):
    saved(tmp_path, model)
    tensors = hugging_face_names(model, prefix)
    path = tmp_path / "model.safetensors"
    if form == "safetensors":
        safetensors.write(path, tensors)
    else:
        path.unlink()
        zipped = form == "zip"
        torch.save(tensors, tmp_path / "pytorch_model.bin", _use_new_zipfile_serialization=zipped)
    assert parameters_equal(pretrained.load(tmp_path).model, model)


def test_a_head_trained_apart_is_not_dropped_in_silence(tmp_path, model):
    saved(tmp_path, model)
    tensors = hugging_face_names(model, "")
    tensors["lm_head.weight"] = tensors["lm_head.weight"] + 1
    safetensors.write(tmp_path / "model.safetensors", tensors)
    with pytest.raises(UserError, match=r"lm_head\.weight is not the token embedding"):
        pretrained.load(tmp_path)
    path = tmp_path / "config.json"
    config = json.loads(path.read_text(encoding="utf-8")) | {"tie_word_embeddings": False}
    path.write_text(json.dumps(config), encoding="utf-8")
    untied = pretrained.load(tmp_path).model
    assert torch.equal(untied.lm_head.weight, model.wte.weight + 1)


class Hostile:
    """A pickle that would make a file when it is read."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


@pytest.mark.parametrize(
    "content", ["hostile", b"", b"not a pickle", b"PK\x03\x04 not a zip", [1, 2], {"a": 1}]
)
def test_a_pickle_that_is_not_weights_is_refused_and_never_run(tmp_path, model, content):
    saved(tmp_path, model)
    (tmp_path / "model.safetensors").unlink()
    path = tmp_path / "pytorch_model.bin"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        torch.save(Hostile(tmp_path / "made") if content == "hostile" else content, path)
    with pytest.raises(UserError, match=r"pytorch_model\.bin: ") as caught:
        pretrained.load(tmp_path)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "made").exists()


# --- official weights


def test_official_weights_are_verified_converted_once_and_then_found(tmp_path, capsys):
    """A 36-layer checkpoint, a few numbers wide, placed by hand where 774M's files belong."""
    variables = openai_directory_of_774M(tmp_path)
    directory = pretrained.ensure_official("774M", tmp_path)
    assert directory == tmp_path / "774M" / "model"
    model = pretrained.load(directory).model
    assert torch.equal(model.wte.weight, variables["model/wte"])
    for file in (tmp_path / "774M").glob("model.ckpt*"):
        file.unlink()
    assert pretrained.ensure_official("774M", tmp_path) == directory
    assert capsys.readouterr().err.count("converting") == 1


def openai_directory_of_774M(cache):
    return openai_directory(cache / "774M", n_layer=36)


def test_a_conversion_that_was_stopped_is_done_again(tmp_path):
    openai_directory_of_774M(tmp_path)
    half = tmp_path / "774M" / "model"
    half.mkdir()
    (half / "config.json").write_text("{}", encoding="utf-8")
    assert pretrained.load(pretrained.ensure_official("774M", tmp_path)).model.config.n_layer == 36


def test_official_weights_in_hugging_faces_form_are_used_as_they_are(tmp_path):
    model = textbook.small_model(vocab_size=300, n_layer=36)
    saved(tmp_path / "774M", model)
    assert pretrained.ensure_official("774M", tmp_path) == tmp_path / "774M"


# --- python -m weights


def weights_command(*arguments):
    return run_script(lambda: main([str(argument) for argument in arguments]))


def test_the_command_converts_and_says_what_it_verified(tmp_path, capsys):
    openai_directory(tmp_path / "from")
    assert weights_command(tmp_path / "from", tmp_path / "to") == 0
    printed = capsys.readouterr().out
    parameters = pretrained.load(tmp_path / "to").model.num_parameters()
    for part in (
        "model.ckpt.index",
        "CRC-32C",
        "28 tensors",
        f"{parameters:,}",
        str(tmp_path / "to"),
    ):
        assert part in printed
    assert weights_command(tmp_path / "to", tmp_path / "again") == 0
    assert (tmp_path / "again" / "model.safetensors").read_bytes() == (
        tmp_path / "to" / "model.safetensors"
    ).read_bytes()


@pytest.mark.parametrize("file", ["pytorch_model.bin.index.json", "model.safetensors.index.json"])
def test_the_command_converts_several_files_and_pickles(tmp_path, model, capsys, file):
    saved(tmp_path / "from", model)
    tensors = safetensors.read(tmp_path / "from" / "model.safetensors")
    part = file.replace(".index.json", "").replace(".", "-1.")
    if part.endswith("bin"):
        torch.save({name: tensor.clone() for name, tensor in tensors.items()}, tmp_path / "p")
        (tmp_path / "p").rename(tmp_path / "from" / part)
    else:
        safetensors.write(tmp_path / "from" / part, tensors)
    del tensors
    (tmp_path / "from" / "model.safetensors").unlink()
    content = {"weight_map": dict.fromkeys(dict(model.named_parameters()), part)}
    (tmp_path / "from" / file).write_text(json.dumps(content), encoding="utf-8")
    assert weights_command(tmp_path / "from", tmp_path / "to") == 0
    assert ("no code" in capsys.readouterr().out) == part.endswith("bin")
    assert parameters_equal(pretrained.load(tmp_path / "to").model, model)


def test_the_command_rounds_when_asked(tmp_path, capsys):
    whole = pretrained.load(saved(tmp_path / "from", textbook.small_model(vocab_size=300))).model
    assert weights_command(tmp_path / "from", tmp_path / "to", "bfloat16") == 0
    size = (tmp_path / "to" / "model.safetensors").stat().st_size
    assert size < 0.6 * (tmp_path / "from" / "model.safetensors").stat().st_size
    half = pretrained.load(tmp_path / "to").model
    for one, other in zip(whole.parameters(), half.parameters(), strict=True):
        assert torch.equal(one.to(torch.bfloat16).float(), other)


def test_the_command_fetches_by_name(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    (tmp_path / "hub" / "gpt2").mkdir(parents=True)
    openai_directory_of_774M(tmp_path / "hub" / "gpt2")
    assert weights_command("774M") == 0
    assert f"In:       {tmp_path / 'hub' / 'gpt2' / '774M' / 'model'}" in capsys.readouterr().out


def test_the_command_says_verified_of_what_fits_only(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    directory = saved(tmp_path / "hub/gpt2/774M", textbook.small_model(vocab_size=300, n_layer=36))
    assert weights_command("774M") == 0
    damaged(directory, lambda tensors: tensors.pop("ln_f.bias"))
    assert weights_command("774M") == 2
    printed = capsys.readouterr()
    assert "missing: ln_f.bias" in printed.err and printed.out.count("Verified") == 1


def test_the_commands_mistakes_are_one_line(tmp_path, capsys):
    openai_directory(tmp_path / "from")
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "x").touch()
    for arguments, message in (
        ([], "give one of 124M"),
        (["345M"], "did you mean 355M?"),
        (["a", "b", "c"], "give one of 124M"),
        ([tmp_path / "nowhere", tmp_path / "to"], "nowhere: no such directory"),
        ([tmp_path / "from", tmp_path / "there"], "there: already there"),
        ([tmp_path / "from", tmp_path / "there" / "x"], "x: already there"),
    ):
        assert weights_command(*arguments) == 2
        errors = capsys.readouterr().err.splitlines()
        assert len(errors) == 1 and message in errors[0]
    assert not (tmp_path / "to").exists()
    damaged_file = next((tmp_path / "from").glob("*.data-*"))
    content = bytearray(damaged_file.read_bytes())
    content[1000] ^= 1
    damaged_file.write_bytes(content)
    assert weights_command(tmp_path / "from", tmp_path / "to") == 2
    assert re.search(r"the bytes of 'model/h0/\S+' .* are damaged", capsys.readouterr().err)
    assert not (tmp_path / "to").exists()


@pytest.mark.parametrize("init", ["pretrained", "random"])
def test_a_model_by_name_has_the_dtype_asked_for(tmp_path, model, init):
    name = str(saved(tmp_path, model))
    generator = torch.Generator().manual_seed(5)
    for dtype in (torch.bfloat16, torch.float32):
        back = pretrained.load_model(name, init, generator, dtype).model
        assert {parameter.dtype for parameter in back.parameters()} == {dtype}


def test_tiny_is_at_hand_without_a_network(here, monkeypatch):
    """From any directory, and no byte is fetched."""

    def no_network(*arguments, **more):
        raise AssertionError("no connection should be opened")

    monkeypatch.setattr(socket, "create_connection", no_network)
    tiny = pretrained.load_model("tiny", "pretrained", torch.Generator())
    assert tiny.model.config == SIZES["tiny"] and tiny.prompt_template is None
    assert parameters_equal(tiny.model, pretrained.load(pretrained.TINY).model)
    drawn = pretrained.load_model("tiny", "random", torch.Generator()).model
    assert not torch.equal(tiny.model.wte.weight, drawn.wte.weight)


# --- what a name means


def test_a_run_and_a_file_in_a_directory_mean_the_model(tmp_path, model):
    """For every command: they all call load_model or load_config."""
    run = tmp_path / "runs" / "first"
    saved(run / "model", model)
    (run / "options.json").write_text("{}", encoding="utf-8")
    for name in (run, run / "model", run / "model/model.safetensors", run / "model/config.json"):
        back = pretrained.load_model(str(name), "pretrained", torch.Generator())
        assert parameters_equal(back.model, model)
        assert pretrained.load_config(str(name))[0] == model.config


def test_a_run_without_a_model_is_told(tmp_path):
    (tmp_path / "options.json").write_text("{}", encoding="utf-8")
    with pytest.raises(UserError, match="a run without a model: the first epoch's end saves it"):
        pretrained.load_config(str(tmp_path))


@pytest.mark.parametrize(
    ("name", "size"),
    {
        "355m": "355M", "345M": "355M", "gpt2": "124M", "gpt2-medium": "355M", "GPT2-XL": "1558M",
        "openai-community/gpt2-large": "774M", "1.5B": "1558M", "117M": "124M", "355": "355M",
        "Tiny": "tiny",
    }.items(),
)  # fmt: skip
def test_other_names_of_the_sizes_are_answered_with_ours(tmp_path, monkeypatch, name, size):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=f"no such directory; did you mean {size}\\?"):
        pretrained.load_config(name)


def test_a_name_of_nothing_is_answered_with_the_sizes(tmp_path):
    with pytest.raises(UserError, match="no such directory, nor one of tiny, 124M, "):
        pretrained.load_model(str(tmp_path / "llama"), "pretrained", torch.Generator())


# --- the encoding is proven, or the model refused


def configured(directory, **changes):
    path = directory / "config.json"
    config = json.loads(path.read_text(encoding="utf-8")) | changes
    path.write_text(json.dumps(config), encoding="utf-8")


@pytest.mark.parametrize(
    ("vocab_size", "file"),
    [(32_000, "spiece.model"), (21_128, "vocab.txt"), (50_257, "tokenizer.model")],
)
def test_a_tokenizer_of_another_kind_is_refused(tmp_path, model, vocab_size, file):
    saved(tmp_path, model)
    configured(tmp_path, vocab_size=vocab_size)
    (tmp_path / "vocab.json").unlink()
    (tmp_path / file).write_bytes(b"[PAD]\n")
    with pytest.raises(UserError, match=rf"{file}: a tokenizer of another kind than GPT-2's"):
        pretrained.load(tmp_path)


def test_a_directory_without_a_tokenizer_is_believed_for_gpt2s_own_size_only(tmp_path):
    for size in (50257, 8192):
        directory = saved(tmp_path / str(size), textbook.small_model(vocab_size=size))
        (directory / "vocab.json").unlink()
        assert pretrained.load(directory).tokenizer.vocab_size == size
    for size in (50256, 50258, 50304, 30000):
        configured(directory, vocab_size=size)
        with pytest.raises(UserError, match=f"a vocabulary of {size} tokens, which nothing shows"):
            pretrained.load(directory)


@pytest.mark.parametrize("end_of_text", [True, False])
def test_a_tokenizer_json_proves_its_vocabulary(tmp_path, model, end_of_text):
    saved(tmp_path, model)
    (tmp_path / "vocab.json").unlink()
    vocab = dict(Tokenizer(300).vocab)
    if not end_of_text:  # some list it among the added tokens only
        del vocab["<|endoftext|>"]
    path = tmp_path / "tokenizer.json"
    path.write_text(json.dumps({"model": {"type": "BPE", "vocab": vocab}}), encoding="utf-8")
    assert parameters_equal(pretrained.load(tmp_path).model, model)
    for other in (vocab | {"a": 98, "b": 97}, {}, [["a", -1.5]], None, 3):
        path.write_text(json.dumps({"model": {"vocab": other}}), encoding="utf-8")
        with pytest.raises(UserError, match=r"tokenizer\.json: not GPT-2's"):
            pretrained.load(tmp_path)


# --- for other programs


def test_untied_models_have_the_names_that_transformers_4_reads(tmp_path):
    model = textbook.small_model(vocab_size=300, tied_head=False).float()
    tensors = safetensors.read(saved(tmp_path, model) / "model.safetensors")
    assert "lm_head.weight" in tensors and len(tensors) == 12 * 2 + 5
    assert all(name.startswith("transformer.") for name in tensors if name != "lm_head.weight")


def test_the_tokenizers_files_hold_the_chat_template_and_the_end_of_text(tmp_path, model):
    pretrained.save(tmp_path / "a", model, "alpaca", "{{ messages[0] }}")
    pretrained.convert(tmp_path / "a", tmp_path / "b")
    for directory in (tmp_path / "a", tmp_path / "b"):
        tokenizer, generation = (
            json.loads((directory / f"{name}_config.json").read_text(encoding="utf-8"))
            for name in ("tokenizer", "generation")
        )
        assert tokenizer["chat_template"] == "{{ messages[0] }}"
        assert tokenizer["model_max_length"] == 12 and tokenizer["add_prefix_space"] is False
        assert tokenizer["eos_token"] == tokenizer["bos_token"] == "<|endoftext|>"
        assert generation["eos_token_id"] == generation["bos_token_id"] == 299
        assert pretrained.load(directory).prompt_template == "alpaca"


# --- a cache that cannot be written to


def test_weights_in_a_read_only_cache_are_used_as_they_are(tmp_path, capsys, monkeypatch):
    variables = openai_directory_of_774M(tmp_path)

    def read_only(path, *arguments, **options):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(pretrained.Path, "mkdir", read_only)
    directory = pretrained.ensure_official("774M", tmp_path)
    assert directory == tmp_path / "774M"
    assert torch.equal(pretrained.load(directory).model.wte.weight, variables["model/wte"])
    assert "not converted, used as it is" in capsys.readouterr().err


def test_a_damaged_head_of_another_dtype_is_told(tmp_path, model):
    saved(tmp_path, model)
    tensors = hugging_face_names(model, "")
    tensors["lm_head.weight"] = tensors["lm_head.weight"].half()
    safetensors.write(tmp_path / "model.safetensors", tensors)
    with pytest.raises(UserError, match=r"lm_head\.weight is not the token embedding"):
        pretrained.load(tmp_path)


@pytest.mark.parametrize("init", ["pretrained", "random"])
def test_a_million_layers_are_refused_at_once(tmp_path, init):
    """Before a module is made for each, which takes hours and all the memory there is."""
    openai_directory(tmp_path)
    hparams = json.loads((tmp_path / "hparams.json").read_text(encoding="utf-8"))
    hparams["n_layer"] = 1_000_000
    (tmp_path / "hparams.json").write_text(json.dumps(hparams), encoding="utf-8")
    started = time.process_time()
    with pytest.raises(
        UserError, match=r"hparams\.json: GPTConfig\.n_layer must be .* to 1,000, not"
    ):
        pretrained.load_model(str(tmp_path), init, torch.Generator())
    assert time.process_time() - started < 2
