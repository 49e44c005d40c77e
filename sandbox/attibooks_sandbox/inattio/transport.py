"""One call over the wire to the host, and nothing more: no repeats, no meaning."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Mapping
from typing import Any, Protocol
from urllib.parse import urlsplit

import msgspec

CONNECT_SECONDS = 3.0
ANSWER_SECONDS = 28.0
"""The host answers within 20 s; Attio ends a server function of an app after 30 s."""


class HostAbsentError(Exception):
    """Nobody listens at the host's address: nothing was sent."""


class AnswerLostError(Exception):
    """The call may have arrived, and no whole answer came back."""


class Answer(msgspec.Struct, frozen=True):
    """What the host answered."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def facts(self) -> dict[str, Any]:
        """Return the body if it is a JSON object, else an empty one."""
        try:
            found = json.loads(self.body)
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}


class Transport(Protocol):
    """Whatever carries a call to the host; called in a thread of its own."""

    def send(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Carry one call.

        :raises HostAbsentError: nobody is there.
        :raises AnswerLostError: the answer did not come.
        """


class HttpTransport:
    """Speaks HTTP/1.1 with a connection for each call, so that a host that was restarted is no surprise."""

    def __init__(
        self, url: str, *, connect_seconds: float = CONNECT_SECONDS, answer_seconds: float = ANSWER_SECONDS
    ) -> None:
        """Call the host at a base address."""
        parts = urlsplit(url)
        self._secure = parts.scheme == "https"
        self._host, self._port = parts.hostname or "", parts.port
        self._connect_seconds, self._answer_seconds = connect_seconds, answer_seconds

    def send(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Carry one call (see `Transport`)."""
        kind = http.client.HTTPSConnection if self._secure else http.client.HTTPConnection
        connection = kind(self._host, self._port, timeout=self._connect_seconds)
        try:
            _connect(connection)
            if isinstance(connection.sock, socket.socket):
                connection.sock.settimeout(self._answer_seconds)
            return _exchange(connection, method, target, headers, body)
        finally:
            connection.close()


def _connect(connection: http.client.HTTPConnection) -> None:
    try:
        connection.connect()
    except OSError as error:
        raise HostAbsentError(str(error)) from error


def _exchange(
    connection: http.client.HTTPConnection, method: str, target: str, headers: Mapping[str, str], body: bytes
) -> Answer:
    try:
        connection.request(method, target, body or None, dict(headers))
        response = connection.getresponse()
        raw = response.read()
    except (OSError, http.client.HTTPException) as error:
        raise AnswerLostError(str(error) or type(error).__name__) from error
    return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, raw)
