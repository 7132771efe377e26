"""weights/openai_checkpoint.py against an independent writer's checkpoints, whole and spoilt."""

import math
import random
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import tensor_bundle as bundle
from tests.tensor_bundle import FIXTURE, Variable
from weights.openai_checkpoint import (
    Entry,
    OpenAICheckpointError,
    read_checkpoint,
    read_index,
    verify,
)

GPT2 = bundle.gpt2_variables()
PAIRS, _ = bundle.pairs_and_data(GPT2)
INDEX = (FIXTURE / "model.ckpt.index").read_bytes()
DATA = "model.ckpt.data-00000-of-00001"

# The folder may be shared by the examples of a test: each writes what it reads.
one_folder = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


def same(tensors: dict[str, torch.Tensor], variables: list[Variable]) -> bool:
    """Whether name, shape, dtype and every bit are those that were written."""
    return tensors.keys() == {v.name for v in variables} and all(
        tensors[v.name].shape == v.tensor.shape
        and tensors[v.name].dtype == v.tensor.dtype
        and bundle.raw_bytes(tensors[v.name]) == bundle.raw_bytes(v.tensor)
        for v in variables
    )


def error_of(call: Callable[[], object]) -> str:
    """The message of the error that the call must raise, which must be one line."""
    with pytest.raises(OpenAICheckpointError) as caught:
        call()
    message = str(caught.value)
    assert "\n" not in message
    return message


# --- whole checkpoints


def test_the_committed_checkpoint_reads_to_what_was_written():
    assert same(read_checkpoint(FIXTURE), GPT2)


def test_the_committed_checkpoint_is_what_the_writer_writes(tmp_path: Path):
    bundle.write_fixture(tmp_path)
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == sorted(path.name for path in FIXTURE.iterdir())
    for name in names:
        assert (tmp_path / name).read_bytes() == (FIXTURE / name).read_bytes()


def test_the_index_says_where_everything_is():
    shards, entries = read_index(FIXTURE / "model.ckpt.index")
    assert shards == 1
    assert len(entries) == 12 * 1 + 4
    assert list(entries) == sorted(entries)
    data = (FIXTURE / DATA).read_bytes()
    first = next(v for v in GPT2 if v.name == "model/h0/attn/c_attn/b")
    raw = bundle.raw_bytes(first.tensor)
    crc = bundle.textbook_crc32c(raw)
    assert entries[first.name] == Entry(torch.float32, (12,), 0, 0, 48, crc)
    assert entries["model/h0/attn/c_attn/w"].shape == (1, 4, 12)
    assert max(e.offset + e.size for e in entries.values()) == len(data)
    for variable in GPT2:
        e = entries[variable.name]
        assert data[e.offset : e.offset + e.size] == bundle.raw_bytes(variable.tensor)


names = st.text(st.characters(min_codepoint=1, exclude_categories=["Cs"]), min_size=1, max_size=12)
shapes = st.lists(st.integers(0, 5), max_size=4).map(tuple)


@one_folder
@given(
    where=st.dictionaries(
        names, st.tuples(shapes, st.sampled_from(list(bundle.DATA_TYPES)), st.integers(0, 9))
    ),
    shards=st.integers(1, 3),
    per_block=st.integers(1, 40),
)
def test_any_checkpoint_reads_to_what_was_written(
    tmp_path_factory: pytest.TempPathFactory, where: dict, shards: int, per_block: int
):
    """Any names, shapes and types, over several data files and blocks, aligned or not."""
    folder = tmp_path_factory.mktemp("any")
    variables = []
    for name, (shape, dtype, shard) in where.items():
        bits = torch.randint(-(2**15), 2**15, (math.prod(shape) * dtype.itemsize // 2,))
        tensor = bits.to(torch.int16).view(dtype).view(shape)
        variables.append(Variable(name, tensor, shard % shards))
    bundle.write(folder, variables, shards, per_block)
    assert same(read_checkpoint(folder), variables)


def test_a_long_shared_prefix_and_a_restart_in_the_middle(tmp_path: Path):
    variables = [Variable(f"model/{'x' * 200}/{i:03}", torch.tensor([float(i)])) for i in range(50)]
    bundle.write(tmp_path, variables, per_block=37)
    assert same(read_checkpoint(tmp_path), variables)


def test_fields_of_a_newer_writer_are_skipped(tmp_path: Path):
    value = bundle.entry(1, (2,), 0, 0, 8, bundle.masked(bytes(8)))
    value += bundle.integer(90, 7) + bundle.message(91, b"abc") + bytes([92 << 3 & 127 | 0x85, 5])
    value += bytes(4)
    index = tmp_path / "new.index"
    index.write_bytes(bundle.table([(b"", bundle.header()), (b"v", value)]))
    assert read_index(index)[1]["v"].shape == (2,)


# --- memory


def test_tensors_are_maps_of_the_file_and_not_copies(tmp_path: Path):
    """So what is written to the file afterwards shows in them."""
    bundle.write_fixture(tmp_path)
    tensors = read_checkpoint(tmp_path)
    with (tmp_path / DATA).open("r+b") as file:
        file.write(bytes((tmp_path / DATA).stat().st_size))
    assert not any(tensor.any() for tensor in tensors.values())


# --- damage


def test_verify_reports_every_byte_once():
    seen: list[int] = []
    verify(FIXTURE / "model.ckpt.index", [FIXTURE / DATA], seen.append)
    assert len(seen) == 16
    assert sum(seen) == (FIXTURE / DATA).stat().st_size
    again: list[int] = []
    read_checkpoint(FIXTURE, again.append)
    assert again == seen


@one_folder
@given(st.data())
def test_any_flipped_bit_of_the_data_is_named_by_its_tensor(tmp_path: Path, data: st.DataObject):
    bundle.write_fixture(tmp_path)
    raw = bytearray((tmp_path / DATA).read_bytes())
    bit = data.draw(st.integers(0, 8 * len(raw) - 1))
    raw[bit // 8] ^= 1 << bit % 8
    (tmp_path / DATA).write_bytes(raw)
    _, entries = read_index(tmp_path / "model.ckpt.index")
    (hit,) = [n for n, e in entries.items() if e.offset <= bit // 8 < e.offset + e.size]
    message = error_of(lambda: read_checkpoint(tmp_path))
    assert str(tmp_path / DATA) in message
    assert f"'{hit}'" in message
    assert "damaged" in message


@one_folder
@given(st.integers(0, (FIXTURE / DATA).stat().st_size - 1))
def test_data_cut_short_anywhere_is_refused(tmp_path: Path, length: int):
    bundle.write_fixture(tmp_path)
    (tmp_path / DATA).write_bytes((FIXTURE / DATA).read_bytes()[:length])
    message = error_of(lambda: read_checkpoint(tmp_path))
    assert str(tmp_path / DATA) in message
    assert "cut short" in message


def test_data_files_in_the_wrong_number_or_order(tmp_path: Path):
    variables = [Variable("a", torch.ones(3), 0), Variable("b", torch.zeros(3), 1)]
    index = bundle.write(tmp_path, variables, shards=2)
    paths = [tmp_path / f"model.ckpt.data-0000{i}-of-00002" for i in range(2)]
    verify(index, paths)
    assert "belongs to 2 data files" in error_of(lambda: verify(index, paths[:1]))
    assert "'a'" in error_of(lambda: verify(index, paths[::-1]))
    paths[1].unlink()
    message = error_of(lambda: read_checkpoint(tmp_path))
    assert str(paths[1]) in message
    assert "missing" in message


def read_or_refuse(index: Path, content: bytes) -> object:
    """What the index reads to, or None for the one error that is allowed."""
    index.write_bytes(content)
    try:
        return read_index(index)
    except OpenAICheckpointError as error:
        assert "\n" not in str(error)
        return None


@one_folder
@given(st.data())
def test_an_index_changed_anywhere_reads_the_same_or_is_refused(
    tmp_path: Path, data: st.DataObject
):
    position = data.draw(st.integers(0, len(INDEX)))
    removed = data.draw(st.integers(0, 60))
    inserted = data.draw(st.binary(max_size=60))
    spoilt = INDEX[:position] + inserted + INDEX[position + removed :]
    whole = read_index(FIXTURE / "model.ckpt.index")
    assert read_or_refuse(tmp_path / "spoilt.index", spoilt) in (whole, None)


def test_every_flipped_bit_and_every_cut_of_an_index(tmp_path: Path):
    """A small one, of two blocks, since it is read some two thousand times."""
    content = bundle.table(bundle.pairs_and_data(GPT2[:2])[0], per_block=2)
    index = tmp_path / "spoilt.index"
    index.write_bytes(content)
    whole = read_index(index)
    for length in range(len(content)):
        assert read_or_refuse(index, content[:length]) is None
    for bit in range(8 * len(content)):
        spoilt = bytearray(content)
        spoilt[bit // 8] ^= 1 << bit % 8
        read = read_or_refuse(index, bytes(spoilt))
        # Only the footer has no checksum: a place in it can be written with one byte more.
        assert read is None or (read == whole and bit // 8 >= len(content) - 48), bit


@settings(one_folder, max_examples=300)
@given(seed=st.integers(0, 2**32), changes=st.integers(1, 4))
def test_nonsense_under_correct_checksums_is_read_or_refused(
    tmp_path: Path, seed: int, changes: int
):
    """The checksums do not stop who writes them: spoil a block first, and sign it then."""
    rng = random.Random(seed)

    def seal(content: bytes) -> bytes:
        spoilt = bytearray(content)
        for _ in range(changes):
            spoilt[rng.randrange(len(spoilt))] = rng.choice(
                [0, 1, 127, 128, 255, rng.randrange(256)]
            )
        return bundle.sealed(bytes(spoilt))

    read_or_refuse(tmp_path / "spoilt.index", bundle.table(PAIRS, per_block=6, seal=seal))


@settings(one_folder, max_examples=300)
@given(value=st.binary(max_size=40), key=st.sampled_from([b"", b"v"]))
def test_any_bytes_as_a_message_are_read_or_refused(tmp_path: Path, value: bytes, key: bytes):
    pairs = [(key, value)] if key == b"" else [(b"", bundle.header()), (key, value)]
    read_or_refuse(tmp_path / "spoilt.index", bundle.table(pairs))


# --- each refusal by its words


def entry(
    dtype: int = 1,
    shape: tuple[int, ...] = (2, 3),
    shard: int = 0,
    offset: int = 0,
    size: int = 24,
    extra: bytes = b"",
) -> bytes:
    return bundle.entry(dtype, shape, shard, offset, size, bytes(4)) + extra


def index_of(*pairs: tuple[bytes, bytes], head: bytes | None = None) -> bytes:
    return bundle.table([(b"", bundle.header() if head is None else head), *pairs])


def snappy(content: bytes) -> bytes:
    return bundle.sealed(content, compression=1)


HUGE = 1 << 62
REFUSED = {
    "wrong magic": (INDEX[:-8] + bytes(8), "magic"),
    "nothing": (b"", "0 bytes"),
    "a web page": (b"<!DOCTYPE html>" * 40, "magic"),
    "footer not padded by zeros": (INDEX[:-9] + b"\1" + INDEX[-8:], "zeros"),
    "block checksum": (b"\1" + INDEX[1:], "does not match; fetch it again"),
    "compressed": (
        bundle.table([(b"", bundle.header())], seal=snappy),
        "is compressed; only whole tensors",
    ),
    "block beyond the end": (INDEX[:200] + INDEX[-48:], "reaches beyond"),
    "keys of slices": (index_of((b"\0p\0\1", entry())), "some tensors are stored in slices"),
    "no header": (bundle.table([(b"v", entry())]), "no header"),
    "empty": (bundle.table([]), "no header"),
    "big-endian": (index_of(head=bundle.header(endianness=1)), "big-endian"),
    "no shards": (index_of(head=bundle.header(shards=0)), "0 data files"),
    "too many shards": (index_of(head=bundle.header(shards=HUGE)), f"{HUGE} data files"),
    "header of text": (index_of(head=b"hello"), "field"),
    "sliced": (
        index_of((b"v", entry(extra=bundle.message(7, b"")))),
        "'v': it is stored in slices",
    ),
    "int64": (index_of((b"step", entry(dtype=9))), "'step': its elements are int64; only whole"),
    "string": (index_of((b"v", entry(dtype=7))), "'v': its elements are string"),
    "double": (index_of((b"v", entry(dtype=2))), "'v': its elements are float64"),
    "no dtype": (index_of((b"v", entry(dtype=0))), "the unknown type 0"),
    "new dtype": (index_of((b"v", entry(dtype=77))), "the unknown type 77"),
    "shard out of range": (index_of((b"v", entry(shard=1))), "'v': it is in data file 1"),
    "size too small": (index_of((b"v", entry(size=20))), "'v': 20 bytes do not hold"),
    "size of another dtype": (index_of((b"v", entry(dtype=14))), "'v': 24 bytes do not hold"),
    "negative dimension": (
        index_of((b"v", entry(shape=(2**64 - 1,), size=2**64 - 4))),
        "'v': its shape (18446744073709551615,) is not possible",
    ),
    "huge but empty": (index_of((b"v", entry(shape=(0, HUGE, HUGE), size=0))), "not possible"),
    "many dimensions": (index_of((b"v", entry(shape=(1,) * 300, size=4))), "300 dimensions"),
    "unknown rank": (
        index_of((b"v", bundle.integer(1, 1) + bundle.message(2, bundle.integer(3, 1)))),
        "'v': its shape is unknown",
    ),
    "overlap": (
        index_of((b"v", entry()), (b"w", entry(offset=20))),
        "'w' overlaps 'v'",
    ),
    "keys out of order": (index_of((b"w", entry()), (b"v", entry(offset=24))), "out of order"),
    "a key twice": (index_of((b"v", entry()), (b"v", entry(offset=24))), "out of order"),
    "name not UTF-8": (index_of((b"\xff", entry())), "not UTF-8"),
    "long name": (index_of((b"v" * 501, entry())), "a name has 501 bytes"),
    "varint runs on": (index_of((b"v", b"\x08" + b"\xff" * 11)), "'v': a number does not end"),
    "varint above 64 bits": (index_of((b"v", b"\x08" + b"\xff" * 9 + b"\x02")), "'v': a number"),
    "varint of eleven bytes": (index_of((b"v", b"\x08" + b"\x80" * 10 + b"\0")), "'v': a number"),
    "varint cut off": (index_of((b"v", b"\x08\x80")), "'v': a number does not end"),
    "field cut off": (index_of((b"v", b"\x12\x05ab")), "'v': field 2 is cut short"),
    "huge field": (index_of((b"v", b"\x12" + bundle.varint(HUGE))), "'v': field 2 is cut short"),
    "wrong kind of field": (
        index_of((b"v", bundle.message(1, b"x"))),
        "field 1 has the wrong type",
    ),
    "group": (index_of((b"v", b"\x0b")), "'v': field 1 has the unknown type 3"),
    "too large": (bytes(1 << 21), "2097152 bytes are too many"),
}


@pytest.mark.parametrize(("content", "words"), REFUSED.values(), ids=REFUSED.keys())
def test_refusals_of_an_index(tmp_path: Path, content: bytes, words: str):
    index = tmp_path / "model.ckpt.index"
    index.write_bytes(content)
    message = error_of(lambda: read_index(index))
    assert message.startswith(f"{index}: ")
    assert words in message


RAW_BLOCKS = {
    "shares more than there is": (b"\1\0\0" + bytes(4) + b"\1\0\0\0", "beyond its block"),
    "value beyond the block": (b"\0\0\x7f" + bytes(4) + b"\1\0\0\0", "beyond its block"),
    "key beyond the block": (b"\0\x7f\0" + bytes(4) + b"\1\0\0\0", "beyond its block"),
    "more restarts than room": (bytes(4) + b"\xff\xff\xff\xff", "too short"),
    "no room for a count": (b"\0\0", "too short"),
}


@pytest.mark.parametrize(("content", "words"), RAW_BLOCKS.values(), ids=RAW_BLOCKS.keys())
def test_refusals_of_a_block(tmp_path: Path, content: bytes, words: str):
    index = tmp_path / "model.ckpt.index"
    index.write_bytes(assemble([content], [(0, len(content))]))
    assert words in error_of(lambda: read_index(index))


def assemble(blocks: list[bytes], places: list[tuple[int, int]], after: bytes = b"") -> bytes:
    """A table of these data blocks whose index block holds these places, `after` each of them."""
    file = b"".join(bundle.sealed(b) for b in blocks)
    pairs = [(bytes([i]), bundle.handle(*place) + after) for i, place in enumerate(places)]
    index = bundle.block(pairs)
    metaindex = bundle.block([])
    footer = bundle.handle(len(file), len(metaindex))
    file += bundle.sealed(metaindex)
    footer += bundle.handle(len(file), len(index))
    return file + bundle.sealed(index) + footer.ljust(40, b"\0") + INDEX[-8:]


def test_refusals_of_the_places_of_blocks(tmp_path: Path):
    block = bundle.block([(b"", bundle.header())])
    index = tmp_path / "model.ckpt.index"
    place = (0, len(block))
    index.write_bytes(assemble([block], [place]))
    assert read_index(index) == (1, {})
    index.write_bytes(assemble([block], [place], after=b"\0"))
    assert "followed by more bytes" in error_of(lambda: read_index(index))
    index.write_bytes(assemble([block], [(0, HUGE)]))
    assert "reaches beyond" in error_of(lambda: read_index(index))
    # One large block named a thousand times would be checked a thousand times.
    empty = bundle.block([])
    after = len(bundle.sealed(block))
    index.write_bytes(assemble([block, empty], [place, (after, len(empty))] * 2))
    assert "overlaps" in error_of(lambda: read_index(index))


def test_an_entry_outside_the_data_allocates_no_memory(tmp_path: Path):
    size = 4 << 50
    index = tmp_path / "model.ckpt.index"
    index.write_bytes(index_of((b"v", entry(shape=(1 << 50,), size=size))))
    (tmp_path / DATA).write_bytes(bytes(100))
    message = error_of(lambda: read_checkpoint(tmp_path))
    assert "'v'" in message
    assert f"has 100 bytes, and 'v' should end at {size}" in message


def test_tensors_next_to_each_other_do_not_overlap(tmp_path: Path):
    index = tmp_path / "model.ckpt.index"
    index.write_bytes(index_of((b"v", entry(offset=24)), (b"w", entry(offset=0))))
    assert len(read_index(index)[1]) == 2
    two = index_of((b"v", entry()), (b"w", entry(shard=1)), head=bundle.header(shards=2))
    index.write_bytes(two)
    assert len(read_index(index)[1]) == 2, "the same place in two files"


# --- which checkpoint


def test_the_file_named_checkpoint_names_the_index(tmp_path: Path):
    old, new = [Variable("v", torch.zeros(1))], [Variable("v", torch.ones(1))]
    bundle.write(tmp_path, old, name="model-1")
    assert same(read_checkpoint(tmp_path), old)
    bundle.write(tmp_path, new, name="model-2")
    note = tmp_path / "checkpoint"
    assert "model-1.index, model-2.index" in error_of(lambda: read_checkpoint(tmp_path))
    for path in ("model-2", "/home/someone/model-2", "C:\\models\\model-2", "../elsewhere/model-2"):
        note.write_text(f'model_checkpoint_path: "{path}"\nother: "x"\n', encoding="utf-8")
        assert same(read_checkpoint(tmp_path), new), path
    note.write_text('all_model_checkpoint_paths: "model-1"\n', encoding="utf-8")
    assert "no line model_checkpoint_path" in error_of(lambda: read_checkpoint(tmp_path))
    for gone in ("model-3", "model-3/", "\0", "x" * 5000):
        note.write_text(f'model_checkpoint_path: "{gone}"\n', encoding="utf-8")
        assert str(tmp_path) in error_of(lambda: read_checkpoint(tmp_path)), gone
    note.write_bytes(b"\xff\xfe\x00<Error>")
    assert "no line model_checkpoint_path" in error_of(lambda: read_checkpoint(tmp_path))
    note.unlink()
    note.mkdir()  # a run of ours keeps a directory of this name
    (tmp_path / "model-1.index").unlink()
    assert same(read_checkpoint(tmp_path), new)


def test_where_there_is_no_checkpoint(tmp_path: Path):
    assert "found none" in error_of(lambda: read_checkpoint(tmp_path))
    assert "found none" in error_of(lambda: read_checkpoint(tmp_path / "nowhere"))
    message = error_of(lambda: read_index(tmp_path / "no.index"))
    assert message == f"{tmp_path / 'no.index'}: cannot be read: No such file or directory"
    assert "cannot be read" in error_of(lambda: read_index(tmp_path))
    message = error_of(lambda: verify(FIXTURE / "model.ckpt.index", [tmp_path]))
    assert message.startswith(f"{tmp_path}: cannot be read: ")
