"""The setting of a workspace, and its type."""

from dataclasses import dataclass
from decimal import Decimal

from attibooks_core.settings import Number, SettingsField

KEY = "deposit_percent"

_POSITIVE = Number(above=Decimal(0))


@dataclass(frozen=True, slots=True)
class Percent:
    """A share of a hundred: more than 0, at most 100."""

    name: str = "number"

    def parse(self, raw: object) -> Decimal | None:
        """The share, or None for "not set".

        :raises ValueError: with a sentence for the user.
        """
        value = _POSITIVE.parse(raw)
        if value is not None and value > 100:
            raise ValueError("It has to be 100 or less.")
        return value


FIELDS = (SettingsField(KEY, 7, Percent(), "Deposit percent", "For example 30: each line asks for 30 % of its rate."),)
