"""Which item and which tax code stand on each line: what the line says, else the setting, else the usual one."""

from collections.abc import Iterable, Mapping, Sequence

from attibooks_core.model import CompanyFacts, DraftLine
from attibooks_core.protocols import WorkspaceContext
from attibooks_quickbooks import query
from attibooks_quickbooks.client import QuickBooksClient
from attibooks_quickbooks.company import access_of, together
from attibooks_quickbooks.lists import Answer, Lists, asked_by, is_id, settled
from attibooks_quickbooks.misses import Miss, listed, unknown
from attibooks_quickbooks.names import same_name, shown
from attibooks_quickbooks.wire import Item, TaxCode

USUAL_ITEM = "Services"
"""The item that every company of QuickBooks begins with."""

US_TAX_CODES = ("TAX", "NON")
UNSELLABLE = frozenset({"Category"})


class Items:
    """Finds items by id or exact name."""

    def __init__(self, client: QuickBooksClient, lists: Lists) -> None:
        self._client = client
        self._lists = lists

    async def of(self, ws: WorkspaceContext, lines: Sequence[DraftLine]) -> dict[str, str | None]:
        """Ids by what the lines say; lines without an item have the one that is set, else the usual one.

        :raises InvalidDraft: on `lines.N.item` or `default_item`, with what could be taken.
        """
        asked = asked_by((line.item for line in lines), "item", ws.settings.text("default_item"))
        return settled(asked, await self._lists.ids(ws, "item", asked, lambda texts: self._read(ws, texts)))

    async def _read(self, ws: WorkspaceContext, texts: Sequence[str]) -> Mapping[str, Answer]:
        named = [text for text in texts if text]
        rows, services = await together(self._named(ws, named), self._services(ws, is_wanted="" in texts))
        found = {text: _chosen_item(text, rows) for text in named}
        if any(answer is None for answer in found.values()):
            services = services or await self._services(ws, is_wanted=True)
        names = [item.name for item in services if item.active]
        answers = {text: answer or unknown(text, "item", names) for text, answer in found.items()}
        return {**answers, "": _usual_item(services)} if "" in texts else answers

    async def _named(self, ws: WorkspaceContext, texts: Sequence[str]) -> list[Item]:
        """Items of these ids or names; digits are looked for as a name only when they are no id."""
        ids, names = [t for t in texts if is_id(t)], [t for t in texts if not is_id(t)]
        rows: list[Item] = []
        for more in await together(
            *([self._items(ws, query.items_with_ids(ids))] if ids else []),
            *([self._items(ws, query.items_named(names))] if names else []),
        ):
            rows += more
        known = {item.id for item in rows}
        lost = [item_id for item_id in ids if item_id not in known]
        return [*rows, *await self._items(ws, query.items_named(lost))] if lost else rows

    async def _services(self, ws: WorkspaceContext, *, is_wanted: bool) -> list[Item]:
        services = await self._items(ws, query.service_items()) if is_wanted else []
        if len(services) == query.PAGE:  # there may be more, and the usual one among those
            services = [*await self._items(ws, query.items_named([USUAL_ITEM])), *services]
        return services

    async def _items(self, ws: WorkspaceContext, statement: str) -> list[Item]:
        return (await self._client.query(access_of(ws), statement)).item


class TaxCodes:
    """Finds tax codes by id or exact name."""

    def __init__(self, client: QuickBooksClient, lists: Lists) -> None:
        self._client = client
        self._lists = lists

    async def of(self, ws: WorkspaceContext, lines: Sequence[DraftLine], facts: CompanyFacts) -> dict[str, str | None]:
        """Ids by what the lines say; None where QuickBooks needs none or chooses itself.

        :raises InvalidDraft: on `lines.N.tax_code` or `default_tax_code`: none is there where one is needed, or it is
            unknown.
        """
        asked = asked_by((line.tax_code for line in lines), "tax_code", ws.settings.text("default_tax_code"))
        if facts.country == "US":
            return settled(asked, {text: _us_tax_code(text) for text in asked})
        if not facts.tax_code_required:
            return settled(asked, dict.fromkeys(asked))
        named = [text for text in asked if text]
        found = await self._lists.ids(ws, "tax_code", named, lambda texts: self._read(ws, texts))
        return settled(asked, {**found, "": _no_tax_code(facts)})

    async def _read(self, ws: WorkspaceContext, texts: Sequence[str]) -> Mapping[str, Answer]:
        rows = (await self._client.query(access_of(ws), query.tax_codes())).tax_code
        codes = [c for c in rows if c.active and c.id not in US_TAX_CODES]
        return {text: _chosen_code(text, codes) for text in texts}


def known_tax(facts: CompanyFacts, tax_codes: Iterable[str | None]) -> str | None:
    """The tax of an invoice with these tax codes, when it is sure without asking QuickBooks; pure."""
    untaxed = not facts.extra.get("sales_tax") or (facts.country == "US" and set(tax_codes) == {"NON"})
    return "0.00" if untaxed else None


def _chosen_item(wanted: str, rows: Sequence[Item]) -> Answer | None:
    """The item of an id or name among those read; None when there is none of it at all."""
    found = [i for i in rows if i.id == wanted] or [
        i for i in rows if same_name(i.name.removesuffix(" (deleted)"), wanted)
    ]
    usable = [i for i in found if i.active and i.type not in UNSELLABLE]
    if len(usable) == 1:
        return usable[0].id
    return Miss("bad_item", _why_not(wanted, found, usable), "Choose another one") if found else None


def _usual_item(items: Sequence[Item]) -> Answer:
    active = [i for i in items if i.active and i.type not in UNSELLABLE]
    usual = next((i for i in active if same_name(i.name, USUAL_ITEM)), None)
    if usual is None and len(active) == 1:
        usual = active[0]
    if usual is not None:
        return usual.id
    if not active:
        text = "QuickBooks has no active service item to put on the lines."
        return Miss("missing_item", text, "Make one in QuickBooks under Products and services, or choose an item")
    text = f"QuickBooks has several service items and none is called “{USUAL_ITEM}”: {listed(i.name for i in active)}."
    return Miss("missing_item", text, "Choose one")


def _why_not(wanted: str, found: Sequence[Item], usable: Sequence[Item]) -> str:
    if usable:
        return f"Several items in QuickBooks are called “{shown(wanted)}”: ids {', '.join(i.id for i in usable)}."
    reason = "a category" if found[0].type in UNSELLABLE else "inactive"
    return f"The item “{shown(wanted)}” is {reason} in QuickBooks and cannot stand on an invoice."


def _us_tax_code(wanted: str) -> Answer | None:
    if not wanted or wanted.upper() in US_TAX_CODES:
        return wanted.upper() or None
    text = f"A company in the US knows only TAX and NON as tax code of a line, not “{shown(wanted)}”."
    return Miss("unknown_tax_code", text, "Take TAX or NON, or clear it,")


def _no_tax_code(facts: CompanyFacts) -> Miss:
    text = f"{facts.name} uses sales tax outside the US: every line needs a tax code, and none is set."
    return Miss("missing_tax_code", text, "Set it")


def _chosen_code(wanted: str, codes: Sequence[TaxCode]) -> Answer:
    found = next((c for c in codes if c.id == wanted), None) or next(
        (c for c in codes if same_name(c.name, wanted)), None
    )
    return found.id if found else unknown(wanted, "tax code", [c.name for c in codes])
