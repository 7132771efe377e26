"""weights/sources.py: each place tried in turn, against web servers on this machine."""

import json
import os
from pathlib import Path

import pytest
import torch

from gpt.config import SIZES
from gpt.errors import UserError
from tests import tensor_bundle
from tests.fault_server import FaultServer, Reply, fill_the_disk
from weights import safetensors, sources
from weights.download import DownloadError
from weights.sources import Source, fetch_pretrained

HTML = b"\n<!DOCTYPE html><title>Sign in to the hotel's network</title>"
XML = b'\xef\xbb\xbf<?xml version="1.0"?><Error><Code>AuthenticationFailed</Code></Error>'
IMPATIENT = 0.15  # seconds

pytestmark = pytest.mark.usefixtures("impatience")

MODEL = "774M"  # no size and no sha256 is known for it, so that a small file can stand for it
N_LAYER = 36
OPENAI = "model.ckpt.data-00000-of-00001"
PLACES = {
    "bucket": sources.OPENAI_FILES,
    "mirror": sources.OPENAI_FILES,
    "hub": sources.HUGGING_FACE_FILES,
}


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Small files of the right form, by name."""
    directory = tmp_path_factory.mktemp("published")
    tensor_bundle.write(directory, tensor_bundle.gpt2_variables())
    safetensors.write(directory / "model.safetensors", {"wte.weight": torch.ones(3, 2)})
    files = {path.name: path.read_bytes() for path in directory.iterdir()}
    files["checkpoint"] = b'model_checkpoint_path: "model.ckpt"\n'
    files["hparams.json"] = files["config.json"] = b'{"n_layer": 36}'
    return files


def serve(server: FaultServer, published: dict[str, bytes]) -> tuple[Source, ...]:
    """All sources, serving well."""
    for place, files in PLACES.items():
        for file in files:
            server.replies[f"/{place}/{MODEL}/{file}"] = [Reply(published[file])]
    return tuple(
        Source(f"the {place}", f"{server.url}/{place}/{{name}}", files)
        for place, files in PLACES.items()
    )


def contents(directory: Path) -> dict[str, bytes]:
    """The finished files by name."""
    return {p.name: p.read_bytes() for p in directory.iterdir() if p.suffix != ".lock"}


def only(published: dict[str, bytes], files: tuple[str, ...]) -> dict[str, bytes]:
    return {file: published[file] for file in files}


def test_the_first_source_is_used_and_asked_once(server, tmp_path, published):
    served = serve(server, published)
    for _ in range(2):
        assert fetch_pretrained(MODEL, tmp_path, served) == tmp_path / MODEL
    assert contents(tmp_path / MODEL) == only(published, sources.OPENAI_FILES)
    assert [r.path for r in server.log] == [f"/bucket/{MODEL}/{f}" for f in sources.OPENAI_FILES]


def flip(data: bytes, position: int) -> bytes:
    return data[:position] + bytes([data[position] ^ 0x10]) + data[position + 1 :]


@pytest.mark.parametrize(
    "file, reply, reason",
    [
        ("checkpoint", Reply(XML), "sent a web page"),
        ("checkpoint", Reply(XML, status=404), "answered 404"),
        ("hparams.json", Reply(b'{"n_layer": 12}'), "describes another model"),
        ("hparams.json", Reply(b'{"n_layer": '), "not JSON in UTF-8"),
        ("model.ckpt.index", Reply(b"flip"), "is damaged"),
        (OPENAI, Reply(b"flip"), "the bytes of 'model/"),
        (OPENAI, Reply(b"cut"), "gave up after 3 tries"),
    ],
)
def test_a_source_that_fails_is_told_and_the_next_one_tried(
    server, tmp_path, published, capsys, file, reply, reason
):
    good = published[file]
    if reply.body == b"flip":
        reply = Reply(flip(good, len(good) // 3))
    elif reply.body == b"cut":
        reply = Reply(good, send=99, ranges=False)
    served = serve(server, published)
    server.replies[f"/bucket/{MODEL}/{file}"] = [reply]
    fetch_pretrained(MODEL, tmp_path, served)
    assert contents(tmp_path / MODEL) == only(published, sources.OPENAI_FILES)
    told = [n for n in capsys.readouterr().err.splitlines() if "the bucket failed: " in n]
    assert len(told) == 1
    assert f"{server.url}/bucket/{MODEL}/{file}: " in told[0]
    assert str(tmp_path) not in told[0]  # the address says which file it is
    assert reason in told[0]


def test_when_openai_s_files_are_nowhere_hugging_face_s_are_used(
    server, tmp_path, published, capsys
):
    served = serve(server, published)
    server.replies[f"/bucket/{MODEL}/checkpoint"] = [Reply(XML)]
    server.replies[f"/mirror/{MODEL}/checkpoint"] = [Reply(XML, status=403)]
    directory = fetch_pretrained(MODEL, tmp_path, served)
    assert contents(directory) == only(published, sources.HUGGING_FACE_FILES)
    notes = capsys.readouterr().err
    assert "the bucket failed" in notes
    assert "the mirror failed" in notes


def test_a_safetensors_file_cut_short_is_refused(server, tmp_path, published):
    served = serve(server, published)[2:]
    cut = published["model.safetensors"][:-1]
    server.replies[f"/hub/{MODEL}/model.safetensors"] = [Reply(cut)]
    with pytest.raises(DownloadError):
        fetch_pretrained(MODEL, tmp_path, served)
    assert not (tmp_path / MODEL / "model.safetensors").exists()


def test_when_all_fail_one_line_says_what_was_tried_and_what_to_do(server, tmp_path, published):
    served = serve(server, published)
    server.replies[f"/bucket/{MODEL}/checkpoint"] = [Reply(XML)]
    server.replies[f"/mirror/{MODEL}/checkpoint"] = [Reply(XML, status=403)]
    server.replies[f"/hub/{MODEL}/config.json"] = [Reply(XML, status=404)]
    with pytest.raises(DownloadError) as error:
        fetch_pretrained(MODEL, tmp_path, served)
    message = str(error.value)
    assert "\n" not in message
    for place, file, reason in (
        ("bucket", "checkpoint", "sent a web page (an error message?), not the file"),
        ("mirror", "checkpoint", "answered 403 Forbidden"),
        ("hub", "config.json", "answered 404 Not Found"),
    ):
        assert f"the {place} ({server.url}/{place}/{MODEL}/{file}: {reason})" in message
    assert "--model DIR" in message
    assert message.endswith(f"in {tmp_path / MODEL}")
    for file in (*sources.OPENAI_FILES, *sources.HUGGING_FACE_FILES):
        assert file in message


@pytest.mark.parametrize("files", [sources.OPENAI_FILES, sources.HUGGING_FACE_FILES])
def test_files_placed_by_hand_are_used_without_a_network(tmp_path, published, files):
    (tmp_path / MODEL).mkdir()
    for file in files:
        (tmp_path / MODEL / file).write_bytes(published[file])
    assert fetch_pretrained(MODEL, tmp_path, sources=()) == tmp_path / MODEL


def test_files_placed_by_hand_save_their_download(server, tmp_path, published):
    (tmp_path / MODEL).mkdir()
    (tmp_path / MODEL / OPENAI).write_bytes(published[OPENAI])
    fetch_pretrained(MODEL, tmp_path, serve(server, published))
    assert contents(tmp_path / MODEL) == only(published, sources.OPENAI_FILES)
    assert server.ranges(f"/bucket/{MODEL}/{OPENAI}") == []


@pytest.mark.parametrize("file", [OPENAI, "model.ckpt.index", "hparams.json"])
def test_bad_files_placed_by_hand_are_told_kept_and_replaced(
    server, tmp_path, published, capsys, file
):
    directory = tmp_path / MODEL
    directory.mkdir()
    for name in sources.OPENAI_FILES:
        (directory / name).write_bytes(published[name])
    bad = published[file][:-1]
    (directory / file).write_bytes(bad)
    with pytest.raises(DownloadError):
        fetch_pretrained(MODEL, tmp_path, sources=())
    assert (directory / file).read_bytes() == bad
    (note,) = capsys.readouterr().err.splitlines()
    assert note.startswith(f"{directory / file}: ")
    assert note.count(str(directory)) == 1
    fetch_pretrained(MODEL, tmp_path, serve(server, published))
    assert contents(directory) == only(published, sources.OPENAI_FILES)


def test_a_full_disk_is_not_blamed_on_the_sources(server, tmp_path, published, monkeypatch):
    served = serve(server, published)
    big = Reply(bytes(100_000))  # 774M's `checkpoint` has no known size
    server.replies[f"/bucket/{MODEL}/checkpoint"] = [big]
    fill_the_disk(monkeypatch)
    with pytest.raises(DownloadError, match="No space left on device"):
        fetch_pretrained(MODEL, tmp_path, served)
    assert {request.path.split("/")[1] for request in server.log} == {"bucket"}


def test_a_name_that_is_no_gpt_2(tmp_path):
    with pytest.raises(DownloadError, match="345M: no such GPT-2; there are 124M, 355M, 774M"):
        fetch_pretrained("345M", tmp_path)


def test_the_cache_is_under_torch_hub(tmp_path, published):
    directory = tmp_path / "torch" / "hub" / "gpt2" / MODEL
    directory.mkdir(parents=True)
    for file in sources.OPENAI_FILES:
        (directory / file).write_bytes(published[file])
    assert fetch_pretrained(MODEL, sources=()) == directory


PINNED = "32b71b12589c2f8d625668d2335a01cac3249519"


@pytest.mark.parametrize(
    "variable, value, hub",
    [
        ("HF_HUB_CACHE", "a", "a"),
        ("HF_HOME", "b", "b/hub"),
        ("XDG_CACHE_HOME", "c", "c/huggingface/hub"),
        ("HOME", "d", "d/.cache/huggingface/hub"),
    ],
)
@pytest.mark.parametrize("repo", ["models--openai-community--gpt2-large", "models--gpt2-large"])
def test_the_hugging_face_cache_comes_before_the_network(
    tmp_path, monkeypatch, published, capsys, variable, value, hub, repo
):
    for name in ("HF_HUB_CACHE", "HF_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))
    if variable == "HOME":
        monkeypatch.setenv("USERPROFILE", str(tmp_path / value))
    monkeypatch.setenv(variable, str(tmp_path / value))
    for revision in ("0123", PINNED, "fedc"):
        snapshot = tmp_path / hub / repo / "snapshots" / revision
        snapshot.mkdir(parents=True)
        for file in sources.HUGGING_FACE_FILES:
            (snapshot / file).write_bytes(published[file])
    pinned = snapshot.with_name(PINNED)
    assert fetch_pretrained(MODEL, tmp_path / "cache", sources=()) == pinned
    assert f"using the Hugging Face cache, {pinned}" in capsys.readouterr().err
    assert not (tmp_path / "cache").exists()

    (pinned / "model.safetensors").write_bytes(published["model.safetensors"][:-1])
    (snapshot.with_name("0123") / "config.json").unlink()
    assert fetch_pretrained(MODEL, tmp_path / "cache", sources=()) == snapshot


def test_every_file_is_asked_for_at_its_published_address(tmp_path, monkeypatch):
    asked = []

    def record(url: str, path: Path, **_: object) -> None:
        asked.append(url)
        if path.name in ("model.ckpt.index", "model.safetensors"):
            raise DownloadError(url)

    monkeypatch.setattr(sources, "fetch", record)
    with pytest.raises(DownloadError):
        fetch_pretrained("355M", tmp_path)
    bucket = "https://openaipublic.blob.core.windows.net/gpt-2/models/355M"
    mirror = "https://f001.backblazeb2.com/file/LLMs-from-scratch/gpt2/355M"
    hub = (
        "https://huggingface.co/openai-community/gpt2-medium/resolve/"
        "6dcaa7a952f72f9298047fd5137cd6e4f05f41da"
    )
    assert asked == [
        *(f"{base}/{f}" for base in (bucket, mirror) for f in sources.OPENAI_FILES[:3]),
        *(f"{hub}/{f}" for f in ("config.json", "model.safetensors")),
    ]


@pytest.mark.parametrize("name", ["124M", "355M"])
def test_the_known_size_of_the_data_is_that_of_the_parameters(name):
    config = SIZES[name]
    c, layers = config.n_embd, config.n_layer
    block = 12 * c * c + 13 * c  # two norms, four linear layers with their biases
    parameters = (config.vocab_size + config.context_length) * c + layers * block + 2 * c
    assert sources.KNOWN[name, OPENAI][0] == 4 * parameters


def test_known_sums_are_of_files_that_are_fetched_and_are_used(server, tmp_path, published):
    for name, file in sources.KNOWN:
        assert name in sources.REPOSITORIES
        assert file in (*sources.OPENAI_FILES, *sources.HUGGING_FACE_FILES)
    served = serve(server, published)[:1]
    for file in sources.OPENAI_FILES:
        server.replies[f"/bucket/124M/{file}"] = [Reply(published[file])]
    server.replies["/bucket/124M/hparams.json"] = [Reply(json.dumps({"n_layer": 12}).encode())]
    with pytest.raises(DownloadError, match=r"index: sent \d+ bytes, not the 5,215 of the file"):
        fetch_pretrained("124M", tmp_path, served)


def test_no_home_and_no_known_user_is_one_line(monkeypatch):
    """As in a container started with a user id of its own."""
    for name in ("HOME", "HF_HOME", "HF_HUB_CACHE", "XDG_CACHE_HOME", "TORCH_HOME", "USERPROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(os.path, "expanduser", lambda path: str(path))
    with pytest.raises(UserError, match="set TORCH_HOME"):
        fetch_pretrained("124M")
