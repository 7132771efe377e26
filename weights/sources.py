"""Where GPT-2's weights are published, and how they come from there.

The addresses, sizes and sha256 sums are those of the files OpenAI published in 2019 and of their
conversion on Hugging Face; where no sha256 is known, the checksums inside OpenAI's checkpoint
decide. What is at hand is used first, then one source after the other is tried.
"""

import difflib
import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from gpt.config import SIZES
from gpt.errors import UserError
from weights import openai_checkpoint, safetensors
from weights.download import (
    TIMEOUT,
    CannotSave,
    DownloadError,
    fetch,
    is_good,
    is_web_address,
    progress_bar,
    say,
)
from weights.files import cache_directory, read_json_object

CHECKPOINT_INDEX = "model.ckpt.index"
CHECKPOINT_DATA = "model.ckpt.data-00000-of-00001"
OPENAI_FILES = ("checkpoint", "hparams.json", CHECKPOINT_INDEX, CHECKPOINT_DATA)
HUGGING_FACE_FILES = ("config.json", "model.safetensors")


@dataclass(frozen=True)
class Source:
    """A place where the weights are published.

    `url` is the address of the directory; {name}, {repo} and {revision} stand for the model.
    """

    title: str
    url: str
    files: tuple[str, ...]


SOURCES = (
    Source(
        "OpenAI's bucket",
        "https://openaipublic.blob.core.windows.net/gpt-2/models/{name}",
        OPENAI_FILES,
    ),
    Source(
        "the mirror of OpenAI's files",
        "https://f001.backblazeb2.com/file/LLMs-from-scratch/gpt2/{name}",
        OPENAI_FILES,
    ),
    Source(
        "Hugging Face",
        "https://huggingface.co/openai-community/{repo}/resolve/{revision}",
        HUGGING_FACE_FILES,
    ),
)

# Our name → Hugging Face's name and the revision (a git commit there) that the sums below are of.
REPOSITORIES = {
    "124M": ("gpt2", "607a30d783dfa663caf39e06633721c8d4cfcd7e"),
    "355M": ("gpt2-medium", "6dcaa7a952f72f9298047fd5137cd6e4f05f41da"),
    "774M": ("gpt2-large", "32b71b12589c2f8d625668d2335a01cac3249519"),
    "1558M": ("gpt2-xl", "15ea56dee5df4983c59b2538573817e1667135e2"),
}

# What OpenAI first counted, and called the sizes by: 117M was 124M.
FORMER_NAMES = {"117M": "124M", "345M": "355M", "762M": "774M", "1542M": "1558M", "1.5B": "1558M"}


def similar_name(name: str) -> str | None:
    """The size that is probably meant by a name which is not one of SIZES."""
    known = {size.lower(): size for size in SIZES}
    known |= {former.lower(): size for former, size in FORMER_NAMES.items()}
    known |= {repo: size for size, (repo, _) in REPOSITORIES.items()}
    name = name.lower().removeprefix("openai-community/")
    return next((known[near] for near in difflib.get_close_matches(name, known, n=1)), None)


def hugging_face_name(name: str) -> str:
    """Where Hugging Face's libraries find the model of a name or directory."""
    return f"openai-community/{REPOSITORIES[name][0]}" if name in REPOSITORIES else name


# (model, file) → size in bytes and sha256, where they are known.
Known = Mapping[tuple[str, str], tuple[int | None, str | None]]
KNOWN: Known = {
    ("124M", CHECKPOINT_INDEX): (
        5_215,
        "71916f763f9746f9b2a06b12d91996cf1084ae008d0424543d39391c5f2dc687",
    ),
    ("124M", CHECKPOINT_DATA): (
        497_759_232,
        "2060c885360cc0cf41d7a6dbc4d24b5127aae20260c8b5ae521b5a6578407118",
    ),
    ("355M", CHECKPOINT_INDEX): (10_399, None),
    ("355M", CHECKPOINT_DATA): (1_419_292_672, None),
    ("124M", "model.safetensors"): (
        548_105_171,
        "248dfc3911869ec493c76e65bf2fcf7f615828b0254c12b473182f0f81d3a707",
    ),
    ("355M", "model.safetensors"): (
        1_519_984_962,
        "fc5a354a19255ad494f3d71549390baca1ccf61d1d822b9408971705c687c9cd",
    ),
    ("1558M", "model.safetensors"): (
        None,
        "0f8b28eb05a8075f48b61b6f35332978c74fc7763fa9fb4051a1c30511736a6a",
    ),
}


def fetch_pretrained(
    name: str,
    cache: Path | None = None,
    sources: Sequence[Source] = SOURCES,
    timeout: float = TIMEOUT,
) -> Path:
    """A directory with the weights of the GPT-2 called `name`: 124M, 355M, 774M or 1558M.

    All of OPENAI_FILES are in it, or all of HUGGING_FACE_FILES, verified. Looked at in this order:
    `cache`/`name` (`cache` is `cache_directory()` if not given), where files placed by hand count
    like downloaded ones; the user's Hugging Face cache; then each of `sources`.

    Raises DownloadError that says what was tried, why each failed, and how to go on without a
    network.
    """
    if name not in REPOSITORIES:
        raise DownloadError(f"{name}: no such GPT-2; there are {', '.join(REPOSITORIES)}")
    repo, revision = REPOSITORIES[name]
    directory = (cache or cache_directory()) / name
    if any(_holds(directory, name, files) for files in (OPENAI_FILES, HUGGING_FACE_FILES)):
        return directory
    if snapshot := _hugging_face_snapshot(name):
        say(f"GPT-2 {name}: using the Hugging Face cache, {snapshot}")
        return snapshot

    failures = []
    for source in sources:
        base = source.url.format(name=name, repo=repo, revision=revision)
        say(f"GPT-2 {name}: fetching from {source.title} to {directory}")
        try:
            for file in source.files:
                expected = _expected(name, file, directory)
                fetch(f"{base}/{file}", directory / file, **expected, timeout=timeout)
            return directory
        except CannotSave:
            raise
        except DownloadError as fault:
            say(f"GPT-2 {name}: {source.title} failed: {fault}")
            failures.append(f"{source.title} ({fault})")
    raise DownloadError(
        f"GPT-2 {name} could not be fetched. Tried: {'; '.join(failures)}. Without a network, give "
        f"a directory that holds a model with --model DIR, or place {', '.join(OPENAI_FILES)} "
        f"(or {' and '.join(HUGGING_FACE_FILES)}) in {directory}"
    )


def _expected(name: str, file: str, directory: Path, known: Known = KNOWN) -> dict:
    """What a file of this model is held to: size, sha256 and check, as `fetch` takes them."""
    size, sha256 = known.get((name, file), (None, None))
    checks = {
        CHECKPOINT_INDEX: openai_checkpoint.read_index,
        CHECKPOINT_DATA: partial(_check_data, directory / CHECKPOINT_INDEX),
        "hparams.json": partial(_check_json, SIZES[name].n_layer),
        "config.json": partial(_check_json, SIZES[name].n_layer),
        "model.safetensors": safetensors.read_header,  # refuses a file cut short or too long
    }
    return {"size": size, "sha256": sha256, "check": checks.get(file)}


def _check_data(index: Path, data: Path) -> None:
    """Hold every tensor to the checksum that OpenAI recorded for it in the index."""
    with progress_bar(f"checking {CHECKPOINT_DATA}", data.stat().st_size) as bar:
        openai_checkpoint.verify(index, [data], bar.update)


def _check_json(n_layer: int, path: Path) -> None:
    if read_json_object(path).get("n_layer") != n_layer:
        raise DownloadError(f"describes another model: n_layer is not {n_layer} in it")


def _holds(directory: Path, name: str, files: Sequence[str], known: Known = KNOWN) -> bool:
    """Are all these files in the directory, and good? The first bad one is reported."""
    return all((directory / file).is_file() for file in files) and all(
        is_good(directory / file, **_expected(name, file, directory, known)) for file in files
    )


def _hugging_face_snapshot(name: str) -> Path | None:
    """The directory in the user's Hugging Face cache that holds this model, if there is one.

    The cache is laid out as models--OWNER--REPO/snapshots/REVISION/FILE (GPT-2 had no owner until
    2024); where it is, huggingface_hub's documentation tells under "Environment variables". Its
    files were checked when they came, and other revisions have other sums: here the form is enough.
    """
    home = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "huggingface"
    home = Path(os.environ.get("HF_HOME") or home)
    hub = Path(os.path.expanduser(os.environ.get("HF_HUB_CACHE") or home / "hub"))
    repo, pinned = REPOSITORIES[name]
    snapshots = [
        *hub.glob(f"models--openai-community--{repo}/snapshots/*"),
        *hub.glob(f"models--{repo}/snapshots/*"),
    ]
    snapshots.sort(key=lambda snapshot: snapshot.name != pinned)  # the revision we know first
    return next((s for s in snapshots if _holds(s, name, HUGGING_FACE_FILES, known={})), None)


def local_copy(source: str) -> Path:
    """A file's path; an http(s) address is downloaded once and kept, each under a name of its own.

    Raises UserError.
    """
    if not is_web_address(source):
        return Path(source)
    try:
        name = Path(urlsplit(source).path).name or "data.json"
        address = hashlib.sha256(source.encode("utf-8")).hexdigest()[:16]
    except ValueError as error:
        raise UserError(f"{source!r}: not a valid address: {error}") from None
    return fetch(source, cache_directory() / "data" / address / name)
