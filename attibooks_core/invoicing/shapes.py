"""The shapes of contract §3.1, as msgspec structs: what answers hold, also the kept ones."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from msgspec import Struct, field

from attibooks_core.model import AccountingInvoice, Entitlements, Problem, Severity, WritebackReport
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
            upgrade_available=entitlements.monthly_limit is not None,
        )


class CreatedShape(Struct, frozen=True, kw_only=True):
    """The answer to a create."""

    invoice: InvoiceShape
    writeback: WritebackShape
    usage: UsageShape
    warnings: list[ProblemShape]


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
