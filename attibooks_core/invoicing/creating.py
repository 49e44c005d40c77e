"""A click on *Create QuickBooks invoice*: reads, plans, and has the intent carried out (see `serving`)."""

from dataclasses import dataclass, replace

import msgspec

from attibooks_core.errors import InvalidDraft
from attibooks_core.invoicing.answering import read_anew
from attibooks_core.invoicing.carrying import InvoiceCarrier
from attibooks_core.invoicing.drafting import Drafted, check_target, draft_invoice
from attibooks_core.invoicing.edits import Edits
from attibooks_core.invoicing.footprints import footprint_of
from attibooks_core.invoicing.freezing import Frozen, freeze, marker_of
from attibooks_core.invoicing.reviewing import require_custom_mode, reviewed
from attibooks_core.invoicing.serving import IntentServer, Opening
from attibooks_core.invoicing.tokens import refused
from attibooks_core.invoicing.workbench import Answer, Workbench, Workspace
from attibooks_core.model import Caller, RecordRef
from attibooks_core.plans.quota import limit_in, month_of
from attibooks_core.settings import Settings
from attibooks_core.storage.intents import Intent

ROUTE = "invoices"


@dataclass(frozen=True, slots=True)
class CreateRequest:
    """One click.

    :param mode: `quick` or `custom` as the call says; it may only raise the settings' mode.
    :param body_hash: SHA-256 of the call's body: the same key with another body is refused.
    :param draft_token: what was previewed; the invoice is made of it instead of the record.
    """

    caller: Caller
    settings: Settings
    record: RecordRef
    body_hash: str
    mode: str | None = None
    confirm_recent: bool = False
    draft_token: str | None = None
    edits: Edits | None = None

    @property
    def is_custom(self) -> bool:
        """Whether a person reviews what is sent: the settings decide, the call may only raise quick to custom."""
        modes = {self.settings.text("invoice_mode"), self.mode}
        return "custom" in modes or self.edits is not None


class InvoiceCreator(IntentServer[CreateRequest]):
    """Serves the route `invoices`: one invoice for one click."""

    asks = "An invoice was asked for."

    def __init__(self, bench: Workbench, carrier: InvoiceCarrier) -> None:
        super().__init__(bench, carrier, ROUTE)

    async def _prepare(self, ws: Workspace, request: CreateRequest, intent_id: str) -> Opening:
        drafted, draft_id = await self._drafted(ws, request, intent_id)
        is_reviewed = request.draft_token is not None
        frozen = Frozen(drafted.plan, request.settings.plain(), is_reviewed=is_reviewed, company=drafted.company)
        intent = self._new_intent(
            ws,
            request,
            intent_id,
            source=request.record,
            payload=freeze(self._bench.vault, request.caller.workspace_id, frozen),
            payload_hash=drafted.plan.digest,
        )
        limit = limit_in(await self._bench.billing.entitlements(intent.workspace_id), ws.books.environment)
        counted = replace(intent, usage_month=month_of(intent.created_at))
        footprint = footprint_of(drafted, is_reviewed=is_reviewed)
        return Opening(counted, limit, request.confirm_recent, draft_id, footprint)

    async def _drafted(self, ws: Workspace, request: CreateRequest, intent_id: str) -> tuple[Drafted, str | None]:
        """What is to be sent, and the id of the preview that it was seen in."""
        if request.is_custom:
            await require_custom_mode(self._bench, ws)
        elif request.draft_token is None:
            return await draft_invoice(self._bench, ws, request.record, marker_of(intent_id)), None
        check_target(request.settings, request.record)
        return await reviewed(self._bench, ws, request.record, request.draft_token, request.edits)

    async def _read_anew(self, ws: Workspace, intent: Intent) -> Answer | None:
        answer = await read_anew(self._bench, ws, intent)
        return None if answer is None else msgspec.json.encode(answer)

    def _spent(self) -> InvalidDraft:
        return refused("used", "This draft was sent before.")
