"""Comparing what records show with what the books say. Pure: everything was read before."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from hashlib import sha256

from attibooks_core.invoicing.shapes import exact, money
from attibooks_core.lifecycle import BookedInvoice
from attibooks_core.model import AttributeValue, Books, CrmRecord, InvoiceStatus, RecordRef
from attibooks_core.storage.invoices import InvoiceRow

SOURCE, RECORD, BOOKS = "source", "record", "books"
"""Where a difference shows: on the source record, on the invoice's own record, or in the books alone."""

SHOW_AGAIN = {
    SOURCE: "Write what the books say onto the record.",
    RECORD: "Write what the books say onto the invoice record.",
}
LINK = "Link the invoice to its record and show it there."
STORE = "Make the invoice record."
LIVING = frozenset({InvoiceStatus.OPEN, InvoiceStatus.PAID})


class Kind(StrEnum):
    """What a difference is about (contract §3.1)."""

    MISSING_IN_ATTIO = "missing_in_attio"
    MISSING_IN_BOOKS = "missing_in_books"
    DUPLICATE = "duplicate"
    AMOUNT = "amount"
    STATUS = "status"
    DELETED = "deleted"
    CUSTOMER = "customer"
    DRIFT = "drift"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing that Attio shows otherwise than the books have it.

    :param place: where it shows: `source`, `record` or `books`.
    :param field: what is different there.
    :param record: the record that is wrong, when there is one.
    :param invoice: as the books have it; None when they do not have it (any more).
    :param attio: what Attio shows, as text; None is nothing.
    :param said: what the books say, or why nobody but a person can put it right.
    :param repair: what a repair does; None when it has to be done by hand.
    """

    kind: Kind
    books: Books
    invoice_id: str
    place: str
    field: str
    number: str | None = None
    record: RecordRef | None = None
    invoice: BookedInvoice | None = None
    attio: str | None = None
    said: str | None = None
    repair: str | None = None

    @property
    def id(self) -> str:
        """The same as long as the difference is."""
        names = (self.kind, str(self.books), self.invoice_id, self.place, self.field)
        return sha256("\n".join(names).encode()).hexdigest()[:20]


@dataclass(frozen=True, slots=True)
class Stranger:
    """An invoice of the books that carries our mark and that no row knows of.

    :param source: the record that it was made for, when the intent is known.
    :param made_at: when it was asked for, as far as that is known.
    """

    invoice: BookedInvoice
    intent_id: str
    made_at: datetime
    source: RecordRef | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """Everything that was read.

    :param rows: the invoices that are known, by id.
    :param adopted: ids of those whose rows are made up from their own records, because this host has none.
    :param invoices: those of them that the books have, by id.
    :param strangers: marked invoices of the last weeks without a row.
    :param shown: ids of those that their source record shows: the newest one of each.
    :param kept: ids of those that have, or shall have, a record of their own.
    :param keeps_new: so does every invoice that is new.
    :param mapped: slugs of the source records' fields by settings key.
    :param sources: source records that there are.
    :param stored: invoices' own records by invoice id.
    :param strays: records of the invoice object that stand for no invoice of these books, with their keys.
    """

    books: Books
    rows: Mapping[str, InvoiceRow]
    invoices: Mapping[str, BookedInvoice]
    adopted: frozenset[str] = frozenset()
    strangers: tuple[Stranger, ...] = ()
    shown: frozenset[str] = frozenset()
    kept: frozenset[str] = frozenset()
    keeps_new: bool = False
    mapped: Mapping[str, str] = field(default_factory=dict)
    sources: Mapping[RecordRef, CrmRecord] = field(default_factory=dict)
    stored: Mapping[str, CrmRecord] = field(default_factory=dict)
    strays: tuple[tuple[str, RecordRef], ...] = ()

    def source_of(self, row: InvoiceRow) -> CrmRecord | None:
        """The record that an invoice was made from, if it is still there."""
        return self.sources.get(row.source) if row.source is not None else None


def compare(sight: Sight) -> list[Difference]:
    """Every difference, in the order of invoices."""
    duplicates = list(_duplicates(sight))
    twins = {d.invoice_id for d in duplicates}
    found = [d for row in sight.rows.values() for d in _of_row(sight, row)]
    found += [_stranger(sight, s) for s in sight.strangers if s.invoice.id not in twins]
    found += [_stray(sight, key, ref) for key, ref in sight.strays]
    return sorted([*found, *duplicates], key=_order)


def _order(difference: Difference) -> tuple[int, str, str, str]:
    return (len(difference.invoice_id), difference.invoice_id, difference.place, difference.field)


def _of_row(sight: Sight, row: InvoiceRow) -> Iterator[Difference]:
    look = _Look(sight, row, sight.invoices.get(row.invoice_id))
    if row.invoice_id in sight.shown and (source := sight.source_of(row)):
        yield from look.at_source(source)
    if row.invoice_id in sight.kept:
        yield from look.at_record(sight.stored.get(row.invoice_id))


# -- one known invoice ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Look:
    """One invoice; `invoice` is None when the books have it no more."""

    sight: Sight
    row: InvoiceRow
    invoice: BookedInvoice | None

    def at_source(self, record: CrmRecord) -> Iterator[Difference]:
        """What the record that it was made from shows."""
        shown_id = self._shown(record, "writeback_invoice_id")
        if shown_id is not None and shown_id != self.row.invoice_id:
            yield from self._other_invoice(record, shown_id)
            return
        if (status := self._shown(record, "writeback_invoice_status")) is not None:
            yield from self._status(SOURCE, record.ref, status)
        if self.invoice is None:
            return
        for key, said in (("number", self.invoice.label), ("url", self.invoice.url)):
            shown = self._shown(record, f"writeback_invoice_{key}")
            if shown is not None and shown != plain(said):
                yield self._different(Kind.DRIFT, SOURCE, key, record.ref, (shown, said))

    def _shown(self, record: CrmRecord, key: str) -> str | None:
        """What a mapped field shows, empty text for nothing; None when it is not mapped or the object lacks it."""
        slug = self.sight.mapped.get(key)
        if slug is None or slug not in record.attributes:
            return None
        shown = record.attributes[slug].first
        return exact(shown) if isinstance(shown, Decimal) else plain(shown)

    def _other_invoice(self, record: CrmRecord, shown_id: str) -> Iterator[Difference]:
        """The record shows nothing, or another invoice than its newest."""
        kind = Kind.MISSING_IN_ATTIO if not shown_id or shown_id in self.sight.rows else Kind.MISSING_IN_BOOKS
        if self.invoice is not None:
            yield self._different(kind, SOURCE, "id", record.ref, (shown_id, self.row.invoice_id))

    def _status(self, place: str, ref: RecordRef, shown: str) -> Iterator[Difference]:
        expected = self.invoice.status if self.invoice else InvoiceStatus.DELETED
        accepted = {expected.value}
        if expected is InvoiceStatus.DELETED:  # stands in where the attribute has no such title (X15)
            accepted.add(InvoiceStatus.VOIDED.value)
        if shown not in accepted:
            kind = Kind.STATUS if self.invoice else Kind.DELETED
            yield self._different(kind, place, "status", ref, (shown, expected.value))

    def at_record(self, record: CrmRecord | None) -> Iterator[Difference]:
        """What the invoice's own record shows."""
        if record is None:
            if self.invoice is not None:
                yield self._different(Kind.MISSING_IN_ATTIO, RECORD, "record", None, (None, self.invoice.label))
            return
        yield from self._status(RECORD, record.ref, text_of(record.attributes.get("status")))
        if self.invoice is None:
            return
        yield from self._customer(record, self.invoice)
        for kind, slug, said in _facts(self.sight.books, self.invoice):
            shown = text_of(record.attributes.get(slug))
            if shown != plain(said):
                yield self._different(kind, RECORD, slug, record.ref, (shown, plain(said)))

    def _customer(self, record: CrmRecord, invoice: BookedInvoice) -> Iterator[Difference]:
        shown = tuple(text_of(record.attributes.get(slug)) for slug in ("customer_name", "qbo_customer_id"))
        said = (plain(invoice.customer_name), plain(invoice.customer_id))
        if shown != said:
            texts = (_customer(*shown), _customer(*said))
            yield self._different(Kind.CUSTOMER, RECORD, "customer", record.ref, texts)

    def _different(
        self, kind: Kind, place: str, name: str, ref: RecordRef | None, texts: tuple[str | None, str]
    ) -> Difference:
        missing_record = place == RECORD and ref is None
        return Difference(
            kind=kind,
            books=self.sight.books,
            invoice_id=self.row.invoice_id,
            place=place,
            field=name,
            number=self.row.number,
            record=ref,
            invoice=self.invoice,
            attio=texts[0] or None,
            said=texts[1] or None,
            repair=STORE if missing_record else SHOW_AGAIN[place],
        )


def _facts(books: Books, invoice: BookedInvoice) -> Iterator[tuple[Kind, str, object]]:
    """What the invoice's own record shows beyond status and customer: kind, slug (contract §3.1) and value."""
    yield Kind.AMOUNT, "total", invoice.total
    yield Kind.AMOUNT, "balance", invoice.balance
    yield Kind.DRIFT, "number", invoice.label
    yield Kind.DRIFT, "currency", invoice.currency
    yield Kind.DRIFT, "invoice_date", invoice.invoice_date
    yield Kind.DRIFT, "due_date", invoice.due_date
    yield Kind.DRIFT, "memo", invoice.memo
    yield Kind.DRIFT, "customer_email", invoice.customer_email
    yield Kind.DRIFT, "qbo_invoice_id", invoice.id
    yield Kind.DRIFT, "qbo_company_id", books.company_id
    yield Kind.DRIFT, "environment", books.environment


# -- invoices and records that stand alone ---------------------------------------------------------------------------


def _duplicates(sight: Sight) -> Iterator[Difference]:
    """Invoices that were made for one click beyond the first; both have to be living to be one too many."""
    made: dict[str, list[BookedInvoice]] = defaultdict(list)
    for invoice_id, row in sight.rows.items():
        invoice = sight.invoices.get(invoice_id)
        if invoice is not None and (mark := invoice.marker or row.intent_id):
            made[mark].append(invoice)
    for stranger in sight.strangers:
        made[stranger.intent_id].append(stranger.invoice)
    for invoices in made.values():
        living = [i for i in invoices if i.status in LIVING]
        living.sort(key=lambda i: (i.id not in sight.rows, len(i.id), i.id))
        yield from (_duplicate(sight, living[0], twin) for twin in living[1:])


def _duplicate(sight: Sight, first: BookedInvoice, twin: BookedInvoice) -> Difference:
    row = sight.rows.get(first.id)
    return Difference(
        kind=Kind.DUPLICATE,
        books=sight.books,
        invoice_id=twin.id,
        place=BOOKS,
        field="mark",
        number=twin.number,
        record=row.source if row else None,
        invoice=twin,
        attio=first.label,
        said=f"{twin.label} carries the same mark as {first.label}. Void the one that is too many in the books.",
    )


def _stranger(sight: Sight, stranger: Stranger) -> Difference:
    invoice = stranger.invoice
    repair = LINK if stranger.source else STORE if sight.keeps_new else None
    why = "" if repair else " The record that it was made for is not known any more."
    return Difference(
        kind=Kind.MISSING_IN_ATTIO,
        books=sight.books,
        invoice_id=invoice.id,
        place=BOOKS,
        field="invoice",
        number=invoice.number,
        record=stranger.source,
        invoice=invoice,
        said=f"{invoice.label} was made by AttiBooks.{why}" if why else invoice.label,
        repair=repair,
    )


def _stray(sight: Sight, key: str, ref: RecordRef) -> Difference:
    return Difference(
        kind=Kind.MISSING_IN_BOOKS,
        books=sight.books,
        invoice_id=key.rpartition(":")[2] or ref.record_id,
        place=RECORD,
        field="record",
        record=ref,
        attio=key or None,
        said="The books have no such invoice. Delete the record in the CRM if nobody needs it.",
    )


# -- values as text --------------------------------------------------------------------------------------------------


def _customer(name: str, number: str) -> str:
    return f"{name or '-'} ({number or '-'})"


def text_of(attribute: AttributeValue | None) -> str:
    """What an attribute shows; empty text for nothing."""
    return plain(attribute.first) if attribute is not None else ""


def plain(value: object) -> str:
    """A value as text that can be compared: amounts with two decimals, days, white space as one blank."""
    match value:
        case None:
            return ""
        case Decimal():
            return money(value) if value == round(value, 2) else format(value.normalize(), "f")
        case datetime():
            return value.date().isoformat()
        case date():
            return value.isoformat()
        case RecordRef():
            return value.record_id
        case _:
            return " ".join(str(value).split())


def repairable(differences: Iterable[Difference], ids: Iterable[str] | None) -> list[Difference]:
    """Those of the differences that can be repaired and are wanted; None wants all."""
    wanted = None if ids is None else frozenset(ids)
    return [d for d in differences if d.repair and (wanted is None or d.id in wanted)]
