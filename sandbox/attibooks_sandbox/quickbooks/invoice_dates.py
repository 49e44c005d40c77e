"""Dates of an invoice: today where none is sent, the due date by terms, the closed period.

Reference: QuickBooks Online API, dates.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from attibooks_sandbox.quickbooks import faults
from attibooks_sandbox.quickbooks.company import Company
from attibooks_sandbox.quickbooks.model import Entity

DEFAULT_DUE_DAYS = 30


def today(company: Company, now: datetime) -> str:
    """Return the day in the company's time zone."""
    return now.astimezone(ZoneInfo(company.profile.timezone)).date().isoformat()


def check_open_period(company: Company, *days: str) -> None:
    """Refuse dates on or before the day on which the books were closed."""
    closed = company.profile.close_date
    if closed is not None and any(date.fromisoformat(day) <= closed for day in days):
        raise faults.books_closed()


def due_date(company: Company, txn_date: str, term_id: str | None, customer: Entity) -> str:
    """Return the due date by the invoice's term, else the customer's, else the company's, else in 30 days."""
    chosen = term_id or customer.text("SalesTermRef") or company.profile.default_terms
    term = None if chosen is None else company.find("Term", chosen)
    start = date.fromisoformat(txn_date)
    return _due(start, term).isoformat()


def _due(start: date, term: Entity | None) -> date:
    if term is None:
        return _later(start, DEFAULT_DUE_DAYS)
    if term.fields["Type"] == "DATE_DRIVEN":
        return _on_day(start, int(str(term.fields["DayOfMonthDue"])), int(str(term.fields.get("DueNextMonthDays", 0))))
    return _later(start, int(str(term.fields["DueDays"])))


def _later(start: date, days: int) -> date:
    return start + timedelta(days=min(days, (date.max - start).days))


def _on_day(start: date, day: int, grace: int) -> date:
    """Return the day of this month, or of the next when it is past or comes within the grace days."""
    this_month = _day_of_month(start, day)
    if this_month >= start and this_month - start >= timedelta(days=grace):
        return this_month
    return _day_of_month(_next_month(start), day)


def _next_month(day: date) -> date:
    return _later(day.replace(day=28), 4).replace(day=1)


def _day_of_month(month: date, day: int) -> date:
    last = _next_month(month) - timedelta(days=1)
    return month.replace(day=min(day, last.day))
