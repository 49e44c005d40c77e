"""A click on *Create QuickBooks invoice*, and the same click again.

The call reads and plans, stores the intent, starts its operation and waits for it. A second call with the key gets
the same answer, waits for the first one, or brings the tokens that the operation lacks.
"""

import asyncio
from dataclasses import dataclass, replace
from datetime import timedelta

import msgspec

from attibooks_core.errors import AttiBooksError, Conflict, NotFound, Superseded
from attibooks_core.invoicing.answering import answer_of, repeat
from attibooks_core.invoicing.carrying import InvoiceCarrier, run_id_of
from attibooks_core.invoicing.drafting import Drafted, check_target, draft_invoice
from attibooks_core.invoicing.edits import Edits
from attibooks_core.invoicing.entries import opened_entry, refused_entry
from attibooks_core.invoicing.freezing import Frozen, freeze, intent_id_of, marker_of
from attibooks_core.invoicing.leases import Lease
from attibooks_core.invoicing.reviewing import require_custom_mode, reviewed
from attibooks_core.invoicing.showing import show_error
from attibooks_core.invoicing.tokens import refused
from attibooks_core.invoicing.workbench import Answer, Workbench, Workspace
from attibooks_core.model import Caller, RecordRef
from attibooks_core.plans.quota import limit_in, month_of
from attibooks_core.settings import Settings
from attibooks_core.storage.intents import DraftUsed, Intent, IntentState, KeptCall

ROUTE = "invoices"
POLL_SECONDS = 0.25
"""How often a call looks for the answer of an operation that runs in another process."""
GRACE = timedelta(seconds=2)
"""An intent this young may have been stored by a process that is only about to start its run."""


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

    @property
    def key(self) -> str:
        """The idempotency key, which every change carries."""
        return str(self.caller.idempotency_key)


@dataclass(frozen=True, slots=True)
class StillRunning:
    """The operation takes longer than a call may wait; the job has its id."""

    job_id: str


class InvoiceCreator:
    """Serves the route `invoices`."""

    def __init__(self, bench: Workbench, carrier: InvoiceCarrier) -> None:
        self._bench = bench
        self._carrier = carrier

    async def create(self, request: CreateRequest) -> Answer | StillRunning:
        """Make one invoice for one click.

        :raises AttiBooksError: the refusal; it is in the trail, and on the record where it concerns the record.
        """
        caller = request.caller
        kept = await self._bench.intents.kept(caller.workspace_id, ROUTE, request.key)
        if kept is not None:
            return await self._again(request, kept)
        ws = self._open(request)
        try:
            intent = await self._intend(ws, request)
        except AttiBooksError as error:
            await self._refused(ws, request, error)
            raise
        if intent is None:
            return await self._joined(request)
        return await self._run(intent)

    def _open(self, request: CreateRequest) -> Workspace:
        caller = request.caller
        lease = Lease(caller.crm, caller.accounting)
        return self._bench.open(caller.gateway, caller.workspace_id, request.settings, lease)

    # -- the first call ------------------------------------------------------------------------------------------

    async def _intend(self, ws: Workspace, request: CreateRequest) -> Intent | None:
        """Plan and store the intent; None when another call with this key was faster."""
        workspace_id = request.caller.workspace_id
        intent_id = intent_id_of(workspace_id, ROUTE, request.key)
        drafted, draft_id = await self._drafted(ws, request, intent_id)
        intent = self._new_intent(ws, request, intent_id, drafted)
        limit = limit_in(await self._bench.billing.entitlements(workspace_id), ws.books.environment)
        try:
            with self._bench.stage("intent", workspace_id, intent_id):
                stored = await self._bench.intents.open(
                    intent,
                    request.body_hash,
                    opened_entry(intent),
                    limit=limit,
                    confirm_recent=request.confirm_recent,
                    draft_id=draft_id,
                )
        except DraftUsed:
            raise refused("used", "This draft was sent before.") from None
        return intent if stored else None

    async def _drafted(self, ws: Workspace, request: CreateRequest, intent_id: str) -> tuple[Drafted, str | None]:
        """What is to be sent, and the id of the preview that it was seen in."""
        if request.is_custom:
            await require_custom_mode(self._bench, ws)
        elif request.draft_token is None:
            return await draft_invoice(self._bench, ws, request.record, marker_of(intent_id)), None
        check_target(request.settings, request.record)
        return await reviewed(self._bench, ws, request.record, request.draft_token, request.edits)

    def _new_intent(self, ws: Workspace, request: CreateRequest, intent_id: str, drafted: Drafted) -> Intent:
        now = self._bench.clock.now()
        workspace_id = request.caller.workspace_id
        plan = drafted.plan
        is_reviewed = request.draft_token is not None
        frozen = Frozen(plan, request.settings.plain(), is_reviewed=is_reviewed, company=drafted.company)
        return Intent(
            intent_id=intent_id,
            workspace_id=workspace_id,
            gateway=request.caller.gateway,
            books=ws.books,
            source=request.record,
            actor=request.caller.user_id,
            route=ROUTE,
            key=request.key,
            payload=freeze(self._bench.vault, workspace_id, frozen),
            payload_hash=plan.digest,
            settings_digest=request.settings.digest,
            usage_month=month_of(now),
            created_at=now,
            updated_at=now,
        )

    async def _refused(self, ws: Workspace, request: CreateRequest, error: AttiBooksError) -> None:
        now = self._bench.clock.now()
        entry = refused_entry(request.record, request.caller.user_id, error, now)
        await asyncio.gather(
            self._bench.trail.append(request.caller.workspace_id, entry), show_error(ws, request.record, error, now)
        )

    # -- the same key again --------------------------------------------------------------------------------------

    async def _joined(self, request: CreateRequest) -> Answer | StillRunning:
        kept = await self._bench.intents.kept(request.caller.workspace_id, ROUTE, request.key)
        if kept is None:
            raise Superseded("The call that used this key was withdrawn. Try again.")
        return await self._again(request, kept)

    async def _again(self, request: CreateRequest, kept: KeptCall) -> Answer | StillRunning:
        """Repeat the answer, wait for it, or bring the operation to its end."""
        check_same_body(kept, request.body_hash)
        workspace_id = request.caller.workspace_id
        body = repeat(self._bench, workspace_id, kept)
        if body is not None:
            return body
        intent = await self._bench.intents.load(workspace_id, str(kept.intent_id))
        if intent is None:
            raise NotFound("Nothing is known of this click any more. Click again.", code="job_not_found")
        if intent.state is IntentState.FAILED:
            return await self._once_more(request, intent)
        if intent.state.ended:
            return await self._anew(request, intent)
        if intent.state is IntentState.RESERVED or intent.state is IntentState.ACCEPTED:
            return await self._wait_or_take_over(intent)
        return await self._take_over(intent)

    async def _anew(self, request: CreateRequest, intent: Intent) -> Answer:
        """The kept answer was dropped: read the invoice anew."""
        answer = await answer_of(self._bench, self._open(request), intent)
        if answer is None:
            message = "The answer to this click is not kept any more. Click again to create a new invoice."
            raise NotFound(message, code="job_not_found")
        return msgspec.json.encode(answer)

    async def _once_more(self, request: CreateRequest, intent: Intent) -> Answer | StillRunning:
        """The last try failed without an invoice: plan anew under the next generation."""
        ws = self._open(request)
        try:
            drafted, _ = await self._drafted(ws, request, intent.intent_id)
            fresh = self._new_intent(ws, request, intent.intent_id, drafted)
            failed = replace(fresh, generation=intent.generation, run=intent.run, created_at=intent.created_at)
            limit = limit_in(await self._bench.billing.entitlements(intent.workspace_id), ws.books.environment)
            opened = await self._bench.intents.reopen(
                failed, opened_entry(failed), limit=limit, confirm_recent=request.confirm_recent
            )
        except AttiBooksError as error:
            await self._refused(ws, request, error)
            raise
        if opened is None:
            return await self._joined(request)
        return await self._run(opened)

    async def _wait_or_take_over(self, intent: Intent) -> Answer | StillRunning:
        future = self._bench.outcomes.expected(intent.intent_id)
        if future is not None:
            return await self._wait(intent, future)
        return await self._poll(intent)

    async def _take_over(self, intent: Intent) -> Answer | StillRunning:
        """Bring this call's tokens to an operation that lacks them or whose process died."""
        claimed = await self._bench.intents.claim(intent, self._bench.clock.now())
        if claimed is None:
            return await self._poll(intent)
        return await self._run(claimed)

    # -- waiting -------------------------------------------------------------------------------------------------

    async def _run(self, intent: Intent) -> Answer | StillRunning:
        future = self._bench.outcomes.expect(intent.intent_id)  # before the start: it may end at once
        await self._carrier.start(intent)
        return await self._wait(intent, future)

    async def _wait(self, intent: Intent, future: asyncio.Future[Answer]) -> Answer | StillRunning:
        try:
            async with asyncio.timeout(self._bench.wait_seconds):
                return await asyncio.shield(future)
        except TimeoutError:
            return StillRunning(intent.intent_id)

    async def _poll(self, intent: Intent) -> Answer | StillRunning:
        """Wait for an operation of another process; take it over when that process is dead."""
        deadline = self._bench.clock.monotonic() + self._bench.wait_seconds
        while self._bench.clock.monotonic() < deadline:
            kept = await self._bench.intents.kept(intent.workspace_id, intent.route, intent.key)
            body = repeat(self._bench, intent.workspace_id, kept) if kept else None
            if body is not None:
                return body
            if self._bench.clock.now() - intent.updated_at > GRACE and not await self._alive(intent):
                return await self._take_over_anew(intent)
            await self._bench.clock.sleep(POLL_SECONDS)
        return StillRunning(intent.intent_id)

    async def _alive(self, intent: Intent) -> bool:
        return await self._bench.runtime.alive(run_id_of(intent))

    async def _take_over_anew(self, intent: Intent) -> Answer | StillRunning:
        """The run is not under way any more: it ended just now, or its process died."""
        newest = await self._bench.intents.load(intent.workspace_id, intent.intent_id)
        if newest is None or newest.state.ended or newest.run != intent.run:
            return StillRunning(intent.intent_id)
        return await self._take_over(newest)


def check_same_body(kept: KeptCall, body_hash: str) -> None:
    """Refuse a key that was used with another body.

    :raises Conflict: code `idempotency_key_reused`.
    """
    if kept.body_hash != body_hash:
        message = "This Idempotency-Key was used for another request. Use a new key for a new click."
        raise Conflict(message, code="idempotency_key_reused")
