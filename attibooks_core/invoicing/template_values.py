"""What a text template works with: the values of one invoice, and how they read as text and as numbers.

Every function here is total: it answers or raises `BadTemplate`. No text grows beyond `MAX_OUTPUT` and no number
beyond `MAX_DIGITS` digits, so no template can make the host compute for long.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Context, Decimal, DecimalException

from attibooks_core.invoicing.texts import did_you_mean, one_line
from attibooks_core.model import PlainValue, RecordRef
from attibooks_core.settings import MAX_DIGITS

MAX_OUTPUT = 4000
"""Longest text that a template, or any part of it, may make: what QuickBooks takes as a line's description."""

MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
"""Invoices are in English whatever the host's locale is."""

EXACT = Context(prec=80, rounding=ROUND_HALF_UP)
"""Sums, differences and products: as long as a record's numbers can be, nothing is rounded."""
QUOTIENT = Context(prec=28, rounding=ROUND_HALF_UP)
"""Quotients: they may have no end."""

_CORRECT = "Correct the template."


class BadTemplate(ValueError):
    """A template that is not allowed, or that cannot be filled in for this record.

    :param code: the problem's code.
    :param message: what is wrong, one sentence.
    :param fix: what to do, one sentence.
    """

    def __init__(self, message: str, *, code: str = "bad_template", fix: str = _CORRECT) -> None:
        super().__init__(message)
        self.code, self.message, self.fix = code, message, fix


class NoValue(BadTemplate):
    """A value that the record does not have; `default` stands in for it, and `is defined` asks."""


@dataclass(frozen=True, slots=True)
class TemplateValues:
    """What the names in a template stand for.

    :param record: attribute slug -> its first value; None for an attribute that is empty.
    :param today: the invoice's date; `date`, `period`, `month`, `year` and `quarter` follow from it.
    :param line: the same of the related record that makes the line; None where there is none.
    """

    record: Mapping[str, PlainValue | None]
    today: date
    line: Mapping[str, PlainValue | None] | None = None


RECORDS: Mapping[str, Callable[[TemplateValues], Mapping[str, PlainValue | None] | None]] = {
    "record": lambda values: values.record,
    "line": lambda values: values.line,
}
"""The names that have attributes."""

NAMES: Mapping[str, Callable[[TemplateValues], PlainValue]] = {
    "date": lambda values: values.today,
    "period": lambda values: f"{MONTHS[values.today.month - 1]} {values.today.year}",
    "month": lambda values: MONTHS[values.today.month - 1],
    "year": lambda values: Decimal(values.today.year),
    "quarter": lambda values: f"Q{(values.today.month + 2) // 3}",
}
"""The names that are values: `2026-11-23`, `November 2026`, `November`, `2026`, `Q4`."""


def attribute(owner: str, slug: str, values: TemplateValues) -> PlainValue:
    """The value of `record.slug` or `line.slug`.

    :raises NoValue: for an attribute that is unknown or blank.
    """
    known = RECORDS[owner](values)
    if known is None:
        fix = "Use `line` only in descriptions of lines that come from related records."
        raise NoValue(f"There is no `{owner}` here, so `{owner}.{slug}` has no value.", code="missing", fix=fix)
    if slug not in known:
        message = f"`{slug}` is no attribute of the {owner}.{did_you_mean(slug, known)}"
        raise NoValue(message, code="unknown_attribute", fix="Correct the slug in the template.")
    value = known[slug]
    if value is None or (isinstance(value, str) and (not value or value.isspace())):
        fix = f"Fill it, or write {{{{ {owner}.{slug} | default('...') }}}} in the template."
        raise NoValue(f"There is no value in the attribute `{slug}` of the {owner}.", code="missing", fix=fix)
    return _sane(value) if isinstance(value, Decimal) else value


def as_text(value: PlainValue) -> str:
    """How a value reads in a text: numbers without exponents, dates as 2026-11-23."""
    if isinstance(value, RecordRef):
        fix = "Use an attribute with text instead."
        raise BadTemplate(f"A value is a reference to a record of {value.object}.", code="wrong_type", fix=fix)
    return capped(format(value, "f") if isinstance(value, Decimal) else str(value))


def as_number(value: PlainValue) -> Decimal:
    """A value to calculate with; text is none, even when it looks like one."""
    if isinstance(value, Decimal):
        return value
    raise BadTemplate(f"{quoted(as_text(value))} is no number to calculate with.", code="not_a_number")


def calculated(operation: Callable[..., Decimal], *operands: PlainValue) -> Decimal:
    """The result of one operation on numbers."""
    numbers = [as_number(operand) for operand in operands]
    try:
        return _sane(operation(*numbers))
    except DecimalException:
        what = " and ".join(as_text(number) for number in numbers)
        raise BadTemplate(f"The template calculates with {what}, which has no result.", code="wrong_value") from None


def capped(text: str) -> str:
    """The text, when it is not too long."""
    return joined((text,))


def joined(parts: Iterable[str]) -> str:
    """One text of many; nothing is built that is too long."""
    taken, room = [], MAX_OUTPUT
    for part in parts:
        room -= len(part)
        if room < 0:
            raise too_long()
        taken.append(part)
    return "".join(taken)


def too_long() -> BadTemplate:
    """The refusal of a text that is over the cap: it is never cut silently."""
    fix = "Shorten the template, or cut a long value with `truncate(200)`."
    return BadTemplate(f"The text has over {MAX_OUTPUT} characters.", code="too_long", fix=fix)


def quoted(text: str) -> str:
    """A piece of somebody's text, short enough for a message."""
    text = one_line(text[:200])
    return f"“{text if len(text) <= 40 else text[:39] + '…'}”"


def _sane(number: Decimal) -> Decimal:
    if not number.is_finite() or abs(number.adjusted()) > MAX_DIGITS:
        raise BadTemplate(f"A number has more than {MAX_DIGITS} digits, or is none.", code="too_large")
    return EXACT.plus(number)
