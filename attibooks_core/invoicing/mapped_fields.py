"""`field_map`: any attribute to any field that the accounting system declares (product row 56). Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from attibooks_core.invoicing import filling
from attibooks_core.invoicing.texts import clean, did_you_mean, one_line
from attibooks_core.invoicing.values import BadValue, date_value, shown
from attibooks_core.model import CrmRecord, MappableField, PlainValue, Problem, Provenance, RecordRef, Source
from attibooks_core.settings import Settings

KEY = "field_map"


@dataclass(slots=True)
class Mapped:
    """What the mapped attributes of a record come to.

    :param fields: the accounting system's name of the field -> text.
    """

    fields: dict[str, str] = field(default_factory=dict)
    memo: str | None = None
    invoice_date: date | None = None
    due_date: date | None = None
    provenance: dict[str, Provenance] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)


def map_fields(
    record: CrmRecord, settings: Settings, known: Sequence[MappableField], values: filling.TemplateValues
) -> Mapped:
    """Read every mapped attribute; an empty one sets nothing.

    :param known: the fields that the books have; none when they were not asked yet, and then nothing is mapped.
    """
    mapped = Mapped()
    by_name = {f.name.casefold(): f for f in known}
    for name, wanted in (settings[KEY] or {}).items() if known else ():
        target = by_name.get(name.casefold())
        if target is None:
            mapped.problems.append(_unknown_field(name, known))
            continue
        try:
            _map_one(mapped, target, wanted, record, values)
        except BadValue as bad:
            mapped.problems.append(Problem(KEY, bad.code, f"{target.title}: {bad.message}", bad.fix))
    return mapped


def _map_one(
    mapped: Mapped, target: MappableField, wanted: str, record: CrmRecord, values: filling.TemplateValues
) -> None:
    if filling.is_template(wanted):
        raw: PlainValue | None = filling.rendered(wanted, values)
        origin = Provenance(Source.TEMPLATE, None, wanted)
    else:
        attribute = record.attributes.get(wanted)
        if attribute is None:
            mapped.warnings.append(_unknown_slug(target, wanted, record))
        raw = attribute.first if attribute else None
        origin = Provenance(Source.ATTRIBUTE, wanted, "" if raw is None else shown(raw))
    if raw is not None:
        _set(mapped, target, raw, origin)


def _set(mapped: Mapped, target: MappableField, raw: PlainValue, origin: Provenance) -> None:
    if target.type == "date":
        day = date_value(raw)
        if target.part == "invoice_date":
            mapped.invoice_date = day
        elif target.part == "due_date":
            mapped.due_date = day
        else:
            mapped.fields[target.name] = day.isoformat()
    elif target.part == "memo":
        mapped.memo = _text(target, raw)
    else:
        mapped.fields[target.name] = _text(target, raw)
    mapped.provenance[target.part or f"fields.{target.name}"] = origin


def _text(target: MappableField, raw: PlainValue) -> str:
    if isinstance(raw, RecordRef):
        fix = "Map an attribute with text instead in settings section 7."
        raise BadValue("wrong_type", "the attribute refers to another record.", fix)
    text = one_line(shown(raw)) if target.type == "reference" else clean(shown(raw))
    if len(text) > target.max_length:
        message = f"the text has {len(text)} characters, {target.max_length} are allowed."
        raise BadValue("too_long", message, "Shorten it on the record.")
    return text


def _unknown_field(name: str, known: Sequence[MappableField]) -> Problem:
    guess = did_you_mean(name, [f.name for f in known])
    message = f"{name} is no field of an invoice that can be mapped.{guess}"
    fix = f"Use one of: {', '.join(sorted(f.name for f in known))}, in settings section 7."
    return Problem(KEY, "unknown_field", message, fix)


def _unknown_slug(target: MappableField, slug: str, record: CrmRecord) -> Problem:
    guess = did_you_mean(slug, record.attributes)
    message = f"`{slug}`, mapped to {target.title}, is no attribute of {record.ref.object}, so it was not used.{guess}"
    return Problem(KEY, "unknown_attribute", message, "Correct the slug in settings section 7.", "warning")
