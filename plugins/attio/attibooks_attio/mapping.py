"""Attio's values as plain ones, and back (Attio API, values).

Pure. Reading never fails: an attribute or a type that is new to us is read as far as it goes.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

from attibooks_attio.wire import elements, members, shortened, text, whole
from attibooks_core.lifecycle import StoreValue
from attibooks_core.model import AttributeValue, CrmRecord, PlainValue, RecordRef
from attibooks_core.settings import plain_decimal

NAMED_BY_NAME = frozenset({"companies", "people", "deals", "workspaces"})
"""Standard objects whose records are called what their attribute `name` says, and nothing else."""

MAX_TEXT = 4000
MAX_NUMBER_DIGITS = 15
MAX_NUMBER_DECIMALS = 4
"""Attio keeps numbers as 64-bit floats with four decimals: what has more would come back as another number."""

_ISO_CURRENCIES = {"NTD": "TWD"}
"""Where Attio spells a currency otherwise than ISO 4217."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute of an object (Attio API, attribute object).

    :param refers_to: ids of the objects that a record reference may point at; empty is any.
    """

    id: str
    slug: str
    title: str
    type: str
    is_writable: bool = True
    is_archived: bool = False
    is_multiselect: bool = False
    is_unique: bool = False
    refers_to: tuple[str, ...] = ()


class Unfit(ValueError):
    """An attribute cannot hold a value; the text says why and goes on a sentence that begins with the attribute."""


def read_attribute(raw: object) -> Attribute | None:
    """One attribute as Attio lists it; None for what has no slug and so cannot be mapped."""
    body = members(raw)
    slug = text(body.get("api_slug"))
    if not slug:
        return None
    return Attribute(
        id=text(members(body.get("id")).get("attribute_id")),
        slug=slug,
        title=text(body.get("title")) or slug,
        type=text(body.get("type")),
        is_writable=body.get("is_writable") is not False,
        is_archived=body.get("is_archived") is True,
        is_multiselect=body.get("is_multiselect") is True,
        is_unique=body.get("is_unique") is True,
        refers_to=_targets(members(body.get("config"))),
    )


def _targets(config: Mapping[str, object]) -> tuple[str, ...]:
    allowed = members(config.get("record_reference")).get("allowed_object_ids")
    return tuple(name for name in map(text, elements(allowed)) if name)


def read_record(ref: RecordRef, body: Mapping[str, object]) -> CrmRecord:
    """A record of Attio with all its attributes, the empty ones included."""
    attributes = {slug: read_values(slug, raw) for slug, raw in members(body.get("values")).items()}
    named_by = _naming(ref.object, attributes)
    url = text(body.get("web_url"))
    return CrmRecord(
        ref=ref,
        name=_label(named_by) if named_by else None,
        attributes=attributes,
        name_slug=named_by.slug if named_by else None,
        web_url=url if url.startswith(("https://", "http://")) else None,
    )


def read_values(slug: str, raw: object) -> AttributeValue:
    """The values of one attribute; Attio always lists them, a bare one is taken as well."""
    entries = elements(raw) if isinstance(raw, list) else [raw]
    read = [(_type(entry), read_value(entry)) for entry in entries]
    return AttributeValue(
        slug=slug,
        values=tuple(value for _, value in read if value is not None),
        type=next((kind for kind, _ in read if kind), ""),
        currency=next((code for code in map(_currency, entries) if code), None),
    )


def read_value(entry: object) -> PlainValue | None:
    """One value as plain as its type allows; None when there is nothing in it."""
    body = members(entry)
    if not body:
        return _plain(entry)
    reader = _READERS.get(_type(entry))
    value = reader(body) if reader else None
    return _plain(body.get("value")) if value is None else value


def _type(entry: object) -> str:
    return text(members(entry).get("attribute_type"))


def _currency(entry: object) -> str | None:
    code = text(members(entry).get("currency_code")).strip().upper()
    return _ISO_CURRENCIES.get(code, code) or None


def _plain(value: object) -> PlainValue | None:
    return whole(value) if isinstance(value, str) else value if isinstance(value, bool | Decimal) else None


# -- what each type holds ----------------------------------------------------------------------------------------


def _number(value: object) -> PlainValue | None:
    """The exact number; a text that is none stays a text, so that whoever asked for a number can show it."""
    number = plain_decimal(value) if isinstance(value, str) else None
    return _plain(value) if number is None else number


def _checkbox(body: Mapping[str, object]) -> PlainValue | None:
    words = {"true": True, "false": False}
    return words.get(text(body.get("value")).lower())


def _date(body: Mapping[str, object]) -> PlainValue | None:
    try:
        return date.fromisoformat(text(body.get("value"))[:10])
    except ValueError:
        return None


def _instant(value: object) -> PlainValue | None:
    try:
        instant = datetime.fromisoformat(text(value))
        return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
    except (ValueError, OverflowError):
        return text(value) or None


def _titled(member: str) -> Callable[[Mapping[str, object]], PlainValue | None]:
    """A reader of options and statuses: their title."""

    def read(body: Mapping[str, object]) -> PlainValue | None:
        return text(members(body.get(member)).get("title")) or text(body.get(member)) or None

    return read


def _first_text(*names: str) -> Callable[[Mapping[str, object]], PlainValue | None]:
    """A reader of the first of several members that is a text with something in it."""

    def read(body: Mapping[str, object]) -> PlainValue | None:
        return next((t for t in (text(body.get(name)) for name in names) if t.strip()), None)

    return read


def _reference(body: Mapping[str, object]) -> PlainValue | None:
    target = RecordRef(text(body.get("target_object")), text(body.get("target_record_id")))
    return target if target.object and target.record_id else None


def _person(body: Mapping[str, object]) -> PlainValue | None:
    full = text(body.get("full_name")).strip()
    parts = (text(body.get(part)).strip() for part in ("first_name", "last_name"))
    return full or " ".join(part for part in parts if part) or None


def _location(body: Mapping[str, object]) -> PlainValue | None:
    """An address as it stands on an envelope, in lines; where there is none, the coordinates.

    The country is its ISO 3166 code, as Attio knows no name of it.
    """
    lines = (_joined(body, names) for names in _ADDRESS)
    return "\n".join(line for line in lines if line) or _joined(body, _COORDINATES, ", ") or None


def _joined(body: Mapping[str, object], names: tuple[str, ...], between: str = " ") -> str:
    parts = (" ".join(text(body.get(name)).split()) for name in names)
    return between.join(part for part in parts if part)


_ADDRESS = (
    ("line_1",),
    ("line_2",),
    ("line_3",),
    ("line_4",),
    ("locality", "region", "postcode"),
    ("country_code",),
)
_COORDINATES = ("latitude", "longitude")

_READERS: Mapping[str, Callable[[Mapping[str, object]], PlainValue | None]] = {
    "text": lambda body: _plain(body.get("value")),
    "number": lambda body: _number(body.get("value")),
    "rating": lambda body: _number(body.get("value")),
    "currency": lambda body: _number(body.get("currency_value")),
    "checkbox": _checkbox,
    "date": _date,
    "timestamp": lambda body: _instant(body.get("value")),
    "interaction": lambda body: _instant(body.get("interacted_at")),
    "select": _titled("option"),
    "status": _titled("status"),
    "record-reference": _reference,
    "actor-reference": _first_text("referenced_actor_id"),
    "domain": _first_text("domain", "root_domain"),
    "email-address": _first_text("email_address", "original_email_address"),
    "phone-number": _first_text("phone_number", "original_phone_number"),
    "personal-name": _person,
    "location": _location,
}


# -- what a record is called -------------------------------------------------------------------------------------


def _naming(object_slug: str, attributes: Mapping[str, AttributeValue]) -> AttributeValue | None:
    """The attribute that names a record: `name`, and where no rule says so any text will do."""
    name = attributes.get("name")
    if name is not None and _label(name):
        return name
    if object_slug in NAMED_BY_NAME:
        return None
    texts = (a for a in attributes.values() if a.type == "text" and a.slug != "record_id")
    return next((a for a in texts if _label(a)), None)


def _label(attribute: AttributeValue) -> str | None:
    first = attribute.first
    return first.strip() if isinstance(first, str) else str(first) if isinstance(first, Decimal) else None


# -- what can be written -----------------------------------------------------------------------------------------

Writable = str | datetime | None

_HOLDERS: Mapping[str, frozenset[str]] = {
    "writeback_invoice_id": frozenset({"text", "number"}),
    "writeback_invoice_number": frozenset({"text", "number"}),
    "writeback_invoice_status": frozenset({"text", "select", "status"}),
    "writeback_invoice_url": frozenset({"text"}),
    "writeback_last_sync_at": frozenset({"text", "timestamp"}),
    "writeback_sync_error": frozenset({"text"}),
}
"""Types of attributes that can hold what a settings key stands for, also when it is only to be emptied.

Attio has no type for links, and its `domain` would cut the path off. A date would lose the time of day.
"""


def written(key: str, attribute: Attribute, value: Writable) -> list[object]:
    """The value as Attio takes it for the attribute: always a list, an empty one for nothing.

    :param key: the settings key that the value belongs to; one that is not known may use every type we can write.
    :raises Unfit: the attribute cannot hold it without changing it.
    """
    holders = _HOLDERS.get(key, frozenset(_WRITERS))
    if attribute.type not in holders:
        raise Unfit(f"is a {attribute.type or 'unknown'} attribute and cannot hold it")
    if attribute.is_multiselect:
        raise Unfit("holds several values, which writing one would remove")
    if value is None or (isinstance(value, str) and not value.strip()):
        return []
    return [_WRITERS[attribute.type](value)]


def stored(value: StoreValue) -> list[object]:
    """A value as Attio takes it for the attribute of its own type: always a list, an empty one for nothing.

    Numbers keep four decimals, as Attio's do.
    """
    if value is None or (isinstance(value, str) and not value.strip()):
        return []
    if isinstance(value, RecordRef):
        return [{"target_object": value.object, "target_record_id": value.record_id}]
    if isinstance(value, Decimal):
        return [round(value, MAX_NUMBER_DECIMALS) if _decimals(value) > MAX_NUMBER_DECIMALS else value]
    if isinstance(value, date) and not isinstance(value, datetime):
        return [value.isoformat()]
    return [_write_text(value)]


def _decimals(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    return -exponent if isinstance(exponent, int) else 0


def _write_text(value: str | datetime) -> object:
    return shortened(whole(value), MAX_TEXT) if isinstance(value, str) else _iso(value)


def _write_number(value: str | datetime) -> object:
    number = plain_decimal(value) if isinstance(value, str) else None
    if number is None or str(number) != value:
        raise Unfit(f'is a number attribute and cannot hold "{shortened(str(value), 40)}" as it is')
    digits, exponent = number.as_tuple()[1:]
    if len(digits) > MAX_NUMBER_DIGITS or not isinstance(exponent, int) or exponent < -MAX_NUMBER_DECIMALS:
        raise Unfit("is a number attribute and keeps too few digits for it")
    return number


def _write_title(value: str | datetime) -> object:
    if not isinstance(value, str):
        raise Unfit("holds options and cannot hold an instant")
    return whole(value)


def _write_date(value: str | datetime) -> object:
    if not isinstance(value, str) or not _is_day(value):
        raise Unfit("is a date attribute and cannot hold it as it is")
    return value


def _write_instant(value: str | datetime) -> object:
    if not isinstance(value, datetime):
        raise Unfit("is a timestamp attribute and cannot hold text")
    return _iso(value)


_WRITERS: Mapping[str, Callable[[str | datetime], object]] = {
    "text": _write_text,
    "number": _write_number,
    "select": _write_title,
    "status": _write_title,
    "date": _write_date,
    "timestamp": _write_instant,
}


def _is_day(value: str) -> bool:
    try:
        return date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def _iso(instant: datetime) -> str:
    """UTC with `Z`, to the millisecond, which is all that Attio keeps."""
    utc = instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
    precision = "milliseconds" if utc.microsecond else "seconds"
    return utc.isoformat(timespec=precision).removesuffix("+00:00") + "Z"
