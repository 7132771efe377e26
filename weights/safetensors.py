"""The safetensors format: a JSON header that says where each tensor lies, then the raw numbers.

    8 bytes             N, the header's length, little-endian
    N bytes             {"name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, ...}
    the rest            the tensors' bytes, row by row, little-endian; offsets count from here

Format: the README of the safetensors project. Nothing in such a file can run code, unlike a
pickle. It is written out here because the official package needs NumPy, and because it is short.
A file is read through one memory map: a tensor's bytes come from the disk when they are first used.

The header may have an entry `__metadata__`, whose texts every reader is free to ignore. There we
keep a checksum, `crc32`, of the header and all numbers (of the header as it is with eight zeros for
the checksum). A file that has one is held to it before it is used.
"""

import ctypes
import json
import math
import sys
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import BinaryIO, NamedTuple

import torch
from torch import Tensor

from gpt.errors import UserError
from weights.files import map_file, replacing, view_as

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
MAX_DIMENSIONS = 64  # of a tensor; torch computes with no more
PIECE = 1 << 22  # bytes read at a time for the checksum
NO_CHECKSUM = b"00000000"


class SafetensorsError(UserError):
    """A file that is not what the format asks for; the message names the file and the entry."""


class Entry(NamedTuple):
    """Where one tensor lies in the file, and as what."""

    dtype: torch.dtype
    shape: tuple[int, ...]
    start: int  # of the tensor's first byte, from the start of the file
    size: int  # in bytes


def read(path: Path) -> dict[str, Tensor]:
    """Every tensor of the file by name, views of one memory map, which must not be written to.

    The file is open as long as one of them lives. Raises SafetensorsError, also where the checksum
    in the file is another than that of its bytes.
    """
    assert sys.byteorder == "little", "the format's numbers are little-endian"
    with path.open("rb") as file:
        text, header = _parse(path, file)
        entries = _entries(path, text, header)
        _verify(path, text, header, file)
    data = map_file(path)
    return {
        name: view_as(data, entry.start, entry.dtype, entry.shape)
        for name, entry in entries.items()
    }


def read_header(path: Path) -> dict[str, Entry]:
    """Where each tensor lies. Raises SafetensorsError, unless every entry is possible."""
    with path.open("rb") as file:
        return _entries(path, *_parse(path, file))


def _entries(path: Path, text: bytes, header: dict[str, object]) -> dict[str, Entry]:
    """The entries of a header, each checked: in the file, of its size, no overlap, no gap."""
    file_size = path.stat().st_size
    data_start = 8 + len(text)
    entries = {
        name: _entry(f"{path}: tensor {name!r}", fields, data_start, file_size)
        for name, fields in header.items()
        if name != "__metadata__"
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


def _parse(path: Path, file: BinaryIO) -> tuple[bytes, dict[str, object]]:
    """The header of an open file, as text and as JSON; the numbers are next to be read."""
    file_size = path.stat().st_size
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
    return text, header


def _verify(path: Path, text: bytes, header: dict[str, object], file: BinaryIO) -> None:
    """Raise SafetensorsError if the header has a checksum that is not the file's.

    `file` is open at the first number, and is read to its end.
    """
    metadata = header.get("__metadata__")
    recorded = metadata.get("crc32") if isinstance(metadata, dict) else None
    if not isinstance(recorded, str):
        return
    crc = zlib.crc32(text.replace(recorded.encode("utf-8", "replace"), NO_CHECKSUM, 1))
    while piece := file.read(PIECE):
        crc = zlib.crc32(piece, crc)
    if f"{crc:08x}" != recorded:
        raise SafetensorsError(
            f"{path}: damaged: its checksum is {crc:08x}, and its header records {recorded:.8}; "
            "fetch or make it again"
        )


def _without_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("a name stands twice")
    return result


def _entry(where: str, fields: object, data_start: int, file_size: int) -> Entry:
    """One entry of the header, or a SafetensorsError that begins with `where`."""

    def naturals(value: object, most: int) -> bool:
        return (
            isinstance(value, list)
            and len(value) <= most
            and all(type(n) is int and 0 <= n < 2**63 for n in value)
        )

    if not isinstance(fields, dict) or set(fields) != {"dtype", "shape", "data_offsets"}:
        raise SafetensorsError(f"{where}: needs exactly dtype, shape and data_offsets")
    name, shape, offsets = fields["dtype"], fields["shape"], fields["data_offsets"]
    if not isinstance(name, str) or name not in DTYPES:
        raise SafetensorsError(f"{where}: dtype {name!r:.60} is none of {', '.join(DTYPES)}")
    if not naturals(shape, MAX_DIMENSIONS) or math.prod(max(n, 1) for n in shape) >= 2**63:
        raise SafetensorsError(f"{where}: shape {shape!r:.60} is no list of possible sizes")
    if not naturals(offsets, 2) or len(offsets) != 2 or offsets[0] > offsets[1]:
        raise SafetensorsError(f"{where}: data_offsets {offsets!r:.60} are no [start, end]")
    dtype, (start, end) = DTYPES[name], offsets
    if data_start + end > file_size:
        raise SafetensorsError(f"{where}: ends at {data_start + end}, the file at {file_size}")
    if math.prod(shape) * dtype.itemsize != end - start:
        raise SafetensorsError(f"{where}: {end - start} bytes do not hold {name} of shape {shape}")
    return Entry(dtype, tuple(shape), data_start + start, end - start)


def write(
    path: Path, tensors: Mapping[str, Tensor | Callable[[], Tensor]], checksum: bool = True
) -> None:
    """Write the tensors in this order; the file has its name when all of it is on the disk.

    A tensor may be given by a function that makes it, so that only one is in memory at a time.

    A transposed tensor is written as it reads, with a copy of that one alone. The metadata
    `format: pt` is what Hugging Face's loader asks to find. `checksum`: keep one in the header; who
    has one elsewhere need not wait for it. Raises OSError.
    """
    metadata = {"crc32": NO_CHECKSUM.decode()} if checksum else {}
    header: dict[str, object] = {"__metadata__": metadata | {"format": "pt"}}
    offset = 0
    for name, given in tensors.items():
        tensor = made(given)
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
        crc = zlib.crc32(text)
        for given in tensors.values():
            dense = made(given).detach().cpu().contiguous()
            if dense.nbytes:
                data = (ctypes.c_char * dense.nbytes).from_address(dense.data_ptr())
                file.write(data)
                crc = zlib.crc32(data, crc) if checksum else 0
        if checksum:
            file.seek(8 + text.index(NO_CHECKSUM))
            file.write(f"{crc:08x}".encode("ascii"))


def made(given: Tensor | Callable[[], Tensor]) -> Tensor:
    """The tensor, which may be given by a function that makes it."""
    return given if isinstance(given, Tensor) else given()
