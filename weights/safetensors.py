"""The safetensors format: a JSON header that says where each tensor lies, then the raw numbers.

    8 bytes             N, the header's length, little-endian
    N bytes             {"name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, ...}
    the rest            the tensors' bytes, row by row, little-endian; offsets count from here

Format: the README of the safetensors project. Nothing in such a file can run code, unlike a
pickle. It is written out here because the official package needs NumPy, and because it is short.
Files are read through memory maps: a tensor's bytes come from the disk when they are first used,
and leave with the tensor.
"""

import ctypes
import json
import math
import sys
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from gpt.errors import UserError
from weights.files import mapped, replacing

DTYPES = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "I64": torch.int64,
    "I32": torch.int32,
    "I16": torch.int16,
    "I8": torch.int8,
    "U8": torch.uint8,
    "BOOL": torch.bool,
}
NAMES = {dtype: name for name, dtype in DTYPES.items()}
MAX_HEADER = 100_000_000  # bytes; the format's own limit


class SafetensorsError(UserError):
    """A file that is not what the format asks for; the message names the file and the entry."""


class Entry(NamedTuple):
    """Where one tensor lies in the file, and as what."""

    dtype: torch.dtype
    shape: tuple[int, ...]
    start: int  # of the tensor's first byte, from the start of the file
    size: int  # in bytes


def read(path: Path) -> dict[str, Tensor]:
    """Every tensor of the file by name, each on a private memory map of its own.

    Writing to such a tensor changes it in memory and never the file. Raises SafetensorsError.
    """
    assert sys.byteorder == "little", "the format's numbers are little-endian"
    return {
        name: mapped(path, entry.start, entry.size, entry.dtype, entry.shape)
        for name, entry in read_header(path).items()
    }


def read_header(path: Path) -> dict[str, Entry]:
    """Where each tensor lies; every entry is checked: in the file, of its size, no overlap."""
    file_size = path.stat().st_size
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if file_size < 8 or length > min(MAX_HEADER, file_size - 8):
            raise SafetensorsError(
                f"{path}: no safetensors file, or cut short: its header would take {length} bytes "
                f"of {file_size}"
            )
        text = file.read(length)
    try:
        header = json.loads(text.decode("utf-8"), object_pairs_hook=_without_duplicates)
    except (ValueError, RecursionError) as error:
        raise SafetensorsError(f"{path}: its header is not valid JSON: {error}") from None
    if not isinstance(header, dict):
        raise SafetensorsError(f"{path}: its header is not a JSON object")
    header.pop("__metadata__", None)

    data_start = 8 + length
    entries = {
        name: _entry(f"{path}: tensor {name!r}", fields, data_start, file_size)
        for name, fields in header.items()
    }
    end = data_start
    for name, entry in sorted(entries.items(), key=lambda item: (item[1].start, item[1].size)):
        if entry.start != end:
            what = "overlaps the one before it" if entry.start < end else "leaves a gap before it"
            raise SafetensorsError(f"{path}: tensor {name!r} {what}")
        end += entry.size
    if end != file_size:
        raise SafetensorsError(f"{path}: {file_size - end} bytes after the last tensor")
    return entries


def _without_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("a name stands twice")
    return result


def _entry(where: str, fields: object, data_start: int, file_size: int) -> Entry:
    """One entry of the header, or a SafetensorsError that begins with `where`."""

    def naturals(value: object) -> bool:
        return isinstance(value, list) and all(type(n) is int and 0 <= n < 2**63 for n in value)

    if not isinstance(fields, dict) or set(fields) != {"dtype", "shape", "data_offsets"}:
        raise SafetensorsError(f"{where}: needs exactly dtype, shape and data_offsets")
    name, shape, offsets = fields["dtype"], fields["shape"], fields["data_offsets"]
    if not isinstance(name, str) or name not in DTYPES:
        raise SafetensorsError(f"{where}: dtype {name!r} is none of {', '.join(DTYPES)}")
    if not naturals(shape) or math.prod(max(n, 1) for n in shape) >= 2**63:
        raise SafetensorsError(f"{where}: shape {shape!r} is no list of possible sizes")
    if not naturals(offsets) or len(offsets) != 2 or offsets[0] > offsets[1]:
        raise SafetensorsError(f"{where}: data_offsets {offsets!r} are no [start, end]")
    dtype, (start, end) = DTYPES[name], offsets
    if data_start + end > file_size:
        raise SafetensorsError(f"{where}: ends at {data_start + end}, the file at {file_size}")
    if math.prod(shape) * dtype.itemsize != end - start:
        raise SafetensorsError(f"{where}: {end - start} bytes do not hold {name} of shape {shape}")
    return Entry(dtype, tuple(shape), data_start + start, end - start)


def write(path: Path, tensors: dict[str, Tensor]) -> None:
    """Write the tensors in this order; the file has its name when all of it is on the disk.

    A transposed tensor is written as it reads, with a copy of that one alone. The metadata
    `format: pt` is what Hugging Face's loader asks to find. Raises OSError.
    """
    header: dict[str, object] = {"__metadata__": {"format": "pt"}}
    offset = 0
    for name, tensor in tensors.items():
        start, offset = offset, offset + tensor.nbytes
        header[name] = {
            "dtype": NAMES[tensor.dtype],
            "shape": list(tensor.shape),
            "data_offsets": [start, offset],
        }
    text = json.dumps(header, separators=(",", ":")).encode("ascii")
    text += b" " * (-len(text) % 8)  # so that every tensor's numbers are aligned

    with replacing(path) as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for tensor in tensors.values():
            dense = tensor.detach().cpu().contiguous()
            if dense.nbytes:
                file.write((ctypes.c_char * dense.nbytes).from_address(dense.data_ptr()))
