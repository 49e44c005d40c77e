"""A small HTTP/1.1 server for loopback: fast to start, and able to cut a connection under an answer.

It asks the application for each request and writes what comes back. Requests on one connection are answered in order.
Where the application returns an answer at once, no task is made for it.
"""

from __future__ import annotations

import asyncio
import socket
import time
from collections import deque
from collections.abc import Awaitable
from typing import Protocol, cast

import httptools

from attibooks_sandbox.kernel.clock import http_date
from attibooks_sandbox.kernel.messages import Cut, Reply, Request, Response
from attibooks_sandbox.kernel.service import Peer

LARGEST_BODY = 16 * 1024 * 1024
_REASONS = {
    200: "OK", 302: "Found", 303: "See Other", 400: "Bad Request", 401: "Unauthorized", 402: "Payment Required",
    403: "Forbidden", 404: "Not Found", 409: "Conflict", 410: "Gone", 413: "Content Too Large", 414: "URI Too Long",
    429: "Too Many Requests",
    500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Timeout",
}  # fmt: skip


class Application(Protocol):
    """What the server asks: an answer, or an awaitable of one."""

    def begin(self, request: Request, peer: Peer) -> Reply | Awaitable[Reply]:
        """Begin to answer a request."""


class Connection(asyncio.Protocol):
    """One client's connection."""

    def __init__(self, app: Application, connections: set[Connection]) -> None:
        """Begin to serve an application; the set holds the open connections."""
        self._app = app
        self._connections = connections
        self._waiting: deque[tuple[Request, bool]] = deque()
        self._task: asyncio.Task[None] | None = None
        self._gone = asyncio.Event()
        self._transport: asyncio.Transport
        self._client = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to read."""
        self._transport = cast("asyncio.Transport", transport)
        self._client = str((transport.get_extra_info("peername") or ("",))[0])
        self._parser = httptools.HttpRequestParser(self)
        self._connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """Let whoever waits for the client know that it is gone."""
        self._connections.discard(self)
        self._gone.set()

    async def wait_gone(self) -> None:
        """Return when the client has closed the connection."""
        await self._gone.wait()

    def cut(self) -> None:
        """Close without another byte."""
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """Feed the parser; what is no HTTP is refused."""
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._refuse(400)
        except httptools.HttpParserError:
            self._refuse(400)

    def _refuse(self, status: int) -> None:
        self._write(Response(status, b"", []), keep_alive=False)

    # httptools calls these by name

    def on_message_begin(self) -> None:
        """Begin a request."""
        self._url = b""
        self._headers: dict[str, str] = {}
        self._body: list[bytes] = []
        self._size = 0

    def on_url(self, url: bytes) -> None:
        """Take a piece of the request's target."""
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header; a repeated one is joined."""
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        self._headers[key] = f"{self._headers[key]}, {text}" if key in self._headers else text

    def on_headers_complete(self) -> None:
        """Tell a careful client to go on with the body."""
        if self._headers.get("expect", "").lower() == "100-continue":
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        """Take a piece of the body."""
        self._size += len(body)
        if self._size <= LARGEST_BODY:
            self._body.append(body)

    def on_message_complete(self) -> None:
        """Queue the finished request and serve it when nothing is before it."""
        if self._size > LARGEST_BODY:
            self._refuse(413)
            return
        self._waiting.append((self._request(), self._parser.should_keep_alive()))
        if self._task is None:
            self._serve_waiting()

    def _request(self) -> Request:
        path, _, query = self._url.decode("latin-1").partition("?")
        return Request(
            method=self._parser.get_method().decode("ascii"),
            full_path=path,
            query_string=query,
            headers=self._headers,
            body=b"".join(self._body),
            client=self._client,
        )

    def _serve_waiting(self) -> None:
        while self._waiting and self._task is None:
            request, keep_alive = self._waiting.popleft()
            reply = self._app.begin(request, self)
            if isinstance(reply, Response | Cut):
                self._finish(request, reply, keep_alive=keep_alive)
            else:
                self._task = asyncio.ensure_future(self._serve_slowly(request, reply, keep_alive=keep_alive))

    async def _serve_slowly(self, request: Request, reply: Awaitable[Reply], *, keep_alive: bool) -> None:
        try:
            self._finish(request, await reply, keep_alive=keep_alive)
        finally:
            self._task = None
        self._serve_waiting()

    def _finish(self, request: Request, reply: Reply, *, keep_alive: bool) -> None:
        if isinstance(reply, Cut):
            self._waiting.clear()
            self.cut()
        elif request.method == "HEAD":
            self._write(Response(reply.status, b"", reply.headers), keep_alive=keep_alive)
        else:
            self._write(reply, keep_alive=keep_alive)

    def _write(self, response: Response, *, keep_alive: bool) -> None:
        if self._transport.is_closing():
            return
        self._transport.write(head_of(response, keep_alive=keep_alive) + response.body)
        if not keep_alive:
            self._waiting.clear()
            self._transport.close()


def head_of(response: Response, *, keep_alive: bool) -> bytes:
    """Return the status line and headers of an answer."""
    lines = [
        f"HTTP/1.1 {response.status} {_REASONS.get(response.status, 'Other')}",
        f"Date: {http_date(time.time())}",
        *(f"{name}: {value}" for name, value in response.headers),
        f"Content-Length: {len(response.body)}",
        f"Connection: {'keep-alive' if keep_alive else 'close'}",
        "\r\n",
    ]
    return "\r\n".join(lines).encode("latin-1", "replace")


class Listener:
    """An open port, and the connections made to it."""

    def __init__(self, server: asyncio.Server, connections: set[Connection]) -> None:
        """Hold a started server."""
        self._server = server
        self._connections = connections
        self.port: int = server.sockets[0].getsockname()[1]

    def close(self) -> None:
        """Close the port and cut every connection."""
        self._server.close()
        for connection in list(self._connections):
            connection.cut()


async def listen(app: Application, host: str, port: int) -> Listener:
    """Open a port (0: any free one) and serve an application there."""
    connections: set[Connection] = set()
    opened = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        opened.bind((host, port))
    except OSError:
        opened.close()
        raise
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(app, connections), sock=opened, backlog=1024)
    return Listener(server, connections)


def new_loop() -> asyncio.AbstractEventLoop:
    """Return an event loop, of the fast kind where there is one."""
    try:
        import uvloop  # noqa: PLC0415 - not on every platform
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()
