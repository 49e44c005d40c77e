"""Routes of the in-CRM app about an invoice that there is: looking at it live, editing it, voiding it (contract §3)."""

from typing import Any

from litestar import Response, post
from litestar.params import JSONBody

from attibooks_core.invoicing.changing.serving import EDIT_ROUTE, VOID_ROUTE, EditRequest, VoidRequest, look
from attibooks_core.invoicing.changing.shapes import AskedShape, EditedShape, LiveShape, VoidedShape
from attibooks_core.invoicing.serving import StillRunning
from attibooks_core.model import RecordRef
from attibooks_core.web.calls import checked_key
from attibooks_core.web.life_schemas import EditBody, VoidBody
from attibooks_core.web.parts import ACCEPTED, TheCall, TheCalls, TheHost, answered
from attibooks_core.web.problems import ERROR_RESPONSES
from attibooks_core.web.schemas import RecordBody


@post("/invoices/live", status_code=200, responses=ERROR_RESPONSES)
async def live_invoice(host: TheHost, calls: TheCalls, call: TheCall, data: JSONBody[RecordBody]) -> LiveShape:
    """The invoice as the books have it now, with what can be edited. Writes nothing."""
    caller, settings = call.caller, await calls.settings_of(call, data.settings, change=False)
    ws = await host.bench.open_for(caller, settings)
    return await look(host.bench, ws, RecordRef(data.object, data.record_id))


@post("/invoices/edit", status_code=200, responses={202: ACCEPTED, **ERROR_RESPONSES})
async def edit_invoice(
    host: TheHost, calls: TheCalls, call: TheCall, data: JSONBody[EditBody]
) -> Response[EditedShape]:
    """Edit Invoice in QuickBooks: due date, memo, and lines while nothing is paid."""
    checked_key(call.caller)

    async def produce() -> bytes | StillRunning:
        request = EditRequest(
            caller=call.caller,
            settings=await calls.settings_of(call, data.settings, change=True),
            record=RecordRef(data.object, data.record_id),
            body_hash=call.body_hash,
            version=data.version,
            wishes=data.wishes,
        )
        return await host.editor.serve(request)

    return answered(await calls.single(EDIT_ROUTE, call, produce), 200)


@post("/invoices/void", status_code=200, responses={202: ACCEPTED, **ERROR_RESPONSES})
async def void_invoice(
    host: TheHost, calls: TheCalls, call: TheCall, data: JSONBody[VoidBody]
) -> Response[AskedShape | VoidedShape]:
    """Void in QuickBooks: first a question, then, with its token, the void."""
    checked_key(call.caller)

    async def produce() -> bytes | StillRunning:
        request = VoidRequest(
            caller=call.caller,
            settings=await calls.settings_of(call, data.settings, change=True),
            record=RecordRef(data.object, data.record_id),
            body_hash=call.body_hash,
            confirm_token=data.confirm_token,
        )
        return await host.voider.serve(request)

    return answered(await calls.single(VOID_ROUTE, call, produce), 200)


LIFE_ROUTES: list[Any] = [live_invoice, edit_invoice, void_invoice]
"""What the app's router takes in."""
