"""Jobs: an operation as the app asks for it."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec

from attibooks_core.errors import AttiBooksError, NotFound
from attibooks_core.host import Host
from attibooks_core.invoicing.answering import failure, kept_error
from attibooks_core.invoicing.changing.serving import EDIT_ROUTE, VOID_ROUTE
from attibooks_core.invoicing.freezing import ANSWER
from attibooks_core.invoicing.serving import IntentServer
from attibooks_core.invoicing.shapes import BatchRecordShape, BatchShape, MadeShape
from attibooks_core.invoicing.tasking import answer_of, error_of
from attibooks_core.model import Caller
from attibooks_core.settings import Settings
from attibooks_core.storage.batches import Batch, BatchItem, BatchState
from attibooks_core.storage.intents import Intent, IntentState
from attibooks_core.storage.tasks import Task, TaskState
from attibooks_core.web.problems import problem_body
from attibooks_core.web.schemas import JobShape, JobState, ProgressShape
from attibooks_core.web.sync_api import job_of_sync

CREATE = "create_invoice"
CHANGES = {EDIT_ROUTE: "edit_invoice", VOID_ROUTE: "void_invoice"}
"""Kinds of the jobs of routes that change invoices."""
CREATE_BATCH = "create_batch"
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

_BATCH_STATES: dict[BatchState, JobState] = {
    BatchState.RUNNING: "running",
    BatchState.PAUSED: "running",
    BatchState.WAITING: "waiting_for_lease",
    BatchState.DONE: "succeeded",
}


async def job_of(host: Host, caller: Caller, settings: Settings, job_id: str) -> JobShape:
    """The job of this workspace with this id.

    :raises NotFound: code `job_not_found`; also for a job of another workspace.
    """
    if not is_id(job_id):
        raise no_job()
    batch = await host.bench.batches.load(caller.workspace_id, job_id)
    if batch is not None:
        return await _batch_job(host, batch)
    sync = await host.bench.syncs.of_job(caller.workspace_id, job_id)
    if sync is not None:
        return job_of_sync(sync, job_id)
    task = await host.bench.tasks.load(caller.workspace_id, job_id)
    if task is not None:
        return _task_job(host, task)
    intent = await host.bench.intents.load(caller.workspace_id, job_id)
    if intent is None:
        raise no_job()
    state = _STATES[intent.state]
    return JobShape(
        id=intent.intent_id,
        kind=CHANGES.get(intent.route, CREATE),
        state=state,
        progress=ProgressShape(done=int(state in {"succeeded", "failed"}), total=1),
        result=await _result(host, caller, settings, intent) if state == "succeeded" else None,
        error=await _error(host, intent) if state == "failed" else None,
    )


def _task_job(host: Host, task: Task) -> JobShape:
    error = error_of(host.bench, task)
    has_answer = task.state is TaskState.SUCCEEDED
    return JobShape(
        id=task.task_id,
        kind=task.kind,
        state=task.state.value,
        progress=ProgressShape(done=int(task.state.ended), total=1),
        result=msgspec.json.decode(answer_of(host.bench, task)) if has_answer else None,
        error=problem_body(error, task.task_id) if error else None,
    )


async def _batch_job(host: Host, batch: Batch) -> JobShape:
    items = await host.bench.batches.items(batch)
    state = _BATCH_STATES[batch.state]
    return JobShape(
        id=batch.batch_id,
        kind=CREATE_BATCH,
        state=state,
        progress=ProgressShape(done=sum(i.outcome is not None for i in items), total=len(items)),
        result=msgspec.to_builtins(_batch_result(host, batch, items)) if state == "succeeded" else None,
    )


def _batch_result(host: Host, batch: Batch, items: Sequence[BatchItem]) -> BatchShape:
    count = Counter(i.outcome for i in items)
    return BatchShape(
        created=count["created"],
        refused=count["refused"],
        failed=count["failed"],
        records=[_batch_record(host, batch, item) for item in items],
    )


def _batch_record(host: Host, batch: Batch, item: BatchItem) -> BatchRecordShape:
    """A record's outcome; what was made or said of it is kept for a day."""
    body = host.vault.open(batch.workspace_id, ANSWER, item.answer) if item.answer else None
    invoice = error = None
    if body is not None and item.outcome == "created":
        invoice = msgspec.json.decode(body, type=MadeShape).invoice
    elif body is not None:
        error = problem_body(kept_error(body), item.intent_id)
    return BatchRecordShape(record_id=item.record_id, outcome=item.outcome or "failed", invoice=invoice, error=error)


def no_job() -> NotFound:
    """The refusal of an id that no job of the workspace has."""
    return NotFound("There is no such job in this workspace. Check its id.", code="job_not_found")


def is_id(job_id: str) -> bool:
    """Whether a text can be the id of a job."""
    return len(job_id) <= MAX_ID and job_id.isascii() and job_id.isalnum()


async def _result(host: Host, caller: Caller, settings: Settings, intent: Intent) -> dict[str, Any] | None:
    try:
        ws = await host.bench.open_for(caller, settings)
        answer = await _server_of(host, intent).answer_of(ws, intent)
    except AttiBooksError:
        return None
    return msgspec.json.decode(answer) if answer is not None else None


def _server_of(host: Host, intent: Intent) -> IntentServer[Any]:
    servers: dict[str, IntentServer[Any]] = {EDIT_ROUTE: host.editor, VOID_ROUTE: host.voider}
    return servers.get(intent.route, host.creator)


async def _error(host: Host, intent: Intent) -> dict[str, Any]:
    kept = await host.bench.intents.kept(intent.workspace_id, intent.route, intent.key)
    error = failure(host.bench, intent.workspace_id, kept) if kept else None
    if error is None:
        done = "Nothing was changed." if intent.is_change else "No invoice was made."
        error = AttiBooksError(f"{done} Click again.", code=intent.error_code)
    return problem_body(error, intent.intent_id)
