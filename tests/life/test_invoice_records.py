"""Every invoice as a record of its own, through a whole host and Attio, on both databases."""

from collections.abc import Iterator
from uuid import uuid4

import pytest

from tests.desk import Desk
from tests.life.test_setup import Setting
from tests.module_world import box, host, host_environment

__all__ = ["box", "host", "host_environment"]


class Records(Setting):
    """A desk with the invoice object on, and what Attio has of it."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        desk.app.settings = self.settings

    def of(self, invoice):
        """The records of an invoice, values by slug."""
        key = f"{self.desk.company['environment']}:{self.desk.company['realm']}:{invoice['id']}"
        body = {"filter": {"invoice_key": key}}
        answer = self.desk.attio.post("/v2/objects/invoices/records/query", json=body)
        return [self._plain(row) for row in answer.json().get("data", [])]

    def shows(self, invoice, **values):
        """Wait until the only record of the invoice shows these values, and give it."""

        def holds():
            return [{s: record[s] for s in values} for record in self.of(invoice)] == [values]

        self.desk.eventually(holds, 60)
        return self.of(invoice)[0]

    @staticmethod
    def _plain(row):
        def value(entries):
            entry = entries[0] if entries else {}
            option = entry.get("option") or {}
            return entry.get("target_record_id") or option.get("title") or entry.get("value")

        return {**{s: value(v) for s, v in row["values"].items()}, "record_id": row["id"]["record_id"]}

    def synced(self):
        """Sync, or wait for the run that is under way: Run Setup begins one, which may be past what comes next."""
        body = {"settings": self.settings}
        answer = self.desk.until_final(lambda: self.desk.app.call("POST", "sync", body, key=uuid4().hex))
        assert answer.status_code == 200, answer.text

    def created(self, record, **more):
        answer = self.desk.click(record, **more)
        assert answer.status_code == 201, answer.text
        return answer.json()


@pytest.fixture
def records(desk) -> Iterator[Records]:
    """The invoice object is on; it is set up by whoever needs it."""
    made = Records(desk)
    with made.alone():
        yield made


def test_an_invoice_gets_a_record_with_links_to_its_source_and_company(records):
    """Rows 90, 93 and 99."""
    records.pressed()
    company = records.desk.new_company()
    made = records.created(company)
    shown = records.shows(made["invoice"], status="Open", number=made["invoice"]["number"])
    assert (shown["source_record"], shown["company"]) == (company, company)
    assert (shown["total"], shown["currency"]) == (240, "USD")
    assert shown["qbo_url"] == made["invoice"]["url"]


def test_without_a_setup_the_invoice_waits_for_it(records):
    """Row 98: create works, its record waits, the user is told to press Run Setup, and then it comes."""
    company = records.desk.new_company()
    made = records.created(company)
    [warning] = [w for w in made["warnings"] if w["field"] == "store_invoices_as_records"]
    assert (warning["code"], warning["severity"]) == ("setup_needed", "warning")
    assert "Run Setup" in warning["fix"]
    records.pressed()
    records.shows(made["invoice"], status="Open", source_record=company)


def test_an_object_that_was_deleted_is_repaired_by_the_setup(records):
    """Row 100: invoices wait while it is gone; Setup brings it back, and them."""
    records.pressed()
    first = records.created(records.desk.new_company())["invoice"]
    records.shows(first, status="Open")
    records.attio("PATCH", "objects/invoices/attributes/total", {"is_archived": True})
    second = records.created(records.desk.new_company())["invoice"]
    assert records.of(second) == []
    assert records.pressed()["repaired"] == ["total"]
    records.shows(second, status="Open")


def test_a_record_that_was_deleted_comes_back_with_the_next_change(records):
    """Row 101: recreated at the next change of the invoice, which is a payment here."""
    records.pressed()
    records.synced()
    invoice = records.created(records.desk.new_company())["invoice"]
    gone = records.shows(invoice, status="Open")["record_id"]
    records.desk.box.delete_record(records.desk.app.workspace, "invoices", gone)
    company = records.desk.company
    records.desk.box.pay(company["environment"], company["realm"], invoice["id"])
    records.synced()
    assert records.shows(invoice, status="Paid", number=invoice["number"])["record_id"] != gone
