"""Settings of a workspace: which keys exist, what their values mean, and a validated snapshot of them.

The settings live in the CRM's app and come along with calls as one flat object (contract §4). Core and plugins
declare fields; the host validates a snapshot against all of them and says every problem at once. `null`, blank text
and an absent key all mean "not set".
"""

import functools
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from attibooks_core.model import Problem

MAX_DIGITS = 40
"""A number with more digits before or after its point is not even written out."""

_NUMBER = re.compile(r"[+-]?\d{1,40}(\.\d{1,20})?")
_BLANKS = re.compile(r"[\s\u00a0\u2007\u202f-]+")


class Kind(Protocol):
    """The type of a setting."""

    @property
    def name(self) -> str:
        """The type as a settings form knows it."""
        ...

    def parse(self, raw: object) -> Any:  # noqa: ANN401 - each kind has its own type
        """The value, or None for "not set".

        :raises ValueError: with a sentence for the user.
        """
        ...


@dataclass(frozen=True, slots=True)
class Text:
    """Text, trimmed; blank is not set."""

    max_length: int = 4000
    name: str = "string"

    def parse(self, raw: object) -> str | None:
        if isinstance(raw, bool) or not isinstance(raw, str | int | Decimal):
            raise ValueError("It has to be text.")  # noqa: TRY004 - one error for every wrong value
        text = str(raw).strip()
        if len(text) > self.max_length:
            raise ValueError(f"It is longer than {self.max_length} characters.")
        return text or None


@dataclass(frozen=True, slots=True)
class Number:
    """A decimal number, exact.

    :param above: the value has to be greater than this.
    :param at_least: the value has to be this or more.
    """

    at_least: Decimal | None = None
    above: Decimal | None = None
    name: str = "number"

    def parse(self, raw: object) -> Decimal | None:
        if isinstance(raw, str) and not raw.strip():
            return None
        value = plain_decimal(raw)
        if value is None:
            raise ValueError("It has to be a plain number such as 150 or 12.5.")
        if self.at_least is not None and value < self.at_least:
            raise ValueError(f"It has to be {self.at_least} or more.")
        if self.above is not None and value <= self.above:
            raise ValueError(f"It has to be greater than {self.above}.")
        return value


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number within bounds."""

    low: int
    high: int
    name: str = "number"

    def parse(self, raw: object) -> int | None:
        value = Number().parse(raw)
        if value is None:
            return None
        if value != value.to_integral_value() or not self.low <= value <= self.high:
            raise ValueError(f"It has to be a whole number from {self.low} to {self.high}.")
        return int(value)


@dataclass(frozen=True, slots=True)
class Flag:
    """True or false."""

    name: str = "boolean"

    def parse(self, raw: object) -> bool | None:
        if isinstance(raw, bool):
            return raw
        words = {"true": True, "false": False, "": None}
        if isinstance(raw, str) and raw.strip().lower() in words:
            return words[raw.strip().lower()]
        raise ValueError("It has to be true or false.")


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few words; case and surrounding space do not matter."""

    options: tuple[str, ...]
    name: str = "choice"

    def parse(self, raw: object) -> str | None:
        word = raw.strip().lower() if isinstance(raw, str) else raw
        if word == "":
            return None
        if word not in self.options:
            raise ValueError(f"It has to be one of: {', '.join(self.options)}.")
        return str(word)


@dataclass(frozen=True, slots=True)
class CurrencyCode:
    """An ISO 4217 code in use, such as EUR."""

    name: str = "currency"

    def parse(self, raw: object) -> str | None:
        if isinstance(raw, str) and not raw.strip():
            return None
        code = currency_code(raw)
        if code is None:
            raise ValueError("It has to be a three-letter currency code such as USD or EUR.")
        return code


@dataclass(frozen=True, slots=True)
class Digits:
    """An id of digits; spaces and dashes that came with a paste are dropped."""

    shortest: int
    longest: int
    name: str = "digits"

    def parse(self, raw: object) -> str | None:
        text = _BLANKS.sub("", str(raw)) if isinstance(raw, str | int) and not isinstance(raw, bool) else "?"
        if text == "":
            return None
        if not (text.isascii() and text.isdigit() and self.shortest <= len(text) <= self.longest):
            raise ValueError(f"It has to be {self.shortest} to {self.longest} digits, nothing else.")
        return text


@dataclass(frozen=True, slots=True)
class Words:
    """Several slugs, as a comma list or a JSON list."""

    name: str = "list"

    def parse(self, raw: object) -> tuple[str, ...] | None:
        parts = raw.split(",") if isinstance(raw, str) else raw
        if not isinstance(parts, list | tuple) or not all(isinstance(p, str) for p in parts):
            raise ValueError("It has to be a list of slugs with commas between them.")
        return tuple(dict.fromkeys(p.strip() for p in parts if p.strip())) or None


@dataclass(frozen=True, slots=True)
class TextMap:
    """A JSON object of text to text, also given as its text."""

    name: str = "object"

    def parse(self, raw: object) -> dict[str, str] | None:
        if isinstance(raw, str):
            raw = _json_or_none(raw) if raw.strip() else {}
        if not isinstance(raw, dict) or not all(isinstance(v, str) for v in raw.values()):
            raise ValueError('It has to be a JSON object such as {"ShipDate": "shipped_on"}.')
        return {str(k).strip(): v.strip() for k, v in raw.items() if v.strip()} or None


@dataclass(frozen=True, slots=True)
class TimeZone:
    """An IANA time zone."""

    name: str = "timezone"

    def parse(self, raw: object) -> str | None:
        zone = raw.strip() if isinstance(raw, str) else "?"
        if zone == "":
            return None
        try:
            return ZoneInfo(zone).key
        except (OSError, ValueError, LookupError):
            raise ValueError("It has to be a time zone such as Europe/Berlin.") from None


@dataclass(frozen=True, slots=True)
class SettingsField:
    """One setting.

    :param section: number of the settings section that shows it (peers row X9).
    :param is_slug: the value names an attribute of the CRM.
    :param plan: `free`, or the plan that the feature belongs to; it can be stored on any plan.
    """

    key: str
    section: int
    kind: Kind
    title: str
    help: str = ""
    default: Any = None
    is_slug: bool = False
    plan: str = "free"


SECTIONS: Mapping[int, str] = {
    1: "QuickBooks Connection",
    2: "Invoice Mode",
    3: "Template Defaults",
    4: "Writeback Fields",
    5: "Source Fields (optional)",
    6: "Invoice Sync",
    7: "Advanced",
    8: "Plan & Usage",
}
"""Numbers and titles of the settings sections (product rows, X9)."""


@dataclass(frozen=True, slots=True)
class Settings:
    """A validated snapshot: typed values of the keys that are set, and defaults for the others."""

    values: Mapping[str, Any] = field(default_factory=dict)
    defaults: Mapping[str, Any] = field(default_factory=dict)

    def __getitem__(self, key: str) -> Any:  # noqa: ANN401
        value = self.values.get(key)
        return self.defaults.get(key) if value is None else value

    def __iter__(self) -> Iterator[str]:
        return iter(self.values)

    def text(self, key: str) -> str | None:
        """A setting that is text, or None."""
        value = self[key]
        return None if value is None else str(value)

    def flag(self, key: str) -> bool:
        """A setting that is true or false; not set is its default, else false."""
        return bool(self[key])

    def plain(self) -> dict[str, Any]:
        """The set values as JSON can hold them, numbers as exact text."""
        return {key: str(v) if isinstance(v, Decimal) else v for key, v in sorted(self.values.items())}

    @property
    def digest(self) -> str:
        """Names this snapshot; equal snapshots have equal digests."""
        return hashlib.sha256(json.dumps(self.plain(), sort_keys=True).encode()).hexdigest()[:16]


class SettingsCatalog:
    """Every field that core and the active plugins declare."""

    def __init__(self, declared: list[SettingsField]) -> None:
        self.fields = {f.key: f for f in sorted(declared, key=lambda f: f.section)}
        self._defaults = {f.key: f.default for f in declared if f.default is not None}

    def read(self, raw: Mapping[str, object]) -> tuple[Settings, list[Problem]]:
        """Validate a flat object; the problems name every unknown key and every wrong value."""
        values: dict[str, Any] = {}
        problems = []
        for key, given in raw.items():
            try:
                value = self._parse(key, given)
            except ValueError as error:
                problems.append(self._problem(key, str(error)))
            else:
                values.update({key: value} if value is not None else {})
        return Settings(values, self._defaults), problems

    def stored(self, raw: Mapping[str, object]) -> Settings:
        """A snapshot that was valid when it was stored; what no active plugin knows any more is left out."""
        return self.read({k: v for k, v in raw.items() if k in self.fields})[0]

    def _parse(self, key: str, given: object) -> Any:  # noqa: ANN401
        if key not in self.fields:
            raise ValueError("There is no such setting.")
        if given is None:
            return None
        return self.fields[key].kind.parse(given)

    def _problem(self, key: str, message: str) -> Problem:
        known = self.fields.get(key)
        if known is None:
            return Problem(key, "unknown_setting", message, "Remove it, or update the app or the plugin it is for.")
        return Problem(
            key, "wrong_value", f"{known.title}: {message}", f"Change it in settings section {known.section}."
        )


def plain_decimal(raw: object) -> Decimal | None:
    """A number, or text that is a plain decimal with a point, as a `Decimal`; None for anything else.

    `1.234,56`, `1e5`, NaN and infinities are refused: nobody may guess what they meant (product row 45).
    """
    if isinstance(raw, bool):
        return None
    if isinstance(raw, int | float):
        raw = Decimal(str(raw))
    if isinstance(raw, Decimal):
        raw = format(raw, "f") if raw.is_finite() and abs(raw.adjusted()) <= MAX_DIGITS else ""
    if not isinstance(raw, str) or not raw.isascii() or not _NUMBER.fullmatch(raw.strip()):
        return None
    try:
        return Decimal(raw.strip())
    except InvalidOperation:  # pragma: no cover - the pattern admits only numbers
        return None


def currency_code(raw: object) -> str | None:
    """The upper-case ISO 4217 code, or None when there is no such currency."""
    code = raw.strip().upper() if isinstance(raw, str) else ""
    return code if code in _currencies() else None


@functools.cache
def _currencies() -> frozenset[str]:
    from iso4217 import Currency  # noqa: PLC0415 - reads its XML when it is imported

    return frozenset(c.code for c in Currency)


def _json_or_none(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _template(key: str, kind: Kind, title: str, text: str) -> SettingsField:
    return SettingsField(f"template_{key}", 3, kind, title, text)


def _writeback(key: str, title: str, text: str) -> SettingsField:
    return SettingsField(f"writeback_{key}", 4, Text(100), title, text, is_slug=True)


def _source(key: str, title: str, text: str) -> SettingsField:
    return SettingsField(f"source_{key}", 5, Text(100), title, text, is_slug=True)


CORE_FIELDS: tuple[SettingsField, ...] = (
    SettingsField("accounting_backend", 1, Text(50), "Accounting system", "Needed when several are installed."),
    SettingsField(
        "invoice_mode",
        2,
        Choice(("quick", "custom")),
        "Invoice mode",
        "quick sends at once; custom lets you review every line first.",
        default="quick",
    ),
    _template("service_description", Text(4000), "Service description", "Used when the record has none."),
    _template("rate", Number(above=Decimal(0)), "Rate", "Price of one unit, for example 150."),
    _template("quantity", Number(above=Decimal(0)), "Quantity", "Units or hours; 1 when nothing is set."),
    _template(
        "currency", CurrencyCode(), "Currency", "For example USD; the customer's or company's when nothing is set."
    ),
    _template("due_days", Whole(0, 3650), "Due in days", "Net terms; QuickBooks' own terms when nothing is set."),
    _writeback("invoice_id", "Invoice id", "Slug of the attribute for QuickBooks' internal id."),
    _writeback("invoice_number", "Invoice number", "Slug of the attribute for the invoice number."),
    _writeback("invoice_status", "Invoice status", "Slug of a text, select or status attribute: Open, Paid, Voided."),
    _writeback("invoice_url", "Invoice link", "Slug of a text attribute for the link into QuickBooks."),
    _writeback("last_sync_at", "Last sync", "Slug of a timestamp attribute: the last successful sync."),
    _writeback("sync_error", "Sync error", "Slug of a text attribute for the last error; empty on success."),
    _source("customer_email", "Customer e-mail", "Slug of the attribute with the address that gets the invoice."),
    _source("service_description", "Service description", "Slug of the attribute with the line's description."),
    _source("rate", "Rate", "Slug of a number or currency attribute."),
    _source("quantity", "Quantity", "Slug of a number attribute."),
    _source("currency", "Currency", "Slug of an attribute with a three-letter code."),
    _source("due_days", "Due in days", "Slug of a number attribute with the net terms in days."),
    SettingsField(
        "target_objects", 7, Words(), "Target objects", "Comma list of object slugs; when set, others are refused."
    ),
    SettingsField(
        "customer_source",
        7,
        Choice(("record", "linked_company")),
        "Customer is",
        "record: the record itself; linked_company: the company that a deal belongs to.",
        default="record",
    ),
    SettingsField(
        "lines_from",
        7,
        Text(200),
        "Lines from",
        "Slug of a record reference of the record, or object.attribute of records that refer to it: one line each.",
    ),
    SettingsField("line_description", 7, Text(), "Line description", "Slug on the related record, or a template."),
    SettingsField("line_rate", 7, Text(100), "Line rate", "Slug on the related record.", is_slug=True),
    SettingsField("line_quantity", 7, Text(100), "Line quantity", "Slug on the related record.", is_slug=True),
    SettingsField("field_map", 7, TextMap(), "Field map", "Fields of the accounting system -> slugs or templates."),
    SettingsField(
        "timezone", 7, TimeZone(), "Time zone", "For example Europe/Berlin; the company's when nothing is set."
    ),
    SettingsField("store_invoices_as_records", 7, Flag(), "Store invoices as Attio records", default=False, plan="pro"),
    SettingsField("invoice_object_slug", 7, Text(100), "Invoice object", "invoices when nothing is set.", plan="pro"),
)
"""The settings that the host itself understands (contract §4); accounting backends add theirs."""
