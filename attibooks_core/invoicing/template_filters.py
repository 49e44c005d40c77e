"""The filters of text templates: what may stand behind a bar, `{{ record.name | upper }}`.

They are named and behave as Jinja2's, but for `date` and `money`, which are ours, and `truncate`, which never leaves
more than it is told. Their arguments are fixed texts and numbers, so that a template is judged when it is saved.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, TypeAlias

from attibooks_core.invoicing.template_values import (
    EXACT,
    MAX_OUTPUT,
    MONTHS,
    BadTemplate,
    as_text,
    calculated,
    capped,
    quoted,
    too_long,
)
from attibooks_core.model import PlainValue

Apply: TypeAlias = Callable[[PlainValue], PlainValue]

MAX_PLACES = 10
MAX_TITLE = 500
"""Longest text that `title` takes: it costs twenty times what the other filters do."""
CENT = Decimal("0.01")
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

_GAP = re.compile(r"([-\s({\[<]+)")
_DIRECTIVE = re.compile(r"%(-?.|\Z)", re.DOTALL)
_DIRECTIVES: Mapping[str, Callable[[date], str]] = {
    "Y": lambda day: f"{day.year:04}",
    "y": lambda day: f"{day.year % 100:02}",
    "m": lambda day: f"{day.month:02}",
    "-m": lambda day: f"{day.month}",
    "B": lambda day: MONTHS[day.month - 1],
    "b": lambda day: MONTHS[day.month - 1][:3],
    "d": lambda day: f"{day.day:02}",
    "-d": lambda day: f"{day.day}",
    "A": lambda day: DAYS[day.weekday()],
    "a": lambda day: DAYS[day.weekday()][:3],
    "%": lambda _: "%",
}
"""Of `strftime`, what prints the same on every machine."""


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter: `make` takes the arguments and gives the function.

    :param takes: types of the arguments, `str` or `int`.
    :param needed: how many of them have to be given.
    """

    make: Callable[..., Apply]
    takes: tuple[type, ...] = ()
    needed: int = 0

    def with_arguments(self, name: str, arguments: list[Any]) -> Apply:
        """The function of a filter as it is used in a template.

        :raises BadTemplate: when the arguments are not what it takes.
        """
        fits = self.needed <= len(arguments) <= len(self.takes)
        if not fits or any(type(a) is not kind for a, kind in zip(arguments, self.takes, strict=False)):
            kinds = " and ".join("a fixed text" if kind is str else "a whole number" for kind in self.takes)
            raise BadTemplate(f"The filter `{name}` takes {kinds or 'no argument'}.")
        return self.make(*arguments)


def title(text: str) -> str:
    """Every word with a capital letter; `O'NEIL` becomes `O'neil`, as in Jinja2."""
    if len(text) > MAX_TITLE:
        fix = "Leave the filter away, or cut the text first with `truncate(200)`."
        raise BadTemplate(f"The filter `title` is for texts of up to {MAX_TITLE} characters.", code="too_long", fix=fix)
    return "".join(map(str.capitalize, _GAP.split(text)))


def _on_text(function: Callable[[str], str]) -> Filter:
    return Filter(lambda: lambda value: capped(function(as_text(value))))


def _replace(old: str, new: str) -> Apply:
    if not old:
        raise BadTemplate("The filter `replace` needs a text to look for.")

    def apply(value: PlainValue) -> str:
        text = as_text(value)
        if len(text) + text.count(old) * (len(new) - len(old)) > MAX_OUTPUT:
            raise too_long()
        return text.replace(old, new)

    return apply


def _truncate(length: int) -> Apply:
    if not 1 <= length <= MAX_OUTPUT:
        raise BadTemplate(f"The filter `truncate` takes a number from 1 to {MAX_OUTPUT}.")

    def apply(value: PlainValue) -> str:
        text = value if isinstance(value, str) else as_text(value)
        return text if len(text) <= length else f"{text[: length - 1].rstrip()}…"

    return apply


def _round(places: int = 0) -> Apply:
    if places > MAX_PLACES:
        raise BadTemplate(f"The filter `round` takes a number of decimals from 0 to {MAX_PLACES}.")
    unit = Decimal(1).scaleb(-places)
    return lambda value: _rounded(value, unit)


def _money() -> Apply:
    return lambda value: f"{_rounded(value, CENT):,f}"


def _rounded(value: PlainValue, unit: Decimal) -> Decimal:
    return calculated(lambda number: EXACT.quantize(number, unit), value)


def _date(pattern: str) -> Apply:
    for directive in _DIRECTIVE.findall(pattern):
        if directive not in _DIRECTIVES:
            allowed = " ".join(f"%{d}" for d in _DIRECTIVES)
            raise BadTemplate(f"The filter `date` does not know {quoted('%' + directive)}, only {allowed}.")

    def apply(value: PlainValue) -> str:
        if not isinstance(value, date):
            raise BadTemplate(f"{quoted(as_text(value))} is no date.", code="wrong_type")
        return capped(_DIRECTIVE.sub(lambda found: _DIRECTIVES[found[1]](value), pattern))

    return apply


FILTERS: Mapping[str, Filter] = {
    "upper": _on_text(str.upper),
    "lower": _on_text(str.lower),
    "title": _on_text(title),
    "capitalize": _on_text(str.capitalize),
    "trim": _on_text(str.strip),
    "replace": Filter(_replace, (str, str), 2),
    "truncate": Filter(_truncate, (int,), 1),
    "round": Filter(_round, (int,)),
    "money": Filter(_money),
    "date": Filter(_date, (str,), 1),
}
"""Every filter but `default`, which has to see that there is no value."""

METHODS: Mapping[str, str] = {
    "upper": "upper",
    "lower": "lower",
    "title": "title",
    "capitalize": "capitalize",
    "strip": "trim",
    "replace": "replace",
    "strftime": "date",
}
"""Python's spelling of some filters: `record.name.upper()`."""
