"""The port on DBOS Transact: the one file that knows the engine.

What the engine needs that its own documents do not say is in the durable-execution reference; the notes below only
name it. One runtime a process: the engine's state is global.
"""

import asyncio
import logging
import socket
import sqlite3
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar
from uuid import uuid4

import sqlalchemy as sa
from dbos import DBOS, DBOSConfig, SetWorkflowID
from dbos._serialization import DBOSPortableJSONSerializer

from attibooks_core.durable.lease import ExecutorLease
from attibooks_core.durable.port import Operation, Reference
from attibooks_core.errors import Superseded

log = logging.getLogger(__name__)

DRAIN_SECONDS = 20
APPLICATION_VERSION = "1"
"""Never changed: the engine recovers only rows of its own version. Versions are in the operations' names."""
INTERNAL_QUEUE = "_dbos_internal_queue"
BEAT_PAUSE = 0.2
RETENTION = (
    (["SUCCESS", "CANCELLED"], timedelta(days=14)),
    (["ERROR", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"], timedelta(days=90)),
)

Carrier = Callable[[str, Reference], Coroutine[Any, Any, Reference]]


class DbosRuntime:
    """Implements `port.DurableRuntime`.

    :param url: `sqlite:////absolute/path` (a file of the engine's own) or `postgresql://...`.
    :param lease_seconds: how long a process that stopped beating keeps its runs.
    """

    _current: ClassVar["DbosRuntime | None"] = None
    _carriers: ClassVar[dict[str, Carrier]] = {}

    def __init__(self, url: str, *, lease_seconds: float = 15.0) -> None:
        self._url = sa.make_url(url)
        self._lease_seconds = lease_seconds
        self._operations: dict[str, Operation] = {}
        self._fresh: set[str] = set()
        self.executor_id = f"{socket.gethostname()}-{uuid4().hex}"
        self.lease: ExecutorLease | None = None

    @classmethod
    def beside(cls, database_url: str, *, lease_seconds: float) -> "DbosRuntime":
        """The runtime of a host: in its PostgreSQL database, or in a file of its own beside its SQLite file."""
        url = sa.make_url(database_url)
        if url.get_backend_name() == "sqlite":
            path = Path(url.database or "").absolute()
            url = url.set(database=str(path.with_name(f"{path.stem}-durable{path.suffix}")))
        return cls(url.render_as_string(hide_password=False), lease_seconds=lease_seconds)

    def register(self, name: str, operation: Operation) -> None:
        """Teach an operation; before `open`."""
        self._operations[name] = operation
        if name not in self._carriers:
            self._carriers[name] = DBOS.workflow(name=name, max_recovery_attempts=20)(_carrier(name))

    async def open(self) -> None:
        """Launch the engine on this loop.

        :raises RuntimeError: another runtime is open in this process.
        """
        if DbosRuntime._current is not None:
            raise RuntimeError("a process holds one durable runtime; close the other one first")
        DbosRuntime._current = self
        if self._url.get_backend_name() == "sqlite":
            _use_wal(str(self._url.database))
        dbos = DBOS(config=self._config())
        self.lease = ExecutorLease(
            self._url,
            self.executor_id,
            self._lease_seconds,
            take_over=DBOS._recover_pending_workflows,  # noqa: SLF001 - the free library has no public name for it
            sweep=lambda runs: self._put_back(dbos, runs),
        )
        self.lease.open()
        DBOS.launch()

    async def close(self) -> None:
        """Drain, end the engine, give the lease back."""
        if self.lease is None:
            return
        await asyncio.to_thread(DBOS.destroy, workflow_completion_timeout_sec=DRAIN_SECONDS)
        # The engine's pool had become the loop's default executor and is gone now.
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor())
        await asyncio.to_thread(self.lease.release)
        self.lease = None
        DbosRuntime._current = None

    async def start(self, name: str, run_id: str, reference: Reference) -> None:
        """Start an operation in this process."""
        self._fresh.add(run_id)
        # Shielded: a start that is cancelled between its insert and its task leaves a row that nobody runs.
        await asyncio.shield(asyncio.ensure_future(self._start(name, run_id, dict(reference))))

    async def alive(self, run_id: str) -> bool:
        """Whether a living process works on this run, or will soon."""
        if self.lease is None:
            return False
        return bool(await asyncio.to_thread(self.lease.query, "alive", run=run_id))

    async def tidy(self) -> None:
        """Delete old rows; only of statuses that have ended, for the engine does not look."""
        for statuses, age in RETENTION:
            before = (datetime.now(UTC) - age).isoformat()
            while old := await DBOS.list_workflows_async(
                status=statuses, completed_before=before, limit=500, load_input=False, load_output=False
            ):
                await DBOS.delete_workflows_async([w.workflow_id for w in old])

    async def carry(self, name: str, run_id: str, reference: Reference) -> Reference:
        """Run an operation's body; what it raises becomes a code, for exceptions are stored with their texts."""
        run = _Run(self, run_id, recovered=run_id not in self._fresh)
        self._fresh.discard(run_id)
        try:
            return await self._operations[name](run, reference)
        except Superseded:
            return {"outcome": "superseded"}
        except Exception:
            log.exception("operation %s failed in run %s", name, run_id)
            return {"outcome": "internal_error"}

    async def _start(self, name: str, run_id: str, reference: dict[str, str]) -> None:
        with SetWorkflowID(run_id):
            await DBOS.start_workflow_async(self._carriers[name], run_id, reference)

    def _config(self) -> DBOSConfig:
        sqlite = self._url.get_backend_name() == "sqlite"
        return DBOSConfig(
            name="attibooks",
            system_database_url=self._url.render_as_string(hide_password=False),
            application_version=APPLICATION_VERSION,
            executor_id=self.executor_id,
            serializer=DBOSPortableJSONSerializer(),  # the default is pickle
            log_level="WARNING",
            max_executor_threads=16,
            sys_db_pool_size=2 if sqlite else 8,  # more starve each other on SQLite
        )

    def _put_back(self, dbos: Any, runs: list[str]) -> None:  # noqa: ANN401 - private names of the engine
        active = set(dbos._active_workflows_set.activeList())  # noqa: SLF001
        for run in set(runs) - active:
            dbos._sys_db.reenqueue_for_recovery(run, [self.executor_id], INTERNAL_QUEUE)  # noqa: SLF001


class _Run:
    """One run in this process. Implements `port.OperationRun`."""

    def __init__(self, runtime: DbosRuntime, run_id: str, *, recovered: bool) -> None:
        self.run_id = run_id
        self.recovered = recovered
        self._lease = runtime.lease
        self._since = runtime.lease.since if runtime.lease else 0.0

    async def fence(self) -> None:
        """Costs no query while the beats are unbroken; after a pause, asks who owns the run."""
        lease = self._lease
        if lease is None:
            raise Superseded("The durable runtime is closed.")
        while not lease.unbroken:  # noqa: ASYNC110 - a thread beats, it has no event for us
            await asyncio.sleep(BEAT_PAUSE)
        if lease.since != self._since:
            since = lease.since
            if not await asyncio.to_thread(lease.query, "owns", run=self.run_id):
                raise Superseded("Another process took this run over.")
            self._since = since


def _carrier(name: str) -> Carrier:
    async def carrier(run_id: str, reference: Reference) -> Reference:
        runtime = DbosRuntime._current  # noqa: SLF001 - the engine calls plain functions
        if runtime is None:
            raise RuntimeError("no durable runtime is open")
        return await runtime.carry(name, run_id, reference)

    carrier.__qualname__ = f"carrier.{name}"
    return carrier


def _use_wal(path: str) -> None:
    """Journal mode is a property of the file, and the engine does not set it."""
    for _ in range(50):
        try:
            with closing(sqlite3.connect(path, timeout=5)) as connection:
                connection.execute("PRAGMA journal_mode=WAL")
                return
        except sqlite3.OperationalError:  # another process is doing the same at this instant
            time.sleep(0.1)
    raise RuntimeError(f"{path} stays locked")
