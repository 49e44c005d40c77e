"""Statements that both databases know under different names."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite


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
    return connection.execute(statement).rowcount > 0


def insert_once(connection: sa.Connection, table: sa.Table, values: Mapping[str, Any]) -> bool:
    """Insert a row unless its primary key is taken; say whether it was inserted."""
    statement = _insert(connection, table).values(**values).on_conflict_do_nothing()
    return connection.execute(statement).rowcount > 0


def _insert(connection: sa.Connection, table: sa.Table) -> Any:  # noqa: ANN401 - two dialects' types
    return (sqlite if connection.dialect.name == "sqlite" else postgresql).insert(table)
