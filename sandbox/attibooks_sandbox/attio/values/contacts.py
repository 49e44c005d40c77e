"""E-mail addresses, domains and telephone numbers, validated and taken apart as Attio does."""

from __future__ import annotations

import re

from attibooks_sandbox.attio.values.base import Members, ValueType, refused, text_in
from attibooks_sandbox.attio.values.countries import CALLING_CODES, country_of

_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_TWO_PART_SUFFIXES = frozenset(
    {
        "co.uk",
        "org.uk",
        "ac.uk",
        "com.au",
        "net.au",
        "org.au",
        "co.nz",
        "co.jp",
        "or.jp",
        "com.br",
        "co.za",
        "com.mx",
        "co.in",
    }
)


def is_domain(text: str) -> bool:
    """Tell whether a text is a domain of at least two labels; letters of any script may stand in them."""
    labels = text.split(".")
    return len(text) <= 253 and len(labels) > 1 and all(_is_label(label) for label in labels)


def _is_label(label: str) -> bool:
    inner = label.replace("-", "")
    return 0 < len(label) <= 63 and label[0] != "-" and label[-1] != "-" and inner.isalnum()


def root_domain(domain: str) -> str:
    """Return the registrable part of a domain."""
    labels = domain.split(".")
    keep = 3 if ".".join(labels[-2:]) in _TWO_PART_SUFFIXES else 2
    return ".".join(labels[-keep:])


class EmailAddress(ValueType):
    """An e-mail address, compared in lower case."""

    name = "email-address"
    fields = ("email_address", "original_email_address", "email_domain", "email_root_domain", "email_local_specifier")
    field = "email_address"
    can_be_multi = True
    can_be_unique = True
    text_like = True

    def read(self, raw: object) -> object:
        """Return the address as written; its lower-case form identifies it."""
        text = text_in(raw, "email_address")
        local, _, domain = text.rpartition("@")
        if len(text) > 254 or not _LOCAL.fullmatch(local) or not is_domain(domain.lower()):
            raise refused("Invalid email address", "email_address")
        return Email(text)

    def show(self, data: object) -> Members:
        """Return the address and its parts."""
        assert isinstance(data, Email)
        address = str(data).lower()
        local, _, domain = address.rpartition("@")
        return {
            "original_email_address": str(data),
            "email_address": address,
            "email_domain": domain,
            "email_root_domain": root_domain(domain),
            "email_local_specifier": local,
        }

    def note(self, data: object) -> object:
        """Return the address."""
        return str(data).lower()


class Email(str):
    """An address as it was typed, equal to any other spelling of it that differs in case only."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        """Compare without regard to case."""
        return isinstance(other, str) and self.lower() == other.lower()

    def __ne__(self, other: object) -> bool:
        """Compare without regard to case."""
        return not self == other

    def __hash__(self) -> int:
        """Hash without regard to case."""
        return hash(self.lower())


class Domain(ValueType):
    """A domain; scheme, path and query are cut off."""

    name = "domain"
    fields = ("domain", "root_domain")
    field = "domain"
    can_be_multi = True
    can_be_unique = True
    text_like = True

    def read(self, raw: object) -> object:
        """Return the domain in lower case."""
        text = re.sub(r"^[a-z]+://", "", text_in(raw, "domain").lower())
        domain = re.split(r"[/?#]", text, maxsplit=1)[0]
        if not is_domain(domain):
            raise refused("Invalid domain", "domain")
        return domain

    def show(self, data: object) -> Members:
        """Return the domain and its registrable part."""
        return {"domain": data, "root_domain": root_domain(str(data))}


class PhoneNumber(ValueType):
    """A telephone number, kept as typed and in international form."""

    name = "phone-number"
    fields = ("phone_number", "original_phone_number", "country_code")
    field = "phone_number"
    can_be_multi = True
    can_be_unique = True
    text_like = True

    def read(self, raw: object) -> object:
        """Return the number as typed, its country and its international form."""
        original, country = _phone_parts(raw)
        digits = re.sub(r"[\s().\-/]", "", original)
        if not digits.startswith("+") and country in CALLING_CODES:
            digits = f"+{CALLING_CODES[country]}{digits.removeprefix('0')}"
        found = country_of(digits, country)
        if found is None or not re.fullmatch(r"\+\d{8,15}", digits, re.ASCII):
            raise refused("Invalid phone number", "original_phone_number")
        return (original, found, digits)

    def show(self, data: object) -> Members:
        """Return the three forms."""
        assert isinstance(data, tuple)
        return {"original_phone_number": data[0], "country_code": data[1], "phone_number": data[2]}

    def note(self, data: object) -> object:
        """Return the international form."""
        assert isinstance(data, tuple)
        return data[2]


def _phone_parts(raw: object) -> tuple[str, str | None]:
    if not isinstance(raw, dict):
        return text_in(raw, "original_phone_number"), None
    country = raw.get("country_code")
    if not set(raw) <= {"original_phone_number", "country_code"} or not isinstance(country, str | None):
        raise refused("Invalid phone number", "original_phone_number")
    return text_in(raw.get("original_phone_number"), "original_phone_number"), country
