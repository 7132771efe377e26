"""A web server on this machine, and a disk, that do wrong what servers, networks and disks do.

For each path it has a list of replies, one for each request; the last is repeated. A reply says
what is announced and what is then really sent. Every request is written to `log`, so that a test
can see what was asked for.
"""

import errno
import os
import socket
import struct
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple

import pytest


@dataclass
class Reply:
    body: bytes = b""
    status: int = 200
    etag: str | None = '"v1"'
    ranges: bool = True  # answer a Range request with 206, or like any other
    send: int | None = None  # stop after so many bytes of this answer's body
    reset: bool = False  # ... by resetting the connection rather than closing it
    hold: int | None = None  # be silent after so many bytes until `gate` opens
    gate: threading.Event = field(default_factory=threading.Event)
    answer: bool = True  # False: close the connection before the status line
    length: int | None = None  # announced in place of the true Content-Length
    framing: str = "length"  # or "chunked", or "close": the end of the connection ends the body
    headers: dict[str, str] = field(default_factory=dict)


class Request(NamedTuple):
    path: str
    range: str | None


class FaultServer:
    """`with FaultServer() as server: server.replies["/file"] = [Reply(b"...")]`."""

    def __init__(self) -> None:
        self.replies: dict[str, list[Reply]] = {}
        self.log: list[Request] = []
        self._gates: list[threading.Event] = []
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._http.daemon_threads = False  # so that server_close() waits for the handlers
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        # A short poll: how long shutdown() waits.
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,))

    def __enter__(self) -> "FaultServer":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        for gate in self._gates:
            gate.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def ranges(self, path: str) -> list[str | None]:
        """The Range header of each request for this path."""
        return [request.range for request in self.log if request.path == path]

    def _next(self, path: str) -> Reply:
        replies = self.replies.get(path, [Reply(b"<Error/>", status=404)])
        reply = replies.pop(0) if len(replies) > 1 else replies[0]
        self._gates.append(reply.gate)
        return reply

    def _handler(server) -> type[BaseHTTPRequestHandler]:
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                asked = self.headers.get("Range")
                server.log.append(Request(self.path, asked))
                self.close_connection = True
                # The client goes away where a test wants it to.
                with suppress(BrokenPipeError, ConnectionResetError):
                    self.reply(server._next(self.path), asked)

            def reply(self, reply: Reply, asked: str | None) -> None:
                if not reply.answer:
                    return
                body, status = reply.body, reply.status
                if asked and reply.ranges and status == 200:
                    start = int(asked.removeprefix("bytes=").removesuffix("-"))
                    status = 206 if start < len(body) else 416
                    self.send_response(status)
                    if status == 206:
                        place = f"bytes {start}-{len(body) - 1}/{len(body)}"
                        self.send_header("Content-Range", place)
                        body = body[start:]
                    else:
                        body = b""
                else:
                    self.send_response(status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                if reply.etag:
                    self.send_header("ETag", reply.etag)
                if reply.framing == "length":
                    length = len(body) if reply.length is None else reply.length
                    self.send_header("Content-Length", str(length))
                elif reply.framing == "chunked":
                    self.send_header("Transfer-Encoding", "chunked")
                self.send_header("Connection", "close")
                self.end_headers()

                end = len(body) if reply.send is None else reply.send
                if reply.hold is not None:
                    self.write(reply, body[: reply.hold])
                    reply.gate.wait(20)
                    body, end = body[reply.hold :], end - reply.hold
                self.write(reply, body[:end])
                if reply.framing == "chunked" and end >= len(body):
                    self.wfile.write(b"0\r\n\r\n")
                if reply.reset:
                    linger = struct.pack("ii", 1, 0)
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                    self.connection.close()

            def write(self, reply: Reply, data: bytes) -> None:
                if reply.framing == "chunked" and data:
                    data = f"{len(data):x}\r\n".encode("ascii") + data + b"\r\n"
                self.wfile.write(data)
                self.wfile.flush()

            def log_message(self, *_: object) -> None:
                pass

        return Handler


class FullDisk:
    """A file on a disk that takes 30,000 bytes."""

    def __init__(self, file: object) -> None:
        self.file, self.left = file, 30_000

    def __enter__(self) -> "FullDisk":
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()

    def write(self, block: bytes) -> None:
        self.left -= self.file.write(block[: self.left])
        if not self.left:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def fill_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    real = Path.open

    def full(path: Path, mode: str = "r", *args: object, **options: object) -> object:
        file = real(path, mode, *args, **options)
        return FullDisk(file) if path.suffix == ".part" and mode in ("ab", "wb") else file

    monkeypatch.setattr(Path, "open", full)
