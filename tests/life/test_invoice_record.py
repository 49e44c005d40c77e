"""The actions on the invoice's own record (row 112), which shows every change at once (rows 119 and 123)."""

import pytest
import sqlalchemy as sa

from attibooks_core.storage.engine import Database
from attibooks_core.storage.tables import invoices
from tests.module_world import box, host_environment

__all__ = ["box", "host_environment"]


@pytest.fixture
def keeping(machines):
    """A desk whose workspace keeps invoices as records."""
    desk = machines.desk(machines.start(), store_invoices_as_records=True)
    desk.set_up()
    return desk


def own_record(desk, record):
    """The invoice's own record, and its id."""
    number = desk.shown(record)["invoice_number"]
    state = desk.box.state(service="attio", workspace=desk.app.workspace)
    kept = state["attio"]["workspaces"][desk.app.workspace]["objects"]["invoices"]
    return next((record_id, shown) for record_id, shown in kept.items() if shown["number"] == number)


def test_an_edit_and_a_void_by_the_invoice_record(keeping, machines):
    """Rows 112, 119, 123: both work on the invoice's own record, and it shows what the books answered."""
    record = keeping.new_company()
    assert keeping.create(record).status_code == 201
    own, shown = own_record(keeping, record)
    assert shown["status"] == "Open"
    answer = keeping.edit(own, "invoices", memo="Hello", due_date="2027-03-01")
    assert answer.status_code == 200, answer.text
    _, shown = own_record(keeping, record)
    assert (shown["memo"], shown["due_date"]) == ("Hello", "2027-03-01")
    assert keeping.void(own, "invoices").json()["already_voided"] is False
    _, shown = own_record(keeping, record)
    assert (shown["status"], float(shown["total"]), float(shown["balance"])) == ("Voided", 0, 0)
    assert keeping.shown(record)["invoice_status"] == "Voided"


def test_a_record_that_the_host_has_forgotten_names_its_invoice(keeping, machines):
    """Row 93: the unique key on the record says which invoice it is."""
    record = keeping.new_company()
    assert keeping.create(record).status_code == 201
    keeping.eventually(lambda: keeping.trail(record)[-1]["kind"] == "writeback")
    own, _ = own_record(keeping, record)
    database = Database(machines.database_url)
    database.write_now(lambda c: c.execute(sa.delete(invoices)))
    database.close()
    assert keeping.edit(own, "invoices", memo="Hello").status_code == 200
    assert own_record(keeping, record)[1]["memo"] == "Hello"
