"""Which customer an invoice goes to: chosen, or found by link, name or e-mail address, never guessed or made twice.

Order (product rule on customer matching): the user's choice, the remembered link of the record, the exact name, the one
customer with the e-mail address, a new one. Two candidates are a refusal that lists them. Whoever else could be meant
is a candidate for a person; candidates cost no reading of their own.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import msgspec

from attibooks_core.errors import InvalidDraft
from attibooks_core.model import Candidate, CompanyFacts, CustomerMatch, InvoiceDraft, Problem, RecordRef, Source
from attibooks_core.protocols import Memory, WorkspaceContext
from attibooks_quickbooks import query
from attibooks_quickbooks.client import QuickBooksClient
from attibooks_quickbooks.company import access_of, together
from attibooks_quickbooks.likeness import candidates_of, spellings
from attibooks_quickbooks.names import (
    INACTIVE,
    clean_name,
    folded,
    in_currency,
    name_obstacles,
    same_name,
    same_names,
    shown,
)
from attibooks_quickbooks.obstacles import refusal
from attibooks_quickbooks.wire import Customer

SLICE = 300
"""Names or addresses that one query asks for: their rows stay far below the 1,000 of a page."""

MAX_SHOWN = 5
"""Customers that a sentence lists."""

NAMED_BY_HAND = CustomerMatch("chosen", None, "You chose this name.")
"""How a customer is found whose name the user wrote; it has its id then."""


class Link(msgspec.Struct, frozen=True):
    """What is remembered of a record: its customer, and the currency that one has."""

    id: str
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class FoundCustomer:
    """A customer that can take the invoice, or the wish for a new one.

    :param currency: what the invoice will be in.
    :param candidates: customers that could be meant as well.
    """

    match: CustomerMatch
    currency: str
    candidates: tuple[Candidate, ...] = ()


@dataclass(frozen=True, slots=True)
class Known:
    """What was read for many drafts at once.

    :param addresses: those that were asked for.
    """

    named: Sequence[Customer]
    addressed: Sequence[Customer]
    addresses: frozenset[str]

    def at(self, address: str) -> list[Customer] | None:
        """Active customers with this main address; None when nobody asked."""
        if address not in self.addresses:
            return None
        return [c for c in self.addressed if (c.email or "").casefold() == address.casefold()]


class Customers:
    """Finds the customer of a draft by reading only."""

    def __init__(self, client: QuickBooksClient) -> None:
        self._client = client

    async def find(
        self, ws: WorkspaceContext, draft: InvoiceDraft, facts: CompanyFacts, known: Known | None = None
    ) -> FoundCustomer:
        """The customer of a draft.

        :param known: what was read for many drafts at once; None reads for this one.
        :raises InvalidDraft: none can be used, several could be meant, or only one that is inactive or in another
            currency; with the candidates among those that were read.
        """
        if draft.customer_id is not None:
            return await self._chosen(ws, draft, facts, draft.customer_id)
        name = clean_name(draft.customer_name)
        if problems := name_obstacles(name):
            raise refusal(problems)
        if link := await _usable_link(ws, draft, facts):
            match = CustomerMatch("remembered", link.id, "An earlier invoice of this record went to this customer.")
            return FoundCustomer(match, link.currency or facts.home_currency)
        return await self._searched(ws, draft, facts, name, known)

    async def read_for_all(self, ws: WorkspaceContext, drafts: Iterable[InvoiceDraft], facts: CompanyFacts) -> Known:
        """Customers for many drafts in few calls: by name, then by address for the names that nobody has.

        Nobody chooses among candidates here, so other spellings are not asked for.
        """
        searched = [d for d in drafts if await self._is_searched(ws, d, facts)]
        names = {same for d in searched for same in _exact_names(clean_name(d.customer_name), _wanted(d, facts))}
        named = await self._slices(ws, query.customers_of, sorted(names))
        taken = {folded(c.display_name) for c in named}
        nameless = [d for d in searched if folded(clean_name(d.customer_name)) not in taken]
        addresses = {d.customer_email for d in nameless if d.customer_email and not _named_by_user(d)}
        return Known(named, await self._slices(ws, query.customers_at, sorted(addresses)), frozenset(addresses))

    async def _is_searched(self, ws: WorkspaceContext, draft: InvoiceDraft, facts: CompanyFacts) -> bool:
        if draft.customer_id is not None or name_obstacles(clean_name(draft.customer_name)):
            return False
        return await _usable_link(ws, draft, facts) is None

    async def _slices(
        self, ws: WorkspaceContext, statement: Callable[[Iterable[str]], str], values: Sequence[str]
    ) -> list[Customer]:
        slices = [values[start : start + SLICE] for start in range(0, len(values), SLICE)]
        rows = await together(*(self._rows(ws, statement(some)) for some in slices))
        return [customer for some in rows for customer in some]

    async def _chosen(
        self, ws: WorkspaceContext, draft: InvoiceDraft, facts: CompanyFacts, customer_id: str
    ) -> FoundCustomer:
        is_id = customer_id.isascii() and customer_id.isdigit()
        rows = (await self._rows(ws, query.customer_with_id(customer_id))) if is_id else []
        found = next((c for c in rows if c.id == customer_id), None)
        if found is None:
            raise refusal([_unknown(customer_id)])
        if not found.active:
            raise refusal([_inactive(found.display_name.removesuffix(INACTIVE))])
        currency = found.currency or facts.home_currency
        if facts.multicurrency and draft.currency not in {None, currency}:
            problem = other_currency(found.display_name, currency, draft.currency or "")
            raise refusal([replace(problem, field="customer_name")])
        reason = f"You chose “{shown(found.display_name)}”."
        return FoundCustomer(CustomerMatch("chosen", found.id, reason), currency)

    async def _searched(
        self, ws: WorkspaceContext, draft: InvoiceDraft, facts: CompanyFacts, name: str, known: Known | None
    ) -> FoundCustomer:
        """The customer of a name or address, and who else could be meant among those that were read for it."""
        seen: list[Customer] = []
        try:
            found = await self._by_name(ws, draft, facts, name, seen, known=known)
        except InvalidDraft as refused:
            refused.candidates = candidates_of(seen, name, draft.customer_email, None)
            raise
        return replace(found, candidates=candidates_of(seen, name, draft.customer_email, found.match.id))

    async def _by_name(
        self,
        ws: WorkspaceContext,
        draft: InvoiceDraft,
        facts: CompanyFacts,
        name: str,
        seen: list[Customer],
        *,
        known: Known | None,
    ) -> FoundCustomer:
        wanted = _wanted(draft, facts)
        seen.extend(known.named if known else await self._rows(ws, query.customers_named(_names(name, wanted))))
        named = pick_by_name(seen, name, wanted, facts.home_currency)
        if named is not None:
            match = CustomerMatch("name", named.id, _why(named, name))
            match = replace(NAMED_BY_HAND, id=named.id) if _named_by_user(draft) else match
            return FoundCustomer(match, named.currency or facts.home_currency)
        return await self._by_email(ws, draft, facts, wanted, seen, known=known) or FoundCustomer(
            CustomerMatch("new", None, "QuickBooks has no customer of this name or e-mail address."),
            wanted or facts.home_currency,
        )

    async def _by_email(
        self,
        ws: WorkspaceContext,
        draft: InvoiceDraft,
        facts: CompanyFacts,
        wanted: str | None,
        seen: list[Customer],
        *,
        known: Known | None,
    ) -> FoundCustomer | None:
        if not draft.customer_email or _named_by_user(draft):
            return None
        rows = known.at(draft.customer_email) if known else None
        if rows is None:
            rows = await self._rows(ws, query.customers_with_email(draft.customer_email))
        seen.extend(rows)
        found = [c for c in rows if c.active]
        if len(found) > 1:
            raise refusal([_several(draft.customer_email, found)])
        if not found:
            return None
        currency = found[0].currency or facts.home_currency
        if wanted not in {None, currency}:
            raise refusal([other_currency(found[0].display_name, currency, wanted or "")])
        reason = f"“{shown(found[0].display_name)}” is the only customer with this e-mail address."
        return FoundCustomer(CustomerMatch("email", found[0].id, reason), currency)

    async def _rows(self, ws: WorkspaceContext, statement: str) -> list[Customer]:
        return (await self._client.query(access_of(ws), statement)).customer


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


def is_worth_remembering(match: CustomerMatch) -> bool:
    """Whether the record is linked to the customer from now on; a name written for one invoice changes no link."""
    return match.how != "remembered" and replace(match, id=None) != NAMED_BY_HAND


async def remember_link(memory: Memory, source: RecordRef, link: Link) -> None:
    """Link the record to a customer, unless it already is."""
    if await recall_link(memory, source) != link:
        await memory.remember(link_key(source), msgspec.json.encode(link).decode())


def link_key(source: RecordRef) -> str:
    """Key of the link; a long one is hashed, because the host's memory takes 200 characters."""
    key = f"customer:{source.object}:{source.record_id}"
    return key if len(key) <= 200 else f"customer:{hashlib.sha256(key.encode()).hexdigest()}"


# -- sentences ---------------------------------------------------------------------------------------------------


def other_currency(name: str, has: str, wanted: str) -> Problem:
    """The customer exists in another currency than the invoice."""
    return Problem(
        "currency",
        "customer_currency",
        f"The customer “{shown(name)}” is kept in {has} in QuickBooks and the invoice is in {wanted}.",
        f"Make a customer “{shown(in_currency(name, wanted))}” in {wanted} in QuickBooks, choose another customer in"
        " custom mode, or change the currency.",
    )


def _several(what: str, found: list[Customer]) -> Problem:
    listed = "; ".join(f"{shown(c.display_name)}, {c.email or 'no e-mail'}, id {c.id}" for c in found[:MAX_SHOWN])
    return Problem(
        "customer_name",
        "several_customers",
        f"Several customers in QuickBooks could be meant by {shown(what)}: {listed}.",
        "Choose the right one in custom mode, give the record its exact name, or merge them in QuickBooks.",
    )


def _inactive(name: str) -> Problem:
    return Problem(
        "customer_name",
        "inactive_customer",
        f"The customer “{shown(name)}” is inactive in QuickBooks.",
        "Make it active again there, choose another customer in custom mode, or rename the record.",
    )


def _unknown(customer_id: str) -> Problem:
    return Problem(
        "customer_name",
        "unknown_customer",
        f"QuickBooks has no customer with the id {shown(customer_id)} that was chosen; it may have been merged.",
        "Choose another customer in custom mode.",
    )


def _names(name: str, currency: str | None) -> list[str]:
    return list(dict.fromkeys([*_exact_names(name, currency), *spellings(name)]))


def _exact_names(name: str, currency: str | None) -> list[str]:
    twin = [in_currency(name, currency)] if currency else []
    forms = [form + ending for form in same_names(name) for ending in ("", INACTIVE)]
    return [*forms, *twin]


def _wanted(draft: InvoiceDraft, facts: CompanyFacts) -> str | None:
    """The currency that the customer has to have."""
    return draft.currency if facts.multicurrency else None


async def _usable_link(ws: WorkspaceContext, draft: InvoiceDraft, facts: CompanyFacts) -> Link | None:
    link = None if _named_by_user(draft) else await recall_link(ws.memory, draft.customer_record or draft.source)
    fits = link and (draft.currency is None or (link.currency or facts.home_currency) == draft.currency)
    return link if fits else None


def _why(customer: Customer, name: str) -> str:
    if same_name(customer.display_name, name):
        return "A customer of this name exists."
    return f"“{shown(customer.display_name)}” is this customer in {customer.currency}."


def _named_by_user(draft: InvoiceDraft) -> bool:
    """What the user wrote by hand counts more than a link, and is no reason to change one."""
    written = draft.provenance.get("customer.name")
    return written is not None and written.source is Source.USER
