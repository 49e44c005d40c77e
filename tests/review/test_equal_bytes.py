"""What the preview shows is what is sent, byte for byte: random records, settings, edits and companies."""

from datetime import date
from decimal import Decimal
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.desk import Desk

CASES = 250
"""On each database; what is built does not depend on it."""
COMPANIES = [
    ("US", "sandbox", {}),
    ("US", "sandbox", {"multicurrency": True}),
    ("GB", "sandbox", {"default_tax_code": "20.0% S"}),
    ("DE", "sandbox", {"default_tax_code": "19% USt"}),
    ("CA", "sandbox", {"default_tax_code": "HST ON"}),
    ("AU", "sandbox", {"default_tax_code": "GST"}),
]
NAMES = ["Northwind", "Müller & Söhne", "O'Neil", "Ångström 東京", 'Quote " and \\ slash', "Tab: and colon"]

words = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=40).filter(lambda t: t.strip())
amounts = st.decimals(0, 99_999, places=4, allow_nan=False)
quantities = st.decimals(0, 999, places=4, allow_nan=False)
days = st.dates(date(2026, 6, 1), date(2027, 12, 31))


def optional(strategy):
    return st.none() | strategy


records = st.fixed_dictionaries(
    {
        "name": st.sampled_from(NAMES),
        "service_description": optional(words),
        "rate": optional(amounts.map(float)),
        "quantity": optional(quantities.map(float)),
        "invoice_email": optional(st.sampled_from(["pay@a.example", "accounts+x@b.example"])),
        "payment_terms_days": optional(st.integers(0, 400)),
    }
)
choices = st.fixed_dictionaries(
    {
        "template_service_description": st.sampled_from(["Retainer", "{{ record.name }} - {{ period }}"]),
        "template_rate": amounts.filter(lambda a: a > 0).map(str),
        "template_due_days": optional(st.integers(0, 90)),
        "send_invoice_email": st.booleans(),
        "default_item": optional(st.sampled_from(["Design", "3"])),
        "field_map": optional(st.just({"CustomerMemo": "service_description", "TrackingNum": "name"})),
    }
)
line_edits = st.fixed_dictionaries(
    {"description": words, "quantity": quantities.map(str), "rate": amounts.map(str)},
    optional={"item": st.sampled_from(["Design", "Hours"])},
)
edits = optional(
    st.fixed_dictionaries(
        {},
        optional={
            "memo": optional(words),
            "email": optional(st.just("edited@c.example")),
            "due_date": optional(days.map(str)),
            "invoice_date": days.map(str),
            "lines": st.lists(line_edits, min_size=1, max_size=5),
        },
    )
)


@pytest.fixture
def desks(box, host):
    """A desk in each company; nothing is throttled."""
    box.limits(quickbooks=False, attio=False)
    made = []
    for country, environment, given_settings in COMPANIES:
        own = dict(given_settings)
        multicurrency = own.pop("multicurrency", False)
        made.append(Desk.open(box, host.url, country, environment, multicurrency=multicurrency, **own))
    yield made
    for desk in made:
        desk.close()


def test_the_preview_shows_the_very_bytes_that_are_sent(desks):
    sent = count()

    @settings(
        max_examples=CASES, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
    )
    @given(st.integers(0, len(desks) - 1), records, choices, edits)
    def every_case(company, values, chosen, changed):
        desk = desks[company]
        mode = {"invoice_mode": "quick" if changed is None else "custom"}
        own = {k: v for k, v in {**chosen, **mode}.items() if v is not None}
        base, desk.app.settings = desk.app.settings, {**desk.app.settings, **own}
        try:
            check(desk, desk.new_record("companies", values), changed)
            next(sent)
        finally:
            desk.app.settings = base

    every_case()
    assert next(sent) >= CASES, "every case was sent, none was skipped"


def check(desk, record, changed):
    shown = desk.preview(record, **({} if changed is None else {"edits": changed}))
    if shown["obstacles"]:
        answer = desk.create(record, draft_token=shown["draft_token"])
        assert answer.status_code == 422
        assert {p["field"] for p in answer.json()["problems"]} == {p["field"] for p in shown["obstacles"]}
        return
    since = max((call["number"] for call in desk.box.calls("quickbooks")), default=0)
    answer = desk.create(record, draft_token=shown["draft_token"])
    assert answer.status_code == 201, answer.text
    invoice = answer.json()["invoice"]
    promised = [r["body"] for r in shown["payload"] if not r["path"].endswith("/send")]
    customer = desk.sent("*/customer", since=since)
    assert customer + desk.sent(since=since) == [given_customer(body, desk, invoice) for body in promised]
    if shown["draft"]["total"] is not None:
        assert Decimal(shown["draft"]["total"]) == Decimal(invoice["total"])


def given_customer(body, desk, invoice):
    """The promise for a customer that is new: the id that the books gave stands where the preview had `<new>`."""
    if "<new>" not in body:
        return body
    held = next(i for i in desk.realm["invoices"] if i["Id"] == invoice["id"])
    return body.replace("<new>", held["CustomerRef"]["value"], 1)
