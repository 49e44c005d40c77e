"""What travels after an invoice was made: how it stands in the books, edits, changes, events, records of invoices.

Plain, frozen values beside those of `model`; the protocols that use them are in `capabilities`.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Literal, TypeAlias

from pydantic import SecretStr

from attibooks_core.model import AccountingInvoice, Books, InvoiceStatus, RecordRef

EDITABLE = ("due_date", "memo", "lines")
"""The parts of an invoice that *Edit Invoice in QuickBooks* may change (product rows 113-116)."""


# -- an invoice as it stands -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class BookedInvoice(AccountingInvoice):
    """An invoice of the books with what its record in the CRM shows beyond `AccountingInvoice`.

    :param marker: of the intent that it was made for (`AccountingBackend.plan`), where the books still have it.
    """

    invoice_date: date | None = None
    memo: str | None = None
    customer_email: str | None = None
    marker: str | None = None


@dataclass(frozen=True, slots=True)
class LiveLine:
    """A line as the books have it; None is what the books do not say.

    :param item: id of the product or service.
    :param tax_code: id of the tax code.
    """

    id: str
    description: str
    quantity: Decimal | None
    rate: Decimal | None
    amount: Decimal
    item: str | None = None
    tax_code: str | None = None

    @property
    def figures(self) -> tuple[Decimal, Decimal]:
        """Quantity and rate; where the books keep only an amount, it is one of that."""
        if self.quantity is None or self.rate is None:
            return Decimal(1), self.amount
        return self.quantity, self.rate


@dataclass(frozen=True, slots=True)
class LiveInvoice:
    """An invoice read for a person who wants to edit or void it.

    :param lines: the lines that can be edited; others (discounts, subtotals) stay as they are.
    :param locked: part (`due_date`, `memo`, `lines`) -> why it cannot be edited now, a sentence.
    :param is_emailed: the customer has got it by e-mail.
    :param has_payments: payments or credits are applied to it.
    :param raw: the object as the books sent it, which only the backend reads.
    """

    invoice: BookedInvoice
    lines: tuple[LiveLine, ...]
    locked: Mapping[str, str] = field(default_factory=dict)
    is_emailed: bool = False
    has_payments: bool = False
    raw: str = ""

    @property
    def fingerprints(self) -> dict[str, str]:
        """Names the content of each editable part, so that a later reading tells which of them have changed."""
        parts = {
            "due_date": str(self.invoice.due_date),
            "memo": self.invoice.memo or "",
            "lines": json.dumps([[str(v) for v in _values(line)] for line in self.lines]),
        }
        return {name: hashlib.sha256(text.encode()).hexdigest()[:8] for name, text in parts.items()}

    @property
    def version(self) -> str:
        """The books' version and the fingerprints: what an edit is based on, opaque to callers."""
        prints = self.fingerprints
        return ".".join((self.invoice.version, *(prints[name] for name in EDITABLE)))


def _values(line: LiveLine) -> tuple[object, ...]:
    return (line.id, line.description, line.quantity, line.rate, line.amount, line.item, line.tax_code)


@dataclass(frozen=True, slots=True)
class EditedLine:
    """A line as it shall be; the amount is rate x quantity.

    :param id: the line that it was; None is a new one.
    """

    id: str | None
    description: str
    quantity: Decimal
    rate: Decimal
    item: str | None = None
    tax_code: str | None = None

    @property
    def figures(self) -> tuple[Decimal, Decimal]:
        """Quantity and rate."""
        return self.quantity, self.rate


@dataclass(frozen=True, slots=True)
class InvoiceEdit:
    """What shall be different: only the parts in `touched` count.

    :param lines: the whole list; a line that is left out is removed.
    """

    touched: frozenset[str]
    due_date: date | None = None
    memo: str | None = None
    lines: tuple[EditedLine, ...] = ()


# -- changes and events ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DeletedInvoice:
    """All that is left of an invoice that was deleted in the books; `updated_at` when it was."""

    id: str
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class ChangePage:
    """Some of what has changed.

    :param cursor: where the next run begins, by the books' own clock; meant only once every page is applied. None on
        a page that is not the last.
    :param deletions_complete: False when deletions of the window may have been left out.
    """

    invoices: tuple[BookedInvoice, ...] = ()
    deleted: tuple[DeletedInvoice, ...] = ()
    cursor: datetime | None = None
    deletions_complete: bool = True


@dataclass(frozen=True, slots=True)
class BooksEvent:
    """One thing that a webhook says has happened; it carries no data of the invoice.

    :param event_id: the same in every delivery of the event.
    :param books: their environment is empty when the sender does not tell it: then those are meant that are connected.
    :param entity: `invoice`, or another kind in lower case that moves invoices (`payment`).
    :param operation: `created`, `updated`, `deleted`, `voided`, `merged`, `emailed`; unknown ones as they came.
    """

    event_id: str
    books: Books
    entity: str
    entity_id: str
    operation: str
    at: datetime


@dataclass(frozen=True, slots=True)
class GrantedTokens:
    """What an authorization server gave.

    :param refresh_expires_at: None when it did not say.
    """

    access: SecretStr
    refresh: SecretStr
    expires_at: datetime
    refresh_expires_at: datetime | None = None


# -- records of invoices -----------------------------------------------------------------------------------------

AttributeType: TypeAlias = Literal["text", "number", "date", "timestamp", "select", "record-reference"]
StoreValue: TypeAlias = str | Decimal | date | datetime | RecordRef | None


@dataclass(frozen=True, slots=True)
class AttributeSpec:
    """An attribute that an object shall have.

    :param options: titles of a select, in order.
    :param refers_to: slug of the only object that a record reference may point at; None is any.
    """

    slug: str
    title: str
    type: AttributeType
    is_unique: bool = False
    options: tuple[str, ...] = ()
    refers_to: str | None = None


@dataclass(frozen=True, slots=True)
class StoredAttribute:
    """An attribute that an object has.

    :param type: the CRM's own name of the type.
    :param options: titles of the options that can be chosen; archived ones are left out.
    :param refers_to: slugs of the objects that a record reference may point at; empty is any.
    """

    slug: str
    title: str
    type: str
    is_unique: bool = False
    is_archived: bool = False
    is_multiselect: bool = False
    is_writable: bool = True
    options: tuple[str, ...] = ()
    refers_to: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SetupReport:
    """What Run Setup did: slugs that were made, were right already, or were restored (contract §3)."""

    object: str
    created: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    repaired: tuple[str, ...] = ()

    @property
    def already_set_up(self) -> bool:
        """Whether nothing had to be done."""
        return not self.created and not self.repaired


def invoice_key(books: Books, invoice_id: str) -> str:
    """Names an invoice among all of a workspace: `environment:company:invoice id` (contract §3.1)."""
    return f"{books.environment}:{books.company_id}:{invoice_id}"


@dataclass(frozen=True, slots=True)
class InvoiceEntry:
    """What the record of an invoice shall show.

    :param invoice: None when the books have only a tombstone: then the status alone changes.
    :param source: the record that the invoice was made from; None for one that was made in the books.
    :param company: the company's record, when it is known.
    """

    books: Books
    invoice_id: str
    status: InvoiceStatus
    invoice: BookedInvoice | None
    synced_at: datetime
    source: RecordRef | None = None
    company: RecordRef | None = None
    sync_error: str | None = None

    @property
    def key(self) -> str:
        """See `invoice_key`."""
        return invoice_key(self.books, self.invoice_id)

    @property
    def digest(self) -> str:
        """Names the content but for the time of syncing: an equal one need not be written again."""
        values = (self.status, self.invoice, self.source, self.company, self.sync_error)
        return hashlib.sha256(repr(values).encode()).hexdigest()[:32]
