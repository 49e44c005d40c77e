"""Which customers could be meant by a name: for a person to choose from, never to be taken by themselves. Pure."""

import re
import unicodedata
from collections.abc import Iterable

from attibooks_core.model import Candidate
from attibooks_quickbooks.names import INACTIVE, as_customer, in_currency, same_name
from attibooks_quickbooks.wire import Customer

MAX_CANDIDATES = 5

LONGEST = 100
"""Longer names, in characters, are asked for as they are only: their other spellings would make a huge statement."""

LEGAL_FORMS = (
    *("GmbH", "GmbH & Co. KG", "AG", "KG", "UG", "e.K.", "SE"),
    *("Ltd", "Ltd.", "Limited", "PLC", "LLP", "Pty Ltd", "Pte Ltd"),
    *("Inc", "Inc.", "Incorporated", "LLC", "L.L.C.", "Corp", "Corp.", "Corporation", "Co", "Co.", "Company"),
    *("S.A.", "SA", "SAS", "SARL", "S.L.", "SL", "S.r.l.", "SRL", "S.p.A.", "SpA"),
    *("B.V.", "BV", "N.V.", "NV", "AB", "AS", "ApS", "Oy"),
)
"""Endings that one writer of a name gives and another leaves out."""

_ANY_FORM = "|".join(re.escape(form) for form in sorted(LEGAL_FORMS, key=len, reverse=True))
_FORM_AT_END = re.compile(rf"(?:,\s*|\s+)(?:{_ANY_FORM})$", re.IGNORECASE)
_WORDS = re.compile(r"[^\W_]+")
_CURLY = "\N{RIGHT SINGLE QUOTATION MARK}"
_INSIDE_WORDS = re.compile(rf"[.'{_CURLY}]")


def bare(name: str) -> str:
    """What is left of a name without case, accents, punctuation, invisible marks and legal form."""
    folded = unicodedata.normalize("NFKD", name.casefold())
    letters = "".join(c for c in folded if unicodedata.category(c) not in {"Mn", "Cf"})
    words = _WORDS.findall(_INSIDE_WORDS.sub("", letters))
    while len(words) > 1 and words[-1] in _FORM_WORDS:
        words.pop()
    return " ".join(words)


def spellings(name: str) -> list[str]:
    """Other ways to write a name that a user may have taken in QuickBooks, to be asked for in the same query."""
    if len(name) > LONGEST:
        return []
    core = _FORM_AT_END.sub("", name)
    letters = [_unaccented(name), _unaccented(core), " ".join(_WORDS.findall(name)), " ".join(_WORDS.findall(core))]
    quotes = [name.replace("'", _CURLY), name.replace(_CURLY, "'")]
    forms = [f"{core} {form}" for form in LEGAL_FORMS]
    found = dict.fromkeys([core, *letters, *quotes, *forms, f"{core}, Inc.", f"{core}, LLC", as_customer(name)])
    return [other for other in found if other and other != name]


def candidates_of(rows: Iterable[Customer], name: str, email: str | None, taken: str | None) -> tuple[Candidate, ...]:
    """The customers among those read that could be meant, the likeliest first.

    :param taken: id of the customer that the invoice goes to anyhow.
    """
    unlike = {c.id: c for c in rows if c.id != taken}.values()
    ranked = sorted((likeness, c.id, c) for c in unlike if (likeness := _likeness(c, name, email)) is not None)
    return tuple(Candidate(c.id, c.display_name, c.email, why) for (_, why), _, c in ranked[:MAX_CANDIDATES])


def _likeness(customer: Customer, name: str, email: str | None) -> tuple[int, str] | None:
    """How near a customer is, nearest 0, and the reason in a sentence."""
    called = customer.display_name if customer.active else customer.display_name.removesuffix(INACTIVE)
    asleep = "" if customer.active else " It is inactive in QuickBooks."
    if same_name(called, name):
        return (1 if asleep else 0), f"It has this very name.{asleep}"
    if customer.currency and same_name(called, in_currency(name, customer.currency)):
        return 2, f"It is this customer in {customer.currency}.{asleep}"
    if email and _folded_address(email) in _addresses(customer):
        return 3, f"It has the same e-mail address.{asleep}"
    if same_name(called, as_customer(name)):
        return 4, f"It has this name with “(Customer)” behind it.{asleep}"
    if (core := bare(name)) and bare(called) == core:
        return 5, f"Its name differs only in accents, punctuation or legal form.{asleep}"
    return None


def _addresses(customer: Customer) -> set[str]:
    return {_folded_address(address) for address in (customer.email or "").split(",")}


def _folded_address(address: str) -> str:
    return address.strip().casefold()


def _unaccented(text: str) -> str:
    letters = unicodedata.normalize("NFD", text.replace("ß", "ss"))
    return "".join(c for c in letters if not unicodedata.combining(c))


_FORM_WORDS = frozenset(word for form in LEGAL_FORMS for word in _WORDS.findall(_INSIDE_WORDS.sub("", form.casefold())))
