"""Edit Invoice in QuickBooks: what a person may change, and what nobody does behind their back (rows 112 to 120)."""

import json
from decimal import Decimal
from uuid import uuid4

import pytest

BEYOND_US = {"SyncToken", "MetaData", "Balance", "TotalAmt", "Line", "TxnTaxDetail"}


def sold(invoice):
    return [line for line in invoice["Line"] if line["DetailType"] == "SalesItemLineDetail"]


def without(invoice, *names):
    return {k: v for k, v in invoice.items() if k not in {"SyncToken", "MetaData", *names}}


class TestTheDialog:
    def test_it_loads_the_live_invoice_by_one_read(self, desk, record, unchanged):
        """Row 113: the dialog shows the invoice as it is now, with its version, by one read."""
        desk.by_hand("change", desk.invoice(record)["Id"], CustomerMemo={"value": "From the accountant"})
        now, box = desk.invoice(record), desk.box
        box.clear_calls()
        live = desk.live(record)
        calls = [(c["method"], c["path"].partition("?")[0].rpartition("/")[2]) for c in box.calls("quickbooks")]
        assert calls == [("GET", now["Id"])]
        assert (live["id"], live["number"], live["status"]) == (now["Id"], now["DocNumber"], "Open")
        assert (live["total"], live["balance"], live["currency"]) == ("240.00", "240.00", "USD")
        assert (live["invoice_date"], live["due_date"]) == (now["TxnDate"], now["DueDate"])
        assert live["memo"] == "From the accountant"
        (line,) = live["lines"]
        assert line == {
            "id": "1",
            "description": "Consulting",
            "quantity": "2",
            "rate": "120",
            "amount": "240.00",
            "item": sold(now)[0]["SalesItemLineDetail"]["ItemRef"]["value"],
            "tax_code": "NON",
        }
        assert live["editable"] == {"due_date": True, "memo": True, "lines": True}
        assert live["reasons"] == {}
        unchanged(now)

    def test_a_record_without_an_invoice_has_none(self, desk):
        """Row 112: the actions are for invoices; a record that has none is told so, and no call is made."""
        lonely = desk.new_company()
        desk.box.clear_calls()
        for answer in (
            desk.app.live("companies", lonely),
            desk.app.edit("companies", lonely, version="0", memo="x"),
            desk.app.void("companies", lonely),
        ):
            assert (answer.status_code, answer.json()["code"]) == (404, "invoice_not_found")
        assert desk.box.calls("quickbooks") == []

    def test_a_deleted_invoice_is_not_there(self, desk, record):
        """Row 114: not for a deleted invoice."""
        version = desk.live(record)["version"]
        desk.by_hand("delete", desk.invoice(record)["Id"])
        for answer in (desk.app.live("companies", record), desk.edit(record, version=version, memo="x")):
            assert (answer.status_code, answer.json()["code"]) == (404, "invoice_not_found")

    def test_of_a_voided_invoice_nothing_can_be_edited(self, desk, record, refused, writes):
        """Row 114: "always" is not for a voided invoice; the reason is said."""
        desk.by_hand("void", desk.invoice(record)["Id"])
        live = desk.live(record)
        assert (live["status"], set(live["editable"].values())) == ("Voided", {False})
        assert set(live["reasons"]) == {"due_date", "memo", "lines"}
        answer = desk.edit(record, version=live["version"], memo="x", due_date="2027-01-01")
        body = refused(answer, 422, "invalid_draft", says="is voided")
        assert {p["field"] for p in body["problems"]} == {"memo", "due_date"}
        assert writes() == []


class TestTermsAndMemo:
    def test_they_reach_the_books_and_nothing_else_changes(self, desk, record, writes):
        """Rows 114, 115: due date and memo; never the private note, where the books and we keep marks."""
        before = desk.invoice(record)
        answer = desk.edit(record, due_date="2027-03-01", memo="Thank you, ünïcode ✓")
        assert answer.status_code == 200, answer.text
        after = desk.invoice(record)
        assert (after["DueDate"], after["CustomerMemo"]) == ("2027-03-01", {"value": "Thank you, ünïcode ✓"})
        assert without(after, "DueDate", "CustomerMemo") == without(before, "DueDate")
        assert after["PrivateNote"] == before["PrivateNote"]
        (body,) = writes()
        assert set(json.loads(body)) == {"Id", "SyncToken", "sparse", "DueDate", "CustomerMemo"}
        assert answer.json()["invoice"]["due_date"] == "2027-03-01"
        assert answer.json()["invoice"]["version"] == after["SyncToken"] == "1"

    def test_a_memo_is_cleared_by_null(self, desk, record):
        """Row 115: the memo that the customer sees can be taken away."""
        assert desk.edit(record, memo="Hello").status_code == 200
        assert desk.edit(record, memo=None).status_code == 200
        assert "CustomerMemo" not in desk.invoice(record)

    def test_one_read_and_one_write(self, desk, record):
        """Row 119: the answer of the write is used, no other read follows it."""
        version = desk.live(record)["version"]
        desk.box.clear_calls()
        assert desk.edit(record, version=version, memo="Hello").status_code == 200
        assert [c["method"] for c in desk.box.calls("quickbooks")] == ["GET", "POST"]

    def test_what_is_so_already_is_not_sent(self, desk, record, unchanged):
        """Row 117: an edit of nothing is no write."""
        live = desk.live(record)
        parts = {part: live[part] for part in ("due_date", "memo", "lines")}
        answer = desk.edit(record, version=live["version"], **parts)
        assert answer.status_code == 200
        assert answer.json()["invoice"]["version"] == "0"
        unchanged()

    @pytest.mark.parametrize("given", [{"due_date": "soon"}, {"due_date": None}, {"memo": "x" * 1001}])
    def test_a_value_that_cannot_be_used_is_refused(self, desk, record, given, refused, unchanged):
        """Row 113: controlled fields; a refusal names the field."""
        body = refused(desk.edit(record, **given), 422, "invalid_draft")
        assert [p["field"] for p in body["problems"]] == list(given)
        unchanged()

    @pytest.mark.parametrize("name", ["invoice_date", "customer_name", "currency", "private_note", "number"])
    def test_other_fields_are_not_taken(self, desk, record, name, unchanged):
        """Row 113: nothing but the controlled fields."""
        answer = desk.edit(record, **{name: "x"})
        assert (answer.status_code, answer.json()["code"]) == (400, "malformed")
        unchanged()


class TestLines:
    def test_the_whole_list_is_sent_and_untouched_details_are_kept(self, desk, record, writes):
        """Row 117: changed, removed, new, and kept lines; what nobody touched comes back as it was."""
        item = sold(desk.invoice(record))[0]["SalesItemLineDetail"]["ItemRef"]["value"]

        def line(n, **detail):
            return {
                "Description": f"Line {n}",
                "Amount": 10,
                "DetailType": "SalesItemLineDetail",
                "SalesItemLineDetail": {"ItemRef": {"value": item}, "Qty": 1, "UnitPrice": 10, **detail},
            }

        text = {"DetailType": "DescriptionOnly", "Description": "Thanks", "DescriptionLineDetail": {}}
        discount = {
            "DetailType": "DiscountLineDetail",
            "DiscountLineDetail": {"PercentBased": True, "DiscountPercent": 10},
        }
        lines = [line(1, ServiceDate="2026-11-02"), line(2), text, line(3, TaxCodeRef={"value": "TAX"}), discount]
        desk.by_hand("change", desk.invoice(record)["Id"], Line=lines)
        before = desk.invoice(record)
        desk.box.clear_calls()
        first, second, third = desk.live(record)["lines"]
        wanted = [{**third, "rate": "12.345"}, first, {"description": "New", "quantity": 3, "rate": "0.335"}]
        answer = desk.edit(record, lines=wanted)
        assert answer.status_code == 200, answer.text
        after = desk.invoice(record)
        assert [x.get("Description") for x in after["Line"]][:4] == ["Line 3", "Line 1", "Thanks", "New"]
        changed, kept, new = sold(after)
        assert kept == {**sold(before)[0], "LineNum": kept["LineNum"]}
        assert changed["SalesItemLineDetail"]["TaxCodeRef"] == {"value": "TAX"}
        assert (changed["Id"], Decimal(str(changed["Amount"]))) == (third["id"], Decimal("12.35"))
        assert Decimal(str(new["Amount"])) == Decimal("1.01"), "1.005 is rounded half up"
        assert second["id"] not in [x["Id"] for x in sold(after)]
        assert [x["DetailType"] for x in after["Line"]][-1] == "DiscountLineDetail"
        assert '"UnitPrice":12.345,' in writes()[0] or '"UnitPrice":12.345}' in writes()[0], "exact, no float"
        assert without(after, *BEYOND_US) == without(before, *BEYOND_US)

    def test_every_problem_is_said_at_once(self, desk, record, refused, unchanged):
        """Row 113: the dialog stays open with every field marked."""
        (line,) = desk.live(record)["lines"]
        bad = [{**line, "rate": "-1"}, {"description": " ", "quantity": "two", "rate": 1}, {"id": "77", **NEW}]
        answer = desk.edit(record, due_date="soon", lines=[*bad, {**NEW, "item": "No such thing"}])
        body = refused(answer, 422, "invalid_draft")
        assert [p["field"] for p in body["problems"]] == [
            "due_date",
            "lines.0.rate",
            "lines.1.description",
            "lines.1.quantity",
            "lines.2.id",
            "lines.3.item",
        ]
        unchanged()

    def test_an_invoice_keeps_a_line(self, desk, record, refused, unchanged):
        """Row 117: a line that is left out is removed, the last one is not."""
        refused(desk.edit(record, lines=[]), 422, "invalid_draft", says="no line")
        unchanged()

    @pytest.mark.parametrize("amount", ["100.00", None], ids=["partly", "fully"])
    def test_they_are_locked_once_something_is_paid(self, desk, record, amount, refused, writes):
        """Row 116: partly paid locks the lines; due date and memo stay."""
        desk.by_hand("pay", desk.invoice(record)["Id"], amount=amount)
        live = desk.live(record)
        assert live["editable"] == {"due_date": True, "memo": True, "lines": False}
        assert "payment" in live["reasons"]["lines"]
        assert set(live["reasons"]) == {"lines"}
        body = refused(desk.edit(record, lines=[NEW]), 422, "invalid_draft", says="payment")
        assert [(p["field"], p["code"]) for p in body["problems"]] == [("lines", "locked")]
        assert writes() == []
        answer = desk.edit(record, memo="Paid, thank you", lines=live["lines"])
        assert answer.status_code == 200, "lines that come back as they are change nothing"
        assert desk.shown(record)["sync_error"] is None, "what the last try said is gone"

    def test_they_are_looked_at_again_at_submit(self, desk, record, refused, writes):
        """Row 116: re-check at submit; a payment may have come while the dialog was open."""
        version = desk.live(record)["version"]
        desk.by_hand("pay", desk.invoice(record)["Id"], amount="1")
        refused(desk.edit(record, version=version, lines=[NEW]), 422, "invalid_draft", says="payment")
        assert writes() == []


NEW = {"description": "New", "quantity": 1, "rate": 1}


class TestSomebodyElse:
    def test_another_field_is_no_obstacle(self, desk, record):
        """Row 118: retried by itself when the fields that the user touches are unchanged in the books."""
        version = desk.live(record)["version"]
        desk.by_hand("change", desk.invoice(record)["Id"], CustomerMemo={"value": "Theirs"})
        answer = desk.edit(record, version=version, due_date="2027-03-01")
        assert answer.status_code == 200, answer.text
        after = desk.invoice(record)
        assert (after["DueDate"], after["CustomerMemo"]) == ("2027-03-01", {"value": "Theirs"})

    def test_the_same_field_is_a_conflict_with_both_versions(self, desk, record, refused, writes):
        """Row 118: nothing is overwritten, and the answer has the invoice as it is now."""
        version, key = desk.live(record)["version"], uuid4().hex
        theirs = desk.by_hand("change", desk.invoice(record)["Id"], CustomerMemo={"value": "Theirs"})
        body = refused(desk.edit(record, version=version, memo="Mine", key=key), 409, "conflict", shown=False)
        assert body["current"] == desk.live(record)
        assert body["current"]["memo"] == "Theirs"
        assert writes() == []
        again = desk.edit(record, version=body["current"]["version"], memo="Mine")
        assert again.status_code == 200, "the user has seen theirs and decides"
        assert again.json()["invoice"]["version"] == str(int(theirs["SyncToken"]) + 1)

    def test_a_version_without_marks_is_held_to_the_letter(self, desk, record, refused):
        """Row 118: an old version of which nothing else is known is stale."""
        desk.by_hand("change", desk.invoice(record)["Id"], CustomerMemo={"value": "Theirs"})
        refused(desk.edit(record, version="0", due_date="2027-03-01"), 409, "conflict", shown=False)
        assert desk.edit(record, version="1", due_date="2027-03-01").status_code == 200

    @pytest.mark.parametrize(
        ("theirs", "status", "memo"),
        [({"DueDate": "2027-05-05"}, 200, "Mine"), ({"CustomerMemo": {"value": "Theirs"}}, 409, "Theirs")],
        ids=["another field", "the same field"],
    )
    def test_a_race_between_our_read_and_our_write(self, desk, record, in_between, theirs, status, memo):
        """Row 118: 5010; read again, and sent again only when the touched part is as it was."""
        version = desk.live(record)["version"]
        answer = in_between(
            lambda: desk.edit(record, version=version, memo="Mine"),
            lambda: desk.by_hand("change", desk.invoice(record)["Id"], **theirs),
        )
        assert answer.status_code == status, answer.text
        after = desk.invoice(record)
        assert after["CustomerMemo"] == {"value": memo}
        assert after["SyncToken"] == ("2" if status == 200 else "1"), "one step by each, never two by us"

    def test_two_users_at_once_change_it_once_each_or_hear_of_the_other(self, desk, record, at_once):
        """Row 118: of two edits of one field, one is made and the other one is told."""
        version = desk.live(record)["version"]
        answers = at_once(
            lambda: desk.edit(record, version=version, memo="One"),
            lambda: desk.edit(record, version=version, memo="Two"),
        )
        assert sorted(a.status_code for a in answers) == [200, 409]
        winner = next(m for m, a in zip(("One", "Two"), answers, strict=True) if a.status_code == 200)
        assert desk.invoice(record)["CustomerMemo"] == {"value": winner}
        assert desk.invoice(record)["SyncToken"] == "1"

    def test_two_users_with_different_fields_are_both_served(self, desk, record, at_once):
        """Row 118: edits of two fields do not stand in each other's way."""
        version = desk.live(record)["version"]
        answers = at_once(
            lambda: desk.edit(record, version=version, memo="One"),
            lambda: desk.edit(record, version=version, due_date="2027-04-04"),
        )
        assert [a.status_code for a in answers] == [200, 200]
        after = desk.invoice(record)
        assert (after["DueDate"], after["CustomerMemo"], after["SyncToken"]) == ("2027-04-04", {"value": "One"}, "2")


class TestTheSameClick:
    def test_it_is_answered_the_same_and_done_once(self, desk, record, writes):
        """Row 117: an edit has an idempotency key as a create has."""
        version, key = desk.live(record)["version"], uuid4().hex
        first = desk.edit(record, version=version, memo="Hello", key=key)
        again = desk.edit(record, version=version, memo="Hello", key=key)
        assert (first.status_code, again.content) == (200, first.content)
        assert len(writes()) == 1
        other = desk.edit(record, version=version, memo="Other", key=key)
        assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")

    def test_a_double_submit_is_one_change(self, desk, record, at_once):
        """Row 117: two clicks at the same moment are one."""
        version, key = desk.live(record)["version"], uuid4().hex
        answers = at_once(*[lambda: desk.edit(record, version=version, memo="Hello", key=key)] * 4)
        assert {(a.status_code, a.content) for a in answers} == {(200, answers[0].content)}
        assert desk.invoice(record)["SyncToken"] == "1"

    def test_a_change_needs_a_key(self, desk, record, unchanged):
        """Contract §3: every change carries one; a look does not."""
        for path in ("invoices/edit", "invoices/void"):
            body = {"object": "companies", "record_id": record, **({"version": "0"} if "edit" in path else {})}
            answer = desk.app.call("POST", path, body)
            assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_missing")
        unchanged()


class TestTheBooksSayNo:
    def test_a_closed_period_is_explained_and_its_end_lets_the_edit_through(self, desk, record, refused):
        """Row 125: QuickBooks' reason in plain words, on the record too; the next edit takes it away again."""
        place = (desk.company["environment"], desk.company["realm"])
        desk.box.change(*place, "Preferences", close_date=desk.invoice(record)["TxnDate"])
        try:
            answer = desk.edit(record, memo="Late")
        finally:
            desk.box.change(*place, "Preferences", close_date=None)
        body = refused(answer, 424, "accounting_refused", says="books are closed")
        assert body["vendor_code"] in {"6200", "6210"}
        assert desk.edit(record, memo="Late").status_code == 200
        assert desk.shown(record)["sync_error"] is None

    @pytest.mark.parametrize("kind", ["drop_after_commit", "drop_before_commit", "malformed"])
    def test_a_lost_answer_changes_it_once(self, desk, record, kind):
        """Row 117: the same request again, under the same id."""
        desk.box.faults.add("quickbooks", kind, method="POST", path="/v3/company/*/invoice")
        answer = desk.edit(record, memo="Hello")
        assert answer.status_code == 200, answer.text
        assert desk.invoice(record)["SyncToken"] == "1"

    def test_an_answer_that_stays_lost_is_found_in_the_invoice(self, desk, record):
        """Row 119: nothing is said to have failed that was done."""
        desk.box.faults.add("quickbooks", "drop_after_commit", method="POST", path="/v3/company/*/invoice", times=None)
        answer = desk.edit(record, memo="Hello", lines=[NEW])
        assert answer.status_code == 200, answer.text
        assert desk.invoice(record)["SyncToken"] == "1"

    def test_books_that_never_take_it_leave_it_as_it_was(self, desk, record, refused):
        """Row 117: a definite failure; the same key may try again."""
        version, key = desk.live(record)["version"], uuid4().hex
        desk.box.faults.add("quickbooks", "status", method="POST", path="/v3/company/*/invoice", status=503, times=None)
        answer = desk.edit(record, version=version, memo="Hello", key=key)
        refused(answer, 502, "backend_down", says="was not changed")
        desk.box.faults.clear()
        assert desk.edit(record, version=version, memo="Hello", key=key).status_code == 200
        assert desk.invoice(record)["SyncToken"] == "1"

    def test_when_nobody_can_say_what_became_of_it_the_job_goes_on(self, desk, record, in_between):
        """Row 117: `outcome_unknown` with the job, which ends as it should."""
        version, key, plant = desk.live(record)["version"], uuid4().hex, desk.box.faults.add
        plant("quickbooks", "drop_after_commit", method="POST", path="/v3/company/*/invoice", times=None)
        answer = in_between(
            lambda: desk.edit(record, version=version, memo="Hello", key=key),
            lambda: plant("quickbooks", "status", method="GET", path="/v3/*/invoice/*", status=503, times=None),
        )
        assert answer.status_code in {202, 504}, answer.text
        job_id = answer.json()["job_id"]
        job = desk.app.job(job_id).json()
        assert (job["kind"], job["state"]) == ("edit_invoice", "running")
        desk.box.faults.clear()
        job = desk.ended(job_id)
        assert job["result"]["invoice"]["version"] == desk.invoice(record)["SyncToken"] == "1"
        assert desk.edit(record, version=version, memo="Hello", key=key).json() == job["result"]


def test_an_emailed_invoice_is_not_sent_again(desk):
    """Row 120: default no; the dialog says so."""
    record = desk.new_company(invoice_email=f"{uuid4().hex[:8]}@test.example")
    assert desk.create(record).status_code == 201
    assert desk.invoice(record)["EmailStatus"] == "EmailSent"
    live = desk.live(record)
    assert "not sent again" in live["reasons"]["email"]
    assert set(live["editable"].values()) == {True}
    desk.box.clear_calls()
    assert desk.edit(record, version=live["version"], memo="Hello").status_code == 200
    assert desk.sent("*/send") == []
