"""The inbox of webhooks: events are durable before they are answered, and handed on later.

Many deliveries share one transaction: while one is written, those that come meanwhile wait for the next (group
commit). So a burst costs few waits for the disk, and no delivery waits for a second one.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeAlias

import msgspec
import sqlalchemy as sa

from attibooks_core.lifecycle import BooksEvent
from attibooks_core.model import Books
from attibooks_core.storage.engine import Database
from attibooks_core.storage.tables import books_events

Row: TypeAlias = tuple[str, ...]

_COLUMNS = "event_id, backend, environment, company_id, entity, entity_id, operation, at, received_at"
_NEW_SQLITE = sa.text(
    f"INSERT INTO books_events ({_COLUMNS}) SELECT "  # noqa: S608 - constants
    + ", ".join(f"json_extract(value, '$[{n}]')" for n in range(9))
    + " FROM json_each(:rows) WHERE true ON CONFLICT DO NOTHING"
)
_NEW_POSTGRES = sa.text(
    f"INSERT INTO books_events ({_COLUMNS}) SELECT "  # noqa: S608 - constants
    + ", ".join(f"value->>{n}" for n in range(7))
    + ", CAST(value->>7 || '+00' AS timestamptz), CAST(value->>8 || '+00' AS timestamptz)"
    + " FROM json_array_elements(CAST(:rows AS json)) ORDER BY value->>0 ON CONFLICT DO NOTHING"
)
"""One statement for any number of rows: each further one would cost a wait for the interpreter's lock."""


@dataclass(frozen=True, slots=True)
class Hint:
    """What events say of one thing, together.

    :param deleted: one of them says that it was deleted.
    :param only_created: all of them say no more than that it was made.
    :param at: the newest of them.
    """

    books: Books
    entity: str
    entity_id: str
    deleted: bool
    only_created: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class Unhanded:
    """Events that were not handed on: `ids` by backend, a JSON array each."""

    hints: Sequence[Hint] = ()
    ids: Mapping[str, str] = field(default_factory=dict)
    count: int = 0


class Inbox:
    """Repository of events; `arrived` is set when there is something new."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: list[tuple[list[Row], asyncio.Future[None]]] = []
        self._writing: asyncio.Task[None] | None = None
        self.arrived = asyncio.Event()

    # -- intake --------------------------------------------------------------------------------------------------

    async def take(self, events: Sequence[BooksEvent], now: datetime) -> None:
        """Store events durably, each once; returns when they are."""
        if not events:
            return
        received = _stamp(now)
        stored = asyncio.get_running_loop().create_future()
        self._waiting.append(([_row(event, received) for event in events], stored))
        if self._writing is None:
            self._writing = asyncio.create_task(self._write_waiting(), name="inbox")
        await stored

    async def _write_waiting(self) -> None:
        try:
            while self._waiting:
                group, self._waiting = self._waiting, []
                await self._write_group(group)
                self.arrived.set()
        finally:
            self._writing = None

    async def _write_group(self, group: Sequence[tuple[list[Row], asyncio.Future[None]]]) -> None:
        try:
            await self._write([row for rows, _ in group for row in rows])
        except Exception as error:  # noqa: BLE001 - each waiting call gets it
            for _, stored in group:
                if not stored.done():
                    stored.set_exception(error)
            return
        for _, stored in group:
            if not stored.done():
                stored.set_result(None)

    async def _write(self, rows: list[Row]) -> None:
        text = msgspec.json.encode(rows).decode()
        if "\\u0000" in text:  # PostgreSQL stores no such character, and no id of ours has one
            text = msgspec.json.encode([row for row in rows if not any("\0" in value for value in row)]).decode()
        statement = _NEW_SQLITE if self._database.sqlite else _NEW_POSTGRES
        await self._database.write(lambda c: c.execute(statement, {"rows": text}))

    # -- handing on ----------------------------------------------------------------------------------------------

    async def unhanded(self, limit: int) -> Unhanded:
        """The oldest events that were not handed on."""
        return await self._database.read(lambda c: _unhanded(c, limit))

    async def handed(self, events: Unhanded, now: datetime) -> None:
        """Take note that events need not be handed on again."""

        def work(connection: sa.Connection) -> None:
            for backend, ids in events.ids.items():
                these = (books_events.c.backend == backend, books_events.c.event_id.in_(_elements(connection, ids)))
                connection.execute(sa.update(books_events).where(*these).values(handed_at=now))

        await self._database.write(work)

    async def drop(self, before: datetime) -> None:
        """Forget events that were handed on before an instant."""
        await self._database.write(
            lambda c: c.execute(sa.delete(books_events).where(books_events.c.handed_at < before))
        )


def _unhanded(connection: sa.Connection, limit: int) -> Unhanded:
    """Counted and put together by the database: one row for each thing, not for each event."""
    table = books_events.c
    collect = sa.func.json_group_array if connection.dialect.name == "sqlite" else sa.func.json_agg
    oldest = sa.select(table.backend, table.event_id).where(table.handed_at.is_(None))
    some = oldest.order_by(table.received_at).limit(limit).subquery()
    wanted = sa.select(some.c.backend, sa.cast(collect(some.c.event_id), sa.Text), sa.func.count())
    found = connection.execute(wanted.group_by(some.c.backend)).all()
    hints = [hint for backend, ids, _ in found for hint in _hints(connection, backend, ids)]
    return Unhanded(hints, {backend: ids for backend, ids, _ in found}, sum(count for *_, count in found))


def _hints(connection: sa.Connection, backend: str, ids: str) -> list[Hint]:
    table = books_events.c
    one = (table.environment, table.company_id, table.entity, table.entity_id)
    deleted, other = ((table.operation == "deleted"), (table.operation != "created"))
    says = (sa.func.max(sa.case((what, 1), else_=0)) for what in (deleted, other))
    these = (table.backend == backend, table.event_id.in_(_elements(connection, ids)))
    rows = connection.execute(sa.select(*one, *says, sa.func.max(table.at)).where(*these).group_by(*one))
    return [
        Hint(Books(backend, environment, company_id), entity, entity_id, bool(is_deleted), not is_other, at)
        for environment, company_id, entity, entity_id, is_deleted, is_other, at in rows
    ]


def _elements(connection: sa.Connection, array: str) -> sa.Select[Any]:
    """The texts of a JSON array as a selection."""
    if connection.dialect.name == "sqlite":
        return sa.select(sa.func.json_each(array).table_valued("value").c.value)
    texts = sa.func.json_array_elements_text(sa.cast(sa.literal(array, sa.Text), sa.JSON))
    return sa.select(texts.table_valued("value").c.value)


def _row(event: BooksEvent, received: str) -> Row:
    books = event.books
    ids = (event.event_id, books.backend, books.environment, books.company_id)
    return (*ids, event.entity, event.entity_id, event.operation, _stamp(event.at), received)


def _stamp(moment: datetime) -> str:
    """A UTC instant as both databases take it; SQLite keeps it as SQLAlchemy would have written it."""
    utc = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    return utc.isoformat(" ", "microseconds")[:26]
