"""The review dialog: what it shows is what is sent, and looking leaves no trace."""

import json
from uuid import uuid4

import pytest


def counts(desk):
    return {service: dict(kinds) for service, kinds in desk.box.counts().items()}


def test_a_preview_writes_nothing_and_reads_what_a_create_would(desk):
    record = desk.new_company(invoice_email=f"{uuid4().hex[:8]}@test.example")
    desk.preview(desk.new_company())  # company facts and item are known from now on
    before_usage = desk.app.read("usage").json()
    desk.box.clear_calls()
    shown = desk.preview(record)
    assert shown["obstacles"] == []
    assert counts(desk) == {"attio": {"read": 1}, "quickbooks": {"coreplus": 2}}, (
        "the record; customer by name, by mail"
    )
    assert desk.app.read("usage").json() == before_usage
    assert desk.trail(record) == []
    assert desk.shown(record)["sync_error"] is None
    assert desk.invoices(record) == []


def test_the_payload_is_byte_for_byte_what_the_create_sends(desk):
    record = desk.new_company(invoice_email=f"{uuid4().hex[:8]}@test.example", payment_terms_days=14)
    desk.click(record)  # the promise is for a customer that exists
    shown = desk.preview(record)
    desk.box.clear_calls()
    answer = desk.create(record, draft_token=shown["draft_token"], confirm_recent=True)
    assert answer.status_code == 201, answer.text
    planned = [r for r in shown["payload"] if r["path"].endswith("/invoice")]
    assert [r["body"] for r in planned] == desk.sent()
    assert [r["path"].rpartition("/")[2] for r in shown["payload"]] == ["invoice", "send"]


def test_a_customer_that_is_still_to_be_made_is_announced(desk):
    record = desk.new_company()
    shown = desk.preview(record)
    assert shown["draft"]["customer"]["match"]["how"] == "new"
    customer, invoice = shown["payload"]
    assert json.loads(customer["body"]) == {"DisplayName": desk.names[record]}
    assert json.loads(invoice["body"])["CustomerRef"] == {"value": "<new>"}


def test_every_value_says_where_it_came_from(desk):
    record = desk.new_company(payment_terms_days=None)
    shown = desk.preview(record)
    sources = {path: origin["source"] for path, origin in shown["provenance"].items()}
    assert sources == {
        "customer.name": "attribute",
        "lines.0.description": "attribute",
        "lines.0.rate": "attribute",
        "lines.0.quantity": "attribute",
        "invoice_date": "default",
        "due_date": "template",
    }
    assert shown["provenance"]["lines.0.rate"] == {"source": "attribute", "slug": "rate", "text": "120"}


def test_the_draft_is_shown_as_amounts_and_dates(desk):
    draft = desk.preview(desk.new_company(rate=33.335, quantity=3))["draft"]
    (line,) = draft["lines"]
    assert line == {
        "id": None,
        "description": "Consulting",
        "quantity": "3",
        "rate": "33.335",
        "amount": "100.01",
        "item": None,
        "tax_code": None,
    }
    assert draft["subtotal"] == "100.01"
    assert draft["currency"] == "USD"


def test_every_obstacle_is_shown_at_once_with_what_is_known(desk):
    record = desk.new_company(
        rate=-1, quantity=None, service_description=None, payment_terms_days=1.5, invoice_email="x@y.example"
    )
    shown = desk.preview(record)
    assert {p["field"] for p in shown["obstacles"]} == {"rate", "service_description", "due_days"}
    assert all(p["fix"] for p in shown["obstacles"])
    assert shown["payload"] == []
    assert shown["draft"]["customer"]["name"] == desk.names[record]
    assert shown["draft"]["lines"][0]["quantity"] == "1"


def test_without_a_connection_nothing_is_previewed(desk):
    desk.app.accounting = None
    answer = desk.app.preview("companies", desk.new_company())
    assert (answer.status_code, answer.json()["code"]) == (424, "not_connected")


def test_candidates_are_listed_when_the_customer_is_not_sure(desk):
    record = desk.new_company(invoice_email="accounts@shared.example")
    twins = [c for c in desk.realm["customers"] if c.get("PrimaryEmailAddr")]
    address = next(
        c["PrimaryEmailAddr"]["Address"]
        for c in twins
        if [t["PrimaryEmailAddr"]["Address"] for t in twins].count(c["PrimaryEmailAddr"]["Address"]) > 1
    )
    desk.box.edit_record(desk.app.workspace, "companies", record, invoice_email=address)
    shown = desk.preview(record)
    assert [p["field"] for p in shown["obstacles"]] == ["customer_name"]
    candidates = shown["draft"]["customer"]["candidates"]
    assert len(candidates) == 2
    assert all(c["reason"] and c["name"] for c in candidates)
    chosen = desk.preview(record, edits={"customer_id": candidates[0]["id"]})
    assert chosen["obstacles"] == []
    assert chosen["draft"]["customer"]["match"]["how"] == "chosen"
    answer = desk.create(record, mode="custom", draft_token=chosen["draft_token"])
    assert answer.json()["invoice"]["customer_name"] == candidates[0]["name"]


@pytest.mark.parametrize(("country", "code"), [("GB", "20.0% S"), ("DE", "19% USt"), ("CA", "HST ON"), ("AU", "GST")])
def test_the_tax_of_other_countries_is_left_to_the_books_and_said_so(desk_in, country, code):
    desk = desk_in(country, default_tax_code=code)
    shown = desk.preview(desk.new_company())
    assert shown["obstacles"] == []
    assert (shown["draft"]["tax"], shown["draft"]["total"]) == (None, None)
    assert "tax" in [w["field"] for w in shown["warnings"]]
