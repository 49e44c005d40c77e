"""Routes of the in-CRM app: `/api/{gateway}/...` (contract §3)."""

import msgspec
from litestar import Response, Router, delete, get, post, put
from litestar.di import Provide
from litestar.params import FromPath, JSONBody

from attibooks_core.host import Host
from attibooks_core.invoicing.batch.creating import LARGEST, BatchRequest
from attibooks_core.invoicing.creating import ROUTE, CreateRequest
from attibooks_core.invoicing.preview_answer import preview_answer
from attibooks_core.invoicing.reviewing import review
from attibooks_core.invoicing.serving import StillRunning
from attibooks_core.invoicing.shapes import CreatedShape, PreviewShape, UsageShape
from attibooks_core.invoicing.tracing import trail_of
from attibooks_core.model import RecordRef
from attibooks_core.plans.quota import COUNTED, month_of
from attibooks_core.storage.batches import ROUTE as BATCH_ROUTE
from attibooks_core.storage.trail import TrailEntry
from attibooks_core.web.billing_api import checkout, portal
from attibooks_core.web.calls import Calls, checked_key, provide_call
from attibooks_core.web.connection import check_connection
from attibooks_core.web.health_api import health
from attibooks_core.web.jobs import job_of
from attibooks_core.web.lease_api import ROUTES as LEASE_ROUTES
from attibooks_core.web.life_api import LIFE_ROUTES
from attibooks_core.web.parts import ACCEPTED, TheCall, TheCalls, TheHost, answered, json_answer
from attibooks_core.web.problems import ERROR_RESPONSES, malformed
from attibooks_core.web.reconciliation_api import reconcile
from attibooks_core.web.schemas import (
    BatchBody,
    Body,
    CreateBody,
    InstallationAnswer,
    InstallationBody,
    JobAccepted,
    JobShape,
    PreviewBody,
    RecordBody,
    SettingsAnswer,
    SettingsBody,
    StatusAnswer,
    TrailAnswer,
    TrailEntryShape,
)
from attibooks_core.web.settings_page import check_callback, settings_answer
from attibooks_core.web.setup_api import ROUTES as SETUP_ROUTES
from attibooks_core.web.sync_api import sync_now


@post("/installations", status_code=201, responses=ERROR_RESPONSES)
async def install(
    host: TheHost, calls: TheCalls, call: TheCall, data: JSONBody[InstallationBody]
) -> Response[InstallationAnswer]:
    """Store how this workspace's app is reached; a repeat gives the same id."""
    check_callback(data.callback_url, host)

    async def produce() -> bytes:
        caller = call.caller
        facts = {k: getattr(data, k) for k in ("callback_url", "handler_id", "connection_id", "connection_key")}
        now = host.clock.now()
        installed = await host.workspaces.install(caller.workspace_id, caller.gateway, facts, now)
        if data.settings is not None:
            plain = calls.validated(data.settings).plain()
            await host.workspaces.store_settings(caller.workspace_id, plain, caller.issued_at)
        return msgspec.json.encode(InstallationAnswer(installation_id=installed))

    return json_answer(await calls.once("installations", call, produce), 201)


@delete("/installations", status_code=204, responses=ERROR_RESPONSES)
async def uninstall(host: TheHost, calls: TheCalls, call: TheCall) -> None:
    """Forget the workspace: callback, settings, tokens and caches. Usage and trail stay."""
    caller = call.caller

    async def produce() -> None:
        await host.bench.access.granting.disconnect(caller.workspace_id)
        await host.workspaces.uninstall(caller.workspace_id)
        host.bench.leases.drop(caller.workspace_id)
        await host.plugins.gateways[caller.gateway].forget(caller.workspace_id)

    await calls.single("uninstall", call, produce)


@post("/connection/status", status_code=200, responses=ERROR_RESPONSES)
async def connection_status(host: TheHost, calls: TheCalls, call: TheCall, data: JSONBody[Body]) -> StatusAnswer:
    """Check Status: ask the books who they are."""
    settings = await calls.settings_of(call, data.settings, change=False)
    return await check_connection(host, call.caller, settings)


@get("/settings", responses=ERROR_RESPONSES)
async def get_settings(host: TheHost, calls: TheCalls, call: TheCall) -> SettingsAnswer:
    """The stored settings, section by section."""
    settings = await calls.settings_of(call, None, change=False)
    return await settings_answer(host, call.caller, settings)


@put("/settings", responses=ERROR_RESPONSES)
async def put_settings(
    host: TheHost, calls: TheCalls, call: TheCall, data: JSONBody[SettingsBody]
) -> Response[SettingsAnswer]:
    """Store a snapshot, or refuse it with every problem at once."""

    async def produce() -> bytes:
        caller = call.caller
        await calls.settings_of(call, None, change=False)
        settings = calls.validated(data.settings)
        await host.workspaces.store_settings(caller.workspace_id, settings.plain(), caller.issued_at, always=True)
        return msgspec.json.encode(await settings_answer(host, caller, settings))

    return json_answer(await calls.once("settings", call, produce), 200)


@post("/invoices", status_code=201, responses={202: ACCEPTED, **ERROR_RESPONSES})
async def create_invoice(
    host: TheHost, calls: TheCalls, call: TheCall, data: JSONBody[CreateBody]
) -> Response[CreatedShape]:
    """Create QuickBooks invoice: one click, one invoice."""
    checked_key(call.caller)

    async def produce() -> bytes | StillRunning:
        settings = await calls.settings_of(call, data.settings, change=True)
        ref = RecordRef(data.object, data.record_id)
        request = CreateRequest(
            caller=call.caller,
            settings=settings,
            record=ref,
            body_hash=call.body_hash,
            mode=data.mode,
            confirm_recent=data.confirm_recent,
            draft_token=data.draft_token,
            edits=data.edits,
        )
        return await host.creator.serve(request)

    return answered(await calls.single(ROUTE, call, produce), 201)


@post("/invoices/batch", status_code=202, responses=ERROR_RESPONSES)
async def create_batch(host: TheHost, calls: TheCalls, call: TheCall, data: JSONBody[BatchBody]) -> JobAccepted:
    """Create QuickBooks invoices for a selection: a job, with an outcome for each record."""
    if len(set(data.record_ids)) > LARGEST:
        raise malformed(f"A batch takes at most {LARGEST} records. Select fewer, or call several times.")

    async def produce() -> str:
        request = BatchRequest(
            caller=call.caller,
            settings=await calls.settings_of(call, data.settings, change=True),
            object=data.object,
            record_ids=data.record_ids,
            body_hash=call.body_hash,
            confirm_recent=data.confirm_recent,
        )
        return await host.batch_creator.begin(request)

    return JobAccepted(job_id=await calls.single(BATCH_ROUTE, call, produce))


@post("/invoices/preview", status_code=200, responses=ERROR_RESPONSES)
async def preview_invoice(host: TheHost, calls: TheCalls, call: TheCall, data: JSONBody[PreviewBody]) -> PreviewShape:
    """Show what a create would send, where every value came from, and what is in the way. Writes nothing."""
    settings = await calls.settings_of(call, data.settings, change=False)
    ws = await host.bench.open_for(call.caller, settings)
    ref = RecordRef(data.object, data.record_id)
    return preview_answer(await host.bench.renewing(ws, lambda w: review(host.bench, w, ref, data.edits)))


@post("/invoices/trail", status_code=200, responses=ERROR_RESPONSES)
async def invoice_trail(host: TheHost, calls: TheCalls, call: TheCall, data: JSONBody[RecordBody]) -> TrailAnswer:
    """What happened to the invoices of a record, or to the one of an invoice record."""
    settings = await calls.settings_of(call, data.settings, change=False)
    entries = await trail_of(host.bench, call.caller, settings, RecordRef(data.object, data.record_id))
    return TrailAnswer(entries=[_trail_entry(e) for e in entries])


@post("/usage", status_code=200, responses=ERROR_RESPONSES)
async def usage(host: TheHost, call: TheCall, data: JSONBody[Body]) -> UsageShape:
    """The plan and what is used of it this month."""
    del data
    workspace_id, now = call.caller.workspace_id, host.clock.now()
    counter = await host.bench.usage.count(workspace_id, COUNTED, month_of(now))
    return UsageShape.of(await host.bench.billing.entitlements(workspace_id), counter, now)


@get("/jobs/{job_id:str}", responses=ERROR_RESPONSES)
async def get_job(host: TheHost, calls: TheCalls, call: TheCall, job_id: FromPath[str]) -> JobShape:
    """How a job stands."""
    settings = await calls.settings_of(call, None, change=False)
    return await job_of(host, call.caller, settings, job_id)


ROUTES = [
    install,
    uninstall,
    connection_status,
    get_settings,
    put_settings,
    create_invoice,
    create_batch,
    preview_invoice,
    invoice_trail,
    usage,
    health,
    get_job,
    *LIFE_ROUTES,
    sync_now,
    *SETUP_ROUTES,
    *LEASE_ROUTES,
    reconcile,
    checkout,
    portal,
]


def app_router(host: Host, gateway: str) -> Router:
    """The routes for the app of one CRM."""
    calls = Calls(host)
    return Router(
        path=f"/api/{gateway}",
        route_handlers=ROUTES,
        dependencies={
            "host": Provide(lambda: host, sync_to_thread=False),
            "calls": Provide(lambda: calls, sync_to_thread=False),
            "call": Provide(provide_call, sync_to_thread=False),
        },
        tags=[f"app of {gateway}"],
    )


def _trail_entry(entry: TrailEntry) -> TrailEntryShape:
    return TrailEntryShape(
        at=entry.at,
        kind=entry.kind,
        actor=entry.actor,
        summary=entry.summary,
        intent_id=entry.intent_id,
        invoice_id=entry.invoice_id,
        request_id=entry.request_id,
        reference=entry.reference,
        details=entry.details,
    )
