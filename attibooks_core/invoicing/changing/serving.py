"""The calls *Edit Invoice in QuickBooks* and *Void in QuickBooks*."""

import contextlib
from abc import abstractmethod
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

import msgspec

from attibooks_core.errors import AttiBooksError, InvalidDraft
from attibooks_core.invoicing.answering import fetched
from attibooks_core.invoicing.changing import confirming
from attibooks_core.invoicing.changing.carrying import ChangeCarrier, answer_to
from attibooks_core.invoicing.changing.finding import changeable, changing_backend, find_invoice, read_live
from attibooks_core.invoicing.changing.freezing import FrozenChange, freeze_change
from attibooks_core.invoicing.changing.shapes import EditedShape, LiveShape, as_voided, conflict
from attibooks_core.invoicing.changing.wishes import Wishes, is_outdated, read_wishes
from attibooks_core.invoicing.mirroring import Mirror, booked
from attibooks_core.invoicing.serving import Click, IntentServer, Opening
from attibooks_core.invoicing.shapes import InvoiceShape
from attibooks_core.invoicing.showing import concerns_record, show_error
from attibooks_core.invoicing.texts import invalid_draft
from attibooks_core.invoicing.workbench import Answer, Workbench, Workspace
from attibooks_core.lifecycle import InvoiceEdit, LiveInvoice
from attibooks_core.model import Caller, Capability, InvoiceStatus, Problem, RecordRef, WireRequest
from attibooks_core.settings import Settings
from attibooks_core.storage.intents import Intent
from attibooks_core.storage.invoices import InvoiceRow

EDIT_ROUTE, VOID_ROUTE = "invoices/edit", "invoices/void"

R = TypeVar("R", bound=Click)


@dataclass(frozen=True, slots=True)
class EditRequest:
    """A dialog that was submitted.

    :param version: of the live invoice that the person saw.
    """

    caller: Caller
    settings: Settings
    record: RecordRef
    body_hash: str
    version: str
    wishes: Wishes


@dataclass(frozen=True, slots=True)
class VoidRequest:
    """A wish to void, or its confirmation."""

    caller: Caller
    settings: Settings
    record: RecordRef
    body_hash: str
    confirm_token: str | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be sent, and what it is based on.

    :param edit: None is a void.
    :param nonce: of the token that allows it, which is spent with it.
    """

    live: LiveInvoice
    wire: WireRequest
    edit: InvoiceEdit | None = None
    nonce: str | None = None


async def look(bench: Workbench, ws: Workspace, ref: RecordRef) -> LiveShape:
    """The live invoice of a record: one read, nothing is written.

    :raises NotFound, PlanRequired, AccountMismatch, NotConnected: as `finding.changeable`.
    """
    row = await changeable(bench, ws, ref)
    return LiveShape.seen(await read_live(bench, ws, row, Capability.EDIT_TERMS))


class ChangeServer(IntentServer[R]):
    """What both calls have in common."""

    def __init__(self, bench: Workbench, carrier: ChangeCarrier, mirror: Mirror, route: str) -> None:
        super().__init__(bench, carrier, route)
        self._mirror = mirror

    async def _prepare(self, ws: Workspace, request: R, intent_id: str) -> Opening | Answer:
        row = await changeable(self._bench, ws, request.record)
        with self._bench.stage("prepare", ws.context.workspace_id, intent_id):
            decided = await self._decide(ws, request, row)
        return decided if isinstance(decided, bytes) else self._opening(ws, request, intent_id, row, decided)

    @abstractmethod
    async def _decide(self, ws: Workspace, request: R, row: InvoiceRow) -> Change | Answer:
        """Look at the invoice and decide what is to be sent; or the answer, when nothing has to be."""

    def _opening(self, ws: Workspace, request: R, intent_id: str, row: InvoiceRow, change: Change) -> Opening:
        frozen = FrozenChange(
            request=change.wire,
            settings=request.settings.plain(),
            version=change.live.version,
            edit=change.edit,
            shown_on=row.source,
        )
        intent = self._new_intent(
            ws,
            request,
            intent_id,
            source=row.source or request.record,
            payload=freeze_change(self._bench.vault, ws.context.workspace_id, frozen),
            payload_hash=frozen.digest,
        )
        return Opening(replace(intent, invoice_id=row.invoice_id), draft_id=change.nonce)

    async def _show(self, ws: Workspace, request: R, live: LiveInvoice) -> None:
        """Show what was read, though nothing has to be changed in the books."""
        await self._mirror.show(ws, live.invoice, kind="synced", actor=request.caller.user_id)

    async def _read_anew(self, ws: Workspace, intent: Intent) -> Answer | None:
        invoice = await fetched(ws, intent)
        return None if invoice is None else answer_to(intent, booked(invoice))

    async def _show_refusal(self, ws: Workspace, request: R, error: AttiBooksError, now: datetime) -> RecordRef:
        row = None
        with contextlib.suppress(AttiBooksError):
            row = await find_invoice(self._bench, ws, request.record)
        if row is None or row.source is None:
            return request.record
        if concerns_record(error):
            await self._bench.invoices.show_anew(ws.context.workspace_id, row.books, row.invoice_id)
            await show_error(ws, row.source, error, now)
        return row.source


class EditServer(ChangeServer[EditRequest]):
    """Serves the route `invoices/edit`."""

    asks = "An edit was asked for."

    def __init__(self, bench: Workbench, carrier: ChangeCarrier, mirror: Mirror) -> None:
        super().__init__(bench, carrier, mirror, EDIT_ROUTE)

    async def _decide(self, ws: Workspace, request: EditRequest, row: InvoiceRow) -> Change | Answer:
        live = await read_live(self._bench, ws, row, Capability.EDIT_TERMS)
        if is_outdated(live, request.version, request.wishes.touched):
            raise conflict(live)
        edit, problems = read_wishes(live, request.wishes)
        if not edit.touched and not problems:
            await self._show(ws, request, live)
            return msgspec.json.encode(EditedShape(invoice=InvoiceShape.of(live.invoice)))
        return Change(live, await _planned(ws, live, edit, problems), edit)


class VoidServer(ChangeServer[VoidRequest]):
    """Serves the route `invoices/void`: the first call asks, the second one voids (product row 121)."""

    asks = "A void was asked for."

    def __init__(self, bench: Workbench, carrier: ChangeCarrier, mirror: Mirror) -> None:
        super().__init__(bench, carrier, mirror, VOID_ROUTE)

    async def _decide(self, ws: Workspace, request: VoidRequest, row: InvoiceRow) -> Change | Answer:
        live = await read_live(self._bench, ws, row, Capability.VOID)
        vault, now, workspace_id = self._bench.vault, self._bench.clock.now(), ws.context.workspace_id
        if live.invoice.status is InvoiceStatus.VOIDED:
            await self._show(ws, request, live)
            return msgspec.json.encode(as_voided(live.invoice, already=True))
        if request.confirm_token is None:
            return msgspec.json.encode(confirming.ask(vault, workspace_id, live, now))
        token = confirming.opened(vault, workspace_id, request.confirm_token, live, now)
        if token.version != live.version:
            raise conflict(live)
        return Change(live, changing_backend(ws, Capability.VOID).plan_void(live), nonce=token.nonce)

    def _spent(self) -> InvalidDraft:
        return confirming.refused("used", "This confirmation was used before.")


async def _planned(ws: Workspace, live: LiveInvoice, edit: InvoiceEdit, problems: list[Problem]) -> WireRequest:
    """The request, once neither we nor the books have anything against the edit.

    :raises InvalidDraft: every problem at once.
    """
    capability = Capability.EDIT_LINES if "lines" in edit.touched else Capability.EDIT_TERMS
    try:
        wire = await changing_backend(ws, capability).plan_edit(ws.context, live, edit)
    except InvalidDraft as refused:
        known = {p.field for p in problems}
        found = [*problems, *(p for p in refused.problems if p.field not in known)]
        raise invalid_draft(found) from refused
    if problems:
        raise invalid_draft(problems)
    return wire
