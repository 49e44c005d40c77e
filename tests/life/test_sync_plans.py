"""What a plan changes about the sync: Free keeps source records true, and nothing is locked after a lapse (row 147)."""

from uuid import uuid4

import pytest

from tests.ledger import Ledger
from tests.own_world import box, host_environment
from tests.review.plans import desk, paper_settings, plan

__all__ = ["box", "desk", "host_environment", "paper_settings", "plan"]

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
def ledger(desk, paper_settings):
    """The books; the workspace wants records of invoices, whatever its plan allows."""
    desk.box.limits(attio=False, quickbooks=False)
    desk.app.settings = {**desk.app.settings, "store_invoices_as_records": True}
    return Ledger(desk, paper_settings["ATTIBOOKS_DATABASE_URL"])


def synced(ledger):
    answer = ledger.desk.until_final(ledger.desk.app.sync)
    assert answer.status_code == 200, answer.text
    ledger.desk.eventually(ledger.is_settled)
    return answer.json()


def created(ledger):
    record = ledger.desk.new_company()
    answer = ledger.desk.click(record)
    assert answer.status_code == 201, answer.text
    ledger.ids.append(answer.json()["invoice"]["id"])
    return record


def test_free_syncs_source_records_and_makes_no_invoice_records(ledger, desk):
    """Rows 138, 143 and X1: one-way sync of the record that an invoice was made from; nothing else, and no error."""
    record = created(ledger)
    ledger.fill(5)
    desk.by_hand("pay", ledger.ids[0])
    result = synced(ledger)
    assert (result["updated"], result["errors"], result["skipped"]) == (1, [], None)
    assert desk.shown(record)["invoice_status"] == "Paid"
    assert ledger.shown == {}
    assert desk.box.calls("attio", "write") == [] or all(
        "/companies/" in c["path"] for c in desk.box.calls("attio", "write")
    )


def test_after_a_lapse_existing_records_go_on_and_new_invoices_get_none(ledger, desk, plan):
    """Row 147: sync, writeback and updates of existing invoice records stay; new invoices get no record of their own."""
    plan.write_text("pro")
    ledger.set_up()
    record = created(ledger)
    ledger.fill(5)
    synced(ledger)
    old = list(ledger.ids)
    assert ledger.shown.keys() == set(old)

    plan.write_text("free")
    later = created(ledger)
    ledger.fill(3)
    for invoice_id in ledger.ids:
        desk.by_hand("pay", invoice_id)
    result = synced(ledger)
    assert result["errors"] == []
    assert ledger.shown == dict.fromkeys(old, "Paid")
    assert desk.shown(record)["invoice_status"] == "Paid"
    assert desk.shown(later)["invoice_status"] == "Paid", "the source record of a new invoice is kept true"


def test_back_on_pro_the_invoices_of_the_lapse_get_their_records_with_their_next_change(ledger, desk, plan):
    """Row 147: an upgrade needs no repair."""
    plan.write_text("pro")
    ledger.set_up()
    plan.write_text("free")
    created(ledger)
    ledger.fill(2)
    synced(ledger)
    assert ledger.shown == {}
    plan.write_text("pro")
    for invoice_id in ledger.ids:
        desk.by_hand("pay", invoice_id)
    synced(ledger)
    assert ledger.shown == dict.fromkeys(ledger.ids, "Paid")


def test_with_run_setup_every_invoice_that_there_is_gets_its_record(ledger, desk, plan):
    """Row 90: those made on Free, and those that somebody made in the books, all of them synced and unchanged since."""
    record = created(ledger)
    ledger.fill(5)
    assert (synced(ledger)["errors"], ledger.shown) == ([], {})
    plan.write_text("pro")
    assert desk.app.set_up(key=uuid4().hex).status_code == 200
    desk.eventually(lambda: ledger.shown == dict.fromkeys(ledger.ids, "Open"))
    assert desk.shown(record)["invoice_status"] == "Open"
    before = len(desk.box.calls("attio", "write"))
    synced(ledger)
    assert len(desk.box.calls("attio", "write")) == before
