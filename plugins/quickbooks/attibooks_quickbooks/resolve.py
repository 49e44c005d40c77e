"""From a draft to the things of the books that it refers to: every obstacle at once, reading as little as possible."""

import asyncio
from collections.abc import Sequence
from datetime import date

from attibooks_core.errors import InvalidDraft
from attibooks_core.model import CompanyFacts, InvoiceDraft, Problem
from attibooks_core.protocols import Resolution, WorkspaceContext
from attibooks_quickbooks.client import QuickBooksClient
from attibooks_quickbooks.company import Companies
from attibooks_quickbooks.customers import Customers, Known
from attibooks_quickbooks.entries import Entries
from attibooks_quickbooks.fields import MAX_MEMO, field_obstacles, given_fields, invoice_members, looked_up
from attibooks_quickbooks.items import Items, TaxCodes, known_tax
from attibooks_quickbooks.lists import Lists
from attibooks_quickbooks.names import name_warnings
from attibooks_quickbooks.obstacles import all_or_every_obstacle

FRESH_SECONDS = 60.0
"""Facts older than this are read again before an invoice is refused because of them."""

MAX_EMAIL = 100


class Resolver:
    """Finds customer, items, tax codes and whatever else a draft refers to."""

    def __init__(self, client: QuickBooksClient, companies: Companies, lists: Lists) -> None:
        self._companies = companies
        self._customers = Customers(client)
        self._items = Items(client, lists)
        self._tax_codes = TaxCodes(client, lists)
        self._entries = Entries(client, lists)

    async def known_to_all(self, ws: WorkspaceContext, drafts: Sequence[InvoiceDraft]) -> Known:
        """What can be read for many drafts at once."""
        return await self._customers.read_for_all(ws, drafts, await self._companies.facts(ws))

    async def resolve(self, ws: WorkspaceContext, draft: InvoiceDraft, known: Known | None = None) -> Resolution:
        """What the draft refers to; a warm call with a linked customer reads nothing.

        :param known: what was read for many drafts at once.
        :raises InvalidDraft: every obstacle at once: customer, items, tax codes, mapped fields, currency, closed books;
            with the customer that was found all the same, or those that could be meant.
        """
        facts, fields = await self._facts(ws, draft), given_fields(draft)
        customer = asyncio.ensure_future(self._customers.find(ws, draft, facts, known))
        try:
            found, items, tax_codes, ids = await all_or_every_obstacle(
                [*text_obstacles(draft), *facts_obstacles(draft, facts)],
                customer,
                self._items.of(ws, draft.lines),
                self._tax_codes.of(ws, draft.lines, facts),
                self._entries.of(ws, looked_up(fields, facts)),
            )
        except InvalidDraft as refused:
            if customer.exception() is None:
                refused.match, refused.candidates = customer.result().match, customer.result().candidates
            raise
        header, detail = invoice_members(fields, ids, facts)
        references = {
            "items": items,
            "tax_codes": tax_codes,
            "currency": found.currency,
            "sends_currency": facts.multicurrency,
            "tax_excluded": facts.tax_code_required,
            "tax": known_tax(facts, tax_codes.values()),
            "header": header,
            "detail": detail,
        }
        is_called_so = found.match.how in {"name", "new"}
        return Resolution(
            found.match, references, tuple(name_warnings(draft) if is_called_so else []), found.candidates
        )

    async def _facts(self, ws: WorkspaceContext, draft: InvoiceDraft) -> CompanyFacts:
        facts = await self._companies.facts(ws)
        has_tax_codes = ws.settings.text("default_tax_code") or all(line.tax_code for line in draft.lines)
        lacks_tax_code = facts.tax_code_required and not has_tax_codes
        if not lacks_tax_code and not facts_obstacles(draft, facts):
            return facts
        is_old = (self._companies.age(ws) or 0.0) > FRESH_SECONDS  # the user may just have mended it in QuickBooks
        return await self._companies.refresh(ws) if is_old else facts


def facts_obstacles(draft: InvoiceDraft, facts: CompanyFacts) -> list[Problem]:
    """What the company's own facts have against a draft: currency, closed books, mapped fields; pure."""
    return [
        *_currency_obstacles(draft.currency, facts),
        *_closed_books(draft.invoice_date, facts),
        *field_obstacles(draft, facts),
    ]


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
