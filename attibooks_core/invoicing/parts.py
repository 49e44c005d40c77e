"""Reading what a person typed into a dialog, part by part, and keeping what is wrong with it. Pure."""

from collections.abc import Callable, Iterable
from typing import TypeAlias, TypeVar

from attibooks_core.invoicing.values import BadValue
from attibooks_core.model import PlainValue, Problem
from attibooks_core.settings import plain_decimal

T = TypeVar("T")

Figure: TypeAlias = str | int | float | None

FIX = "Correct it in the dialog."


class Parts:
    """Gathers problems while values are read."""

    def __init__(self, problems: Iterable[Problem] = ()) -> None:
        self.problems = list(problems)

    def refuse(self, field: str, bad: BadValue) -> None:
        """Take note of a value that cannot be used."""
        self.problems.append(Problem(field, bad.code, bad.message, bad.fix))

    def parsed(self, field: str, parse: Callable[[PlainValue], T], raw: PlainValue) -> T | None:
        """A value, or None and a problem."""
        try:
            return parse(raw)
        except BadValue as bad:
            self.refuse(field, BadValue(bad.code, bad.message, bad.fix.replace("on the record", "in the dialog")))
            return None

    def of_line(self, at: str, part: str, raw: str, parse: Callable[[PlainValue], T]) -> T | None:
        """A part of a line, which has to be there."""
        if not raw.strip():
            self.refuse(f"{at}.{part}", BadValue("missing", f"A line has no {part}.", "Enter one in the dialog."))
            return None
        return self.parsed(f"{at}.{part}", parse, raw)


def typed(given: Figure) -> str:
    """What was typed, numbers plainly; nothing is an empty text."""
    return str(given if isinstance(given, str) else "" if given is None else (plain_decimal(given) or given))
