"""The inbox of webhooks: deliveries are durable, as they came, before they are answered; what they say comes later.

Many deliveries share one transaction: while one is written, those that come meanwhile wait for the next (group
commit). So a burst costs few waits for the disk, and no delivery waits for a second one.
"""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from itertools import chain
from typing import Any, TypeAlias

import msgspec
import sqlalchemy as sa

from attibooks_core.lifecycle import BooksEvent
from attibooks_core.storage.engine import Database
from attibooks_core.storage.tables import books_events, deliveries
from attibooks_core.storage.types import Instant

Row: TypeAlias = tuple[str, str, str, bytes]

MOST_ROWS = 64
"""In one statement; a further one waits for the interpreter's lock, a longer one is compiled for itself."""

MOST_DELIVERIES = 500
MOST_BYTES = 64 * 1024
"""Read at once, some hundred events: what is done with them must not keep the event loop or the writer for long."""

_EVENT = "event_id, backend, environment, company_id, entity, entity_id, operation, at, handed_at"
_NEW_SQLITE = sa.text(
    f"INSERT INTO books_events ({_EVENT}) SELECT "  # noqa: S608 - constants
    + ", ".join(f"json_extract(value, '$[{n}]')" for n in range(8))
    + ", :now FROM json_each(:rows) WHERE true ON CONFLICT DO NOTHING"
).bindparams(sa.bindparam("now", type_=Instant))
_NEW_POSTGRES = sa.text(
    f"INSERT INTO books_events ({_EVENT}) SELECT "  # noqa: S608 - constants
    + ", ".join(f"value->>{n}" for n in range(7))
    + ", CAST(value->>7 || '+00' AS timestamptz), CAST(:now AS timestamptz)"
    + " FROM json_array_elements(CAST(:rows AS json)) ORDER BY value->>0 ON CONFLICT DO NOTHING"
).bindparams(sa.bindparam("now", type_=Instant))
"""One statement for any number of rows: each further one would cost a wait for the interpreter's lock."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A delivery that was not taken apart yet.

    :param environment: whose token signed it; empty for a token of several.
    """

    id: int
    backend: str
    environment: str
    received_at: datetime
    body: bytes


class _Commit(asyncio.Future[None]):
    """Many wait for one commit, so none of them can cancel it."""

    def cancel(self, msg: Any | None = None) -> bool:  # noqa: ANN401, ARG002 - as asyncio has it
        return False


class Inbox:
    """Repository of deliveries and their events; `arrived` is set when there is something new."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._zone = "" if database.sqlite else "+00"
        self._rows: list[Row] = []
        self._commit: _Commit | None = None
        self._writing: asyncio.Task[None] | None = None
        self.arrived = asyncio.Event()

    # -- intake --------------------------------------------------------------------------------------------------

    async def take(self, backend: str, environment: str, body: bytes, now: datetime) -> None:
        """Store a delivery durably; returns when it is."""
        self._rows.append((backend, environment, _stamp(now) + self._zone, body))
        if self._commit is None:
            self._commit = _Commit()
            if self._writing is None:
                self._writing = asyncio.create_task(self._write_waiting(), name="inbox")
        await self._commit

    async def _write_waiting(self) -> None:
        try:
            while self._commit is not None:
                rows, commit, self._rows, self._commit = self._rows, self._commit, [], None
                try:
                    await self._database.write(lambda c, rows=rows: _insert(c, rows))  # type: ignore[misc]
                except Exception as error:  # noqa: BLE001 - each waiting call gets it
                    commit.set_exception(error)
                else:
                    commit.set_result(None)
                    self.arrived.set()
        finally:
            self._writing = None

    # -- taking apart --------------------------------------------------------------------------------------------

    async def untaken(self, backends: Collection[str]) -> list[Delivery]:
        """The oldest deliveries that were not taken apart, at least one, if there is one."""
        return await self._database.read(lambda c: _untaken(c, backends))

    async def unknown(self, events: Sequence[BooksEvent]) -> list[BooksEvent]:
        """Those of these events that were never handed on, each once; without those that no database can store."""
        found: dict[tuple[str, str], BooksEvent] = {}
        for event in events:
            # PostgreSQL stores no such character, and no id of ours has one.
            if "\0" not in f"{event.event_id}{event.books.company_id}{event.entity_id}{event.entity}{event.operation}":
                found.setdefault((event.books.backend, event.event_id), event)
        if not found:
            return []
        ids = msgspec.json.encode([event_id for _, event_id in found]).decode()

        def known(connection: sa.Connection) -> set[tuple[str, str]]:
            these = books_events.c.event_id.in_(_elements(connection, ids, sa.Text()))
            wanted = sa.select(books_events.c.backend, books_events.c.event_id).where(
                books_events.c.backend.in_({backend for backend, _ in found}), these
            )
            return {(backend, event_id) for backend, event_id in connection.execute(wanted)}

        old = await self._database.read(known)
        return [event for key, event in found.items() if key not in old]

    async def settle(self, taken: Sequence[Delivery], events: Sequence[BooksEvent], now: datetime) -> None:
        """Take note that deliveries need not be taken apart again, and that events were handed on."""
        rows = msgspec.json.encode([_row(event) for event in events]).decode()
        ids = msgspec.json.encode([each.id for each in taken]).decode()

        def work(connection: sa.Connection) -> None:
            if events:
                new = _NEW_SQLITE if self._database.sqlite else _NEW_POSTGRES
                connection.execute(new, {"rows": rows, "now": now})
            these = deliveries.c.id.in_(_elements(connection, ids, deliveries.c.id.type))
            connection.execute(sa.update(deliveries).where(these).values(taken=True))

        await self._database.write(work)

    async def drop(self, before: datetime) -> None:
        """Forget what was taken apart and handed on, of before an instant."""

        def work(connection: sa.Connection) -> None:
            old = (deliveries.c.taken == sa.true(), deliveries.c.received_at < before)
            connection.execute(sa.delete(deliveries).where(*old))
            connection.execute(sa.delete(books_events).where(books_events.c.handed_at < before))

        await self._database.write(work)


def _insert(connection: sa.Connection, rows: Sequence[Row]) -> None:
    sqlite = connection.dialect.name == "sqlite"
    for start in range(0, len(rows), MOST_ROWS):
        some = rows[start : start + MOST_ROWS]
        connection.exec_driver_sql(_insertion(len(some), "?" if sqlite else "%s"), tuple(chain.from_iterable(some)))


@lru_cache(maxsize=2 * MOST_ROWS)
def _insertion(count: int, mark: str) -> str:
    """The statement that stores so many deliveries."""
    row = f"({mark}, {mark}, {mark}, {mark}, false)"
    into = "INSERT INTO deliveries (backend, environment, received_at, body, taken) VALUES "
    return into + ", ".join([row] * count)


def _untaken(connection: sa.Connection, backends: Collection[str]) -> list[Delivery]:
    """As many of the oldest as are not too large together; no more is fetched."""
    table, found, size = deliveries.c, [], 0
    columns = (table.id, table.backend, table.environment, table.received_at, table.body)
    wanted = sa.select(*columns).where(table.taken == sa.false(), table.backend.in_(backends))
    oldest = wanted.order_by(table.received_at, table.id).limit(MOST_DELIVERIES)
    with connection.execute(oldest, execution_options={"stream_results": True}) as rows:
        for row in rows:
            found.append(Delivery(*row))
            size += len(row.body)
            if size >= MOST_BYTES:
                break
    return found


def _elements(connection: sa.Connection, array: str, type_: Any) -> sa.Select[Any]:  # noqa: ANN401 - a column type
    """The elements of a JSON array as a selection."""
    if connection.dialect.name == "sqlite":
        return sa.select(sa.func.json_each(array).table_valued("value").c.value)
    texts = sa.func.json_array_elements_text(sa.cast(sa.literal(array, sa.Text), sa.JSON))
    return sa.select(sa.cast(texts.table_valued("value").c.value, type_))


def _row(event: BooksEvent) -> tuple[str, ...]:
    books = event.books
    ids = (event.event_id, books.backend, books.environment, books.company_id)
    return (*ids, event.entity, event.entity_id, event.operation, _stamp(event.at))


def _stamp(moment: datetime) -> str:
    """A UTC instant as both databases take it; SQLite keeps it as SQLAlchemy would have written it."""
    utc = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    return utc.isoformat(" ", "microseconds")[:26]
