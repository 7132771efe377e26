"""Read OpenAI's GPT-2 as OpenAI published it: a TensorFlow V2 checkpoint, without TensorFlow.

A checkpoint, in TensorFlow's words a tensor bundle, is one `NAME.index` and one or more
`NAME.data-00000-of-00001`. The data files, called shards, hold the tensors' bytes and nothing else.
The index is a small sorted table, in the format of LevelDB, from a variable's name to where its
bytes are:

    block, block, ..., footer
    footer   where the metaindex block (unused) and the index block are, zeros up to 40 bytes,
             and the magic number in 8
    index    block whose values say where the other blocks are
    block    entries, the offsets of some of them (for binary search; here all are read, in order),
             the number of these offsets; then one byte for the compression, and a checksum
    entry    how many bytes the key shares with the key before, how many follow, how long the value
             is; then the rest of the key and the value

Integers are varints: seven bits a byte, lowest first, the top bit set on all but the last. The
values are protocol buffers, that is a sequence of (field number and type, content). The first key
is empty and its value describes the whole; the others are variables.

Every block of the index has a checksum, which is checked whenever the block is read. Every tensor
has one too, so `verify` finds a single wrong bit among the eleven billion of GPT-2 355M. (It
does not find a forgery: whoever changes bytes on purpose can write new checksums as well.)

The format is defined in tensorflow by core/protobuf/tensor_bundle.proto, core/util/tensor_bundle,
core/lib/io/{format,block,table}, and by LevelDB's table_format.md. An index comes from the network,
so nothing in it is believed before it is checked: whatever its bytes, the functions here return or
raise `OpenAICheckpointError`.
"""

import math
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import torch

from gpt.errors import UserError
from weights.crc32c import crc32c, unmask
from weights.files import map_file, view_as

MAGIC = 0xDB4775248B80FB57
FOOTER_SIZE = 48
MAX_INDEX_SIZE = 1 << 20  # bytes; the largest GPT-2's index has about 20,000
MAX_NAME_SIZE = 500  # bytes; keys share their beginnings, so a small file could hold huge ones
MAX_SHARDS = 99_999  # the file names have five digits
MAX_DIMENSIONS = 254  # TensorFlow's own limit

# tensorflow/core/framework/types.proto
DTYPES = {1: torch.float32, 14: torch.bfloat16, 19: torch.float16}
OTHER_DTYPES = {
    2: "float64", 3: "int32", 4: "uint8", 5: "int16", 6: "int8", 7: "string", 8: "complex64",
    9: "int64", 10: "bool", 17: "uint16", 18: "complex128", 22: "uint32", 23: "uint64",
}  # fmt: skip


class OpenAICheckpointError(UserError):
    """A checkpoint that cannot be read, or whose bytes are not those that were written."""


class Entry(NamedTuple):
    """One tensor: its dtype and shape, where its bytes are, and their checksum."""

    dtype: torch.dtype
    shape: tuple[int, ...]
    shard: int  # number of the data file
    offset: int  # bytes from the start of that file
    size: int  # bytes
    crc32c: int  # of these bytes; plain, not in the masked form that the file has


def read_checkpoint(
    directory: Path, progress: Callable[[int], None] | None = None
) -> dict[str, torch.Tensor]:
    """Return the tensors of the checkpoint in `directory` by variable name, verified.

    They are views of read-only memory maps, one for each data file: the system reads their bytes
    when they are used. `progress` is as in `verify`. Raises `OpenAICheckpointError`.
    """
    index = find_index(directory)
    shards, entries = read_index(index)
    paths = [index.with_name(f"{index.stem}.data-{i:05}-of-{shards:05}") for i in range(shards)]
    verify(index, paths, progress)
    data = {shard: map_file(paths[shard]) for shard in {entry.shard for entry in entries.values()}}
    return {
        name: view_as(data[entry.shard], entry.offset, entry.dtype, entry.shape)
        for name, entry in _in_order(entries)
    }


def verify(index: Path, shards: list[Path], progress: Callable[[int], None] | None = None) -> None:
    """Check the bytes of every tensor against the checksum that `index` records for it.

    `shards` are the data files in order. `progress`, where given, is called after each tensor with
    its number of bytes. Raises `OpenAICheckpointError`, which names the file and the tensor.
    """
    count, entries = read_index(index)
    if len(shards) != count:
        raise OpenAICheckpointError(
            f"{index}: belongs to {count} data files, and {len(shards)} were given"
        )
    _refuse_missing_data(shards, entries)
    mapped: tuple[int, torch.Tensor] = (-1, torch.empty(0))  # a shard's number, and its bytes
    for name, entry in _in_order(entries):
        path = shards[entry.shard]
        if mapped[0] != entry.shard:
            mapped = entry.shard, map_file(path)
        actual = crc32c(mapped[1][entry.offset : entry.offset + entry.size])
        if actual != entry.crc32c:
            raise OpenAICheckpointError(
                f"{path}: the bytes of {name!r} ({entry.offset} to "
                f"{entry.offset + entry.size}) are damaged: their checksum is {actual:08x}, and "
                f"{index.name} records {entry.crc32c:08x}; remove the file and fetch it again"
            )
        if progress:
            progress(entry.size)


def read_index(path: Path) -> tuple[int, dict[str, Entry]]:
    """Read the index of a checkpoint: the number of data files, and the entries by variable name.

    The entries are in the order of the file: sorted by name, as UTF-8 bytes. Everything is checked
    that can be checked without the data files. Raises `OpenAICheckpointError`.
    """
    try:
        size = path.stat().st_size
        if size > MAX_INDEX_SIZE:
            raise _Malformed(f"{size} bytes are too many for the index of a GPT-2 checkpoint")
        table = _read_table(path.read_bytes())
        key, value = next(table, (None, b""))
        if key != b"":
            raise _Malformed("it has no header entry")
        shards = _read_header(value)
        entries = {}
        for key, value in table:
            if key.startswith(b"\0"):  # a slice's key; no name begins like this
                raise _Unsupported("some tensors are stored in slices")
            try:
                name = key.decode("utf-8")
            except UnicodeDecodeError:
                raise _Malformed(f"the name {key!r} is not UTF-8") from None
            try:
                entries[name] = _read_entry(value, shards)
            except _Malformed as error:
                raise type(error)(f"{name!r}: {error}") from None
        _refuse_overlaps(entries)
    except OSError as error:
        raise OpenAICheckpointError(f"{path}: cannot be read: {error.strerror}") from error
    except _Malformed as error:
        raise OpenAICheckpointError(
            f"{path}: not the index of a GPT-2 checkpoint: {error}; {error.remedy}"
        ) from error
    return shards, entries


class _Malformed(Exception):
    """What is wrong with an index; `read_index` raises it as an `OpenAICheckpointError`."""

    remedy = "fetch it again"


class _Unsupported(_Malformed):
    """A valid index, but of a kind that GPT-2 never has."""

    remedy = (
        "only whole tensors of float32, bfloat16 or float16, in uncompressed, little-endian files, "
        "can be read: save it so"
    )


# --- from bytes to (key, value) pairs: the table


def _read_table(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the table's entries, keys ascending."""
    if len(data) < FOOTER_SIZE:
        raise _Malformed(f"it has {len(data)} bytes, fewer than its footer alone would")
    footer = data[-FOOTER_SIZE:]
    if int.from_bytes(footer[40:], "little") != MAGIC:
        raise _Malformed("it does not end in the magic number of a TensorFlow index")
    metaindex, position = _handle(footer[:40], 0)
    index, position = _handle(footer[:40], position)
    if any(footer[position:40]):
        raise _Malformed("the footer does not end in zeros")
    _block(data, metaindex)  # its entries are not used, but its checksum is checked
    previous, block_end = None, 0
    for _, value in _entries(_block(data, index)):
        handle, end = _handle(value, 0)
        if end != len(value):
            raise _Malformed("the place of a block is followed by more bytes")
        if handle[0] < block_end:
            raise _Malformed(f"the block at {handle[0]} overlaps the one before")
        block_end = sum(handle)
        for key, content in _entries(_block(data, handle)):
            if previous is not None and key <= previous:
                raise _Malformed(f"the name {key!r} is out of order")
            previous = key
            yield key, content


def _block(data: bytes, handle: tuple[int, int]) -> bytes:
    """The content of the block at (offset, size); its checksum and compression byte are checked."""
    offset, size = handle
    end = offset + size + 5
    if end > len(data) - FOOTER_SIZE:
        raise _Malformed(f"a block at {offset} of {size} bytes reaches beyond its end")
    if unmask(int.from_bytes(data[end - 4 : end], "little")) != crc32c(data[offset : end - 4]):
        raise _Malformed(f"the block at {offset} is damaged: its checksum does not match")
    if data[end - 5] != 0:
        raise _Unsupported(f"the block at {offset} is compressed")
    return data[offset : end - 5]


def _entries(block: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the (key, value) pairs of a block. Keys are put together from shared prefixes."""
    restarts = int.from_bytes(block[-4:], "little")
    end = len(block) - 4 * (restarts + 1)
    if end < 0:
        raise _Malformed("a block is too short for its list of offsets")
    key, position = b"", 0
    while position < end:
        shared, position = _varint(block, position)
        unshared, position = _varint(block, position)
        size, position = _varint(block, position)
        value = position + unshared
        if shared > len(key) or value + size > end:
            raise _Malformed("an entry reaches beyond its block")
        if shared + unshared > MAX_NAME_SIZE:
            raise _Malformed(f"a name has {shared + unshared} bytes")
        key = key[:shared] + block[position:value]
        position = value + size
        yield key, block[value:position]


def _handle(data: bytes, position: int) -> tuple[tuple[int, int], int]:
    """A block's (offset, size), and the position after them."""
    offset, position = _varint(data, position)
    size, position = _varint(data, position)
    return (offset, size), position


def _varint(data: bytes, position: int) -> tuple[int, int]:
    """The unsigned number of up to 64 bits at `position`, and the position after it."""
    number = 0
    for i, byte in enumerate(data[position : position + 10]):
        number |= (byte & 0x7F) << 7 * i
        if byte < 0x80:
            if number >> 64:
                break
            return number, position + i + 1
    raise _Malformed("a number does not end where it should")


# --- from values to what they mean: the messages


def _read_header(value: bytes) -> int:
    """The number of data files, from a BundleHeaderProto."""
    fields = _fields(value, {1: int, 2: int})
    shards = _last(fields[1])
    if not 1 <= shards <= MAX_SHARDS:
        raise _Malformed(f"it names {shards} data files")
    if _last(fields[2]) != 0:
        raise _Unsupported("the data is big-endian")
    return shards


def _read_entry(value: bytes, shards: int) -> Entry:
    """One tensor, from a BundleEntryProto."""
    fields = _fields(value, {1: int, 2: bytes, 3: int, 4: int, 5: int, 6: int, 7: bytes})
    if fields[7]:
        raise _Unsupported("it is stored in slices")
    number = _last(fields[1])
    if number not in DTYPES:
        name = OTHER_DTYPES.get(number, f"of the unknown type {number}")
        raise _Unsupported(f"its elements are {name}")
    dtype = DTYPES[number]
    shape = _read_shape(b"".join(fields[2]))  # protocol buffers merge a repeated message
    shard, offset, size = (_last(fields[i]) for i in (3, 4, 5))
    if shard >= shards:
        raise _Malformed(f"it is in data file {shard}, and there are {shards}, counted from 0")
    if size != math.prod(shape) * dtype.itemsize:
        raise _Malformed(f"{size} bytes do not hold the shape {shape} in {dtype}")
    return Entry(dtype, shape, shard, offset, size, unmask(_last(fields[6])))


def _read_shape(value: bytes) -> tuple[int, ...]:
    """A tensor's dimensions, from a TensorShapeProto."""
    fields = _fields(value, {2: bytes, 3: int})
    if _last(fields[3]):
        raise _Malformed("its shape is unknown")
    if len(fields[2]) > MAX_DIMENSIONS:
        raise _Malformed(f"its shape has {len(fields[2])} dimensions")
    shape = tuple(_last(_fields(dimension, {1: int})[1]) for dimension in fields[2])
    if math.prod(max(1, size) for size in shape) >= 1 << 60:  # -1 would read as 2^64 - 1
        raise _Malformed(f"its shape {shape} is not possible")
    return shape


def _fields(message: bytes, kinds: dict[int, type]) -> dict[int, list]:
    """The contents, in order, of the fields of a protocol buffer that `kinds` names.

    `kinds` says for each number whether its contents are `int` or `bytes`. Other fields are
    skipped: protocol buffers ask this of every reader, so that an old one reads a newer file.
    """
    found: dict[int, list] = {number: [] for number in kinds}
    position = 0
    while position < len(message):
        tag, position = _varint(message, position)
        number, wire_type = tag >> 3, tag & 7
        if wire_type == 0:
            content, position = _varint(message, position)
        elif wire_type in (1, 2, 5):
            size = {1: 8, 5: 4}.get(wire_type)
            if size is None:
                size, position = _varint(message, position)
            if position + size > len(message):
                raise _Malformed(f"field {number} is cut short")
            content = message[position : position + size]
            position += size
            if wire_type != 2:
                content = int.from_bytes(content, "little")
        else:
            raise _Malformed(f"field {number} has the unknown type {wire_type}")
        if number in kinds:
            if not isinstance(content, kinds[number]):
                raise _Malformed(f"field {number} has the wrong type {wire_type}")
            found[number].append(content)
    return found


def _last(contents: list[int]) -> int:
    """The value of a field that may occur once: the last wins, and absent means 0."""
    return contents[-1] if contents else 0


# --- the files


def _refuse_overlaps(entries: dict[str, Entry]) -> None:
    """Raise _Malformed if two tensors have bytes in common."""
    ends: dict[int, tuple[int, str]] = {}
    for name, entry in _in_order(entries):
        end, before = ends.get(entry.shard, (0, ""))
        if entry.offset < end:
            raise _Malformed(f"{name!r} overlaps {before!r}")
        ends[entry.shard] = (entry.offset + entry.size, name)


def _refuse_missing_data(paths: list[Path], entries: dict[str, Entry]) -> None:
    """Raise if a data file is missing or too short, before any tensor is read."""
    sizes = []
    for path in paths:
        try:
            with path.open("rb") as file:
                sizes.append(file.seek(0, os.SEEK_END))
        except FileNotFoundError:
            raise OpenAICheckpointError(
                f"{path}: this data file is missing; fetch it, or put it beside its index"
            ) from None
        except OSError as error:
            raise OpenAICheckpointError(f"{path}: cannot be read: {error.strerror}") from error
    for name, entry in _in_order(entries):
        end, size = entry.offset + entry.size, sizes[entry.shard]
        if end > size:
            raise OpenAICheckpointError(
                f"{paths[entry.shard]}: cut short: it has {size} bytes, and {name!r} should end at "
                f"{end}; fetch it again"
            )


def _in_order(entries: dict[str, Entry]) -> list[tuple[str, Entry]]:
    """The entries in the order of their bytes in the data files."""
    return sorted(entries.items(), key=lambda item: (item[1].shard, item[1].offset))


def find_index(directory: Path) -> Path:
    """The index named in TensorFlow's file `checkpoint`; without that file, the only index."""
    note = directory / "checkpoint"
    try:
        if note.is_file():
            with note.open(encoding="utf-8", errors="replace") as file:
                text = file.read(1 << 16)
            named = re.search(r'^\s*model_checkpoint_path:\s*"([^"]+)"', text, re.MULTILINE)
            if named is None:
                raise OpenAICheckpointError(
                    f'{note}: has no line model_checkpoint_path: "..."; fetch or remove it'
                )
            # Often a path on the machine where it was saved: only its last part counts here.
            index = directory / (re.split(r"[/\\]", named[1])[-1] + ".index")
            if not index.is_file():
                raise OpenAICheckpointError(
                    f"{note}: names the checkpoint {named[1]!r}, and there is no {index.name!r} "
                    "beside it; put it there, or remove the note"
                )
            return index
        found = sorted(directory.glob("*.index"))
    except OSError as error:
        raise OpenAICheckpointError(f"{directory}: cannot be read: {error.strerror}") from error
    if len(found) != 1:
        names = ", ".join(path.name for path in found) or "none"
        raise OpenAICheckpointError(
            f"{directory}: expected one checkpoint, NAME.index, and found {names}"
        )
    return found[0]
