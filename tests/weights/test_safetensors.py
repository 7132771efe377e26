"""weights/safetensors.py: every dtype there and back, and every bad header refused."""

import json
import mmap

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from weights import safetensors
from weights.safetensors import DTYPES, SafetensorsError, read, read_header, write

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
    assert header == {
        "__metadata__": {"format": "pt"},
        "a": {"dtype": "I16", "shape": [2], "data_offsets": [0, 4]},
        "b": {"dtype": "F32", "shape": [1, 1], "data_offsets": [4, 8]},
    }
    assert raw[8 + length :] == b"\x01\x00\x02\x00" + b"\x00\x00\x80\x3f"


def test_a_transposed_tensor_is_written_as_it_reads(tmp_path):
    weight = torch.arange(6.0).view(2, 3)
    write(tmp_path / "x", {"w": weight.t()})
    assert torch.equal(read(tmp_path / "x")["w"], torch.tensor([[0.0, 3], [1, 4], [2, 5]]))


def test_changing_what_was_read_leaves_the_file_alone(tmp_path):
    write(tmp_path / "x", {"w": torch.zeros(5)})
    first = read(tmp_path / "x")["w"]
    first += 1
    assert not read(tmp_path / "x")["w"].any()


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
