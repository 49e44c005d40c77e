"""Answers the calls of the page: its files, what it shows, and what its buttons do."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from ipaddress import ip_address
from secrets import token_hex
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from attibooks_sandbox.attio.model import ObjectType
from attibooks_sandbox.attio.workspace import Workspace
from attibooks_sandbox.control.errors import ControlError, body_of
from attibooks_sandbox.control.hands import VENDOR_REFUSALS, refusal_text
from attibooks_sandbox.inattio.app import InAttioApp
from attibooks_sandbox.inattio.threads import in_thread
from attibooks_sandbox.inattio.transport import AnswerLostError, HostAbsentError, HttpTransport
from attibooks_sandbox.kernel.jsonio import write_json
from attibooks_sandbox.kernel.messages import Reply, Request, Response
from attibooks_sandbox.kernel.routing import Router
from attibooks_sandbox.page import books, crm, wire
from attibooks_sandbox.page.assets import INDEX, Assets
from attibooks_sandbox.page.bodies import Connect, CreateBatch, CreateInvoice, LeaveFor, Preview, SaveSettings, Switch
from attibooks_sandbox.page.presets import Switchboard
from attibooks_sandbox.page.upkeep import UpkeepCalls
from attibooks_sandbox.quickbooks.company import Company
from attibooks_sandbox.quickbooks.model import Invoice

if TYPE_CHECKING:
    from attibooks_sandbox.app import SandboxApp

Place = dict[str, str]
Endpoint = Callable[[Request, Place], object]
PROBE_SECONDS = 1.5

logger = logging.getLogger("attibooks_sandbox")


class PageService:
    """Answers under `/` and `/ui`."""

    def __init__(self, sandbox: SandboxApp) -> None:
        """Show a sandbox."""
        self._sandbox = sandbox
        self._assets = Assets()
        self._switches = Switchboard()
        self._resets = sandbox.resets
        self._epoch = token_hex(4)
        self.player = InAttioApp(sandbox)
        self._router: Router[Endpoint] = Router()
        self._add_routes()

    def _add_routes(self) -> None:
        add = self._router.add
        add("GET", "/ui/api/start", self._start)
        add("GET", "/ui/api/pulse", self._pulse)
        add("GET", "/ui/api/host", self._host)
        add("GET", "/ui/api/calls/{call}", self._call)
        add("PUT", "/ui/api/faults/{preset}", self._switch)
        add("GET", "/ui/api/crm/{workspace}", self._objects)
        add("GET", "/ui/api/crm/{workspace}/{object}", self._records)
        add("GET", "/ui/api/crm/{workspace}/{object}/{record}", self._record)
        add("POST", "/ui/api/crm/{workspace}/{object}/{record}/invoice", self._create_invoice)
        add("POST", "/ui/api/crm/{workspace}/{object}/{record}/preview", self._preview)
        add("POST", "/ui/api/crm/{workspace}/{object}/batch", self._create_batch)
        add("GET", "/ui/api/app/{workspace}/jobs/{job}", lambda _, at: self.player.job(at["workspace"], at["job"]))
        add("GET", "/ui/api/app/{workspace}", self._app)
        add("GET", "/ui/api/app/{workspace}/settings", lambda _, at: self.player.read_settings(at["workspace"]))
        add("PUT", "/ui/api/app/{workspace}/settings", self._save_settings)
        add("POST", "/ui/api/app/{workspace}/connect", self._connect)
        add("POST", "/ui/api/app/{workspace}/disconnect", lambda _, at: self.player.disconnect(at["workspace"]))
        add("POST", "/ui/api/app/{workspace}/status", lambda _, at: self.player.check_status(at["workspace"]))
        add("GET", "/ui/api/app/{workspace}/usage", lambda _, at: self.player.plan.usage(at["workspace"]))
        add("GET", "/ui/api/app/{workspace}/standing", lambda _, at: self.player.plan.standing(at["workspace"]))
        add("POST", "/ui/api/app/{workspace}/checkout", self._checkout)
        add("POST", "/ui/api/app/{workspace}/portal", self._portal)
        add("GET", "/ui/api/books/{environment}/{realm}", self._books)
        add("GET", "/ui/api/books/{environment}/{realm}/invoices/{invoice}", self._invoice)
        add("POST", "/ui/hook/{workspace}", self._called_back)
        for method, path, endpoint in UpkeepCalls(
            self._sandbox, lambda: self.player, self._workspace, self._booked
        ).routes():
            add(method, path, endpoint)

    # one call

    def handle(self, request: Request) -> Reply | Awaitable[Reply]:
        """Answer a call of the page, at once or after the host has answered."""
        try:
            return self._route(request)
        except (ControlError, *VENDOR_REFUSALS) as error:
            return _refusal(error)

    def _route(self, request: Request) -> Reply | Awaitable[Reply]:
        _check_origin(request)
        self._notice_reset()
        if request.method in {"GET", "HEAD"}:
            path = request.full_path
            asset = self._assets.answer(INDEX if path == "/" else path.removeprefix("/ui/"))
            if asset is not None:
                return asset
        found = self._router.find(request.method, request.segments)
        if found is None:
            message = f"There is no {request.method} {request.full_path}."
            raise ControlError(message, 404)
        endpoint, place = found
        shown = endpoint(request, place)
        return self._later(shown) if isinstance(shown, Awaitable) else _json(shown)

    async def _later(self, shown: Awaitable[object]) -> Reply:
        try:
            return _json(await shown)
        except (ControlError, *VENDOR_REFUSALS) as error:
            return _refusal(error)
        except Exception:
            logger.exception("the page failed")
            return _json({"error": "The sandbox failed; see its log."}, 500)

    def _notice_reset(self) -> None:
        if self._resets != self._sandbox.resets:
            self._resets = self._sandbox.resets
            self._switches = Switchboard()

    # what is always in sight

    def _start(self, _: Request, __: Place) -> object:
        world = self._sandbox.world
        return {
            "host_url": self._sandbox.host_url,
            "workspaces": [
                {"id": each.id, "name": each.profile.name, "slug": each.profile.slug, "plan": each.profile.plan}
                for each in world.attio.workspaces.values()
            ],
            "companies": [books.show_company(each) for each in world.quickbooks.companies.values()],
        }

    def _pulse(self, request: Request, _: Place) -> object:
        """Return what is new on the wire, and two marks that tell whether anything else may have changed."""
        sandbox = self._sandbox
        faults = sandbox.pipeline.faults
        return {
            "epoch": f"{self._epoch}-{sandbox.resets}",
            "revision": sandbox.revision,
            "calls": wire.show_calls(sandbox.calls, _whole(request, "since")),
            "host_calls": wire.show_calls(self.player.calls, _whole(request, "host_since")),
            "counts": {**sandbox.calls.counts(), **self.player.calls.counts()},
            "presets": self._switches.shown(faults),
            "faults": len(faults.listed()),
            "handler": self.player.handler.mode,
        }

    async def _host(self, _: Request, __: Place) -> object:
        """Return whether the host answers."""
        url = self._sandbox.host_url
        transport = HttpTransport(url, connect_seconds=PROBE_SECONDS, answer_seconds=PROBE_SECONDS)
        try:
            answer = await in_thread(lambda: transport.send("GET", "/health/live", {}, b""))
        except (HostAbsentError, AnswerLostError):
            return {"url": url, "answers": False}
        return {"url": url, "answers": answer.status == 200}

    def _call(self, _: Request, at: Place) -> object:
        log, number = at["call"][:1], at["call"][1:]
        calls = {"h": self.player.calls, "s": self._sandbox.calls}.get(log)
        call = wire.find_call(calls, _number(number)) if calls is not None else None
        if call is None:
            message = f"The call {at['call']} is not kept any more."
            raise ControlError(message, 404)
        return call.describe()

    def _switch(self, request: Request, at: Place) -> object:
        faults = self._sandbox.pipeline.faults
        self._switches.switch(faults, at["preset"], on=body_of(request.body, Switch).on)
        return {"presets": self._switches.shown(faults), "faults": len(faults.listed())}

    # the CRM

    def _workspace(self, at: Place) -> Workspace:
        found = self._sandbox.world.attio.workspaces.get(at["workspace"])
        if found is None:
            message = f"There is no workspace with id {at['workspace']}."
            raise ControlError(message, 404)
        return found

    def _kind(self, at: Place) -> ObjectType:
        return self._workspace(at).object_named(at["object"])

    def _objects(self, _: Request, at: Place) -> object:
        workspace = self._workspace(at)
        return {"objects": crm.show_objects(workspace), "slugs": crm.writable_slugs(workspace)}

    def _records(self, request: Request, at: Place) -> object:
        settings = self.player.seat(self._workspace(at).id).settings
        find = request.query.get("find", "").strip().casefold()
        return crm.show_records(self._workspace(at), self._kind(at), settings, find)

    def _record(self, _: Request, at: Place) -> object:
        workspace, kind = self._workspace(at), self._kind(at)
        record = workspace.record_named(kind.id, at["record"])
        return crm.show_record(workspace, kind, record, self.player.seat(workspace.id).settings)

    def _create_invoice(self, request: Request, at: Place) -> object:
        body = body_of(request.body, CreateInvoice)
        self._workspace(at)
        return self.player.create_invoice(
            at["workspace"],
            at["object"],
            at["record"],
            key=body.key,
            confirm_recent=body.confirm_recent,
            reviewed=body.reviewed,
        )

    def _preview(self, request: Request, at: Place) -> object:
        body = body_of(request.body, Preview)
        return self.player.preview(self._workspace(at).id, at["object"], at["record"], body.edits)

    def _create_batch(self, request: Request, at: Place) -> object:
        body = body_of(request.body, CreateBatch)
        return self.player.create_batch(
            self._workspace(at).id, at["object"], body.record_ids, confirm_recent=body.confirm_recent
        )

    # the app

    def _app(self, _: Request, at: Place) -> object:
        seat = self.player.seat(self._workspace(at).id)
        company = None if seat.company is None else self.player.company_facts(seat.company)
        shown = ("environment", "realm", "name", "country", "home_currency")
        return {
            "company": None if company is None else {name: company[name] for name in shown},
            "settings": seat.settings,
        }

    def _save_settings(self, request: Request, at: Place) -> object:
        return self.player.save_settings(self._workspace(at).id, body_of(request.body, SaveSettings).settings)

    def _connect(self, request: Request, at: Place) -> object:
        body = body_of(request.body, Connect)
        origin = f"http://{request.header('host')}"
        return self.player.connect(self._workspace(at).id, (body.environment, body.realm), origin)

    def _checkout(self, request: Request, at: Place) -> object:
        return self.player.plan.checkout(self._workspace(at).id, body_of(request.body, LeaveFor).return_to)

    def _portal(self, request: Request, at: Place) -> object:
        return self.player.plan.portal(self._workspace(at).id, body_of(request.body, LeaveFor).return_to)

    async def _called_back(self, request: Request, at: Place) -> object:
        status, facts = await self.player.handler.handle(at["workspace"], request)
        return _json(facts, status)

    # the books

    def _company(self, at: Place) -> Company:
        found = self._sandbox.world.quickbooks.companies.get((at["environment"], at["realm"]))
        if found is None:
            message = f"There is no company with realm {at['realm']} in the environment {at['environment']}."
            raise ControlError(message, 404)
        return found

    def _books(self, _: Request, at: Place) -> object:
        return books.show_books(self._company(at), self._sandbox.clock.now())

    def _booked(self, at: Place) -> tuple[Company, Invoice]:
        company = self._company(at)
        invoice = company.invoices.get(at["invoice"])
        if invoice is None:
            message = f"There is no invoice with Id {at['invoice']} in the books of {company.profile.name}."
            raise ControlError(message, 404)
        return company, invoice

    def _invoice(self, _: Request, at: Place) -> object:
        return books.show_invoice(*self._booked(at), self._sandbox.clock.now())


def _whole(request: Request, name: str) -> int:
    return _number(request.query.get(name, "0"))


def _number(text: str) -> int:
    """Return a whole number, or 0, which no call has."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else 0


def _check_origin(request: Request) -> None:
    """Refuse what another site's page asks for in the user's browser, also by a name that it points here."""
    host = request.header("host")
    origin = request.header("origin")
    if not _is_own_name(host) or origin not in {"", f"http://{host}"}:
        message = "The page is served to this machine's own browser only, at its loopback address."
        raise ControlError(message, 403)


def _is_own_name(host: str) -> bool:
    """Tell whether a Host header names this machine: a name that begins like its address may be anybody's."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
        return name == "localhost" or ip_address(name).is_loopback
    except ValueError:
        return False


def _refusal(error: Exception) -> Response:
    if isinstance(error, ControlError):
        return _json({"error": str(error)}, error.status)
    return _json({"error": refusal_text(error)}, 404)


def _json(shown: object, status: int = 200) -> Response:
    if isinstance(shown, Response):
        return shown
    headers = [
        ("Content-Type", "application/json"),
        ("Cache-Control", "no-store"),
        ("X-Content-Type-Options", "nosniff"),
    ]
    return Response(status, write_json(shown), headers)
