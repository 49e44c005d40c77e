"""Editing and voiding an invoice: one read, one write, and what became of the write.

Both carry the `SyncToken` that was read, so QuickBooks itself refuses what is based on an old version (5010): a write
that is sent twice, or late, changes the books at most once.
"""

from collections.abc import Awaitable, Iterable, Mapping
from dataclasses import replace
from typing import NoReturn, TypeAlias

import msgspec

from attibooks_core.errors import (
    AttiBooksError,
    Conflict,
    ConnectionProblem,
    Down,
    InvalidDraft,
    NotFound,
    OutcomeUnknown,
    Refused,
    Superseded,
    Unavailable,
)
from attibooks_core.lifecycle import BookedInvoice, EditedLine, InvoiceEdit, LiveInvoice
from attibooks_core.model import DraftLine, InvoiceStatus, WireRequest
from attibooks_core.protocols import Clock, Run, WorkspaceContext
from attibooks_quickbooks.client import QuickBooksClient
from attibooks_quickbooks.company import Companies, access_of
from attibooks_quickbooks.editing import Found, before, edit_body, needs_item, needs_tax_code, obstacles
from attibooks_quickbooks.faults import NoAnswer, vendor_code
from attibooks_quickbooks.items import Items, TaxCodes
from attibooks_quickbooks.lists import Lists
from attibooks_quickbooks.live import live_of
from attibooks_quickbooks.lookup import SECOND_LOOK_SECONDS, read_invoice
from attibooks_quickbooks.mapping import amount_of, encoded, invoice_of, is_over_nothing, sent_value
from attibooks_quickbooks.obstacles import all_or_every_obstacle, refusal
from attibooks_quickbooks.refusals import CLOSED_BOOKS, DUPLICATE_REQUEST, NOT_FOUND
from attibooks_quickbooks.voiding import as_remembered, remember_void
from attibooks_quickbooks.wire import FullInvoice, Invoice, InvoiceAnswer, RawInvoiceAnswer

EDIT, VOID = "edit", "void"
"""The parts of a change."""

Ids: TypeAlias = dict[str, str | None]
"""Ids by what a line says."""


class Changer:
    """Implements the change of invoices for `capabilities.ChangingBackend`."""

    def __init__(self, client: QuickBooksClient, clock: Clock, companies: Companies, lists: Lists) -> None:
        self._client = client
        self._clock = clock
        self._companies = companies
        self._items = Items(client, lists)
        self._tax_codes = TaxCodes(client, lists)

    # -- reading and planning

    async def read_live(self, ws: WorkspaceContext, invoice_id: str) -> LiveInvoice:
        """See `ChangingBackend.read_live`."""
        access = access_of(ws)
        raw = (await read_invoice(self._client, access, invoice_id, RawInvoiceAnswer)).invoice
        try:
            full = msgspec.json.decode(raw, type=FullInvoice)
        except msgspec.MsgspecError as error:
            raise Down("QuickBooks answered with nonsense. Try again in a few minutes.") from error
        return live_of(await self._completed(ws, invoice_of(access.books, full, "")), full, bytes(raw).decode())

    async def _completed(self, ws: WorkspaceContext, invoice: BookedInvoice) -> BookedInvoice:
        """With the currency, which a company of one currency may leave out."""
        currency = invoice.currency or (await self._companies.facts(ws)).home_currency
        return await as_remembered(ws, replace(invoice, currency=currency))

    async def plan_edit(self, ws: WorkspaceContext, live: LiveInvoice, edit: InvoiceEdit) -> WireRequest:
        """See `ChangingBackend.plan_edit`."""
        found = await self._found(ws, live, edit)
        return _request(live, EDIT, "invoice", edit_body(live, edit, found))

    async def _found(self, ws: WorkspaceContext, live: LiveInvoice, edit: InvoiceEdit) -> Found:
        """Look up what the lines name; nothing is asked for lines that keep what they have."""
        pairs = list(enumerate(zip(edit.lines, before(live, edit), strict=True)))
        items = {n: _as_draft(line) for n, (line, was) in pairs if needs_item(line, was)}
        codes = {n: _as_draft(line) for n, (line, was) in pairs if needs_tax_code(line, was)}
        ids, tax_codes = await all_or_every_obstacle(
            obstacles(live, edit),
            _at_their_places(items, self._items.of(ws, list(items.values()))) if items else _nothing(),
            _at_their_places(codes, self._tax_codes_of(ws, codes)) if codes else _nothing(),
        )
        return Found(
            {n: ids[line.item or ""] for n, line in items.items()},
            {n: tax_codes[line.tax_code or ""] for n, line in codes.items()},
        )

    async def _tax_codes_of(self, ws: WorkspaceContext, lines: Mapping[int, DraftLine]) -> Ids:
        return await self._tax_codes.of(ws, list(lines.values()), await self._companies.facts(ws))

    @staticmethod
    def plan_void(live: LiveInvoice) -> WireRequest:
        """See `ChangingBackend.plan_void`."""
        body = encoded({"Id": live.invoice.id, "SyncToken": live.invoice.version})
        return _request(live, VOID, "invoice?operation=void", body)

    # -- sending

    async def send_change(self, ws: WorkspaceContext, request: WireRequest, run: Run) -> BookedInvoice:
        """See `ChangingBackend.send_change`."""
        access = access_of(ws)
        if not request.path.startswith(f"{access.company_path}/"):
            raise Refused(
                "The invoice is in another QuickBooks company than the one that the settings name. Click again."
            )
        try:
            answer = await self._client.write(
                access, request, InvoiceAnswer, request_id=run.request_id(request.part), fence=run.fence
            )
        except Superseded:
            raise
        except (NoAnswer, AttiBooksError) as error:
            await self._explain(ws, request, error)
        try:
            return await self._made(ws, request, answer.invoice)
        except (Unavailable, ConnectionProblem) as failure:  # the write stands, whatever comes after it
            raise _unknown(failure, failure.reference) from failure

    async def _made(self, ws: WorkspaceContext, request: WireRequest, answer: Invoice) -> BookedInvoice:
        invoice = await self._completed(ws, invoice_of(access_of(ws).books, answer, ""))
        if request.part != VOID or invoice.status is InvoiceStatus.VOIDED:
            return invoice
        return await self._voided(ws, invoice, is_empty=is_over_nothing(answer))

    async def _voided(self, ws: WorkspaceContext, invoice: BookedInvoice, *, is_empty: bool) -> BookedInvoice:
        """An answer to a void that does not say `Voided`: another language does not, and an answer may be early."""
        if not is_empty:
            invoice = (await self.read_live(ws, invoice.id)).invoice
            if invoice.status is not InvoiceStatus.VOIDED and (invoice.total or invoice.balance):
                message = f"QuickBooks took the call and did not void invoice {invoice.label}. Void it in QuickBooks."
                raise Refused(message)
        await remember_void(ws, invoice.id)
        return replace(invoice, status=InvoiceStatus.VOIDED)

    # -- what became of a write that has no good answer

    async def _explain(self, ws: WorkspaceContext, request: WireRequest, error: NoAnswer | AttiBooksError) -> NoReturn:
        code = vendor_code(error)
        if isinstance(error, NoAnswer) or code == DUPLICATE_REQUEST:
            await self._look(ws, request, error)
        if code == NOT_FOUND:  # the invoice, or an item or tax code on a line
            await self._present(ws, request)
        if code in CLOSED_BOOKS and isinstance(error, AttiBooksError):
            raise _closed(error) from error
        raise error

    async def _look(self, ws: WorkspaceContext, request: WireRequest, error: NoAnswer | AttiBooksError) -> NoReturn:
        """Tell from the invoice whether a write arrived whose answer is lost; looks twice, it may be under way.

        :raises Conflict: the invoice has another version, by this write or somebody else's.
        :raises OutcomeUnknown: QuickBooks could not be asked.
        """
        for pause in (0.0, SECOND_LOOK_SECONDS):
            await self._clock.sleep(pause)
            if await self._is_moved(ws, request, error):
                message = "The invoice in QuickBooks has changed. Look at it as it is now, and try again."
                raise Conflict(message, reference=error.reference)
        refusal = error.refusal if isinstance(error, NoAnswer) else None
        if refusal is not None:
            await self._explain(ws, request, refusal)
        text = "QuickBooks did not answer, and a look-up shows that the invoice was not changed."
        raise Down(f"{text} Try again in a few minutes.", reference=error.reference)

    async def _is_moved(self, ws: WorkspaceContext, request: WireRequest, error: NoAnswer | AttiBooksError) -> bool:
        try:
            return (await self._present(ws, request)).invoice.version != sent_value(request, "SyncToken")
        except NotFound:
            raise
        except AttiBooksError as failure:
            raise _unknown(failure, error.reference or failure.reference) from failure

    async def _present(self, ws: WorkspaceContext, request: WireRequest) -> LiveInvoice:
        """The invoice of a write as it is now.

        :raises NotFound: code `invoice_not_found`.
        """
        return await self.read_live(ws, sent_value(request, "Id") or "")


def _unknown(failure: AttiBooksError, reference: str | None) -> OutcomeUnknown:
    text = "It is not known yet whether QuickBooks changed the invoice, because it could not be asked: "
    return OutcomeUnknown(text + failure.message, reference=reference, details=failure.details)


def _closed(error: AttiBooksError) -> Refused:
    """The same code is told otherwise of a new invoice, whose date can still be chosen."""
    message = "The invoice is dated in a period whose books are closed in QuickBooks, so it cannot be changed."
    fix = "Ask the accountant to open the period, then try again."
    return Refused(f"{message} {fix}", reference=error.reference, details=error.details)


def _request(live: LiveInvoice, part: str, name: str, body: str) -> WireRequest:
    return WireRequest(part, "POST", f"/v3/company/{live.invoice.books.company_id}/{name}", body)


def _as_draft(line: EditedLine) -> DraftLine:
    return DraftLine(line.description, line.quantity, line.rate, amount_of(line), line.item, line.tax_code)


async def _at_their_places(places: Iterable[int], found: Awaitable[Ids]) -> Ids:
    """What was found for some lines; obstacles name the places of those lines in the edit."""
    try:
        return await found
    except InvalidDraft as refused:
        by_place = dict(enumerate(places))
        raise refusal([replace(p, field=_placed(p.field, by_place)) for p in refused.problems]) from refused


def _placed(field: str, places: Mapping[int, int]) -> str:
    lines, _, rest = field.partition(".")
    number, _, member = rest.partition(".")
    return f"lines.{places[int(number)]}.{member}" if lines == "lines" and number.isdigit() else field


async def _nothing() -> Ids:
    return {}
