"""Void in QuickBooks: asked first, done once, shown at once, never a deletion (rows 121 to 126)."""

from uuid import uuid4

import pytest


def field_of(answer):
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_draft"), answer.text
    (problem,) = answer.json()["problems"]
    return problem["field"], problem["code"]


class TestTheQuestion:
    def test_it_tells_what_is_voided_and_does_nothing(self, desk, record, unchanged):
        """Row 121: the first call returns number, customer and amount."""
        asked = desk.confirm(record)
        invoice = desk.invoice(record)
        assert (asked["number"], asked["customer_name"]) == (invoice["DocNumber"], desk.names[record])
        assert (asked["total"], asked["balance"], asked["warning"]) == ("240.00", "240.00", None)
        assert desk.shown(record)["invoice_status"] == "Open"
        unchanged()

    def test_it_warns_of_payments(self, desk, record):
        """Row 126: a void deletes no payment; they become unapplied."""
        desk.by_hand("pay", desk.invoice(record)["Id"], amount="100.00")
        asked = desk.confirm(record)
        assert (asked["total"], asked["balance"]) == ("240.00", "140.00")
        assert "100.00 USD" in asked["warning"]
        assert "unapplied" in asked["warning"]

    def test_the_same_click_asks_the_same(self, desk, record):
        """Row 121: the question has a key, as every change."""
        key = uuid4().hex
        first, again = (desk.app.void("companies", record, key=key) for _ in range(2))
        assert first.content == again.content


class TestTheAnswer:
    def test_it_voids_and_the_record_shows_it_at_once(self, desk, record, writes):
        """Rows 122, 123: `operation=void` with id and version; Voided and zeros in the same call."""
        before = desk.invoice(record)
        answer = desk.void(record)
        assert answer.status_code == 200, answer.text
        invoice = answer.json()["invoice"]
        assert answer.json()["already_voided"] is False
        assert (invoice["status"], invoice["total"], invoice["balance"]) == ("Voided", "0.00", "0.00")
        assert (invoice["number"], invoice["version"]) == (before["DocNumber"], "1")
        assert writes() == [f'{{"Id":"{before["Id"]}","SyncToken":"0"}}']
        (call,) = [c for c in desk.box.calls("quickbooks") if c["method"] == "POST"]
        assert "operation=void" in call["path"] + str(call.get("query"))
        assert desk.shown(record)["invoice_status"] == "Voided"
        assert desk.invoice(record)["DocNumber"] == before["DocNumber"], "a voided invoice keeps its number"
        assert "voided" in [e["kind"] for e in desk.trail(record)]

    def test_of_two_invoices_only_the_newest_shows_on_the_record(self, desk, record):
        """Row 123: the source record's status only if it is the newest invoice."""
        first = desk.invoice(record)["Id"]
        newest = desk.create(record, confirm_recent=True).json()["invoice"]
        assert desk.void(record).json()["invoice"]["id"] == newest["id"] != first
        assert desk.shown(record)["invoice_status"] == "Voided"
        assert {i["Id"]: i["TotalAmt"] for i in desk.invoices(record)}[first] == 240

    def test_twice_is_harmless(self, desk, record, writes):
        """Row 125: success, already voided, nothing is sent."""
        token = desk.confirm(record)["token"]
        assert desk.void(record, confirm_token=token).status_code == 200
        for again in (desk.app.void("companies", record), desk.void(record, confirm_token=token)):
            assert (again.status_code, again.json()["already_voided"]) == (200, True)
            assert again.json()["invoice"]["status"] == "Voided"
        assert len(writes()) == 1

    def test_one_that_the_accountant_voided_is_shown(self, desk, record, writes):
        """Row 125: already voided in QuickBooks: at once, without a question, and the record shows it."""
        desk.by_hand("void", desk.invoice(record)["Id"])
        answer = desk.app.void("companies", record)
        assert answer.json()["already_voided"] is True
        assert writes() == []
        assert desk.shown(record)["invoice_status"] == "Voided"

    def test_the_same_click_voids_once(self, desk, record, at_once, writes):
        """Row 125: two clicks at the same moment, and the same click again, are one."""
        token, key = desk.confirm(record)["token"], uuid4().hex
        answers = at_once(*[lambda: desk.void(record, confirm_token=token, key=key)] * 3)
        answers.append(desk.void(record, confirm_token=token, key=key))
        assert {(a.status_code, a.content) for a in answers} == {(200, answers[0].content)}
        assert answers[0].json()["already_voided"] is False
        assert len(writes()) == 1
        assert desk.invoice(record)["SyncToken"] == "1"

    def test_two_users_at_once_void_once(self, desk, record, at_once):
        """Row 125: one token step, whoever clicks."""
        tokens = [desk.confirm(record)["token"] for _ in range(2)]
        answers = at_once(*[lambda t=t: desk.void(record, confirm_token=t) for t in tokens])
        assert {a.status_code for a in answers} == {200}
        assert desk.invoice(record)["SyncToken"] == "1"


class TestTheToken:
    def test_without_the_question_there_is_none(self, desk, record, unchanged):
        """Row 121: the second call needs the token of the first."""
        assert field_of(desk.app.void("companies", record, confirm_token="v1.made.up")) == ("confirm_token", "foreign")
        unchanged()

    def test_it_is_for_one_invoice(self, desk, record, unchanged):
        """Row 121: bound to the invoice."""
        other = desk.new_company()
        assert desk.create(other).status_code == 201
        token = desk.confirm(other)["token"]
        desk.box.clear_calls()
        assert field_of(desk.void(record, confirm_token=token)) == ("confirm_token", "foreign")
        unchanged()

    def test_it_is_for_the_version_that_was_shown(self, desk, record, writes):
        """Row 121: bound to the version; a payment in between is not voided unseen."""
        token = desk.confirm(record)["token"]
        desk.by_hand("pay", desk.invoice(record)["Id"], amount="1.00")
        answer = desk.void(record, confirm_token=token)
        assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
        assert answer.json()["current"]["balance"] == "239.00"
        assert writes() == []

    def test_it_is_good_once(self, desk, record):
        """Row 121: a token that was sent is spent, also when QuickBooks refused."""
        desk.by_hand("pay", desk.invoice(record)["Id"], amount="1.00")
        token = desk.confirm(record)["token"]
        assert desk.void(record, confirm_token=token).status_code == 424
        assert field_of(desk.void(record, confirm_token=token)) == ("confirm_token", "used")

    def test_a_race_is_a_conflict(self, desk, record, in_between):
        """Row 121: what was confirmed is what is voided: another version is asked about anew."""
        token = desk.confirm(record)["token"]
        answer = in_between(
            lambda: desk.void(record, confirm_token=token),
            lambda: desk.by_hand("change", desk.invoice(record)["Id"], CustomerMemo={"value": "Theirs"}),
        )
        assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
        assert answer.json()["current"]["memo"] == "Theirs"
        assert desk.invoice(record)["TotalAmt"] == 240


class TestTheBooksSayNo:
    def test_to_a_paid_invoice(self, desk, record, refused):
        """Row 125: paid: QuickBooks' reason, and Attio unchanged but for it."""
        desk.by_hand("pay", desk.invoice(record)["Id"])
        token, key = desk.confirm(record)["token"], uuid4().hex
        answer = desk.void(record, confirm_token=token, key=key)
        refused(answer, 424, "accounting_refused", says="payments applied")
        assert desk.shown(record)["invoice_status"] == "Open"
        again = desk.void(record, confirm_token=token, key=key)
        assert (again.status_code, again.json()["detail"]) == (424, answer.json()["detail"]), "a refusal is pinned"

    def test_to_a_closed_period(self, desk, record, refused):
        """Row 125: closed period: the reason in plain words."""
        place = (desk.company["environment"], desk.company["realm"])
        token = desk.confirm(record)["token"]
        desk.box.change(*place, "Preferences", close_date=desk.invoice(record)["TxnDate"])
        try:
            answer = desk.void(record, confirm_token=token)
        finally:
            desk.box.change(*place, "Preferences", close_date=None)
        refused(answer, 424, "accounting_refused", says="books are closed")
        assert desk.invoice(record)["TotalAmt"] == 240

    def test_or_unlink_the_payments_where_they_do(self, desk, record):
        """Row 126: where QuickBooks takes it, the payment stands and is unapplied."""
        desk.by_hand("pay", desk.invoice(record)["Id"], amount="100.00")
        desk.box.switch(void_paid="unlink")
        try:
            answer = desk.void(record)
        finally:
            desk.box.switch(void_paid="refuse")
        assert (answer.status_code, answer.json()["invoice"]["status"]) == (200, "Voided")

    def test_to_a_deleted_invoice(self, desk, record):
        """Row 124: an invoice that was deleted by hand is not there to be voided."""
        token = desk.confirm(record)["token"]
        desk.by_hand("delete", desk.invoice(record)["Id"])
        answer = desk.void(record, confirm_token=token)
        assert (answer.status_code, answer.json()["code"]) == (404, "invoice_not_found")

    @pytest.mark.parametrize("times", [1, None], ids=["once", "for good"])
    def test_a_lost_answer_voids_once(self, desk, record, times):
        """Row 122: the same request again; what stays lost is found in the invoice."""
        token = desk.confirm(record)["token"]
        desk.box.faults.add("quickbooks", "drop_after_commit", method="POST", path="/v3/company/*/invoice", times=times)
        answer = desk.void(record, confirm_token=token)
        assert (answer.status_code, answer.json()["invoice"]["status"]) == (200, "Voided"), answer.text
        assert desk.invoice(record)["SyncToken"] == "1"
