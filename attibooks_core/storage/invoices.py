"""Invoices as last heard of: which version, which records show it, and what could not be shown yet.

No amounts and no names: digests tell whether a record shows what the books say.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from attibooks_core.lifecycle import invoice_key
from attibooks_core.model import Books, InvoiceStatus, RecordRef
from attibooks_core.storage.engine import Database
from attibooks_core.storage.statements import books_values, of_books, upsert
from attibooks_core.storage.tables import intents, invoices
from attibooks_core.storage.trail import TrailEntry
from attibooks_core.storage.trail import add as add_trail

SHOWS_ELSE = ""
"""Digest of a source record that shows an error in place of the invoice."""
CHUNK = 500
"""Ids in one statement."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceRow:
    """A row of the table.

    :param source: the record that it was made from; None for one that was made in the books.
    :param stored: the invoice's own record.
    :param error_code: why a record does not show it as it stands; None when they do.
    :param next_attempt_at: when that is tried again.
    """

    books: Books
    invoice_id: str
    status: InvoiceStatus
    version: str
    updated_at: datetime
    created_at: datetime
    number: str | None = None
    source: RecordRef | None = None
    intent_id: str | None = None
    company_record: str | None = None
    shown_digest: str | None = None
    stored: RecordRef | None = None
    stored_digest: str | None = None
    attempts: int = 0
    next_attempt_at: datetime | None = None
    error_code: str | None = None

    @property
    def key(self) -> str:
        """Names it among all invoices of its workspace (`lifecycle.invoice_key`)."""
        return invoice_key(self.books, self.invoice_id)

    @property
    def order(self) -> tuple[datetime, int, str]:
        """Orders two versions: by the time of the change, then by the version (contract §4, last paragraph)."""
        return order_of(self.updated_at, self.version)


def order_of(updated_at: datetime, version: str) -> tuple[datetime, int, str]:
    """Orders versions of an invoice; versions are numbers without leading zeros, or text of one length."""
    return (updated_at, len(version), version)


class Invoices:
    """Repository of invoices."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def load(self, workspace_id: str, books: Books, invoice_id: str) -> InvoiceRow | None:
        """One invoice."""
        wanted = sa.select(invoices).where(
            *of_books(invoices, books, workspace_id), invoices.c.invoice_id == invoice_id
        )
        return await self._one(wanted)

    async def newest_of(self, workspace_id: str, source: RecordRef) -> InvoiceRow | None:
        """The newest invoice that was made from a record (product row 87)."""
        wanted = sa.select(invoices).where(
            invoices.c.workspace_id == workspace_id,
            invoices.c.object == source.object,
            invoices.c.record_id == source.record_id,
        )
        return await self._one(wanted.order_by(invoices.c.created_at.desc(), invoices.c.invoice_id.desc()).limit(1))

    async def of_stored(self, workspace_id: str, ref: RecordRef) -> InvoiceRow | None:
        """The invoice that a record of the invoice object stands for."""
        wanted = sa.select(invoices).where(
            invoices.c.workspace_id == workspace_id,
            invoices.c.stored_object == ref.object,
            invoices.c.stored_record_id == ref.record_id,
        )
        return await self._one(wanted.limit(1))

    async def of_number(self, workspace_id: str | None, text: str) -> list[tuple[str, InvoiceRow]]:
        """Invoices with this number or id, with their workspaces; for operators."""
        wanted = sa.select(invoices).where(sa.or_(invoices.c.number == text, invoices.c.invoice_id == text))
        if workspace_id is not None:
            wanted = wanted.where(invoices.c.workspace_id == workspace_id)
        rows = await self._database.read(lambda c: c.execute(wanted.order_by(invoices.c.created_at)).all())
        return [(row.workspace_id, _row(row)) for row in rows]

    async def known(self, workspace_id: str, books: Books, ids: Sequence[str] | None = None) -> dict[str, InvoiceRow]:
        """Invoices of a company by id: all of them, or those among `ids`."""

        def work(connection: sa.Connection) -> dict[str, InvoiceRow]:
            mine = sa.select(invoices).where(*of_books(invoices, books, workspace_id))
            parts = [mine] if ids is None else [mine.where(invoices.c.invoice_id.in_(some)) for some in _chunks(ids)]
            return {row.invoice_id: _row(row) for part in parts for row in connection.execute(part)}

        return await self._database.read(work)

    async def of_others(self, workspace_id: str, books: Books, ids: Sequence[str]) -> frozenset[str]:
        """Those among the ids that are another workspace's: several may share a company."""

        def work(connection: sa.Connection) -> frozenset[str]:
            theirs = sa.select(invoices.c.invoice_id).where(
                *of_books(invoices, books), invoices.c.workspace_id != workspace_id
            )
            parts = [theirs.where(invoices.c.invoice_id.in_(some)) for some in _chunks(ids)]
            return frozenset(found for part in parts for found in connection.execute(part).scalars())

        return await self._database.read(work)

    async def owners_of(self, marks: Sequence[str]) -> dict[str, str]:
        """The workspaces whose intents these marks name, as far as they are known."""

        def work(connection: sa.Connection) -> dict[str, str]:
            wanted = sa.select(intents.c.intent_id, intents.c.workspace_id)
            parts = [wanted.where(intents.c.intent_id.in_(some)) for some in _chunks(marks)]
            return {row.intent_id: row.workspace_id for part in parts for row in connection.execute(part)}

        return await self._database.read(work)

    async def living_ids(self, workspace_id: str, books: Books) -> list[str]:
        """Ids of every invoice that is not known to be deleted."""
        wanted = sa.select(invoices.c.invoice_id).where(
            *of_books(invoices, books, workspace_id), invoices.c.status != InvoiceStatus.DELETED
        )
        return await self._database.read(lambda c: list(c.execute(wanted).scalars()))

    async def newest_for(self, workspace_id: str, rows: Iterable[InvoiceRow]) -> frozenset[str]:
        """Ids of those that are the newest invoice of their source record: only these show there (product row 87)."""
        later = invoices.alias("later")
        is_newest = ~sa.exists().where(
            later.c.workspace_id == invoices.c.workspace_id,
            later.c.object == invoices.c.object,
            later.c.record_id == invoices.c.record_id,
            later.c.created_at > invoices.c.created_at,
        )
        by_books: dict[Books, list[str]] = {}
        for row in rows:
            by_books.setdefault(row.books, []).append(row.invoice_id)

        def work(connection: sa.Connection) -> frozenset[str]:
            return frozenset(
                found
                for books, ids in by_books.items()
                for some in _chunks(ids)
                for found in connection.execute(
                    sa.select(invoices.c.invoice_id).where(
                        *of_books(invoices, books, workspace_id), invoices.c.invoice_id.in_(some), is_newest
                    )
                ).scalars()
            )

        return await self._database.read(work)

    async def keep(self, workspace_id: str, row: InvoiceRow, entry: TrailEntry | None) -> bool:
        """Store a row as it was shown, with its trail entry, unless a newer version was stored meanwhile.

        In that case an older version may just have been written onto the records: they are shown again.

        :return: whether the row was stored.
        """
        return await self._database.write(lambda c: keep_now(c, workspace_id, row, entry))

    async def due(self, workspace_id: str, books: Books, now: datetime, limit: int = 1000) -> list[str]:
        """Ids of invoices that are to be shown again by now."""
        wanted = sa.select(invoices.c.invoice_id).where(
            *of_books(invoices, books, workspace_id), invoices.c.next_attempt_at <= now
        )
        return await self._database.read(lambda c: list(c.execute(wanted.limit(limit)).scalars()))

    async def workspaces_due(self, now: datetime, limit: int = 100) -> list[tuple[str, Books]]:
        """Workspaces and books with invoices that are to be shown again by now."""
        columns = (invoices.c.workspace_id, invoices.c.backend, invoices.c.environment, invoices.c.company_id)
        wanted = sa.select(*columns).where(invoices.c.next_attempt_at <= now).distinct().limit(limit)
        rows = await self._database.read(lambda c: c.execute(wanted).all())
        return [(row.workspace_id, Books(row.backend, row.environment, row.company_id)) for row in rows]

    async def show_anew(self, workspace_id: str, books: Books, invoice_id: str) -> None:
        """Have the source record written at the next occasion: it shows something else (an error) than the invoice."""
        mine = sa.update(invoices).where(*of_books(invoices, books, workspace_id), invoices.c.invoice_id == invoice_id)
        await self._database.write(lambda c: c.execute(mine.values(shown_digest=SHOWS_ELSE)))

    async def store_now(self, workspace_id: str, books: Books, now: datetime) -> int:
        """Have everything shown that could not be, or that has no record of its own yet; returns how many."""
        has_none = sa.and_(invoices.c.stored_digest.is_(None), invoices.c.status != InvoiceStatus.DELETED)
        due = sa.update(invoices).where(
            *of_books(invoices, books, workspace_id), sa.or_(invoices.c.error_code.is_not(None), has_none)
        )
        return await self._database.write(lambda c: c.execute(due.values(next_attempt_at=now)).rowcount)

    async def _one(self, wanted: sa.Select[Any]) -> InvoiceRow | None:
        row = await self._database.read(lambda c: c.execute(wanted).first())
        return _row(row) if row else None


def keep_now(connection: sa.Connection, workspace_id: str, row: InvoiceRow, entry: TrailEntry | None) -> bool:
    """See `Invoices.keep`."""
    mine = (*of_books(invoices, row.books, workspace_id), invoices.c.invoice_id == row.invoice_id)
    found = connection.execute(sa.select(invoices).where(*mine).with_for_update()).first()
    if found is not None and _row(found).order > row.order:
        again = {"shown_digest": None, "stored_digest": None, "next_attempt_at": row.updated_at}
        connection.execute(sa.update(invoices).where(*mine).values(**again))
        return False
    fresh = row if found is None else replace(row, **_origin(_row(found)))
    upsert(connection, invoices, {"workspace_id": workspace_id, **_values(fresh)})
    if entry is not None:
        add_trail(connection, workspace_id, entry)
    return True


def keep_first_now(connection: sa.Connection, workspace_id: str, row: InvoiceRow) -> None:
    """Store what the records show as a create ends; an error that was shown since then is not forgotten."""
    mine = (*of_books(invoices, row.books, workspace_id), invoices.c.invoice_id == row.invoice_id)
    shown = connection.execute(sa.select(invoices.c.shown_digest).where(*mine)).scalar_one_or_none()
    keep_now(connection, workspace_id, replace(row, shown_digest=shown) if shown == SHOWS_ELSE else row, None)


def _origin(stored: InvoiceRow) -> dict[str, Any]:
    """What the create knows and nobody else may change."""
    names = ("source", "intent_id", "created_at") if stored.intent_id else ("created_at",)
    return {name: getattr(stored, name) for name in names}


def _chunks(ids: Sequence[str]) -> list[Sequence[str]]:
    return [ids[start : start + CHUNK] for start in range(0, len(ids), CHUNK)]


def _row(row: sa.Row[Any]) -> InvoiceRow:
    found = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name of it
    return InvoiceRow(
        books=Books(found["backend"], found["environment"], found["company_id"]),
        status=InvoiceStatus(found["status"]),
        updated_at=found["books_updated_at"],
        source=_ref(found["object"], found["record_id"]),
        stored=_ref(found["stored_object"], found["stored_record_id"]),
        **{name: found[name] for name in _PLAIN},
    )


_PLAIN = (
    "invoice_id",
    "version",
    "created_at",
    "number",
    "intent_id",
    "company_record",
    "shown_digest",
    "stored_digest",
    "attempts",
    "next_attempt_at",
    "error_code",
)
"""Members of a row that are columns of the same name."""


def _values(row: InvoiceRow) -> dict[str, Any]:
    return {
        **books_values(row.books),
        "status": row.status,
        "books_updated_at": row.updated_at,
        "object": row.source.object if row.source else None,
        "record_id": row.source.record_id if row.source else None,
        "stored_object": row.stored.object if row.stored else None,
        "stored_record_id": row.stored.record_id if row.stored else None,
        **{name: getattr(row, name) for name in _PLAIN},
    }


def _ref(object_slug: str | None, record_id: str | None) -> RecordRef | None:
    return RecordRef(object_slug, record_id) if object_slug and record_id else None
