"""One question to a server of Ollama's chat API, or of OpenAI's, and its reply.

A fault that may pass (no connection, a status such as 503) is tried again, after a growing wait.
Nothing that a server sends can raise anything but a UserError.
"""

import http.client
import json
import os
import random
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import urlsplit

from gpt.errors import UserError

SETTINGS = {"temperature": 0, "seed": 123}  # so that the same question gets the same grade
TRANSIENT = (408, 425, 429, 500, 502, 503, 504)
LONGEST_WAIT = 60.0  # seconds; also where a server asks for more
LARGEST_REPLY = 1 << 20  # bytes
PATHS = {"ollama": "/api/chat", "openai": "/v1/chat/completions"}


class _Transient(Exception):
    """Another try may help; `after`: the seconds that the server asks to wait."""

    def __init__(self, message: str, after: float = 0.0) -> None:
        super().__init__(message)
        self.after = after


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A key must not follow to wherever a server points."""

    def redirect_request(self, *arguments: Any) -> None:
        return None


class _Body(Protocol):
    def read1(self, size: int) -> bytes: ...


@dataclass
class ChatServer:
    """A model behind an address. `refused`: the SETTINGS that it does not take."""

    url: str
    api: str  # one of PATHS
    model: str
    timeout: float = 120.0  # seconds for a whole reply
    tries: int = 5
    refused: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Raises UserError for an address that cannot be asked, or a key that cannot be sent."""
        try:
            parts = urlsplit(self.url)
            known = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
        except ValueError:  # a bracket or a port that is none
            known = False
        if not known or not self.url.isascii() or not self.url.isprintable() or " " in self.url:
            raise UserError(f"--url {self.url}: should be as in http://localhost:11434")
        if parts.username is not None:
            raise UserError("--url: has a name or a password in it; a key goes in OPENAI_API_KEY")
        # Programs give the address with the path, or with the first part of it.
        base, path = self.url.rstrip("/"), PATHS[self.api]
        first, rest = path[: path.index("/", 1)], path[path.index("/", 1) :]
        self.address = base.removesuffix(rest).removesuffix(first) + path
        if self.api == "openai" and base.endswith(rest):
            self.address = base
        self.headers = {"Content-Type": "application/json"}
        key = os.environ.get("OPENAI_API_KEY", "").strip()  # a file's line end may cling to it
        if self.api == "openai" and key:
            if not key.isascii() or not key.isprintable():
                raise UserError("OPENAI_API_KEY: has a character that no key has; set it again")
            self.headers["Authorization"] = f"Bearer {key}"
        handlers: list[urllib.request.BaseHandler] = [_NoRedirect()]
        host = parts.hostname or ""
        if host == "localhost" or host == "::1" or host.startswith("127."):
            handlers.append(urllib.request.ProxyHandler({}))  # this machine needs no proxy
        self.opener = urllib.request.build_opener(*handlers)

    def ask(self, text: str) -> str:
        """The model's reply, asked for again where that may help. Raises UserError."""
        for attempt in range(1, self.tries + 1):
            try:
                return self._ask_once(text)
            except _Transient as error:
                if attempt == self.tries:
                    raise UserError(
                        f"{self.url}: {error}, {attempt} times; is the server running? The grades "
                        "so far are kept: the same command resumes"
                    ) from None
                # Twice as long each time, and not in step with others that wait for the server.
                wait = max(error.after, 2.0 ** (attempt - 1) * random.uniform(0.5, 1))
                time.sleep(min(wait, LONGEST_WAIT))
        raise AssertionError("tries is at least 1")

    def _ask_once(self, text: str) -> str:
        deadline = time.monotonic() + self.timeout
        request = urllib.request.Request(self.address, self._body(text), self.headers)
        try:
            with self.opener.open(request, timeout=self.timeout) as response:
                replied = _read(response, LARGEST_REPLY, deadline)
        except urllib.error.HTTPError as error:
            with error:
                return self._refusal(error, text, deadline)
        except (OSError, http.client.HTTPException) as error:  # URLError and timeouts among them
            reason = getattr(error, "reason", None) or error
            raise _Transient(f"no answer ({str(reason) or repr(reason)})") from None
        try:
            message = json.loads(replied)
        except (ValueError, RecursionError):
            raise _Transient("an answer that is no JSON") from None
        try:
            choice = message if self.api == "ollama" else message["choices"][0]
            content = choice["message"]["content"]
        except (KeyError, IndexError, TypeError):
            content = None
        if not isinstance(content, str):
            raise UserError(
                f"{self.address}: the answer has no message: is it a server of --api {self.api}?"
            )
        return content.encode("utf-8", "replace").decode("utf-8")  # half a character becomes "?"

    def _body(self, text: str) -> bytes:
        settings = {name: value for name, value in SETTINGS.items() if name not in self.refused}
        messages = [{"role": "user", "content": text}]
        body: dict[str, Any] = {"model": self.model, "messages": messages}
        body |= {"stream": False, "options": settings} if self.api == "ollama" else settings
        return json.dumps(body).encode("utf-8")

    def _refusal(self, error: urllib.error.HTTPError, text: str, deadline: float) -> str:
        """What a status of 300 or more comes to: another question without the refused setting,
        _Transient or UserError."""
        if error.code in TRANSIENT:
            after = error.headers.get("Retry-After") or ""
            seconds = float(after) if after.isascii() and after.isdecimal() else 0.0
            raise _Transient(f"status {error.code}", seconds)
        try:
            said = _read(error, 2000, deadline).decode("utf-8", "replace")
        except (OSError, http.client.HTTPException):
            said = ""
        named = [name for name in SETTINGS if name in said and name not in self.refused]
        if error.code in (400, 422) and named:
            self.refused += named
            return self._ask_once(text)
        hint = f" Ollama has it after: ollama pull {self.model}" if error.code == 404 else ""
        message = f"{self.address}: status {error.code}: {' '.join(said.split())[:300]}{hint}"
        raise UserError(message) from None


def _read(body: _Body, largest: int, deadline: float) -> bytes:
    """A body, `largest` bytes of it at most. Raises TimeoutError where it drips for too long."""
    read = b""
    while len(read) < largest and (piece := body.read1(largest - len(read))):
        read += piece
        if time.monotonic() > deadline:
            raise TimeoutError("timed out")
    return read
