"""What every durable operation on one intent has in common: its start, its run, and the ways in which it may end."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar
from uuid import uuid4

from attibooks_core.durable import OperationRun
from attibooks_core.durable.port import Reference
from attibooks_core.errors import (
    AttiBooksError,
    Conflict,
    ConnectionProblem,
    OutcomeUnknown,
    PluginError,
    Superseded,
    Unavailable,
)
from attibooks_core.events import InvoiceEvent
from attibooks_core.invoicing.answering import error_answer
from attibooks_core.invoicing.entries import ending_entry
from attibooks_core.invoicing.freezing import ANSWER, request_id_of
from attibooks_core.invoicing.showing import show_error
from attibooks_core.invoicing.workbench import Workbench, Workspace
from attibooks_core.logs import EventLog
from attibooks_core.model import RecordRef
from attibooks_core.retries import pause_of
from attibooks_core.storage.intents import Ending, Intent, IntentState

PAUSES = (2, 5, 10, 15, 30, 60, 300, 900)
"""Seconds before the next attempt, by the number of attempts so far; the last one stays."""

log = EventLog(__name__)


@dataclass
class SubmissionRun:
    """One run as the backend sees it. Implements `protocols.Run`."""

    bench: Workbench
    intent: Intent
    run: OperationRun
    maybe_sent: bool
    started_at: datetime

    def request_id(self, part: str) -> str:
        """The key of one outside write."""
        return request_id_of(self.intent.intent_id, self.intent.generation, part)

    async def fence(self) -> None:
        """Only the process that owns the run, and only the newest run, may write.

        :raises Superseded: neither.
        """
        await self.run.fence()
        if self.maybe_sent:
            newest = await self.bench.intents.run_of(self.intent.workspace_id, self.intent.intent_id)
            if newest != self.intent.run:
                raise Superseded("Another run of this operation took over.")


class IntentCarrier(ABC):
    """Carries intents of one kind, each to its end, as often as it takes."""

    operation: ClassVar[str]
    """Name and version of the durable operation."""

    doubt: ClassVar[str]
    """What a user is told when the answer of the books is lost."""

    def __init__(self, bench: Workbench) -> None:
        self._bench = bench
        self._stored: dict[str, Intent] = {}
        bench.runtime.register(self.operation, self.carry)

    async def start(self, intent: Intent) -> None:
        """Start the newest run of an intent in this process.

        :param intent: as it was just stored: its run need not read it again.
        """
        reference = {"workspace": intent.workspace_id, "intent": intent.intent_id, "run": str(intent.run)}
        run_id = run_id_of(intent)
        self._stored[run_id] = intent
        try:
            await self._bench.runtime.start(self.operation, run_id, reference)
        except BaseException:
            self._stored.pop(run_id, None)
            raise

    async def carry(self, run: OperationRun, reference: Reference) -> Reference:
        """The operation; see the module."""
        intent = self._stored.pop(run.run_id, None)
        if intent is None or run.recovered:
            intent = await self._bench.intents.load(reference["workspace"], reference["intent"])
        if intent is None or intent.state.ended or str(intent.run) != reference["run"]:
            return {"outcome": "superseded"}
        try:
            return {"outcome": await self._carry(run, intent)}
        except Superseded:
            raise
        except Unavailable as error:
            return {"outcome": await self._unknown(intent, error)}
        except Exception:
            log.exception("operation_failed", intent=intent.intent_id, run=intent.run)
            return {"outcome": await self._unknown(intent, PluginError("core", self.operation))}

    @abstractmethod
    async def _carry(self, run: OperationRun, intent: Intent) -> str:
        """Carry one run of an intent that has not ended; returns the name of the outcome."""

    def _run_of(self, run: OperationRun, intent: Intent) -> SubmissionRun:
        maybe_sent = run.recovered or intent.run != intent.first_run
        return SubmissionRun(self._bench, intent, run, maybe_sent, intent.created_at)

    # -- endings -------------------------------------------------------------------------------------------------

    async def _failed(
        self, ws: Workspace, run: SubmissionRun, error: AttiBooksError, shown_on: RecordRef | None
    ) -> str:
        """End a run by the class of its error: look again, let the same key try again, or refuse for good.

        :param shown_on: the record that shows the error.
        """
        is_doubtful = isinstance(error, ConnectionProblem) and run.maybe_sent
        if isinstance(error, OutcomeUnknown) or is_doubtful:
            return await self._unknown(run.intent, error)
        is_passing = isinstance(error, Unavailable | Conflict)
        state = IntentState.FAILED if is_passing else IntentState.REFUSED
        return await self._refuse(ws, run.intent, error, state, shown_on)

    async def _refuse(
        self, ws: Workspace, intent: Intent, error: AttiBooksError, state: IntentState, shown_on: RecordRef | None
    ) -> str:
        """Nothing was done. A refusal is pinned under the key; what may pass is not."""
        now = self._bench.clock.now()
        if shown_on is not None:
            await show_error(ws, shown_on, error, now)
        ending = Ending(
            state,
            ending_entry(intent, now, state.value, error.message, error),
            outcome="error" if state is IntentState.REFUSED else "failed",
            answer=self._bench.vault.seal(intent.workspace_id, ANSWER, error_answer(error)),
            error_code=error.code,
            reference=error.reference,
        )
        await self._bench.intents.end(intent, ending)
        self._bench.outcomes.resolve(intent.intent_id, error)
        return state.value

    async def _unknown(self, intent: Intent, error: AttiBooksError) -> str:
        """The writes may have arrived: keep what is reserved, and look again soon."""
        now = self._bench.clock.now()
        at = now + pause_after(intent.attempts)
        entry = ending_entry(intent, now, "unknown", error.message, error)
        ending = Ending(IntentState.UNKNOWN, entry, error_code=error.code, next_attempt_at=at)
        await self._bench.intents.end(intent, ending)
        told = OutcomeUnknown(self.doubt, reference=error.reference, details={"job_id": intent.intent_id})
        self._bench.outcomes.resolve(intent.intent_id, told)
        return IntentState.UNKNOWN.value

    async def _wait_for_lease(self, intent: Intent) -> str:
        """Without tokens nothing can be done: the app is asked for some, and any call of it brings them."""
        now = self._bench.clock.now()
        entry = ending_entry(intent, now, "waiting", "Waits for the next call of the app, which brings access.")
        await self._bench.intents.end(intent, Ending(IntentState.WAITING, entry, error_code=intent.error_code))
        return IntentState.WAITING.value

    # -- events --------------------------------------------------------------------------------------------------

    async def tell(self, ws: Workspace, intent: Intent, event: type[InvoiceEvent], **facts: str) -> None:
        """Tell the plugins of the workspace what happened to an intent."""
        await self.tell_of(ws, intent.intent_id, intent.source, event, **facts)

    async def tell_of(
        self, ws: Workspace, intent_id: str, source: RecordRef, event: type[InvoiceEvent], **facts: str
    ) -> None:
        """The same of what may never have become an intent."""
        told = event(uuid4().hex, self._bench.clock.now(), ws.context.workspace_id, intent_id, source, **facts)
        await self._bench.plugins.tell(ws.scope, told)


def run_id_of(intent: Intent) -> str:
    """The id of the newest run of an intent."""
    return f"{intent.intent_id}.{intent.run}"


def pause_after(attempts: int) -> timedelta:
    """How long to wait after that many attempts."""
    return pause_of(PAUSES, attempts)
