"""Run Health Check: what is wrong is named, with the next step, and what cannot be known yet is left out."""

import pytest

from tests.desk import Desk
from tests.host_process import HostProcess

NAMES = ["installation", "settings", "connection", "sync"]


def checks(desk, **settings):
    answer = desk.app.read("health", {"settings": {**desk.app.settings, **settings}})
    assert answer.status_code == 200, answer.text
    assert all(set(check) == {"name", "ok", "detail", "fix"} for check in answer.json()["checks"])
    return {check["name"]: check for check in answer.json()["checks"]}


def test_when_all_is_well_every_check_says_so_and_nothing_is_to_be_done(desk):
    found = checks(desk)
    assert list(found) == NAMES, "and no plan that was bought"
    assert all((check["ok"], check["fix"]) == (True, None) for check in found.values())
    assert desk.company["realm"] in found["connection"]["detail"]
    assert found["sync"]["detail"].startswith(("Nothing was synced yet.", "The last sync ended at 20"))


def test_an_attribute_that_does_not_exist_is_named(desk):
    check = checks(desk, source_rate="no_such_thing", source_quantity="nor_this")["settings"]
    assert (check["ok"], "`no_such_thing`" in check["detail"], "`nor_this`" in check["detail"]) == (False, True, True)
    assert check["fix"].count("section 5") == 1


@pytest.mark.parametrize("settings", [{"qbo_company_id": None}, {"template_rate": "-1"}, {"not_a_key": "1"}])
def test_settings_that_cannot_be_used_are_the_only_thing_to_put_right(desk, settings):
    desk.box.clear_calls()
    found = checks(desk, **settings)
    assert list(found) == NAMES[:2]
    assert (found["settings"]["ok"], bool(found["settings"]["fix"])) == (False, True)
    assert desk.box.counts().get("quickbooks") is None, "which books it would be is not known"


@pytest.mark.parametrize(
    ("fault", "fix"),
    [
        ({"kind": "status", "status": 503}, "later"),
        ({"kind": "status", "status": 429}, "later"),
        ({"kind": "malformed"}, "later"),
    ],
)
def test_books_that_do_not_answer_are_waited_for(desk, fault, fix):
    desk.box.faults.add("quickbooks", times=None, **fault)
    check = checks(desk)["connection"]
    assert (check["ok"], fix in check["fix"]) == (False, True)


def test_a_missing_connection_is_made(desk):
    desk.app.accounting = None
    check = checks(desk)["connection"]
    assert (check["ok"], "Connect" in check["fix"]) == (False, True)


def test_a_sync_that_failed_is_named_until_one_went_well(desk):
    desk.click(desk.new_company())
    desk.box.faults.add("quickbooks", "status", status=503, times=None)
    assert desk.app.sync().status_code >= 500
    failed = checks(desk)["sync"]
    assert (failed["ok"], "Sync Now" in failed["fix"]) == (False, True)
    desk.box.faults.clear()
    assert desk.until_final(desk.app.sync).status_code == 200
    assert checks(desk)["sync"]["detail"].startswith("The last sync ended at 20")


def test_an_app_that_is_not_installed_is_told_what_to_do(desk):
    other = desk.box.world["attio"]["workspaces"][1]
    desk.app.workspace, desk.app.token = other["id"], other["token"]
    found = checks(desk)
    assert list(found) == ["installation"]
    assert (found["installation"]["ok"], "Connect" in found["installation"]["fix"]) == (False, True)


def test_books_whose_plugin_the_operator_has_blocked_are_the_connections_trouble(
    box, tmp_path, host_environment, empty_database
):
    blocked = {"ATTIBOOKS_BLOCKED_PLUGINS": '["quickbooks"]'}
    environment = {**host_environment, **empty_database("sqlite", tmp_path), **blocked}
    with HostProcess(tmp_path, environment, forked=True) as host:
        desk = Desk.open(box, host.url)
        found = {check["name"]: check for check in desk.app.read("health").json()["checks"]}
        desk.close()
    assert list(found) == NAMES[:3]
    assert (found["connection"]["ok"], "operator" in found["connection"]["fix"]) == (False, True)
