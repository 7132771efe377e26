"""Fetch a file whole or not at all.

A download can fail in a dozen ways, and the worst of them look like success: half a file, an error
page saved under the name of the weights, two versions joined in the middle. So **the final name is
given last**: `fetch` writes to `NAME.part`, checks everything that can be checked, and only then
renames the file. A file under its final name is complete.

When a download is resumed. HTTP can ask for the rest of a file (`Range: bytes=N-`, RFC 9110,
section 14), but the file may have changed on the server in the meantime. The server names each
version of a file in the `ETag` header (Backblaze, where the mirror is, in `X-Bz-File-Id`). That
name is kept in `NAME.part.json`, and the rest is appended only if the server sends the same name
again. If it sends no name, the whole file is downloaded again, unless the sha256 is known: a
mixture of two versions has another one.
"""

import hashlib
import json
import os
import re
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


def without_secrets(text: str) -> str:
    """`text` without the names, passwords and queries of the web addresses in it."""
    text = re.sub(r"(https?://)[^/\s@]*@", r"\1", text, flags=re.IGNORECASE)
    return re.sub(r"(https?://[^\s?'\"]*)\?[^\s'\"]*", r"\1?…", text, flags=re.IGNORECASE)


class DownloadError(UserError):
    """A file that could not be fetched: which address, and why, in one line."""

    def __init__(self, message: str) -> None:
        super().__init__(without_secrets(message))


class _Transient(DownloadError):
    """An error that may be gone at the next try."""


class _Unreachable(_Transient):
    """No connection could be made. Tried again only if this call has received bytes before."""


class _CannotContinue(_Transient):
    """The partial file is of another version than the server has now: start over."""


class CannotSave(DownloadError):
    """The file could not be written here (a full disk, say): another server would not help."""


class _HttpOnly(HTTPRedirectHandler):
    """Follow redirects to http(s) addresses only; urllib's own handler follows them to ftp too."""

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
    """Download the file at `url` to `path`, check it, and return `path`.

    A file that is already there and passes the checks is returned without using the network.

    size:    in bytes, if known; sha256: in hexadecimal, if known.
    check:   called with the path of the complete file before it gets its final name (and with
             `path` itself if the file is already there); raises UserError if it is bad.
    timeout: seconds without a byte after which the connection counts as stalled.
    quiet:   no progress bar and no notes on stderr.

    Raises DownloadError, one line with the address and the reason. After a broken connection the
    partial file is kept, and the next call resumes it. A file that fails a check is removed.
    """
    part = _beside(path, ".part")
    try:
        before = _written(path)
        if before and is_good(path, size, sha256, check, quiet):
            return path  # no lock is needed, so the directory may be read-only
        path.parent.mkdir(parents=True, exist_ok=True)
        with _locked(path, quiet):
            # Another process may have downloaded it in the meantime.
            if _written(path) not in (0, before) and is_good(path, size, sha256, check, quiet):
                return path
            _receive(url, part, size, sha256, timeout, quiet)
            try:
                _verify(part, size, sha256, check)
            except UserError as fault:
                _discard(part)  # resuming from bad bytes would fail every time
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
    """Download all bytes to `part`; after a transient error, wait and try again."""
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
    """One request: for the rest of the file if `part` can be resumed safely, else for all of it."""
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
            have = 0  # also from a server that does not support ranges
        else:
            raise DownloadError(f"{url}: answered {response.status} {response.reason}")
        if response.headers.get("Content-Encoding", "identity") != "identity":
            raise DownloadError(f"{url}: was sent compressed, though that was not asked for")

        # The size of the whole file, as the server announces it; None if it does not.
        total = None if response.length is None else have + response.length
        blocks = _blocks(url, response, response.length, timeout)
        first = next(blocks, b"")
        page = not have and _is_page(response, first)
        if size is not None and total not in (None, size):
            what = "a web page of " if page else ""
            raise DownloadError(f"{url}: sent {what}{total:,} bytes, not the {size:,} of the file")
        if page and size is None and sha256 is None:  # otherwise size and sha256 decide
            raise DownloadError(f"{url}: sent a web page (an error message?), not the file")

        total = total or size
        if have:
            say(f"{url}: resuming after the first {have:,} bytes", quiet)
        with (
            part.open("ab" if have else "wb") as file,
            progress_bar(part.stem, total, have, quiet) as bar,
        ):
            if not have:  # after opening: the old bytes, and with them their version, are gone
                _remember(part, url, _version(response), total)
            for block in chain([first], blocks):
                file.write(block)
                bar.update(len(block))

    if total is not None and _size(part) < total:
        raise _Transient(f"{url}: the connection closed after {_size(part):,} of {total:,} bytes")


def _request(url: str, have: int, timeout: float) -> HTTPResponse:
    """Request `url` from byte `have` on. Redirects are followed."""
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
        if (
            fault.code in (408, 429) or fault.code >= 500
        ):  # timeout, too many requests, server error
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
    """Yield the body in blocks, as they arrive: `length` bytes, or all of it if that is None."""
    left = length
    while left is None or left > 0:
        try:
            # read1 returns what has arrived: a connection that breaks later costs none of it.
            block = response.read1(BLOCK if left is None else min(BLOCK, left))
        except (OSError, HTTPException) as fault:
            raise _broken(url, timeout, fault) from fault
        if not block:
            return
        left = None if left is None else left - len(block)
        yield block


def _broken(url: str, timeout: float, fault: Exception) -> DownloadError:
    """The error to raise for a connection that failed before or during the response."""
    if isinstance(fault, (ValueError, InvalidURL)):
        return DownloadError(f"{url}: not a valid address: {reason_of(fault)}")
    if isinstance(fault, TimeoutError):
        return _Transient(f"{url}: stalled: nothing came for {timeout:g} s")
    if isinstance(fault, IncompleteRead):  # of a body sent in chunks
        return _Transient(f"{url}: the connection closed before the end of the file")
    return _Transient(f"{url}: the connection broke: {reason_of(fault)}")


def _is_page(response: HTTPResponse, first: bytes) -> bool:
    """Whether this is an HTML or XML page; servers and hotel Wi-Fi send one in place of a file."""
    kind = response.headers.get_content_type()
    start = first.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return kind in ("text/html", "application/xhtml+xml", "text/xml", "application/xml") or (
        start.startswith((b"<!doctype", b"<html", b"<?xml", b"<error"))
    )


def _version(response: HTTPResponse) -> str | None:
    """The server's name for exactly these bytes. (A weak ETag, W/…, allows other bytes.)"""
    tag = response.headers.get("ETag") or response.headers.get("X-Bz-File-Id")
    return None if tag is None or tag.startswith("W/") else tag


def _remember(part: Path, url: str, version: str | None, size: int | None) -> None:
    """Write a note beside `part`: where its bytes come from."""
    note = {"url": url, "version": version, "size": size}
    _beside(part, ".json").write_text(json.dumps(note), encoding="utf-8")


def _recall(part: Path, url: str) -> dict:
    """The note beside `part`; {} if it cannot be read or is of another address."""
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
    """Check the size, sha256 and content of a complete file. Raises UserError with the reason."""
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
    """Whether a complete file passes the checks; if not, the reason is printed, not raised."""
    try:
        _verify(path, size, sha256, check)
    except (UserError, OSError) as fault:
        reason = reason_of(fault).removeprefix(f"{path}: ")
        say(f"{path}: {reason}; not used", quiet)
        return False
    return True


@contextmanager
def _locked(path: Path, quiet: bool) -> Iterator[None]:
    """Hold a lock while the body runs: one process at a time downloads `path`.

    The operating system releases the lock when its process ends, even if it is killed. The empty
    lock file is not removed: otherwise a process that waits for the old file and one that creates a
    new file would both have a lock.
    """
    with _beside(path, ".lock").open("ab") as file:
        if not try_lock(file):
            say(f"{path}: another process is fetching this file; waiting for it", quiet)
            while not try_lock(file):
                time.sleep(0.1)
        yield


def try_lock(file: BinaryIO) -> bool:
    """Try to lock an open file; False if another process holds the lock. Closing releases it.

    On a file system without locks every process gets True.
    """
    try:
        if sys.platform == "win32":
            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):  # held by another process, on POSIX and on Windows
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
    """Whether `text` is an http(s) address; its scheme may be in upper case."""
    return text.lower().startswith(("http://", "https://"))


def reason_of(fault: Exception) -> str:
    """An exception's message, on one line, without the error number."""
    reason = getattr(fault, "reason", fault)
    reason = getattr(reason, "strerror", None) or str(reason) or type(reason).__name__
    return " ".join(str(reason).split())


def say(note: str, quiet: bool = False) -> None:
    """Print a note on stderr, where it does not mix with a script's output."""
    if not quiet:
        print(note, file=sys.stderr)


def progress_bar(title: str, total: int | None, start: int = 0, quiet: bool = False) -> tqdm:
    """A progress bar in bytes; none where stderr is not a terminal (`disable=None`)."""
    disable = True if quiet else None
    return tqdm(desc=title, total=total, initial=start, unit="B", unit_scale=True, disable=disable)
