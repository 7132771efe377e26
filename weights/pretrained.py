"""A directory with a model in it → GPT and its tokenizer, and back.

The directory is laid out as Hugging Face's GPT-2, so that whatever reads those reads ours:
`config.json` (the shape), `model.safetensors` (the numbers), `vocab.json` and `merges.txt` (the
encoding). Parameter names in the file are the model's own, which are OpenAI's. One thing differs:
OpenAI's linear layers compute x · w and store w as [in, out]; `nn.Linear` computes x · Wᵀ and
stores W as [out, in].
"""

import json
import sys
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from gpt.config import SIZES, GPTConfig
from gpt.errors import UserError
from gpt.model import GPT
from gpt.tokenizer import Tokenizer
from weights import safetensors
from weights.files import write_text

# Our field → Hugging Face's key, in config.json.
CONFIG_KEYS = {
    "vocab_size": "vocab_size",
    "context_length": "n_positions",
    "n_layer": "n_layer",
    "n_head": "n_head",
    "n_embd": "n_embd",
    "tied_head": "tie_word_embeddings",
}
# What GPT-2 fixes and this code takes for granted: key → the values that mean it. The first is
# GPT-2's own, which is also what a file means that does not say.
FIXED = {
    "model_type": ("gpt2",),
    "activation_function": ("gelu_new", "gelu_pytorch_tanh"),
    "layer_norm_epsilon": (1e-5,),
    "n_inner": (None,),
    "scale_attn_weights": (True,),
    "scale_attn_by_inverse_layer_idx": (False,),
    "add_cross_attention": (False,),
}
TRANSPOSED = ("c_attn.weight", "c_proj.weight", "c_fc.weight")


class Pretrained(NamedTuple):
    """A model that is ready to use."""

    model: GPT
    tokenizer: Tokenizer
    prompt_template: str | None  # the one it was fine-tuned with; None if it was not


def from_name(
    name: str,
    init: str,
    generator: torch.Generator,
    dtype: torch.dtype = torch.float32,
    device: str | torch.device = "cpu",
) -> Pretrained:
    """The model of a size's name (one of SIZES) or in a directory.

    `init` is "pretrained" or "random"; the latter takes the shape alone and draws new weights from
    `generator` (CPU). Raises UserError.
    """
    if name == "tiny" and init == "pretrained":
        print("tiny has no trained weights yet: it starts from random ones", file=sys.stderr)
        init = "random"
    if init == "random":
        config = SIZES[name] if name in SIZES else read_config(Path(name))[0]
        model = GPT(config, generator).to(device, dtype)
        return Pretrained(model, Tokenizer(config.vocab_size), None)
    if name in SIZES:
        raise UserError(
            f"--model {name}: its weights are not here; give a model's directory, or --init random"
        )
    return load(Path(name), dtype, device)


def load(
    directory: Path, dtype: torch.dtype = torch.float32, device: str | torch.device = "cpu"
) -> Pretrained:
    """The model in `directory`, its parameters converted to `dtype` on `device` one by one.

    Raises UserError, naming the file and what in it is wrong.
    """
    config, prompt_template = read_config(directory)
    tokenizer = Tokenizer(config.vocab_size)
    _check_encoding(directory / "vocab.json", tokenizer)
    with torch.device("meta"):  # shapes without memory: each parameter is replaced by the file's
        model = GPT(config)
    path = directory / "model.safetensors"
    if not path.is_file():
        raise UserError(f"{directory}: no model.safetensors in it, so no model to load")
    _assign(model, safetensors.read(path), path, dtype, device)
    return Pretrained(model, tokenizer, prompt_template)


def save(
    directory: Path, model: GPT, tokenizer: Tokenizer, prompt_template: str | None = None
) -> None:
    """Write the directory that `load` reads. The numbers come last: where they are, all is
    there."""
    directory.mkdir(parents=True, exist_ok=True)
    config = {key: values[0] for key, values in FIXED.items()}
    config |= {key: getattr(model.config, field) for field, key in CONFIG_KEYS.items()}
    config |= {
        "architectures": ["GPT2LMHeadModel"],
        "bos_token_id": tokenizer.end_of_text,
        "eos_token_id": tokenizer.end_of_text,
        "torch_dtype": str(model.wte.weight.dtype).removeprefix("torch."),
    }
    if prompt_template is not None:
        config["prompt_template"] = prompt_template
    write_text(directory / "config.json", json.dumps(config, indent=2) + "\n")
    for name, text in tokenizer.files().items():
        write_text(directory / name, text)
    safetensors.write(
        directory / "model.safetensors",
        {
            name: parameter.t() if name.endswith(TRANSPOSED) else parameter
            for name, parameter in model.named_parameters()
        },
    )


def read_config(directory: Path) -> tuple[GPTConfig, str | None]:
    """The shape in `config.json`, and the prompt template if it names one. Raises UserError."""
    path = directory / "config.json"
    if not directory.is_dir():
        raise UserError(f"{directory}: no such directory")
    if not path.is_file():
        raise UserError(f"{directory}: no config.json in it, so no model directory")
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise UserError(f"{path}: not JSON in UTF-8: {error}") from None
    if not isinstance(stored, dict):
        raise UserError(f"{path}: not a JSON object")

    for key, values in FIXED.items():
        if stored.get(key, values[0]) not in values:
            raise UserError(
                f"{path}: {key} is {stored[key]!r}, where GPT-2 has {values[0]!r}: not a GPT-2"
            )
    fields = {field: stored[key] for field, key in CONFIG_KEYS.items() if key in stored}
    for field, key in CONFIG_KEYS.items():
        if field not in fields and field != "tied_head":  # which has a default in these files too
            raise UserError(f"{path}: {key} is missing")
    try:
        return GPTConfig(**fields), stored.get("prompt_template")
    except UserError as error:
        raise UserError(f"{path}: {error}") from None


def _check_encoding(path: Path, tokenizer: Tokenizer) -> None:
    """A model trained on another vocabulary would load and write nonsense; refuse it."""
    if not path.is_file():
        return
    try:
        same = json.loads(path.read_text(encoding="utf-8")) == tokenizer.vocab
    except ValueError as error:
        raise UserError(f"{path}: not JSON in UTF-8: {error}") from None
    if not same:
        raise UserError(f"{path}: not GPT-2's byte-pair encoding, the only one this project has")


def _assign(
    model: GPT,
    stored: dict[str, Tensor],
    path: Path,
    dtype: torch.dtype,
    device: str | torch.device,
) -> None:
    """Make the file's tensors the model's parameters, checking that they are the same by name and
    shape.

    Each is let go of as soon as it is copied, so that memory holds the weights once and one
    tensor more.
    """
    expected = dict(model.named_parameters())
    for problem, names in (
        ("missing", expected.keys() - stored.keys()),
        ("not a part of this model", stored.keys() - expected.keys()),
    ):
        if names:
            raise UserError(f"{path}: {problem}: {_listed(sorted(names))}")
    for name, parameter in expected.items():
        tensor = stored.pop(name)
        shape = tuple(reversed(parameter.shape)) if name.endswith(TRANSPOSED) else parameter.shape
        if tensor.shape != shape:
            raise UserError(
                f"{path}: tensor {name!r} has shape {list(tensor.shape)}; config.json asks for "
                f"{list(shape)}"
            )
        if not tensor.is_floating_point():
            raise UserError(f"{path}: tensor {name!r} holds {tensor.dtype}, not floating point")
        if name.endswith(TRANSPOSED):
            tensor = tensor.t()
        own = torch.empty(parameter.shape, dtype=dtype, device=device).copy_(tensor)
        module, _, leaf = name.rpartition(".")
        setattr(model.get_submodule(module), leaf, torch.nn.Parameter(own))


def _listed(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
