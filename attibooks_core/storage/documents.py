"""The durable documents that plugins are given: small JSON objects by key, so that none of them needs SQL."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from attibooks_core.documents import Document
from attibooks_core.protocols import Clock
from attibooks_core.storage.engine import Database
from attibooks_core.storage.statements import insert_once
from attibooks_core.storage.tables import plugin_documents

LONGEST_KEY = 300
LARGEST_VALUE = 64 * 1024
_AFTER_ALL = "\U0010ffff"

_DOCUMENT = (
    plugin_documents.c.key,
    plugin_documents.c.value,
    plugin_documents.c.version,
    plugin_documents.c.updated_at,
)


class PluginDocuments:
    """The documents of one plugin. Implements `documents.Documents`."""

    def __init__(self, database: Database, clock: Clock, plugin: str) -> None:
        self._database = database
        self._clock = clock
        self._plugin = plugin

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
        if version == 0:
            done = await self._database.write(lambda c: insert_once(c, plugin_documents, stored))
        else:
            done = await self._database.write(lambda c: self._replace(c, key, version, stored))
        return Document(key, json.loads(text), version + 1, now) if done else None

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

    def _replace(self, connection: sa.Connection, key: str, version: int, stored: Mapping[str, Any]) -> bool:
        newest = plugin_documents.c.version == version
        change = sa.update(plugin_documents).where(*self._at(key), newest).values(**stored)
        return connection.execute(change).rowcount > 0

    def _at(self, key: str) -> tuple[sa.ColumnElement[bool], ...]:
        return (plugin_documents.c.plugin == self._plugin, plugin_documents.c.key == key)


def checked(key: str, value: Mapping[str, Any]) -> str:
    """The value as text.

    :raises ValueError: key or value are too long, or the key is empty.
    """
    text = json.dumps(value, separators=(",", ":"))
    if not 0 < len(key) <= LONGEST_KEY or len(text) > LARGEST_VALUE:
        raise ValueError(f"documents keep {LARGEST_VALUE} characters of JSON under keys of 1 to {LONGEST_KEY}")
    return text


def _document(row: sa.Row[Any]) -> Document:
    return Document(row.key, json.loads(row.value), row.version, row.updated_at)
