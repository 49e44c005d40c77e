"""One database, two engines: whole transactions run in threads, never statement by statement.

A unit of work is a plain function of a connection. So no HTTP call can ever be awaited inside a transaction, a
transaction costs one thread hop instead of one a statement, and one driver (psycopg) serves both us and the durable
engine.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

T = TypeVar("T")

POSTGRES_CONNECTIONS = 8
SQLITE_READERS = 2
WRITE_ATTEMPTS = 4


class Database:
    """The host's database.

    SQLite runs in WAL mode with one writer, whose transactions begin IMMEDIATE: a deferred one that reads before it
    writes fails with "database is locked", whatever the time-out. `synchronous=FULL`: an intent must survive a power
    cut, for the invoice may already be in the books.

    :param url: `sqlite:///path` or `postgresql://...`.
    """

    def __init__(self, url: str) -> None:
        self.url = sa.make_url(url)
        self.sqlite = self.url.get_backend_name() == "sqlite"
        if self.sqlite:
            self._writer, self._reader = (
                _sqlite_engine(self.url, 1, "IMMEDIATE"),
                _sqlite_engine(self.url, 2, "DEFERRED"),
            )
            self._write_threads = ThreadPoolExecutor(1, "db-write")
            self._read_threads = ThreadPoolExecutor(SQLITE_READERS, "db-read")
        else:
            self._writer = self._reader = _postgres_engine(self.url)
            self._write_threads = self._read_threads = ThreadPoolExecutor(POSTGRES_CONNECTIONS, "db")

    async def write(self, work: Callable[[sa.Connection], T]) -> T:
        """Run `work` in one transaction and commit it; it is run again when the database asks for that.

        :raises sqlalchemy.exc.IntegrityError: as `work` ran into it; nothing was stored.
        """
        return await asyncio.get_running_loop().run_in_executor(self._write_threads, self.write_now, work)

    async def read(self, work: Callable[[sa.Connection], T]) -> T:
        """Run `work` in one transaction that sees one state of the database."""
        return await asyncio.get_running_loop().run_in_executor(self._read_threads, self._read_now, work)

    def write_now(self, work: Callable[[sa.Connection], T]) -> T:
        """As `write`, in this thread: for commands and migrations."""
        attempt = 1
        while True:
            try:
                with self._writer.begin() as connection:
                    return work(connection)
            except OperationalError as error:
                if attempt == WRITE_ATTEMPTS or not _passing(error):
                    raise
                attempt += 1

    def _read_now(self, work: Callable[[sa.Connection], T]) -> T:
        with self._reader.begin() as connection:
            return work(connection)

    async def answers(self, seconds: float) -> bool:
        """Whether the database answers within that time."""
        try:
            async with asyncio.timeout(seconds):
                await self.read(lambda c: c.execute(sa.text("SELECT 1")).scalar_one())
        except (TimeoutError, sa.exc.SQLAlchemyError):
            return False
        return True

    def close(self) -> None:
        """End threads and connections."""
        self._write_threads.shutdown()
        self._read_threads.shutdown()
        self._writer.dispose()
        self._reader.dispose()


def database_file(url: str) -> Path | None:
    """The file of an embedded database; None for a server."""
    parsed = sa.make_url(url)
    return Path(parsed.database or "") if parsed.get_backend_name() == "sqlite" else None


def _passing(error: OperationalError) -> bool:
    """Whether PostgreSQL ended the transaction only to resolve a conflict (deadlock, serialization)."""
    return getattr(error.orig, "sqlstate", None) in {"40001", "40P01"}


def _sqlite_engine(url: sa.URL, connections: int, begin: str) -> sa.Engine:
    engine = sa.create_engine(url, pool_size=connections, max_overflow=0, poolclass=sa.QueuePool)

    @sa.event.listens_for(engine, "connect")
    def _connected(dbapi: Any, _record: Any) -> None:  # noqa: ANN401 - sqlite3's connection
        dbapi.isolation_level = None  # transactions are begun by the listener below
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=10000", "foreign_keys=ON"):
            dbapi.execute(f"PRAGMA {pragma}")

    @sa.event.listens_for(engine, "begin")
    def _begun(connection: sa.Connection) -> None:
        connection.exec_driver_sql(f"BEGIN {begin}")

    return engine


def _postgres_engine(url: sa.URL) -> sa.Engine:
    return sa.create_engine(
        url.set(drivername="postgresql+psycopg"),
        pool_size=POSTGRES_CONNECTIONS,
        max_overflow=0,
        pool_pre_ping=True,
    )
