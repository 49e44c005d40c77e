"""What happens to every call before its route: an id, a log line, a size limit, and the check of who calls."""

import time
from collections.abc import Mapping
from uuid import uuid4

from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, HTTPRequestEvent, Message, Receive, ReceiveMessage, Scope, Send

from attibooks_core.errors import AttiBooksError
from attibooks_core.invoicing.leases import Leases
from attibooks_core.logs import EventLog, bound
from attibooks_core.model import AppCall
from attibooks_core.protocols import AppGateway

MAX_BODY = 1024 * 1024
BARE = "attibooks_bare"
"""Option of routes that go without what this module does: machines call them, thousands a second."""

log = EventLog("attibooks.access")


class AccessLog(ASGIMiddleware):
    """Gives each call an id and writes one line about it: ids and numbers, no header, no query, no body."""

    scopes = (ScopeType.HTTP,)
    exclude_opt_key = BARE

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Run the call and log it."""
        request_id = scope["attibooks.request_id"] = f"r-{uuid4().hex[:16]}"  # type: ignore[typeddict-unknown-key]
        status, started = 0, time.perf_counter()

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (b"x-request-id", request_id.encode())]
            await send(message)

        with bound(request=request_id):
            try:
                await next_app(scope, receive, noting)
            finally:
                ms = round((time.perf_counter() - started) * 1000, 1)
                path = scope.get("path_template") or scope["path"]
                log.info("call", method=_method(scope), path=path, status=status, ms=ms)


class Gatekeeper(ASGIMiddleware):
    """Lets calls of the in-CRM app through to its routes, once the gateway has checked them.

    The checked caller is in the scope as `attibooks.caller`; its tokens go to the leases.
    """

    scopes = (ScopeType.HTTP,)
    exclude_opt_key = BARE

    def __init__(self, gateways: Mapping[str, AppGateway], leases: Leases) -> None:
        self._gateways = {f"/api/{key}/": gateway for key, gateway in gateways.items()}
        self._leases = leases

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Read the body whole, check the call, and play the body to the route."""
        gateway = next((g for prefix, g in self._gateways.items() if scope["path"].startswith(prefix)), None)
        if gateway is None:
            await next_app(scope, receive, send)
            return
        body = await read_body(scope, receive, MAX_BODY)
        caller = await gateway.authenticate(AppCall(_method(scope), target_of(scope), headers_of(scope), body))
        self._leases.offer(caller)
        scope["attibooks.caller"] = caller  # type: ignore[typeddict-unknown-key]
        scope["attibooks.body"] = body  # type: ignore[typeddict-unknown-key]
        await next_app(scope, _replay(body, receive), send)


async def read_body(scope: Scope, receive: Receive, limit: int) -> bytes:
    """The whole body.

    :raises AttiBooksError: code `too_large`.
    """
    declared = dict(scope["headers"]).get(b"content-length", b"0")
    if not declared.isdigit() or int(declared) > limit:
        raise TooLarge(limit)
    parts, length, more = [], 0, True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            break
        parts.append(message["body"])
        length += len(message["body"])
        more = message["more_body"]
        if length > limit:
            raise TooLarge(limit)
    return parts[0] if len(parts) == 1 else b"".join(parts)


class TooLarge(AttiBooksError):
    """The body is over the limit."""

    code = "too_large"

    def __init__(self, limit: int) -> None:
        super().__init__(f"The body is larger than {limit // (1024 * 1024)} MiB. Send less.")


def _method(scope: Scope) -> str:
    return str(dict(scope).get("method", ""))


def headers_of(scope: Scope) -> dict[str, str]:
    """Headers by lower-case name; the last one of a name counts."""
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}


def target_of(scope: Scope) -> str:
    """Path with query, as the caller sent it."""
    path, query = scope["raw_path"].decode("latin-1"), scope["query_string"].decode("latin-1")
    return f"{path}?{query}" if query and "?" not in path else path


def _replay(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives the body that was read already, then whatever comes."""
    pending: list[HTTPRequestEvent] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replaying() -> ReceiveMessage:
        return pending.pop() if pending else await receive()

    return replaying
