"""Statements that both databases know under different names."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from attibooks_core.model import Books


def upsert(
    connection: sa.Connection,
    table: sa.Table,
    values: Mapping[str, Any],
    keep: Sequence[str] = (),
    where: sa.ColumnElement[bool] | None = None,
) -> bool:
    """Insert a row, or update the one with the same primary key.

    :param keep: columns that an update leaves as they are.
    :param where: an update happens only where this holds.
    :return: whether a row was inserted or updated.
    """
    insert = _insert(connection, table).values(**values)
    keys = [c.name for c in table.primary_key.columns]
    changed = {name: insert.excluded[name] for name in values if name not in {*keys, *keep}}
    statement = insert.on_conflict_do_update(index_elements=keys, set_=changed, where=where)
    return _wrote(connection, table, statement)


def insert_once(connection: sa.Connection, table: sa.Table, values: Mapping[str, Any]) -> bool:
    """Insert a row unless its primary key is taken; say whether it was inserted."""
    return _wrote(connection, table, _insert(connection, table).values(**values).on_conflict_do_nothing())


def _wrote(connection: sa.Connection, table: sa.Table, statement: Any) -> bool:  # noqa: ANN401 - two dialects' types
    """Whether a row was written; psycopg's row count of an insert does not tell."""
    return connection.execute(statement.returning(next(iter(table.primary_key)))).first() is not None


def _insert(connection: sa.Connection, table: sa.Table) -> Any:  # noqa: ANN401 - two dialects' types
    return (sqlite if connection.dialect.name == "sqlite" else postgresql).insert(table)


def of_books(table: sa.Table, books: Books, workspace_id: str | None = None) -> tuple[sa.ColumnElement[bool], ...]:
    """The rows of these books; with a workspace only those of it."""
    values = books_values(books) if workspace_id is None else {"workspace_id": workspace_id, **books_values(books)}
    return tuple(table.c[name] == value for name, value in values.items())


def books_values(books: Books) -> dict[str, str]:
    """What a row holds of its books, by column."""
    return {"backend": books.backend, "environment": books.environment, "company_id": books.company_id}


def one_at_a_time(connection: sa.Connection, name: str) -> None:
    """Let only one transaction with this name go on until it ends; SQLite's writers are alone anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(name, 0))))
