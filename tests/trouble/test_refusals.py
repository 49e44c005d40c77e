"""Bad input and trouble: one clear sentence, the same on the record, a trail entry, nothing half-written."""

from uuid import uuid4

import httpx
import pytest


def assert_refused(desk, record, answer, status, code, *, says, field=None, shown=True):
    """The refusal is said to the user, on the record and in the trail, and nothing was made."""
    body = answer.json()
    assert (answer.status_code, body["code"]) == (status, code), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert says in body["detail"]
    assert body["detail"].count(". ") >= 1, "one sentence says what failed, one what to do"
    assert len(body["detail"]) <= 500
    if field:
        assert field in [p["field"] for p in body["problems"]]
    if record:
        assert desk.invoices(record) == []
        on_record = desk.shown(record)["sync_error"]
        assert (says in on_record and code in on_record) if shown else on_record is None
        assert desk.trail(record)[-1]["details"]["code"] == code
    return body


VENDOR = "Cascade Office Supplies"
"""A vendor of every company of the sandbox's world, whose name no customer can have."""

BAD_VALUES = {
    "no rate": ({"rate": None}, "rate", "There is no rate."),
    "no description": ({"service_description": None}, "service_description", "There is no service description."),
    "negative rate": ({"rate": -5}, "rate", "negative"),
    "negative quantity": ({"quantity": -1}, "quantity", "negative"),
    "description of 5,000 characters": ({"service_description": "x" * 5000}, "service_description", "5000 characters"),
    "currency the company lacks": ({"billing_currency": "EUR"}, "currency", "USD only"),
}


@pytest.mark.parametrize("case", BAD_VALUES)
def test_a_record_with_a_bad_value_is_refused(desk, case):
    values, field, says = BAD_VALUES[case]
    record = desk.new_company(**values)
    assert_refused(desk, record, desk.create(record), 422, "invalid_draft", says=says, field=field)


BAD_TEXTS = {
    "text where a number is due": ("source_rate", "one hundred", "rate", "“one hundred”"),
    "a rate of 10^30": ("source_rate", "1" + "0" * 30, "rate", "over 99999999999.99"),
    "a currency that there is not": ("source_currency", "XXQ", "currency", "“XXQ” is no currency"),
    "due days with a unit": ("source_due_days", "30 days", "due_days", "“30 days”"),
    "an address that is none": ("source_customer_email", "ask Bob", "customer_email", "“ask Bob”"),
}


@pytest.mark.parametrize("case", BAD_TEXTS)
def test_a_text_that_is_not_what_is_due_is_refused(desk, case):
    key, text, field, says = BAD_TEXTS[case]
    desk.app.settings[key] = "service_description"
    record = desk.new_company(service_description=text)
    assert_refused(desk, record, desk.create(record), 422, "invalid_draft", says=says, field=field)


def test_a_record_without_a_name_is_refused(desk):
    record = desk.new_company()
    desk.box.edit_record(desk.app.workspace, "companies", record, name=[])
    assert_refused(desk, record, desk.create(record), 422, "invalid_draft", says="no name", field="customer_name")


def test_emoji_and_control_characters_reach_the_books_as_text(desk):
    record = desk.new_company(f"Zoë 🎉 {uuid4().hex[:6]}", service_description="Fix 🚀 & <b>\n“quotes” ünïcode")
    assert desk.create(record).status_code == 201
    (invoice,) = desk.invoices(record)
    assert invoice["Line"][0]["Description"] == "Fix 🚀 & <b>\n“quotes” ünïcode"


def test_without_an_accounting_token_nothing_is_read(desk):
    record = desk.new_company()
    desk.app.accounting = None
    desk.box.clear_calls()
    answer = desk.create(record)
    assert_refused(desk, record, answer, 424, "not_connected", says="QuickBooks Online is not connected.")
    assert desk.box.calls("quickbooks") == []


def test_a_revoked_token_is_refused_and_asks_to_reconnect(desk):
    record = desk.new_company()
    place = {"realm": desk.company["realm"], "environment": desk.company["environment"]}
    desk.app.accounting = desk.box.token("quickbooks", **place)
    desk.box.token("quickbooks", **place, access_token=desk.app.accounting, active=False)
    assert_refused(desk, record, desk.create(record), 424, "reconnect_needed", says="onnect")


def test_a_token_of_another_company_is_refused_before_any_write(desk):
    record = desk.new_company()
    other = desk.box.company("US", "production", multicurrency=True)
    desk.app.accounting = other["access_token"]
    desk.box.clear_calls()
    answer = desk.create(record)
    assert_refused(desk, record, answer, 409, "account_mismatch", says="does not open this QuickBooks company")
    assert all(c["status"] == 403 for c in desk.box.calls("quickbooks"))


def test_a_token_of_the_other_environment_is_refused(desk):
    record = desk.new_company()
    desk.app.accounting = desk.box.company("US", "sandbox")["access_token"]
    assert_refused(desk, record, desk.create(record), 409, "account_mismatch", says="environment")


def test_a_missing_company_id_is_a_setting_to_correct(desk):
    record = desk.new_company()
    del desk.app.settings["qbo_company_id"]
    answer = desk.create(record)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_settings")
    assert [p["field"] for p in answer.json()["problems"]] == ["qbo_company_id"]


def test_a_deleted_record_is_refused(desk):
    record = desk.new_company()
    desk.box.delete_record(desk.app.workspace, "companies", record)
    answer = desk.create(record)
    assert (answer.status_code, answer.json()["code"]) == (404, "record_not_found")
    assert desk.trail(record)[-1]["details"]["code"] == "record_not_found"


def test_a_record_of_another_workspace_is_not_found(desk):
    other = desk.box.world["attio"]["workspaces"][1]
    headers = {"Authorization": f"Bearer {other['token']}"}
    values = {"data": {"values": {"name": ["Stranger"]}}}
    made = httpx.post(f"{desk.box.attio_url}/v2/objects/companies/records", json=values, headers=headers)
    answer = desk.create(made.json()["data"]["id"]["record_id"])
    assert (answer.status_code, answer.json()["code"]) == (404, "record_not_found")


def test_an_object_that_the_workspace_does_not_invoice_is_refused(desk):
    desk.app.settings["target_objects"] = "deals, projects"
    record = desk.new_company()
    answer = desk.create(record)
    assert_refused(desk, record, answer, 422, "invalid_draft", says="not invoiced", field="target_objects")


def test_custom_mode_never_falls_back_to_quick(desk):
    record = desk.new_company()
    desk.app.settings["invoice_mode"] = "custom"
    assert_refused(desk, record, desk.create(record), 422, "invalid_draft", says="Custom mode", field="draft_token")
    desk.app.settings["invoice_mode"] = "quick"
    assert desk.create(record, mode="custom").status_code == 422, "a call may raise the mode"


def test_a_name_that_a_vendor_has_is_refused_with_what_to_do(desk):
    record = desk.new_company(VENDOR)
    answer = desk.create(record)
    assert_refused(desk, record, answer, 422, "invalid_draft", says="vendor", field="customer_name")


def test_an_inactive_customer_is_not_doubled(desk):
    inactive = next(c for c in desk.realm["customers"] if not c["Active"])
    name = inactive["DisplayName"].removesuffix(" (deleted)")
    record = desk.new_company(name)
    answer = desk.create(record)
    assert_refused(desk, record, answer, 422, "invalid_draft", says="inactive", field="customer_name")
    assert len([c for c in desk.realm["customers"] if c["DisplayName"].startswith(name)]) == 1


def test_two_customers_with_the_address_are_listed_and_none_is_taken(desk):
    addresses = [
        c["PrimaryEmailAddr"]["Address"] for c in desk.realm["customers"] if c.get("PrimaryEmailAddr") and c["Active"]
    ]
    shared = next(a for a in addresses if addresses.count(a) > 1)
    record = desk.new_company(invoice_email=shared)
    body = assert_refused(desk, record, desk.create(record), 422, "invalid_draft", says=shared, field="customer_name")
    names = [
        c["DisplayName"] for c in desk.realm["customers"] if c.get("PrimaryEmailAddr", {}).get("Address") == shared
    ]
    assert all(name in str(body["problems"]) for name in names)


def test_outside_the_us_a_missing_tax_code_is_a_setting_to_correct(desk_in):
    desk = desk_in("GB")
    record = desk.new_company()
    answer = desk.create(record)
    assert_refused(desk, record, answer, 422, "invalid_draft", says="tax code", field="default_tax_code")


def test_an_unknown_tax_code_is_answered_with_a_guess(desk_in):
    desk = desk_in("GB", default_tax_code="20 % S")
    answer = desk.create(desk.new_company())
    assert answer.status_code == 422
    assert "Did you mean “20.0% S”?" in answer.json()["detail"]


def test_a_status_that_the_attribute_lacks_leaves_the_rest_written(desk):
    record = desk.new_company()
    desk.box.archive(desk.app.workspace, "companies", "invoice_status", choice="Open")
    try:
        answer = desk.create(record)
    finally:
        desk.box.archive(desk.app.workspace, "companies", "invoice_status", choice="Open", archived=False)
    assert answer.status_code == 201
    assert answer.json()["writeback"]["state"] == "partial"
    shown = desk.shown(record)
    assert shown["invoice_number"] == answer.json()["invoice"]["number"]
    assert shown["invoice_status"] is None
    assert "Open" in shown["sync_error"]


def test_an_archived_attribute_is_left_out_and_the_rest_is_written(desk):
    # of an object that no other test writes to: a host keeps for ten seconds that the attribute is gone
    record = desk.new_record("projects", {"name": "Archive", "service_description": "Work", "rate": 5})
    desk.box.archive(desk.app.workspace, "projects", "invoice_url")
    try:
        answer = desk.create(record, "projects")
    finally:
        desk.box.archive(desk.app.workspace, "projects", "invoice_url", archived=False)
    written = answer.json()["writeback"]
    assert (answer.status_code, written["state"]) == (201, "partial")
    assert [p["field"] for p in written["problems"]] == ["writeback_invoice_url"]
    assert desk.shown(record, "projects")["invoice_number"]


def test_a_slug_that_no_object_has_is_stored_with_a_warning(desk):
    answer = desk.app.put_settings({**desk.app.settings, "source_rate": "Rate"})
    assert answer.status_code == 200
    assert answer.json()["settings"]["source_rate"] == "Rate"
    (problem,) = answer.json()["problems"]
    assert (problem["field"], problem["severity"]) == ("source_rate", "warning")
    assert "`rate`" in problem["message"]


def test_wrong_settings_are_refused_whole(desk):
    desk.app.put_settings(desk.app.settings)
    answer = desk.app.put_settings({"template_rate": "lots", "qbo_company_id": "abc", "made_up": 1})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_settings")
    assert sorted(p["field"] for p in answer.json()["problems"]) == ["made_up", "qbo_company_id", "template_rate"]
    assert desk.app.call("GET", "settings").json()["settings"]["qbo_company_id"] == desk.company["realm"]
