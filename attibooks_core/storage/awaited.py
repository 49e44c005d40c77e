"""Invoices that events name and the next run of the sync reads: one row an invoice, however many events it has."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from attibooks_core.model import Books
from attibooks_core.storage.engine import Database
from attibooks_core.storage.statements import books_values, insert_once, of_books
from attibooks_core.storage.tables import awaited


@dataclass(frozen=True, slots=True)
class Awaited:
    """An invoice that something has happened to.

    :param deleted: an event says that it was deleted.
    :param at: the newest event.
    """

    invoice_id: str
    deleted: bool
    at: datetime


class Awaiting:
    """Repository of awaited invoices."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, workspace_id: str, books: Books, found: Sequence[Awaited]) -> None:
        """Await some more."""
        await self._database.write(lambda c: add_now(c, workspace_id, books, found))

    async def of(self, workspace_id: str, books: Books) -> list[Awaited]:
        """What is awaited."""
        columns = (awaited.c.invoice_id, awaited.c.deleted, awaited.c.at)
        wanted = sa.select(*columns).where(*of_books(awaited, books, workspace_id)).order_by(awaited.c.invoice_id)
        return await self._database.read(lambda c: [Awaited(*row) for row in c.execute(wanted)])

    async def settled(self, workspace_id: str, books: Books, done: Sequence[Awaited]) -> None:
        """Await these no more, unless another event came meanwhile."""

        def work(connection: sa.Connection) -> None:
            for one in done:
                same = (awaited.c.invoice_id == one.invoice_id, awaited.c.at == one.at)
                connection.execute(sa.delete(awaited).where(*of_books(awaited, books, workspace_id), *same))

        if done:
            await self._database.write(work)


def add_now(connection: sa.Connection, workspace_id: str, books: Books, found: Sequence[Awaited]) -> None:
    """See `Awaiting.add`; inside a transaction that does more."""
    for one in found:
        key = {"workspace_id": workspace_id, **books_values(books), "invoice_id": one.invoice_id}
        if insert_once(connection, awaited, {**key, "deleted": one.deleted, "at": one.at}):
            continue
        mine = (*of_books(awaited, books, workspace_id), awaited.c.invoice_id == one.invoice_id)
        connection.execute(sa.update(awaited).where(*mine, awaited.c.at < one.at).values(at=one.at))
        if one.deleted:
            connection.execute(sa.update(awaited).where(*mine).values(deleted=True))
