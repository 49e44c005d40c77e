"""A real HTTP server on loopback that answers by a script and keeps what it saw."""

import json
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True, slots=True)
class SeenRequest:
    """A request as it came over the wire; header names are lower-case."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:  # noqa: ANN401
        """The body, parsed."""
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server sends back.

    :param body: bytes and text as they are, anything else as JSON.
    :param cut: close the connection instead of answering.
    """

    body: Any = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: bool = False

    def content(self) -> bytes:
        """The body's bytes."""
        if isinstance(self.body, bytes):
            return self.body
        return self.body.encode() if isinstance(self.body, str) else json.dumps(self.body).encode()


Script = Answer | list[Answer] | Callable[[SeenRequest], Answer]


class ScriptedServer:
    """Answers `METHOD /path` by what `on` was told; a list is played in order and its last answer stays.

    Use it as a context manager. A request without a script gets 599 and is in `unexpected`.
    """

    def __init__(self) -> None:
        self.seen: list[SeenRequest] = []
        self.unexpected: list[SeenRequest] = []
        self._scripts: dict[tuple[str, str], Script] = {}
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.owner = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.002,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    @property
    def url(self) -> str:
        """Base address, without a slash at its end."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def on(self, method: str, path: str, script: Script) -> None:
        """Say how to answer a method and path (without its query)."""
        self._scripts[(method, path)] = script

    def calls(self, method: str, path: str) -> list[SeenRequest]:
        """The requests of one kind, in order."""
        return [r for r in self.seen if (r.method, r.path) == (method, path)]

    def answer(self, request: SeenRequest) -> Answer:
        """Take note of a request and choose its answer."""
        with self._lock:
            self.seen.append(request)
            script = self._scripts.get((request.method, request.path))
            if isinstance(script, list):
                return script.pop(0) if len(script) > 1 else script[0]
        if isinstance(script, Answer):
            return script
        if script is None:
            self.unexpected.append(request)
            return Answer(f"no script for {request.method} {request.path}", 599)
        return script(request)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    owner: ScriptedServer

    def handle_error(self, *_: object) -> None:
        """A client that hangs up while it is answered is what some tests are about; no trace for it."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def _serve(self) -> None:
        url = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        query = {k: v[0] for k, v in parse_qs(url.query, keep_blank_values=True).items()}
        headers = {k.lower(): v for k, v in self.headers.items()}
        answer = self.server.owner.answer(SeenRequest(self.command, url.path, query, headers, body))
        if answer.cut:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        content = answer.content()
        self.send_response(answer.status)
        for name, value in {"content-type": "application/json", **answer.headers}.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815 - names of the base class

    def log_message(self, *_: object) -> None:
        """Keep test output quiet."""
