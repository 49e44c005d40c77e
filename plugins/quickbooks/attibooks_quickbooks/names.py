"""Names of customers: what QuickBooks accepts, and which names mean the same customer. Pure."""

import re
import unicodedata
from typing import Literal

from attibooks_core.model import InvoiceDraft, Problem

MAX_NAME = 500
INACTIVE = " (deleted)"
"""What QuickBooks puts behind the name of an inactive customer or item (QuickBooks reference, Customer)."""

_FORMS: tuple[Literal["NFC"], Literal["NFD"]] = ("NFC", "NFD")
_HARD = "\N{NO-BREAK SPACE}"
_FORBIDDEN = re.compile(r"[:\t\r\n]")


def plain(text: str) -> str:
    """Text without what JSON over the wire cannot carry (lone surrogates) and without control characters."""
    return "".join(c for c in text if c in "\t\n\r" or unicodedata.category(c) not in {"Cc", "Cs"})


def clean_name(name: str) -> str:
    """The name as QuickBooks takes it: no colon, tab or line break, single spaces, trimmed."""
    return " ".join(plain(name).replace(":", "-").split())


def same_name(one: str, other: str) -> bool:
    """Whether two names are one to QuickBooks: it does not look at case.

    Nothing else is forgiven but spaces and the two ways to write an accent: `ß` is not `ss` and `²` is not `2`, because
    a wrong customer is worse than a second one (product rule on customer matching).
    """
    return folded(one) == folded(other)


def same_names(name: str) -> list[str]:
    """The ways to write a name that are one to us, whatever QuickBooks makes of accents and hard spaces."""
    return list(
        dict.fromkeys([name, *(unicodedata.normalize(form, name) for form in _FORMS), name.replace(" ", _HARD)])
    )


def name_warnings(draft: InvoiceDraft) -> list[Problem]:
    """A word on what was changed in the name, when it was more than spaces."""
    if not _FORBIDDEN.search(draft.customer_name.strip()):
        return []
    return [
        Problem(
            "customer_name",
            "name_changed",
            f"QuickBooks allows no colon, tab or line break in a name: the customer is called “"
            f"{shown(clean_name(draft.customer_name))}” there.",
            "Rename the record if you want another name in QuickBooks.",
            severity="warning",
        )
    ]


def name_obstacles(name: str) -> list[Problem]:
    """What is wrong with a cleaned name."""
    if all(c == " " or unicodedata.category(c) == "Cf" for c in name):  # nothing that anybody could see
        text, fix = "The record has no name that QuickBooks accepts.", "Name the record."
    elif len(name) > MAX_NAME:
        text, fix = f"The customer's name is longer than {MAX_NAME} characters.", "Shorten the name of the record."
    else:
        return []
    return [Problem("customer_name", "bad_name", text, fix)]


def in_currency(name: str, currency: str) -> str:
    """What the same customer is called in another currency: a customer of QuickBooks has one, for good."""
    return f"{name} ({currency})"


def as_customer(name: str) -> str:
    """What a customer is called whose name a vendor or employee already has."""
    return f"{name} (Customer)"


def shown(name: str, limit: int = 60) -> str:
    """A name short enough for a sentence."""
    return name if len(name) <= limit else name[: limit - 1] + "…"


def folded(name: str) -> str:
    """What two spellings of one name have in common (see `same_name`)."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", " ".join(name.split())).lower())
