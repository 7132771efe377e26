"""weights/download.py against a real web server on this machine that misbehaves.

What is held after every fault: nothing, or the right bytes, under the final name; a message of one
line with the address and the reason. No test leaves the machine: other names do not resolve here.
"""

import hashlib
import random
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gpt.errors import UserError
from tests.fault_server import FaultServer, Reply, fill_the_disk
from weights import download
from weights.download import DownloadError, fetch

BODY = random.Random(3).randbytes(100_000)
OTHER = random.Random(4).randbytes(90_000)  # the same file, published anew
FLIPPED = BODY[:70_000] + bytes([BODY[70_000] ^ 1]) + BODY[70_001:]
SHA256 = hashlib.sha256(BODY).hexdigest()
HTML = b"\n<!DOCTYPE html><title>Sign in to the hotel's network</title>"
XML = b'\xef\xbb\xbf<?xml version="1.0"?><Error><Code>AuthenticationFailed</Code></Error>'
IMPATIENT = 0.15  # seconds

pytestmark = pytest.mark.usefixtures("impatience")


def part_of(path: Path) -> Path:
    return path.with_name(path.name + ".part")


def must_be_random(path: Path) -> None:
    """A `check` that knows the content."""
    if path.read_bytes() != BODY:
        raise UserError("record 7: output is missing")


# --- what succeeds


@pytest.mark.parametrize(
    "reply",
    [
        Reply(BODY),
        Reply(BODY, framing="chunked"),
        Reply(BODY, framing="close"),
        Reply(BODY, headers={"Content-Encoding": "identity"}),
    ],
    ids=["length", "chunked", "close", "identity"],
)
def test_a_good_file_arrives_and_is_not_asked_for_again(server, tmp_path, reply):
    server.replies["/f"] = [reply]
    path = tmp_path / "new" / "f"
    for _ in range(2):
        assert fetch(f"{server.url}/f", path) == path
    assert path.read_bytes() == BODY
    assert len(server.log) == 1
    assert sorted(p.name for p in path.parent.iterdir()) == ["f", "f.lock"]


def test_the_checks_see_the_part_and_only_then_is_it_renamed(server, tmp_path):
    server.replies["/f"] = [Reply(BODY)]
    path, seen = tmp_path / "f", []

    def check(candidate: Path) -> None:
        seen.append((candidate, candidate.read_bytes() == BODY, path.exists()))

    fetch(f"{server.url}/f", path, size=len(BODY), sha256=SHA256, check=check)
    assert seen == [(part_of(path), True, False)]
    fetch(f"{server.url}/f", path, size=len(BODY), sha256=SHA256, check=check)
    assert seen[1:] == [(path, True, True)]


def test_a_redirect_is_followed_and_resumed(server, tmp_path):
    server.replies["/f"] = [Reply(status=302, headers={"Location": "/there"})]
    server.replies["/there"] = [Reply(BODY, send=40_000), Reply(BODY)]
    fetch(f"{server.url}/f", tmp_path / "f")
    assert (tmp_path / "f").read_bytes() == BODY
    assert server.ranges("/there") == [None, "bytes=40000-"]


def test_where_size_or_sha256_is_known_they_decide_and_not_the_content_type(server, tmp_path):
    server.replies["/f"] = [Reply(BODY, headers={"Content-Type": "text/html"})]
    fetch(f"{server.url}/f", tmp_path / "size", size=len(BODY))
    fetch(f"{server.url}/f", tmp_path / "sha256", sha256=SHA256)
    assert (tmp_path / "size").read_bytes() == (tmp_path / "sha256").read_bytes() == BODY


# --- what fails and then recovers


@pytest.mark.parametrize(
    "first, known, ranges",
    [
        (Reply(BODY, send=40_000), {}, [None, "bytes=40000-"]),
        (Reply(BODY, hold=40_000), {}, [None, "bytes=40000-"]),
        (Reply(BODY, send=40_000, etag=None), {}, [None, None]),
        (Reply(BODY, send=40_000, etag=None), {"sha256": SHA256}, [None, "bytes=40000-"]),
        (Reply(BODY, send=40_000, etag='W/"v1"'), {}, [None, None]),
        (
            Reply(BODY, send=40_000, framing="close"),
            {"size": len(BODY)},
            [None, "bytes=40000-"],
        ),
        (Reply(BODY, status=503), {}, [None, None]),
        (Reply(BODY, status=429), {}, [None, None]),
        (Reply(answer=False), {}, [None, None]),
    ],
    ids=[
        "closes early",
        "stalls",
        "names no version",
        "names no version, sha256 known",
        "weak etag",
        "no length, size known",
        "503",
        "429",
        "no answer",
    ],
)
def test_a_second_try_resumes_where_that_is_safe(server, tmp_path, first, known, ranges):
    etag = first.etag and '"v1"'
    server.replies["/f"] = [first, Reply(BODY, etag=etag)]
    fetch(f"{server.url}/f", tmp_path / "f", timeout=IMPATIENT, **known)
    assert (tmp_path / "f").read_bytes() == BODY
    assert server.ranges("/f") == ranges


def test_a_chunked_body_cut_short_is_not_taken_for_whole(server, tmp_path):
    server.replies["/f"] = [Reply(BODY, send=40_000, framing="chunked"), Reply(BODY)]
    fetch(f"{server.url}/f", tmp_path / "f")
    assert (tmp_path / "f").read_bytes() == BODY


def test_a_reset_connection_is_tried_again(server, tmp_path):
    server.replies["/f"] = [Reply(BODY, send=40_000, reset=True), Reply(BODY)]
    fetch(f"{server.url}/f", tmp_path / "f")
    assert (tmp_path / "f").read_bytes() == BODY
    assert len(server.log) == 2


def test_backblaze_names_versions_by_file_id(server, tmp_path):
    one, two = ({"X-Bz-File-Id": f"4_z{n}"} for n in (1, 2))
    server.replies["/f"] = [
        Reply(BODY, send=40_000, etag=None, headers=one),
        Reply(BODY, send=10_000, etag=None, headers=one),
        Reply(OTHER, etag=None, headers=two),
    ]
    fetch(f"{server.url}/f", tmp_path / "f")
    assert (tmp_path / "f").read_bytes() == OTHER
    assert server.ranges("/f") == [None, "bytes=40000-", "bytes=50000-", None]


def test_retries_do_not_run_out_while_bytes_arrive(server, tmp_path):
    server.replies["/f"] = [Reply(BODY, send=10_000)]  # of every answer
    fetch(f"{server.url}/f", tmp_path / "f")
    assert (tmp_path / "f").read_bytes() == BODY
    assert server.ranges("/f") == [None, *(f"bytes={n}0000-" for n in range(1, 10))]


def test_a_server_that_ignores_ranges_starts_over(server, tmp_path):
    server.replies["/f"] = [Reply(BODY, send=40_000), Reply(BODY, ranges=False)]
    fetch(f"{server.url}/f", tmp_path / "f")
    assert (tmp_path / "f").read_bytes() == BODY
    assert server.ranges("/f") == [None, "bytes=40000-"]


def test_a_file_that_changed_between_two_tries_is_downloaded_again(server, tmp_path):
    server.replies["/f"] = [Reply(BODY, send=40_000), Reply(OTHER, etag='"v2"')]
    fetch(f"{server.url}/f", tmp_path / "f")
    assert (tmp_path / "f").read_bytes() == OTHER
    assert server.ranges("/f") == [None, "bytes=40000-", None]


def test_a_range_that_is_not_the_one_asked_for_is_not_appended(server, tmp_path):
    wrong = Reply(BODY[30_000:], status=206, headers={"Content-Range": "bytes 30000-99999/100000"})
    server.replies["/f"] = [Reply(BODY, send=40_000), wrong, Reply(BODY)]
    fetch(f"{server.url}/f", tmp_path / "f")
    assert (tmp_path / "f").read_bytes() == BODY


def interrupted(server: FaultServer, path: Path, **known: object) -> None:
    """Leave a part of 40,000 bytes, as a program does that loses its connection for good."""
    server.replies["/f"] = [Reply(BODY, send=40_000), Reply(BODY, answer=False)]
    with pytest.raises(DownloadError):
        fetch(f"{server.url}/f", path, **known)
    assert part_of(path).stat().st_size == 40_000
    server.log.clear()


def test_a_later_call_resumes_and_asks_only_for_the_rest(server, tmp_path):
    interrupted(server, tmp_path / "f")
    server.replies["/f"] = [Reply(BODY)]
    fetch(f"{server.url}/f", tmp_path / "f")
    assert (tmp_path / "f").read_bytes() == BODY
    assert server.ranges("/f") == ["bytes=40000-"]


def test_the_part_of_another_address_is_not_resumed(server, tmp_path):
    interrupted(server, tmp_path / "f")
    server.replies["/g"] = [Reply(OTHER)]
    fetch(f"{server.url}/g", tmp_path / "f")
    assert (tmp_path / "f").read_bytes() == OTHER


@pytest.mark.parametrize("note", [None, "", "[]", '{"url": "http'])
def test_a_part_without_a_readable_note_is_not_resumed(server, tmp_path, note):
    interrupted(server, tmp_path / "f")
    beside = tmp_path / "f.part.json"
    beside.unlink()
    if note is not None:
        beside.write_text(note, encoding="utf-8")
    server.replies["/f"] = [Reply(OTHER)]
    fetch(f"{server.url}/f", tmp_path / "f")
    assert (tmp_path / "f").read_bytes() == OTHER


def test_a_complete_part_needs_no_network(server, tmp_path):
    """Its program was stopped during the checks."""
    server.replies["/f"] = [Reply(BODY)]
    path = tmp_path / "f"

    def stop(_: Path) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch(f"{server.url}/f", path, check=stop)
    assert not path.exists()
    fetch(f"{server.url}/f", path)
    assert path.read_bytes() == BODY
    assert len(server.log) == 1


@pytest.mark.parametrize(
    "framing, known, ranges",
    [("close", {}, ["bytes=120000-", None]), ("close", {"size": len(BODY)}, [None])],
    ids=["the server says 416", "the size is known"],
)
def test_a_part_longer_than_the_file_starts_over(server, tmp_path, framing, known, ranges):
    server.replies["/f"] = [Reply(BODY, hold=40_000, framing=framing)]
    with pytest.raises(DownloadError, match="stalled"):
        fetch(f"{server.url}/f", tmp_path / "f", timeout=0.05)
    part_of(tmp_path / "f").write_bytes(bytes(120_000))
    server.log.clear()
    server.replies["/f"] = [Reply(BODY)]
    fetch(f"{server.url}/f", tmp_path / "f", **known)
    assert (tmp_path / "f").read_bytes() == BODY
    assert server.ranges("/f") == ranges


@settings(deadline=None, max_examples=40, suppress_health_check=list(HealthCheck))
@given(
    st.lists(
        st.tuples(st.booleans(), st.integers(0, 2000), st.booleans(), st.booleans()), max_size=6
    )
)
def test_two_versions_are_never_joined(tmp_path_factory, plans):
    """Whatever the server does: the file is one version, whole, or is not there."""
    versions = {'"old"': BODY[:1000], '"new"': OTHER[:1200]}
    tags = ['"old"' if old else '"new"' for old, *_ in plans]
    path = tmp_path_factory.mktemp("joined") / "f"
    with FaultServer() as server:
        server.replies["/f"] = [
            Reply(versions[tag], etag=tag if named else None, send=send, ranges=ranges)
            for tag, (_, send, ranges, named) in zip(tags, plans, strict=True)
        ]
        server.replies["/f"].append(Reply(versions['"new"'], etag='"new"'))
        try:
            fetch(f"{server.url}/f", path, quiet=True)
        except DownloadError:
            assert not path.exists()
        else:
            assert path.read_bytes() in versions.values()


# --- what fails for good: (replies, what is known, reason, does the part stay)

FAULTS = {
    "closes early, every time": (
        [Reply(BODY, send=40_000, ranges=False)],
        {},
        "the connection closed after 40,000 of 100,000 bytes; gave up after 3 tries",
        True,
    ),
    "chunked, cut short, every time": (
        [Reply(BODY, send=40_000, ranges=False, framing="chunked")],
        {},
        "the connection closed before the end of the file; gave up after 3 tries",
        True,
    ),
    "stalls half-way, every time": (
        [Reply(BODY, hold=40_000, ranges=False)],
        {"timeout": IMPATIENT},
        "stalled: nothing came for 0.15 s; gave up after 3 tries",
        True,
    ),
    "stalls before the first byte": (
        [Reply(BODY, hold=0)],
        {"timeout": IMPATIENT},
        "stalled: nothing came for 0.15 s; gave up after 3 tries",
        False,
    ),
    "closes without an answer": (
        [Reply(answer=False)],
        {},
        "the connection broke: Remote end closed connection without response; gave up after 3",
        False,
    ),
    "resets the connection, every time": (
        [Reply(BODY, send=0, reset=True)],
        {},
        "the connection broke: Connection reset by peer; gave up after 3 tries",
        False,
    ),
    "HTML page with status 200": (
        [Reply(HTML)],
        {},
        "sent a web page (an error message?), not the file",
        False,
    ),
    "XML page with status 200": (
        [Reply(XML)],
        {},
        "sent a web page (an error message?), not the file",
        False,
    ),
    "page that only its content type tells": (
        [Reply(b"Please sign in.", headers={"Content-Type": "text/html; charset=utf-8"})],
        {},
        "sent a web page (an error message?), not the file",
        False,
    ),
    "HTML page with status 200, size known": (
        [Reply(HTML)],
        {"size": len(BODY)},
        f"sent a web page of {len(HTML)} bytes, not the 100,000 of the file",
        False,
    ),
    "HTML page with status 200, sha256 known": (
        [Reply(HTML)],
        {"sha256": SHA256},
        f"has the sha256 {hashlib.sha256(HTML).hexdigest()[:12]}…, not {SHA256[:12]}…; what",
        False,
    ),
    "file of 210 bytes, size known": (
        [Reply(BODY[:210])],
        {"size": len(BODY)},
        "sent 210 bytes, not the 100,000 of the file",
        False,
    ),
    "file too long, no length announced, size known": (
        [Reply(BODY + b"!", framing="close")],
        {"size": len(BODY)},
        "is 100,001 bytes long, not 100,000; what came was removed",
        False,
    ),
    "404 with an XML body": ([Reply(XML, status=404)], {}, "answered 404 Not Found", False),
    "403 with an XML body": ([Reply(XML, status=403)], {}, "answered 403 Forbidden", False),
    "500 with an HTML body": (
        [Reply(HTML, status=500)],
        {},
        "answered 500 Internal Server Error; gave up after 3 tries",
        False,
    ),
    "204, no content": ([Reply(status=204)], {}, "answered 204 No Content", False),
    "206 that was not asked for": (
        [Reply(BODY, status=206)],
        {},
        "answered 206 Partial Content",
        False,
    ),
    "one bit flipped, sha256 known": (
        [Reply(FLIPPED)],
        {"sha256": SHA256},
        f"has the sha256 {hashlib.sha256(FLIPPED).hexdigest()[:12]}…, not {SHA256[:12]}…; what",
        False,
    ),
    "one bit flipped, the caller's check": (
        [Reply(FLIPPED)],
        {"check": must_be_random},
        "record 7: output is missing; what came was removed",
        False,
    ),
    "Content-Length too long": (
        [Reply(BODY, length=len(BODY) + 1, ranges=False)],
        {},
        "the connection closed after 100,000 of 100,001 bytes; gave up after 3 tries",
        True,
    ),
    "Content-Length too short, size known": (
        [Reply(BODY, length=len(BODY) - 1)],
        {"size": len(BODY)},
        "sent 99,999 bytes, not the 100,000 of the file",
        False,
    ),
    "Content-Length too short, the caller's check": (
        [Reply(BODY, length=len(BODY) - 1)],
        {"check": must_be_random},
        "record 7: output is missing; what came was removed",
        False,
    ),
    "compressed without being asked": (
        [Reply(BODY, headers={"Content-Encoding": "gzip"})],
        {},
        "was sent compressed, though that was not asked for",
        False,
    ),
    "redirect in a circle": (
        [Reply(status=302, headers={"Location": "/f"})],
        {},
        "answered 302 The HTTP server returned a redirect error that would lead to an infinite",
        False,
    ),
    "redirect to a local file": (
        [Reply(status=302, headers={"Location": "file:///etc/hostname"})],
        {},
        "answered 302 ",
        False,
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_leaves_nothing_under_the_final_name(server, tmp_path, fault):
    replies, known, reason, kept = FAULTS[fault]
    server.replies["/f"] = list(replies)
    path = tmp_path / "f"
    with pytest.raises(DownloadError) as error:
        fetch(f"{server.url}/f", path, **known)
    assert str(error.value).startswith(f"{server.url}/f: {reason}")
    assert "\n" not in str(error.value)
    assert not path.exists()
    assert part_of(path).exists() == (tmp_path / "f.part.json").exists()
    assert (part_of(path).exists() and part_of(path).stat().st_size > 0) == kept

    server.replies["/f"] = [Reply(BODY)]  # once the fault is mended, so is the download
    fetch(f"{server.url}/f", path)
    assert path.read_bytes() == BODY


@pytest.mark.parametrize("hold", [0, 40_000], ids=["before the answer ends", "half-way"])
def test_a_stalled_connection_is_given_up_after_the_timeout(server, tmp_path, monkeypatch, hold):
    monkeypatch.setattr(download, "TRIES", 1)
    server.replies["/f"] = [Reply(BODY, hold=hold)]
    begin = time.monotonic()
    with pytest.raises(DownloadError, match="stalled"):
        fetch(f"{server.url}/f", tmp_path / "f", timeout=IMPATIENT)
    assert IMPATIENT <= time.monotonic() - begin < IMPATIENT + 2


def test_a_password_in_an_address_is_in_no_error(tmp_path):
    for url in ("http://me:hush@127.0.0.1:1/f", "https://127.0.0.1:1/f?token=hush"):
        with pytest.raises(DownloadError, match=r"127\.0\.0\.1:1/f") as told:
            fetch(url, tmp_path / "f")
        assert "hush" not in str(told.value)


@pytest.mark.parametrize(
    "url, reason",
    [
        ("http://127.0.0.1:{closed}/f", "cannot be reached: Connection refused"),
        ("http://nowhere.example/f", "cannot be reached: Name or service not known"),
        ("file:///etc/hostname", "not an http(s) address"),
        ("http://127.0.0.1:http/f", "not a valid address: nonnumeric port: 'http'"),
        ("http://127.0.0.1/Grüße.json", "not a valid address: "),
        ("http://[::1/f", "not a valid address: Invalid IPv6 URL"),
    ],
)
def test_an_address_that_leads_nowhere_is_not_tried_twice(tmp_path, monkeypatch, url, reason):
    monkeypatch.setattr(download, "say", lambda note, quiet=False: pytest.fail(note))
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = url.format(closed=free.getsockname()[1])
    with pytest.raises(DownloadError) as error:
        fetch(url, tmp_path / "f")
    assert str(error.value).startswith(f"{url}: {reason}")
    assert "\n" not in str(error.value)
    assert not (tmp_path / "f").exists()


def test_a_network_that_fails_half_way_is_tried_again(server, tmp_path, monkeypatch):
    """The same fault is final before the first byte and passing after it."""
    server.replies["/f"] = [Reply(BODY, send=40_000), Reply(BODY)]
    answers = iter([True, False, True])

    def open_or_fail(*args: object) -> object:
        if next(answers):
            return real(*args)
        raise download.URLError(socket.gaierror(socket.EAI_AGAIN, "Try again later"))

    real = download._open
    monkeypatch.setattr(download, "_open", open_or_fail)
    fetch(f"{server.url}/f", tmp_path / "f")
    assert (tmp_path / "f").read_bytes() == BODY


def test_a_bad_file_under_the_final_name_stays_until_a_good_one_replaces_it(
    server, tmp_path, capsys
):
    path = tmp_path / "f"
    path.write_bytes(FLIPPED)
    server.replies["/f"] = [Reply(XML, status=404)]
    with pytest.raises(DownloadError):
        fetch(f"{server.url}/f", path, sha256=SHA256)
    assert path.read_bytes() == FLIPPED
    assert f"{path}: has the sha256 " in capsys.readouterr().err
    server.replies["/f"] = [Reply(BODY)]
    fetch(f"{server.url}/f", path, sha256=SHA256)
    assert path.read_bytes() == BODY


def test_retries_are_printed_unless_quiet(server, tmp_path, capsys):
    for quiet, told in ((False, ["trying again in 0.001 s", "after the first 40,000"]), (True, [])):
        server.replies["/f"] = [Reply(BODY, send=40_000), Reply(BODY)]
        fetch(f"{server.url}/f", tmp_path / f"{quiet}", quiet=quiet)
        notes = capsys.readouterr().err.splitlines()
        assert len(notes) == len(told)
        assert all(text in note for text, note in zip(told, notes, strict=True))


# --- the disk


def test_a_full_disk_is_an_error_and_the_part_is_resumed_when_there_is_room(server, tmp_path):
    server.replies["/f"] = [Reply(BODY)]
    path = tmp_path / "f"
    with pytest.MonkeyPatch.context() as monkeypatch:
        fill_the_disk(monkeypatch)
        with pytest.raises(DownloadError) as error:
            fetch(f"{server.url}/f", path)
    message = f"{server.url}/f: cannot be saved as {path}: No space left on device"
    assert str(error.value) == message
    assert not path.exists()
    fetch(f"{server.url}/f", path)
    assert path.read_bytes() == BODY
    assert server.ranges("/f") == [None, "bytes=30000-"]


def test_a_directory_that_cannot_be_written_is_an_error(server, tmp_path):
    (tmp_path / "file").write_bytes(b"in the way")
    path = tmp_path / "file" / "f"
    with pytest.raises(DownloadError) as error:
        fetch(f"{server.url}/f", path)
    message = str(error.value)
    assert message.startswith(f"{server.url}/f: cannot be saved as {path}: ")
    assert "\n" not in message
    assert server.log == []


# --- several processes

PROGRAM = """
import sys
from pathlib import Path
from weights.download import fetch
fetch(sys.argv[1], Path(sys.argv[2]), timeout=20)
"""


def start(url: str, path: Path, notes: Path) -> subprocess.Popen:
    with notes.open("wb") as stderr:
        return subprocess.Popen(
            [sys.executable, "-c", PROGRAM, url, str(path)],
            cwd=Path(__file__).parents[2],
            stderr=stderr,
        )


def wait_until(condition: object) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_two_processes_fetch_one_file_once(server, tmp_path):
    slow = Reply(BODY, hold=50_000)
    server.replies["/f"] = [slow, Reply(OTHER)]
    notes = [tmp_path / "notes-1", tmp_path / "notes-2"]
    processes = [start(f"{server.url}/f", tmp_path / "f", note) for note in notes]
    wait_until(lambda: any(b"waiting for it" in note.read_bytes() for note in notes))
    assert not (tmp_path / "f").exists()
    slow.gate.set()
    assert [process.wait(60) for process in processes] == [0, 0]
    assert (tmp_path / "f").read_bytes() == BODY
    assert len(server.log) == 1


def test_a_killed_process_leaves_no_lock_and_its_part_is_resumed(server, tmp_path):
    server.replies["/f"] = [Reply(BODY, hold=60_000), Reply(BODY)]
    path = tmp_path / "f"
    part = part_of(path)
    process = start(f"{server.url}/f", path, tmp_path / "notes")
    wait_until(lambda: part.exists() and part.stat().st_size > 50_000)
    process.kill()
    process.wait(60)
    have = part.stat().st_size
    assert not path.exists()
    fetch(f"{server.url}/f", path)
    assert path.read_bytes() == BODY
    assert server.ranges("/f") == [None, f"bytes={have}-"]


def test_a_file_in_a_read_only_directory_needs_no_lock(server, tmp_path, monkeypatch):
    """A cache that many users share; without this, its .lock could not be made."""
    (tmp_path / "f").write_bytes(BODY)
    monkeypatch.setattr(download, "try_lock", None)  # not to be called
    monkeypatch.setattr(download.Path, "mkdir", None)
    assert fetch(f"{server.url}/f", tmp_path / "f", sha256=SHA256) == tmp_path / "f"
    assert [path.name for path in tmp_path.iterdir()] == ["f"] and server.log == []


def test_a_scheme_in_capitals_is_the_same_scheme(server, tmp_path):
    server.replies["/f"] = [Reply(BODY)]
    fetch(server.url.replace("http", "HTTP") + "/f", tmp_path / "f", sha256=SHA256)
    assert (tmp_path / "f").read_bytes() == BODY


@pytest.mark.parametrize("to", ["ftp://127.0.0.1/f", "file:///etc/passwd", "data:,x"])
def test_a_redirect_to_another_protocol_is_refused(server, tmp_path, to):
    server.replies["/f"] = [Reply(status=302, headers={"Location": to})]
    with pytest.raises(DownloadError, match=r"/f: ") as caught:
        fetch(f"{server.url}/f", tmp_path / "f")
    assert "\n" not in str(caught.value) and not (tmp_path / "f").exists()
    assert len(server.log) == 1
