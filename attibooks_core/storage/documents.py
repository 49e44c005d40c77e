"""The durable documents that plugins are given: small JSON objects by key, so that none of them needs SQL.

Many documents share one transaction: while some are written, those that come meanwhile wait for the next (group
commit), so that a burst of webhooks costs few waits for the disk.
"""

import asyncio
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from attibooks_core.documents import Document
from attibooks_core.protocols import Clock
from attibooks_core.storage.engine import Database
from attibooks_core.storage.tables import plugin_documents

_COLUMNS = "plugin, key, value, version, updated_at"
_NEW_SQLITE = sa.text(
    f"INSERT INTO plugin_documents ({_COLUMNS}) SELECT "  # noqa: S608 - constants
    + ", ".join(f"json_extract(value, '$[{n}]')" for n in range(5))
    + " FROM json_each(:rows) WHERE true ON CONFLICT DO NOTHING RETURNING key"
)
_NEW_POSTGRES = sa.text(
    f"INSERT INTO plugin_documents ({_COLUMNS}) SELECT "  # noqa: S608 - constants
    "value->>0, value->>1, value->>2, CAST(value->>3 AS integer), CAST(value->>4 || '+00' AS timestamptz)"
    " FROM json_array_elements(CAST(:rows AS json)) ORDER BY value->>1 ON CONFLICT DO NOTHING RETURNING key"
)
"""One statement for any number of new documents: each further one would cost a wait for the interpreter's lock."""

LONGEST_KEY = 300
LARGEST_VALUE = 64 * 1024
_AFTER_ALL = "\U0010ffff"

_DOCUMENT = (
    plugin_documents.c.key,
    plugin_documents.c.value,
    plugin_documents.c.version,
    plugin_documents.c.updated_at,
)


@dataclass(frozen=True, slots=True)
class _Put:
    """A document that waits to be stored; `done` says whether it was."""

    version: int
    stored: Mapping[str, Any]
    done: asyncio.Future[bool] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class PluginDocuments:
    """The documents of one plugin. Implements `documents.Documents`."""

    def __init__(self, database: Database, clock: Clock, plugin: str) -> None:
        self._database = database
        self._clock = clock
        self._plugin = plugin
        self._waiting: list[_Put] = []
        self._writing: asyncio.Task[None] | None = None

    async def get(self, key: str) -> Document | None:
        """One document."""
        wanted = sa.select(*_DOCUMENT).where(*self._at(key))
        row = await self._database.read(lambda c: c.execute(wanted).one_or_none())
        return _document(row) if row else None

    async def put(self, key: str, value: Mapping[str, Any], *, version: int) -> Document | None:
        """Store a document in place of that version; version 0 is one that must not exist yet."""
        text = checked(key, value)
        now = self._clock.now()
        stored = {"plugin": self._plugin, "key": key, "value": text, "version": version + 1, "updated_at": now}
        put = _Put(version, stored)
        self._waiting.append(put)
        if self._writing is None:
            self._writing = asyncio.create_task(self._write_waiting(), name="documents")
        return Document(key, json.loads(text), version + 1, now) if await put.done else None

    async def list(
        self, prefix: str, *, after: str = "", before: datetime | None = None, limit: int = 100
    ) -> Sequence[Document]:
        """The documents whose keys begin so, by key."""
        wanted = sa.select(*_DOCUMENT).where(
            plugin_documents.c.plugin == self._plugin,
            plugin_documents.c.key >= prefix,
            plugin_documents.c.key < prefix + _AFTER_ALL,
            plugin_documents.c.key > after,
            sa.true() if before is None else plugin_documents.c.updated_at < before,
        )
        ordered = wanted.order_by(plugin_documents.c.key).limit(limit)
        rows = await self._database.read(lambda c: c.execute(ordered).all())
        return [_document(row) for row in rows]

    async def delete(self, key: str, *, version: int | None = None) -> bool:
        """Drop a document; with a version, only that one."""
        this = sa.true() if version is None else plugin_documents.c.version == version
        drop = sa.delete(plugin_documents).where(*self._at(key), this)
        return await self._database.write(lambda c: c.execute(drop).rowcount > 0)

    async def _write_waiting(self) -> None:
        try:
            while self._waiting:
                group, self._waiting = sorted(self._waiting, key=lambda p: p.stored["key"]), []
                await self._write_group(group)  # in one order: no two processes block each other
        finally:
            self._writing = None

    async def _write_group(self, group: Sequence[_Put]) -> None:
        try:
            ends = await self._database.write(lambda c: self._stored(c, group))
        except Exception as error:  # noqa: BLE001 - each waiting call gets it
            for put in group:
                if not put.done.done():
                    put.done.set_exception(error)
            return
        for put, end in zip(group, ends, strict=True):
            if not put.done.done():
                put.done.set_result(end)

    def _stored(self, connection: sa.Connection, group: Sequence[_Put]) -> Sequence[bool]:
        """Which of them are stored; of several new ones under one key, the first."""
        new = {str(put.stored["key"]): put for put in reversed(group) if put.version == 0}
        added = self._added(connection, new.values()) if new else set()
        return [
            self._replaced(connection, put)
            if put.version
            else put is new[put.stored["key"]] and put.stored["key"] in added
            for put in group
        ]

    def _added(self, connection: sa.Connection, new: Iterable[_Put]) -> set[str]:
        rows = [[*{**put.stored, "updated_at": _stamp(put.stored["updated_at"])}.values()] for put in new]
        statement = _NEW_SQLITE if self._database.sqlite else _NEW_POSTGRES
        return set(connection.execute(statement, {"rows": json.dumps(rows)}).scalars())

    def _replaced(self, connection: sa.Connection, put: _Put) -> bool:
        newest = plugin_documents.c.version == put.version
        change = sa.update(plugin_documents).where(*self._at(put.stored["key"]), newest).values(**put.stored)
        return connection.execute(change).rowcount > 0

    def _at(self, key: str) -> tuple[sa.ColumnElement[bool], ...]:
        return (plugin_documents.c.plugin == self._plugin, plugin_documents.c.key == key)


def checked(key: str, value: Mapping[str, Any]) -> str:
    """The value as text.

    :raises ValueError: key or value are too long, or the key is empty.
    """
    text = json.dumps(value, separators=(",", ":"))
    if not 0 < len(key) <= LONGEST_KEY or "\0" in key or len(text) > LARGEST_VALUE:
        raise ValueError(f"documents keep {LARGEST_VALUE} characters of JSON under keys of 1 to {LONGEST_KEY}")
    return text


def _stamp(moment: datetime) -> str:
    """A UTC instant as both databases take it; SQLite keeps it as SQLAlchemy would have written it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")


def _document(row: sa.Row[Any]) -> Document:
    return Document(row.key, json.loads(row.value), row.version, row.updated_at)
