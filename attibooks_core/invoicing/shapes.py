"""The shapes of contract §3.1, as msgspec structs: what answers hold, also the kept ones."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from msgspec import Struct, field

from attibooks_core.invoicing.values import amount_of
from attibooks_core.model import AccountingInvoice, Entitlements, LineSketch, Problem, Severity, WritebackReport
from attibooks_core.plans.quota import resets_at
from attibooks_core.storage.usage import Counter


class ProblemShape(Struct, frozen=True, kw_only=True):
    """One obstacle or warning and the step that removes it."""

    field: str
    code: str
    message: str
    fix: str
    severity: Severity

    @classmethod
    def of(cls, problem: Problem) -> "ProblemShape":
        """From the model."""
        return cls(
            field=problem.field,
            code=problem.code,
            message=problem.message,
            fix=problem.fix,
            severity=problem.severity,
        )


class InvoiceShape(Struct, frozen=True, kw_only=True):
    """An invoice; amounts are strings with two decimals."""

    id: str
    number: str | None
    status: str
    url: str
    total: str
    balance: str
    currency: str
    due_date: date | None
    customer_name: str
    version: str
    environment: str

    @classmethod
    def of(cls, invoice: AccountingInvoice) -> "InvoiceShape":
        """From the model."""
        return cls(
            id=invoice.id,
            number=invoice.number,
            status=invoice.status.value,
            url=invoice.url,
            total=money(invoice.total),
            balance=money(invoice.balance),
            currency=invoice.currency,
            due_date=invoice.due_date,
            customer_name=invoice.customer_name,
            version=invoice.version,
            environment=invoice.books.environment,
        )


class MatchShape(Struct, frozen=True, kw_only=True):
    """Which customer it is, and why; `id` null is one still to be made."""

    how: str
    id: str | None
    reason: str


class CandidateShape(Struct, frozen=True, kw_only=True):
    """A customer that could be meant."""

    id: str
    name: str
    email: str | None
    reason: str


class CustomerShape(Struct, frozen=True, kw_only=True):
    """Whom the invoice goes to; `match` null while the books cannot say."""

    name: str | None
    email: str | None
    match: MatchShape | None
    candidates: list[CandidateShape]


class LineShape(Struct, frozen=True, kw_only=True):
    """A line; `id` null until the books have it, any other null is missing or left to the settings."""

    id: str | None
    description: str | None
    quantity: str | None
    rate: str | None
    amount: str | None
    item: str | None
    tax_code: str | None

    @classmethod
    def of(cls, line: LineSketch) -> "LineShape":
        """From a draft."""
        whole = line.quantity is not None and line.rate is not None
        return cls(
            id=None,
            description=line.description,
            quantity=exact(line.quantity),
            rate=exact(line.rate),
            amount=money(amount_of(line.quantity, line.rate)) if whole else None,  # type: ignore[arg-type]
            item=line.item,
            tax_code=line.tax_code,
        )


class DraftShape(Struct, frozen=True, kw_only=True):
    """What we intend to send; `tax` and `total` null when only the books will know them."""

    customer: CustomerShape
    currency: str | None
    invoice_date: date
    due_date: date | None
    memo: str | None
    lines: list[LineShape]
    subtotal: str
    tax: str | None
    total: str | None


class OriginShape(Struct, frozen=True, kw_only=True):
    """Where a value came from."""

    source: str
    slug: str | None
    text: str


class RequestShape(Struct, frozen=True, kw_only=True):
    """One write as it will cross the wire; `body` is the exact text."""

    method: str
    path: str
    body: str


class PreviewShape(Struct, frozen=True, kw_only=True):
    """The answer to a preview; `payload` is empty while there are obstacles."""

    draft: DraftShape
    draft_token: str | None
    provenance: dict[str, OriginShape]
    obstacles: list[ProblemShape]
    warnings: list[ProblemShape]
    payload: list[RequestShape]


class WritebackShape(Struct, frozen=True, kw_only=True):
    """What became of the record's fields."""

    state: str
    fields: Mapping[str, str]
    problems: list[ProblemShape]

    @classmethod
    def of(cls, report: WritebackReport) -> "WritebackShape":
        """From the model."""
        problems = [ProblemShape.of(p) for p in report.problems]
        return cls(state=report.state.value, fields=dict(report.fields), problems=problems)


class UsageShape(Struct, frozen=True, kw_only=True):
    """The plan and what is used of it; `limit` null is unlimited."""

    plan: str
    used: int
    held: int
    limit: int | None
    resets_at: datetime
    upgrade_available: bool

    @classmethod
    def of(cls, entitlements: Entitlements, counter: Counter, now: datetime) -> "UsageShape":
        """From the plan and the counter of this month."""
        return cls(
            plan=entitlements.plan,
            used=counter.used,
            held=counter.held,
            limit=entitlements.monthly_limit,
            resets_at=resets_at(now),
            upgrade_available=entitlements.upgrade_url is not None,
        )


class CreatedShape(Struct, frozen=True, kw_only=True):
    """The answer to a create."""

    invoice: InvoiceShape
    writeback: WritebackShape
    usage: UsageShape
    warnings: list[ProblemShape]


class MadeShape(Struct, frozen=True, kw_only=True):
    """What is kept of an invoice that was made together with others, until its record shows it and after."""

    invoice: InvoiceShape
    warnings: list[ProblemShape]


class BatchRecordShape(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of one record of a batch; `error` is a body of contract §5."""

    record_id: str
    outcome: str
    invoice: InvoiceShape | None = None
    error: dict[str, Any] | None = None


class BatchShape(Struct, frozen=True, kw_only=True):
    """The result of a batch: how many, and each record in the order in which it was given."""

    created: int
    refused: int
    failed: int
    records: list[BatchRecordShape]


class ErrorShape(Struct, frozen=True, kw_only=True):
    """An error as it is kept under a key: enough to say it again."""

    kind: str
    message: str
    code: str
    problems: list[ProblemShape] = field(default_factory=list)
    reference: str | None = None
    details: dict[str, Any] = field(default_factory=dict)


def money(value: Decimal) -> str:
    """An amount as the contract writes it: two decimals."""
    return f"{value:.2f}"


def exact(value: Decimal | None) -> str | None:
    """A rate or quantity as the contract writes it: every digit, no exponent."""
    return None if value is None else format(value, "f")
