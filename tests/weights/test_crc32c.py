"""weights/crc32c.py against the bit-by-bit division of the textbook and the values of RFC 3720."""

from collections.abc import Iterator

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tensor_bundle import divide, textbook_crc32c
from weights import crc32c as module
from weights.crc32c import FOLD, PIECE, ROW, crc32c, mask, unmask


def textbook_prefixes(data: bytes, lengths: list[int]) -> Iterator[int]:
    """The checksum of each `data[:length]`, in one pass and with a table of `divide`, for speed.

    The top byte of the register, reversed, meets the byte of the data.
    """
    table = [divide(int(f"{i:08b}"[::-1], 2) << 24, 0) for i in range(256)]
    turned = [int(f"{i:08b}"[::-1], 2) for i in range(256)]
    register, done = 0xFFFFFFFF, 0
    for length in lengths:
        for byte in data[done:length]:
            register = (register << 8 & 0xFFFFFFFF) ^ table[turned[register >> 24] ^ byte]
        done = length
        yield int(f"{register ^ 0xFFFFFFFF:032b}"[::-1], 2)


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b"", 0),
        (b"123456789", 0xE3069283),  # the catalogues' check value
        (bytes(32), 0x8A9136AA),  # from here on RFC 3720, appendix B.4
        (b"\xff" * 32, 0x62A8AB43),
        (bytes(range(32)), 0x46DD794E),
        (bytes(range(31, -1, -1)), 0x113FDB5C),
    ],
)
def test_published_values(data: bytes, value: int):
    assert crc32c(data) == textbook_crc32c(data) == value


def test_p_divides_the_polynomial_that_folds():
    remainder = 0
    for exponent in range(FOLD[0], -1, -1):
        remainder = remainder << 1 ^ (exponent in FOLD)
        if remainder >> 32:
            remainder ^= 0x11EDC6F41  # x^32 at the top, as RFC 3720 writes it
    assert remainder == 0
    assert ROW.bit_count() == 1, "D(x) may be widened to D(x^n) only where n is a power of two"


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_short_data_as_the_textbook(data: bytes):
    assert crc32c(data) == textbook_crc32c(data)


@settings(deadline=None)
@given(
    length=st.integers(0, 30_000),
    row=st.sampled_from([1, 2, 4]),
    piece=st.integers(500, 40_000),
    seed=st.integers(0, 1000),
)
def test_any_length_row_and_piece_as_the_textbook(length: int, row: int, piece: int, seed: int):
    data = random_bytes(length, seed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "ROW", row)
        patch.setattr(module, "PIECE", piece)
        assert [crc32c(data)] == list(textbook_prefixes(data, [length]))


def test_lengths_around_every_boundary():
    window, step = FOLD[0], FOLD[0] - FOLD[1]
    by_rows = [window * ROW, (window + step) * ROW, PIECE, PIECE + window * ROW]
    lengths = sorted(
        {max(0, edge + d) for edge in [0, window, window + step, *by_rows] for d in range(-6, 3)}
    )
    data = random_bytes(lengths[-1], 7)
    tensor = torch.frombuffer(bytearray(data), dtype=torch.uint8)
    for length, value in zip(lengths, textbook_prefixes(data, lengths), strict=True):
        assert crc32c(tensor[:length]) == value, length
    assert crc32c(data) == value


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.int64, torch.bool])
@pytest.mark.parametrize("shape", [(), (0,), (3, 5), (40, 200)])
def test_a_tensor_counts_as_its_bytes_and_is_left_alone(dtype: torch.dtype, shape: tuple[int, ...]):
    tensor = (torch.arange(torch.Size(shape).numel()) % 7).reshape(shape).to(dtype)
    before = tensor.clone()
    stored = bytes(tensor.reshape(-1).view(torch.uint8).tolist())
    assert crc32c(tensor) == textbook_crc32c(stored)
    assert torch.equal(tensor, before)


def test_a_part_of_a_buffer_and_a_transposed_tensor():
    matrix = torch.arange(35, dtype=torch.uint8).reshape(5, 7)
    assert crc32c(matrix[1:3]) == textbook_crc32c(bytes(range(7, 21)))
    assert crc32c(matrix.T) == textbook_crc32c(bytes(matrix.T.flatten().tolist()))
    assert crc32c(torch.nn.Parameter(torch.zeros(8))) == 0x8A9136AA


def test_bytes_like_objects(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "ROW", 1)
    monkeypatch.setattr(module, "PIECE", 3000)  # bytes, whatever the items of the memoryview are
    data = random_bytes(20_000, 3)
    for same in (bytearray(data), memoryview(data), memoryview(data).cast("I")):
        assert crc32c(same) == textbook_crc32c(data)


@settings(deadline=None)
@given(st.binary(min_size=1, max_size=200), st.data())
def test_every_flipped_bit_shows(data: bytes, draw: st.DataObject):
    bit = draw.draw(st.integers(0, 8 * len(data) - 1))
    flipped = bytearray(data)
    flipped[bit // 8] ^= 1 << bit % 8
    assert crc32c(flipped) != crc32c(data)


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_unmask_undoes_mask(crc: int):
    assert unmask(mask(crc)) == crc
    assert 0 <= mask(crc) < 2**32


def test_mask_rotates_by_fifteen_and_adds():
    assert mask(0) == 0xA282EAD8
    assert mask(1 << 15) == 0xA282EAD8 + 1
    assert mask(1) == 0xA282EAD8 + (1 << 17)
    assert mask(0xFFFFFFFF) == 0xA282EAD7  # the addition is modulo 2^32


def random_bytes(length: int, seed: int) -> bytes:
    generator = torch.Generator().manual_seed(seed)
    return bytes(torch.randint(0, 256, (length,), generator=generator).tolist())
