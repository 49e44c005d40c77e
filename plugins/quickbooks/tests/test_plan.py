import json
from dataclasses import replace
from datetime import date
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attibooks_core.model import (
    Candidate,
    CompanyFacts,
    CustomerMatch,
    DraftLine,
    InvoiceDraft,
    RecordRef,
    SubmissionPlan,
)
from attibooks_core.protocols import Resolution
from attibooks_core.settings import Settings
from attibooks_quickbooks.mapping import amount_of, plan_of, sent_value, with_customer, with_invoice

REALM = "9130001234567890"
NUMBERS = st.decimals(min_value=0, max_value=10**9, allow_nan=False, allow_infinity=False, places=5)


def resolution(customer="58", **references):
    match = CustomerMatch("name" if customer else "new", customer, "why")
    plain = {
        "items": {"": "19"},
        "tax_codes": {"": None},
        "currency": "USD",
        "sends_currency": False,
        "tax_excluded": False,
        "tax": "0.00",
        "header": {},
        "detail": {},
    }
    return Resolution(match, {**plain, **references})


@pytest.fixture
def plan(workspace, draft):
    """A plan from changes of the draft; `found` changes what was resolved, `settings` the workspace."""

    def make(*lines, found=None, settings=None, **changed):
        ws = workspace(**(settings or {}))
        return plan_of(ws.settings, draft(*lines, **changed), found or resolution(), "int-1")

    return make


def line(quantity, rate, description="x"):
    return DraftLine(description, Decimal(quantity), Decimal(rate), Decimal(0))


class TestBytes:
    def test_the_smallest_invoice(self, plan):
        (request,) = plan().requests
        assert (request.part, request.method) == ("invoice", "POST")
        assert request.path == f"/v3/company/{REALM}/invoice"
        assert request.body == (
            '{"CustomerRef":{"value":"58"},"TxnDate":"2026-11-23","PrivateNote":"AttiBooks int-1",'
            '"Line":[{"DetailType":"SalesItemLineDetail","Amount":300.00,"Description":"Consulting",'
            '"SalesItemLineDetail":{"ItemRef":{"value":"19"},"Qty":2,"UnitPrice":150.00}}]}'
        )

    def test_everything_at_once_for_a_new_customer_outside_the_us(self, plan):
        made = plan(
            ("128.350", "14.50"),
            found=resolution(None, tax_codes={"": "3"}, currency="EUR", sends_currency=True, tax_excluded=True),
            settings={"send_invoice_email": True, "environment": "production"},
            customer_name="Müller: Söhne",
            customer_email="pay@example.org",
            currency="EUR",
            due_date=date(2026, 12, 23),
            memo="Thank you 🦜",
        )
        customer, invoice, send = made.requests
        assert (customer.part, customer.path) == ("customer", f"/v3/company/{REALM}/customer")
        assert customer.body == (
            '{"DisplayName":"Müller- Söhne","PrimaryEmailAddr":{"Address":"pay@example.org"},'
            '"CurrencyRef":{"value":"EUR"}}'
        )
        assert invoice.body == (
            '{"CustomerRef":{"value":"<new>"},"TxnDate":"2026-11-23","DueDate":"2026-12-23",'
            '"CurrencyRef":{"value":"EUR"},"BillEmail":{"Address":"pay@example.org"},'
            '"CustomerMemo":{"value":"Thank you 🦜"},"PrivateNote":"AttiBooks int-1",'
            '"GlobalTaxCalculation":"TaxExcluded","Line":[{"DetailType":"SalesItemLineDetail","Amount":1861.08,'
            '"Description":"Consulting","SalesItemLineDetail":{"ItemRef":{"value":"19"},"Qty":128.350,'
            '"UnitPrice":14.50,"TaxCodeRef":{"value":"3"}}}]}'
        )
        assert (send.part, send.path, send.body) == ("send", f"/v3/company/{REALM}/invoice/<new>/send", "")
        assert made.books.environment == "production"
        assert (made.currency, made.subtotal, made.match.id) == ("EUR", Decimal("1861.08"), None)

    def test_a_new_customer_of_a_company_with_one_currency_is_a_name(self, plan):
        assert plan(found=resolution(None)).requests[0].body == '{"DisplayName":"Acme"}'

    def test_the_same_draft_gives_the_same_bytes(self, plan):
        assert plan().digest == plan().digest
        assert plan().digest != plan(memo="x").digest

    def test_paths_have_no_query(self, plan):
        made = plan(found=resolution(None), settings={"send_invoice_email": True}, customer_email="a@b.c")
        assert not any("?" in r.path for r in made.requests)

    def test_no_number_is_sent(self, plan):
        """Row 109: the number is left to QuickBooks."""
        assert "DocNumber" not in plan().requests[0].body

    def test_texts_that_json_cannot_carry_are_cleaned(self, plan, draft):
        odd = replace(draft().lines[0], description="a\ud800b\x00c\nd")
        made = plan(lines=(odd,), memo="m\udfff")
        body = json.loads(made.requests[0].body)
        assert body["Line"][0]["Description"] == "abc\nd"
        assert made.digest

    async def test_the_backend_plans_from_what_was_resolved(self, backend, company, workspace, draft):
        company.multicurrency("EUR")
        ws = workspace()
        found = await backend.resolve(ws, draft(currency="EUR"))
        stale = CompanyFacts(
            backend.books(ws.settings), "B", "US", "USD", False, frozenset({"USD"}), tax_code_required=False
        )
        made = backend.plan(ws.settings, draft(currency="EUR"), stale, found, "int-1")
        assert sent_value(made.requests[-1], "CurrencyRef", "value") == "EUR"


class TestSending:
    def test_an_address_is_sent_to(self, plan):
        made = plan(settings={"send_invoice_email": True}, customer_email="a@b.c")
        assert [r.part for r in made.requests] == ["invoice", "send"]
        assert made.warnings == ()

    def test_no_address_is_a_warning(self, plan):
        made = plan(settings={"send_invoice_email": True})
        assert [r.part for r in made.requests] == ["invoice"]
        (warning,) = made.warnings
        assert (warning.field, warning.severity) == ("customer_email", "warning")
        assert warning.message == "Not e-mailed: no address."

    def test_who_wants_no_mail_gets_none_and_no_warning(self, plan):
        made = plan(customer_email="a@b.c")
        assert [r.part for r in made.requests] == ["invoice"]
        assert made.warnings == ()
        assert sent_value(made.requests[0], "BillEmail", "Address") == "a@b.c"
        assert plan().warnings == ()


class TestNumbers:
    @pytest.mark.parametrize(
        ("quantity", "rate", "amount"),
        [
            ("128.350", "14.50", "1861.08"),
            ("1", "1.005", "1.01"),
            ("3", "0.335", "1.01"),
            ("1", "0.004", "0.00"),
            ("1.00001", "99999999999999999.99", "100000999999999999.99"),
            ("0.00000000000000000005", "1" + "0" * 39, "50000000000000000000.00"),
            ("1", "0." + "0" * 18 + "5", "0.00"),
            ("-0", "5", "0.00"),
        ],
    )
    def test_amounts_are_rounded_half_up_from_exact_products(self, quantity, rate, amount):
        assert f"{amount_of(line(quantity, rate)):f}".lstrip("-") == amount

    @given(st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=5))
    def test_every_number_crosses_the_wire_with_its_digits(self, pairs):
        made = InvoiceDraft(
            RecordRef("companies", "r"), "Acme", None, None, date(2026, 11, 23), None, tuple(line(*p) for p in pairs)
        )
        plan = plan_of(Settings({"qbo_company_id": REALM}), made, resolution(), "m")
        body = json.loads(plan.requests[0].body, parse_float=Decimal, parse_int=Decimal)
        for (quantity, rate), sent in zip(pairs, body["Line"], strict=True):
            detail = sent["SalesItemLineDetail"]
            assert (str(detail["Qty"]), str(detail["UnitPrice"])) == (f"{quantity:f}", f"{rate:f}")
            assert abs(sent["Amount"] - quantity * rate) <= Decimal("0.005")
            assert sent["Amount"].as_tuple().exponent == -2
        assert plan.subtotal == sum(sent["Amount"] for sent in body["Line"])

    @pytest.mark.parametrize(("rate", "text"), [("1E+2", "100"), ("1E-7", "0.0000001"), ("-0.00", "0.00"), ("0", "0")])
    def test_numbers_never_have_an_exponent(self, plan, draft, rate, text):
        made = replace(draft().lines[0], rate=Decimal(rate))
        assert f'"UnitPrice":{text}}}' in plan(lines=(made,)).requests[0].body


TEXT = st.text(max_size=30)
MARKS = st.one_of(st.none(), st.text(min_size=1, max_size=8))
IDS = st.integers(1, 9999).map(str)
DAYS = st.dates(date(2000, 1, 1), date(2099, 12, 31))
FOUND = st.fixed_dictionaries(
    {
        "currency": st.sampled_from(["USD", "EUR"]),
        "sends_currency": st.booleans(),
        "tax_excluded": st.booleans(),
        "tax": st.sampled_from([None, "0.00"]),
        "header": st.dictionaries(
            st.sampled_from(["DocNumber", "ShipDate", "TrackingNum"]), st.text(min_size=1, max_size=21)
        ),
        "detail": st.dictionaries(st.sampled_from(["ClassRef"]), st.fixed_dictionaries({"value": IDS})),
    }
)


@st.composite
def cases(draw):
    """A draft and what was found for it, as different as they come."""
    numbers = st.tuples(NUMBERS, NUMBERS, TEXT, MARKS, MARKS)
    rows = draw(st.lists(numbers, min_size=1, max_size=6))
    lines = tuple(DraftLine(text, q, r, Decimal(0), item, code) for q, r, text, item, code in rows)
    items = {line.item or "": draw(IDS) for line in lines}
    codes = {line.tax_code or "": draw(st.one_of(st.none(), IDS)) for line in lines}
    customer, how = draw(st.one_of(st.none(), IDS)), draw(st.sampled_from(["name", "chosen", "remembered"]))
    match = CustomerMatch(how if customer else "new", customer, draw(TEXT))
    record = st.one_of(st.none(), st.builds(RecordRef, TEXT, TEXT))
    email = draw(st.one_of(st.none(), st.just("a@b.example")))
    made = InvoiceDraft(
        source=RecordRef("companies", "r"),
        customer_name=draw(TEXT),
        customer_email=email,
        currency=None,
        invoice_date=draw(DAYS),
        due_date=draw(st.one_of(st.none(), DAYS)),
        lines=lines,
        memo=draw(st.one_of(st.none(), TEXT)),
        customer_record=draw(record),
    )
    candidates = tuple(draw(st.lists(st.builds(Candidate, IDS, TEXT, st.none(), TEXT), max_size=3)))
    return made, Resolution(match, {**draw(FOUND), "items": items, "tax_codes": codes}, (), candidates)


class TestFrozen:
    """A preview freezes what was resolved; what is sent later are the bytes that it showed."""

    SETTINGS = Settings({"qbo_company_id": REALM, "send_invoice_email": True})

    @settings(max_examples=500, deadline=None)
    @given(cases())
    def test_a_plan_made_twice_or_from_a_thawed_resolution_is_the_same_to_the_byte(self, case):
        made, found = case
        plan = plan_of(self.SETTINGS, made, found, "int-1")
        thawed = msgspec.json.decode(msgspec.json.encode(found), type=Resolution)
        again = msgspec.json.decode(msgspec.json.encode(made), type=InvoiceDraft)
        assert plan_of(self.SETTINGS, made, found, "int-1") == plan
        assert plan_of(self.SETTINGS, again, thawed, "int-1") == plan
        assert msgspec.json.decode(msgspec.json.encode(plan), type=SubmissionPlan) == plan

    def test_a_plan_changes_nothing_that_it_is_made_from(self, draft):
        found = resolution(header={"DocNumber": "7"}, detail={"ServiceDate": "2026-11-01"})
        before = msgspec.json.encode(found)
        plan_of(self.SETTINGS, draft(), found, "int-1")
        assert msgspec.json.encode(found) == before

    def test_it_says_whose_customer_is_remembered(self, draft):
        of_company = draft(customer_record=RecordRef("companies", "rec-9"))
        assert plan_of(self.SETTINGS, of_company, resolution(), "m").customer_record == RecordRef("companies", "rec-9")
        assert plan_of(self.SETTINGS, draft(), resolution(), "m").customer_record is None


class TestIdsThatComeLater:
    def test_the_customer_takes_the_place_of_new_once(self, plan, draft):
        odd = replace(draft().lines[0], description="<new>")
        body = plan(lines=(odd,), found=resolution(None), memo='"<new>"').requests[1].body
        filled = json.loads(with_customer(body, "58"))
        assert filled["CustomerRef"] == {"value": "58"}
        assert filled["Line"][0]["Description"] == "<new>"
        assert filled["CustomerMemo"]["value"] == '"<new>"'

    def test_a_known_customer_stays(self, plan, draft):
        odd = replace(draft().lines[0], description="<new>")
        body = plan(lines=(odd,)).requests[0].body
        assert with_customer(body, "99") == body

    def test_the_invoice_takes_its_place_in_the_path(self, plan):
        send = plan(settings={"send_invoice_email": True}, customer_email="a@b.c").requests[1]
        assert with_invoice(send, "145").path == f"/v3/company/{REALM}/invoice/145/send"

    def test_values_of_a_body_are_found_or_not(self, plan):
        request = plan().requests[0]
        assert sent_value(request, "PrivateNote") == "AttiBooks int-1"
        assert sent_value(request, "CustomerRef", "value", "deeper") is None
        assert sent_value(request, "Line") is None
