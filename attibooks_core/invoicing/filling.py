"""Templates of the settings, filled from a record: the words of `templates` with the refusals of a builder."""

from datetime import date

from attibooks_core.invoicing.templates import BadTemplate, TemplateValues, is_template, render
from attibooks_core.invoicing.values import BadValue
from attibooks_core.model import AttributeValue, CrmRecord, PlainValue


def values_of(record: CrmRecord, day: date, line: CrmRecord | None = None) -> TemplateValues:
    """What a template may name: the record, the day of the invoice, and the related record of its line."""
    return TemplateValues(_plain(record), day, None if line is None else _plain(line))


def rendered(text: str, values: TemplateValues) -> str:
    """The text that a template makes.

    :raises BadValue: the template cannot be used, or names what the record lacks.
    """
    try:
        return render(text, values)
    except BadTemplate as error:
        raise BadValue(error.code, error.message, error.fix) from None


def _plain(record: CrmRecord) -> dict[str, PlainValue | None]:
    values = {slug: attribute.first for slug, attribute in record.attributes.items()}
    return {**values, "name": _name(record, record.attributes.get("name"))}


def _name(record: CrmRecord, attribute: AttributeValue | None) -> PlainValue | None:
    return record.name or (attribute.first if attribute else None)


__all__ = ["TemplateValues", "is_template", "rendered", "values_of"]
