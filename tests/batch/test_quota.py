"""A selection that is larger than what is left of the month: the first ones go through, the rest are told why not."""

import pytest

from tests.desk import Desk
from tests.host_process import HostProcess, install_plugin
from tests.review.plans import PLUGIN


@pytest.fixture
def desk(box, host_environment, empty_database, database_kind, tmp_path):
    """A desk at a host where everybody is on Free."""
    plan = tmp_path / "plan"
    plan.write_text("free")
    settings = {"ATTIBOOKS_BILLING": "paper", "TEST_PLAN": str(plan), **empty_database(database_kind, tmp_path)}
    plugin = install_plugin(tmp_path, "paper", PLUGIN)
    box.limits(quickbooks=True, attio=True)
    with HostProcess(tmp_path, {**host_environment, **settings}, python_path=plugin) as host:
        made = Desk.open(box, host.url)
        yield made
        made.close()
        box.faults.clear()


def outcomes(result):
    return [r["outcome"] for r in result["records"]]


def test_with_ten_left_the_first_ten_valid_ones_of_twenty_five_go_through(desk):
    bad = {1, 4}
    records = [desk.new_company(rate=None if n in bad else 50) for n in range(25)]
    result = desk.batch(records)
    expected = ["refused" if n in bad or n >= 12 else "created" for n in range(25)]
    assert outcomes(result) == expected
    assert (result["created"], result["refused"], result["failed"]) == (10, 15, 0)
    codes = [r["error"]["code"] for r in result["records"] if r["outcome"] == "refused"]
    assert codes == ["invalid_draft"] * 2 + ["limit_reached"] * 13
    usage = desk.app.read("usage").json()
    assert (usage["used"], usage["held"]) == (10, 0)
    assert "limit_reached" in desk.shown(records[-1])["sync_error"]
    assert desk.invoices(records[-1]) == []


def test_what_the_books_refuse_is_not_counted(desk):
    records = [desk.new_company() for _ in range(3)]
    desk.app.accounting = "revoked-token"
    desk.batch(records)
    usage = desk.app.read("usage").json()
    assert (usage["used"], usage["held"]) == (0, 0)


def test_in_the_sandbox_nothing_is_counted_and_nothing_is_limited(desk):
    company = desk.box.company("US", "sandbox")
    desk.app.accounting = company["access_token"]
    desk.app.settings = {**desk.app.settings, "environment": "sandbox", "qbo_company_id": company["realm"]}
    assert desk.batch([desk.new_company() for _ in range(12)])["created"] == 12
    assert desk.app.read("usage").json()["used"] == 0
