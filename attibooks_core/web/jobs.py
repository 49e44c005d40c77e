"""Jobs: an operation as the app asks for it."""

from typing import Any

import msgspec

from attibooks_core.errors import AttiBooksError, NotFound
from attibooks_core.host import Host
from attibooks_core.invoicing.answering import answer_of, failure
from attibooks_core.invoicing.leases import Lease
from attibooks_core.model import Caller
from attibooks_core.settings import Settings
from attibooks_core.storage.intents import Intent, IntentState
from attibooks_core.web.problems import problem_body
from attibooks_core.web.schemas import JobShape, JobState, ProgressShape

CREATE = "create_invoice"
MAX_ID = 64

_STATES: dict[IntentState, JobState] = {
    IntentState.RESERVED: "running",
    IntentState.UNKNOWN: "running",
    IntentState.ACCEPTED: "running",
    IntentState.WAITING: "waiting_for_lease",
    IntentState.PARKED: "succeeded",
    IntentState.DONE: "succeeded",
    IntentState.REFUSED: "failed",
    IntentState.FAILED: "failed",
}


async def job_of(host: Host, caller: Caller, settings: Settings, job_id: str) -> JobShape:
    """The job of this workspace with this id.

    :raises NotFound: code `job_not_found`; also for a job of another workspace.
    """
    intent = await host.bench.intents.load(caller.workspace_id, job_id) if _is_id(job_id) else None
    if intent is None:
        raise NotFound("There is no such job in this workspace. Check its id.", code="job_not_found")
    state = _STATES[intent.state]
    return JobShape(
        id=intent.intent_id,
        kind=CREATE,
        state=state,
        progress=ProgressShape(done=int(state in {"succeeded", "failed"}), total=1),
        result=await _result(host, caller, settings, intent) if state == "succeeded" else None,
        error=await _error(host, intent) if state == "failed" else None,
    )


def _is_id(job_id: str) -> bool:
    return len(job_id) <= MAX_ID and job_id.isascii() and job_id.isalnum()


async def _result(host: Host, caller: Caller, settings: Settings, intent: Intent) -> dict[str, Any] | None:
    lease = Lease(caller.crm, caller.accounting)
    ws = host.bench.open(caller.gateway, caller.workspace_id, settings, lease)
    try:
        answer = await answer_of(host.bench, ws, intent)
    except AttiBooksError:
        return None
    return msgspec.to_builtins(answer) if answer is not None else None


async def _error(host: Host, intent: Intent) -> dict[str, Any]:
    kept = await host.bench.intents.kept(intent.workspace_id, intent.route, intent.key)
    error = failure(host.bench, intent.workspace_id, kept) if kept else None
    if error is None:
        error = AttiBooksError("No invoice was made. Click again to create one.", code=intent.error_code)
    return problem_body(error, intent.intent_id)
