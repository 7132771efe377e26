"""CRC-32C, the checksum TensorFlow records for every tensor, at the speed of memory.

The checksum (Castagnoli, Bräuer and Herrmann 1993; iSCSI, RFC 3720) reads the data as one long
polynomial over GF(2): a bit is a coefficient, the first bit the highest power of x, and adding is
XOR. Its value is the remainder on division by P, of degree 32. The textbook divides like long
division at school, one bit after the other, which no array library can speed up. But:

- A remainder is **linear**: rem(a ^ b) = rem(a) ^ rem(b). A multiple of P has the remainder 0, so
  adding one changes nothing, and any multiple serves to divide by, not only P itself. We take one
  with few terms, D = x^6777 + x^484 + x^100 + 1. To clear a bit with 6777 bits or more behind it,
  XOR it onto the three bits 6777 - 484, 6777 - 100 and 6777 places further on. The remainder is
  the same and the message shorter.
- Over GF(2), (a + b)^2 = a^2 + b^2, because 2ab = 0. So D(x)^2 = D(x^2), again a multiple of P,
  and after nine squarings D(x)^512 = D(x^512). What moves now is not a bit but a **row** of 512
  bits, 64 bytes, by whole rows: its bits advance side by side and never meet.
- The shortest of the three moves is 6777 - 484 = 6293 rows. So the first 6293 rows land behind
  themselves, and all of them, 400 kB, move at once: three XORs of long byte tensors, no more.

What remains when there are no more than 6777 rows is folded again with rows of one byte, D(x^8),
and the last 6777 bytes go through the usual table of 256 remainders, one by one (Sarwate 1988).
"""

from collections.abc import Iterator
from functools import cache
from typing import BinaryIO

import torch

Data = torch.Tensor | bytes | bytearray | memoryview | BinaryIO

# The exponents of D. Multiples of P have an even number of terms (x + 1 divides P), and those of
# two a degree of 2^31 - 1 or more. Of the 42 with four terms and a degree below 9000, found by
# trying every pair of powers, this one moves the most rows in proportion to its degree.
FOLD = (6777, 484, 100, 0)
ROW = 64  # bytes; any power of two will do
PIECE = 1 << 22  # bytes folded at a time: few enough for the cache, enough for long XORs

_POLYNOMIAL = 0x82F63B78  # P without x^32, the highest power in the lowest bit
_ONES = 0xFFFFFFFF
_MASK_DELTA = 0xA282EAD8  # tensorflow/core/lib/hash/crc32c.h


def crc32c(data: Data) -> int:
    """Return the CRC-32C of some bytes, an unsigned 32-bit number.

    `data` is bytes-like, an open binary file, which is read to its end, or a CPU tensor of any
    shape and dtype, whose elements count as the bytes they are in memory, row by row. It is not
    written to, nor copied if contiguous; the work needs 5 MB beside it.
    """
    work = torch.empty(FOLD[0] * ROW + PIECE, dtype=torch.uint8)
    # Division starts from 32 ones, so that zero bytes in front count. Four bytes in front whose own
    # remainder is 32 ones come to the same.
    rest = torch.tensor([0x54, 0x64, 0x1F, 0x64], dtype=torch.uint8)
    for piece in _pieces(data):
        message = work[: rest.numel() + piece.numel()]
        torch.cat((rest, piece), out=message)
        rest = _fold(message, ROW).clone()
    remainder = 0
    table = _table()
    for byte in _fold(rest, 1).tolist():
        remainder = table[(remainder ^ byte) & 0xFF] ^ (remainder >> 8)
    return remainder ^ _ONES


def mask(crc: int) -> int:
    """Return the form in which TensorFlow and LevelDB store a checksum: rotated, plus a constant.

    Unmasked, data that ends in its own CRC would have the same CRC whatever it says.
    """
    return (((crc >> 15) | (crc << 17)) + _MASK_DELTA) & _ONES


def unmask(masked: int) -> int:
    """Return the checksum that `mask` turned into `masked`."""
    rotated = (masked - _MASK_DELTA) & _ONES
    return ((rotated >> 17) | (rotated << 15)) & _ONES


def _pieces(data: Data) -> Iterator[torch.Tensor]:
    """Cut `data` into uint8 tensors of at most `PIECE` bytes, views where it is a tensor."""
    if isinstance(data, torch.Tensor):
        yield from data.reshape(-1).view(torch.uint8).split(PIECE)
        return
    if not isinstance(data, bytes | bytearray | memoryview):
        while piece := data.read(PIECE):
            yield torch.frombuffer(bytearray(piece), dtype=torch.uint8)
        return
    view = memoryview(data).cast("B")
    for start in range(0, len(view), PIECE):
        # torch warns of memory it may not write to, and bytes are such memory: copy the piece.
        yield torch.frombuffer(bytearray(view[start : start + PIECE]), dtype=torch.uint8)


def _fold(message: torch.Tensor, row: int) -> torch.Tensor:
    """Fold `message` (uint8, overwritten) in rows of `row` bytes; return its unfolded end, a view.

    The end, as a message of its own, has the remainder of the whole and at most `FOLD[0]` rows.
    """
    degree, *lower = FOLD
    front = max(0, message.numel() - degree * row)
    step = (degree - lower[0]) * row
    for start in range(0, front, step):
        stop = min(start + step, front)
        for exponent in lower:
            move = (degree - exponent) * row
            message[start + move : stop + move] ^= message[start:stop]
    return message[front:]


@cache
def _table() -> list[int]:
    """The remainder that each value of a byte leaves when it is divided away."""
    table = list(range(256))
    for _ in range(8):
        table = [(r >> 1) ^ (_POLYNOMIAL if r & 1 else 0) for r in table]
    return table
