"""Records of the invoice object: which object it is, and how its records are shown."""

from __future__ import annotations

from attibooks_sandbox.attio.model import ObjectType
from attibooks_sandbox.attio.workspace import Workspace
from attibooks_sandbox.inattio.defaults import Settings

Shown = dict[str, object]
DEFAULT_SLUG = "invoices"
KEY = "invoice_key"

ROLES = {
    "number": "writeback_invoice_number",
    "status": "writeback_invoice_status",
    "total": "money",
    "balance": "money",
    "invoice_date": None,
    "due_date": None,
    "customer_name": None,
    "customer_email": None,
    "memo": None,
    "qbo_url": "writeback_invoice_url",
    "sync_error": "writeback_sync_error",
}
"""The attributes that tell of the invoice itself, in the order of its page, with what the page does with a value."""
LINKS = ("source_record", "company")
COLUMNS = ("number", "customer_name", "status", "due_date", "total", "balance", "currency")


def invoice_slug(settings: Settings) -> str:
    """Return the slug of the invoice object, as the settings have it."""
    return str(settings.get("invoice_object_slug") or DEFAULT_SLUG).strip()


def is_invoice_object(kind: ObjectType, workspace: Workspace, settings: Settings) -> bool:
    """Tell whether an object holds records of invoices: the settings mean it, and its setup was run."""
    return kind.slug == invoice_slug(settings) and workspace.find_attribute(kind.id, KEY) is not None


def action_facts(noted: Shown, settings: Settings) -> Shown:
    """Return what decides which actions a record of an invoice offers.

    They are there while the toggle is on and the record stands for an invoice; none for one that the books deleted.
    """
    stored = str(settings.get("store_invoices_as_records") or "").strip().lower() in {"true", "yes", "1", "on"}
    deleted = noted.get("status") == "Deleted"
    return {"actions": stored and bool(noted.get(KEY)) and not deleted, "deleted": deleted}


def invoice_name(noted: Shown) -> str:
    """Return how the record of an invoice is headed: by its number, else by its id in the books."""
    number = noted.get("number") or noted.get("qbo_invoice_id")
    return f"Invoice {number}" if number else "Invoice"
