"""The gateway in front of the data layer: tokens, throttles, the headers and refusals that it makes by itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from attibooks_sandbox.kernel.clock import monotonic
from attibooks_sandbox.kernel.ids import Ids
from attibooks_sandbox.kernel.jsonio import write_json
from attibooks_sandbox.kernel.messages import Headers, Request, Response
from attibooks_sandbox.kernel.throttle import Gate, SlidingWindow
from attibooks_sandbox.quickbooks.company import Promise
from attibooks_sandbox.quickbooks.oauth.grants import AccessToken
from attibooks_sandbox.quickbooks.wire import envelope_time
from attibooks_sandbox.quickbooks.xmlio import to_xml

CALLS_PER_MINUTE = 500
CALLS_PER_SECOND = 10
CALLS_AT_ONCE = 10
BATCHES_PER_MINUTE = 40
_SUCCESS_HEADERS = (
    ("Cache-Control", "max-age=0, no-cache, no-store, must-revalidate, private"),
    ("Expires", "0"),
    ("QBO-Version", "1988.128"),
    ("Service-Time", "total=24, db=9"),
)
_SHORTEST_TOKEN = 10
_LONGEST_TOKEN = 4096


def wants_json(request: Request) -> bool:
    """Tell whether a client asks for JSON; without asking one gets XML."""
    return "json" in request.header("accept").lower() or request.query.get("format") == "json"


def bearer_of(request: Request) -> str | None:
    """Return the bearer token, or None."""
    scheme, _, token = request.header("authorization").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def token_problem(given: str | None, token: AccessToken | None, now: datetime) -> str | None:
    """Return what is wrong with a token in the gateway's words, None if nothing."""
    if given is None or not _SHORTEST_TOKEN <= len(given) <= _LONGEST_TOKEN:
        return "Malformed bearer token: too short or too long"
    if token is None or not token.active:
        return f"Token revoked: {given[:10]}"
    if token.expires_at is not None and now >= token.expires_at:
        return f"Token expired: {given[:10]}"
    return None


class Answers:
    """Makes the answers of the gateway and wraps those of the data layer."""

    def __init__(self, ids: Ids) -> None:
        """Draw trace ids from a source."""
        self._ids = ids

    def trace_headers(self, now: datetime) -> Headers:
        """Return the headers that every answer has; the trace id under both spellings."""
        trace = f"1-{int(now.timestamp()):08x}-{self._ids.hex(24)}"
        return [("intuit_tid", trace), ("Intuit-Tid", trace), ("Strict-Transport-Security", "max-age=15552000")]

    def success(self, request: Request, body: Mapping[str, object], now: datetime) -> Response:
        """Return a success of the data layer; `time` is the start of processing."""
        timed = {**body, "time": envelope_time(now)}
        content, kind = self._content(request, timed)
        return Response(200, content, self._headers(200, f"{kind};charset=utf-8", now))

    def repeat(self, promise: Promise, now: datetime) -> Response:
        """Return a promised answer: the same bytes, traced anew."""
        return Response(promise.status, promise.body, self._headers(promise.status, promise.content_type, now))

    def _headers(self, status: int, content_type: str, now: datetime) -> Headers:
        own = [("Content-Type", content_type), *self.trace_headers(now)]
        return [*own, *_SUCCESS_HEADERS] if status == 200 else own

    @staticmethod
    def _content(request: Request, body: Mapping[str, object]) -> tuple[bytes, str]:
        if wants_json(request):
            return write_json(body), "application/json"
        return to_xml(body), "application/xml"

    def fault(
        self, request: Request, status: int, fault: Mapping[str, object], now: datetime, *, timed: bool = True
    ) -> Response:
        """Return a Fault of the data layer."""
        body: dict[str, object] = {"Fault": fault}
        if timed:
            body["time"] = envelope_time(now)
        content, kind = self._content(request, body)
        return Response(status, content, self._headers(status, kind, now))

    def gateway_fault(
        self, request: Request, now: datetime, status: int, *, code: str, name: str, detail: str | None, kind: str
    ) -> Response:
        """Return a fault of the gateway: lower-case names and epoch time in JSON, the usual form in XML."""
        message = f"message={name}; errorCode={int(code):06d}; statusCode={status}"
        headers = self.trace_headers(now)
        if not wants_json(request):
            error = {"Message": message, "code": code} | ({} if detail is None else {"Detail": detail})
            body = to_xml({"Fault": {"type": kind, "Error": [error]}, "time": envelope_time(now)})
            return Response(status, body, [("Content-Type", "application/xml"), *headers])
        fault = {"error": [{"message": message, "detail": detail, "code": code, "element": None}], "type": kind}
        return Response(status, write_json(_lower_case(fault, now)), [("Content-Type", "application/json"), *headers])

    def unauthorized(self, request: Request, detail: str, now: datetime) -> Response:
        """Return 401 / 3200."""
        response = self.gateway_fault(
            request, now, 401, code="3200", name="AuthenticationFailed", detail=detail, kind="AUTHENTICATION"
        )
        response.headers.append(("WWW-Authenticate", 'Bearer realm="Intuit", error="invalid_token"'))
        return response

    def forbidden(self, request: Request, now: datetime) -> Response:
        """Return 403 / 3100: the token is for another company or the other environment."""
        return self.gateway_fault(
            request, now, 403, code="3100", name="ApplicationAuthorizationFailed", detail=None, kind="AUTHORIZATION"
        )

    def throttled(self, request: Request, now: datetime) -> Response:
        """Return 429 / 3001; no Retry-After was ever seen."""
        error = {
            "Message": "message=ThrottleExceeded; errorCode=003001; statusCode=429",
            "Detail": "The request limit was reached.  Try again later",
            "code": "3001",
        }
        return self.fault(request, 429, {"Error": [error], "type": "SERVICE"}, now)

    def pdf(self, content: bytes, now: datetime) -> Response:
        """Return a document."""
        return Response(200, content, self._headers(200, "application/pdf", now))

    def shuffled(self, items: list[dict[str, object]]) -> list[dict[str, object]]:
        """Return items in an order that nobody may rely on, the same for the same seed and calls."""
        return sorted(items, key=lambda _: self._ids.chance())

    def page(self, status: int, title: str, now: datetime) -> Response:
        """Return the HTML page of a load balancer."""
        html = f"<html><head><title>{status} {title}</title></head><body><h1>{status} {title}</h1></body></html>"
        return Response(status, html.encode(), [("Content-Type", "text/html;charset=utf-8"), *self.trace_headers(now)])


def _lower_case(fault: Mapping[str, object], now: datetime) -> dict[str, object]:
    return {
        "warnings": None,
        "intuitObject": None,
        "fault": fault,
        "report": None,
        "queryResponse": None,
        "batchItemResponse": [],
        "attachableResponse": [],
        "syncErrorResponse": None,
        "requestId": None,
        "time": int(now.timestamp() * 1000),
        "status": None,
        "cdcresponse": [],
    }


class Throttle:
    """Limits of each realm: calls a second, calls a minute, calls at once, batches a minute; can be switched off."""

    def __init__(self, timer: Callable[[], float] = monotonic) -> None:
        """Begin switched on, with nothing counted, by the seconds of a timer."""
        self.enabled = True
        self._timer = timer
        self._windows: dict[str, tuple[SlidingWindow, SlidingWindow, SlidingWindow]] = {}
        self._gates: dict[str, Gate] = {}

    def switch(self, *, enabled: bool) -> None:
        """Switch the limits on or off; calls of before are not counted any more."""
        self.enabled = enabled
        self._windows.clear()

    def enter(self, realm: str, *, batch: bool = False) -> bool:
        """Let a call in, or refuse it."""
        gate = self._gates.setdefault(realm, Gate(CALLS_AT_ONCE))
        if not gate.enter(refuse=self.enabled):
            return False
        if not self.enabled or self._counted(realm, batch=batch):
            return True
        gate.leave()
        return False

    def _counted(self, realm: str, *, batch: bool) -> bool:
        if realm not in self._windows:
            limits = ((CALLS_PER_SECOND, 1.0), (CALLS_PER_MINUTE, 60.0), (BATCHES_PER_MINUTE, 60.0))
            second, minute, batches = (SlidingWindow(limit, length, self._timer) for limit, length in limits)
            self._windows[realm] = (second, minute, batches)
        second, minute, batches = self._windows[realm]
        return second.admit() and minute.admit() and (not batch or batches.admit())

    def leave(self, realm: str) -> None:
        """Let a call out."""
        self._gates[realm].leave()
