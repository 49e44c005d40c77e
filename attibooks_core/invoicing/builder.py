"""The default builder: one record and the settings make one line, or a refusal that names everything in the way.

Pure, and total over its inputs: it returns a draft or raises `InvalidDraft`, whatever the record holds. For each
value the mapped attribute comes first, then the template, then the default (product rows 35-69). Missing is what is
absent, null, empty or blank; 0 is a value.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Generic, TypeVar

from attibooks_core.hookspecs import hookimpl
from attibooks_core.invoicing.texts import clean, did_you_mean, invalid_draft, one_line
from attibooks_core.model import (
    AttributeValue,
    CompanyFacts,
    CrmRecord,
    DraftLine,
    InvoiceDraft,
    PlainValue,
    Problem,
    Provenance,
    RecordRef,
    Source,
)
from attibooks_core.settings import MAX_DIGITS, Settings, currency_code, plain_decimal

T = TypeVar("T")

CENT = Decimal("0.01")
MAX_AMOUNT = Decimal("99999999999.99")
"""Greatest amount that is sent: eleven digits before the point."""
MAX_DECIMALS = 10
MAX_NAME = 500
MAX_DESCRIPTION = 4000
MAX_EMAIL = 100
MAX_DUE_DAYS = 3650

_EXACT = Context(prec=100, rounding=ROUND_HALF_UP)
"""The default context keeps 28 digits, which would round a long product twice."""

_EMAIL = re.compile(r"[^\s@,;:<>()\[\]\"]+@[^\s@,;:<>()\[\]\"]+\.[^\s@,;:<>()\[\]\".]{2,}")
_TEMPLATE_FIX = "or set a template default in settings section 3."


class BadValue(ValueError):
    """A value that is there and cannot be used.

    :param code: the problem's code.
    """

    def __init__(self, code: str, message: str, fix: str) -> None:
        super().__init__(message)
        self.code, self.message, self.fix = code, message, fix


@dataclass(frozen=True, slots=True)
class Picked(Generic[T]):
    """A value and where it came from."""

    value: T
    origin: Provenance


def build(record: CrmRecord, settings: Settings, today: date) -> InvoiceDraft:
    """Turn a record into a draft.

    :param today: the company's date; the invoice is dated so.
    :raises InvalidDraft: with every obstacle at once.
    """
    return _Builder(record, settings).draft(today)


def amount_of(quantity: Decimal, rate: Decimal) -> Decimal:
    """Rate x quantity, rounded HALF_UP to the two decimals that the books keep (contract §4)."""
    return _EXACT.multiply(quantity, rate).quantize(CENT, context=_EXACT)


class _Builder:
    """Collects values, warnings and problems of one record."""

    def __init__(self, record: CrmRecord, settings: Settings) -> None:
        self._record = record
        self._settings = settings
        self._problems: list[Problem] = []
        self._warnings: list[Problem] = []
        self._provenance: dict[str, Provenance] = {}

    def draft(self, today: date) -> InvoiceDraft:
        name = self._customer_name()
        email = self._optional("customer.email", self._pick("customer_email", _email))
        line = self._line()
        currency = self._optional("currency", self._currency())
        due_days = self._optional("due_date", self._pick("due_days", _due_days))
        self._provenance["invoice_date"] = Provenance(Source.DEFAULT, None, today.isoformat())
        if self._problems or name is None or line is None:
            raise invalid_draft(self._problems)
        return InvoiceDraft(
            source=self._record.ref,
            customer_name=name,
            customer_email=email,
            currency=currency,
            invoice_date=today,
            due_date=None if due_days is None else today + timedelta(days=due_days),
            lines=(line,),
            provenance=self._provenance,
            warnings=tuple(self._warnings),
        )

    # -- fields --------------------------------------------------------------------------------------------------

    def _customer_name(self) -> str | None:
        name = one_line(self._record.name or "")
        if not name:
            self._missing("customer_name", "The record has no name.", "Give it a name in the CRM.")
        elif len(name) > MAX_NAME:
            fix = "Shorten the record's name."
            self._problem("customer_name", BadValue("too_long", f"The name is over {MAX_NAME} characters.", fix))
        else:
            self._provenance["customer.name"] = Provenance(Source.ATTRIBUTE, self._record.name_slug, name)
            return name
        return None

    def _line(self) -> DraftLine | None:
        described = self._required("service_description", "description", self._pick("service_description", _text))
        rate = self._required("rate", "rate", self._pick("rate", _rate))
        quantity = self._pick("quantity", _quantity) or Picked(Decimal(1), Provenance(Source.DEFAULT, None, "1"))
        self._provenance["lines.0.quantity"] = quantity.origin
        if described is None or rate is None:
            return None
        if quantity.value * rate > MAX_AMOUNT:
            fix = "Lower the rate or the quantity."
            self._problem("rate", BadValue("too_large", f"The amount is over {MAX_AMOUNT}.", fix))
            return None
        return DraftLine(described, quantity.value, rate, amount_of(quantity.value, rate))

    def _currency(self) -> Picked[str] | None:
        """The mapped code, else the one of the rate's own currency attribute, else the template (row 49)."""
        mapped = self._from_attribute("currency", _currency)
        if mapped is not None:
            return mapped
        slug = self._settings.text("source_rate")
        attribute = self._record.attributes.get(slug) if slug else None
        if attribute is not None and attribute.currency and attribute.first is not None:
            found = self._parsed("currency", _currency, attribute.currency)
            return None if found is None else Picked(found, Provenance(Source.ATTRIBUTE, slug, attribute.currency))
        return self._from_template("currency")

    # -- picking -------------------------------------------------------------------------------------------------

    def _pick(self, field: str, parse: Callable[[PlainValue], T]) -> Picked[T] | None:
        return self._from_attribute(field, parse) or self._from_template(field)

    def _from_attribute(self, field: str, parse: Callable[[PlainValue], T]) -> Picked[T] | None:
        attribute = self._mapped(field)
        raw = attribute.first if attribute else None
        if attribute is None or raw is None:
            return None
        value = self._parsed(field, parse, raw)
        return None if value is None else Picked(value, Provenance(Source.ATTRIBUTE, attribute.slug, _shown(raw)))

    def _mapped(self, field: str) -> AttributeValue | None:
        """The attribute that a field is mapped to; a slug that this object lacks counts as unmapped, with a warning."""
        slug = self._settings.text(f"source_{field}")
        if slug is None:
            return None
        attribute = self._record.attributes.get(slug)
        if attribute is None:
            guess = did_you_mean(slug, self._record.attributes)
            message = f"`{slug}` is no attribute of {self._record.ref.object}, so it was not used.{guess}"
            fix = "Correct the slug in settings section 5."
            self._warnings.append(Problem(f"source_{field}", "unknown_attribute", message, fix, "warning"))
        return attribute

    def _from_template(self, field: str) -> Picked[T] | None:
        value = self._settings[f"template_{field}"]
        return None if value is None else Picked(value, Provenance(Source.TEMPLATE, None, str(value)))

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


# -- values -------------------------------------------------------------------------------------------------------


def _text(raw: PlainValue) -> str:
    if isinstance(raw, RecordRef):
        fix = "Map an attribute with text instead in settings section 5."
        raise BadValue("wrong_type", "The service description is a reference to another record.", fix)
    text = clean(_shown(raw))
    if not text:
        raise BadValue("missing", "The service description holds no visible text.", "Write one on the record.")
    if len(text) > MAX_DESCRIPTION:
        message = f"The service description has {len(text)} characters, {MAX_DESCRIPTION} are allowed."
        raise BadValue("too_long", message, "Shorten it on the record.")
    return text


def _number(raw: PlainValue, name: str) -> Decimal:
    value = None if isinstance(raw, bool | date | RecordRef) else plain_decimal(raw)
    fix = f"Write a plain number such as 12.50 as the {name} on the record."
    if value is None:
        raise BadValue("not_a_number", f"The {name} is {_quoted(raw)}, which is no plain number.", fix)
    if value < 0:
        raise BadValue("negative", f"The {name} is {_quoted(raw)}, which is negative.", fix)
    if value > MAX_AMOUNT:
        raise BadValue("too_large", f"The {name} is over {MAX_AMOUNT}.", fix)
    if -int(value.as_tuple().exponent) > MAX_DECIMALS:
        raise BadValue("too_precise", f"The {name} has more than {MAX_DECIMALS} decimals.", fix)
    return value


def _rate(raw: PlainValue) -> Decimal:
    return _number(raw, "rate")


def _quantity(raw: PlainValue) -> Decimal:
    return _number(raw, "quantity")


def _due_days(raw: PlainValue) -> int:
    value = _number(raw, "number of due days")
    if value != value.to_integral_value() or value > MAX_DUE_DAYS:
        message = f"The due days are {_quoted(raw)}; they have to be a whole number from 0 to {MAX_DUE_DAYS}."
        raise BadValue("wrong_value", message, "Correct the due days on the record.")
    return int(value)


def _currency(raw: PlainValue) -> str:
    code = currency_code(raw)
    if code is None:
        message = f"{_quoted(raw)} is no currency."
        raise BadValue("unknown_currency", message, "Use a three-letter code such as USD or EUR on the record.")
    return code


def _email(raw: PlainValue) -> str:
    address = raw.strip() if isinstance(raw, str) else ""
    if not _EMAIL.fullmatch(address) or len(address) > MAX_EMAIL:
        raise BadValue("invalid_email", f"{_quoted(raw)} is no e-mail address.", "Correct the address on the record.")
    return address


def _shown(raw: PlainValue) -> str:
    if isinstance(raw, Decimal):
        return format(raw, "f") if abs(raw.adjusted()) <= MAX_DIGITS else str(raw)
    if isinstance(raw, RecordRef):
        return f"{raw.object}/{raw.record_id}"
    return raw if isinstance(raw, str) else str(raw)


def _quoted(raw: PlainValue) -> str:
    text = one_line(_shown(raw))
    return f"“{text if len(text) <= 40 else text[:39] + '…'}”"


class DefaultBuilder:
    """The plugin `core.builder`: answers `build_invoice` when no other plugin did."""

    attibooks_api = (1, 0)

    @hookimpl(trylast=True)
    def build_invoice(self, record: CrmRecord, settings: Settings, facts: CompanyFacts, today: date) -> InvoiceDraft:
        """Build with the default rules; `facts` belong to the backend's own checks."""
        del facts
        return build(record, settings, today)
