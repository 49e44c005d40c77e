"""Who the company is and how it keeps its books: read, kept for a day, and checked on demand."""

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from attibooks_core.errors import (
    AccountMismatch,
    AttiBooksError,
    ConnectionProblem,
    Down,
    NotConnected,
    PermissionMissing,
    RateLimited,
    ReconnectNeeded,
)
from attibooks_core.model import Books, CompanyFacts, ConnectionState
from attibooks_core.protocols import Clock, ConnectionStatus, WorkspaceContext
from attibooks_quickbooks import query
from attibooks_quickbooks.cache import ExpiringCache, SingleFlight
from attibooks_quickbooks.client import ONCE, Access, QuickBooksClient
from attibooks_quickbooks.fields import custom_fields, fields_of
from attibooks_quickbooks.settings import ENVIRONMENTS, books_of
from attibooks_quickbooks.wire import CompanyInfo, CompanyInfoAnswer, Preferences, PreferencesAnswer

Scope: TypeAlias = tuple[str, str, str]
"""Workspace, environment and realm: nothing that is kept for one may be seen by another."""

KEEP_SECONDS = 86400.0
MAX_COMPANIES = 1024


def access_of(ws: WorkspaceContext) -> Access:
    """The company that the settings name, and the token that came with the call.

    :raises InvalidSettings: no company id is set.
    :raises NotConnected: the call brought no token.
    """
    books = books_of(ws.settings)
    if ws.accounting is None:
        raise NotConnected("QuickBooks is not connected. Connect it in settings section 1.")
    return Access(books, ws.accounting)


def scope_of(ws: WorkspaceContext) -> Scope:
    """What everything that is kept is keyed by."""
    books = books_of(ws.settings)
    return ws.workspace_id, books.environment, books.company_id


class Companies:
    """Facts of companies, kept for 24 hours or until a fault says that they changed."""

    def __init__(self, client: QuickBooksClient, clock: Clock) -> None:
        self._client = client
        self._kept: ExpiringCache[Scope, CompanyFacts] = ExpiringCache(clock, size=MAX_COMPANIES, seconds=KEEP_SECONDS)
        self._flights = SingleFlight()

    async def facts(self, ws: WorkspaceContext) -> CompanyFacts:
        """What is kept, else what is read (two or three calls).

        :raises ConnectionProblem: the token does not open the company.
        :raises Unavailable: QuickBooks does not answer.
        """
        return self._kept.get(scope_of(ws)) or await self.refresh(ws)

    async def refresh(self, ws: WorkspaceContext) -> CompanyFacts:
        """Read anew and keep that; several callers with one token share one reading. Raises as `facts` does."""
        access, scope = access_of(ws), scope_of(ws)
        facts = await self._flights.run((scope, access.credential.digest), lambda: self._load(access))
        self._kept.put(scope, facts)
        return facts

    def age(self, ws: WorkspaceContext) -> float | None:
        """Seconds since the facts were read; None when none are kept."""
        return self._kept.age(scope_of(ws))

    def drop(self, ws: WorkspaceContext) -> None:
        """Keep the facts no longer."""
        self._kept.drop(scope_of(ws))

    async def check(self, ws: WorkspaceContext) -> ConnectionStatus:
        """Ask QuickBooks who it is, past what is kept (contract, connection/status).

        :raises InvalidSettings: no company id is set: there is nothing to ask for.
        """
        books = books_of(ws.settings)
        try:
            facts = await self.refresh(ws)
        except AttiBooksError as error:
            if isinstance(error, ConnectionProblem):
                self.drop(ws)  # the next invoice is refused before it writes anything
            return await self._failed(ws, books, error)
        return ConnectionStatus(ConnectionState.CONNECTED, _connected(facts), facts)

    async def _failed(self, ws: WorkspaceContext, books: Books, error: AttiBooksError) -> ConnectionStatus:
        if isinstance(error, AccountMismatch):
            other = await self._opens_elsewhere(access_of(ws))
            state = ConnectionState.WRONG_ENVIRONMENT if other else ConnectionState.WRONG_COMPANY
            return ConnectionStatus(state, _mismatch(books, other), reference=error.reference)
        return ConnectionStatus(_state_of(error), _told(error), reference=error.reference)

    async def _opens_elsewhere(self, access: Access) -> str | None:
        """The other environment, when the token opens the company there."""
        other = next(e for e in ENVIRONMENTS if e != access.books.environment)
        elsewhere = Access(Books(access.books.backend, other, access.books.company_id), access.credential)
        try:
            await self._client.read(elsewhere, _info_path(elsewhere), CompanyInfoAnswer, policy=ONCE)
        except AttiBooksError:
            return None
        return other

    async def _load(self, access: Access) -> CompanyFacts:
        info, preferences = await together(
            self._client.read(access, _info_path(access), CompanyInfoAnswer),
            self._client.read(access, "preferences", PreferencesAnswer),
        )
        facts = facts_from(access.books, info.company_info, preferences.preferences)
        if not facts.multicurrency:
            return facts
        rows = await self._client.query(access, query.company_currencies())
        return with_currencies(facts, {row.code for row in rows.company_currency if row.active})


async def together(*calls: Coroutine[Any, Any, Any]) -> list[Any]:
    """All calls at once; none is left running when one of them fails, and the first failure is raised."""
    ends = await asyncio.gather(*calls, return_exceptions=True)
    for end in ends:
        if isinstance(end, BaseException):
            raise end
    return list(ends)


def facts_from(books: Books, info: CompanyInfo, preferences: Preferences) -> CompanyFacts:
    """What building an invoice needs to know, without the currencies of the list; pure.

    :raises Down: the answer names no home currency, so it is no answer.
    """
    country = _country(info)
    home = _home_currency(preferences, country)
    sales_tax = bool(preferences.tax_prefs.using_sales_tax)
    extra = _extra(preferences)
    return CompanyFacts(
        books=books,
        name=info.company_name or info.legal_name or books.company_id,
        country=country,
        home_currency=home,
        multicurrency=bool(preferences.currency_prefs.multi_currency_enabled),
        currencies=frozenset({home}),
        tax_code_required=sales_tax and country not in {"US", ""},
        timezone=_zone(info.default_time_zone),
        extra=extra,
        fields=fields_of(extra),
    )


def with_currencies(facts: CompanyFacts, codes: set[str]) -> CompanyFacts:
    """The same company with the active currencies of its list; the home currency need not be in there."""
    return replace(facts, currencies=facts.currencies | codes)


def _extra(preferences: Preferences) -> dict[str, str | bool | None]:
    """What this plugin alone understands; None where QuickBooks does not say."""
    accounting = preferences.accounting_info_prefs
    return {
        "book_close_date": accounting.book_close_date,
        "custom_numbers": bool(preferences.sales_forms_prefs.custom_txn_numbers),
        "sales_tax": bool(preferences.tax_prefs.using_sales_tax),
        "class_per_invoice": accounting.class_tracking_per_txn,
        "class_per_line": accounting.class_tracking_per_txn_line,
        "locations": accounting.track_departments,
        **custom_fields(preferences),
    }


def _info_path(access: Access) -> str:
    return f"companyinfo/{access.books.company_id}"


def _country(info: CompanyInfo) -> str:
    """Two letters; the address may say `USA` since autumn 2025. Empty when QuickBooks does not say."""
    country = info.country or (info.company_addr.country if info.company_addr else None) or ""
    country = country.strip().upper()
    return "US" if country == "USA" else country


def _home_currency(preferences: Preferences, country: str) -> str:
    home = preferences.currency_prefs.home_currency
    if home and home.value:
        return home.value
    if country == "US":
        return "USD"
    raise Down("QuickBooks does not say which currency the company keeps its books in. Try again in a few minutes.")


def _zone(name: str | None) -> str | None:
    try:
        return ZoneInfo(name).key if name else None
    except (OSError, ValueError, LookupError):
        return None


def _state_of(error: AttiBooksError) -> ConnectionState:
    if isinstance(error, NotConnected):
        return ConnectionState.NEVER_CONNECTED
    if isinstance(error, ReconnectNeeded | PermissionMissing):
        return ConnectionState.TOKEN_REVOKED
    return ConnectionState.RATE_LIMITED if isinstance(error, RateLimited) else ConnectionState.BACKEND_DOWN


def _told(error: AttiBooksError) -> str:
    """Two sentences, also where QuickBooks' own words are all there is."""
    return f"QuickBooks refused the check. It says: {error.message}" if error.message.startswith("[") else error.message


def _connected(facts: CompanyFacts) -> str:
    books = facts.books
    where = "test invoices" if books.environment == "sandbox" else "invoices"
    return (
        f"Connected to {facts.name} (company {books.company_id}, {books.environment}). AttiBooks makes {where} there."
    )


def _mismatch(books: Books, other: str | None) -> str:
    if other:
        message = (
            f"The connection opens company {books.company_id} in {other}, but the settings say {books.environment}."
        )
        return f"{message} Set Environment to {other} in settings section 1, or connect to {books.environment} again."
    message = f"The connection does not open company {books.company_id} in {books.environment}."
    return f"{message} Correct the Company ID in settings section 7, or connect again and choose that company."
