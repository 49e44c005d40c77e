"""Check Status: what is wrong, told apart (product rows 9-11)."""

import pytest


def status(desk, **settings):
    answer = desk.app.read("connection/status", {"settings": {**desk.app.settings, **settings}})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_connection_that_works_names_the_company(desk):
    assert status(desk) == {
        "connected": True,
        "company_id": desk.company["realm"],
        "company_name": desk.company["name"],
        "environment": "production",
        "home_currency": "USD",
        "multicurrency": False,
        "account_mismatch": False,
        "state": "connected",
        "message": status(desk)["message"],
    }
    assert desk.company["realm"] in status(desk)["message"]


def test_never_connected(desk):
    desk.app.accounting = None
    assert (status(desk)["state"], status(desk)["connected"]) == ("never_connected", False)


def test_a_revoked_token(desk):
    place = {"realm": desk.company["realm"], "environment": desk.company["environment"]}
    desk.app.accounting = desk.box.token("quickbooks", **place)
    desk.box.token("quickbooks", **place, access_token=desk.app.accounting, active=False)
    assert status(desk)["state"] == "token_revoked"


def test_the_wrong_environment_is_told_from_the_wrong_company(desk):
    wrong = status(desk, environment="sandbox")
    assert (wrong["state"], wrong["account_mismatch"]) == ("wrong_environment", True)
    other = desk.box.company("US", "production", multicurrency=True)
    wrong = status(desk, qbo_company_id=other["realm"])
    assert (wrong["state"], wrong["account_mismatch"]) == ("wrong_company", True)


@pytest.mark.parametrize(
    ("fault", "state"),
    [
        ({"kind": "status", "status": 503}, "backend_down"),
        ({"kind": "drop_before_commit"}, "backend_down"),
        ({"kind": "malformed"}, "backend_down"),
        ({"kind": "status", "status": 429}, "rate_limited"),
    ],
)
def test_books_that_do_not_answer_are_no_reason_to_reconnect(desk, fault, state):
    desk.box.faults.add("quickbooks", times=None, **fault)
    assert status(desk)["state"] == state


def test_a_missing_company_id_is_a_setting_to_correct(desk):
    answer = desk.app.read("connection/status", {"settings": {}})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_settings")
