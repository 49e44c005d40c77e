"""What the app's settings hold at first: the attributes of the seeded world, so that one click makes an invoice."""

from __future__ import annotations

Settings = dict[str, object]

WRITEBACK = {
    "writeback_invoice_number": "invoice_number",
    "writeback_invoice_status": "invoice_status",
    "writeback_last_sync_at": "last_synced_at",
    "writeback_invoice_url": "invoice_url",
    "writeback_invoice_id": "invoice_id",
    "writeback_sync_error": "sync_error",
}
SOURCES = {
    "source_customer_email": "invoice_email",
    "source_service_description": "service_description",
    "source_rate": "rate",
    "source_quantity": "quantity",
    "source_currency": "billing_currency",
    "source_due_days": "payment_terms_days",
}
TEMPLATES = {"template_due_days": 30}


def first_settings() -> Settings:
    """Return the settings of a workspace in which nobody has set anything."""
    return {"invoice_mode": "quick", **TEMPLATES, **WRITEBACK, **SOURCES}
