"""Further fields of an invoice that an attribute of the CRM can be mapped to; pure.

Grounds: QuickBooks reference, Invoice (names, lengths) and Preferences (what a company has turned on, and its custom
fields). A value is checked here and never cut.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from attibooks_core.model import CompanyFacts, InvoiceDraft, MappableField, Problem
from attibooks_quickbooks.misses import MAPPED, unknown
from attibooks_quickbooks.names import plain, shown
from attibooks_quickbooks.wire import CustomFieldGroup, Preferences

MAX_MEMO = 1000
MAX_CUSTOM_FIELD = 31
MAX_CUSTOM_FIELDS = 3
MAX_ADDRESS_LINES = 5
MAX_ADDRESS_LINE = 500
MAX_ADDRESS = MAX_ADDRESS_LINES * (MAX_ADDRESS_LINE + 1)

NUMBER, CLASS, LOCATION, TERMS = "DocNumber", "ClassRef", "DepartmentRef", "SalesTermRef"
SERVICE_DATE, SHIP_METHOD = "ServiceDate", "ShipMethodRef"

MAPPABLE: tuple[MappableField, ...] = (
    MappableField("CustomerMemo", "Message to the customer", max_length=MAX_MEMO, part="memo"),
    MappableField("TxnDate", "Invoice date", "date", 10, part="invoice_date"),
    MappableField("DueDate", "Due date", "date", 10, part="due_date"),
    MappableField(NUMBER, "Invoice number (where custom numbers are on)", max_length=21),
    MappableField(TERMS, "Terms", "reference", 31),
    MappableField(CLASS, "Class", "reference", 500),
    MappableField(LOCATION, "Location", "reference", 500),
    MappableField(SERVICE_DATE, "Service date of every line", "date", 10),
    MappableField("BillAddr", "Billing address", "address", MAX_ADDRESS),
    MappableField("ShipAddr", "Shipping address", "address", MAX_ADDRESS),
    MappableField("ShipDate", "Shipping date", "date", 10),
    MappableField("TrackingNum", "Tracking number", max_length=31),
    MappableField(SHIP_METHOD, "Shipped by", max_length=100),  # a text to QuickBooks: it keeps no list of methods
)
"""What every company has; its own custom fields come on top."""

LISTS: Mapping[str, tuple[str, str]] = {
    TERMS: ("Term", "terms"),
    CLASS: ("Class", "class"),
    LOCATION: ("Department", "location"),
}
"""Fields that refer to an entry of a list: its entity, and what we call it."""

_CUSTOM = "custom_field_"


def custom_fields(preferences: Preferences) -> dict[str, str | bool | None]:
    """The company's custom fields of sales forms that are in use and have a name, as extra facts by their number."""
    given = _entries(preferences.sales_forms_prefs.custom_field or [])
    found: dict[str, str | bool | None] = {}
    for number in range(1, MAX_CUSTOM_FIELDS + 1):
        name = given.get(f"SalesFormsPrefs.SalesCustomName{number}")
        if isinstance(name, str) and name.strip() and given.get(f"SalesFormsPrefs.UseSalesCustom{number}") is True:
            found[f"{_CUSTOM}{number}"] = name.strip()
    return found


def fields_of(extra: Mapping[str, str | bool | None]) -> tuple[MappableField, ...]:
    """Every field that a company can have mapped: the fixed ones, then its own by their names."""
    taken = {field.name for field in MAPPABLE}
    own = [name for name in _definitions(extra) if name not in taken]
    return (*MAPPABLE, *(MappableField(name, name, max_length=MAX_CUSTOM_FIELD) for name in own))


def given_fields(draft: InvoiceDraft) -> dict[str, str]:
    """The mapped fields that hold anything, trimmed."""
    trimmed = {name: plain(text).strip() for name, text in draft.fields.items()}
    return {name: text for name, text in trimmed.items() if text}


def field_obstacles(draft: InvoiceDraft, facts: CompanyFacts) -> list[Problem]:
    """What is wrong with mapped fields, as far as the company's facts tell."""
    known = {field.name: field for field in facts.fields if field.part is None}
    found: list[Problem] = []
    for name, text in given_fields(draft).items():
        field = known.get(name)
        if field is None:
            found.append(unknown(name, "invoice field", sorted(known)).problem(MAPPED, "in the field map"))
            continue
        found += [*_turned_off(name, facts), *_unfit(field, text)]
    return found


def looked_up(fields: Mapping[str, str], facts: CompanyFacts) -> dict[str, str]:
    """Those of the fields that refer to a list, unless the company keeps none."""
    return {name: fields[name] for name in LISTS if name in fields and not _turned_off(name, facts)}


def invoice_members(
    fields: Mapping[str, str], ids: Mapping[str, str], facts: CompanyFacts
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What mapped fields add to the invoice and to the detail of each line, as plain data in a fixed order.

    :param fields: as `given_fields` says, without obstacles.
    :param ids: of the entries that fields of `LISTS` refer to, by field.
    """
    header: dict[str, Any] = {}
    for name in (field.name for field in facts.fields if field.name in fields):
        header[name] = _member(name, fields[name], ids)
    detail = {name: header.pop(name) for name in (SERVICE_DATE, *_class_of_lines(facts)) if name in header}
    definitions = _definitions(facts.extra)
    own = [_custom_field(number, name, header.pop(name)) for name, number in definitions.items() if name in header]
    return ({**header, "CustomField": own} if own else header), detail


def _member(name: str, text: str, ids: Mapping[str, str]) -> Any:  # noqa: ANN401 - JSON
    if name in ids:
        return {"value": ids[name]}
    if name == SHIP_METHOD:
        return {"value": text}
    if name in {"BillAddr", "ShipAddr"}:
        return {f"Line{number}": line for number, line in enumerate(_address_lines(text), start=1)}
    return text


def _custom_field(number: str, name: str, text: str) -> dict[str, str]:
    return {"DefinitionId": number, "Name": name, "Type": "StringType", "StringValue": text}


def _class_of_lines(facts: CompanyFacts) -> Iterable[str]:
    """A company has a class on the whole invoice or on each line, as its preferences say."""
    return [CLASS] if facts.extra.get("class_per_line") and not facts.extra.get("class_per_invoice") else []


def _definitions(extra: Mapping[str, str | bool | None]) -> dict[str, str]:
    """Numbers of the custom fields by name; of two with one name the first."""
    found: dict[str, str] = {}
    for key in sorted(key for key in extra if key.startswith(_CUSTOM)):
        found.setdefault(str(extra[key]), key.removeprefix(_CUSTOM))
    return found


def _entries(groups: Iterable[CustomFieldGroup]) -> dict[str, str | bool | None]:
    """Preferences write custom fields as names and values, in groups."""
    rows = [row for group in groups for row in group.custom_field or []]
    return {row.name: row.string_value if row.boolean_value is None else row.boolean_value for row in rows}


# -- obstacles ---------------------------------------------------------------------------------------------------


def _turned_off(name: str, facts: CompanyFacts) -> list[Problem]:
    extra = facts.extra
    if name == NUMBER and not extra.get("custom_numbers"):
        return [_off("custom_numbers_off", f"{facts.name} lets QuickBooks number its invoices", "custom numbers")]
    if name == CLASS and (extra.get("class_per_invoice"), extra.get("class_per_line")) == (False, False):
        return [_off("classes_off", f"{facts.name} keeps no classes", "class tracking")]
    if name == LOCATION and extra.get("locations") is False:
        return [_off("locations_off", f"{facts.name} keeps no locations", "location tracking")]
    return []


def _off(code: str, message: str, feature: str) -> Problem:
    return Problem(MAPPED, code, f"{message}.", f"Turn on {feature} in QuickBooks, or leave the field out of the map.")


def _unfit(field: MappableField, text: str) -> list[Problem]:
    if field.type == "date":
        return [] if _is_date(text) else [_bad(field, "bad_date", f"“{shown(text)}” is no date", "Enter a date")]
    if field.type == "address":
        return _unfit_address(field, text)
    if len(text) > field.max_length:
        return [_bad(field, "too_long", f"it is longer than {field.max_length} characters", "Shorten it")]
    return []


def _unfit_address(field: MappableField, text: str) -> list[Problem]:
    lines = _address_lines(text)
    if len(lines) > MAX_ADDRESS_LINES:
        what = f"the address has {len(lines)} lines and QuickBooks takes {MAX_ADDRESS_LINES}"
        return [_bad(field, "too_long", what, "Shorten it")]
    if any(len(line) > MAX_ADDRESS_LINE for line in lines):
        return [_bad(field, "too_long", f"a line is longer than {MAX_ADDRESS_LINE} characters", "Shorten it")]
    return []


def _bad(field: MappableField, code: str, what: str, fix: str) -> Problem:
    return Problem(MAPPED, code, f"{field.title} ({field.name}): {what}.", f"{fix} on the record.")


def _address_lines(text: str) -> list[str]:
    return [line for line in (line.strip() for line in text.splitlines()) if line]


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
