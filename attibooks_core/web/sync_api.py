"""The route `sync` of the in-CRM app, and its job."""

import msgspec
from litestar import Response, post
from litestar.params import JSONBody

from attibooks_core.invoicing.answering import kept_error
from attibooks_core.storage.syncs import SyncRow, SyncState
from attibooks_core.syncing.running import Tally
from attibooks_core.syncing.runs import NO_TARGET, failure_of, has_target
from attibooks_core.web.parts import ACCEPTED, TheCall, TheCalls, TheHost, json_answer
from attibooks_core.web.problems import ERROR_RESPONSES, problem_body
from attibooks_core.web.schemas import Body, JobAccepted, JobShape, ProgressShape
from attibooks_core.web.sync_schemas import SyncAnswer

JOB = "sync"


class StillSyncing(Exception):
    """The run takes longer than a call may wait."""

    def __init__(self, job_id: str) -> None:
        super().__init__(job_id)
        self.job_id = job_id


@post("/sync", status_code=200, responses={202: ACCEPTED, **ERROR_RESPONSES})
async def sync_now(host: TheHost, calls: TheCalls, call: TheCall, data: JSONBody[Body]) -> Response[SyncAnswer]:
    """Sync Now, and the record action: everything that changed in the books, or the run that is under way."""

    async def produce() -> bytes:
        settings = await calls.settings_of(call, data.settings, change=True)
        caller = call.caller
        ws = await host.bench.open_for(caller, settings)
        if not has_target(host.bench, settings):
            return msgspec.json.encode({**Tally().result(), "skipped": NO_TARGET})
        ws.require_accounting()
        row, has_ended = await host.syncs.sync_now(ws, caller.gateway)
        if not has_ended:
            raise StillSyncing(row.job_id)
        return answer_of(row)

    try:
        return json_answer(await calls.once("sync", call, produce), 200)
    except StillSyncing as still:
        return json_answer(msgspec.json.encode(JobAccepted(job_id=still.job_id)), 202)


def answer_of(row: SyncRow) -> bytes:
    """What a run that has ended found.

    :raises AttiBooksError: it failed.
    """
    failure = failure_of(row)
    if failure is not None:
        raise kept_error(failure)
    return msgspec.json.encode(row.result)


def job_of_sync(row: SyncRow, job_id: str) -> JobShape:
    """A run as the app asks for it: another one may be under way by then, and the last one's answer counts."""
    ended = row.state is SyncState.IDLE or row.job_id != job_id
    failure = failure_of(row) if ended else None
    state = "failed" if failure else "succeeded"
    return JobShape(
        id=job_id,
        kind=JOB,
        state=state if ended else row.state.value,  # type: ignore[arg-type]
        progress=ProgressShape(done=int(ended), total=1),
        result=dict(row.result) if ended and not failure else None,
        error=problem_body(kept_error(failure), job_id) if failure else None,
    )
