"""The route `reconciliation`: where the CRM and the books differ, and putting the CRM right (contract §3)."""

from typing import Annotated
from uuid import uuid4

from litestar import Response, post
from litestar.params import JSONBody
from msgspec import Meta

from attibooks_core.host import Host
from attibooks_core.invoicing.freezing import intent_id_of
from attibooks_core.invoicing.serving import StillRunning, check_same_body
from attibooks_core.settings import Settings
from attibooks_core.storage.intents import KeptCall
from attibooks_core.storage.tasks import Task, TaskState
from attibooks_core.syncing.reconciling.serving import Reconciler, ReconciliationShape
from attibooks_core.web.calls import Call, checked_key
from attibooks_core.web.parts import ACCEPTED, TheCall, TheCalls, TheHost, answered
from attibooks_core.web.problems import ERROR_RESPONSES
from attibooks_core.web.schemas import Body, Slug

ROUTE = "reconciliation"
MOST_IDS = 50_000


class ReconciliationBody(Body, kw_only=True):
    """Without `repair` a look; with it, a change that puts these differences right as far as they still hold."""

    repair: Annotated[list[Slug], Meta(max_length=MOST_IDS)] | None = None


@post("/reconciliation", status_code=200, responses={202: ACCEPTED, **ERROR_RESPONSES})
async def reconcile(
    host: TheHost, calls: TheCalls, call: TheCall, data: JSONBody[ReconciliationBody]
) -> Response[ReconciliationShape]:
    """Compare every invoice with its records, and write those anew that `repair` names."""
    if data.repair is None:
        settings = await calls.settings_of(call, data.settings, change=False)
        return answered(await _look(host, call, settings), 200)
    checked_key(call.caller)
    wanted = data.repair

    async def produce() -> bytes | StillRunning:
        settings = await calls.settings_of(call, data.settings, change=True)
        return await _repair(host, call, settings, wanted)

    return answered(await calls.single(ROUTE, call, produce), 200)


async def _look(host: Host, call: Call, settings: Settings) -> bytes | StillRunning:
    """Compare; nothing is kept of it but the answer of one that takes longer than a call may wait."""
    task = await _task(host, call, settings, uuid4().hex)
    try:
        answer = await host.reconciler.serve(task)
    except BaseException:
        await host.bench.tasks.forget(task)
        raise
    if not isinstance(answer, StillRunning):
        await host.bench.tasks.forget(task)
    return answer


async def _repair(host: Host, call: Call, settings: Settings, wanted: list[str]) -> bytes | StillRunning:
    """Repair once a key: the task keeps the answer; one that failed has put nothing wrong and is done again."""
    workspace_id = call.caller.workspace_id
    task_id = intent_id_of(workspace_id, ROUTE, str(call.caller.idempotency_key))
    task = await _task(host, call, settings, task_id, wanted)
    known = await host.bench.tasks.load(workspace_id, task.task_id)
    if known is not None:
        check_same_body(KeptCall(known.arguments["body_hash"], None, None, None), call.body_hash)
        if known.state is TaskState.FAILED:
            await host.bench.tasks.reopen(known, task)
    return await host.reconciler.serve(task)


async def _task(host: Host, call: Call, settings: Settings, task_id: str, wanted: list[str] | None = None) -> Task:
    """The task of a call.

    :raises NotConnected: the call brought no token for the books.
    :raises InvalidSettings: the settings name no books.
    """
    caller, now = call.caller, host.clock.now()
    (await host.bench.open_for(caller, settings)).require_accounting()
    arguments: dict[str, object] = {"gateway": caller.gateway, "settings": settings.plain(), "actor": caller.user_id}
    if wanted is not None:
        arguments |= {"repair": wanted, "body_hash": call.body_hash}
    return Task(
        task_id=task_id,
        workspace_id=caller.workspace_id,
        kind=Reconciler.kind,
        arguments=arguments,
        created_at=now,
        updated_at=now,
    )
