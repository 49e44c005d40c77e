"""The CRM side: objects, lists of records, one record with every field readable."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from itertools import islice

from attibooks_sandbox.attio.model import Attribute, ObjectType, Record
from attibooks_sandbox.attio.render import plain_record
from attibooks_sandbox.attio.workspace import Workspace
from attibooks_sandbox.inattio.defaults import SOURCES, WRITEBACK, Settings
from attibooks_sandbox.page import invoices

Shown = dict[str, object]
SHOWN_ROWS = 200
RAIL = ("companies", "deals", "people", "projects")
"""The order of the rail; other objects follow."""

_SYSTEM = frozenset({"record_id", "created_at", "created_by"})
_SECONDARY = frozenset({"domain", "status", "email-address", "text"})


def show_objects(workspace: Workspace) -> list[Shown]:
    """Return the objects in the order of the rail."""
    kinds = sorted(workspace.objects.values(), key=lambda each: RAIL.index(each.slug) if each.slug in RAIL else 99)
    return [{**object_facts(each), "count": len(workspace.records[each.id])} for each in kinds]


def object_facts(kind: ObjectType) -> Shown:
    """Return what an object is called."""
    return {"slug": kind.slug, "singular": kind.singular, "plural": kind.plural}


def writable_slugs(workspace: Workspace) -> list[str]:
    """Return the slugs that settings may name, of all objects."""
    slugs = {each.slug for kind in workspace.objects for each in workspace.live_attributes(kind)}
    return sorted(slugs - _SYSTEM)


def show_records(workspace: Workspace, kind: ObjectType, settings: Settings, find: str) -> Shown:
    """Return the first records of an object by their creation, those with a text in their name or detail."""
    everything = workspace.records[kind.id].values()
    found = (each for each in everything if not find or find in _searched(each, kind, workspace))
    of_invoices = invoices.is_invoice_object(kind, workspace, settings)
    as_row = _invoice_row if of_invoices else _row
    rows = [as_row(each, kind, workspace, settings) for each in islice(found, SHOWN_ROWS)]
    return {
        "object": object_facts(kind),
        "records": rows,
        "total": len(everything),
        "invoices": of_invoices,
    }


def _invoice_row(record: Record, _: ObjectType, workspace: Workspace, __: Settings) -> Shown:
    """Return a row of the list of invoices, with the record that its invoice came from."""
    noted = plain_record(record, workspace)
    shown = {name: None if noted.get(name) is None else plain_text(noted[name]) for name in invoices.COLUMNS}
    source = noted.get("source_record")
    first = source[0] if isinstance(source, list) and source else source
    return {
        "id": record.id,
        "name": invoices.invoice_name(noted),
        "source": _linked(first, workspace) if isinstance(first, Mapping) else None,
        **shown,
    }


def _searched(record: Record, kind: ObjectType, workspace: Workspace) -> str:
    noted = plain_record(record, workspace)
    words = [noted.get(name) for name in ("name", "number", "customer_name")]
    return " ".join(str(each) for each in [*words, _detail(noted, kind, workspace)] if each).casefold()


def _row(record: Record, kind: ObjectType, workspace: Workspace, settings: Settings) -> Shown:
    noted = plain_record(record, workspace)

    def value(key: str) -> str | None:
        found = noted.get(str(settings.get(key) or ""))
        return None if found is None else plain_text(found)

    return {
        "id": record.id,
        "name": record_name(record, workspace),
        "detail": _detail(noted, kind, workspace),
        "rate": value("source_rate"),
        "quantity": value("source_quantity"),
        "currency": value("source_currency"),
        "number": value("writeback_invoice_number"),
        "status": value("writeback_invoice_status"),
        "error": value("writeback_sync_error"),
    }


def _detail(noted: Shown, kind: ObjectType, workspace: Workspace) -> str | None:
    """Return what tells a record from its namesakes: the first short value that Attio's own attributes have."""
    for attribute in workspace.live_attributes(kind.id):
        value = noted.get(attribute.slug)
        first = value[0] if isinstance(value, list) and value else value
        usable = attribute.type in _SECONDARY and attribute.slug not in {"name", "description"}
        if usable and isinstance(first, str) and attribute.slug not in _SYSTEM:
            return first
    return None


def record_name(record: Record, workspace: Workspace) -> str:
    """Return a record's name, as its page is headed."""
    noted = plain_record(record, workspace)
    name = noted.get("name")
    if name:
        return str(name)
    return invoices.invoice_name(noted) if noted.get(invoices.KEY) else "Unnamed"


def show_record(workspace: Workspace, kind: ObjectType, record: Record, settings: Settings) -> Shown:
    """Return a record with its fields in groups: what the app writes, what it reads, the rest."""
    if invoices.is_invoice_object(kind, workspace, settings):
        return _show_invoice(workspace, kind, record, settings)
    invoice = _by_role(settings, WRITEBACK)
    billing = _by_role(settings, SOURCES)
    noted = plain_record(record, workspace)
    groups: dict[str, list[Shown]] = {"invoice": [], "billing": [], "details": []}
    for attribute in workspace.live_attributes(kind.id):
        slug = attribute.slug
        group = "invoice" if slug in invoice else "billing" if slug in billing else "details"
        role = invoice.get(slug) or billing.get(slug)
        groups[group].append({**_field(attribute, noted[slug], workspace), "role": role})
    order = list(invoice)
    groups["invoice"].sort(key=lambda field: order.index(str(field["slug"])))
    return {
        "object": object_facts(kind),
        "id": record.id,
        "name": record_name(record, workspace),
        "invoice": None,
        "groups": [
            {"key": "invoice", "title": "QuickBooks invoice", "fields": groups["invoice"]},
            {"key": "billing", "title": "What gets invoiced", "fields": groups["billing"]},
            {"key": "details", "title": "Details", "fields": groups["details"]},
        ],
    }


def _show_invoice(workspace: Workspace, kind: ObjectType, record: Record, settings: Settings) -> Shown:
    """Return the record of an invoice: what it says of the invoice, where it leads, the rest."""
    noted = plain_record(record, workspace)
    groups: dict[str, list[Shown]] = {"invoice": [], "links": [], "details": []}
    for attribute in workspace.live_attributes(kind.id):
        slug = attribute.slug
        group = "invoice" if slug in invoices.ROLES else "links" if slug in invoices.LINKS else "details"
        field = {**_field(attribute, noted[slug], workspace), "role": invoices.ROLES.get(slug)}
        if field["role"] == "money":
            field["items"] = [{**each, "currency": noted.get("currency")} for each in _items(field)]
        groups[group].append(field)
    order = list(invoices.ROLES)
    groups["invoice"].sort(key=lambda field: order.index(str(field["slug"])))
    return {
        "object": object_facts(kind),
        "id": record.id,
        "name": record_name(record, workspace),
        "invoice": invoices.action_facts(noted, settings),
        "groups": [
            {"key": "invoice", "title": "QuickBooks invoice", "fields": groups["invoice"]},
            {"key": "links", "title": "Records", "fields": groups["links"]},
            {"key": "details", "title": "Details", "fields": groups["details"]},
        ],
    }


def _items(field: Shown) -> list[Shown]:
    items = field["items"]
    return items if isinstance(items, list) else []


def _by_role(settings: Settings, keys: Mapping[str, str]) -> dict[str, str]:
    """Return the role of each attribute that the settings name, in the order of the keys."""
    return {str(settings[key]): key for key in keys if settings.get(key)}


def _field(attribute: Attribute, value: object, workspace: Workspace) -> Shown:
    values = value if isinstance(value, list) else [] if value is None else [value]
    return {
        "slug": attribute.slug,
        "title": attribute.title,
        "type": attribute.type,
        "items": [_item(attribute, each, workspace) for each in values],
    }


def _item(attribute: Attribute, value: object, workspace: Workspace) -> Shown:
    """Return one value as the page shows it: text, and what makes it more than text."""
    kind = attribute.type
    if kind == "record-reference" and isinstance(value, dict):
        return _linked(value, workspace)
    if kind == "actor-reference":
        member = workspace.members.get(str(value))
        return {"text": f"{member.first_name} {member.last_name}" if member else str(value)}
    if kind == "currency":
        return {"text": plain_text(value), "currency": attribute.currency_code}
    shown_as = {"select": "badge", "status": "badge", "rating": "rating", "date": "date"}.get(kind)
    if kind in {"timestamp", "interaction"}:
        shown_as = "moment"
    return {"text": plain_text(value), "as": shown_as} if shown_as else {"text": plain_text(value)}


def _linked(value: Mapping[str, object], workspace: Workspace) -> Shown:
    slug, record_id = str(value["target_object"]), str(value["target_record_id"])
    target = workspace.find_object(slug)
    record = None if target is None else workspace.find_record(target.id, record_id)
    name = "Deleted record" if record is None else record_name(record, workspace)
    return {"text": name, "object": slug, "record_id": record_id}


def plain_text(value: object) -> str:
    """Return a plain value as a person reads it."""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    if isinstance(value, Mapping):
        return ", ".join(_parts(value))
    return str(value)


def _parts(value: Mapping[str, object]) -> Iterator[str]:
    return (str(part) for part in value.values() if part not in {None, ""})
