"""What was looked for in a list of QuickBooks and not found: told to each who asked, with what could be taken. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from attibooks_core.model import Problem
from attibooks_quickbooks.names import shown

MAX_SHOWN = 8
MAPPED = "field_map"
"""The setting that mapped fields come from; their obstacles are about it."""


@dataclass(frozen=True, slots=True)
class Miss:
    """Something that was not found, or cannot be used.

    :param advice: what to do; the place to do it comes behind it, then `rest`.
    """

    code: str
    message: str
    advice: str
    rest: str = "."

    def problem(self, field: str, where: str | None = None) -> Problem:
        """The obstacle for one of those who asked for it.

        :param where: the place to do what is advised; None is the one that `field` is filled from.
        """
        return Problem(field, self.code, self.message, f"{self.advice} {where or _where(field)}{self.rest}")


def unknown(wanted: str, what: str, names: Sequence[str]) -> Miss:
    """Nothing is called so; the nearest name is offered, else all of them."""
    code, text = "unknown_" + what.replace(" ", "_"), f"QuickBooks has no active {what} “{shown(wanted)}”."
    close = get_close_matches(wanted.casefold(), {name.casefold() for name in names}, n=1)
    meant = next((name for name in names if close and name.casefold() == close[0]), None)
    if meant:
        return Miss(code, text, f"Did you mean “{meant}”? Correct it")
    return Miss(code, text, "Choose one", f": {listed(names)}.")


def listed(names: Iterable[str]) -> str:
    """Some names for a sentence."""
    names = list(names)
    more = f" and {len(names) - MAX_SHOWN} more" if len(names) > MAX_SHOWN else ""
    return ", ".join(shown(n) for n in names[:MAX_SHOWN]) + more if names else "there is none"


def _where(field: str) -> str:
    if field.startswith("lines."):
        return "on the record or in custom mode"
    return "on the record" if field == MAPPED else "in settings section 7 (Advanced)"
