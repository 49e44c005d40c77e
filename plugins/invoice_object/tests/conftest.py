"""A record store in memory, which can be cut off before or after any change, and what the tests put into it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from attibooks_core.errors import NotFound, Refused
from attibooks_core.lifecycle import AttributeSpec, BookedInvoice, InvoiceEntry, StoredAttribute, StoreValue
from attibooks_core.model import AttributeValue, Books, CrmRecord, InvoiceStatus, RecordRef
from attibooks_core.settings import CORE_FIELDS
from attibooks_core.testing import workspace_context
from attibooks_invoice_object.store import InvoiceObjectStore

BOOKS = Books("quickbooks", "production", "9130357")
SYNCED = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@dataclass
class MemoryStore:
    """A CRM's record store that is not Attio's: objects with attributes and records; `changes` names every change that was made.

    :param most_objects: as many as the plan allows.
    :param cut: called with the number of the change, before (`False`) and after it; may raise.
    """

    key: str = "memory"
    objects: dict[str, dict[str, StoredAttribute]] = field(default_factory=dict)
    records: dict[str, dict[str, dict[str, StoreValue]]] = field(default_factory=dict)
    changes: list[str] = field(default_factory=list)
    upserts: list[dict[str, StoreValue]] = field(default_factory=list)
    most_objects: int = 99
    names: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)
    cut: Callable[[int, bool], None] = lambda *_: None

    def put(self, object_slug: str, *attributes: StoredAttribute) -> None:
        """What a user made."""
        self.objects.setdefault(object_slug, {}).update({a.slug: a for a in attributes})

    def _change(self, name: str, work: Callable[[], None]) -> None:
        number = len(self.changes)
        self.cut(number, False)
        work()
        self.changes.append(name)
        self.cut(number, True)

    async def has_object(self, ws, slug: str) -> bool:
        return slug in self.objects

    async def create_object(self, ws, slug: str, singular: str, plural: str) -> None:
        if len(self.objects) >= self.most_objects:
            raise Refused("The CRM's plan allows no more.", code="quota_exceeded")
        if {singular, plural} & self.names:
            raise Refused("The name is taken.", code="name_taken")
        assert slug not in self.objects
        self._change(f"object {slug}", lambda: self.put(slug))

    async def attributes(self, ws, object_slug: str) -> Sequence[StoredAttribute]:
        return list(self._object(object_slug).values())

    async def create_attribute(self, ws, object_slug: str, spec: AttributeSpec) -> None:
        assert spec.slug not in self.objects[object_slug]
        refers_to = (spec.refers_to,) if spec.refers_to else ()
        made = StoredAttribute(spec.slug, spec.title, spec.type, spec.is_unique, refers_to=refers_to)
        self._change(f"attribute {spec.slug}", lambda: self.put(object_slug, made))
        for title in spec.options:
            await self.add_option(ws, object_slug, spec.slug, title)

    async def restore_attribute(self, ws, object_slug: str, slug: str) -> None:
        found = self.objects[object_slug][slug]
        self._change(f"restore {slug}", lambda: self.put(object_slug, replace(found, is_archived=False)))

    async def add_option(self, ws, object_slug: str, slug: str, title: str) -> None:
        found = self.objects[object_slug][slug]
        assert title not in found.options
        more = replace(found, options=(*found.options, title))
        self._change(f"option {slug} {title}", lambda: self.put(object_slug, more))

    async def upsert(self, ws, object_slug: str, key_slug: str, values: Mapping[str, StoreValue]) -> RecordRef:
        self.upserts.append(dict(values))
        attributes = self._object(object_slug)
        for slug, value in values.items():
            self._check(attributes, slug, value)
        if not attributes[key_slug].is_unique:
            raise Refused("It is not unique.", details={"slug": key_slug})
        records = self.records.setdefault(object_slug, {})
        matching = (i for i, record in records.items() if record[key_slug] == values[key_slug])
        record_id = next(matching, f"record-{len(records) + 1}")
        records.setdefault(record_id, {}).update(values)
        return RecordRef(object_slug, record_id)

    async def find(self, ws, object_slug: str, slug: str, values: Sequence[str]) -> Sequence[CrmRecord]:
        if slug not in self._object(object_slug):
            raise NotFound("No attribute.", code="attribute_not_found", details={"slug": slug})
        found = self.records.get(object_slug, {}).items()
        return [
            CrmRecord(RecordRef(object_slug, i), None, {s: AttributeValue(s, (v,)) for s, v in record.items()})
            for i, record in found
            if record[slug] in values
        ]

    def _object(self, slug: str) -> dict[str, StoredAttribute]:
        if slug not in self.objects:
            raise NotFound("No object.", code="object_not_found", details={"object": slug})
        return self.objects[slug]

    def _check(self, attributes: Mapping[str, StoredAttribute], slug: str, value: StoreValue) -> None:
        if slug not in attributes or attributes[slug].is_archived:
            raise NotFound("No attribute.", code="attribute_not_found", details={"slug": slug})
        if attributes[slug].type == "select" and value not in attributes[slug].options:
            raise Refused("No option.", details={"slug": slug})
        if isinstance(value, RecordRef) and value.record_id in self.gone:
            raise Refused("No record.", details={"slug": slug} if "named" in value.record_id else {})


@pytest.fixture
def records():
    """A CRM with companies and deals."""
    crm = MemoryStore()
    crm.put("companies")
    crm.put("deals")
    return crm


@pytest.fixture
def store():
    return InvoiceObjectStore()


@pytest.fixture
def workspace():
    """A workspace that has it switched on."""

    def make(**settings):
        return workspace_context(list(CORE_FIELDS), {"store_invoices_as_records": True, **settings})

    return make


@pytest.fixture
def booked():
    """An invoice as the books have it, changed as wished."""

    def make(**more):
        facts = {
            "books": BOOKS,
            "id": "145",
            "number": "1042",
            "status": InvoiceStatus.OPEN,
            "url": "https://qbo.example/app/invoice?txnId=145",
            "total": Decimal("1250.50"),
            "balance": Decimal("250.00"),
            "currency": "EUR",
            "invoice_date": date(2026, 11, 23),
            "due_date": date(2026, 12, 23),
            "customer_id": "58",
            "customer_name": "Northwind",
            "customer_email": "pay@northwind.example",
            "memo": "Thank you",
            "version": "3",
            "updated_at": datetime(2026, 11, 23, 8, 59, 30, tzinfo=UTC),
        }
        return BookedInvoice(**{**facts, **more})

    return make


@pytest.fixture
def entry(booked):
    """What the record of that invoice shall show; `invoice` of None is a tombstone."""

    def make(invoice=..., **more):
        shown = booked() if invoice is ... else invoice
        status = shown.status if shown else InvoiceStatus.DELETED
        return InvoiceEntry(
            **{
                "books": BOOKS,
                "invoice_id": "145",
                "status": status,
                "invoice": shown,
                "synced_at": SYNCED,
                **more,
            }
        )

    return make
