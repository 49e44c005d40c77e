"""The log of calls: everything that reached a service, as its operator would have seen it."""

from __future__ import annotations

from collections import Counter, deque
from datetime import datetime

import msgspec

from attibooks_sandbox.kernel.messages import Request, Response

KEPT_CALLS = 5_000
KEPT_BODY_BYTES = 16_384
_SECRET_HEADERS = frozenset({"authorization", "proxy-authorization", "cookie", "x-accounting-access-token"})


class Call(msgspec.Struct):
    """One call received by a service; the answer's part is filled in when there is one."""

    number: int
    at: datetime
    service: str
    kind: str
    place: dict[str, str]
    method: str
    path: str
    query: str
    headers: dict[str, str]
    request_body: bytes
    status: int | None = None
    response_body: bytes = b""
    outcome: str = "open"
    fault: str | None = None

    def answered(self, response: Response) -> None:
        """Note the answer that was given."""
        self.status = response.status
        self.response_body = response.body[:KEPT_BODY_BYTES]
        self.outcome = "answered"

    def describe(self) -> dict[str, object]:
        """Return the call as the control plane shows it."""
        return {
            "number": self.number,
            "at": self.at.isoformat(),
            "service": self.service,
            "class": self.kind,
            **self.place,
            "method": self.method,
            "path": self.path,
            "query": self.query,
            "headers": masked(self.headers),
            "request_body": self.request_body.decode("utf-8", "replace"),
            "status": self.status,
            "response_body": self.response_body.decode("utf-8", "replace"),
            "outcome": self.outcome,
            "fault": self.fault,
        }


def masked(headers: dict[str, str]) -> dict[str, str]:
    """Return headers with the secrets replaced; the scheme of an authorization stays readable."""
    return {name: _mask(value) if name in _SECRET_HEADERS else value for name, value in headers.items()}


def _mask(value: str) -> str:
    scheme, _, rest = value.partition(" ")
    return f"{scheme} ***" if rest else "***"


class CallLog:
    """Keep the last calls and count all of them, by service and class."""

    def __init__(self, keep: int = KEPT_CALLS) -> None:
        """Begin empty."""
        self._calls: deque[Call] = deque(maxlen=keep)
        self._counts: Counter[tuple[str, str]] = Counter()
        self._number = 0

    def open(self, request: Request, *, at: datetime, service: str, kind: str, place: dict[str, str]) -> Call:
        """Note a call at its receipt and return its entry."""
        self._number += 1
        self._counts[service, kind] += 1
        call = Call(
            number=self._number,
            at=at,
            service=service,
            kind=kind,
            place=place,
            method=request.method,
            path=request.path,
            query=request.query_string,
            headers=request.headers,
            request_body=request.body[:KEPT_BODY_BYTES],
        )
        self._calls.append(call)
        return call

    def clear(self) -> None:
        """Forget calls and counts; numbers go on."""
        self._calls.clear()
        self._counts.clear()

    def select(
        self, *, service: str | None = None, kind: str | None = None, since: int = 0, limit: int | None = None
    ) -> list[Call]:
        """Return kept calls in order of receipt: of a service, of a class, after a number, at most so many newest."""
        found = [
            call
            for call in self._calls
            if call.number > since and service in {None, call.service} and kind in {None, call.kind}
        ]
        return found if limit is None else found[max(len(found) - limit, 0) :]

    def counts(self) -> dict[str, dict[str, int]]:
        """Return how many calls came, by service and class."""
        table: dict[str, dict[str, int]] = {}
        for (service, kind), count in sorted(self._counts.items()):
            table.setdefault(service, {})[kind] = count
        return table
