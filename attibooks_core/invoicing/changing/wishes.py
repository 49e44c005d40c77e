"""What a person wants to be different: read, checked against the invoice as it stands, every problem at once. Pure."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

from msgspec import UNSET, Struct, UnsetType

from attibooks_core.invoicing.edits import LineEdit, Text
from attibooks_core.invoicing.parts import Parts, typed
from attibooks_core.invoicing.texts import clean
from attibooks_core.invoicing.values import (
    MAX_LINES,
    BadValue,
    check_amount,
    date_value,
    quantity_value,
    rate_value,
    text_value,
)
from attibooks_core.lifecycle import EDITABLE, EditedLine, InvoiceEdit, LiveInvoice, LiveLine
from attibooks_core.model import Problem
from attibooks_core.settings import plain_decimal

_IN_DIALOG = "Enter one in the dialog."


class Wishes(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Edits of an invoice (contract §3): absent is as it is, a null memo is none; `lines` is the whole list."""

    due_date: Text = UNSET
    memo: Text = UNSET
    lines: list[LineEdit] | UnsetType = UNSET

    @property
    def touched(self) -> frozenset[str]:
        """The parts that are named."""
        return frozenset(part for part in EDITABLE if getattr(self, part) is not UNSET)


def is_outdated(live: LiveInvoice, version: str, touched: frozenset[str]) -> bool:
    """Whether one of these parts is not what it was at a version (`LiveInvoice.version`, or the books' own alone)."""
    if version in {live.version, live.invoice.version}:
        return False
    _, *marks = version.rsplit(".", len(EDITABLE))
    before = dict(zip(EDITABLE, marks, strict=False))
    return any(before.get(part) != live.fingerprints[part] for part in touched)


def remaining(live: LiveInvoice, edit: InvoiceEdit) -> InvoiceEdit:
    """What of an edit is not so yet; nothing is touched when the invoice is as it was wanted."""
    same = {
        "due_date": edit.due_date == live.invoice.due_date,
        "memo": (edit.memo or None) == (live.invoice.memo or None),
        "lines": _same_lines(live.lines, edit.lines),
    }
    return replace(edit, touched=frozenset(part for part in edit.touched if not same[part]))


def is_fulfilled(live: LiveInvoice, edit: InvoiceEdit) -> bool:
    """Whether an edit that may have been sent is what the invoice says; new lines have got an id by then."""
    lines = edit.lines
    if len(lines) == len(live.lines):
        lines = tuple(_with_id(line, was) for line, was in zip(lines, live.lines, strict=True))
    return not remaining(live, replace(edit, lines=lines)).touched


def _with_id(line: EditedLine, was: LiveLine) -> EditedLine:
    return line if line.id is not None else replace(line, id=was.id, item=was.item, tax_code=was.tax_code)


def read_wishes(live: LiveInvoice, wishes: Wishes) -> tuple[InvoiceEdit, list[Problem]]:
    """The edit, cut down to what is different; a value that cannot be used is a problem and stands in for nothing."""
    parts = Parts()
    edit = InvoiceEdit(
        touched=wishes.touched,
        due_date=_due_date(parts, wishes.due_date),
        memo=None if wishes.memo is UNSET else clean(wishes.memo or "") or None,
        lines=() if wishes.lines is UNSET else _lines(parts, live, wishes.lines),
    )
    edit = remaining(live, edit)
    locked = [_locked(part, live.locked[part]) for part in EDITABLE if part in edit.touched and part in live.locked]
    return edit, [*locked, *parts.problems]


def _locked(part: str, reason: str) -> Problem:
    return Problem(part, "locked", reason, "Leave this part as it is.")


def _due_date(parts: Parts, given: Text) -> date | None:
    if given is UNSET:
        return None
    if not (given or "").strip():
        parts.refuse("due_date", BadValue("missing", "An invoice has a due date.", _IN_DIALOG))
        return None
    return parts.parsed("due_date", date_value, given or "")


def _lines(parts: Parts, live: LiveInvoice, given: Sequence[LineEdit]) -> tuple[EditedLine, ...]:
    if not given:
        parts.refuse("lines", BadValue("missing", "The invoice has no line.", "Add one in the dialog."))
    if len(given) > max(MAX_LINES, len(live.lines)):
        message = f"The invoice has {len(given)} lines, {MAX_LINES} are allowed."
        parts.refuse("lines", BadValue("too_many", message, "Remove some, or make several invoices."))
    known = {line.id: line for line in live.lines}
    return tuple(_line(parts, f"lines.{n}", line, known.get(line.id or "")) for n, line in enumerate(given))


def _line(parts: Parts, at: str, given: LineEdit, was: LiveLine | None) -> EditedLine:
    """One line; what comes back as it was, or not at all, stays as it is, whatever rules there are for new values."""
    quantity, rate = (None, None) if was is None else was.figures
    description: str | None = None if was is None else was.description
    if was is None or given.description not in {None, was.description}:
        description = parts.of_line(at, "description", typed(given.description), text_value)
    if was is None or (given.quantity is not None and plain_decimal(given.quantity) != quantity):
        quantity = parts.of_line(at, "quantity", typed(given.quantity), quantity_value)
    if was is None or (given.rate is not None and plain_decimal(given.rate) != rate):
        rate = parts.of_line(at, "rate", typed(given.rate), rate_value)
    if quantity is not None and rate is not None:
        parts.parsed(f"{at}.rate", lambda _: check_amount(quantity, rate), "")
    return EditedLine(
        id=given.id,
        description=description or "",
        quantity=Decimal(1) if quantity is None else quantity,
        rate=Decimal(0) if rate is None else rate,
        item=given.item or None,
        tax_code=given.tax_code or None,
    )


def _same_lines(before: Sequence[LiveLine], after: Sequence[EditedLine]) -> bool:
    return len(before) == len(after) and all(_is_same(b, a) for b, a in zip(before, after, strict=True))


def _is_same(was: LiveLine, line: EditedLine) -> bool:
    """Whether a line says what it said; an item or tax code that is not named is the one that was."""
    named = line.item in {None, was.item} and line.tax_code in {None, was.tax_code}
    return line.id == was.id and named and _says_the_same(was, line)


def _says_the_same(was: LiveLine, line: EditedLine) -> bool:
    return line.description == was.description and line.figures == was.figures
