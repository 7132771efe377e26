"""Files: written whole or not at all, kept in one cache, and mapped where they hold numbers.

A memory map makes a file appear as memory: its bytes come from the disk when they are first used,
and can be dropped again while memory is short. Ours are read-only, so that the system need not
reserve memory for changes, and there is one for a file, because each map keeps its file open.
"""

import json
import math
import mmap
import os
import warnings
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
    """Write to a temporary file; at the end fsync it and rename it to `path`, atomically.

    Until then the file that had the name `path` stays, and it stays if anything is raised.
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
    """fsync a directory, so that the renames in it survive a crash (POSIX only)."""
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
    """The directory for downloads: in torch's own cache, which the variable TORCH_HOME moves.

    Raises UserError if there is no TORCH_HOME and the user has no home directory.
    """
    hub = Path(torch.hub.get_dir())
    if hub.parts[0].startswith("~"):  # what expanduser could not replace
        raise UserError("no home directory to keep downloads in: set TORCH_HOME to a directory")
    return hub / "gpt2"


def map_file(path: Path) -> Tensor:
    """All bytes of a file as a read-only tensor, uint8: writing to it would end the process.

    The file is open as long as this tensor or a view of it lives. Raises OSError.
    """
    with path.open("rb") as file:
        if not os.fstat(file.fileno()).st_size:
            return torch.empty(0, dtype=torch.uint8)
        memory = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The given buffer is not writable")
        return torch.frombuffer(memory, dtype=torch.uint8)


def view_as(data: Tensor, start: int, dtype: torch.dtype, shape: tuple[int, ...]) -> Tensor:
    """The numbers that begin at byte `start` of `data` (uint8): a view, or a copy if not aligned.

    That the bytes are there is for the caller to know.
    """
    raw = data[start : start + math.prod(shape) * dtype.itemsize]
    if start % dtype.itemsize:
        raw = raw.clone()  # torch wants numbers to start at a multiple of their size
    return raw.view(dtype).view(shape)


def file_checksum(path: Path) -> int:
    """The CRC-32C of a file's bytes, read in pieces. Raises OSError."""
    with path.open("rb") as file:
        return crc32c(file)
