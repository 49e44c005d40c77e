"""Webhooks of accounting systems: checked, stored, answered. What they say is read later.

A raw ASGI route: the body is read once as bytes, whatever its media type says, and nothing but a status goes back.
"""

from uuid import uuid4

import msgspec
from litestar import asgi
from litestar.exceptions import MethodNotAllowedException
from litestar.handlers import ASGIRouteHandler
from litestar.types import HTTPResponseBodyEvent, HTTPResponseStartEvent, Receive, Scope, Send

from attibooks_core.capabilities import NotifyingBackend
from attibooks_core.errors import AttiBooksError
from attibooks_core.host import Host
from attibooks_core.logs import EventLog
from attibooks_core.web.middleware import BARE, read_body
from attibooks_core.web.problems import MEDIA_TYPE, problem_body, status_of

MAX_DELIVERY = 5 * 1024 * 1024
PREFIX = "/webhooks"

_TAKEN: HTTPResponseStartEvent = {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]}
_END: HTTPResponseBodyEvent = {"type": "http.response.body", "body": b"", "more_body": False}

log = EventLog(__name__)


def webhook_routes(host: Host) -> list[ASGIRouteHandler]:
    """A route for each accounting system that sends webhooks."""
    return [_route(host, each) for each in host.plugins.notifying.values()]


def _route(host: Host, backend: NotifyingBackend) -> ASGIRouteHandler:
    """The route that one accounting system sends its webhooks to.

    200 comes only after the delivery is durable. It comes too for a repeat, for companies that nobody has connected,
    and for what is signed and cannot be understood: nothing would be better at the next try.
    """
    key, inbox, clock = backend.key, host.bench.inbox, host.clock

    @asgi(f"{PREFIX}/{backend.key}", copy_scope=False, opt={BARE: True})
    async def receive_webhook(scope: Scope, receive: Receive, send: Send) -> None:
        if scope.get("method") != "POST":
            raise MethodNotAllowedException
        try:
            body = await read_body(scope, receive, MAX_DELIVERY)
            environment = _check(backend, scope, body)
        except AttiBooksError as error:
            await _refuse(scope, send, error)
            return
        await inbox.take(key, environment, body, clock.now())
        await send(_TAKEN)
        await send(_END)

    return receive_webhook


def _check(backend: NotifyingBackend, scope: Scope, body: bytes) -> str:
    """The environment that a delivery is of.

    :raises AttiBooksError: it is nobody's, or empty.
    """
    environment = backend.check_delivery(dict(scope["headers"]), body)
    if not body:
        raise AttiBooksError("The delivery is empty.", code="malformed")
    return environment


async def _refuse(scope: Scope, send: Send, error: AttiBooksError) -> None:
    request_id = f"r-{uuid4().hex[:16]}"
    log.warning("webhook_refused", path=scope["path"], code=error.code, request=request_id)
    body = msgspec.json.encode(problem_body(error, request_id))
    headers = [(b"content-type", MEDIA_TYPE.encode()), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status_of(error), "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
