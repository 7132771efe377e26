"""weights/safetensors.py: every dtype there and back, and every bad header refused."""

import json
import mmap
import re
import sys
import time
import zlib
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from weights import safetensors
from weights.safetensors import DTYPES, SafetensorsError, read, read_header, write

if sys.platform == "linux":
    import resource
linux = pytest.mark.skipif(sys.platform != "linux", reason="limits and /proc as Linux has them")

shapes = st.lists(st.integers(0, 4), max_size=4)


def tensor(dtype, shape, seed=0):
    """Random bytes as numbers: for floats that includes infinities, NaNs and subnormals."""
    generator = torch.Generator().manual_seed(seed)
    size = torch.Size(shape).numel() * dtype.itemsize
    top = 2 if dtype == torch.bool else 256
    raw = torch.randint(top, (size,), dtype=torch.uint8, generator=generator)
    return raw.view(dtype).view(shape)


def same(a, b):
    """Equal in dtype, shape and every bit (NaN, too)."""
    if a.dtype != b.dtype or a.shape != b.shape:
        return False
    return torch.equal(*(t.contiguous().flatten().view(torch.uint8) for t in (a, b)))


@given(
    contents=st.dictionaries(
        st.text(max_size=8).filter(lambda name: name != "__metadata__"),
        st.tuples(st.sampled_from(list(DTYPES.values())), shapes),
        max_size=5,
    )
)
def test_every_dtype_and_shape_comes_back_to_the_bit(tmp_path_factory, contents):
    path = tmp_path_factory.mktemp("st") / "x.safetensors"
    tensors = {
        name: tensor(dtype, shape, seed)
        for seed, (name, (dtype, shape)) in enumerate(contents.items())
    }
    write(path, tensors)
    back = read(path)
    assert list(back) == list(tensors)
    assert all(same(back[name], tensors[name]) for name in tensors)
    assert [p.name for p in path.parent.iterdir()] == ["x.safetensors"]


def test_the_file_is_laid_out_as_the_format_says(tmp_path):
    path = tmp_path / "x.safetensors"
    write(path, {"a": torch.tensor([1, 2], dtype=torch.int16), "b": torch.tensor([[1.0]])})
    raw = path.read_bytes()
    length = int.from_bytes(raw[:8], "little")
    assert length % 8 == 0
    header = json.loads(raw[8 : 8 + length])
    checksum = int(header["__metadata__"]["crc32"], 16)
    assert header == {
        "__metadata__": {"crc32": f"{checksum:08x}", "format": "pt"},
        "a": {"dtype": "I16", "shape": [2], "data_offsets": [0, 4]},
        "b": {"dtype": "F32", "shape": [1, 1], "data_offsets": [4, 8]},
    }
    blank = raw[8:].replace(f"{checksum:08x}".encode(), b"00000000", 1)
    assert zlib.crc32(blank) == checksum
    assert raw[8 + length :] == b"\x01\x00\x02\x00" + b"\x00\x00\x80\x3f"


def test_a_transposed_tensor_is_written_as_it_reads(tmp_path):
    weight = torch.arange(6.0).view(2, 3)
    write(tmp_path / "x", {"w": weight.t()})
    assert torch.equal(read(tmp_path / "x")["w"], torch.tensor([[0.0, 3], [1, 4], [2, 5]]))


@given(shift=st.integers(0, 9))
def test_tensors_off_the_page_and_off_their_own_alignment_are_read(tmp_path_factory, shift):
    """Other writers do not pad the header, and a tensor may begin behind any page of the file."""
    path = tmp_path_factory.mktemp("st") / "x"
    filler, wanted = mmap.ALLOCATIONGRANULARITY + shift, torch.tensor([1.5, -2.0])
    header = {
        "filler": {"dtype": "U8", "shape": [filler], "data_offsets": [0, filler]},
        "w": {"dtype": "F32", "shape": [2], "data_offsets": [filler, filler + 8]},
    }
    text = json.dumps(header).encode()
    data = bytes(filler) + bytes.fromhex("0000c03f000000c0")
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)
    back = read(path)["w"]
    assert torch.equal(back, wanted) and back.data_ptr() % 4 == 0


def file_with(tmp_path, header, data=b"\0" * 8, length=None):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path = tmp_path / "x.safetensors"
    path.write_bytes((len(text) if length is None else length).to_bytes(8, "little") + text + data)
    return path


def entry(dtype="F32", shape=(2,), offsets=(0, 8)):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets)}


REFUSED = {
    "no JSON": (b"{oops", "not valid JSON"),
    "no UTF-8": (b'{"\xff": 1}', "not valid JSON"),
    "no object": ([entry()], "not a JSON object"),
    "nested": (b"[" * 100_000, "not valid JSON"),
    "twice": (b'{"a": {}, "a": {}}', "a name stands twice"),
    "entry no object": ({"w": 3}, "'w': needs exactly"),
    "field missing": ({"w": {"dtype": "F32", "shape": [2]}}, "'w': needs exactly"),
    "field extra": ({"w": entry() | {"more": 1}}, "'w': needs exactly"),
    "dtype unknown": ({"w": entry("F4")}, "'w': dtype 'F4' is none of"),
    "dtype no text": ({"w": entry(["F32"])}, "'w': dtype"),
    "shape negative": ({"w": entry(shape=[-2])}, "'w': shape"),
    "shape fraction": ({"w": entry(shape=[2.0])}, "'w': shape"),
    "shape true": ({"w": entry(shape=[True, 2])}, "'w': shape"),
    "shape huge": ({"w": entry(shape=[0, 2**40, 2**40], offsets=[0, 0])}, "'w': shape"),
    "shape endless": ({"w": entry(shape=[1] * 65)}, "'w': shape"),
    "offsets endless": ({"w": entry(offsets=[0] * 40_000)}, "'w': data_offsets"),
    "offsets turned": ({"w": entry(offsets=[8, 0])}, "'w': data_offsets"),
    "offsets three": ({"w": entry(offsets=[0, 4, 8])}, "'w': data_offsets"),
    "offsets negative": ({"w": entry(offsets=[-8, 0])}, "'w': data_offsets"),
    "past the end": ({"w": entry(shape=[3], offsets=[0, 12])}, "'w': ends at"),
    "size": ({"w": entry(shape=[3])}, "'w': 8 bytes do not hold F32"),
    "room left": ({"w": entry(shape=[1])}, "'w': 8 bytes do not hold F32"),
    "overlap": (
        {"a": entry(), "w": entry("I16", [2], [4, 8])},
        "'w' overlaps",
    ),
    "same place": ({"a": entry(), "w": entry()}, "'w' overlaps"),
    "gap": ({"w": entry("F32", [1], [4, 8])}, "'w' leaves a gap"),
    "left over": ({"w": entry("F32", [1], [0, 4])}, "4 bytes after the last"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_malformed_header_is_refused_and_says_where(tmp_path, case):
    header, message = REFUSED[case]
    with pytest.raises(SafetensorsError, match=rf"x\.safetensors: .*{message}") as caught:
        read(file_with(tmp_path, header))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("length", [10**9, 2**64 - 1, 200])
def test_a_header_longer_than_the_file_is_refused(tmp_path, length):
    with pytest.raises(SafetensorsError, match=f"its header would take {length} bytes"):
        read(file_with(tmp_path, {}, length=length))


def test_a_header_is_not_longer_than_the_rest_of_the_file_and_the_formats_limit(
    tmp_path, monkeypatch
):
    with pytest.raises(SafetensorsError, match="its header would take 3 bytes of 10"):
        read(file_with(tmp_path, {}, data=b"", length=3))
    assert read(file_with(tmp_path, {}, data=b"")) == {}
    assert safetensors.MAX_HEADER == 100_000_000
    monkeypatch.setattr(safetensors, "MAX_HEADER", 1)
    with pytest.raises(SafetensorsError, match="its header would take 2 bytes"):
        read(file_with(tmp_path, {}, data=b""))


def test_the_header_may_name_tensors_in_any_order(tmp_path):
    """Two of them empty, which share their place with another or with the end of the file."""
    header = {
        "last": entry("F32", [0, 3], [8, 8]),
        "b": entry("F32", [1], [4, 8]),
        "empty": entry("I64", [0], [4, 4]),
        "a": entry("F32", [1], [0, 4]),
    }
    back = read(file_with(tmp_path, header, bytes.fromhex("0000c03f000000c0")))
    assert back["a"].item() == 1.5 and back["b"].item() == -2.0
    assert back["empty"].shape == (0,) and back["last"].shape == (0, 3)


NUMBERS = {
    "F64": ("000000000000f8bf", -1.5),
    "F32": ("0000c0bf", -1.5),
    "F16": ("00be", -1.5),
    "BF16": ("c0bf", -1.5),
    "I64": ("feffffffffffffff", -2),
    "I32": ("feffffff", -2),
    "I16": ("feff", -2),
    "I8": ("fe", -2),
    "U8": ("fe", 254),
    "BOOL": ("01", True),
}


@pytest.mark.parametrize("name", NUMBERS)
def test_a_dtypes_name_means_what_the_format_says(tmp_path, name):
    data, number = bytes.fromhex(NUMBERS[name][0]), NUMBERS[name][1]
    back = read(file_with(tmp_path, {"w": entry(name, [1], [0, len(data)])}, data))["w"]
    assert back.tolist() == [number] and type(back.item()) is type(number)
    assert NUMBERS.keys() == DTYPES.keys()


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    path = tmp_path_factory.mktemp("st") / "whole"
    write(path, {"a": tensor(torch.float32, [2, 3]), "b": tensor(torch.int8, [5])})
    return path.read_bytes()


@given(data=st.data())
def test_any_mutation_of_the_header_is_read_or_refused(tmp_path_factory, whole, data):
    """Never another exception, and what is read fits in the file."""
    end = 8 + int.from_bytes(whole[:8], "little")
    start = data.draw(st.integers(0, end))
    stop = data.draw(st.integers(start, min(end, start + 6)))
    middle = data.draw(
        st.binary(max_size=6) | st.sampled_from([b"9" * 400, b"-1", b"[]", b"null", b"1e999", b'"'])
    )
    path = tmp_path_factory.mktemp("st") / "mutated"
    path.write_bytes(whole[:start] + middle + whole[stop:])
    try:
        tensors = read(path)
    except SafetensorsError as error:
        assert str(path) in str(error)
    else:
        assert sum(t.nbytes for t in tensors.values()) <= path.stat().st_size


@given(data=st.data())
def test_a_truncated_file_is_refused(tmp_path_factory, whole, data):
    path = tmp_path_factory.mktemp("st") / "cut"
    path.write_bytes(whole[: data.draw(st.integers(0, len(whole) - 1))])
    with pytest.raises(SafetensorsError):
        read_header(path)


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "x"
    write(path, {"w": torch.ones(3)})

    def full_disk(tensor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(safetensors.torch.Tensor, "contiguous", full_disk)
    with pytest.raises(OSError, match="No space left"):
        write(path, {"w": torch.zeros(3)})
    monkeypatch.undo()
    assert [p.name for p in tmp_path.iterdir()] == ["x"]
    assert torch.equal(read(path)["w"], torch.ones(3))


@given(data=st.data())
def test_a_changed_bit_is_found_wherever_it_is(tmp_path_factory, whole, data):
    """In the numbers, in a name, in the checksum itself; and where a block was zeroed.

    Not in the checksum's own key: a file with another key is one without a checksum.
    """
    start = data.draw(st.integers(whole.index(b"crc32") + 6, len(whole) - 1))
    if data.draw(st.booleans()):
        changed = bytes([whole[start] ^ 1 << data.draw(st.integers(0, 7))])
    else:
        changed = bytes(len(whole) - start)
    path = tmp_path_factory.mktemp("st") / "changed"
    path.write_bytes(whole[:start] + changed + whole[start + len(changed) :])
    if path.read_bytes() != whole:
        with pytest.raises(SafetensorsError):
            read(path)


def test_changed_numbers_are_told_in_one_line(tmp_path):
    path = tmp_path / "x.safetensors"
    write(path, {"w": torch.ones(1000)})
    content = bytearray(path.read_bytes())
    content[-2000:-1000] = bytes(1000)
    path.write_bytes(content)
    with pytest.raises(
        SafetensorsError, match=r"x\.safetensors: damaged: its checksum is \w{8}, and"
    ):
        read(path)


@pytest.mark.parametrize("metadata", [None, {}, {"format": "pt"}, {"crc32": 5}, "crc32"])
def test_a_file_without_a_checksum_is_read(tmp_path, metadata):
    header = {"w": entry()} | ({} if metadata is None else {"__metadata__": metadata})
    assert read(file_with(tmp_path, header))["w"].tolist() == [0, 0]


@pytest.mark.parametrize("recorded", ["", "1", "\ud800", "g" * 8, "0" * 9, "0" * 100_000])
def test_a_checksum_that_is_none_is_not_that_of_the_file(tmp_path, recorded):
    header = {"__metadata__": {"crc32": recorded}, "w": entry()}
    with pytest.raises(SafetensorsError, match="damaged") as caught:
        read(file_with(tmp_path, header))
    assert len(str(caught.value)) < len(str(tmp_path)) + 200


def test_a_tensor_of_40_000_dimensions_is_refused_at_once(tmp_path):
    started = time.process_time()
    with pytest.raises(SafetensorsError, match=r"shape \[9.* is no list of possible sizes"):
        read(file_with(tmp_path, {"w": entry(shape=[2**63 - 1] * 40_000)}))
    assert time.process_time() - started < 0.5


@pytest.fixture
def few_open_files():
    """Room for ten more open files than there are, as macOS's 256 leaves less than many tensors."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    in_use = len(list(Path("/proc/self/fd").iterdir()))
    resource.setrlimit(resource.RLIMIT_NOFILE, (in_use + 10, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@linux
def test_a_file_of_a_thousand_tensors_is_open_once(tmp_path, few_open_files):
    """A checkpoint of 355M has 1,168."""
    write(tmp_path / "x", {f"t{i}": torch.full((3,), i) for i in range(1168)})
    back = read(tmp_path / "x")
    assert all(int(back[f"t{i}"].sum()) == 3 * i for i in range(1168))


@linux
def test_a_file_that_is_read_can_be_larger_than_the_memory_there_is(tmp_path):
    """A map that may be written to would count as memory, under strict accounting."""
    write(tmp_path / "x", {"w": torch.zeros(20_000_000, dtype=torch.uint8)})
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    in_use = 1024 * int(
        re.search(r"VmData:\s+(\d+)", Path("/proc/self/status").read_text(encoding="utf-8"))[1]
    )
    resource.setrlimit(resource.RLIMIT_DATA, (in_use + 10_000_000, hard))
    try:
        assert not read(tmp_path / "x")["w"][::4096].any()
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


@linux
def test_when_the_tensors_are_gone_the_file_is_closed(tmp_path):
    """Windows lets nobody remove a file that is mapped."""

    def is_mapped():
        return str(tmp_path / "x") in Path("/proc/self/maps").read_text(encoding="utf-8")

    write(tmp_path / "x", {"a": torch.ones(3), "b": torch.ones(3)})
    back = read(tmp_path / "x")
    kept = back.pop("b")
    del back
    assert is_mapped()
    del kept
    assert not is_mapped()
