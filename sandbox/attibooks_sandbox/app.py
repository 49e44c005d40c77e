"""The application: mounts the services, serves the control plane, resets the world.

`create_app` returns an ASGI application. The sandbox's own server speaks to it more directly, by `begin`, which can
also cut a connection; under another ASGI server a cut becomes an error of the application, which closes it too.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, MutableMapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from attibooks_sandbox.attio.service import AttioService
from attibooks_sandbox.control.service import ControlService
from attibooks_sandbox.kernel.bulk import without_collecting
from attibooks_sandbox.kernel.calls import CallLog
from attibooks_sandbox.kernel.clock import Clock
from attibooks_sandbox.kernel.ids import Ids
from attibooks_sandbox.kernel.jsonio import write_json
from attibooks_sandbox.kernel.messages import Cut, Reply, Request, Response
from attibooks_sandbox.kernel.pipeline import Pipeline
from attibooks_sandbox.kernel.service import Peer, Service
from attibooks_sandbox.quickbooks.oauth.service import MOUNT, OAuthService
from attibooks_sandbox.quickbooks.service import QuickBooksService
from attibooks_sandbox.quickbooks.switches import Switches
from attibooks_sandbox.worlds.build import Size, World, build_world

if TYPE_CHECKING:
    from attibooks_sandbox.keeping import Keeping
    from attibooks_sandbox.page.service import PageService
    from attibooks_sandbox.quickbooks.webhooks.outbox import Outbox
    from attibooks_sandbox.stripe.service import StripeService

HOST_URL = "http://127.0.0.1:8000"
ENVIRONMENTS = ("production", "sandbox")
Scope = MutableMapping[str, object]
Message = MutableMapping[str, object]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Observer = Callable[[str, Request, Response], None]

logger = logging.getLogger("attibooks_sandbox")


class ConnectionCutError(Exception):
    """Raised to a foreign ASGI server in place of an answer that must not come."""


class SandboxApp:
    """The services, the control plane and the page over one world."""

    def __init__(
        self,
        seed: int | None = None,
        *,
        size: Size | None = None,
        limits: bool = True,
        host_url: str = HOST_URL,
        data: str | Path | None = None,
    ) -> None:
        """Begin with the world of a seed (1) and size (`small`), or with the one that the folder `data` holds.

        `limits` tells whether the vendors' throttles are on after a reset; `host_url` is the AttiBooks host that the
        page's app calls. `revision` counts what the control plane changed, `resets` how often it put all back.
        """
        self._limits = limits
        self.host_url = host_url
        self.revision = 0
        self.resets = 0
        self._pristine: dict[tuple[int, Size], World] = {}
        self.observers: list[Observer] = []
        self.clock = Clock()
        self.switches = Switches()
        self._keeping = None if data is None else _keeping(Path(data))
        held = None if self._keeping is None else self._keeping.load(self, seed, size)
        self.world = self._fresh(1 if seed is None else seed, size or "small") if held is None else held
        self._furnish()
        self.control = ControlService(self)

    def _furnish(self) -> None:
        """Put services over the world, with an empty log and without faults."""
        seed = self.world.seed
        self.calls = CallLog()
        self.pipeline = Pipeline(self.clock, self.calls, seed)
        self.attio = self._new_attio()
        ids = Ids(f"quickbooks:{self._run}")
        self.quickbooks = {
            name: QuickBooksService(name, self.world.quickbooks, self.clock, self.switches, ids)
            for name in ENVIRONMENTS
        }
        self.oauth = self._oauth()
        self.set_limits(attio=self._limits, quickbooks=self._limits, stripe=self._limits)
        if self._keeping is not None:
            self._keeping.begin(self)
        if self.world.quickbooks.endpoints:
            self.outbox.time_moved()
        if not self.world.stripe.asleep:
            self.stripe.wake()

    @property
    def _run(self) -> str:
        """Return what ids of traces and events begin with: another after each start, so that none comes twice."""
        return f"{self.world.seed}" if self._keeping is None else f"{self.world.seed}:{self._keeping.starts}"

    @cached_property
    def page(self) -> PageService:
        """Return the page; its code is loaded when somebody opens it, so that the sandbox starts as fast without."""
        from attibooks_sandbox.page.service import PageService  # noqa: PLC0415 - see above

        return PageService(self)

    @cached_property
    def outbox(self) -> Outbox:
        """Return the sender of QuickBooks' webhooks; its code is loaded when somebody sets an endpoint."""
        from attibooks_sandbox.quickbooks.webhooks.outbox import Outbox  # noqa: PLC0415 - see above

        world = self.world
        token = world.secrets.webhook_verifier_token
        return Outbox(world.quickbooks, self.clock, self.switches, token, self._run)

    @property
    def open_outbox(self) -> Outbox | None:
        """Return the sender of webhooks if anybody has asked for it since the last reset."""
        found: Outbox | None = self.__dict__.get("outbox")
        return found

    @cached_property
    def stripe(self) -> StripeService:
        """Return Stripe; its code is loaded when somebody calls it, or when its account has something to wait for."""
        from attibooks_sandbox.stripe.service import StripeService  # noqa: PLC0415 - see above

        service = StripeService(self.world.stripe, self.clock, self.keep)
        service.switch(enabled=self.stripe_limited)
        return service

    # the world

    def _fresh(self, seed: int, size: Size) -> World:
        if (seed, size) not in self._pristine:
            with without_collecting():
                self._pristine[seed, size] = build_world(seed, size)
        return self._pristine[seed, size].copy()

    def _new_attio(self) -> AttioService:
        return AttioService(self.world.attio, self.clock, lambda: self.switches.http_webhooks)

    def reset(self, seed: int | None = None, size: Size | None = None) -> None:
        """Put everything back: world, tokens, faults, clock, switches, limits, log, the app's settings."""
        self.resets += 1
        if self.open_outbox is not None:
            self.open_outbox.close()
            del self.outbox
        self.attio.close()
        if "stripe" in self.__dict__:
            self.stripe.close()
            del self.stripe
        self.world = self._fresh(self.world.seed if seed is None else seed, size or self.world.size)
        self.clock.reset()
        self.switches = Switches()
        self._furnish()

    def keep(self) -> None:
        """Write what changed into the data folder, if there is one."""
        if self._keeping is not None:
            self._keeping.keep()

    def close(self) -> None:
        """Let go of the data folder, if there is one."""
        if self._keeping is not None:
            self._keeping.close()

    def _oauth(self) -> OAuthService:
        world = self.world
        clients = world.secrets.quickbooks_clients
        return OAuthService(world.quickbooks, clients, self.clock, self.switches, world.seed)

    def set_limits(
        self, *, attio: bool | None = None, quickbooks: bool | None = None, stripe: bool | None = None
    ) -> None:
        """Switch the vendors' throttles on or off, with a new count; None leaves a service as it is."""
        if attio is not None:
            self.attio.rates.switch(enabled=attio)
        if quickbooks is not None:
            for service in self.quickbooks.values():
                service.throttle.switch(enabled=quickbooks)
        if stripe is not None:
            self.stripe_limited = stripe
            if "stripe" in self.__dict__:
                self.stripe.switch(enabled=stripe)

    # one call

    def begin(self, request: Request, peer: Peer) -> Reply | Awaitable[Reply]:
        """Return the answer to a request, or an awaitable of it where time has to pass."""
        if not _is_loopback(request.client):
            return Response(403, b"The sandbox serves loopback clients only.\n", [("Content-Type", "text/plain")])
        try:
            reply = self._route(request, peer)
            if self._keeping is None:
                return reply
            if not isinstance(reply, Response | Cut):
                return self._kept(reply)
            self._keeping.keep()
            return reply  # noqa: TRY300 - what fails is told in one place
        except Exception:
            logger.exception("the sandbox failed on %s %s", request.method, request.full_path)
            return Response(500, b"The sandbox failed; see its log.\n", [("Content-Type", "text/plain")])

    async def _kept(self, reply: Awaitable[Reply]) -> Reply:
        """Keep what a slow call changed, before its answer leaves."""
        done = await reply
        self.keep()
        return done

    def _route(self, request: Request, peer: Peer) -> Reply | Awaitable[Reply]:
        path = request.full_path
        if path == "/control" or path.startswith("/control/"):
            request.path = path
            return self.control.handle(request)
        if path == "/" or path.startswith("/ui/"):
            return self.page.handle(request)
        service = self._service_of(request)
        if service is None:
            body = {"error": "nothing is served at this path", "served": list(ADDRESSES)}
            return Response(404, write_json(body), [("Content-Type", "application/json")])
        reply = self.pipeline.carry(service, request, peer)
        if isinstance(reply, Response):
            self._observe(service, request, reply)
            return reply
        return reply if isinstance(reply, Cut) else self._observed(service, request, reply)

    def _service_of(self, request: Request) -> Service | None:
        """Return the service that a path is mounted under, and give the request its path inside it."""
        if request.full_path.startswith(("/stripe/", "/v1/")):  # Stripe's command line cuts the path off its base
            request.path = request.full_path.removeprefix("/stripe")
            return self.stripe
        mounts: list[tuple[str, Service]] = [
            ("/attio", self.attio),
            *((f"/quickbooks/{name}", service) for name, service in self.quickbooks.items()),
            (MOUNT, self.oauth),
        ]
        for prefix, service in mounts:
            if request.full_path.startswith(f"{prefix}/"):
                request.path = request.full_path[len(prefix) :]
                return service
        return None

    async def _observed(self, service: Service, request: Request, reply: Awaitable[Reply]) -> Reply:
        done = await reply
        if isinstance(done, Response):
            self._observe(service, request, done)
        return done

    def _observe(self, service: Service, request: Request, response: Response) -> None:
        for observer in self.observers:
            observer(service.name, request, response)

    # ASGI

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI scope."""
        if scope["type"] == "lifespan":
            await _live(receive, send)
            return
        if scope["type"] != "http":
            message = "the sandbox serves HTTP only"
            raise NotImplementedError(message)
        request = await _asgi_request(scope, receive)
        reply = self.begin(request, _AsgiPeer(receive))
        done = reply if isinstance(reply, Response | Cut) else await reply
        if isinstance(done, Cut):
            raise ConnectionCutError(request.full_path)
        headers = [(name.encode(), value.encode("latin-1", "replace")) for name, value in done.headers]
        headers.append((b"Content-Length", str(len(done.body)).encode()))
        await send({"type": "http.response.start", "status": done.status, "headers": headers})
        await send({"type": "http.response.body", "body": done.body})


ADDRESSES = ("/attio", "/quickbooks/production", "/quickbooks/sandbox", "/stripe", "/control", "/")


class _AsgiPeer:
    """The client of an ASGI request."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive

    async def wait_gone(self) -> None:
        """Return when the server says that the client is gone."""
        kind: object = None
        while kind != "http.disconnect":
            kind = (await self._receive())["type"]


def _keeping(path: Path) -> Keeping:
    from attibooks_sandbox.keeping import Keeping  # noqa: PLC0415 - a sandbox in memory starts faster without

    return Keeping(path)


def _is_loopback(client: str) -> bool:
    return client == "::1" or client.removeprefix("::ffff:").startswith("127.")


async def _live(receive: Receive, send: Send) -> None:
    while True:
        kind = str((await receive())["type"])
        await send({"type": f"{kind}.complete"})
        if kind == "lifespan.shutdown":
            return


async def _asgi_request(scope: Scope, receive: Receive) -> Request:
    body = bytearray()
    more = True
    while more:
        message = await receive()
        chunk = message.get("body", b"")
        assert isinstance(chunk, bytes)
        body += chunk
        more = message.get("more_body", False) is True
    client, headers, raw_path, query = (
        scope.get("client"),
        scope["headers"],
        scope.get("raw_path"),
        scope["query_string"],
    )
    assert isinstance(headers, list)
    assert isinstance(query, bytes)
    path = raw_path.decode("latin-1") if isinstance(raw_path, bytes) else str(scope["path"])
    return Request(
        method=str(scope["method"]),
        full_path=path.partition("?")[0],
        query_string=query.decode("latin-1"),
        headers={name.decode("latin-1").lower(): value.decode("latin-1") for name, value in headers},
        body=bytes(body),
        client=str(client[0]) if isinstance(client, tuple | list) else "",
    )


def create_app(
    seed: int | None = None,
    *,
    size: Size | None = None,
    limits: bool = True,
    host_url: str = HOST_URL,
    data: str | Path | None = None,
) -> SandboxApp:
    """Return a sandbox over the world of a seed, or over the one in the folder `data` (see `SandboxApp`)."""
    return SandboxApp(seed, size=size, limits=limits, host_url=host_url, data=data)
