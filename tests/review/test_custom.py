"""Custom mode: review, change, submit; once, for this record, as it was seen."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from uuid import uuid4

import pytest


@pytest.fixture
def reviewer(desk):
    """A desk whose workspace reviews every invoice."""
    desk.app.settings = {**desk.app.settings, "invoice_mode": "custom"}
    return desk


def submit(desk, record, shown, **more):
    return desk.create(record, draft_token=shown["draft_token"], **more)


def refused(answer, field, code):
    body = answer.json()
    assert answer.status_code == 422, answer.text
    assert (field, code) in [(p["field"], p["code"]) for p in body["problems"]], body["problems"]


def line(description="Design", quantity="2", rate="99.50", **more):
    return {"id": None, "description": description, "quantity": quantity, "rate": rate, **more}


def test_what_was_edited_is_what_the_books_hold(reviewer):
    record = reviewer.new_company()
    edits = {
        "customer_name": f"Edited {uuid4().hex[:8]}",
        "email": "edited@test.example",
        "due_date": "2027-01-31",
        "invoice_date": "2026-12-01",
        "memo": "Thank you, ünïcode ✓",
        "lines": [line(), line("Printing", "1.5", "10"), line("Free of charge", 1, 0)],
    }
    answer = submit(reviewer, record, reviewer.preview(record), edits=edits)
    assert answer.status_code == 201, answer.text
    reviewer.names[record] = edits["customer_name"]
    (invoice,) = reviewer.invoices(record)
    assert (invoice["TxnDate"], invoice["DueDate"]) == ("2026-12-01", "2027-01-31")
    assert invoice["CustomerMemo"] == {"value": edits["memo"]}
    sold = [x for x in invoice["Line"] if x["DetailType"] == "SalesItemLineDetail"]
    assert [(x["Description"], Decimal(str(x["Amount"]))) for x in sold] == [
        ("Design", Decimal(199)),
        ("Printing", Decimal(15)),
        ("Free of charge", Decimal(0)),
    ]
    assert answer.json()["invoice"]["total"] == "214.00"


def test_a_preview_with_edits_shows_the_very_bytes(reviewer):
    record = reviewer.new_company()
    submit(reviewer, record, reviewer.preview(record))
    shown = reviewer.preview(record, edits={"memo": "Reviewed", "lines": [line()]})
    reviewer.box.clear_calls()
    assert submit(reviewer, record, shown, confirm_recent=True).status_code == 201
    assert reviewer.sent() == [r["body"] for r in shown["payload"] if r["path"].endswith("/invoice")]
    assert shown["provenance"]["memo"]["source"] == shown["provenance"]["lines.0.rate"]["source"] == "user"


def test_edits_mend_what_the_record_lacks(reviewer):
    record = reviewer.new_company(rate=None, service_description=None)
    shown = reviewer.preview(record)
    assert {p["field"] for p in shown["obstacles"]} == {"rate", "service_description"}
    answer = submit(reviewer, record, shown, edits={"lines": [line()]})
    assert answer.status_code == 201, answer.text


def test_without_a_draft_custom_mode_refuses_and_never_sends_at_once(reviewer):
    record = reviewer.new_company()
    reviewer.box.clear_calls()
    refused(reviewer.create(record), "draft_token", "missing")
    refused(reviewer.create(record, mode="quick"), "draft_token", "missing")
    assert reviewer.box.counts().get("quickbooks") is None


def test_a_draft_makes_one_invoice(reviewer):
    record = reviewer.new_company()
    shown, key = reviewer.preview(record), uuid4().hex
    first = submit(reviewer, record, shown, key=key)
    assert submit(reviewer, record, shown, key=key).content == first.content
    refused(submit(reviewer, record, shown, confirm_recent=True), "draft_token", "used")
    assert len(reviewer.invoices(record)) == 1


def test_a_draft_submitted_twice_at_once_makes_one_invoice(reviewer):
    record = reviewer.new_company()
    shown = reviewer.preview(record)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: submit(reviewer, record, shown, confirm_recent=True), range(8)))
    assert sorted(a.status_code for a in answers) == [201, *[422] * 7]
    assert len(reviewer.invoices(record)) == 1


def test_a_draft_is_for_its_record(reviewer):
    shown = reviewer.preview(reviewer.new_company())
    refused(submit(reviewer, reviewer.new_company(), shown), "draft_token", "foreign")


@pytest.mark.parametrize("text", ["x", "v1.dev.AAAA", "v1.other.AAAA", "v1.dev.%%%", "é" * 5])
def test_what_is_no_draft_is_refused(reviewer, text):
    answer = reviewer.create(reviewer.new_company(), draft_token=text)
    assert answer.status_code in {400, 422}
    assert answer.json()["code"] in {"malformed", "invalid_draft"}


def test_a_change_of_the_settings_ends_a_draft(reviewer):
    record = reviewer.new_company()
    shown = reviewer.preview(record)
    reviewer.app.settings = {**reviewer.app.settings, "template_due_days": 7}
    refused(submit(reviewer, record, shown), "draft_token", "outdated")


def test_a_record_that_changed_is_invoiced_as_it_was_seen_with_a_warning(reviewer):
    record = reviewer.new_company()
    shown = reviewer.preview(record)
    reviewer.box.edit_record(reviewer.app.workspace, "companies", record, rate=999)
    answer = submit(reviewer, record, shown)
    assert answer.json()["invoice"]["total"] == "240.00"
    assert "source_changed" in [w["code"] for w in answer.json()["warnings"]]


def test_closing_the_dialog_leaves_nothing_behind(reviewer):
    record = reviewer.new_company()
    used = reviewer.app.read("usage").json()
    reviewer.preview(record)
    reviewer.preview(record, edits={"memo": "never sent"})
    assert reviewer.app.read("usage").json() == used
    assert reviewer.invoices(record) == []
    assert reviewer.shown(record)["sync_error"] is None


def test_a_customer_that_became_inactive_after_the_preview_is_refused_and_not_doubled(reviewer):
    record = reviewer.new_company()
    submit(reviewer, record, reviewer.preview(record))
    shown = reviewer.preview(record)
    (customer,) = [c for c in reviewer.realm["customers"] if c["DisplayName"] == reviewer.names[record]]
    place = (reviewer.company["environment"], reviewer.company["realm"])
    reviewer.box.change(*place, "Customer", customer["Id"], Active=False)
    answer = submit(reviewer, record, shown, confirm_recent=True)
    assert (answer.status_code, answer.json()["code"]) == (424, "accounting_refused")
    of_customer = [i for i in reviewer.realm["invoices"] if i["CustomerRef"]["value"] == customer["Id"]]
    assert len(of_customer) == 1
    assert len([c for c in reviewer.realm["customers"] if reviewer.names[record] in c["DisplayName"]]) == 1


@pytest.mark.parametrize(
    ("edits", "field", "code"),
    [
        ({"lines": [line(id="7")]}, "lines.0.id", "unknown_line"),
        ({"lines": [line(rate="NaN")]}, "lines.0.rate", "not_a_number"),
        ({"lines": [line(quantity="-1")]}, "lines.0.quantity", "negative"),
        ({"lines": [line(rate="1e30")]}, "lines.0.rate", "not_a_number"),
        ({"lines": [line(description="x" * 4001)]}, "lines.0.description", "too_long"),
        ({"lines": [line(rate=None)]}, "lines.0.rate", "missing"),
        ({"lines": []}, "lines", "missing"),
        ({"lines": [line()] * 300}, "lines", "too_many"),
        ({"customer_name": " "}, "customer_name", "missing"),
        ({"customer_id": "424242"}, "customer_name", "unknown_customer"),
        ({"email": "nobody"}, "customer_email", "invalid_email"),
        ({"currency": "XXQ"}, "currency", "unknown_currency"),
        ({"currency": "JPY"}, "currency", "single_currency"),
        ({"due_date": "tomorrow"}, "due_days", "not_a_date"),
        ({"invoice_date": "2026-02-30"}, "invoice_date", "not_a_date"),
        ({"lines": [line(item="No such item")]}, "lines.0.item", "unknown_item"),
    ],
)
def test_edits_that_make_no_invoice_are_refused_by_field(reviewer, edits, field, code):
    record = reviewer.new_company()
    shown = reviewer.preview(record)
    assert (field, code) in [(p["field"], p["code"]) for p in reviewer.preview(record, edits=edits)["obstacles"]]
    refused(submit(reviewer, record, shown, edits=edits), field, code)
    assert reviewer.invoices(record) == []


@pytest.mark.parametrize(
    "edits", [{"colour": "red"}, {"lines": "all"}, {"lines": [{"price": 1}]}, {"memo": 5}, [], "x"]
)
def test_edits_of_another_shape_are_malformed(reviewer, edits):
    answer = reviewer.create(reviewer.new_company(), draft_token="x", edits=edits)
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")
