"""From a change in the books to the record, with nobody watching."""

import pytest
import sqlalchemy as sa

from attibooks_core.storage.engine import Database
from attibooks_core.storage.tables import invoices
from tests.desk import Desk
from tests.host_process import HostProcess


@pytest.fixture
def told_to(box):
    """Have the sandbox tell a host of changes in the books."""

    def subscribe(host, **facts):
        box.control("POST", "quickbooks/webhooks", {"url": f"{host.url}/webhooks/quickbooks", **facts})

    yield subscribe
    box.control("DELETE", "quickbooks/webhooks")


@pytest.fixture
def told(host, told_to):
    """Have the sandbox tell the host of changes in the real books."""
    return lambda **facts: told_to(host, environment="production", **facts)


@pytest.mark.parametrize("envelope", ["cloudevents", "legacy"])
def test_a_payment_shows_within_seconds(desk, told, envelope):
    """Row 142: both forms, work begins within a second of the delivery."""
    told(envelope=envelope)
    record = desk.new_company()
    invoice = desk.click(record).json()["invoice"]["id"]
    desk.box.pay("production", desk.company["realm"], invoice)
    desk.eventually(lambda: desk.shown(record)["invoice_status"] == "Paid", 15)


def test_events_out_of_order_show_the_newest_state(desk, told):
    """Row 140: what is shown is what the books say now, whatever event came last."""
    told(hold=True)
    record = desk.new_company()
    invoice = desk.click(record).json()["invoice"]["id"]
    desk.box.pay("production", desk.company["realm"], invoice, "1.00")
    desk.box.pay("production", desk.company["realm"], invoice)
    desk.box.control("POST", "quickbooks/webhooks/release", {"environment": "production", "reverse": True})
    desk.eventually(lambda: desk.shown(record)["invoice_status"] == "Paid", 15)


def test_a_deletion_is_known_as_one(desk, host, told):
    """Row 139: deleted, not voided; by the tombstone's word alone, in one call."""
    told()
    record = desk.new_company()
    invoice = desk.click(record).json()["invoice"]["id"]
    desk.box.delete("production", desk.company["realm"], invoice)
    database = Database(host.database_url)
    wanted = sa.select(invoices.c.status).where(invoices.c.record_id == record)
    desk.eventually(lambda: database.write_now(lambda c: c.scalar(wanted)) == "Deleted", 15)
    database.close()


@pytest.mark.parametrize("environment", ["production", "sandbox"])
def test_one_token_for_both_environments_is_enough(
    tmp_path, box, host_environment, empty_database, told_to, environment
):
    """Row 142: the token does not tell where the company is; who is connected does."""
    token = box.world["quickbooks"]["webhook_verifier_token"]
    tokens = {"ATTIBOOKS_QUICKBOOKS__WEBHOOK_VERIFIER_TOKENS": f'{{"production":["{token}"],"sandbox":["{token}"]}}'}
    with HostProcess(
        tmp_path, {**host_environment, **empty_database("sqlite", tmp_path), **tokens}, forked=True
    ) as host:
        told_to(host, environment=environment)
        desk = Desk.open(box, host.url, environment=environment)
        record = desk.new_company()
        invoice = desk.click(record).json()["invoice"]["id"]
        box.pay(environment, desk.company["realm"], invoice)
        desk.eventually(lambda: desk.shown(record)["invoice_status"] == "Paid", 30)
        desk.close()
