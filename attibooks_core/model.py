"""What travels through the five stages: plain, frozen values.

Money and quantities are `Decimal`, instants are aware UTC, ids are strings. Nothing here does I/O, and nothing
knows HTTP, a database or a vendor's JSON.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import Flag, StrEnum, auto
from typing import Literal, TypeAlias

from pydantic import SecretStr

from attibooks_core.exactness import refuse_floats

Severity: TypeAlias = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Problem:
    """One obstacle (or warning) and the one step that removes it.

    :param field: what it is about: `customer_name`, `rate`, `lines.2.rate`, a settings key.
    :param message: what is wrong, one sentence.
    :param fix: what to do, one sentence.
    """

    field: str
    code: str
    message: str
    fix: str
    severity: Severity = "error"


@dataclass(frozen=True, slots=True)
class RecordRef:
    """A record of the CRM: the slug of its object and its id, unique only together."""

    object: str
    record_id: str


PlainValue: TypeAlias = str | Decimal | bool | date | datetime | RecordRef


@dataclass(frozen=True, slots=True)
class AttributeValue:
    """One attribute of a record as plain values, in the CRM's order; empty when nothing is set.

    :param type: the CRM's own name of the type (`number`, `currency`, `select`, ...); empty when it cannot be known.
    :param currency: ISO 4217 code of a currency attribute.
    """

    slug: str
    values: tuple[PlainValue, ...] = ()
    type: str = ""
    currency: str | None = None

    @property
    def first(self) -> PlainValue | None:
        """The first value that is not blank, or None: absent, null, empty and white space are all missing."""
        return next((v for v in self.values if not (isinstance(v, str) and not v.strip())), None)


@dataclass(frozen=True, slots=True)
class CrmRecord:
    """A record as read: every attribute of its object is in `attributes`, also the empty ones.

    :param name: what the record is called by the rule of its kind (a company's name, a person's full name, ...);
        None when it has none.
    :param name_slug: the attribute that the name came from.
    :param attributes: by slug.
    :param related: the records that make a line each, in order, when the workspace takes its lines from such.
    :param customer: the record that stands for the customer, when that is not this one.
    :param problems: what kept the related records from being read.
    """

    ref: RecordRef
    name: str | None
    attributes: Mapping[str, AttributeValue]
    name_slug: str | None = None
    web_url: str | None = None
    related: "tuple[CrmRecord, ...]" = ()
    customer: "CrmRecord | None" = None
    problems: "tuple[Problem, ...]" = ()


@dataclass(frozen=True, slots=True)
class FieldInfo:
    """An attribute of an object, as the settings need to know it."""

    slug: str
    title: str
    type: str
    is_writable: bool = True
    is_archived: bool = False
    is_multiselect: bool = False


# -- the draft ---------------------------------------------------------------------------------------------------


class Source(StrEnum):
    """Where a value of a draft came from (contract §3.1, provenance)."""

    ATTRIBUTE = "attribute"
    TEMPLATE = "template"
    DEFAULT = "default"
    USER = "user"
    PLUGIN = "plugin"


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where one value came from: its source, the attribute's slug when there is one, and what stood there."""

    source: Source
    slug: str | None
    text: str


@dataclass(frozen=True, slots=True)
class DraftLine:
    """A line that we intend to send. `amount` is rate x quantity, rounded HALF_UP to two decimals.

    :param item: id or name of the item in the books; None takes the one of the settings.
    :param tax_code: id or name of the tax code in the books; None takes the one of the settings.
    """

    description: str
    quantity: Decimal
    rate: Decimal
    amount: Decimal
    item: str | None = None
    tax_code: str | None = None

    def __post_init__(self) -> None:
        refuse_floats(self)


@dataclass(frozen=True, slots=True)
class InvoiceDraft:
    """What we intend to send, before any accounting system has looked at it.

    :param currency: ISO code; None leaves the choice to the books (the customer's or the company's currency).
    :param due_date: None leaves it to the terms that the books hold.
    :param provenance: path (`customer.name`, `lines.0.rate`) -> where the value came from.
    :param customer_id: the customer in the books that the user chose; None lets the backend find one.
    :param customer_record: the record that stands for the customer; None is the source.
    :param fields: further fields of the accounting system by its own name -> text (dates as `YYYY-MM-DD`).
    """

    source: RecordRef
    customer_name: str
    customer_email: str | None
    currency: str | None
    invoice_date: date
    due_date: date | None
    lines: tuple[DraftLine, ...]
    memo: str | None = None
    provenance: Mapping[str, Provenance] = field(default_factory=dict)
    warnings: tuple[Problem, ...] = ()
    customer_id: str | None = None
    customer_record: RecordRef | None = None
    fields: Mapping[str, str] = field(default_factory=dict)

    @property
    def subtotal(self) -> Decimal:
        """Sum of the lines' rounded amounts, as accounting systems add them."""
        return sum((line.amount for line in self.lines), Decimal("0.00"))


@dataclass(frozen=True, slots=True)
class LineSketch:
    """A line as far as it is known."""

    description: str | None = None
    quantity: Decimal | None = None
    rate: Decimal | None = None
    item: str | None = None
    tax_code: str | None = None


@dataclass(frozen=True, slots=True)
class DraftSketch:
    """A draft as far as it is known: what one of `problems` is about is None, and a person may mend it."""

    source: RecordRef
    invoice_date: date
    customer_name: str | None = None
    customer_email: str | None = None
    currency: str | None = None
    due_date: date | None = None
    lines: tuple[LineSketch, ...] = ()
    memo: str | None = None
    provenance: Mapping[str, Provenance] = field(default_factory=dict)
    warnings: tuple[Problem, ...] = ()
    customer_id: str | None = None
    customer_record: RecordRef | None = None
    fields: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()


# -- the books ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Books:
    """Which books: nothing that belongs to one of them may ever meet another.

    :param backend: key of the accounting backend.
    :param environment: `sandbox` or `production`.
    :param company_id: the company's id there (QuickBooks: realm id).
    """

    backend: str
    environment: str
    company_id: str

    def __str__(self) -> str:
        return f"{self.backend}:{self.environment}:{self.company_id}"


@dataclass(frozen=True, slots=True)
class CompanyFacts:
    """What building an invoice needs to know of a company; changes rarely, so it is kept for a while.

    :param currencies: active ISO codes, the home currency included.
    :param tax_code_required: every line needs a tax code (QuickBooks outside the US with sales tax on).
    :param timezone: IANA name of the company's zone, when the books know it.
    :param extra: facts that only the backend itself understands, plain data.
    :param fields: further fields of an invoice that a workspace can map, the company's own ones included.
    """

    books: Books
    name: str
    country: str
    home_currency: str
    multicurrency: bool
    currencies: frozenset[str]
    tax_code_required: bool
    timezone: str | None = None
    extra: Mapping[str, str | bool | None] = field(default_factory=dict)
    fields: "tuple[MappableField, ...]" = ()


@dataclass(frozen=True, slots=True)
class MappableField:
    """A field of the accounting system's invoice that an attribute of the CRM can be mapped to (`field_map`).

    :param name: the accounting system's own name, as it stands in the setting.
    :param type: `text`, `date`, `reference` (a name of a list in the books) or `address`.
    :param part: the member of the draft that it sets (`memo`, `invoice_date`, `due_date`); None is one of `fields`.
    """

    name: str
    title: str
    type: Literal["text", "date", "reference", "address"] = "text"
    max_length: int = 4000
    part: Literal["memo", "invoice_date", "due_date"] | None = None


class ConnectionState(StrEnum):
    """What a connection check found (contract §3, connection/status)."""

    CONNECTED = "connected"
    NEVER_CONNECTED = "never_connected"
    TOKEN_REVOKED = "token_revoked"  # noqa: S105 - a state, no secret
    WRONG_ENVIRONMENT = "wrong_environment"
    WRONG_COMPANY = "wrong_company"
    BACKEND_DOWN = "backend_down"
    RATE_LIMITED = "rate_limited"
    BACKEND_BLOCKED = "backend_blocked"


@dataclass(frozen=True, slots=True)
class CustomerMatch:
    """Which customer the invoice goes to, and why.

    :param how: `remembered`, `name`, `email`, `new` or `chosen`.
    :param id: the customer's id; None when it is still to be made.
    """

    how: str
    id: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """A customer of the books that could be meant, and why."""

    id: str
    name: str
    email: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class WireRequest:
    """One write as it will cross the wire.

    :param part: short name of the write inside its operation (`customer`, `invoice`, `send`); makes its request id.
    :param body: the exact text. An id that only an earlier request will give reads `<new>`.
    """

    part: str
    method: str
    path: str
    body: str


@dataclass(frozen=True, slots=True)
class SubmissionPlan:
    """Everything that a submission will write, decided before the first write and frozen with the intent.

    :param customer_record: the record that the customer is remembered for; None is the source.
    :param tax: what the books will add; None when only they can say.
    """

    books: Books
    requests: tuple[WireRequest, ...]
    match: CustomerMatch
    currency: str
    subtotal: Decimal
    warnings: tuple[Problem, ...] = ()
    customer_record: RecordRef | None = None
    tax: Decimal | None = None

    @property
    def digest(self) -> str:
        """SHA-256 of the bytes to be sent: what stays of the payload once the intent has ended."""
        text = "\n".join(f"{r.method} {r.path}\n{r.body}" for r in self.requests)
        return hashlib.sha256(text.encode()).hexdigest()


class InvoiceStatus(StrEnum):
    """Status of an invoice as users see it (product rows 74-76, X15)."""

    OPEN = "Open"
    PAID = "Paid"
    VOIDED = "Voided"
    DELETED = "Deleted"


@dataclass(frozen=True, slots=True)
class AccountingInvoice:
    """What the accounting system holds.

    :param number: the number that customers see; None in companies that number by hand.
    :param version: opaque; two versions are ordered by `updated_at`, then by it.
    :param url: opens the invoice in the accounting system.
    """

    books: Books
    id: str
    number: str | None
    status: InvoiceStatus
    url: str
    total: Decimal
    balance: Decimal
    currency: str
    due_date: date | None
    customer_id: str
    customer_name: str
    version: str
    updated_at: datetime

    def __post_init__(self) -> None:
        refuse_floats(self)

    @property
    def label(self) -> str:
        """The number, or the id where the company numbers by hand (product row 27)."""
        return self.number or self.id


@dataclass(frozen=True, slots=True)
class Submission:
    """How a submission ended: the invoice, and what the user should know of the way there."""

    invoice: AccountingInvoice
    warnings: tuple[Problem, ...] = ()


# -- writing back ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Writeback:
    """What the record shall show. Keys are the settings keys `writeback_*`; None clears the attribute."""

    values: Mapping[str, str | datetime | None]


class WritebackState(StrEnum):
    """How a writeback ended (contract §3.1)."""

    WRITTEN = "written"
    PARTIAL = "partial"
    PARKED = "parked"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class WritebackReport:
    """Which settings keys were written to which slug, and what was left out and why."""

    state: WritebackState
    fields: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()


# -- calls, credentials, capabilities ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Credential:
    """A bearer token for one service, as long as it lasts."""

    token: SecretStr
    expires_at: datetime | None = None

    @property
    def digest(self) -> str:
        """Hash that names the token in caches and never gives it away."""
        return hashlib.sha256(self.token.get_secret_value().encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class AppCall:
    """A call of the in-CRM app as it came in, before anything of it is believed.

    :param target: path with the query as the caller sent it.
    :param headers: lower-case names.
    """

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Caller:
    """Who called, after the gateway has checked it.

    :param issued_at: the signed instant of the call; orders settings snapshots.
    :param crm: the CRM's token of this workspace.
    :param accounting: the accounting system's token, when the call carried one.
    """

    gateway: str
    workspace_id: str
    user_id: str | None
    issued_at: datetime
    idempotency_key: str | None
    crm: Credential
    accounting: Credential | None


class Capability(Flag):
    """What an accounting backend can do beyond creating and reading invoices."""

    NONE = 0
    EDIT_TERMS = auto()
    EDIT_LINES = auto()
    VOID = auto()
    CHANGES = auto()
    WEBHOOKS = auto()
    MULTICURRENCY = auto()
    TAX = auto()
    SEND_EMAIL = auto()
    SANDBOX = auto()


@dataclass(frozen=True, slots=True)
class Entitlements:
    """What a workspace's plan allows.

    :param plan: name shown to users.
    :param monthly_limit: invoices a UTC month; None is unlimited.
    :param features: names of the paid features that are on.
    :param upgrade_url: where a user gets a larger plan; None when there is none.
    :param sandbox_limit: invoices a UTC month in sandbox books, where nothing is counted against the plan.
    :param notice: what a user has to know of the plan: a payment that failed (an error), the day it ends (a warning).
    :param manageable: the seller has a page on which this workspace's plan is cancelled, paid or kept.
    """

    plan: str
    monthly_limit: int | None
    features: frozenset[str]
    upgrade_url: str | None = None
    sandbox_limit: int | None = 1000
    notice: Problem | None = None
    manageable: bool = False
