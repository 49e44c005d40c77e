"""Who may edit and void: Pro, and whoever has an invoice with a record of its own from better days (row 147)."""

import sqlalchemy as sa

from attibooks_core.storage.engine import Database
from attibooks_core.storage.tables import invoices
from tests.review.plans import desk, paper_settings, plan

__all__ = ["desk", "paper_settings", "plan"]


def give_a_record_of_its_own(paper_settings, desk, record):
    """As if the invoice had been stored as a record while the plan allowed it."""
    database = Database(paper_settings["ATTIBOOKS_DATABASE_URL"])
    mine = sa.update(invoices).where(invoices.c.invoice_id == desk.invoice(record)["Id"])
    database.write_now(lambda c: c.execute(mine.values(stored_object="invoices", stored_record_id="stored-1")))
    database.close()


def test_on_free_they_are_refused_with_a_link_and_no_call_to_the_books(desk, record, unchanged, refused):
    """Row 112: edit and void belong to Pro; a refusal says where to upgrade."""
    for answer in (desk.edit(record, version="0", memo="x"), desk.app.void("companies", record)):
        body = refused(answer, 402, "plan_required", says="https://pay.example/upgrade")
        assert body["upgrade_url"] == "https://pay.example/upgrade"
    assert desk.app.live("companies", record).status_code == 402
    assert desk.box.calls("quickbooks") == []
    unchanged()


def test_what_has_a_record_of_its_own_is_never_locked(desk, record, paper_settings):
    """Row 147: after a lapse, edit and void of existing invoice records stay; by that record, too."""
    give_a_record_of_its_own(paper_settings, desk, record)
    assert desk.edit(record, memo="Hello").status_code == 200
    assert desk.live("stored-1", "invoices")["memo"] == "Hello"
    assert desk.edit("stored-1", "invoices", memo="Bye").status_code == 200
    assert desk.void("stored-1", "invoices").json()["invoice"]["status"] == "Voided"
    assert desk.shown(record)["invoice_status"] == "Voided"


def test_on_pro_they_are_there(desk, record, plan):
    """Row 112: with Pro, both."""
    plan.write_text("pro")
    assert desk.edit(record, memo="Hello").status_code == 200
    assert desk.void(record).status_code == 200


def test_invoices_of_other_books_are_not_touched(desk, record, plan, refused):
    """Row 122: the settings name another company by now; its token never meets the old invoice."""
    plan.write_text("pro")
    other = desk.box.company("GB", "sandbox")
    desk.app.settings = {**desk.app.settings, "environment": "sandbox", "qbo_company_id": other["realm"]}
    desk.app.accounting = other["access_token"]
    refused(desk.app.void("companies", record), 409, "account_mismatch", says="Correct the settings")
    assert desk.box.calls("quickbooks") == []
