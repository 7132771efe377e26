"""Files: written whole or not at all, kept in one cache, and mapped where they hold numbers.

A memory map makes a part of a file appear as memory: its bytes come from the disk when they are
first used, and can be dropped again while memory is short.
"""

import json
import mmap
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import torch
from torch import Tensor

from gpt.errors import UserError
from weights.crc32c import crc32c


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A file to write in, which takes the name `path` at the end, when all of it is on the disk.

    Until then, and for good if anything is raised, what stood under that name stays.
    """
    part = path.with_name(f"{path.name}.{os.getpid()}.part")  # another process has its own
    try:
        with _named(path):
            with part.open("wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def sync_directory(path: Path) -> None:
    """Have the names in a directory on the disk, where the system can be asked for that."""
    if os.name == "posix":
        directory = os.open(path, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)


def write_text(path: Path, text: str) -> None:
    """Write `text` in UTF-8, as `replacing` does.

    What UTF-8 cannot hold is escaped: a file name with bytes of another encoding has such parts.
    """
    with replacing(path) as file:
        file.write(text.encode("utf-8", errors="backslashreplace"))


def append_text(path: Path, text: str) -> None:
    """Add `text` in UTF-8 at the end of a file."""
    with _named(path), path.open("ab") as file:
        file.write(text.encode("utf-8"))


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """The system names no file when writing to it fails (a full disk); say which one it was."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error


def read_json_object(path: Path) -> dict:
    """The fields of a JSON file that holds one object. Raises UserError, naming the file."""
    try:
        fields = json.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path}: not JSON in UTF-8: {error}") from None
    if not isinstance(fields, dict):
        raise UserError(f"{path}: not a JSON object")
    return fields


def cache_directory() -> Path:
    """Where what was fetched is kept: below torch's own cache, which TORCH_HOME moves."""
    return Path(torch.hub.get_dir()) / "gpt2"


def mapped(path: Path, start: int, size: int, dtype: torch.dtype, shape: tuple[int, ...]) -> Tensor:
    """The `size` bytes of a file from `start` on as a tensor, on a memory map of its own.

    When the tensor goes, so does the map. What is written to it changes memory and never the file.
    Raises OSError; that the bytes are there, and are as many as the shape takes, is the caller's to
    know.
    """
    if size == 0:
        return torch.empty(shape, dtype=dtype)
    # A map starts at a multiple of the page size; the tensor somewhat behind that.
    skip = start % mmap.ALLOCATIONGRANULARITY
    with path.open("rb") as file:
        memory = mmap.mmap(file.fileno(), skip + size, access=mmap.ACCESS_COPY, offset=start - skip)
    raw = torch.frombuffer(memory, dtype=torch.uint8, count=size, offset=skip)
    if skip % dtype.itemsize:
        raw = raw.clone()  # torch wants numbers to start at a multiple of their size
    return raw.view(dtype).view(shape)


def file_checksum(path: Path) -> int:
    """The CRC-32C of a file's bytes, read in pieces. Raises OSError."""
    with path.open("rb") as file:
        return crc32c(file)
