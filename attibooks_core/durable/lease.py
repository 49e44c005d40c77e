"""Which processes are alive: a heartbeat in the engine's database, and the takeover of what dead ones left.

The free engine never takes over a dead machine's running work by itself. Here every process beats into a small
table; a survivor puts the runs of executors without a live lease back into the queue. Only the database's clock
counts, and the local monotonic clock for "are my own beats unbroken". It is a thread, not a task: a busy loop is not
death.
"""

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

log = logging.getLogger(__name__)

QUIET_SECONDS = 60
"""A row of this process without a task is put back after this long (a start that was cancelled half-way)."""


class ExecutorLease(threading.Thread):
    """Heartbeat of this process, takeover of dead ones, sweep of its own lost runs.

    :param url: the engine's database.
    :param ttl: seconds that a beat holds.
    :param take_over: puts the runs of dead executors back into the queue.
    :param sweep: is given ids of this executor's old pending runs; puts back those that have no task.
    """

    def __init__(
        self,
        url: sa.URL,
        executor_id: str,
        ttl: float,
        take_over: Callable[[list[str]], object],
        sweep: Callable[[list[str]], object],
    ) -> None:
        super().__init__(name="executor-lease", daemon=True)
        self.executor_id, self.ttl = executor_id, ttl
        self._every = ttl / 5
        self._take_over, self._sweep = take_over, sweep
        postgres = url.get_backend_name() == "postgresql"
        self._sql = _statements(postgres=postgres)
        self._engine = _engine(url, postgres=postgres)
        self._halt = threading.Event()
        self.last = self.since = float("-inf")

    def open(self) -> None:
        """Beat once and go on beating; before the engine is launched."""
        self.query("create")
        self._beat()
        self.start()

    def release(self) -> None:
        """Stop beating and give the lease back, so that unfinished work moves at once; after the engine has ended."""
        self._halt.set()
        self.join(10)
        self.query("release")
        self._engine.dispose()

    @property
    def unbroken(self) -> bool:
        """Whether the last beat still holds."""
        return time.monotonic() - self.last < self.ttl

    def query(self, name: str, **arguments: Any) -> list[Any]:  # noqa: ANN401 - values of a statement
        """Run one of the statements; its first column."""
        statement = self._sql[name]
        own = {"id": self.executor_id} if ":id" in statement.text else {}
        with self._engine.begin() as connection:
            found = connection.execute(statement, {**own, **arguments})
            return list(found.scalars()) if found.returns_rows else []

    def run(self) -> None:
        """Beat, and look after the dead."""
        while not self._halt.wait(self._every):
            try:
                self._beat()
                if self.last - self.since >= self.ttl:
                    self._look_after_others()
            except Exception:
                log.exception("executor lease: beat failed")

    def _beat(self) -> None:
        asked = time.monotonic()  # before the write: never trust the lease longer than its row says
        self.query("beat", ttl=self.ttl)
        if asked - self.last > self.ttl:
            self.since = asked  # after a start, pause or outage others may have missed beats for the same reason
        self.last = asked

    def _look_after_others(self) -> None:
        if dead := self.query("dead"):
            log.warning("taking over from %d dead executor(s)", len(dead))
            self._take_over(dead)
        if old := self.query("mine", quiet=QUIET_SECONDS):
            self._sweep(old)
        self.query("purge")


def _engine(url: sa.URL, *, postgres: bool) -> sa.Engine:
    if postgres:
        return sa.create_engine(
            url.set(drivername="postgresql+psycopg"), pool_size=1, max_overflow=1, pool_pre_ping=True
        )
    return sa.create_engine(url, pool_size=1, max_overflow=1, poolclass=sa.QueuePool, connect_args={"timeout": 5})


def _statements(*, postgres: bool) -> dict[str, sa.TextClause]:
    now = "extract(epoch from clock_timestamp())" if postgres else "((julianday('now') - 2440587.5) * 86400.0)"
    runs = "dbos.workflow_status" if postgres else "workflow_status"
    live = f"SELECT 1 FROM executor_lease l WHERE l.executor_id = w.executor_id AND l.expires > {now}"
    texts = {
        "create": "CREATE TABLE IF NOT EXISTS executor_lease "
        "(executor_id TEXT PRIMARY KEY, expires DOUBLE PRECISION NOT NULL)",
        "beat": f"INSERT INTO executor_lease VALUES (:id, {now} + :ttl) "
        "ON CONFLICT (executor_id) DO UPDATE SET expires = excluded.expires",
        "dead": f"SELECT DISTINCT executor_id FROM {runs} w "
        f"WHERE status = 'PENDING' AND executor_id <> :id AND NOT EXISTS ({live})",
        "mine": f"SELECT workflow_uuid FROM {runs} "
        f"WHERE status = 'PENDING' AND executor_id = :id AND updated_at < ({now} - :quiet) * 1000",
        "owns": f"SELECT 1 FROM {runs} WHERE workflow_uuid = :run AND status = 'PENDING' AND executor_id = :id",
        "alive": f"SELECT 1 FROM {runs} w WHERE workflow_uuid = :run "
        f"AND (status = 'ENQUEUED' OR (status = 'PENDING' AND EXISTS ({live})))",
        "purge": f"DELETE FROM executor_lease WHERE expires < {now} - 86400",
        "release": "DELETE FROM executor_lease WHERE executor_id = :id",
    }
    return {name: sa.text(text) for name, text in texts.items()}
