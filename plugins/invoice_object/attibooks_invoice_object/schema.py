"""Which attributes the record of an invoice has, and what stands in them (contract §3.1). Pure."""

from collections.abc import Mapping

from attibooks_core.lifecycle import AttributeSpec, InvoiceEntry, StoreValue
from attibooks_core.model import InvoiceStatus

DEFAULT_SLUG = "invoices"
SINGULAR, PLURAL = "Invoice", "Invoices"

KEY = "invoice_key"
STATUS = "status"
SOURCE = "source_record"
COMPANY = "company"
COMPANIES = "companies"
"""Slug of the object that `company` points at."""

ATTRIBUTES = (
    AttributeSpec(KEY, "Invoice key", "text", is_unique=True),
    AttributeSpec("number", "Number", "text"),
    AttributeSpec(STATUS, "Status", "select", options=tuple(status.value for status in InvoiceStatus)),
    AttributeSpec("total", "Total", "number"),
    AttributeSpec("balance", "Balance", "number"),
    AttributeSpec("currency", "Currency", "text"),
    AttributeSpec("invoice_date", "Invoice date", "date"),
    AttributeSpec("due_date", "Due date", "date"),
    AttributeSpec("customer_name", "Customer name", "text"),
    AttributeSpec("customer_email", "Customer email", "text"),
    AttributeSpec("memo", "Memo", "text"),
    AttributeSpec("qbo_invoice_id", "QuickBooks invoice ID", "text"),
    AttributeSpec("qbo_customer_id", "QuickBooks customer ID", "text"),
    AttributeSpec("qbo_company_id", "QuickBooks company ID", "text"),
    AttributeSpec("environment", "Environment", "text"),
    AttributeSpec("qbo_url", "QuickBooks link", "text"),
    AttributeSpec(SOURCE, "Source record", "record-reference"),
    AttributeSpec(COMPANY, "Company", "record-reference", refers_to=COMPANIES),
    AttributeSpec("qbo_updated_at", "Updated in QuickBooks at", "timestamp"),
    AttributeSpec("last_synced_at", "Last synced at", "timestamp"),
    AttributeSpec("sync_error", "Sync error", "text"),
)
"""In the order in which they are made, and so shown."""


def values_of(entry: InvoiceEntry) -> dict[str, StoreValue]:
    """What an upsert writes, the key included.

    Of a tombstone the status alone. A source or a company that is not known is left out rather than emptied: somebody
    may have linked one by hand.
    """
    values: dict[str, StoreValue] = {KEY: entry.key, STATUS: entry.status.value}
    if entry.invoice is not None:
        values |= _facts(entry)
    links = {SOURCE: entry.source, COMPANY: entry.company} if entry.invoice is not None else {}
    return values | {slug: ref for slug, ref in links.items() if ref is not None}


def _facts(entry: InvoiceEntry) -> Mapping[str, StoreValue]:
    invoice = entry.invoice
    assert invoice is not None
    return {
        "number": invoice.label,
        "total": invoice.total,
        "balance": invoice.balance,
        "currency": invoice.currency,
        "invoice_date": invoice.invoice_date,
        "due_date": invoice.due_date,
        "customer_name": invoice.customer_name,
        "customer_email": invoice.customer_email,
        "memo": invoice.memo,
        "qbo_invoice_id": entry.invoice_id,
        "qbo_customer_id": invoice.customer_id,
        "qbo_company_id": entry.books.company_id,
        "environment": entry.books.environment,
        "qbo_url": invoice.url,
        "qbo_updated_at": invoice.updated_at,
        "last_synced_at": entry.synced_at,
        "sync_error": entry.sync_error,
    }
