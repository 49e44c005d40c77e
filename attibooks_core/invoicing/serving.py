"""A call with an idempotency key, and the same call again.

The first call prepares what is to be sent, stores the intent, starts its operation and waits for it. A second call
with the key gets the same answer, waits for the first one, or brings the tokens that the operation lacks.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from attibooks_core.errors import AttiBooksError, Conflict, InvalidDraft, NotFound, Superseded
from attibooks_core.invoicing.answering import repeat
from attibooks_core.invoicing.entries import ending_entry, opened_entry, refused_entry
from attibooks_core.invoicing.freezing import ANSWER, intent_id_of
from attibooks_core.invoicing.running import IntentCarrier, run_id_of
from attibooks_core.invoicing.showing import show_error
from attibooks_core.invoicing.workbench import Answer, Workbench, Workspace
from attibooks_core.model import Caller, RecordRef
from attibooks_core.settings import Settings
from attibooks_core.storage.intents import DraftUsed, Ending, Intent, IntentState, KeptCall
from attibooks_core.storage.snapshots import Snapshot

POLL_SECONDS = 0.25
"""How often a call looks for the answer of an operation that runs in another process."""
GRACE = timedelta(seconds=2)
"""An intent this young may have been stored by a process that is only about to start its run."""


class Click(Protocol):
    """What every such call has.

    `record` is the one it was made on; `body_hash` the SHA-256 of its body: the same key with another body is refused.
    """

    @property
    def caller(self) -> Caller: ...
    @property
    def settings(self) -> Settings: ...
    @property
    def record(self) -> RecordRef: ...
    @property
    def body_hash(self) -> str: ...


R = TypeVar("R", bound=Click)


@dataclass(frozen=True, slots=True)
class StillRunning:
    """The operation takes longer than a call may wait; the job has its id."""

    job_id: str


@dataclass(frozen=True, slots=True)
class Opening:
    """An intent that can be stored, and on which conditions (see `Intents.open`).

    :param footprint: of its inputs, for the trail.
    """

    intent: Intent
    limit: int | None = None
    confirm_recent: bool = True
    draft_id: str | None = None
    footprint: Mapping[str, Any] = field(default_factory=dict)


class IntentServer(ABC, Generic[R]):
    """Serves one route whose calls become intents.

    :param route: scope of the idempotency keys.
    """

    asks: ClassVar[str]
    """What the trail says of a new intent."""

    def __init__(self, bench: Workbench, carrier: IntentCarrier, route: str) -> None:
        self._bench = bench
        self._carrier = carrier
        self.route = route

    async def serve(self, request: R) -> Answer | StillRunning:
        """Do once what the call asks for.

        :raises AttiBooksError: the refusal; it is in the trail, and on the record where it concerns the record.
        """
        kept = await self._bench.intents.kept(request.caller.workspace_id, self.route, _key_of(request))
        return await self._first(request) if kept is None else await self._again(request, kept)

    async def answer_of(self, ws: Workspace, intent: Intent) -> Answer | None:
        """The answer of an intent that has ended: the kept one, else the invoice read anew.

        :return: None when it would have to be read and there is no token for that.
        """
        body = await self._repeated(intent)
        return body if body is not None else await self._read_anew(ws, intent)

    # -- what a route does ---------------------------------------------------------------------------------------

    @abstractmethod
    async def _prepare(self, ws: Workspace, request: R, intent_id: str) -> Opening | Answer:
        """Decide what is to be sent; or the answer, when nothing has to be."""

    @abstractmethod
    async def _read_anew(self, ws: Workspace, intent: Intent) -> Answer | None:
        """The answer of an intent that ended long ago; None when it would have to be read and cannot be."""

    def _spent(self) -> InvalidDraft:
        """The refusal of a token that was used before."""
        return InvalidDraft("This was sent before. Start again.")

    async def _show_refusal(self, ws: Workspace, request: R, error: AttiBooksError, now: datetime) -> RecordRef:
        """Show a refusal where it concerns a record; returns the record that it is about."""
        await show_error(ws, request.record, error, now)
        return request.record

    # -- the first call ------------------------------------------------------------------------------------------

    async def _first(self, request: R) -> Answer | StillRunning:
        """Prepare and store the intent, unless another call with this key was faster."""
        workspace_id = request.caller.workspace_id
        intent_id = intent_id_of(workspace_id, self.route, _key_of(request))
        ws = await self._open(request)
        async with self._telling(ws, request):
            opening = await self._prepared(ws, request, intent_id)
            if isinstance(opening, bytes):
                return await self._pinned(request, opening)
            with self._bench.stage("intent", workspace_id, intent_id):
                stored = await self._stored(request, opening)
        return await self._run(opening.intent) if stored else await self._joined(request)

    async def _stored(self, request: R, opening: Opening) -> bool:
        intent = opening.intent
        try:
            return await self._bench.intents.open(
                intent,
                request.body_hash,
                opened_entry(intent, self.asks, opening.footprint),
                snapshot=_snapshot(request),
                limit=opening.limit,
                confirm_recent=opening.confirm_recent,
                draft_id=opening.draft_id,
            )
        except DraftUsed:
            raise self._spent() from None

    async def _pinned(self, request: R, answer: Answer) -> Answer:
        """Keep an answer for which nothing had to be sent."""
        workspace_id = request.caller.workspace_id
        call = KeptCall(request.body_hash, None, "ok", self._bench.vault.seal(workspace_id, ANSWER, answer))
        await self._bench.intents.pin(workspace_id, self.route, _key_of(request), call, self._bench.clock.now())
        return answer

    async def _open(self, request: R) -> Workspace:
        return await self._bench.open_for(request.caller, request.settings)

    async def _prepared(self, ws: Workspace, request: R, intent_id: str) -> Opening | Answer:
        return await self._bench.renewing(ws, lambda w: self._prepare(w, request, intent_id))

    def _new_intent(
        self, ws: Workspace, request: R, intent_id: str, *, source: RecordRef, payload: str, payload_hash: str
    ) -> Intent:
        """An intent of this call, which counts nothing yet."""
        now = self._bench.clock.now()
        return Intent(
            intent_id=intent_id,
            workspace_id=request.caller.workspace_id,
            gateway=request.caller.gateway,
            books=ws.books,
            source=source,
            actor=request.caller.user_id,
            route=self.route,
            key=_key_of(request),
            payload=payload,
            payload_hash=payload_hash,
            settings_digest=request.settings.digest,
            usage_month="",
            created_at=now,
            updated_at=now,
        )

    @asynccontextmanager
    async def _telling(self, ws: Workspace, request: R) -> AsyncIterator[None]:
        """Write a refusal into the trail, and onto the record where it concerns the record."""
        try:
            yield
        except AttiBooksError as error:
            now = self._bench.clock.now()
            record = await self._show_refusal(ws, request, error, now)
            entry = refused_entry(record, request.caller.user_id, error, now)
            await self._bench.trail.append(request.caller.workspace_id, entry)
            raise

    # -- the same key again --------------------------------------------------------------------------------------

    async def _joined(self, request: R) -> Answer | StillRunning:
        kept = await self._bench.intents.kept(request.caller.workspace_id, self.route, _key_of(request))
        if kept is None:
            raise Superseded("The call that used this key was withdrawn. Try again.")
        return await self._again(request, kept)

    async def _again(self, request: R, kept: KeptCall) -> Answer | StillRunning:
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
            return await self._ended(request, intent)
        if intent.state is IntentState.RESERVED or intent.state is IntentState.ACCEPTED:
            return await self._wait_or_take_over(intent)
        return await self._take_over(intent)

    async def _ended(self, request: R, intent: Intent) -> Answer:
        """It ended since the answer was looked for, or long ago and the answer was dropped: read the invoice anew."""
        answer = await self._repeated(intent)
        if answer is None:
            answer = await self._read_anew(await self._open(request), intent)
        if answer is None:
            raise NotFound("The answer to this click is not kept any more. Click again.", code="job_not_found")
        return answer

    async def _repeated(self, intent: Intent) -> Answer | None:
        """The answer that is kept under the key of an intent by now.

        :raises AttiBooksError: the refusal that is kept.
        """
        kept = await self._bench.intents.kept(intent.workspace_id, intent.route, intent.key)
        return repeat(self._bench, intent.workspace_id, kept) if kept else None

    async def _once_more(self, request: R, intent: Intent) -> Answer | StillRunning:
        """The last try did nothing: prepare anew under the next generation."""
        ws = await self._open(request)
        async with self._telling(ws, request):
            opening = await self._prepared(ws, request, intent.intent_id)
            if isinstance(opening, bytes):
                return await self._done_already(intent, opening)
            fresh = replace(opening.intent, generation=intent.generation, run=intent.run, created_at=intent.created_at)
            opened = await self._bench.intents.reopen(
                fresh,
                opened_entry(fresh, self.asks, opening.footprint),
                snapshot=_snapshot(request),
                limit=opening.limit,
                confirm_recent=opening.confirm_recent,
            )
        return await self._joined(request) if opened is None else await self._run(opened)

    async def _done_already(self, intent: Intent, answer: Answer) -> Answer:
        """By now nothing has to be sent any more."""
        entry = ending_entry(intent, self._bench.clock.now(), IntentState.DONE.value, "Nothing had to be done.")
        sealed = self._bench.vault.seal(intent.workspace_id, ANSWER, answer)
        await self._bench.intents.end(intent, Ending(IntentState.DONE, entry, outcome="ok", answer=sealed))
        return answer

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
            body = await self._repeated(intent)
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


def _snapshot(request: Click) -> Snapshot:
    return Snapshot(request.settings.digest, request.settings.plain())


def _key_of(request: Click) -> str:
    """The idempotency key, which every change carries."""
    return str(request.caller.idempotency_key)
