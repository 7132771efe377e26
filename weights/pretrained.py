"""A name or a directory → GPT and its tokenizer; and a GPT → a directory that other tools load.

GPT-2 comes in three forms, and all of them are read: OpenAI's own checkpoint (`hparams.json` and
`model.ckpt.*`), Hugging Face's `config.json` with `model.safetensors`, and the same with the older
`pytorch_model.bin`. What is written is the second one, with `vocab.json` and `merges.txt`.

How the forms name and arrange the parameters is in weights/names.py.
"""

import json
import sys
import zipfile
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from gpt.config import SIZES, GPTConfig
from gpt.errors import UserError
from gpt.model import GPT
from gpt.tokenizer import Tokenizer
from weights import safetensors
from weights.files import cache_directory, read_json_object, write_text
from weights.names import UNTIED_HEAD, parameter_names
from weights.openai_checkpoint import find_index, read_checkpoint
from weights.sources import fetch_pretrained

# Our field → its key in Hugging Face's config.json, and in OpenAI's hparams.json.
CONFIG_KEYS = {
    "vocab_size": ("vocab_size", "n_vocab"),
    "context_length": ("n_positions", "n_ctx"),
    "n_layer": ("n_layer", "n_layer"),
    "n_head": ("n_head", "n_head"),
    "n_embd": ("n_embd", "n_embd"),
}
# What GPT-2 fixes and this code takes for granted: key → the values that mean it. The first is
# GPT-2's own, which is also what a file means that does not say.
REQUIRED_VALUES = {
    "model_type": ("gpt2",),
    "activation_function": ("gelu_new", "gelu_pytorch_tanh"),
    "layer_norm_epsilon": (1e-5,),
    "scale_attn_weights": (True,),
    "scale_attn_by_inverse_layer_idx": (False,),
    "add_cross_attention": (False,),
}


TINY = Path(__file__).with_name("tiny")  # how it was made is in its README.md


class Pretrained(NamedTuple):
    """A model that is ready to use."""

    model: GPT
    tokenizer: Tokenizer
    prompt_template: str | None  # the one it was fine-tuned with; None if it was not


class RawCheckpoint(NamedTuple):
    """What is in a directory: tensors by Hugging Face's names, linear weights [in, out]."""

    model: GPT  # on the meta device: the shapes, which the tensors were checked to fit
    tokenizer: Tokenizer
    prompt_template: str | None
    tensors: dict[str, Tensor]  # memory maps
    path: Path  # of the file they are in


def load_model(
    name: str,
    init: str,
    generator: torch.Generator,
    dtype: torch.dtype = torch.float32,
    device: str | torch.device = "cpu",
) -> Pretrained:
    """The model of a size's name (one of SIZES) or in a directory.

    GPT-2's official weights are fetched and converted at the first use; `tiny` is in this room.
    `init` is "pretrained" or "random"; the latter takes the shape alone and draws new weights from
    `generator` (CPU). Raises UserError.
    """
    if init == "random":
        config, tokenizer = load_config(name)
        return Pretrained(GPT(config, generator).to(device, dtype), tokenizer, None)
    if name == "tiny":
        return load(TINY, dtype, device)
    return load(ensure_official(name) if name in SIZES else Path(name), dtype, device)


def load_config(name: str) -> tuple[GPTConfig, Tokenizer]:
    """The shape and the encoding of the model that `load_model` gives, without its weights."""
    if name in SIZES:
        return SIZES[name], Tokenizer(SIZES[name].vocab_size)
    config, tokenizer, _ = read_config(Path(name))
    return config, tokenizer


def ensure_official(name: str, cache: Path | None = None) -> Path:
    """A directory with the official weights of a size, fetched, verified and converted if need be.

    `cache` is `cache_directory()` if not given. Raises UserError.
    """
    cache = cache or cache_directory()
    converted = cache / name / "model"
    if (converted / "model.safetensors").is_file():  # written last: all of it is there
        return converted
    fetched = fetch_pretrained(name, cache)
    if (fetched / "model.safetensors").is_file():
        return fetched
    print(
        f"GPT-2 {name}: checking every tensor's CRC-32C, converting to {converted}", file=sys.stderr
    )
    convert(fetched, converted)
    return converted


def convert(source: Path, directory: Path, dtype: torch.dtype | None = None) -> RawCheckpoint:
    """Write the model in `source`, in any form, as a directory of this project's, and return it.

    No number changes or moves, unless they are to be rounded to a `dtype`: the tensors go from one
    file's memory map to the other file, so that memory holds the weights once, as pages the system
    may drop. Raises UserError.
    """
    stored = read(source)
    tensors = stored.tensors
    if dtype is not None:
        tensors = {name: tensor.to(dtype) for name, tensor in tensors.items()}
    _write(directory, stored.model.config, tensors, stored.prompt_template)
    return stored


def load(
    directory: Path, dtype: torch.dtype = torch.float32, device: str | torch.device = "cpu"
) -> Pretrained:
    """The model in `directory`, its parameters converted to `dtype` on `device` one by one.

    Each tensor of the file is let go of as soon as it is copied, so that memory holds the weights
    once, and one tensor more. Raises UserError, naming the file and what in it is wrong.
    """
    model, tokenizer, prompt_template, tensors, _ = read(directory)
    for name, _, transposed in parameter_names(model.config):
        tensor = tensors.pop(name).to(device, dtype)
        # Off the file's map, whose pages are to go; and for a matrix, transposed by the way.
        own = tensor.t().contiguous() if transposed else tensor.clone()
        module, _, leaf = name.rpartition(".")
        setattr(model.get_submodule(module), leaf, torch.nn.Parameter(own))
    return Pretrained(model, tokenizer, prompt_template)


def save(directory: Path, model: GPT, prompt_template: str | None = None) -> None:
    """Write the directory that `load` reads; where `model.safetensors` is, all of it is there."""
    parameters = dict(model.named_parameters())
    tensors = {
        name: parameters[name].t() if transposed else parameters[name]
        for name, _, transposed in parameter_names(model.config)
    }
    _write(directory, model.config, tensors, prompt_template)


def read(directory: Path) -> RawCheckpoint:
    """What is in a directory of any of the three forms, and fits its model. Raises UserError."""
    config, tokenizer, prompt_template = read_config(directory)
    for name in ("vocab.json", "encoder.json"):
        _check_encoding(directory / name, tokenizer)
    path = directory / "model.safetensors"
    pickled = directory / "pytorch_model.bin"
    if path.is_file():
        tensors = safetensors.read(path)
    elif pickled.is_file():
        path, tensors = pickled, _read_pickle(pickled)
    elif any(directory.glob("*.index")):
        path = find_index(directory)
        tensors = _from_openai(read_checkpoint(directory), config)
    else:
        raise UserError(
            f"{directory}: no model in it: no model.safetensors, pytorch_model.bin or *.index"
        )
    tensors = _normalize_names(tensors, config, path)
    return RawCheckpoint(
        _check_shapes(tensors, config, path), tokenizer, prompt_template, tensors, path
    )


def read_config(directory: Path) -> tuple[GPTConfig, Tokenizer, str | None]:
    """The shape in `config.json` or `hparams.json`, its encoding, and the prompt template named."""
    if not directory.is_dir():
        problem = "is a file, not a directory" if directory.exists() else "no such directory"
        raise UserError(f"{directory}: {problem}")
    path = directory / "config.json"
    form = 0
    if not path.is_file() and (directory / "hparams.json").is_file():
        path, form = directory / "hparams.json", 1
    if not path.is_file():
        raise UserError(f"{directory}: no config.json (or hparams.json) in it, so no model")
    fields = read_json_object(path)
    if form == 0:
        for key, values in REQUIRED_VALUES.items():
            if fields.get(key, values[0]) not in values:
                raise UserError(
                    f"{path}: {key} is {fields[key]!r}, where GPT-2 has {values[0]!r}: no GPT-2"
                )
    missing = [keys[form] for keys in CONFIG_KEYS.values() if keys[form] not in fields]
    if missing:
        raise UserError(f"{path}: {missing[0]} is missing")
    try:
        config = GPTConfig(
            **{field: fields[keys[form]] for field, keys in CONFIG_KEYS.items()},
            tied_head=fields.get("tie_word_embeddings", True),
        )
        tokenizer = Tokenizer(config.vocab_size)
    except UserError as error:
        raise UserError(f"{path}: {error}") from None
    if fields.get("n_inner") not in (None, 4 * config.n_embd):
        raise UserError(f"{path}: n_inner is {fields['n_inner']!r}, where GPT-2 has 4 · n_embd")
    template = fields.get("prompt_template")
    if template is not None and not isinstance(template, str):
        raise UserError(f"{path}: prompt_template should be a template's name, not {template!r}")
    return config, tokenizer, template


def _normalize_names(
    tensors: dict[str, Tensor], config: GPTConfig, path: Path
) -> dict[str, Tensor]:
    """Names without `transformer.`, and without causal masks and the copy of a tied head."""
    tidy = {}
    for name, tensor in tensors.items():
        name = name.removeprefix("transformer.")
        if not name.endswith((".attn.bias", ".attn.masked_bias")):
            tidy[name] = tensor
    head, embedding = tidy.get(UNTIED_HEAD), tidy.get("wte.weight")
    if config.tied_head and head is not None and embedding is not None:
        if not torch.equal(head, embedding):
            raise UserError(
                f"{path}: its {UNTIED_HEAD} is not the token embedding, though config.json ties "
                'them: if it was trained apart, set "tie_word_embeddings" to false there'
            )
        del tidy[UNTIED_HEAD]
    return tidy


def _from_openai(tensors: dict[str, Tensor], config: GPTConfig) -> dict[str, Tensor]:
    """OpenAI's variables under Hugging Face's names. What has no such name keeps its own.

    The linear weights, [1, in, out] as in the one-dimensional convolution they were written as,
    lose the 1.
    """
    names = {f"model/{theirs}": (ours, linear) for ours, theirs, linear in parameter_names(config)}
    renamed = {}
    for theirs, tensor in tensors.items():
        ours, linear = names.get(theirs, (theirs, False))
        renamed[ours] = tensor[0] if linear and tensor.dim() == 3 and len(tensor) == 1 else tensor
    return renamed


def _read_pickle(path: Path) -> dict[str, Tensor]:
    """The tensors of a `pytorch_model.bin`; `weights_only` refuses a pickle that would run code."""
    try:
        tensors = torch.load(path, weights_only=True, mmap=zipfile.is_zipfile(path))
    except Exception as error:  # whatever a damaged or hostile pickle makes the loader raise
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise UserError(f"{path}: not a file of PyTorch weights: {reason}") from error
    if not isinstance(tensors, dict) or not all(
        isinstance(name, str) and isinstance(value, Tensor) for name, value in tensors.items()
    ):
        raise UserError(f"{path}: holds something else than named tensors")
    return tensors


def _check_shapes(tensors: dict[str, Tensor], config: GPTConfig, path: Path) -> GPT:
    """A model without memory that these tensors fit, name by name and shape by shape, or UserError.

    It is on torch's meta device: shapes only, until each parameter is replaced.
    """
    layers = sum(name.endswith(".ln_1.bias") for name in tensors)
    if layers < config.n_layer:  # before a model of a million layers is built
        raise UserError(f"{path}: {config.n_layer} layers are configured, and {layers} are there")
    with torch.device("meta"):
        model = GPT(config)
    expected = dict(model.named_parameters())
    for problem, names in (
        ("missing", expected.keys() - tensors.keys()),
        ("not a part of this model", tensors.keys() - expected.keys()),
    ):
        if names:
            more = f" and {len(names) - 3} more" if len(names) > 3 else ""
            raise UserError(f"{path}: {problem}: {', '.join(sorted(names)[:3])}{more}")
    for name, _, transposed in parameter_names(config):
        tensor, shape = tensors[name], expected[name].shape
        shape = shape[::-1] if transposed else shape
        if tensor.shape != shape:
            raise UserError(
                f"{path}: tensor {name!r} has shape {list(tensor.shape)}; the configuration asks "
                f"for {list(shape)}"
            )
        if not tensor.is_floating_point():
            raise UserError(f"{path}: tensor {name!r} holds {tensor.dtype}, not floats")
    return model


def _check_encoding(path: Path, tokenizer: Tokenizer) -> None:
    """A model trained on another vocabulary would load and write nonsense; refuse it."""
    if path.is_file() and read_json_object(path) != tokenizer.vocab:
        raise UserError(f"{path}: not GPT-2's byte-pair encoding, the only one this project has")


def _write(
    directory: Path, config: GPTConfig, tensors: dict[str, Tensor], prompt_template: str | None
) -> None:
    """A directory in Hugging Face's form, each file whole before it has its name, tensors last."""
    directory.mkdir(parents=True, exist_ok=True)
    tokenizer = Tokenizer(config.vocab_size)
    fields = {"architectures": ["GPT2LMHeadModel"]}
    fields |= {key: values[0] for key, values in REQUIRED_VALUES.items()}
    fields |= {keys[0]: getattr(config, field) for field, keys in CONFIG_KEYS.items()}
    fields |= {
        "tie_word_embeddings": config.tied_head,
        "bos_token_id": tokenizer.end_of_text,
        "eos_token_id": tokenizer.end_of_text,
        "torch_dtype": str(tensors["wte.weight"].dtype).removeprefix("torch."),
    }
    if prompt_template is not None:
        fields["prompt_template"] = prompt_template
    write_text(directory / "config.json", json.dumps(fields, indent=2) + "\n")
    for name, text in tokenizer.files().items():
        write_text(directory / name, text)
    ordered = {name: tensors[name] for name, _, _ in parameter_names(config)}
    safetensors.write(directory / "model.safetensors", ordered)
