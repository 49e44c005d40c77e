"""The tables. A change here needs a migration (`make migration`); a test compares the two."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
)

from attibooks_core.storage.types import Instant

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _books() -> tuple[Column[str], ...]:
    """Columns that name the books of a row."""
    return tuple(Column(name, Text, nullable=False) for name in ("backend", "environment", "company_id"))


installations = Table(
    "installations",
    metadata,
    Column("workspace_id", Text, primary_key=True),
    Column("gateway", Text, nullable=False),
    Column("installation_id", Text, nullable=False),
    Column("callback_url", Text, nullable=False, comment="sealed"),
    Column("handler_id", Text, nullable=False),
    Column("connection_id", Text, nullable=False),
    Column("connection_key", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
)

workspace_settings = Table(
    "workspace_settings",
    metadata,
    Column("workspace_id", Text, primary_key=True),
    Column("settings", Text, nullable=False, comment="JSON object as validated"),
    Column("issued_at", Instant, nullable=False, comment="signed instant of the call that brought them"),
)

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("workspace_id", Text, nullable=False),
    Column("route", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("body_hash", Text, nullable=False),
    Column("intent_id", Text),
    Column("outcome", Text, comment="ok or error, once there is an answer to repeat"),
    Column("answer", Text, comment="sealed"),
    Column("created_at", Instant, nullable=False),
    PrimaryKeyConstraint("workspace_id", "route", "key"),
)
Index("ix_idempotency_keys_created_at", idempotency_keys.c.created_at)

used_drafts = Table(
    "used_drafts",
    metadata,
    Column("workspace_id", Text, nullable=False),
    Column("draft_id", Text, nullable=False, comment="nonce of the draft token"),
    Column("created_at", Instant, nullable=False),
    PrimaryKeyConstraint("workspace_id", "draft_id"),
)
Index("ix_used_drafts_created_at", used_drafts.c.created_at)

intents = Table(
    "intents",
    metadata,
    Column("intent_id", Text, primary_key=True),
    Column("workspace_id", Text, nullable=False),
    Column("gateway", Text, nullable=False),
    *_books(),
    Column("object", Text, nullable=False),
    Column("record_id", Text, nullable=False),
    Column("actor", Text),
    Column("route", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("run", Integer, nullable=False, comment="only the newest run may write outside"),
    Column("first_run", Integer, nullable=False, comment="the run that opened this generation"),
    Column("state", Text, nullable=False),
    Column("payload", Text, comment="sealed; dropped when the intent has ended"),
    Column("payload_hash", Text, nullable=False),
    Column("settings_digest", Text, nullable=False),
    Column("usage_month", Text, nullable=False),
    Column("invoice_id", Text),
    Column("error_code", Text),
    Column("reference", Text),
    Column("attempts", Integer, nullable=False, comment="runs that ended without an end"),
    Column("next_attempt_at", Instant),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
)
Index("ix_intents_record", intents.c.workspace_id, intents.c.object, intents.c.record_id, intents.c.created_at)
Index("ix_intents_state", intents.c.state, intents.c.next_attempt_at)

invoices = Table(
    "invoices",
    metadata,
    Column("workspace_id", Text, nullable=False),
    *_books(),
    Column("invoice_id", Text, nullable=False),
    Column("number", Text),
    Column("object", Text, comment="of the source record; none for an invoice that was made in the books"),
    Column("record_id", Text),
    Column("intent_id", Text),
    Column("status", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("books_updated_at", Instant, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("company_record", Text, comment="id of the company's record, once known"),
    Column("shown_digest", Text, comment="what the source record shows"),
    Column("stored_object", Text, comment="of the invoice's own record"),
    Column("stored_record_id", Text),
    Column("stored_digest", Text, comment="what the invoice's own record shows"),
    Column("attempts", Integer, nullable=False, server_default="0", comment="to show it, since it last worked"),
    Column("next_attempt_at", Instant, comment="it is not shown as it stands, and tried again then"),
    Column("error_code", Text),
    PrimaryKeyConstraint("workspace_id", "backend", "environment", "company_id", "invoice_id"),
)
Index("ix_invoices_record", invoices.c.workspace_id, invoices.c.object, invoices.c.record_id, invoices.c.created_at)
Index("ix_invoices_stored", invoices.c.workspace_id, invoices.c.stored_record_id)
Index("ix_invoices_next_attempt_at", invoices.c.next_attempt_at)

syncs = Table(
    "syncs",
    metadata,
    Column("workspace_id", Text, nullable=False),
    *_books(),
    Column("sync_id", Text, nullable=False, unique=True),
    Column("gateway", Text, nullable=False),
    Column("state", Text, nullable=False, comment="idle, queued, waiting_for_lease or running"),
    Column("scope", Text, nullable=False, comment="all, or the invoices that events name"),
    Column("run", Integer, nullable=False),
    Column("claim", Text, comment="the durable run that carries it"),
    Column("trigger", Text, nullable=False),
    Column("due_at", Instant, comment="when a queued one may start"),
    Column("again", Text, comment="scope that was asked for while it ran"),
    Column("cron_run", Text, comment="the newest nightly run that it belongs to"),
    Column("cursor", Instant, comment="by the books' clock; everything before it is applied"),
    Column("sweep", Boolean, nullable=False, comment="deletions may have been missed: compare ids"),
    Column("attempts", Integer, nullable=False),
    Column("started_at", Instant),
    Column("ended_at", Instant),
    Column("outcome", Text, comment="done, failed, needs_reconnect or skipped, of the last run"),
    Column("error_code", Text),
    Column("result", Text, comment="JSON: counts, times, error texts"),
    Column("updated_at", Instant, nullable=False),
    PrimaryKeyConstraint("workspace_id", "backend", "environment", "company_id"),
)
Index("ix_syncs_state", syncs.c.state, syncs.c.due_at)
Index("ix_syncs_claim", syncs.c.claim)
Index("ix_syncs_company", syncs.c.backend, syncs.c.environment, syncs.c.company_id)
Index("ix_syncs_cron_run", syncs.c.cron_run)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("backend", Text, nullable=False),
    Column("environment", Text, nullable=False, comment="whose token signed it; empty: that of several"),
    Column("received_at", Instant, nullable=False),
    Column("taken", Boolean, nullable=False, comment="its events are in books_events and were handed on"),
    Column("body", LargeBinary, nullable=False, comment="as it came; ids only"),
)
Index("ix_deliveries_taken", deliveries.c.taken, deliveries.c.received_at)

books_events = Table(
    "books_events",
    metadata,
    Column("event_id", Text, nullable=False),
    *_books(),
    Column("entity", Text, nullable=False),
    Column("entity_id", Text, nullable=False),
    Column("operation", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("handed_at", Instant, nullable=False, comment="handed to the workspaces of the company"),
    PrimaryKeyConstraint("backend", "event_id"),
)
Index("ix_books_events_handed_at", books_events.c.handed_at)

awaited = Table(
    "awaited",
    metadata,
    Column("workspace_id", Text, nullable=False),
    *_books(),
    Column("invoice_id", Text, nullable=False),
    Column("deleted", Boolean, nullable=False, comment="an event says that it was deleted"),
    Column("at", Instant, nullable=False, comment="the newest event of it"),
    PrimaryKeyConstraint("workspace_id", "backend", "environment", "company_id", "invoice_id"),
)

cron_runs = Table(
    "cron_runs",
    metadata,
    Column("run_id", Text, primary_key=True),
    Column("trigger", Text, nullable=False, comment="schedule or call"),
    Column("started_at", Instant, nullable=False),
    Column("ended_at", Instant),
)

lease_requests = Table(
    "lease_requests",
    metadata,
    Column("workspace_id", Text, primary_key=True),
    Column("job_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False, comment="asked, granted, refused or dead"),
    Column("attempts", Integer, nullable=False),
    Column("asked_at", Instant, nullable=False),
    Column("next_attempt_at", Instant),
    Column("error_code", Text),
)

grants = Table(
    "grants",
    metadata,
    Column("workspace_id", Text, nullable=False),
    *_books(),
    Column("access", Text, nullable=False, comment="sealed"),
    Column("refresh", Text, nullable=False, comment="sealed"),
    Column("expires_at", Instant, nullable=False),
    Column("refresh_expires_at", Instant),
    Column("version", Integer, nullable=False, comment="one more with every new pair of tokens"),
    Column("state", Text, nullable=False, comment="active or needs_reconnect"),
    Column("locked_by", Text, comment="the one process that refreshes"),
    Column("locked_until", Instant),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    PrimaryKeyConstraint("workspace_id", "backend", "environment", "company_id"),
)

settings_snapshots = Table(
    "settings_snapshots",
    metadata,
    Column("workspace_id", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("settings", Text, nullable=False, comment="JSON object as validated"),
    Column("created_at", Instant, nullable=False),
    PrimaryKeyConstraint("workspace_id", "digest"),
)

tasks = Table(
    "tasks",
    metadata,
    Column("task_id", Text, primary_key=True),
    Column("workspace_id", Text, nullable=False),
    Column("kind", Text, nullable=False, comment="reconcile, replay: what an operator or a call asked for"),
    Column("arguments", Text, nullable=False, comment="JSON object"),
    Column("state", Text, nullable=False, comment="queued, waiting_for_lease, running, succeeded or failed"),
    Column("run", Integer, nullable=False),
    Column("result", Text, comment="sealed"),
    Column("error", Text, comment="sealed"),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
)
Index("ix_tasks_state", tasks.c.state, tasks.c.updated_at)

batches = Table(
    "batches",
    metadata,
    Column("batch_id", Text, primary_key=True),
    Column("workspace_id", Text, nullable=False),
    Column("gateway", Text, nullable=False),
    Column("object", Text, nullable=False),
    Column("actor", Text),
    Column("payload", Text, comment="sealed settings; dropped when the batch has ended"),
    Column("settings_digest", Text, nullable=False),
    Column("confirm_recent", Boolean, nullable=False),
    Column("run", Integer, nullable=False, comment="only the newest run may write outside"),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False, comment="runs that ended without an end"),
    Column("next_attempt_at", Instant),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
)
Index("ix_batches_state", batches.c.state, batches.c.next_attempt_at)

batch_items = Table(
    "batch_items",
    metadata,
    Column("batch_id", Text, nullable=False),
    Column("position", Integer, nullable=False),
    Column("workspace_id", Text, nullable=False),
    Column("record_id", Text, nullable=False),
    Column("intent_id", Text, nullable=False),
    Column("chunk", Integer, comment="items of one number are sent in one call, the same ones at every repeat"),
    Column("outcome", Text, comment="created, refused or failed"),
    Column("answer", Text, comment="sealed"),
    Column("shown", Boolean, nullable=False, comment="the outcome is on the record"),
    PrimaryKeyConstraint("batch_id", "position"),
)

usage = Table(
    "usage",
    metadata,
    Column("workspace_id", Text, nullable=False),
    Column("environment", Text, nullable=False),
    Column("month", Text, nullable=False, comment="UTC, YYYY-MM"),
    Column("used", Integer, nullable=False),
    Column("held", Integer, nullable=False),
    PrimaryKeyConstraint("workspace_id", "environment", "month"),
)

memory = Table(
    "memory",
    metadata,
    Column("workspace_id", Text, nullable=False),
    Column("books", Text, nullable=False, comment="backend:environment:company"),
    Column("key", Text, nullable=False),
    Column("value", Text, nullable=False),
    Column("updated_at", Instant, nullable=False),
    PrimaryKeyConstraint("workspace_id", "books", "key"),
)

plugin_documents = Table(
    "plugin_documents",
    metadata,
    Column("plugin", Text, nullable=False),
    Column("key", Text(collation="C").with_variant(Text(), "sqlite"), nullable=False, comment="bytes in order"),
    Column("value", Text, nullable=False, comment="JSON object; no secret"),
    Column("version", Integer, nullable=False),
    Column("updated_at", Instant, nullable=False),
    PrimaryKeyConstraint("plugin", "key"),
)

trail = Table(
    "trail",
    metadata,
    Column("entry_id", Text, primary_key=True),
    Column("workspace_id", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("kind", Text, nullable=False),
    Column("actor", Text),
    Column("summary", Text, nullable=False),
    Column("object", Text),
    Column("record_id", Text),
    Column("intent_id", Text),
    Column("invoice_id", Text),
    Column("request_id", Text),
    Column("reference", Text),
    Column("details", Text, nullable=False, comment="JSON object: ids, hashes, codes"),
)
Index("ix_trail_record", trail.c.workspace_id, trail.c.object, trail.c.record_id, trail.c.at)
Index("ix_trail_invoice", trail.c.workspace_id, trail.c.invoice_id, trail.c.at)
