"""Write a TensorFlow V2 checkpoint: the other side of weights/openai_checkpoint.py.

Written from the descriptions of the format (LevelDB's table_format.md, tensorflow's
tensor_bundle.proto) and sharing no line with the reader, so that the two can disagree. The pieces
are functions of their own because the tests put them together wrongly on purpose.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import torch

DATA_TYPES = {torch.float32: 1, torch.bfloat16: 14, torch.float16: 19}
FIXTURE = Path(__file__).parent / "data" / "openai-checkpoint"


class Variable(NamedTuple):
    """A tensor to be written, and the number of the data file it goes to."""

    name: str
    tensor: torch.Tensor
    shard: int = 0


def textbook_crc32c(data: bytes) -> int:
    """Long division by x^32 + x^28 + ... + 1 (RFC 3720), one bit after the other.

    The bits of a byte come lowest first; the register starts as 32 ones; in the end its bits are
    inverted and their order is reversed.
    """
    register = 0xFFFFFFFF
    for byte in data:
        register = divide(register, byte)
    return int(f"{register ^ 0xFFFFFFFF:032b}"[::-1], 2)


def divide(register: int, byte: int) -> int:
    """Eight steps of the division."""
    for i in range(8):
        register = register << 1 ^ (byte >> i & 1) << 32
        if register >> 32:
            register ^= 0x11EDC6F41
    return register


def masked(data: bytes) -> bytes:
    """The checksum as the format stores it: turned right by 15 bits, a constant added."""
    crc = textbook_crc32c(data)
    return ((((crc >> 15) | (crc << 17)) + 0xA282EAD8) % 2**32).to_bytes(4, "little")


# --- protocol buffers


def varint(number: int) -> bytes:
    if number < 128:
        return bytes([number])
    return bytes([number % 128 + 128]) + varint(number // 128)


def integer(field: int, value: int) -> bytes:
    """A field with an integer, left out where it is zero."""
    return varint(field << 3) + varint(value) if value else b""


def message(field: int, content: bytes) -> bytes:
    return varint(field << 3 | 2) + varint(len(content)) + content


def header(shards: int = 1, endianness: int = 0) -> bytes:
    version = integer(1, 1)  # the producer's
    return integer(1, shards) + integer(2, endianness) + message(3, version)


def entry(
    dtype: int, shape: Sequence[int], shard: int, offset: int, size: int, crc: bytes
) -> bytes:
    dimensions = b"".join(message(2, integer(1, n)) for n in shape)
    return (
        integer(1, dtype)
        + message(2, dimensions)
        + integer(3, shard)
        + integer(4, offset)
        + integer(5, size)
        + bytes([6 << 3 | 5])
        + crc
    )


# --- the table


def block(pairs: Sequence[tuple[bytes, bytes]], restart_every: int = 16) -> bytes:
    """The entries of a block and its restart offsets, where keys are written out in full."""
    body, restarts, before = b"", [], b""
    for i, (key, value) in enumerate(pairs):
        shared = 0
        if i % restart_every == 0:
            restarts.append(len(body))
        else:
            while shared < min(len(key), len(before)) and key[shared] == before[shared]:
                shared += 1
        body += varint(shared) + varint(len(key) - shared) + varint(len(value))
        body += key[shared:] + value
        before = key
    restarts = restarts or [0]
    return body + b"".join(n.to_bytes(4, "little") for n in [*restarts, len(restarts)])


def sealed(content: bytes, compression: int = 0) -> bytes:
    """A block as it stands in the file: its compression byte and checksum behind it."""
    content += bytes([compression])
    return content + masked(content)


def table(
    pairs: Sequence[tuple[bytes, bytes]],
    per_block: int = 1000,
    seal: Callable[[bytes], bytes] = sealed,
) -> bytes:
    """A whole index; `seal` may be another function for the blocks that hold the pairs."""
    file, places = b"", []
    for i in range(0, len(pairs), per_block):
        content = block(pairs[i : i + per_block])
        last = pairs[: i + per_block][-1][0]
        limit = last if i + per_block < len(pairs) else successor(last)
        places.append((limit, handle(len(file), len(content))))
        file += seal(content)
    metaindex, index = block([]), block(places, restart_every=1)
    footer = handle(len(file), len(metaindex))
    file += sealed(metaindex)
    footer += handle(len(file), len(index))
    file += sealed(index)
    return file + footer.ljust(40, b"\0") + bytes.fromhex("57fb808b247547db")


def handle(offset: int, size: int) -> bytes:
    return varint(offset) + varint(size)


def successor(key: bytes) -> bytes:
    """The shortest key that is no smaller: its first byte that can be raised, raised."""
    for i, byte in enumerate(key):
        if byte != 0xFF:
            return key[:i] + bytes([byte + 1])
    return key


# --- a checkpoint


def raw_bytes(tensor: torch.Tensor) -> bytes:
    return bytes(tensor.contiguous().reshape(-1).view(torch.uint8).tolist())


def pairs_and_data(
    variables: Sequence[Variable], shards: int = 1
) -> tuple[list[tuple[bytes, bytes]], list[bytes]]:
    """The contents of the index and of the data files, the tensors in the order of their names."""
    pairs, data = [(b"", header(shards))], [b""] * shards
    for name, tensor, shard in sorted(variables, key=lambda v: v.name.encode()):
        raw = raw_bytes(tensor)
        place = (shard, len(data[shard]), len(raw))
        value = entry(DATA_TYPES[tensor.dtype], tensor.shape, *place, masked(raw))
        pairs.append((name.encode(), value))
        data[shard] += raw
    return pairs, data


def write(
    directory: Path,
    variables: Sequence[Variable],
    shards: int = 1,
    per_block: int = 1000,
    name: str = "model.ckpt",
) -> Path:
    """Write a checkpoint and return the path of its index."""
    pairs, data = pairs_and_data(variables, shards)
    for i, content in enumerate(data):
        (directory / f"{name}.data-{i:05}-of-{shards:05}").write_bytes(content)
    index = directory / f"{name}.index"
    index.write_bytes(table(pairs, per_block))
    return index


def gpt2_variables(
    n_layer: int = 1, n_embd: int = 4, vocab_size: int = 11, context_length: int = 6
) -> list[Variable]:
    """Every variable of OpenAI's code for a small GPT-2, each number different from the rest."""
    c = n_embd
    shapes = {"wte": (vocab_size, c), "wpe": (context_length, c), "ln_f/g": (c,), "ln_f/b": (c,)}
    for i in range(n_layer):
        for norm in ("ln_1", "ln_2"):
            shapes |= {f"h{i}/{norm}/g": (c,), f"h{i}/{norm}/b": (c,)}
        for linear, n_in, n_out in (
            ("attn/c_attn", c, 3 * c),
            ("attn/c_proj", c, c),
            ("mlp/c_fc", c, 4 * c),
            ("mlp/c_proj", 4 * c, c),
        ):
            shapes |= {f"h{i}/{linear}/w": (1, n_in, n_out), f"h{i}/{linear}/b": (n_out,)}
    variables, first = [], 0
    for name, shape in shapes.items():
        count = torch.Size(shape).numel()
        values = torch.arange(first, first + count, dtype=torch.float32) / 1024 - 0.25
        variables.append(Variable(f"model/{name}", values.view(shape)))
        first += count
    return variables


def write_fixture(directory: Path) -> None:
    """The files of `FIXTURE`, which is laid out as one of OpenAI's directories."""
    write(directory, gpt2_variables())
    (directory / "checkpoint").write_bytes(
        b'model_checkpoint_path: "model.ckpt"\nall_model_checkpoint_paths: "model.ckpt"\n'
    )
    (directory / "hparams.json").write_bytes(
        b'{\n  "n_vocab": 11,\n  "n_ctx": 6,\n  "n_embd": 4,\n  "n_head": 2,\n  "n_layer": 1\n}\n'
    )
