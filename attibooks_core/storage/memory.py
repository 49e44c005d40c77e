"""The durable memory that backends are given: small texts by key, bound to workspace and books."""

import sqlalchemy as sa

from attibooks_core.model import Books
from attibooks_core.protocols import Clock
from attibooks_core.storage.engine import Database
from attibooks_core.storage.statements import upsert
from attibooks_core.storage.tables import memory

LONGEST_KEY = 200
LONGEST_VALUE = 500


class BoundMemory:
    """The memory of one workspace in one company's books. Implements `protocols.Memory`."""

    def __init__(self, database: Database, clock: Clock, workspace_id: str, books: Books) -> None:
        self._database = database
        self._clock = clock
        self._bound = {"workspace_id": workspace_id, "books": str(books)}

    async def recall(self, key: str) -> str | None:
        """What was remembered under the key."""
        wanted = sa.select(memory.c.value).where(*self._where(key))
        return await self._database.read(lambda c: c.execute(wanted).scalar_one_or_none())

    async def remember(self, key: str, value: str) -> None:
        """Keep a value under a key."""
        if len(key) > LONGEST_KEY or len(value) > LONGEST_VALUE:
            raise ValueError(f"memory keeps {LONGEST_VALUE} characters under keys of {LONGEST_KEY}")
        values = {**self._bound, "key": key, "value": value, "updated_at": self._clock.now()}
        await self._database.write(lambda c: upsert(c, memory, values))

    async def forget(self, key: str) -> None:
        """Drop the key."""
        await self._database.write(lambda c: c.execute(sa.delete(memory).where(*self._where(key))))

    def _where(self, key: str) -> list[sa.ColumnElement[bool]]:
        return [memory.c.key == key, *(memory.c[name] == value for name, value in self._bound.items())]


class NoMemory:
    """For calls that touch the CRM alone: they have nothing to remember of the books. A `protocols.Memory`."""

    async def recall(self, key: str) -> str | None:
        """Nothing."""
        del key
        return None

    async def remember(self, key: str, value: str) -> None:
        """Keep nothing."""
        del key, value

    async def forget(self, key: str) -> None:
        """There is nothing."""
        del key
