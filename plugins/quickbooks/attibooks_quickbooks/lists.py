"""Which item and which tax code stand on the lines: from the settings, checked once, kept for a day.

Only what was found is kept. What was not found is looked for again each time, so that a user who has just made the
item need not wait.
"""

from collections.abc import Awaitable, Callable, Iterable
from difflib import get_close_matches
from typing import TypeAlias

from attibooks_core.errors import InvalidDraft
from attibooks_core.model import CompanyFacts, Problem
from attibooks_core.protocols import Clock, WorkspaceContext
from attibooks_quickbooks import query
from attibooks_quickbooks.cache import ExpiringCache, SingleFlight
from attibooks_quickbooks.client import QuickBooksClient
from attibooks_quickbooks.company import KEEP_SECONDS, Scope, access_of, scope_of
from attibooks_quickbooks.customers import refusal
from attibooks_quickbooks.names import same_name, shown
from attibooks_quickbooks.wire import Item, TaxCode

ListKey: TypeAlias = tuple[Scope, str, str]
"""Scope, kind of list, and what the setting says."""

USUAL_ITEM = "Services"
"""The item that every company of QuickBooks begins with."""

US_TAX_CODES = ("TAX", "NON")
UNSELLABLE = frozenset({"Category"})
MAX_ENTRIES = 4096
MAX_SHOWN = 8

_WHERE = "settings section 7 (Advanced)"


class Lists:
    """Finds item and tax code by id or exact name."""

    def __init__(self, client: QuickBooksClient, clock: Clock) -> None:
        self._client = client
        self._kept: ExpiringCache[ListKey, str] = ExpiringCache(clock, size=MAX_ENTRIES, seconds=KEEP_SECONDS)
        self._flights = SingleFlight()

    async def item(self, ws: WorkspaceContext) -> str:
        """Id of the item for the lines: the one that is set, else `Services`, else the only service item.

        :raises InvalidDraft: on `default_item`, with what could be set.
        """
        wanted = ws.settings.text("default_item")
        return await self._once(ws, "item", wanted, lambda: self._item(ws, wanted))

    async def tax_code(self, ws: WorkspaceContext, facts: CompanyFacts) -> str | None:
        """Id of the tax code for the lines; None when QuickBooks needs none or chooses itself.

        :raises InvalidDraft: on `default_tax_code`: none is set where one is needed, or the one set is unknown.
        """
        wanted = ws.settings.text("default_tax_code")
        if facts.country == "US":
            return _us_tax_code(wanted)
        if not facts.tax_code_required:
            return None
        if wanted is None:
            text = f"{facts.name} uses sales tax outside the US: every line needs a tax code, and none is set."
            raise _refused("default_tax_code", "missing_tax_code", text, f"Set it in {_WHERE}.")
        return await self._once(ws, "tax_code", wanted, lambda: self._tax_code(ws, wanted))

    def drop(self, ws: WorkspaceContext) -> None:
        """Keep nothing of this workspace's company any longer."""
        scope = scope_of(ws)
        self._kept.drop_where(lambda key: key[0] == scope)

    async def _once(
        self, ws: WorkspaceContext, kind: str, wanted: str | None, find: Callable[[], Awaitable[str]]
    ) -> str:
        key: ListKey = (scope_of(ws), kind, wanted or "")
        kept = self._kept.get(key)
        if kept is None:
            kept = await self._flights.run((key, access_of(ws).credential.digest), find)
            self._kept.put(key, kept)
        return kept

    async def _item(self, ws: WorkspaceContext, wanted: str | None) -> str:
        if wanted is None:
            return await self._usual_item(ws)
        found = await self._items(ws, query.item_with_id(wanted)) if wanted.isascii() and wanted.isdigit() else []
        found = found or await self._items(ws, query.items_named(wanted))
        usable = [i for i in found if i.active and i.type not in UNSELLABLE]
        if len(usable) == 1:
            return usable[0].id
        if found:
            text = _why_not(wanted, found, usable)
            raise _refused("default_item", "bad_item", text, f"Choose another one in {_WHERE}.")
        offered = await self._items(ws, query.service_items())
        raise _unknown(wanted, "item", "default_item", [i.name for i in offered if i.active])

    async def _usual_item(self, ws: WorkspaceContext) -> str:
        services = await self._items(ws, query.service_items())
        if len(services) == query.PAGE:  # there may be more, and the usual one among those
            services = [*await self._items(ws, query.items_named(USUAL_ITEM)), *services]
        return _usual_item(services)

    async def _items(self, ws: WorkspaceContext, statement: str) -> list[Item]:
        return (await self._client.query(access_of(ws), statement)).item

    async def _tax_code(self, ws: WorkspaceContext, wanted: str) -> str:
        rows = (await self._client.query(access_of(ws), query.tax_codes())).tax_code
        codes = [c for c in rows if c.active and c.id not in US_TAX_CODES]
        found = next((c for c in codes if c.id == wanted), None) or _named(codes, wanted)
        if found is None:
            raise _unknown(wanted, "tax code", "default_tax_code", [c.name for c in codes])
        return found.id


def _usual_item(items: list[Item]) -> str:
    active = [i for i in items if i.active and i.type not in UNSELLABLE]
    usual = next((i for i in active if same_name(i.name, USUAL_ITEM)), None)
    if usual is None and len(active) == 1:
        usual = active[0]
    if usual is not None:
        return usual.id
    if not active:
        text = "QuickBooks has no active service item to put on the lines."
        raise _refused("default_item", "missing_item", text, "Make one in QuickBooks under Products and services.")
    text = f"QuickBooks has several service items and none is called “{USUAL_ITEM}”: {_listed(i.name for i in active)}."
    raise _refused("default_item", "missing_item", text, f"Choose one in {_WHERE}.")


def _why_not(wanted: str, found: list[Item], usable: list[Item]) -> str:
    if usable:
        return f"Several items in QuickBooks are called “{shown(wanted)}”: ids {', '.join(i.id for i in usable)}."
    reason = "a category" if found[0].type in UNSELLABLE else "inactive"
    return f"The item “{shown(wanted)}” is {reason} in QuickBooks and cannot stand on an invoice."


def _us_tax_code(wanted: str | None) -> str | None:
    if wanted is None or wanted.upper() in US_TAX_CODES:
        return wanted.upper() if wanted else None
    text = f"A company in the US knows only TAX and NON as tax code of a line, not “{shown(wanted)}”."
    raise _refused("default_tax_code", "unknown_tax_code", text, f"Set TAX or NON, or clear it, in {_WHERE}.")


def _named(codes: list[TaxCode], name: str) -> TaxCode | None:
    return next((c for c in codes if same_name(c.name, name)), None)


def _unknown(wanted: str, what: str, key: str, names: list[str]) -> InvalidDraft:
    close = get_close_matches(wanted.casefold(), {n.casefold(): n for n in names}, n=1)
    meant = next((n for n in names if close and n.casefold() == close[0]), None)
    fix = f"Did you mean “{meant}”? Correct it in {_WHERE}." if meant else f"Choose one in {_WHERE}: {_listed(names)}."
    text = f"QuickBooks has no active {what} “{shown(wanted)}”."
    return _refused(key, "unknown_" + what.replace(" ", "_"), text, fix)


def _listed(names: Iterable[str]) -> str:
    names = list(names)
    more = f" and {len(names) - MAX_SHOWN} more" if len(names) > MAX_SHOWN else ""
    return ", ".join(shown(n) for n in names[:MAX_SHOWN]) + more if names else "there is none"


def _refused(key: str, code: str, message: str, fix: str) -> InvalidDraft:
    return refusal([Problem(key, code, message, fix)])
