"""Fetch a file whole or not at all.

A download can fail in a dozen ways, and the worst of them look like success: half a file, an error
page saved under the name of the weights, two versions joined in the middle. The answer is an old
one: **the final name is given last**. `fetch` brings the bytes to `NAME.part`, checks everything
that can be checked, and only then renames; so whatever has the final name is whole.

What is resumed, and when. HTTP can ask for the rest of a file (`Range: bytes=N-`, RFC 9110, section
14), but the file may have changed since the first part came. The server names each version of a
file in the `ETag` header (Backblaze, where the mirror is, in `X-Bz-File-Id`); that name is kept
beside the part, in `NAME.part.json`, and the rest is taken only from an answer with the same name.
A server that names no version is asked for the whole file again, unless the sha256 is known, which
no mixture of two versions can pass.
"""

import hashlib
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPException, HTTPResponse, IncompleteRead, InvalidURL
from itertools import chain
from pathlib import Path
from typing import BinaryIO
from urllib.error import HTTPError, URLError
from urllib.request import HTTPRedirectHandler, Request, build_opener

from tqdm import tqdm

from gpt.errors import UserError

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

TIMEOUT = 30.0  # seconds without a single byte before a connection counts as stalled
TRIES = 3  # failures in a row, with no new byte between them, before we give up
BACK_OFF = 1.0  # seconds before the second try; doubled before each further one
BLOCK = 1 << 20  # bytes read at a time


class DownloadError(UserError):
    """A file that could not be fetched: which address, and why, in one line."""


class _Transient(DownloadError):
    """A fault that another try may cure."""


class _Unreachable(_Transient):
    """No connection at all. Worth another try only where there was one a moment ago."""


class _CannotContinue(_Transient):
    """The part we have does not belong to what the server has now: start over."""


class CannotSave(DownloadError):
    """The fault is on this side, a full disk for one: another source would not help."""


class _HttpOnly(HTTPRedirectHandler):
    """Follow redirects to http(s) addresses; urllib's own follows them to ftp as well."""

    def redirect_request(self, request, file, code, message, headers, newurl):
        if not is_web_address(newurl):
            file.close()
            raise DownloadError(f"{request.full_url}: sent on to {newurl}, no http(s) address")
        return super().redirect_request(request, file, code, message, headers, newurl)


def fetch(
    url: str,
    path: Path,
    *,
    size: int | None = None,
    sha256: str | None = None,
    check: Callable[[Path], None] | None = None,
    timeout: float = TIMEOUT,
    quiet: bool = False,
) -> Path:
    """Bring the file at `url` to `path` and return `path`, whole and checked.

    A file that is already there and passes the checks is returned without asking the network.

    size:    in bytes, where it is known; sha256: in hexadecimal, where it is known.
    check:   called with the path of the complete file before it gets its final name (and with
             `path` itself when the file is already there); raises UserError when it is bad.
    timeout: seconds without a byte after which the connection counts as stalled.
    quiet:   no progress bar and no notes on stderr.

    Raises DownloadError, one line with the address and the reason. After a broken connection the
    part is kept and the next call goes on from it; bad content is removed.
    """
    part = _beside(path, ".part")
    try:
        before = _written(path)
        if before and is_good(path, size, sha256, check, quiet):
            return path  # no lock is needed, so the directory may be read-only
        path.parent.mkdir(parents=True, exist_ok=True)
        with _locked(path, quiet):
            # Another process may have brought it since.
            if _written(path) not in (0, before) and is_good(path, size, sha256, check, quiet):
                return path
            _receive(url, part, size, sha256, timeout, quiet)
            try:
                _verify(part, size, sha256, check)
            except UserError as fault:
                _discard(part)  # going on from bad bytes would fail for ever
                reason = reason_of(fault).removeprefix(f"{part}: ")
                raise DownloadError(f"{url}: {reason}; what came was removed") from fault
            with part.open("r+b") as file:
                os.fsync(file.fileno())  # the name must not reach the disk before the bytes do
            os.replace(part, path)
            _discard(part)
    except OSError as fault:
        raise CannotSave(f"{url}: cannot be saved as {path}: {reason_of(fault)}") from fault
    return path


def _receive(
    url: str, part: Path, size: int | None, sha256: str | None, timeout: float, quiet: bool
) -> None:
    """Bring all the bytes to `part`, trying again after faults that may pass."""
    at_start = most = _size(part)
    failures = 0
    while True:
        try:
            return _transfer(url, part, size, sha256, timeout, quiet)
        except _Transient as fault:
            if isinstance(fault, _CannotContinue):
                _discard(part)
            failures = failures + 1 if _size(part) <= most else 1
            most = max(most, _size(part))
            if isinstance(fault, _Unreachable) and most == at_start:
                raise  # no network: say so at once
            if failures == TRIES:
                raise DownloadError(f"{fault}; gave up after {TRIES} tries") from fault
            wait = BACK_OFF * 2 ** (failures - 1)
            say(f"{fault}; trying again in {wait:g} s", quiet)
        time.sleep(wait)


def _transfer(
    url: str, part: Path, size: int | None, sha256: str | None, timeout: float, quiet: bool
) -> None:
    """One request: the whole file, or the rest of it where `part` can be continued safely."""
    past = _recall(part, url)
    have = _size(part) if past.get("version") or (past and sha256) else 0
    complete = size or past.get("size")
    if have and have == complete:
        return  # an earlier run was stopped between the last byte and the checks
    if complete and have > complete:
        have = 0

    with _request(url, have, timeout) as response:
        if response.status == 206 and have:
            place = response.headers.get("Content-Range", "")
            if not place.startswith(f"bytes {have}-") or _version(response) != past.get("version"):
                raise _CannotContinue(f"{url}: the file has changed since its first part came")
        elif response.status == 200:
            have = 0  # also the answer of a server that knows no ranges
        else:
            raise DownloadError(f"{url}: answered {response.status} {response.reason}")
        if response.headers.get("Content-Encoding", "identity") != "identity":
            raise DownloadError(f"{url}: was sent compressed, though that was not asked for")

        # What the server announces: the rest of the file, or None if it does not say.
        total = None if response.length is None else have + response.length
        blocks = _blocks(url, response, response.length, timeout)
        first = next(blocks, b"")
        page = not have and _is_page(response, first)
        if size is not None and total not in (None, size):
            what = "a web page of " if page else ""
            raise DownloadError(f"{url}: sent {what}{total:,} bytes, not the {size:,} of the file")
        if page and size is None and sha256 is None:  # otherwise these decide
            raise DownloadError(f"{url}: sent a web page (an error message?), not the file")

        total = total or size
        if have:
            say(f"{url}: going on after the first {have:,} bytes", quiet)
        with (
            part.open("ab" if have else "wb") as file,
            progress_bar(part.stem, total, have, quiet) as bar,
        ):
            if not have:  # only now that the old bytes are gone may they lose their old version
                _remember(part, url, _version(response), total)
            for block in chain([first], blocks):
                file.write(block)
                bar.update(len(block))

    if total is not None and _size(part) < total:
        raise _Transient(f"{url}: the connection closed after {_size(part):,} of {total:,} bytes")


def _request(url: str, have: int, timeout: float) -> HTTPResponse:
    """Ask for `url`, or for what follows its first `have` bytes. Redirects are followed."""
    if not is_web_address(url):
        raise DownloadError(f"{url}: not an http(s) address")
    headers = {"User-Agent": "gpt2-instruction-finetuning"}
    if have:
        headers["Range"] = f"bytes={have}-"
    try:
        return _open(Request(url, headers=headers), timeout)
    except DownloadError:
        raise
    except HTTPError as fault:
        fault.close()
        answer = f"{url}: answered {fault.code} {reason_of(fault)}"
        if fault.code == 416 and have:  # "range not satisfiable"
            raise _CannotContinue(f"{url}: its first part is longer than the file") from fault
        if fault.code in (408, 429) or fault.code >= 500:  # timeout, too many requests, its fault
            raise _Transient(answer) from fault
        raise DownloadError(answer) from fault
    except URLError as fault:
        raise _Unreachable(f"{url}: cannot be reached: {reason_of(fault)}") from fault
    except (OSError, HTTPException, ValueError) as fault:
        raise _broken(url, timeout, fault) from fault


def _open(request: Request, timeout: float) -> HTTPResponse:
    return build_opener(_HttpOnly).open(request, timeout=timeout)


def _blocks(
    url: str, response: HTTPResponse, length: int | None, timeout: float
) -> Iterator[bytes]:
    """The body as it comes: `length` bytes of it, or all there are where that is None."""
    left = length
    while left is None or left > 0:
        try:
            # read1 gives what has arrived: a connection that dies costs no byte that came before.
            block = response.read1(BLOCK if left is None else min(BLOCK, left))
        except (OSError, HTTPException) as fault:
            raise _broken(url, timeout, fault) from fault
        if not block:
            return
        left = None if left is None else left - len(block)
        yield block


def _broken(url: str, timeout: float, fault: Exception) -> DownloadError:
    """What a connection that failed before or during the answer means to the user."""
    if isinstance(fault, (ValueError, InvalidURL)):
        return DownloadError(f"{url}: not a valid address: {reason_of(fault)}")
    if isinstance(fault, TimeoutError):
        return _Transient(f"{url}: stalled: nothing came for {timeout:g} s")
    if isinstance(fault, IncompleteRead):  # of a body sent in chunks
        return _Transient(f"{url}: the connection closed before the end of the file")
    return _Transient(f"{url}: the connection broke: {reason_of(fault)}")


def _is_page(response: HTTPResponse, first: bytes) -> bool:
    """Is this an HTML or XML page, as servers and hotel networks send in the place of a file?"""
    kind = response.headers.get_content_type()
    start = first.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return kind in ("text/html", "application/xhtml+xml", "text/xml", "application/xml") or (
        start.startswith((b"<!doctype", b"<html", b"<?xml", b"<error"))
    )


def _version(response: HTTPResponse) -> str | None:
    """The server's name for these very bytes. (A weak ETag, W/…, names only their meaning.)"""
    tag = response.headers.get("ETag") or response.headers.get("X-Bz-File-Id")
    return None if tag is None or tag.startswith("W/") else tag


def _remember(part: Path, url: str, version: str | None, size: int | None) -> None:
    """Note beside the part where its bytes come from."""
    note = {"url": url, "version": version, "size": size}
    _beside(part, ".json").write_text(json.dumps(note), encoding="utf-8")


def _recall(part: Path, url: str) -> dict:
    """The note about this part, or {} where there is none that is of use for this address."""
    try:
        note = json.loads(_beside(part, ".json").read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return note if isinstance(note, dict) and note.get("url") == url else {}


def _discard(part: Path) -> None:
    part.unlink(missing_ok=True)
    _beside(part, ".json").unlink(missing_ok=True)


def _verify(
    path: Path, size: int | None, sha256: str | None, check: Callable[[Path], None] | None
) -> None:
    """Hold a complete file to all that is known of it. Raises UserError with the reason."""
    if size is not None and _size(path) != size:
        raise DownloadError(f"is {_size(path):,} bytes long, not {size:,}")
    if sha256 is not None:
        digest = hashlib.sha256()
        with path.open("rb") as file:
            while block := file.read(BLOCK):
                digest.update(block)
        if digest.hexdigest() != sha256:
            raise DownloadError(f"has the sha256 {digest.hexdigest()[:12]}…, not {sha256[:12]}…")
    if check is not None:
        check(path)


def is_good(
    path: Path,
    size: int | None,
    sha256: str | None,
    check: Callable[[Path], None] | None,
    quiet: bool = False,
) -> bool:
    """Does the finished file pass? What is wrong with it is reported, not raised."""
    try:
        _verify(path, size, sha256, check)
    except (UserError, OSError) as fault:
        reason = reason_of(fault).removeprefix(f"{path}: ")
        say(f"{path}: {reason}; not used", quiet)
        return False
    return True


@contextmanager
def _locked(path: Path, quiet: bool) -> Iterator[None]:
    """Let one process at a time fetch `path`.

    The operating system holds the lock and drops it when its process ends, however it ends. The
    empty file stays: were it removed, a process that waits for it and one that makes a new one
    would both think they hold the lock.
    """
    with _beside(path, ".lock").open("ab") as file:
        if not try_lock(file):
            say(f"{path}: another process is fetching this file; waiting for it", quiet)
            while not try_lock(file):
                time.sleep(0.1)
        yield


def try_lock(file: BinaryIO) -> bool:
    """Lock an open file, if no other process has; closing it gives it back.

    A file system without locks lets every process have it.
    """
    try:
        if sys.platform == "win32":
            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):  # held by another: POSIX's way to say it, Windows's
        return False
    except OSError:
        return True
    return True


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _written(path: Path) -> int:
    """When the file was last written, in nanoseconds; 0 if there is none."""
    return path.stat().st_mtime_ns if path.exists() else 0


def is_web_address(text: str) -> bool:
    """Whether a text is an address that `fetch` takes; upper case means the same in a scheme."""
    return text.lower().startswith(("http://", "https://"))


def reason_of(fault: Exception) -> str:
    """The reason in an exception, on one line, without the number that comes with it."""
    reason = getattr(fault, "reason", fault)
    reason = getattr(reason, "strerror", None) or str(reason) or type(reason).__name__
    return " ".join(str(reason).split())


def say(note: str, quiet: bool = False) -> None:
    """A note on stderr, where it does not mix with a script's output."""
    if not quiet:
        print(note, file=sys.stderr)


def progress_bar(title: str, total: int | None, start: int = 0, quiet: bool = False) -> tqdm:
    """A progress bar in bytes; none where stderr is not a terminal (`disable=None`)."""
    disable = True if quiet else None
    return tqdm(desc=title, total=total, initial=start, unit="B", unit_scale=True, disable=disable)
