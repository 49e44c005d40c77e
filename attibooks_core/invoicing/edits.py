"""What a person changed in the review dialog, put over a draft. Pure; the person's word is the last one."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeAlias, TypeVar

from msgspec import UNSET, Struct, UnsetType

from attibooks_core.invoicing.parts import FIX, Figure, Parts, typed
from attibooks_core.invoicing.texts import clean
from attibooks_core.invoicing.values import (
    MAX_LINES,
    BadValue,
    check_amount,
    currency_value,
    date_value,
    email_value,
    name_value,
    quantity_value,
    quoted,
    rate_value,
    text_value,
)
from attibooks_core.model import DraftSketch, LineSketch, PlainValue, Problem, Provenance, Source

T = TypeVar("T")

Text: TypeAlias = str | UnsetType | None

_LINE_FIELDS = ("service_description", "rate", "quantity", "lines")


class LineEdit(Struct, forbid_unknown_fields=True, kw_only=True):
    """One line as it shall be. `amount` is what the dialog showed; rate and quantity decide.

    :param id: None: the books have no line yet that an edit could name.
    """

    description: str | None = None
    quantity: Figure = None
    rate: Figure = None
    id: str | None = None
    amount: Figure = None
    item: str | None = None
    tax_code: str | None = None


class Edits(Struct, forbid_unknown_fields=True, kw_only=True):
    """Edits of a draft (contract §3.1): absent is as drafted, null is without; `lines` is the whole list."""

    customer_id: Text = UNSET
    customer_name: Text = UNSET
    email: Text = UNSET
    currency: Text = UNSET
    invoice_date: Text = UNSET
    due_date: Text = UNSET
    memo: Text = UNSET
    lines: list[LineEdit] | UnsetType = UNSET

    @property
    def choose_the_customer(self) -> bool:
        """Whether they say whom the invoice goes to, or in which currency, which a customer has one of."""
        return any(value is not UNSET for value in (self.customer_id, self.customer_name, self.email, self.currency))

    @property
    def concern_the_books(self) -> bool:
        """Whether they change what has to be looked up in the books: customer, currency, date, items, tax codes."""
        return self.choose_the_customer or self.invoice_date is not UNSET or self.lines is not UNSET


def edited(sketch: DraftSketch, edits: Edits) -> DraftSketch:
    """The draft as the person wants it; what they wrote replaces the obstacles that it was about."""
    return _Editor(sketch).apply(edits)


class _Editor:
    """Takes edits one by one and keeps what is wrong with them."""

    def __init__(self, sketch: DraftSketch) -> None:
        self._sketch = sketch
        self._parts = Parts(sketch.problems)
        self._provenance = dict(sketch.provenance)

    def apply(self, edits: Edits) -> DraftSketch:
        self._customer(edits)
        self._set("customer_email", "customer.email", "customer_email", edits.email, email_value)
        self._set("currency", "currency", "currency", edits.currency, currency_value)
        self._set("due_date", "due_date", "due_days", edits.due_date, date_value)
        self._set("memo", "memo", "memo", edits.memo, lambda raw: clean(str(raw)))
        self._invoice_date(edits.invoice_date)
        if edits.lines is not UNSET:
            self._lines(edits.lines)
        return replace(self._sketch, problems=tuple(self._parts.problems), provenance=self._provenance)

    def _customer(self, edits: Edits) -> None:
        if edits.customer_name is not UNSET:
            self._set("customer_name", "customer.name", "customer_name", edits.customer_name, name_value)
            self._sketch = replace(self._sketch, customer_id=None)
            if self._sketch.customer_name is None and not self._has("customer_name"):
                self._parts.refuse("customer_name", BadValue("missing", "The customer has no name.", FIX))
        if edits.customer_id is not UNSET:
            self._clear("customer_name")
            self._sketch = replace(self._sketch, customer_id=edits.customer_id or None)
            self._provenance["customer.id"] = _by_user(edits.customer_id)
        if edits.customer_id and not edits.customer_id.isalnum():
            message = f"{quoted(edits.customer_id)} is no customer's id."
            self._parts.refuse("customer_name", BadValue("unknown_customer", message, "Choose one of the candidates."))

    def _invoice_date(self, given: Text) -> None:
        if given is UNSET:
            return
        day = self._parts.parsed("invoice_date", date_value, given or "")
        if day is not None:
            self._sketch = replace(self._sketch, invoice_date=day)
            self._provenance["invoice_date"] = _by_user(given)

    def _lines(self, lines: Sequence[LineEdit]) -> None:
        self._parts.problems = [p for p in self._parts.problems if not _is_of_lines(p)]
        self._provenance = {path: o for path, o in self._provenance.items() if not path.startswith("lines.")}
        if not lines:
            self._parts.refuse("lines", BadValue("missing", "The invoice has no line.", "Add one in the dialog."))
        if len(lines) > MAX_LINES:
            message = f"The invoice has {len(lines)} lines, {MAX_LINES} are allowed."
            self._parts.refuse("lines", BadValue("too_many", message, "Remove some, or make several invoices."))
        made = tuple(self._line(f"lines.{n}", line) for n, line in enumerate(lines[:MAX_LINES]))
        self._sketch = replace(self._sketch, lines=made)

    def _line(self, at: str, edit: LineEdit) -> LineSketch:
        if edit.id is not None:
            message = f"The draft has no line {quoted(edit.id)}."
            self._parts.refuse(f"{at}.id", BadValue("unknown_line", message, "Send null as the id of every line."))
        description = self._part(at, "description", edit.description, text_value)
        quantity = self._part(at, "quantity", edit.quantity, quantity_value)
        rate = self._part(at, "rate", edit.rate, rate_value)
        if quantity is not None and rate is not None:
            self._parts.parsed(f"{at}.rate", lambda _: check_amount(quantity, rate), "")
        return LineSketch(description, quantity, rate, edit.item or None, edit.tax_code or None)

    def _part(self, at: str, part: str, given: Figure, parse: Callable[[PlainValue], T]) -> T | None:
        raw = typed(given)
        self._provenance[f"{at}.{part}"] = _by_user(raw)
        return self._parts.of_line(at, part, raw, parse)

    def _set(self, member: str, path: str, field: str, given: Text, parse: Callable[[PlainValue], Any]) -> None:
        """Set a member of the draft, or clear it; blank text counts as null."""
        if given is UNSET:
            return
        self._clear(field)
        blank = given is None or not given.strip()
        value = None if blank else self._parts.parsed(field, parse, str(given))
        changes: dict[str, Any] = {member: value or None}
        self._sketch = replace(self._sketch, **changes)
        self._provenance[path] = _by_user(given)

    def _has(self, field: str) -> bool:
        return any(p.field == field for p in self._parts.problems)

    def _clear(self, field: str) -> None:
        self._parts.problems = [p for p in self._parts.problems if p.field != field]


def _is_of_lines(problem: Problem) -> bool:
    return problem.field in _LINE_FIELDS or problem.field.startswith("lines.")


def _by_user(given: Text) -> Provenance:
    return Provenance(Source.USER, None, "" if given is None or given is UNSET else str(given))
