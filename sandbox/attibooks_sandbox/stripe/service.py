"""The door of Stripe: keys, versions, routes, idempotency, time, the common headers (reference: Stripe billing)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from attibooks_sandbox.kernel.clock import Clock, http_date
from attibooks_sandbox.kernel.jsonio import MalformedJsonError, read_json
from attibooks_sandbox.kernel.messages import Headers, Request, Response
from attibooks_sandbox.kernel.throttle import SlidingWindow
from attibooks_sandbox.stripe.alarm import Alarm
from attibooks_sandbox.stripe.call import Call
from attibooks_sandbox.stripe.courier import Courier
from attibooks_sandbox.stripe.desk import Cause, Desk
from attibooks_sandbox.stripe.errors import StripeError, invalid
from attibooks_sandbox.stripe.expanding import expand
from attibooks_sandbox.stripe.form import Nested, read_form
from attibooks_sandbox.stripe.idempotency import HEADER, Promises
from attibooks_sandbox.stripe.keys import check_permission, key_of
from attibooks_sandbox.stripe.parameters import Params, read_params
from attibooks_sandbox.stripe.render import render
from attibooks_sandbox.stripe.routes import Route, all_routes
from attibooks_sandbox.stripe.state import StripeState
from attibooks_sandbox.stripe.timekeeper import Timekeeper
from attibooks_sandbox.stripe.versions import CURRENT, in_version, version_of

if TYPE_CHECKING:
    from attibooks_sandbox.stripe.pages.service import Pages

CALLS_PER_SECOND = 25
"""The rate of a sandbox account (reference §3.4)."""
MOUNT = "/stripe"
_HOST = re.compile(r"[A-Za-z0-9.-]+(:\d+)?|\[[0-9a-fA-F:]+\](:\d+)?")
_RATE = "Request rate limit exceeded. You can learn more about rate limits here https://stripe.com/docs/rate-limits."
_FAILURES = {
    400: ("Invalid request.", None),
    401: ("Invalid API Key provided: sk_test_********", None),
    402: ("Your card was declined.", "card_declined"),
    403: ("The provided key does not have the required permissions for this endpoint.", None),
    404: ("No such object.", "resource_missing"),
    409: ("This object cannot be accessed right now because another API request is accessing it.", "lock_timeout"),
    429: (_RATE, "rate_limit"),
}


class StripeService:
    """The emulated Stripe: its API and its pages."""

    name = "stripe"

    def __init__(self, state: StripeState, clock: Clock, kept: Callable[[], None] = lambda: None) -> None:
        """Serve a state; `kept` is called after time has changed it without a call."""
        self.state, self.clock = state, clock
        self.courier = Courier(state, clock)
        self.limited = True
        self._promises = Promises(state)
        self._window = SlidingWindow(CALLS_PER_SECOND, 1.0, clock.elapsed)
        self._router = all_routes()
        self._pages: Pages | None = None
        self._alarm = Alarm(Timekeeper(state), clock, kept)

    def wake(self) -> None:
        """Do what fell due while nobody called, and plan for the rest."""
        self._alarm.ring()
        self._alarm.plan()

    def close(self) -> None:
        """Send nothing and wait for nothing any more: another state takes the place of this one."""
        self._alarm.close()
        self.courier.close()

    @property
    def now(self) -> int:
        """Return the present second."""
        return int(self.clock.now().timestamp())

    def show(self, row: object) -> dict[str, object]:
        """Return a row as the API shows it."""
        return render(self.state, row)

    # what the kernel asks

    def classify(self, request: Request) -> str:
        """Count reads, writes and calls of the pages apart."""
        if not request.path.startswith(("/v1/", "/v2/")):
            return "page"
        return "read" if request.method == "GET" else "write"

    def place(self, request: Request) -> dict[str, str]:  # noqa: ARG002 - there is one account
        """Return nothing: there is one account."""
        return {}

    def admit(self, request: Request) -> Response | None:
        """Refuse more calls a second than a sandbox account may make, and a key that another call is using."""
        if self.classify(request) == "page":
            return None
        if self.limited and not self._window.admit():
            return self.failure(request, 429)
        refusal = self._promises.enter(request)
        return None if refusal is None else self._refused(refusal, self._new_request_id(), CURRENT, request)

    def release(self, request: Request) -> None:
        """Let an admitted call out again."""
        self._promises.leave(request)

    def switch(self, *, enabled: bool) -> None:
        """Switch the throttle, with a new count."""
        self.limited = enabled
        self._window = SlidingWindow(CALLS_PER_SECOND, 1.0, self.clock.elapsed)

    def retry_after(self) -> str:
        """Return the next second of the clock as an HTTP date."""
        return http_date(self.now + 1)

    def failure(self, request: Request, status: int) -> Response:
        """Return the answer with a status when nothing more is known."""
        message, code = _FAILURES.get(status, ("An unknown error occurred", None))
        kind = "api_error" if status >= 500 else "card_error" if status == 402 else "invalid_request_error"
        error = StripeError(status, message, code=code, kind=kind)
        response = self._refused(error, self._new_request_id(), CURRENT, request)
        if status == 429:
            response.headers.append(("Stripe-Rate-Limited-Reason", "global-rate"))
        return response

    def handle(self, request: Request) -> Response:
        """Answer a call of the API or of a page, after what fell due until now."""
        self._alarm.ring()
        self._note_address(request)
        try:
            if self.classify(request) == "page":
                return self.pages.handle(request)
            return self._api(request)
        finally:
            self._alarm.plan()

    def _note_address(self, request: Request) -> None:
        """Remember the address that the sandbox is called at: links in answers and events begin with it."""
        host = request.header("host")
        base = f"http://{host}{MOUNT}"
        if base != self.state.base_url and _HOST.fullmatch(host):
            self.state.base_url = base

    @property
    def pages(self) -> Pages:
        """Return the pages; their code is loaded when somebody opens one."""
        if self._pages is None:
            from attibooks_sandbox.stripe.pages.service import Pages  # noqa: PLC0415 - see above

            self._pages = Pages(self)
        return self._pages

    # inside the door

    def _new_request_id(self) -> str:
        return f"req_{self.state.ids.alphanumeric(14)}"

    def _api(self, request: Request) -> Response:
        identifier, version = self._new_request_id(), CURRENT
        try:
            key = key_of(self.state, request, self.now)
            version = version_of(request.header("stripe-version"))
            found = self._router.find(request.method, request.segments)
            if found is None:
                raise _unknown(request)
            check_permission(key, found[0].resource, write=request.method != "GET")
            promise = self._promises.kept(request, self.now)
            if promise is not None:
                replayed = [("Idempotent-Replayed", "true"), ("Original-Request", promise.request)]
                headers = self._headers(identifier, version, request)
                return Response(promise.status, promise.body, [*headers, *replayed])
            return self._carried_out(request, found, identifier, version)
        except StripeError as error:
            return self._refused(error, identifier, version, request)

    def _carried_out(
        self, request: Request, found: tuple[Route, dict[str, str]], identifier: str, version: str
    ) -> Response:
        """Do a call's work; what was carried out is promised to its key, also when it ended in a refusal."""
        try:
            shown = self._work(request, found, identifier, version)
            status, body = 200, pretty(shown)
        except StripeError as error:
            if not error.stored:
                raise
            status, body = error.status, pretty(error.body(identifier))
        self._promises.keep(request, status, body, identifier, self.now)
        return Response(status, body, self._headers(identifier, version, request))

    def _work(self, request: Request, found: tuple[Route, dict[str, str]], identifier: str, version: str) -> object:
        route, named = found
        params = _read(request, route)
        if route.takes is not None:
            params.only(route.takes)
        key = request.header(HEADER) or None
        desk = Desk(self.state, self.now, Cause(identifier, key if request.method == "POST" else None))
        shown = route.endpoint(Call(params, desk, version), **named)
        return in_version(expand(self.state, shown, params.texts("expand")), version)

    def _refused(self, error: StripeError, identifier: str, version: str, request: Request) -> Response:
        return Response(error.status, pretty(error.body(identifier)), self._headers(identifier, version, request))

    def _headers(self, identifier: str, version: str, request: Request) -> Headers:
        headers = [
            ("Content-Type", "application/json"),
            ("Request-Id", identifier),
            ("Stripe-Version", version),
            ("Cache-Control", "no-cache, no-store"),
        ]
        key = request.header(HEADER)
        return [*headers, ("Idempotency-Key", key)] if key and request.method == "POST" else headers


def _unknown(request: Request) -> StripeError:
    message = (
        f"Unrecognized request URL ({request.method}: {request.path}). Please see https://stripe.com/docs or we can "
        "help at https://support.stripe.com/."
    )
    return StripeError(404, message)


def _read(request: Request, route: Route) -> Params:
    if route.call in _PRIVATE:
        sent = {**read_form(request.query_string), **read_form(request.body.decode("utf-8", "replace"))}
        return Params({name: int(str(value)) if name == "expected_amount" else value for name, value in sent.items()})
    return read_params(route.call, _sent(request))


_PRIVATE = frozenset({"GET /v1/payment_pages/{id}", "POST /v1/payment_pages/{id}/confirm"})
"""Calls of Stripe's own tools, which nothing describes: whatever they send is taken."""


def _sent(request: Request) -> Nested:
    """Return the parameters of a call: a form in the first generation of the API, JSON in the second."""
    query = read_form(request.query_string)
    if not request.body:
        return query
    kind = request.header("content-type").partition(";")[0].strip().lower()
    if request.path.startswith("/v2/"):
        return query | _json(request)
    if kind and kind != "application/x-www-form-urlencoded":
        message = (
            "Invalid request (check that your POST content type is application/x-www-form-urlencoded). If you have any "
            "questions, we can help at https://support.stripe.com/."
        )
        raise invalid(message)
    return query | read_form(request.body.decode("utf-8", "replace"))


def _json(request: Request) -> Nested:
    try:
        found = read_json(request.body)
    except MalformedJsonError as error:
        message = "The body is not valid JSON."
        raise invalid(message) from error
    if not isinstance(found, dict):
        raise invalid("The body must be a JSON object.")
    return found


def pretty(shown: object) -> bytes:
    """Return an answer as Stripe writes it: JSON over several lines."""
    return msgspec.json.format(msgspec.json.encode(shown), indent=2)
