"""Durable tasks: work of its own that a call or an operator asked for, and whose answer is kept for a day.

A task writes into the CRM only what a second run would not write again, so a run that died is simply repeated. Its
settings are those of the call that asked, else the stored ones; tokens that no process has are asked for.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar, TypeAlias

from attibooks_core.durable import OperationRun
from attibooks_core.durable.port import Reference
from attibooks_core.errors import AttiBooksError, PluginError, Superseded
from attibooks_core.invoicing.answering import error_answer, kept_error
from attibooks_core.invoicing.freezing import ANSWER
from attibooks_core.invoicing.serving import StillRunning
from attibooks_core.invoicing.workbench import LOOK_SECONDS, Answer, Workbench, Workspace
from attibooks_core.logs import EventLog
from attibooks_core.settings import Settings
from attibooks_core.storage.tasks import Task, TaskState

Arguments: TypeAlias = Mapping[str, Any]

log = EventLog(__name__)


@dataclass(frozen=True, slots=True)
class TaskRun:
    """One run of a task, as its work sees it."""

    bench: Workbench
    task: Task
    run: OperationRun

    async def fence(self) -> None:
        """Say that it moves, and make sure that it is still this run's to do.

        :raises Superseded: another run took over.
        """
        await self.run.fence()
        if not await self.bench.tasks.touch(self.task, self.bench.clock.now()):
            raise Superseded("Another run of this task took over.")


class TaskServer(ABC):
    """Serves tasks of one kind.

    An argument `settings` is a snapshot to be used instead of the stored one, `gateway` names the CRM.
    """

    kind: ClassVar[str]
    operation: ClassVar[str]
    """Name and version of the durable operation."""

    def __init__(self, bench: Workbench) -> None:
        self._bench = bench
        bench.runtime.register(self.operation, self.carry)

    @abstractmethod
    async def _work(self, ws: Workspace, run: TaskRun) -> Answer:
        """Do it; may be repeated from the start.

        :raises AttiBooksError: it cannot be done.
        """

    # -- asking --------------------------------------------------------------------------------------------------

    async def serve(self, task: Task) -> Answer | StillRunning:
        """Do a task, or join the one with its id; wait for its end as long as a call may wait.

        :raises AttiBooksError: what it failed with.
        """
        bench = self._bench
        await bench.tasks.add(task)
        found = await bench.tasks.load(task.workspace_id, task.task_id)
        if found is not None and found.state in {TaskState.QUEUED, TaskState.WAITING}:
            await self.start(found)
        deadline = bench.clock.monotonic() + bench.wait_seconds
        while found is not None and not found.state.ended and bench.clock.monotonic() < deadline:
            await bench.clock.sleep(LOOK_SECONDS)
            found = await bench.tasks.load(task.workspace_id, task.task_id)
        if found is None or not found.state.ended:
            return StillRunning(task.task_id)
        return answer_of(bench, found)

    async def start(self, task: Task) -> None:
        """Take a task and carry it in this process, unless somebody else was faster."""
        claimed = await self._bench.tasks.claim(task, self._bench.clock.now())
        if claimed is not None:
            reference = {"workspace": claimed.workspace_id, "task": claimed.task_id, "run": str(claimed.run)}
            await self._bench.runtime.start(self.operation, _run_id(claimed), reference)

    async def look_after(self, task: Task, quiet: timedelta) -> None:
        """Start one that is queued or has tokens by now, or whose process died."""
        if task.state is TaskState.WAITING:
            is_due = await self._opened(task) is not None
        else:
            is_due = task.state is TaskState.QUEUED or await self._is_dead(task, quiet)
        if is_due:
            await self.start(task)

    async def _is_dead(self, task: Task, grace: timedelta) -> bool:
        still = self._bench.clock.now() - task.updated_at
        return still > grace and not await self._bench.runtime.alive(_run_id(task))

    # -- carrying ------------------------------------------------------------------------------------------------

    async def carry(self, run: OperationRun, reference: Reference) -> Reference:
        """The operation; see the module."""
        task = await self._bench.tasks.load(reference["workspace"], reference["task"])
        if task is None or task.state is not TaskState.RUNNING or str(task.run) != reference["run"]:
            return {"outcome": "superseded"}
        try:
            return {"outcome": await self._carried(TaskRun(self._bench, task, run))}
        except Superseded:
            raise
        except AttiBooksError as error:
            return {"outcome": await self._failed(task, error)}
        except Exception:
            log.exception("task_failed", task=task.task_id, kind=task.kind)
            return {"outcome": await self._failed(task, PluginError("core", self.operation))}

    async def _carried(self, run: TaskRun) -> str:
        task, now = run.task, self._bench.clock.now
        ws = await self._opened(task)
        if ws is None:
            await self._bench.tasks.wait(task, now())
            return TaskState.WAITING.value
        answer = await self._work(ws, run)
        sealed = self._bench.vault.seal(task.workspace_id, ANSWER, answer)
        await self._bench.tasks.end(task, now(), result=sealed)
        return TaskState.SUCCEEDED.value

    async def _opened(self, task: Task) -> Workspace | None:
        """The workspace with its tokens; None while there are none."""
        settings = await self._settings(task)
        books = self._bench.plugins.backend(settings).books(settings)
        lease = await self._bench.access.of(task.workspace_id, books)
        if lease is None or lease.accounting is None:
            return None
        return self._bench.open(task.arguments["gateway"], task.workspace_id, settings, lease)

    async def _settings(self, task: Task) -> Settings:
        plain = task.arguments.get("settings")
        if plain is None:
            plain = (await self._bench.workspaces.load(task.workspace_id)).settings
        return self._bench.plugins.catalog.stored(plain)

    async def _failed(self, task: Task, error: AttiBooksError) -> str:
        sealed = self._bench.vault.seal(task.workspace_id, ANSWER, error_answer(error))
        await self._bench.tasks.end(task, self._bench.clock.now(), error=sealed)
        return TaskState.FAILED.value


class TaskKeeper:
    """Looks after the tasks of every kind."""

    def __init__(self, bench: Workbench, *servers: TaskServer) -> None:
        self._bench = bench
        self._servers = {server.kind: server for server in servers}

    async def look_around(self, quiet: timedelta) -> None:
        """Start what is queued, what got tokens, and what a dead process left behind."""
        tasks, now = self._bench.tasks, self._bench.clock.now()
        found = [*await tasks.queued(), *await tasks.quiet(now - quiet)]
        workspaces = self._bench.leases.workspaces()
        if workspaces:
            found += await tasks.waiting(workspaces)
        for task in found:
            if task.kind in self._servers:
                await self._servers[task.kind].look_after(task, quiet)


def answer_of(bench: Workbench, task: Task) -> Answer:
    """What a task that has ended came to.

    :raises AttiBooksError: what it failed with.
    """
    error = error_of(bench, task)
    if error is not None:
        raise error
    return bench.vault.open(task.workspace_id, ANSWER, str(task.result))


def error_of(bench: Workbench, task: Task) -> AttiBooksError | None:
    """What a task failed with."""
    return kept_error(bench.vault.open(task.workspace_id, ANSWER, task.error)) if task.error else None


def _run_id(task: Task) -> str:
    return f"{task.task_id}.{task.run}"
