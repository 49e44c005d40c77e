"""The question about an invoice that was made for the same record just now (product row 106)."""

from datetime import datetime, timedelta

import sqlalchemy as sa

from attibooks_core.errors import Question
from attibooks_core.model import RecordRef
from attibooks_core.storage.statements import one_at_a_time
from attibooks_core.storage.tables import intents, invoices

RECENT = timedelta(seconds=60)
"""Another invoice for the same record within this time is asked about."""


def ask_about_recent(
    connection: sa.Connection,
    workspace_id: str,
    source: RecordRef,
    intent_id: str,
    created_at: datetime,
    *,
    without: tuple[str, ...],
) -> None:
    """Ask when another intent has made, or is making, an invoice for the record; one transaction a record at a time.

    :param without: states of intents that made none.
    :raises Question: there is one.
    """
    one_at_a_time(connection, lock_of(workspace_id, source))
    wanted = (
        sa.select(intents.c.created_at, intents.c.invoice_id, invoices.c.number)
        .outerjoin(
            invoices,
            sa.and_(
                invoices.c.workspace_id == intents.c.workspace_id,
                invoices.c.intent_id == intents.c.intent_id,
            ),
        )
        .where(
            intents.c.workspace_id == workspace_id,
            intents.c.object == source.object,
            intents.c.record_id == source.record_id,
            intents.c.created_at > created_at - RECENT,
            intents.c.state.not_in(without),
            intents.c.usage_month != "",
            intents.c.intent_id != intent_id,
        )
        .order_by(intents.c.created_at.desc())
        .limit(1)
    )
    found = connection.execute(wanted).one_or_none()
    if found is None:
        return
    seconds = max(int((created_at - found.created_at).total_seconds()), 0)
    made = f"Invoice {found.number or found.invoice_id} was created" if found.invoice_id else "An invoice was started"
    raise Question(f"{made} for this record {seconds} s ago. Confirm to create another one.")


def lock_of(workspace_id: str, source: RecordRef) -> str:
    """Name of the lock under which invoices for a record are opened one at a time."""
    return f"{workspace_id}/{source.object}/{source.record_id}"
