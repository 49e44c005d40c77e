"""The default builder: rows 24-69 of the product that concern quick mode."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attibooks_core.errors import MAX_MESSAGE, InvalidDraft
from attibooks_core.invoicing.builder import build
from attibooks_core.invoicing.values import MAX_AMOUNT, amount_of
from attibooks_core.model import AttributeValue, CrmRecord, InvoiceDraft, RecordRef, Source
from attibooks_core.settings import CORE_FIELDS, SettingsCatalog

TODAY = date(2026, 11, 23)
REF = RecordRef("deals", "r1")
CATALOG = SettingsCatalog(list(CORE_FIELDS))

MAPPED = {
    "source_customer_email": "invoice_email",
    "source_service_description": "service",
    "source_rate": "rate",
    "source_quantity": "hours",
    "source_currency": "currency",
    "source_due_days": "terms",
}
TEMPLATES = {
    "template_service_description": "Consulting services",
    "template_rate": "150",
    "template_quantity": "2",
    "template_currency": "USD",
    "template_due_days": "30",
}
FILLED = {
    "invoice_email": "pay@harbor.example",
    "service": "Design work",
    "rate": Decimal("14.5"),
    "hours": Decimal("128.35"),
    "currency": "eur",
    "terms": Decimal(14),
}


def record(values=None, *, name="Harbor & O'Neil Design", **more):
    values = {**(FILLED if values is None else values), **more}
    attributes = {
        slug: value if isinstance(value, AttributeValue) else AttributeValue(slug, () if value is None else (value,))
        for slug, value in values.items()
    }
    return CrmRecord(REF, name, attributes, "name")


def made(raw_settings=None, of=None):
    snapshot, problems = CATALOG.read(MAPPED if raw_settings is None else raw_settings)
    assert not problems
    return build(of or record(), snapshot, TODAY)


def refused(raw_settings=None, of=None):
    with pytest.raises(InvalidDraft) as refusal:
        made(raw_settings, of)
    return refusal.value


def fields_of(error):
    return [(p.field, p.code) for p in error.problems]


# -- the six source fields and the templates ---------------------------------------------------------------------


def test_every_mapped_attribute_is_used():
    draft = made()
    assert draft.customer_name == "Harbor & O'Neil Design"
    assert draft.customer_email == "pay@harbor.example"
    assert draft.currency == "EUR"
    assert draft.invoice_date == TODAY
    assert draft.due_date == date(2026, 12, 7)
    (line,) = draft.lines
    assert (line.description, line.quantity, line.rate) == ("Design work", Decimal("128.35"), Decimal("14.5"))
    assert line.amount == Decimal("1861.08")
    assert draft.subtotal == Decimal("1861.08")
    assert draft.warnings == ()


@pytest.mark.parametrize("empty", [None, "", "   ", "\u00a0"])
def test_a_mapped_attribute_that_is_empty_falls_to_the_template(empty):
    draft = made({**MAPPED, **TEMPLATES}, record(dict.fromkeys(FILLED, empty)))
    assert draft.lines[0].description == "Consulting services"
    assert (draft.lines[0].rate, draft.lines[0].quantity) == (Decimal(150), Decimal(2))
    assert (draft.currency, draft.due_date) == ("USD", date(2026, 12, 23))
    assert draft.customer_email is None, "an e-mail address has no template"


def test_without_any_mapping_the_templates_serve():
    assert made(TEMPLATES).lines[0].amount == Decimal("300.00")


def test_zero_is_a_value_and_does_not_fall_to_the_template():
    draft = made({**MAPPED, **TEMPLATES}, record(rate=Decimal(0), terms=Decimal(0)))
    assert draft.lines[0].rate == 0
    assert draft.due_date == TODAY


def test_quantity_is_one_when_nothing_says_otherwise():
    draft = made({"template_service_description": "x", "template_rate": 5})
    assert draft.lines[0].quantity == 1
    assert draft.provenance["lines.0.quantity"].source is Source.DEFAULT


def test_without_a_currency_and_terms_the_books_decide():
    draft = made({"template_service_description": "x", "template_rate": 5})
    assert (draft.currency, draft.due_date) == (None, None)


def test_the_rates_own_currency_comes_before_the_template():
    rate = AttributeValue("value", (Decimal(10),), "currency", "GBP")
    raw = {"source_rate": "value", **TEMPLATES}
    draft = made(raw, record({"value": rate}))
    assert draft.currency == "GBP"
    assert draft.provenance["currency"].slug == "value"
    with_own = made({**raw, "source_currency": "currency"}, record({"value": rate, "currency": "CAD"}))
    assert with_own.currency == "CAD", "a mapped currency comes before the rate's"


def test_the_first_of_several_values_is_used():
    addresses = AttributeValue("invoice_email", (" ", "a@x.example", "b@x.example"))
    assert made(of=record(invoice_email=addresses)).customer_email == "a@x.example"


def test_every_value_says_where_it_came_from():
    provenance = made({**MAPPED, **TEMPLATES}, record(hours=None)).provenance
    assert {path: (p.source.value, p.slug, p.text) for path, p in provenance.items()} == {
        "customer.name": ("attribute", "name", "Harbor & O'Neil Design"),
        "customer.email": ("attribute", "invoice_email", "pay@harbor.example"),
        "lines.0.description": ("attribute", "service", "Design work"),
        "lines.0.rate": ("attribute", "rate", "14.5"),
        "lines.0.quantity": ("template", None, "2"),
        "currency": ("attribute", "currency", "eur"),
        "due_date": ("attribute", "terms", "14"),
        "invoice_date": ("default", None, "2026-11-23"),
    }


# -- refusals ----------------------------------------------------------------------------------------------------


def test_everything_that_is_missing_is_said_at_once():
    error = refused({}, record({}, name="  "))
    assert fields_of(error) == [("customer_name", "missing"), ("service_description", "missing"), ("rate", "missing")]
    assert "There is no rate." in error.message
    assert "settings section 3" in error.message


def test_wrong_and_missing_values_are_said_together():
    error = refused(
        MAPPED, record(rate="ask me", hours=Decimal(-1), currency="XXY", terms="30 days", invoice_email="nobody")
    )
    assert fields_of(error) == [
        ("customer_email", "invalid_email"),
        ("rate", "not_a_number"),
        ("quantity", "negative"),
        ("currency", "unknown_currency"),
        ("due_days", "not_a_number"),
    ]


def test_a_wrong_value_is_not_replaced_by_the_template():
    assert fields_of(refused({**MAPPED, **TEMPLATES}, record(rate="12,50"))) == [("rate", "not_a_number")]


@pytest.mark.parametrize(
    "text", ["1.234,56", "1,234.56", "1e5", "$5", "٣", "NaN", "Infinity", "0x10", "1 000", True, TODAY]
)
def test_what_is_no_plain_decimal_is_refused_not_guessed(text):
    assert fields_of(refused(MAPPED, record(rate=text))) == [("rate", "not_a_number")]


@pytest.mark.parametrize(
    ("text", "value"), [(" 12.50 ", "12.50"), ("+3", "3"), ("0007", "7"), (Decimal("1E+3"), "1000")]
)
def test_text_that_is_a_plain_decimal_is_a_number(text, value):
    assert made(MAPPED, record(rate=text)).lines[0].rate == Decimal(value)


@pytest.mark.parametrize("huge", [Decimal(10) ** 30, "9" * 40, Decimal("1E+1000000"), MAX_AMOUNT + 1])
def test_an_absurd_number_is_refused(huge):
    assert fields_of(refused(MAPPED, record(rate=huge)))[0][0] == "rate"


def test_an_absurd_product_is_refused():
    assert fields_of(refused(MAPPED, record(rate=Decimal(10) ** 9, hours=Decimal(10) ** 9))) == [("rate", "too_large")]


def test_a_description_of_five_thousand_characters_is_refused_not_cut():
    error = refused(MAPPED, record(service="x" * 5000))
    assert fields_of(error) == [("service_description", "too_long")]
    assert made(MAPPED, record(service="x" * 4000)).lines[0].description == "x" * 4000


def test_a_name_over_five_hundred_characters_is_refused():
    assert fields_of(refused(MAPPED, record(name="x" * 501))) == [("customer_name", "too_long")]


def test_emoji_stay_and_control_characters_go():
    draft = made(MAPPED, record(service="Fix\x00 the 🚀\r\nand\tmore\x1b[31m\ud800", name=" A\x07cme\n  GmbH 🎉 "))
    assert draft.lines[0].description == "Fix the 🚀\nand more[31m"
    assert draft.customer_name == "Acme GmbH 🎉"


def test_a_description_of_control_characters_only_is_no_description():
    assert fields_of(refused(MAPPED, record(service="\x00\x01"))) == [("service_description", "missing")]


def test_a_reference_is_no_description():
    assert fields_of(refused(MAPPED, record(service=RecordRef("people", "p1")))) == [
        ("service_description", "wrong_type")
    ]


@pytest.mark.parametrize("days", [Decimal("1.5"), Decimal(3651), "99999"])
def test_due_days_are_whole_and_bounded(days):
    assert fields_of(refused(MAPPED, record(terms=days))) == [("due_days", "wrong_value")]


@pytest.mark.parametrize(
    "address", ["a@b", "a b@x.example", "a@x.example, b@x.example", "@x.example", "x" * 100 + "@x.example"]
)
def test_an_address_that_is_none_is_refused_before_the_books_see_it(address):
    assert fields_of(refused(MAPPED, record(invoice_email=address))) == [("customer_email", "invalid_email")]


def test_one_sentence_says_what_failed_and_one_what_to_do():
    error = refused(MAPPED, record(rate=None))
    assert (
        error.message
        == "There is no rate. Fill the attribute `rate` of the record, or set a template default in settings section 3."
    )
    assert error.problems[0].fix.startswith("Fill the attribute `rate`")


# -- slugs -------------------------------------------------------------------------------------------------------


def test_a_slug_that_this_object_lacks_is_unmapped_with_a_warning_and_a_guess():
    values = {**FILLED, "rate_2": Decimal(9)}
    del values["rate"]
    draft = made({**MAPPED, **TEMPLATES}, record(values))
    assert draft.lines[0].rate == 150
    (warning,) = draft.warnings
    assert (warning.field, warning.code, warning.severity) == ("source_rate", "unknown_attribute", "warning")
    assert "Did you mean `rate_2`?" in warning.message


def test_a_pasted_title_is_answered_with_the_slug():
    draft = made({**TEMPLATES, "source_rate": "Rate 2"}, record({"rate_2": Decimal(9)}))
    assert "Did you mean `rate_2`?" in draft.warnings[0].message


# -- arithmetic --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("quantity", "rate", "amount"),
    [
        ("128.350", "14.50", "1861.08"),
        ("1", "1.005", "1.01"),
        ("1", "0.004", "0.00"),
        ("3", "0.335", "1.01"),
        ("0.0000000001", "99999999999", "10.00"),
        ("99999999.9999999999", "0.0000000005", "0.05"),
        ("1.0000000001", "99999999.9949999999", "100000000.00"),
    ],
)
def test_amounts_are_rounded_half_up_from_the_exact_product(quantity, rate, amount):
    assert amount_of(Decimal(quantity), Decimal(rate)) == Decimal(amount)


numbers = st.decimals(0, MAX_AMOUNT, places=4)


@given(numbers, numbers)
def test_rounding_is_never_off_by_more_than_half_a_cent(quantity, rate):
    exact = int(quantity * 10**4) * int(rate * 10**4)
    cents = int(amount_of(quantity, rate) * 100)
    assert abs(exact - cents * 10**6) * 2 <= 10**6


# -- the property --------------------------------------------------------------------------------------------------

anything = st.one_of(
    st.text(st.characters(), max_size=60),
    st.decimals(allow_nan=True, allow_infinity=True),
    st.booleans(),
    st.dates(),
    st.datetimes(timezones=st.just(UTC)),
    st.builds(RecordRef, st.text(max_size=9), st.text(max_size=9)),
)
attributes = st.dictionaries(
    st.sampled_from([*MAPPED.values(), "name", "other"]),
    st.builds(
        lambda values, kind, currency: AttributeValue("", tuple(values), kind, currency),
        st.lists(anything, max_size=3),
        st.sampled_from(["", "text", "number", "currency"]),
        st.one_of(st.none(), st.text(max_size=4)),
    ),
)
raw_settings = st.dictionaries(
    st.sampled_from([f.key for f in CORE_FIELDS]),
    st.one_of(
        st.none(), st.text(max_size=20), st.integers(), st.floats(), st.booleans(), st.sampled_from([*MAPPED.values()])
    ),
)


@settings(max_examples=500)
@given(st.one_of(st.none(), st.text(max_size=600)), attributes, raw_settings, st.dates())
def test_any_record_with_any_settings_gives_a_valid_draft_or_one_complete_refusal(name, values, raw, today):
    snapshot, _ = CATALOG.read(raw)
    values = {slug: replace(value, slug=slug) for slug, value in values.items()}
    try:
        draft = build(CrmRecord(REF, name, values), snapshot, min(today, date(9980, 1, 1)))
    except InvalidDraft as error:
        assert error.problems
        assert all(p.message and p.fix and p.severity == "error" for p in error.problems)
        assert len(error.message) <= MAX_MESSAGE
        return
    assert_valid(draft)


def assert_valid(draft: InvoiceDraft) -> None:
    assert draft.customer_name == draft.customer_name.strip() != ""
    assert draft.lines
    for line in draft.lines:
        assert 0 < len(line.description) <= 4000
        line.description.encode()
        assert line.amount == amount_of(line.quantity, line.rate) <= MAX_AMOUNT
        assert min(line.rate, line.quantity) >= 0
    assert draft.due_date is None or draft.due_date >= draft.invoice_date
    assert {"customer.name", "lines.0.description", "lines.0.rate", "lines.0.quantity"} <= draft.provenance.keys()


def test_a_draft_refuses_floats():
    with pytest.raises(TypeError, match="must be a Decimal"):
        replace(made().lines[0], amount=1.5)


def test_datetimes_are_no_descriptions_problem():
    assert made(MAPPED, record(service=datetime(2026, 1, 2, tzinfo=UTC))).lines[0].description.startswith("2026-01-02")
