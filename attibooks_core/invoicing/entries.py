"""What the trail says of an intent at each of its turns."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from attibooks_core.errors import AttiBooksError
from attibooks_core.invoicing.freezing import request_id_of
from attibooks_core.model import AccountingInvoice, RecordRef
from attibooks_core.storage.intents import Intent
from attibooks_core.storage.trail import TrailEntry


def opened_entry(
    intent: Intent, summary: str = "An invoice was asked for.", footprint: Mapping[str, Any] | None = None
) -> TrailEntry:
    """Something was asked for.

    :param footprint: of its inputs.
    """
    return TrailEntry(
        at=intent.updated_at,
        kind="intent",
        summary=summary,
        actor=intent.actor,
        record=intent.source,
        intent_id=intent.intent_id,
        invoice_id=intent.invoice_id,
        details={
            "payload_hash": intent.payload_hash,
            "settings": intent.settings_digest,
            "generation": intent.generation,
            **(footprint or {}),
        },
    )


def refused_entry(record: RecordRef, actor: str | None, error: AttiBooksError, now: datetime) -> TrailEntry:
    """It was refused before there was an intent."""
    return TrailEntry(
        at=now,
        kind="refused",
        summary=error.message,
        actor=actor,
        record=record,
        reference=error.reference,
        details={"code": error.code, "problems": [f"{p.field}: {p.code}" for p in error.problems]},
    )


def accepted_entry(
    intent: Intent, invoice: AccountingInvoice, now: datetime, request_id: str | None = None
) -> TrailEntry:
    """The books made the invoice.

    :param request_id: key of the write, when it is not the intent's own.
    """
    return TrailEntry(
        at=now,
        kind="accepted",
        summary=f"Invoice {invoice.label} was created.",
        actor=intent.actor,
        record=intent.source,
        intent_id=intent.intent_id,
        invoice_id=invoice.id,
        request_id=request_id or _request_id(intent),
        details={"payload_hash": intent.payload_hash, "version": invoice.version},
    )


def ending_entry(
    intent: Intent, now: datetime, kind: str, summary: str, error: AttiBooksError | None = None
) -> TrailEntry:
    """A run left the intent."""
    return TrailEntry(
        at=now,
        kind=kind,
        summary=summary,
        actor=intent.actor,
        record=intent.source,
        intent_id=intent.intent_id,
        invoice_id=intent.invoice_id,
        request_id=_request_id(intent),
        reference=error.reference if error else None,
        details={"code": error.code, "run": intent.run} if error else {"run": intent.run},
    )


def changed_entry(intent: Intent, invoice: AccountingInvoice, now: datetime) -> TrailEntry:
    """The books changed the invoice."""
    part = part_of(intent)
    return TrailEntry(
        at=now,
        kind="accepted",
        summary=f"Invoice {invoice.label} was {'edited' if part == 'edit' else 'voided'}.",
        actor=intent.actor,
        record=intent.source,
        intent_id=intent.intent_id,
        invoice_id=invoice.id,
        request_id=_request_id(intent),
        details={"payload_hash": intent.payload_hash, "version": invoice.version},
    )


def part_of(intent: Intent) -> str:
    """The name of the intent's own write: `invoice`, `edit` or `void`."""
    return intent.route.rpartition("/")[2] if intent.is_change else "invoice"


def _request_id(intent: Intent) -> str:
    return request_id_of(intent.intent_id, intent.generation, part_of(intent))
