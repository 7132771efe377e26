"""weights/files.py: a file is whole or not there."""

import pytest

from weights.files import replacing, write_text


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


def test_text_is_utf8(tmp_path):
    write_text(tmp_path / "x", "naïve 🙂\n")
    assert (tmp_path / "x").read_bytes() == "naïve 🙂\n".encode()
