"""The door of the Attio service: tokens, scopes, routes, rates, the common headers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import msgspec

from attibooks_sandbox.attio import attributes, choices, objects, records, webhooks
from attibooks_sandbox.attio.access import (
    MEMBERS_READ,
    OBJECT_DELETE,
    RECORDS_READ,
    RECORDS_WRITE,
    SCHEMA_READ,
    SCHEMA_WRITE,
    WEBHOOKS_READ,
    WEBHOOKS_WRITE,
    presented_token,
    require_scopes,
    require_workspace_level,
    self_body,
    usable,
)
from attibooks_sandbox.attio.call import Call
from attibooks_sandbox.attio.courier import Courier
from attibooks_sandbox.attio.errors import AttioError, unauthorized_token, unknown_endpoint
from attibooks_sandbox.attio.members import get_member, list_members
from attibooks_sandbox.attio.model import Token
from attibooks_sandbox.attio.rates import SecondlyRates
from attibooks_sandbox.attio.render import whole_millisecond
from attibooks_sandbox.attio.workspace import AttioState
from attibooks_sandbox.kernel.clock import Clock, http_date
from attibooks_sandbox.kernel.ids import Ids
from attibooks_sandbox.kernel.jsonio import write_json
from attibooks_sandbox.kernel.messages import Headers, Request, Response
from attibooks_sandbox.kernel.routing import Router

Endpoint = Callable[..., object]


class Route(msgspec.Struct, frozen=True):
    """An endpoint, the scopes it asks for, and arguments that its path does not carry."""

    endpoint: Endpoint
    scopes: tuple[str, ...]
    extra: dict[str, str]


def _routes() -> Router[Route]:
    router: Router[Route] = Router()

    def add(line: str, endpoint: Endpoint, scopes: tuple[str, ...], **extra: str) -> None:
        method, template = line.split(" ")
        router.add(method, template, Route(endpoint, scopes, extra))

    add("GET /v2/objects", objects.list_objects, SCHEMA_READ)
    add("POST /v2/objects", objects.create_object, SCHEMA_WRITE)
    add("GET /v2/objects/{name}", objects.get_object, SCHEMA_READ)
    add("PATCH /v2/objects/{name}", objects.update_object, SCHEMA_WRITE)
    add("DELETE /v2/objects/{name}", objects.delete_object, OBJECT_DELETE)
    base = "/v2/objects/{identifier}/attributes"
    add(f"GET {base}", attributes.list_attributes, SCHEMA_READ)
    add(f"POST {base}", attributes.create_attribute, SCHEMA_WRITE)
    add(f"GET {base}/{{attribute}}", attributes.get_attribute, SCHEMA_READ)
    add(f"PATCH {base}/{{attribute}}", attributes.update_attribute, SCHEMA_WRITE)
    for part, kind in (("options", "select"), ("statuses", "status")):
        add(f"GET {base}/{{attribute}}/{part}", choices.list_choices, SCHEMA_READ, kind=kind)
        add(f"POST {base}/{{attribute}}/{part}", choices.create_choice, SCHEMA_WRITE, kind=kind)
        add(f"PATCH {base}/{{attribute}}/{part}/{{choice}}", choices.update_choice, SCHEMA_WRITE, kind=kind)
    base = "/v2/objects/{object_name}/records"
    add(f"POST {base}", records.create, RECORDS_WRITE)
    add(f"PUT {base}", records.assert_record, RECORDS_WRITE)
    add(f"POST {base}/query", records.query, RECORDS_READ)
    add(f"GET {base}/{{record_id}}", records.get, RECORDS_READ)
    add(f"PATCH {base}/{{record_id}}", records.update, RECORDS_WRITE, manner="add")
    add(f"PUT {base}/{{record_id}}", records.update, RECORDS_WRITE, manner="replace")
    add(f"DELETE {base}/{{record_id}}", records.delete, RECORDS_WRITE)
    add(f"GET {base}/{{record_id}}/attributes/{{attribute}}/values", records.list_values, RECORDS_READ)
    add("GET /v2/webhooks", webhooks.list_webhooks, WEBHOOKS_READ)
    add("POST /v2/webhooks", webhooks.create_webhook, WEBHOOKS_WRITE)
    add("GET /v2/webhooks/{webhook_id}", webhooks.get_webhook, WEBHOOKS_READ)
    add("PATCH /v2/webhooks/{webhook_id}", webhooks.update_webhook, WEBHOOKS_WRITE)
    add("DELETE /v2/webhooks/{webhook_id}", webhooks.delete_webhook, WEBHOOKS_WRITE)
    add("GET /v2/workspace_members", list_members, MEMBERS_READ)
    add("GET /v2/workspace_members/{member_id}", get_member, MEMBERS_READ)
    return router


class AttioService:
    """The emulated Attio."""

    name = "attio"

    def __init__(self, state: AttioState, clock: Clock, http_webhooks: Callable[[], bool] = lambda: False) -> None:
        """Serve a state; `http_webhooks` tells whether webhooks on loopback may do without https."""
        self.state = state
        self.clock = clock
        self.rates = SecondlyRates()
        self.courier = Courier(state, clock)
        self._http_webhooks = http_webhooks
        self._traces = Ids(f"execution:{state.ids.seed}:{state.ids.drawn}")
        self._router = _routes()

    def close(self) -> None:
        """Send nothing any more: another state takes the place of this one."""
        self.courier.outbox.close()

    # what the kernel asks

    def classify(self, request: Request) -> str:
        """Count identity checks apart; queries are reads although they are posted."""
        if request.path == "/v2/self":
            return "self"
        return "read" if request.method == "GET" or request.path.endswith(("/query", "/search")) else "write"

    def place(self, request: Request) -> dict[str, str]:
        """Return the workspace of the call's token."""
        token = self.state.tokens.get(presented_token(request.headers))
        return {} if token is None else {"workspace": token.workspace_id}

    def admit(self, request: Request) -> Response | None:
        """Refuse more reads or writes in one second than a workspace may make."""
        workspace = self.place(request).get("workspace")
        if workspace is None or self.rates.admit(workspace, write=self.classify(request) == "write"):
            return None
        return self.failure(request, 429)

    def release(self, request: Request) -> None:
        """Do nothing: Attio counts calls by the second only."""

    def retry_after(self) -> str:
        """Return the next second of the clock as an HTTP date."""
        return http_date(int(self.clock.now().timestamp()) + 1)

    def failure(self, request: Request, status: int) -> Response:  # noqa: ARG002 - the kernel's signature
        """Return Attio's answer with a status: the declared ones as JSON, outages as text."""
        error = _FAILURES.get(status)
        if error is None:
            text = b"Service Unavailable" if status == 503 else b"Internal Server Error"
            return Response(status, text, [("Content-Type", "text/plain; charset=utf-8"), *self._headers()])
        response = self._json(status, AttioError(status, error[0], error[2], kind=error[1]).body())
        if status == 429:
            response.headers.append(("Retry-After", self.retry_after()))
        return response

    def handle(self, request: Request) -> Response:
        """Answer a call."""
        now = self.clock.now()
        try:
            body = self._answer(request, now)
        except AttioError as error:
            return self._json(error.status, error.body())
        response = self._json(200, body)
        response.headers.append(("x-accurate-at", f"{now:%Y-%m-%dT%H:%M:%S.%f}Z"))
        if request.path.endswith("/records/query"):
            response.headers.append(("x-attio-record-query-score", "0"))
        return response

    # inside the door

    def _answer(self, request: Request, now: datetime) -> object:
        token = self.state.tokens.get(presented_token(request.headers))
        if request.path == "/v2/self" and request.method == "GET":
            return self._self(token, now)
        found = self._router.find(request.method, request.segments)
        if found is None:
            raise unknown_endpoint(request.method, request.path)
        if token is None or not usable(token, now):
            raise unauthorized_token()
        route, named = found
        require_scopes(token, route.scopes)
        if route.scopes in {WEBHOOKS_READ, WEBHOOKS_WRITE}:
            require_workspace_level(token)
        stamp = whole_millisecond(now)
        workspace = self.state.workspaces[token.workspace_id]
        call = Call(request, token, workspace, self.state.ids, stamp, self._http_webhooks())
        return route.endpoint(call, **named, **route.extra)

    def _self(self, token: Token | None, now: datetime) -> object:
        if token is None or not usable(token, now):
            return {"active": False}
        return self_body(token, self.state.workspaces[token.workspace_id])

    def _json(self, status: int, body: object) -> Response:
        return Response(
            status, write_json(body), [("Content-Type", "application/json; charset=utf-8"), *self._headers()]
        )

    def _headers(self) -> Headers:
        return [("x-attio-execution-id", self._traces.uuid())]


_FAILURES: dict[int, tuple[str, str, str]] = {
    400: ("validation_type", "invalid_request_error", "Body payload validation error."),
    401: ("unauthorized", "auth_error", "The access token provided is missing or not valid."),
    403: ("unauthorized", "auth_error", "The API Key provided is not authorized to perform the requested action."),
    404: ("not_found", "invalid_request_error", "Not found."),
    409: (
        "concurrent_write_conflict",
        "invalid_request_error",
        "Another write to the same record is in progress. This one was not applied.",
    ),
    429: ("rate_limit_exceeded", "rate_limit_error", "Rate limit exceeded, please try again later"),
}
