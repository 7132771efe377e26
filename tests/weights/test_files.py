"""weights/files.py: a file is whole or not there; a map shows what is in it."""

import os
import struct

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gpt.errors import UserError
from weights.crc32c import crc32c
from weights.files import (
    append_text,
    cache_directory,
    file_checksum,
    map_file,
    replacing,
    view_as,
    write_text,
)


def test_the_name_is_given_at_the_end(tmp_path):
    path = tmp_path / "x"
    path.write_bytes(b"old")
    with replacing(path) as file:
        file.write(b"new")
        file.flush()
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_what_fails_half_way_leaves_the_old_file_and_no_part(tmp_path, error):
    path = tmp_path / "x"
    path.write_bytes(b"old")
    with pytest.raises(error), replacing(path) as file:
        file.write(b"ne")
        raise error
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_the_name_is_given_when_everything_is_on_the_disk(tmp_path, monkeypatch):
    """Beside the final place, so that renaming never copies, and under a name of its own."""
    path, on_disk = tmp_path / "x.json", []

    def fsync(_):
        on_disk.append({each.name: each.read_bytes() for each in tmp_path.iterdir()})

    monkeypatch.setattr(os, "fsync", fsync)
    for content in (b"new", b"newer"):
        with replacing(path) as file:
            file.write(content)
    part = f"x.json.{os.getpid()}.part"
    assert on_disk == [{part: b"new"}, {part: b"newer", "x.json": b"new"}]
    assert path.read_bytes() == b"newer"
    assert list(tmp_path.iterdir()) == [path]


def test_text_that_utf8_cannot_hold_is_escaped(tmp_path):
    write_text(tmp_path / "x", "half a character: \ud83d")
    assert (tmp_path / "x").read_bytes() == b"half a character: \\ud83d"


def test_text_is_utf8(tmp_path):
    write_text(tmp_path / "x", "naïve 🙂\n")
    append_text(tmp_path / "x", "é\n")
    assert (tmp_path / "x").read_bytes() == "naïve 🙂\né\n".encode()


def test_an_error_of_the_system_names_the_file(tmp_path):
    with pytest.raises(OSError, match=r"No space left on device: '.*x'"), replacing(tmp_path / "x"):
        raise OSError(28, "No space left on device")
    with pytest.raises(OSError, match=str(tmp_path)):
        append_text(tmp_path, "a directory is no file")


def test_two_writers_of_one_file_do_not_meet(tmp_path, monkeypatch):
    path = tmp_path / "x"
    with replacing(path) as first:
        first.write(b"fir")
        monkeypatch.setattr("os.getpid", lambda: 1)  # another process
        write_text(path, "second")
        first.write(b"st")
    assert path.read_bytes() == b"first"
    assert list(tmp_path.iterdir()) == [path]


@given(start=st.integers(0, 9000), values=st.lists(st.floats(width=32), max_size=4))
def test_mapped_numbers_are_those_of_the_file_at_any_offset(tmp_path_factory, start, values):
    path = tmp_path_factory.mktemp("map") / "x"
    wanted = torch.tensor(values, dtype=torch.float32)
    path.write_bytes(b"\xff" * start + struct.pack(f"<{len(values)}f", *values) + b"\xff")
    found = view_as(map_file(path), start, torch.float32, (len(values),))
    assert torch.equal(found.view(torch.int32), wanted.view(torch.int32))
    assert not found.numel() or found.data_ptr() % 4 == 0


def test_an_empty_file_is_mapped_as_no_bytes(tmp_path):
    (tmp_path / "x").touch()
    assert map_file(tmp_path / "x").shape == (0,)


@given(content=st.binary(max_size=50))
def test_the_checksum_of_a_file_is_that_of_its_bytes(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("sum") / "x"
    path.write_bytes(content)
    assert file_checksum(path) == crc32c(content)


def test_a_file_of_many_pieces_is_read_piece_by_piece(tmp_path):
    content = bytes(range(256)) * 40_000  # 10 MB, and a piece has 4
    (tmp_path / "x").write_bytes(content)
    assert file_checksum(tmp_path / "x") == crc32c(content)


def test_without_a_home_the_cache_is_asked_for(monkeypatch):
    """As in a container whose user id has no entry in /etc/passwd."""
    for name in ("TORCH_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)
    with pytest.raises(UserError, match="set TORCH_HOME to a directory"):
        cache_directory()
