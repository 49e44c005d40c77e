"""Values of a record as an invoice needs them: parsed, bounded, or refused with a sentence. Pure."""

import re
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Generic, TypeVar

from attibooks_core.invoicing.texts import clean, one_line
from attibooks_core.model import PlainValue, Provenance, RecordRef
from attibooks_core.settings import MAX_DIGITS, currency_code, plain_decimal

T = TypeVar("T")

CENT = Decimal("0.01")
MAX_AMOUNT = Decimal("99999999999.99")
"""Greatest amount that is sent: eleven digits before the point."""
MAX_DECIMALS = 10
MAX_NAME = 500
MAX_DESCRIPTION = 4000
MAX_EMAIL = 100
MAX_DUE_DAYS = 3650
MAX_LINES = 200
"""Lines of one invoice."""

_EXACT = Context(prec=100, rounding=ROUND_HALF_UP)
"""The default context keeps 28 digits, which would round a long product twice."""

_EMAIL = re.compile(r"[^\s@,;:<>()\[\]\"]+@[^\s@,;:<>()\[\]\"]+\.[^\s@,;:<>()\[\]\".]{2,}")


class BadValue(ValueError):
    """A value that is there and cannot be used.

    :param code: the problem's code.
    """

    def __init__(self, code: str, message: str, fix: str) -> None:
        super().__init__(message)
        self.code, self.message, self.fix = code, message, fix


@dataclass(frozen=True, slots=True)
class Picked(Generic[T]):
    """A value and where it came from."""

    value: T
    origin: Provenance


def amount_of(quantity: Decimal, rate: Decimal) -> Decimal:
    """Rate x quantity, rounded HALF_UP to the two decimals that the books keep (contract §4)."""
    return _EXACT.multiply(quantity, rate).quantize(CENT, context=_EXACT)


def check_amount(quantity: Decimal, rate: Decimal) -> None:
    """Refuse a product that no books keep.

    :raises BadValue: it is over the greatest amount.
    """
    if quantity * rate > MAX_AMOUNT:
        raise BadValue("too_large", f"The amount is over {MAX_AMOUNT}.", "Lower the rate or the quantity.")


def name_value(raw: PlainValue) -> str:
    """A customer's name on one line.

    :raises BadValue: it is blank or over 500 characters.
    """
    name = one_line(shown(raw))
    if not name:
        raise BadValue("missing", "The record has no name.", "Give it a name in the CRM.")
    if len(name) > MAX_NAME:
        raise BadValue("too_long", f"The name is over {MAX_NAME} characters.", "Shorten the record's name.")
    return name


def text_value(raw: PlainValue) -> str:
    """A line's description.

    :raises BadValue: it is no text, holds nothing visible, or is over 4,000 characters.
    """
    if isinstance(raw, RecordRef):
        fix = "Map an attribute with text instead in settings section 5."
        raise BadValue("wrong_type", "The service description is a reference to another record.", fix)
    text = clean(shown(raw))
    if not text:
        raise BadValue("missing", "The service description holds no visible text.", "Write one on the record.")
    if len(text) > MAX_DESCRIPTION:
        message = f"The service description has {len(text)} characters, {MAX_DESCRIPTION} are allowed."
        raise BadValue("too_long", message, "Shorten it on the record.")
    return text


def _number(raw: PlainValue, name: str) -> Decimal:
    value = None if isinstance(raw, bool | date | RecordRef) else plain_decimal(raw)
    fix = f"Write a plain number such as 12.50 as the {name} on the record."
    if value is None:
        raise BadValue("not_a_number", f"The {name} is {quoted(raw)}, which is no plain number.", fix)
    if value < 0:
        raise BadValue("negative", f"The {name} is {quoted(raw)}, which is negative.", fix)
    if value > MAX_AMOUNT:
        raise BadValue("too_large", f"The {name} is over {MAX_AMOUNT}.", fix)
    if -int(value.as_tuple().exponent) > MAX_DECIMALS:
        raise BadValue("too_precise", f"The {name} has more than {MAX_DECIMALS} decimals.", fix)
    return value


def rate_value(raw: PlainValue) -> Decimal:
    """Price of one unit.

    :raises BadValue: it is no plain decimal from 0 to the greatest amount.
    """
    return _number(raw, "rate")


def quantity_value(raw: PlainValue) -> Decimal:
    """Units or hours.

    :raises BadValue: as for the rate.
    """
    return _number(raw, "quantity")


def due_days_value(raw: PlainValue) -> int:
    """Net terms in days.

    :raises BadValue: it is no whole number from 0 to 3,650.
    """
    value = _number(raw, "number of due days")
    if value != value.to_integral_value() or value > MAX_DUE_DAYS:
        message = f"The due days are {quoted(raw)}; they have to be a whole number from 0 to {MAX_DUE_DAYS}."
        raise BadValue("wrong_value", message, "Correct the due days on the record.")
    return int(value)


def currency_value(raw: PlainValue) -> str:
    """ISO 4217 code.

    :raises BadValue: there is no such currency.
    """
    code = currency_code(raw)
    if code is None:
        message = f"{quoted(raw)} is no currency."
        raise BadValue("unknown_currency", message, "Use a three-letter code such as USD or EUR on the record.")
    return code


def email_value(raw: PlainValue) -> str:
    """One e-mail address.

    :raises BadValue: it is none, or over 100 characters.
    """
    address = raw.strip() if isinstance(raw, str) else ""
    if not _EMAIL.fullmatch(address) or len(address) > MAX_EMAIL:
        raise BadValue("invalid_email", f"{quoted(raw)} is no e-mail address.", "Correct the address on the record.")
    return address


def date_value(raw: PlainValue) -> date:
    """A calendar day; of an instant, its UTC day.

    :raises BadValue: it is no date as `YYYY-MM-DD`.
    """
    text = shown(raw)[:10] if isinstance(raw, str | date) else ""
    try:
        return date.fromisoformat(text)
    except ValueError:
        fix = "Write a date such as 2026-11-30."
        raise BadValue("not_a_date", f"{quoted(raw)} is no date.", fix) from None


def shown(raw: PlainValue) -> str:
    """A value as text, numbers plainly."""
    if isinstance(raw, Decimal):
        return format(raw, "f") if raw.is_finite() and abs(raw.adjusted()) <= MAX_DIGITS else str(raw)
    if isinstance(raw, RecordRef):
        return f"{raw.object}/{raw.record_id}"
    return raw if isinstance(raw, str) else str(raw)


def quoted(raw: PlainValue) -> str:
    """A value as a sentence names it, shortened."""
    text = one_line(shown(raw))
    return f"“{text if len(text) <= 40 else text[:39] + '…'}”"
