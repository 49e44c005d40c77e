"""Which customer an invoice goes to: found by link, name or e-mail address, never guessed, never made twice.

Order (product rule on customer matching): the remembered link of the record, the exact name, the one customer with
the e-mail address, a new one. Two candidates are a refusal that lists them.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec

from attibooks_core.errors import AttiBooksError, InvalidDraft
from attibooks_core.model import CompanyFacts, CustomerMatch, InvoiceDraft, Problem, RecordRef, Source
from attibooks_core.protocols import Memory, WorkspaceContext
from attibooks_quickbooks import query
from attibooks_quickbooks.client import QuickBooksClient
from attibooks_quickbooks.company import access_of
from attibooks_quickbooks.names import INACTIVE, clean_name, in_currency, name_obstacles, same_name, shown
from attibooks_quickbooks.wire import Customer

MAX_SHOWN = 5
"""Candidates that a sentence lists."""


class Link(msgspec.Struct, frozen=True):
    """What is remembered of a record: its customer, and the currency that one has."""

    id: str
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class FoundCustomer:
    """A customer that can take the invoice, or the wish for a new one.

    :param currency: what the invoice will be in.
    """

    match: CustomerMatch
    currency: str


class Customers:
    """Finds the customer of a draft by reading only."""

    def __init__(self, client: QuickBooksClient) -> None:
        self._client = client

    async def find(self, ws: WorkspaceContext, draft: InvoiceDraft, facts: CompanyFacts) -> FoundCustomer:
        """The customer of a draft.

        :raises InvalidDraft: none can be used, several could be meant, or only one that is inactive or in another
            currency.
        """
        name = clean_name(draft.customer_name)
        if problems := name_obstacles(name):
            raise refusal(problems)
        link = None if _named_by_user(draft) else await recall_link(ws.memory, draft.source)
        if link and (draft.currency is None or (link.currency or facts.home_currency) == draft.currency):
            match = CustomerMatch("remembered", link.id, "An earlier invoice of this record went to this customer.")
            return FoundCustomer(match, link.currency or facts.home_currency)
        return await self._by_name(ws, draft, facts, name)

    async def _by_name(
        self, ws: WorkspaceContext, draft: InvoiceDraft, facts: CompanyFacts, name: str
    ) -> FoundCustomer:
        wanted = draft.currency if facts.multicurrency else None
        rows = await self._client.query(access_of(ws), query.customers_named(_names(name, wanted)))
        named = pick_by_name(rows.customer, name, wanted, facts.home_currency)
        if named is not None:
            how, reason = ("chosen", "You chose this name.") if _named_by_user(draft) else ("name", _why(named, name))
            return FoundCustomer(CustomerMatch(how, named.id, reason), named.currency or facts.home_currency)
        return await self._by_email(ws, draft, facts, wanted) or FoundCustomer(
            CustomerMatch("new", None, "QuickBooks has no customer of this name or e-mail address."),
            wanted or facts.home_currency,
        )

    async def _by_email(
        self, ws: WorkspaceContext, draft: InvoiceDraft, facts: CompanyFacts, wanted: str | None
    ) -> FoundCustomer | None:
        if not draft.customer_email or _named_by_user(draft):
            return None
        rows = await self._client.query(access_of(ws), query.customers_with_email(draft.customer_email))
        found = [c for c in rows.customer if c.active]
        if len(found) > 1:
            raise refusal([_several(draft.customer_email, found)])
        if not found:
            return None
        currency = found[0].currency or facts.home_currency
        if wanted not in {None, currency}:
            raise refusal([other_currency(found[0].display_name, currency, wanted or "")])
        reason = f"“{shown(found[0].display_name)}” is the only customer with this e-mail address."
        return FoundCustomer(CustomerMatch("email", found[0].id, reason), currency)


def pick_by_name(rows: Iterable[Customer], name: str, wanted: str | None, home: str) -> Customer | None:
    """The active customer of a name, or of the name with the wanted currency behind it; None when there is neither.

    :param wanted: currency of the invoice; None takes whatever the customer has.
    :raises InvalidDraft: there is only an inactive one, or only one in another currency.
    """
    rows = list(rows)
    exact = [c for c in rows if c.active and same_name(c.display_name, name)]
    if len(exact) > 1:
        raise refusal([_several(name, exact)])
    if exact and wanted in {None, exact[0].currency or home}:
        return exact[0]
    if wanted and (twin := _twin(rows, name, wanted)):
        return twin
    if exact:
        raise refusal([other_currency(name, exact[0].currency or home, wanted or "")])
    if any(not c.active and same_name(c.display_name.removesuffix(INACTIVE), name) for c in rows):
        raise refusal([_inactive(name)])
    return None


def _twin(rows: list[Customer], name: str, currency: str) -> Customer | None:
    called = in_currency(name, currency)
    return next((c for c in rows if c.active and c.currency == currency and same_name(c.display_name, called)), None)


# -- the link between a record and a customer --------------------------------------------------------------------


async def recall_link(memory: Memory, source: RecordRef) -> Link | None:
    """The customer that the record is linked to; what cannot be read counts as none."""
    kept = await memory.recall(link_key(source))
    try:
        return msgspec.json.decode(kept, type=Link) if kept else None
    except msgspec.MsgspecError:
        return None


async def remember_link(memory: Memory, source: RecordRef, link: Link) -> None:
    """Link the record to a customer, unless it already is."""
    if await recall_link(memory, source) != link:
        await memory.remember(link_key(source), msgspec.json.encode(link).decode())


def link_key(source: RecordRef) -> str:
    """Key of the link; a long one is hashed, because the host's memory takes 200 characters."""
    key = f"customer:{source.object}:{source.record_id}"
    return key if len(key) <= 200 else f"customer:{hashlib.sha256(key.encode()).hexdigest()}"


# -- sentences ---------------------------------------------------------------------------------------------------


def refusal(problems: Sequence[Problem], *, cause: AttiBooksError | None = None) -> InvalidDraft:
    """The error that says all problems, the first one in its message.

    :param cause: what QuickBooks said, whose reference and code are kept.
    """
    first, more = problems[0], len(problems) - 1
    rest = f" ({more} more {'problem' if more == 1 else 'problems'})" if more else ""
    reference, details = (cause.reference, cause.details) if cause else (None, {})
    return InvalidDraft(f"{first.message} {first.fix}{rest}", problems=problems, reference=reference, details=details)


def other_currency(name: str, has: str, wanted: str) -> Problem:
    """The customer exists in another currency than the invoice."""
    return Problem(
        "currency",
        "customer_currency",
        f"The customer “{shown(name)}” is kept in {has} in QuickBooks and the invoice is in {wanted}.",
        f"Make a customer “{shown(in_currency(name, wanted))}” in {wanted} in QuickBooks, or change the currency.",
    )


def _several(what: str, found: list[Customer]) -> Problem:
    listed = "; ".join(f"{shown(c.display_name)}, {c.email or 'no e-mail'}, id {c.id}" for c in found[:MAX_SHOWN])
    return Problem(
        "customer_name",
        "several_customers",
        f"Several customers in QuickBooks could be meant by {shown(what)}: {listed}.",
        "Give the record the exact name of the right one, or merge them in QuickBooks.",
    )


def _inactive(name: str) -> Problem:
    return Problem(
        "customer_name",
        "inactive_customer",
        f"The customer “{shown(name)}” is inactive in QuickBooks.",
        "Make it active again there, or rename the record.",
    )


def _names(name: str, currency: str | None) -> list[str]:
    names = [name, name + INACTIVE]
    return [*names, in_currency(name, currency)] if currency else names


def _why(customer: Customer, name: str) -> str:
    if same_name(customer.display_name, name):
        return "A customer of this name exists."
    return f"“{shown(customer.display_name)}” is this customer in {customer.currency}."


def _named_by_user(draft: InvoiceDraft) -> bool:
    """What the user wrote by hand counts more than a link, and is no reason to change one."""
    written = draft.provenance.get("customer.name")
    return written is not None and written.source is Source.USER
