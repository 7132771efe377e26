"""The forms in which the numbers of a GPT-2 are stored, each read to Hugging Face's names.

    model.safetensors, pytorch_model.bin      Hugging Face's, in one file
    *.index.json and the files it names       the same in several
    model.ckpt.*                              OpenAI's
    *.pth, *.pt                               the book's state dict, or any of the names above

A prefix that torch.compile (`_orig_mod.`), DistributedDataParallel (`module.`) or a head
(`transformer.`) put before every name is dropped, and so are the causal masks that some files hold.
Nothing in a file is run: pickles are read with `weights_only`.
"""

import re
import zipfile
from collections.abc import Iterable
from pathlib import Path

import torch
from torch import Tensor

from gpt.errors import UserError
from weights import safetensors
from weights.files import read_json_object
from weights.names import TOP_LEVEL_PARAMS, parameter_names
from weights.openai_checkpoint import find_index, read_checkpoint

SINGLE_FILES = ("model.safetensors", "pytorch_model.bin")
SHARD_INDEXES = tuple(f"{name}.index.json" for name in SINGLE_FILES)
PREFIXES = re.compile(r"^(_orig_mod\.|module\.|transformer\.)+")
MASKS = (".attn.bias", ".attn.masked_bias", ".att.mask")  # constants, not parameters
LFS_POINTER = b"version https://git-lfs"  # how the file begins that Git LFS leaves in its place

EMBEDDING = TOP_LEVEL_PARAMS[0]


def find_weights(directory: Path) -> Path:
    """The file in `directory` that holds the tensors or lists their files. Raises UserError."""
    for name in SINGLE_FILES + SHARD_INDEXES:
        if (directory / name).is_file():
            return directory / name
    if any(directory.glob("*.index")):
        return find_index(directory)
    raise UserError(
        f"{directory}: no model in it: no model.safetensors, pytorch_model.bin or *.index"
        f"{some(path.name for path in directory.iterdir())}"
    )


def read_tensors(path: Path) -> dict[str, Tensor]:
    """The tensors of a file (one of those `find_weights` gives, or a state dict), by our names.

    Linear weights are [in, out]. What has no name in weights/names.py keeps its own. Most tensors
    are memory maps: read only, and their file stays open as long as one of them lives. Raises
    UserError.
    """
    if path.name.endswith(".index.json"):
        tensors = _read_shards(path)
    elif path.suffix == ".index":
        tensors = read_checkpoint(path.parent)
    else:
        tensors = _read_file(path)
    named = {PREFIXES.sub("", name): tensor for name, tensor in tensors.items()}
    if len(named) < len(tensors):
        raise UserError(f"{path}: two models in it: some names occur with and without a prefix")
    named = {name: tensor for name, tensor in named.items() if not name.endswith(MASKS)}
    if EMBEDDING.openai in named:
        return _from_openai(named)
    if EMBEDDING.book in named:
        return _from_book(named, path)
    return named


def some(names: Iterable[str]) -> str:
    """The end of an error's line: a few of the names that are there instead."""
    listed = sorted(names)
    more = f" and {len(listed) - 4} more" if len(listed) > 4 else ""
    return f"; there are: {', '.join(listed[:4])}{more}" if listed else ""


def _read_file(path: Path) -> dict[str, Tensor]:
    """The tensors of a file in safetensors' format, or of one that `torch.save` wrote."""
    with path.open("rb") as file:
        if file.read(len(LFS_POINTER)) == LFS_POINTER:
            raise UserError(
                f"{path}: a Git LFS pointer, not the file itself: run `git lfs pull` in its clone"
            )
    return safetensors.read(path) if path.suffix == ".safetensors" else _read_pickle(path)


def _read_shards(index: Path) -> dict[str, Tensor]:
    """The tensors that an index in Hugging Face's form finds in several files."""
    weight_map = read_json_object(index).get("weight_map")
    if not isinstance(weight_map, dict) or not all(
        isinstance(file, str) and file == Path(file).name for file in weight_map.values()
    ):
        raise UserError(f"{index}: its weight_map should give a file beside it for every name")
    tensors = {}
    for file in sorted(set(weight_map.values())):
        shard = index.with_name(file)
        if not shard.is_file():
            raise UserError(f"{shard}: no such file, though {index.name} names it: fetch it too")
        found = _read_file(shard)
        for name in (name for name, named in weight_map.items() if named == file):
            if name not in found:
                raise UserError(f"{shard}: missing: {name}, which {index.name} has in this file")
            tensors[name] = found[name]
    return tensors


def _read_pickle(path: Path) -> dict[str, Tensor]:
    """The named tensors that `torch.save` wrote; a pickle that would run code is refused."""
    try:
        content = torch.load(
            str(path), map_location="cpu", weights_only=True, mmap=zipfile.is_zipfile(path)
        )
    except Exception as error:  # whatever a damaged or hostile pickle makes the loader raise
        reason = str(error).partition("\n")[0] or type(error).__name__
        if "weights_only" in reason or "Weights only" in reason:  # torch then tells how to run code
            reason = "it is damaged, of another kind, or holds code, which is not run"
        raise UserError(f"{path}: not a file of PyTorch weights: {reason}") from error
    if isinstance(content, dict):
        if "model_args" in content:
            raise UserError(
                f"{path}: a checkpoint of nanoGPT, whose GELU is the erf form; GPT-2's, and ours, "
                "is the tanh form. It is another function, and cannot be loaded"
            )
        content = content.get("model_state_dict", content)  # as the book saves it with an optimizer
    if not isinstance(content, dict) or not all(
        isinstance(name, str) and isinstance(value, Tensor) for name, value in content.items()
    ):
        there = some(map(str, content)) if isinstance(content, dict) else ""
        raise UserError(f"{path}: holds something else than named tensors{there}")
    return content


def _from_openai(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Without the leading 1 of linear weights, [1, in, out] as in the convolutions they were."""
    n_layer = sum(name.endswith("/ln_1/b") for name in tensors)
    table = {names.openai: names for names in parameter_names(n_layer, tied_head=True)}
    renamed = {}
    for name, tensor in tensors.items():
        ours, _, _, linear = table.get(name, (name, "", "", False))
        renamed[ours] = tensor[0] if linear and tensor.dim() == 3 and len(tensor) == 1 else tensor
    return renamed


def _from_book(tensors: dict[str, Tensor], path: Path) -> dict[str, Tensor]:
    """Queries, keys and values joined, linear weights transposed to [in, out].

    The book trains its own models without biases of W_query, W_key and W_value: they are zeros.
    """
    n_layer = sum(name.endswith(".norm1.shift") for name in tensors)
    rest = dict(tensors)
    renamed: dict[str, Tensor] = {}
    for ours, _, book, linear in parameter_names(n_layer, tied_head=False):
        names = [book.format(part) for part in ("query", "key", "value")]
        names = names if "{}" in book else [book]
        parts = [rest.pop(name) for name in names if name in rest]
        if not parts and book.endswith("att.W_{}.bias"):
            renamed[ours] = torch.zeros(renamed[ours.replace("bias", "weight")].shape[-1])
            continue
        if len(parts) < len(names):
            missing = next(name for name in names if name not in tensors)
            raise UserError(f"{path}: missing: {missing}{some(rest)}")
        try:
            tensor = torch.cat(parts) if len(parts) > 1 else parts[0]
            renamed[ours] = tensor.t() if linear else tensor
        except RuntimeError:
            shapes = ", ".join(str(list(part.shape)) for part in parts)
            raise UserError(f"{path}: {names[0]} has an impossible shape: {shapes}") from None
    return renamed | rest
