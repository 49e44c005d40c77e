"""The body of an edit: a sparse update whose lines are those that were read, with what the person changed; pure.

A sparse update replaces all lines, and a member that is left out of a line is cleared (QuickBooks reference, update).
So every line goes back as it was sent, members that nobody here knows included and every digit as it was, and only
what differs is written anew. `SubTotal` lines are QuickBooks' own and are left out.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import msgspec
from msgspec import Raw

from attibooks_core.lifecycle import EditedLine, InvoiceEdit, LiveInvoice, LiveLine
from attibooks_core.model import Problem
from attibooks_quickbooks.fields import MAX_MEMO
from attibooks_quickbooks.live import SALES
from attibooks_quickbooks.mapping import amount_of, encoded, number
from attibooks_quickbooks.names import plain

RawObject: TypeAlias = dict[str, Raw]

_SUBTOTAL, _DISCOUNT = "SubTotalLineDetail", "DiscountLineDetail"


@dataclass(frozen=True, slots=True)
class Found:
    """Ids that were looked up for lines, by the line's place in the edit; a line that is not in it keeps its own.

    :param tax_codes: None where QuickBooks needs none.
    """

    items: Mapping[int, str | None] = field(default_factory=dict)
    tax_codes: Mapping[int, str | None] = field(default_factory=dict)


def needs_item(line: EditedLine, old: LiveLine | None) -> bool:
    """Whether the item of a line has to be looked up: it is a new line, or another item is named."""
    return old is None or line.item not in {None, "", old.item}


def needs_tax_code(line: EditedLine, old: LiveLine | None) -> bool:
    """The same for its tax code."""
    return old is None or line.tax_code not in {None, "", old.tax_code}


def before(live: LiveInvoice, edit: InvoiceEdit) -> list[LiveLine | None]:
    """What each line of an edit was; None is a new one."""
    known = {line.id: line for line in live.lines}
    return [known.get(line.id) if line.id else None for line in edit.lines]


def obstacles(live: LiveInvoice, edit: InvoiceEdit) -> list[Problem]:
    """What can be said against an edit without asking QuickBooks."""
    found: list[Problem] = []
    if len(edit.memo or "") > MAX_MEMO:
        message = f"The memo is longer than {MAX_MEMO} characters."
        found.append(Problem("memo", "too_long", message, "Shorten it."))
    known, seen = {line.id for line in live.lines}, set[str]()
    for n, line in enumerate(edit.lines):
        if line.id is not None and (line.id not in known or line.id in seen):
            code = "unknown_line" if line.id not in known else "duplicate_line"
            message = f"The invoice has no {'other ' if code == 'duplicate_line' else ''}line with the id {line.id}."
            found.append(Problem(f"lines.{n}.id", code, message, "Open the dialog again, or send null for a new line."))
        seen.add(line.id or "")
    return found


def edit_body(live: LiveInvoice, edit: InvoiceEdit, found: Found) -> str:
    """The controlled fields, and nothing else."""
    body: dict[str, object] = {"Id": live.invoice.id, "SyncToken": live.invoice.version, "sparse": True}
    if "due_date" in edit.touched and edit.due_date is not None:
        body["DueDate"] = edit.due_date.isoformat()
    if "memo" in edit.touched:
        body["CustomerMemo"] = {"value": plain(edit.memo or "")}
    if "lines" in edit.touched:
        body["Line"] = _lines(live, edit, found)
    return encoded(body)


# -- lines -------------------------------------------------------------------------------------------------------


def _lines(live: LiveInvoice, edit: InvoiceEdit, found: Found) -> list[RawObject]:
    """The whole list: edited lines in their order, each followed by what stood behind it and cannot be edited."""
    raw = [line for line in _raw_lines(live) if _text(line, "DetailType") != _SUBTOTAL]
    old = {_text(line, "Id"): line for line in raw if _text(line, "DetailType") == SALES}
    followers = dict(_followers(raw, {line.id or "" for line in edit.lines}))
    made = list(followers.get("", []))
    for n, (line, was) in enumerate(zip(edit.lines, before(live, edit), strict=True)):
        made.append(_edited(old[was.id], was, line, n, found) if was else _new(line, n, found))
        made += followers.get(was.id, []) if was else []
    return [*made, *(line for line in raw if _text(line, "DetailType") == _DISCOUNT)]


def _followers(raw: Sequence[RawObject], kept: set[str]) -> Iterator[tuple[str, list[RawObject]]]:
    """Texts and bundles by the line before them that stays; discounts come last of all."""
    anchor, behind = "", list[RawObject]()
    for line in raw:
        kind, line_id = _text(line, "DetailType"), _text(line, "Id")
        if kind == SALES and line_id in kept:
            yield anchor, behind
            anchor, behind = line_id, []
        elif kind not in {SALES, _DISCOUNT}:
            behind.append(line)
    yield anchor, behind


def _raw_lines(live: LiveInvoice) -> list[RawObject]:
    invoice = msgspec.json.decode(live.raw, type=RawObject)
    return msgspec.json.decode(invoice["Line"], type=list[RawObject]) if "Line" in invoice else []


def _edited(raw: RawObject, was: LiveLine, line: EditedLine, n: int, found: Found) -> RawObject:
    """A line as it was, but for what is different."""
    changed, detail = dict(raw), msgspec.json.decode(raw[SALES], type=RawObject)
    if line.description != was.description:
        changed["Description"] = _raw(plain(line.description))
    if line.figures != was.figures:
        changed["Amount"] = number(amount_of(line))
        detail.update(Qty=number(line.quantity), UnitPrice=number(line.rate))
    if n in found.items:
        detail["ItemRef"] = _raw({"value": found.items[n]})
        detail.pop("ItemAccountRef", None)  # the other item has one of its own
    if n in found.tax_codes:
        detail["TaxCodeRef"] = _raw({"value": found.tax_codes[n]})
    changed[SALES] = _raw(detail)
    return changed


def _new(line: EditedLine, n: int, found: Found) -> RawObject:
    detail = {"ItemRef": _raw({"value": found.items[n]})}
    detail |= {"Qty": number(line.quantity), "UnitPrice": number(line.rate)}
    if (tax_code := found.tax_codes[n]) is not None:
        detail["TaxCodeRef"] = _raw({"value": tax_code})
    return {
        "DetailType": _raw(SALES),
        "Amount": number(amount_of(line)),
        "Description": _raw(plain(line.description)),
        SALES: _raw(detail),
    }


def _raw(value: object) -> Raw:
    return Raw(msgspec.json.encode(value))


def _text(raw: RawObject, name: str) -> str:
    """A member that is a text; QuickBooks writes ids as such."""
    value = msgspec.json.decode(raw[name]) if name in raw else ""
    return value if isinstance(value, str) else str(value)
