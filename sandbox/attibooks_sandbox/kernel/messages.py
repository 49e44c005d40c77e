"""HTTP messages as the services see them."""

from __future__ import annotations

from functools import cached_property
from urllib.parse import parse_qsl, unquote

import msgspec

Headers = list[tuple[str, str]]


class Request:
    """One request: `path` is percent-encoded and relative to the service, `full_path` is what the client asked for."""

    def __init__(  # noqa: PLR0917 - in the order of an HTTP message
        self,
        method: str,
        full_path: str,
        query_string: str,
        headers: dict[str, str],
        body: bytes,
        client: str = "127.0.0.1",
    ) -> None:
        """Hold a request; the application sets `path` when it has found the service."""
        self.method = method
        self.full_path = full_path
        self.path = full_path
        self.query_string = query_string
        self.headers = headers
        self.body = body
        self.client = client

    @cached_property
    def segments(self) -> tuple[str, ...]:
        """Return the decoded parts of the path, so that an encoded slash stays inside its part."""
        return tuple(unquote(part) for part in self.path.split("/")[1:])

    @cached_property
    def query(self) -> dict[str, str]:
        """Return the query parameters; of a repeated one the last counts."""
        return dict(parse_qsl(self.query_string, keep_blank_values=True))

    def header(self, name: str) -> str:
        """Return a header's value, or the empty string."""
        return self.headers.get(name, "")


class Response(msgspec.Struct):
    """One answer, complete: the services never stream. A planted one is no answer that the service would give."""

    status: int
    body: bytes = b""
    headers: Headers = msgspec.field(default_factory=list)
    planted: bool = False


class Cut(msgspec.Struct, frozen=True):
    """In place of an answer: the connection is closed without one."""


Reply = Response | Cut
