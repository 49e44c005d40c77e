"""From a draft to the things of the books that it refers to: every obstacle at once, reading as little as possible."""

import asyncio
from collections.abc import Coroutine
from datetime import date
from typing import Any

from attibooks_core.errors import InvalidDraft
from attibooks_core.model import CompanyFacts, InvoiceDraft, Problem
from attibooks_core.protocols import Resolution, WorkspaceContext
from attibooks_quickbooks.company import Companies
from attibooks_quickbooks.customers import Customers, refusal
from attibooks_quickbooks.lists import Lists
from attibooks_quickbooks.names import name_warnings

FRESH_SECONDS = 60.0
"""Facts older than this are read again before an invoice is refused because of them."""

MAX_MEMO = 1000
MAX_EMAIL = 100


class Resolver:
    """Finds customer, item and tax code of a draft."""

    def __init__(self, companies: Companies, customers: Customers, lists: Lists) -> None:
        self._companies = companies
        self._customers = customers
        self._lists = lists

    async def resolve(self, ws: WorkspaceContext, draft: InvoiceDraft) -> Resolution:
        """What the draft refers to; a warm call with a linked customer reads nothing.

        :raises InvalidDraft: every obstacle at once: customer, item, tax code, currency, closed books.
        """
        facts = await self._facts(ws, draft)
        customer, item, tax_code = await _all_or_every_obstacle(
            [*text_obstacles(draft), *facts_obstacles(draft, facts)],
            self._customers.find(ws, draft, facts),
            self._lists.item(ws),
            self._lists.tax_code(ws, facts),
        )
        references = {
            "item": item,
            "tax_code": tax_code,
            "currency": customer.currency,
            "sends_currency": facts.multicurrency,
            "tax_excluded": facts.tax_code_required,
        }
        return Resolution(customer.match, references, tuple(name_warnings(draft)))

    async def _facts(self, ws: WorkspaceContext, draft: InvoiceDraft) -> CompanyFacts:
        facts = await self._companies.facts(ws)
        lacks_tax_code = facts.tax_code_required and ws.settings.text("default_tax_code") is None
        if not lacks_tax_code and not facts_obstacles(draft, facts):
            return facts
        is_old = (self._companies.age(ws) or 0.0) > FRESH_SECONDS  # the user may just have mended it in QuickBooks
        return await self._companies.refresh(ws) if is_old else facts


def facts_obstacles(draft: InvoiceDraft, facts: CompanyFacts) -> list[Problem]:
    """What the company's own facts have against a draft: currency and closed books; pure."""
    return [*_currency_obstacles(draft.currency, facts), *_closed_books(draft.invoice_date, facts)]


def text_obstacles(draft: InvoiceDraft) -> list[Problem]:
    """Texts that are too long for QuickBooks; nothing is ever cut."""
    found = []
    if len(draft.memo or "") > MAX_MEMO:
        found.append(_too_long("memo", "memo", MAX_MEMO))
    if len(draft.customer_email or "") > MAX_EMAIL:
        found.append(_too_long("customer_email", "e-mail address", MAX_EMAIL))
    return found


def _currency_obstacles(currency: str | None, facts: CompanyFacts) -> list[Problem]:
    if currency is None or currency in facts.currencies:
        return []
    if not facts.multicurrency:
        code = "single_currency"
        message = f"{facts.name} keeps its books in {facts.home_currency} only and the invoice is in {currency}."
        fix = f"Use {facts.home_currency}, or turn on Multicurrency in QuickBooks."
    else:
        code = "inactive_currency"
        message = f"{currency} is not an active currency of {facts.name}."
        fix = f"Add {currency} under Currencies in QuickBooks, or use one of: {', '.join(sorted(facts.currencies))}."
    return [Problem("currency", code, message, fix)]


def _closed_books(invoice_date: date, facts: CompanyFacts) -> list[Problem]:
    closed = _date(facts.extra.get("book_close_date"))
    if closed is None or invoice_date > closed:
        return []
    message = f"The books of {facts.name} are closed up to {closed} and the invoice is dated {invoice_date}."
    fix = "Use a later date, or ask the accountant to open the period."
    return [Problem("invoice_date", "closed_books", message, fix)]


def _too_long(field: str, what: str, limit: int) -> Problem:
    return Problem(field, "too_long", f"The {what} is longer than {limit} characters.", "Shorten it.")


def _date(text: object) -> date | None:
    try:
        return date.fromisoformat(text[:10]) if isinstance(text, str) else None
    except ValueError:
        return None


async def _all_or_every_obstacle(found: list[Problem], *calls: Coroutine[Any, Any, Any]) -> list[Any]:
    """The results of all calls; their refusals are gathered, any other error is raised."""
    ends = await asyncio.gather(*calls, return_exceptions=True)
    problems = list(found)
    for end in ends:
        if isinstance(end, InvalidDraft):
            problems.extend(end.problems)
        elif isinstance(end, BaseException):
            raise end
    if problems:
        raise refusal(problems)
    return list(ends)
