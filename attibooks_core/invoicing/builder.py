"""The default builder: one record and the settings make an invoice, or a refusal that names everything in the way.

Pure, and total over its inputs: it returns a draft or raises `InvalidDraft`, whatever the record holds. For each
value the mapped attribute comes first, then the template, then the default (product rows 35-69). Missing is what is
absent, null, empty or blank; 0 is a value.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import TypeVar

from attibooks_core.hookspecs import hookimpl
from attibooks_core.invoicing import filling
from attibooks_core.invoicing.mapped_fields import Mapped, map_fields
from attibooks_core.invoicing.sketches import finished
from attibooks_core.invoicing.texts import did_you_mean
from attibooks_core.invoicing.values import (
    MAX_LINES,
    BadValue,
    Picked,
    check_amount,
    currency_value,
    due_days_value,
    email_value,
    name_value,
    quantity_value,
    rate_value,
    shown,
    text_value,
)
from attibooks_core.model import (
    AttributeValue,
    CompanyFacts,
    CrmRecord,
    DraftSketch,
    InvoiceDraft,
    LineSketch,
    MappableField,
    PlainValue,
    Problem,
    Provenance,
    Source,
)
from attibooks_core.settings import Settings

T = TypeVar("T")

COMPANIES = "companies"
_TEMPLATE_FIX = "or set a template default in settings section 3."
_ONE = Picked(Decimal(1), Provenance(Source.DEFAULT, None, "1"))


def build(record: CrmRecord, settings: Settings, today: date, fields: Sequence[MappableField] = ()) -> InvoiceDraft:
    """Turn a record into a draft.

    :param today: the company's date; the invoice is dated so unless a mapped attribute says otherwise.
    :param fields: the accounting system's further fields; without them `field_map` is left alone.
    :raises InvalidDraft: with every obstacle at once, and the draft as far as it is known.
    """
    return finished(sketch(record, settings, today, fields))


def sketch(record: CrmRecord, settings: Settings, today: date, fields: Sequence[MappableField] = ()) -> DraftSketch:
    """What a record makes, with everything that is in the way."""
    return _Builder(record, settings, today).sketch(fields)


class _Builder:
    """Collects values, warnings and problems of one record."""

    def __init__(self, record: CrmRecord, settings: Settings, today: date) -> None:
        self._record = record
        self._settings = settings
        self._today = today
        self._problems: list[Problem] = []
        self._warnings: list[Problem] = []
        self._provenance: dict[str, Provenance] = {}

    def sketch(self, fields: Sequence[MappableField]) -> DraftSketch:
        self._provenance["invoice_date"] = Provenance(Source.DEFAULT, None, self._today.isoformat())
        name = self._customer_name()
        email = self._optional("customer.email", self._customer_email())
        lines = self._lines()
        currency = self._optional("currency", self._currency())
        due_days = self._optional("due_date", self._pick("due_days", due_days_value))
        mapped = self._mapped_fields(fields)
        day = mapped.invoice_date or self._today
        customer = self._record.customer
        return DraftSketch(
            source=self._record.ref,
            invoice_date=day,
            customer_name=name,
            customer_email=email,
            currency=currency,
            due_date=mapped.due_date or _days_after(day, due_days),
            lines=lines,
            memo=mapped.memo,
            provenance=self._provenance,
            warnings=tuple(self._warnings),
            customer_record=customer.ref if customer else None,
            fields=mapped.fields,
            problems=tuple(self._problems),
        )

    def _mapped_fields(self, fields: Sequence[MappableField]) -> Mapped:
        mapped = map_fields(self._record, self._settings, fields, self._template_values(None))
        self._problems += mapped.problems
        self._warnings += mapped.warnings
        self._provenance |= mapped.provenance
        return mapped

    # -- the customer --------------------------------------------------------------------------------------------

    def _customer_name(self) -> str | None:
        linked = self._settings["customer_source"] == "linked_company" and self._record.ref.object != COMPANIES
        holder = self._record.customer if linked else self._record
        if holder is None:
            fix = "Link exactly one company to it in the CRM, or set Customer is to record in settings section 7."
            self._missing("customer_name", "The record is linked to no company, or to several.", fix)
            return None
        name = self._parsed("customer_name", name_value, holder.name or "")
        if name is not None:
            self._provenance["customer.name"] = Provenance(Source.ATTRIBUTE, holder.name_slug, name)
        return name

    def _customer_email(self) -> Picked[str] | None:
        """The record's own address, else the one of the company that stands for the customer."""
        found = self._from_attribute("customer_email", email_value)
        if found is not None or self._record.customer is None:
            return found
        slug = self._settings.text("source_customer_email")
        attribute = self._record.customer.attributes.get(slug or "")
        return self._read("customer_email", email_value, attribute)

    # -- lines ---------------------------------------------------------------------------------------------------

    def _lines(self) -> tuple[LineSketch, ...]:
        if self._settings.text("lines_from") is None:
            return (self._own_line(),)
        related = self._record.related
        self._problems += self._record.problems
        if not related and not self._record.problems:
            fix = "Relate records to it in the CRM, or clear Lines from in settings section 7."
            self._missing("lines", "No related records make lines of the invoice.", fix)
        if len(related) > MAX_LINES:
            message = f"{len(related)} related records would make lines, {MAX_LINES} are allowed."
            self._problem("lines", BadValue("too_many", message, "Relate fewer records, or make several invoices."))
        return tuple(self._related_line(n, line) for n, line in enumerate(related[:MAX_LINES]))

    def _own_line(self) -> LineSketch:
        description = self._required("service_description", "description", self._description())
        rate = self._required("rate", "rate", self._pick("rate", rate_value))
        return self._line("", 0, description, rate, self._pick("quantity", quantity_value))

    def _description(self) -> Picked[str] | None:
        return self._from_attribute("service_description", text_value) or self._template_text(self._record)

    def _related_line(self, n: int, line: CrmRecord) -> LineSketch:
        at = f"lines.{n}."
        described = self._described(at, line) or self._template_text(line, at)
        rate = self._read(f"{at}rate", rate_value, self._of_line("line_rate", line)) or self._from_template("rate")
        quantity = self._read(f"{at}quantity", quantity_value, self._of_line("line_quantity", line))
        fix = f"Fill the attributes of “{line.name or line.ref.record_id}” that the settings name in section 7,"
        description_value = self._line_part(at, "description", described, fix)
        rate_picked = self._line_part(at, "rate", rate, fix)
        return self._line(at, n, description_value, rate_picked, quantity or self._from_template("quantity"))

    def _line(
        self, at: str, n: int, description: str | None, rate: Decimal | None, quantity: Picked[Decimal] | None
    ) -> LineSketch:
        unread = any(p.field == f"{at}quantity" for p in self._problems)
        picked = quantity or (None if unread else _ONE)
        if picked is None:
            return LineSketch(description, None, rate)
        self._provenance[f"lines.{n}.quantity"] = picked.origin
        if rate is not None and self._parsed(f"{at}rate", lambda _: _checked(picked.value, rate), "") is None:
            return LineSketch(description, picked.value, None)
        return LineSketch(description, picked.value, rate)

    def _described(self, at: str, line: CrmRecord) -> Picked[str] | None:
        """The mapped text of a related record, or its name (settings `line_description`)."""
        wanted = self._settings.text("line_description")
        if wanted and filling.is_template(wanted):
            return self._rendered(f"{at}description", wanted, line)
        mapped = self._read(f"{at}description", text_value, self._of_line("line_description", line))
        if mapped is not None or not line.name:
            return mapped
        name = self._parsed(f"{at}description", text_value, line.name)
        return None if name is None else Picked(name, Provenance(Source.ATTRIBUTE, line.name_slug, name))

    def _of_line(self, key: str, line: CrmRecord) -> AttributeValue | None:
        slug = self._settings.text(key)
        if slug is None:
            return None
        if slug not in line.attributes:
            self._unknown_slug(key, slug, line, 7)
        return line.attributes.get(slug)

    def _line_part(self, at: str, part: str, picked: Picked[T] | None, fix: str) -> T | None:
        if picked is None:
            if not any(p.field == f"{at}{part}" for p in self._problems):
                self._missing(f"{at}{part}", f"A line has no {part}.", f"{fix} {_TEMPLATE_FIX}")
            return None
        self._provenance[f"{at}{part}"] = picked.origin
        return picked.value

    def _currency(self) -> Picked[str] | None:
        """The mapped code, else the one of the rate's own currency attribute, else the template (row 49)."""
        mapped = self._from_attribute("currency", currency_value)
        if mapped is not None:
            return mapped
        codes = {a.currency: a.slug for a in self._rate_attributes() if a.currency and a.first is not None}
        if len(codes) > 1:
            message = f"The lines are in several currencies: {', '.join(sorted(codes))}."
            self._problem("currency", BadValue("several_currencies", message, "Use one currency for all lines."))
            return None
        for code, slug in codes.items():
            found = self._parsed("currency", currency_value, code)
            return None if found is None else Picked(found, Provenance(Source.ATTRIBUTE, slug, code))
        return self._from_template("currency")

    def _rate_attributes(self) -> Iterator[AttributeValue]:
        """The attributes that the rates come from."""
        lines = self._settings.text("lines_from") is not None
        slug = self._settings.text("line_rate" if lines else "source_rate")
        for record in self._record.related if lines else (self._record,):
            attribute = record.attributes.get(slug or "")
            if attribute is not None:
                yield attribute

    # -- picking -------------------------------------------------------------------------------------------------

    def _pick(self, field: str, parse: Callable[[PlainValue], T]) -> Picked[T] | None:
        return self._from_attribute(field, parse) or self._from_template(field)

    def _from_attribute(self, field: str, parse: Callable[[PlainValue], T]) -> Picked[T] | None:
        return self._read(field, parse, self._mapped(field))

    def _read(self, field: str, parse: Callable[[PlainValue], T], attribute: AttributeValue | None) -> Picked[T] | None:
        raw = attribute.first if attribute else None
        if attribute is None or raw is None:
            return None
        value = self._parsed(field, parse, raw)
        return None if value is None else Picked(value, Provenance(Source.ATTRIBUTE, attribute.slug, shown(raw)))

    def _mapped(self, field: str) -> AttributeValue | None:
        """The attribute that a field is mapped to; a slug that this object lacks counts as unmapped, with a warning."""
        slug = self._settings.text(f"source_{field}")
        if slug is None:
            return None
        if slug not in self._record.attributes:
            self._unknown_slug(f"source_{field}", slug, self._record, 5)
        return self._record.attributes.get(slug)

    def _unknown_slug(self, key: str, slug: str, record: CrmRecord, section: int) -> None:
        guess = did_you_mean(slug, record.attributes)
        message = f"`{slug}` is no attribute of {record.ref.object}, so it was not used.{guess}"
        warning = Problem(
            key, "unknown_attribute", message, f"Correct the slug in settings section {section}.", "warning"
        )
        if warning not in self._warnings:
            self._warnings.append(warning)

    def _from_template(self, field: str) -> Picked[T] | None:
        value = self._settings[f"template_{field}"]
        return None if value is None else Picked(value, Provenance(Source.TEMPLATE, None, str(value)))

    def _template_text(self, record: CrmRecord, at: str = "") -> Picked[str] | None:
        text = self._settings.text("template_service_description")
        if text is None or not filling.is_template(text):
            return self._from_template("service_description")
        return self._rendered(f"{at}description" if at else "service_description", text, record)

    def _rendered(self, field: str, text: str, line: CrmRecord) -> Picked[str] | None:
        values = self._template_values(line)
        rendered = self._parsed(field, lambda _: text_value(filling.rendered(text, values)), "")
        return None if rendered is None else Picked(rendered, Provenance(Source.TEMPLATE, None, text))

    def _template_values(self, line: CrmRecord | None) -> filling.TemplateValues:
        return filling.values_of(self._record, self._today, line)

    def _parsed(self, field: str, parse: Callable[[PlainValue], T], raw: PlainValue) -> T | None:
        try:
            return parse(raw)
        except BadValue as bad:
            self._problem(field, bad)
            return None

    # -- taking note ---------------------------------------------------------------------------------------------

    def _required(self, field: str, part: str, picked: Picked[T] | None) -> T | None:
        if picked is None:
            if not any(p.field == field for p in self._problems):
                name = field.replace("_", " ")
                self._missing(field, f"There is no {name}.", f"{self._where(field)} {_TEMPLATE_FIX}")
            return None
        self._provenance[f"lines.0.{part}"] = picked.origin
        return picked.value

    def _optional(self, path: str, picked: Picked[T] | None) -> T | None:
        if picked is None:
            return None
        self._provenance[path] = picked.origin
        return picked.value

    def _where(self, field: str) -> str:
        slug = self._settings.text(f"source_{field}")
        return f"Fill the attribute `{slug}` of the record," if slug else "Map an attribute in settings section 5,"

    def _missing(self, field: str, message: str, fix: str) -> None:
        self._problems.append(Problem(field, "missing", message, fix))

    def _problem(self, field: str, bad: BadValue) -> None:
        self._problems.append(Problem(field, bad.code, bad.message, bad.fix))


def _checked(quantity: Decimal, rate: Decimal) -> Decimal:
    check_amount(quantity, rate)
    return rate


def _days_after(day: date, days: int | None) -> date | None:
    return None if days is None else day + timedelta(days=days)


class DefaultBuilder:
    """The plugin `core.builder`: answers `build_invoice` when no other plugin did."""

    attibooks_api = (1, 0)

    @hookimpl(trylast=True)
    def build_invoice(self, record: CrmRecord, settings: Settings, facts: CompanyFacts, today: date) -> InvoiceDraft:
        """Build with the default rules."""
        return build(record, settings, today, facts.fields)
