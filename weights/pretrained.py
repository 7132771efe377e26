"""A name or a directory → GPT and its tokenizer; and a GPT → a directory that other tools load.

GPT-2 is stored in several forms; weights/forms.py reads them all. One is written: Hugging Face's
`config.json` with `model.safetensors`, and the files of its tokenizer. docs/weights.md tells which
programs open such a directory.

What is loaded has GPT-2's encoding, or its first ids (gpt/tokenizer.py). The files of a tokenizer
prove it; without any, a vocabulary of exactly the size of GPT-2's, or of `tiny`'s, is believed.
"""

import dataclasses
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from gpt.config import SIZES, GPTConfig
from gpt.errors import UserError
from gpt.model import GPT
from gpt.tokenizer import END_OF_TEXT, MAX_VOCAB_SIZE, MIN_VOCAB_SIZE, Tokenizer
from weights import safetensors
from weights.files import cache_directory, read_json_object, write_text
from weights.forms import EMBEDDING, SHARD_INDEXES, SINGLE_FILES, find_weights, read_tensors, some
from weights.names import TOP_LEVEL_PARAMS, UNTIED_HEAD, Names, parameter_names
from weights.sources import fetch_pretrained, similar_name

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

HEAD_SIZE = 64  # in every GPT-2; where no configuration says it, the number of heads follows
CONFIG_FILES = ("config.json", "hparams.json")  # Hugging Face's, OpenAI's

# The files of a tokenizer that list its tokens, and those of tokenizers of another kind.
VOCABULARIES = ("vocab.json", "encoder.json", "tokenizer.json")
OTHER_TOKENIZERS = ("*.model", "*.spm", "vocab.txt")

TINY = Path(__file__).with_name("tiny")  # how it was made is in its README.md


class Pretrained(NamedTuple):
    """A model that is ready to use."""

    model: GPT
    tokenizer: Tokenizer
    prompt_template: str | None  # the one it was fine-tuned with; None if it was not


class RawCheckpoint(NamedTuple):
    """What is stored: tensors by Hugging Face's names, linear weights [in, out]."""

    model: GPT  # on the meta device: the shapes, which the tensors were checked to fit
    tokenizer: Tokenizer
    prompt_template: str | None
    chat_template: str | None  # the same for other programs, in Jinja
    tensors: dict[str, Tensor]  # memory maps, read only
    path: Path  # of the file that holds the tensors or lists their files


def load_model(
    name: str,
    init: str,
    generator: torch.Generator,
    dtype: torch.dtype = torch.float32,
    device: str | torch.device = "cpu",
) -> Pretrained:
    """The model of a size's name (one of SIZES), or the one that `find_model` finds.

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
        config = SIZES[name]
    else:
        path = find_model(name)
        stored = _guess_config(read_tensors(path), path) if path.is_file() else read_config(path)
        config = _without_padding(stored)
    return config, _tokenizer(config.vocab_size)


@lru_cache(maxsize=2)
def _tokenizer(vocab_size: int) -> Tokenizer:
    """The same for all: GPT-2's takes 36 MB, and 0.1 s to make."""
    return Tokenizer(vocab_size)


def find_model(name: str | Path) -> Path:
    """The directory of a model, or a file of tensors that stands alone. Raises UserError.

    `name` is either of them, a run's directory (then it is the `model/` in it), or a file in a
    model's directory.
    """
    path = Path(name)
    if path.is_file():
        in_directory = path.name in SINGLE_FILES + SHARD_INDEXES + CONFIG_FILES
        return path.parent if in_directory and _has_config(path.parent) else path
    if not path.is_dir():
        size = similar_name(str(name))
        hint = f"; did you mean {size}?" if size else f", nor one of {', '.join(SIZES)}"
        raise UserError(f"{path}: no such directory{hint}")
    if not _has_config(path):
        if (path / "model").is_dir():
            return path / "model"
        if (path / "options.json").is_file():
            raise UserError(f"{path}: a run without a model: the first epoch's end saves it")
    return path


def _has_config(directory: Path) -> bool:
    return any((directory / name).is_file() for name in CONFIG_FILES)


def ensure_official(name: str, cache: Path | None = None) -> Path:
    """A directory with the official weights of a size, fetched, verified and converted if need be.

    `cache` is `cache_directory()` if not given. Where the conversion cannot be written (full disk,
    read-only cache), the directory of the files as they were published. Raises UserError.
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
    try:
        convert(fetched, converted)
    except OSError as error:
        reason = f"{error.filename}: {error.strerror}"
        print(f"GPT-2 {name}: not converted, used as it is: {reason}", file=sys.stderr)
        return fetched
    return converted


def convert(source: Path, directory: Path, dtype: torch.dtype | None = None) -> RawCheckpoint:
    """Write the model in `source`, in any form, as a directory of this project's, and return it.

    No number changes, unless they are to be rounded to a `dtype`: the tensors go from one file's
    memory map to the other file, so that memory holds the weights once, as pages the system may
    drop. Raises UserError.
    """
    raw = read(source)
    tensors = raw.tensors
    if dtype is not None:
        tensors = {name: tensor.to(dtype) for name, tensor in tensors.items()}
    _write(directory, raw.model.config, tensors, raw.prompt_template, raw.chat_template)
    return raw


def load(
    source: Path, dtype: torch.dtype = torch.float32, device: str | torch.device = "cpu"
) -> Pretrained:
    """The model that `find_model` finds, its parameters converted to `dtype` on `device` in turn.

    Each tensor of the file is dropped as soon as it is copied, so that memory holds the weights
    once, and one tensor more. Raises UserError, naming the file and what in it is wrong.
    """
    raw = read(source)
    for name, _, _, linear in _names(raw.model.config):
        stored = raw.tensors.pop(name)
        values = stored.t() if linear else stored
        # a copy, never a view of the map: its file is to be closed
        copy = torch.empty(values.shape, dtype=dtype, device=device).copy_(values)
        module, _, leaf = name.rpartition(".")
        setattr(raw.model.get_submodule(module), leaf, torch.nn.Parameter(copy))
    return Pretrained(raw.model, raw.tokenizer, raw.prompt_template)


def save(
    directory: Path,
    model: GPT,
    prompt_template: str | None = None,
    chat_template: str | None = None,
) -> None:
    """Write the directory that `load` reads; where `model.safetensors` is, all of it is there.

    `prompt_template` is the name of the template that the model was fine-tuned with, and
    `chat_template` the same in Jinja, for other programs. Raises OSError.
    """
    tensors = {
        name: partial(_as_stored, model, name, linear)
        for name, _, _, linear in _names(model.config)
    }
    _write(directory, model.config, tensors, prompt_template, chat_template)


def _as_stored(model: GPT, name: str, linear: bool) -> Tensor:
    """A parameter as files have it: a linear weight is [in, out], with its adapter merged."""
    module_name, _, leaf = name.rpartition(".")
    module: Any = model.get_submodule(module_name)
    return module.plain_weight().t() if linear else getattr(module, leaf)


def read(source: Path) -> RawCheckpoint:
    """What is stored at `source` in any form (weights/forms.py), checked. Raises UserError."""
    path = find_model(source)
    prompt_template = chat_template = None
    if path.is_file():
        weights, tensors = path, read_tensors(path)
        config = _guess_config(tensors, path)
        tokenizer = _proven_tokenizer(path, config.vocab_size)
    else:
        config = read_config(path)
        tokenizer = _proven_tokenizer(path, config.vocab_size)
        prompt_template = _text_field(path / "config.json", "prompt_template")
        chat_template = _text_field(path / "tokenizer_config.json", "chat_template")
        weights = find_weights(path)
        tensors = read_tensors(weights)
    _drop_tied_head(tensors, config, weights)
    for name in (EMBEDDING.ours, UNTIED_HEAD.ours):
        if name in tensors and tensors[name].shape[:1] == (config.vocab_size,):
            tensors[name] = tensors[name][:MAX_VOCAB_SIZE]
    config = _without_padding(config)
    model = _check_shapes(tensors, config, weights)
    return RawCheckpoint(model, tokenizer, prompt_template, chat_template, tensors, weights)


def read_config(directory: Path) -> GPTConfig:
    """The shape in `config.json` or `hparams.json`, as it stands there. Raises UserError."""
    path, form = directory / "config.json", 0
    if not path.is_file():
        path, form = directory / "hparams.json", 1
    if not path.is_file():
        raise UserError(
            f"{directory}: no config.json (or hparams.json) in it, so no model"
            f"{some(path.name for path in directory.iterdir())}"
        )
    fields = read_json_object(path)
    if form == 0:
        for key, values in REQUIRED_VALUES.items():
            if fields.get(key, values[0]) not in values:
                raise UserError(
                    f"{path}: {key} is {fields[key]!r}, where GPT-2 has {values[0]!r}: no GPT-2"
                )
    missing = [keys[form] for keys in CONFIG_KEYS.values() if keys[form] not in fields]
    if missing:
        raise UserError(f"{path}: {missing[0]} is missing{some(fields)}")
    shape = {field: fields[keys[form]] for field, keys in CONFIG_KEYS.items()}
    config = _checked_config(path, shape | {"tied_head": fields.get("tie_word_embeddings", True)})
    if fields.get("n_inner") not in (None, 4 * config.n_embd):
        raise UserError(f"{path}: n_inner is {fields['n_inner']!r}, where GPT-2 has 4 · n_embd")
    return config


def _guess_config(tensors: dict[str, Tensor], path: Path) -> GPTConfig:
    """The shape of a model whose file has no configuration beside it. Raises UserError."""
    tables = [tensors[names.ours] for names in TOP_LEVEL_PARAMS[:2] if names.ours in tensors]
    if len(tables) < 2 or any(table.dim() != 2 for table in tables):
        raise UserError(f"{path}: no embeddings of a GPT-2 in it{some(tensors)}")
    (vocab_size, n_embd), (context_length, _) = (table.shape for table in tables)
    if n_embd % HEAD_SIZE:
        raise UserError(
            f"{path}: its width {n_embd} is no multiple of {HEAD_SIZE}, so the number of heads is "
            "unknown: give the directory of a model with its config.json"
        )
    head = tensors.get(UNTIED_HEAD.ours)
    shape = {
        "vocab_size": vocab_size,
        "context_length": context_length,
        "n_layer": _count_layers(tensors),
        "n_head": n_embd // HEAD_SIZE,
        "n_embd": n_embd,
        "tied_head": head is None or _same(head, tables[0]),
    }
    return _checked_config(path, shape)


def _checked_config(path: Path, shape: dict[str, Any]) -> GPTConfig:
    """The configuration of this shape, or a UserError that names the file it is from."""
    try:
        config = GPTConfig(**shape)
    except UserError as error:
        raise UserError(f"{path}: {error}") from None
    if config.vocab_size < MIN_VOCAB_SIZE:
        raise UserError(f"{path}: a vocabulary of {config.vocab_size} tokens has no room for bytes")
    return config


def _without_padding(config: GPTConfig) -> GPTConfig:
    """The configuration without the rows of the embedding beyond GPT-2's vocabulary.

    Such rows are padding or tokens that were added. Our encoding never produces them.
    """
    return dataclasses.replace(config, vocab_size=min(config.vocab_size, MAX_VOCAB_SIZE))


def _proven_tokenizer(path: Path, vocab_size: int) -> Tokenizer:
    """The tokenizer of a model that has GPT-2's encoding; with another it would write nonsense.

    Raises UserError.
    """
    size = min(vocab_size, MAX_VOCAB_SIZE)
    tokenizer, proven = _tokenizer(size), False
    for file in (path / name for name in VOCABULARIES):
        if not file.is_file():
            continue
        vocab: Any = read_json_object(file)
        if file.name == "tokenizer.json":
            vocab = vocab.get("model")
            vocab = vocab.get("vocab") if isinstance(vocab, dict) else None
        if isinstance(vocab, dict):
            vocab = {END_OF_TEXT: size - 1} | vocab  # some list it among the added tokens only
            if vocab_size > size:  # and some list tokens that were added
                vocab = {token: i for token, i in vocab.items() if type(i) is not int or i < size}
        if vocab != tokenizer.vocab:
            raise UserError(
                f"{file}: not GPT-2's byte-pair encoding, the only one this project has"
            )
        proven = True
    others = [file.name for pattern in OTHER_TOKENIZERS for file in path.glob(pattern)]
    if others and not proven:
        raise UserError(f"{path / others[0]}: a tokenizer of another kind than GPT-2's")
    if not proven and vocab_size not in {config.vocab_size for config in SIZES.values()}:
        raise UserError(
            f"{path}: a vocabulary of {vocab_size} tokens, which nothing shows to be GPT-2's: put "
            "the vocab.json of its tokenizer beside it"
        )
    return tokenizer


def _text_field(path: Path, key: str) -> str | None:
    """A text in a JSON file; None if there is no such file or field. Raises UserError."""
    value = read_json_object(path).get(key) if path.is_file() else None
    if value is not None and not isinstance(value, str):
        raise UserError(f"{path}: {key} should be a text, not {value!r:.60}")
    return value


def _drop_tied_head(tensors: dict[str, Tensor], config: GPTConfig, path: Path) -> None:
    """Remove the copy of the embedding that some files have as the head. Raises UserError."""
    head, embedding = tensors.get(UNTIED_HEAD.ours), tensors.get(EMBEDDING.ours)
    if config.tied_head and head is not None and embedding is not None:
        if not _same(head, embedding):
            raise UserError(
                f"{path}: its {UNTIED_HEAD.ours} is not the token embedding, though config.json "
                'ties them: if it was trained apart, set "tie_word_embeddings" to false there'
            )
        del tensors[UNTIED_HEAD.ours]


def _same(one: Tensor, other: Tensor) -> bool:
    return one.dtype == other.dtype and torch.equal(one, other)


def _count_layers(tensors: dict[str, Tensor]) -> int:
    return sum(name.endswith(".ln_1.bias") for name in tensors)


def _names(config: GPTConfig) -> Iterator[Names]:
    return parameter_names(config.n_layer, config.tied_head)


def _check_shapes(tensors: dict[str, Tensor], config: GPTConfig, path: Path) -> GPT:
    """A model without memory that these tensors fit, name by name and shape by shape, or UserError.

    It is on torch's meta device: shapes only, until each parameter is replaced.
    """
    layers = _count_layers(tensors)
    if layers < config.n_layer:  # before a model of a million layers is built
        raise UserError(
            f"{path}: {config.n_layer} layers are configured, and {layers} are there{some(tensors)}"
        )
    with torch.device("meta"):
        model = GPT(config)
    expected = dict(model.named_parameters())
    missing, unknown = expected.keys() - tensors.keys(), tensors.keys() - expected.keys()
    if missing:
        raise UserError(f"{path}: missing: {_first(missing)}{some(unknown or tensors)}")
    if unknown:
        raise UserError(f"{path}: not a part of this model: {_first(unknown)}")
    for name, _, _, linear in _names(config):
        tensor, shape = tensors[name], expected[name].shape
        shape = shape[::-1] if linear else shape
        if tensor.shape != shape:
            raise UserError(
                f"{path}: tensor {name!r} has shape {list(tensor.shape)}; the configuration asks "
                f"for {list(shape)}"
            )
        if not tensor.is_floating_point():
            raise UserError(f"{path}: tensor {name!r} holds {tensor.dtype}, not floats")
    return model


def _first(names: set[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(sorted(names)[:3]) + more


def _write(
    directory: Path,
    config: GPTConfig,
    tensors: Mapping[str, Tensor | Callable[[], Tensor]],
    prompt_template: str | None,
    chat_template: str | None,
) -> None:
    """A directory in Hugging Face's form, each file whole before it has its name, tensors last."""
    directory.mkdir(parents=True, exist_ok=True)
    tokenizer = _tokenizer(config.vocab_size)
    special_ids = {"bos_token_id": tokenizer.end_of_text, "eos_token_id": tokenizer.end_of_text}
    fields: dict[str, Any] = {"architectures": ["GPT2LMHeadModel"]}
    fields |= {key: values[0] for key, values in REQUIRED_VALUES.items()}
    fields |= {keys[0]: getattr(config, field) for field, keys in CONFIG_KEYS.items()}
    fields |= {
        "n_ctx": config.context_length,  # the same again, for llama.cpp and MLX
        "tie_word_embeddings": config.tied_head,
        **special_ids,
        "torch_dtype": str(safetensors.made(tensors[EMBEDDING.ours]).dtype).removeprefix("torch."),
    }
    if prompt_template is not None:
        fields["prompt_template"] = prompt_template
    tokenizer_fields = {
        "tokenizer_class": "GPT2Tokenizer",
        "add_prefix_space": False,
        "model_max_length": config.context_length,
        **dict.fromkeys(("bos_token", "eos_token", "unk_token"), END_OF_TEXT),
    }
    if chat_template is not None:
        tokenizer_fields["chat_template"] = chat_template
    _write_json(directory / "config.json", fields)
    _write_json(directory / "generation_config.json", {"do_sample": False, **special_ids})
    _write_json(directory / "tokenizer_config.json", tokenizer_fields)
    for name, text in tokenizer.files().items():
        write_text(directory / name, text)
    # With a head beside them, transformers 4 reads the other names only behind `transformer.`.
    prefix = "" if config.tied_head else "transformer."
    ordered = {
        (name if name == UNTIED_HEAD.ours else prefix + name): tensors[name]
        for name, *_ in _names(config)
    }
    safetensors.write(directory / "model.safetensors", ordered)


def _write_json(path: Path, fields: dict[str, Any]) -> None:
    write_text(path, json.dumps(fields, indent=2) + "\n")
