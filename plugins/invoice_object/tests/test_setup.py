from dataclasses import replace

import pytest

from attibooks_core.errors import Conflict, Refused
from attibooks_core.lifecycle import StoredAttribute
from attibooks_invoice_object.schema import ATTRIBUTES

CONTRACT = {
    "invoice_key": "text",
    "number": "text",
    "status": "select",
    "total": "number",
    "balance": "number",
    "currency": "text",
    "invoice_date": "date",
    "due_date": "date",
    "customer_name": "text",
    "customer_email": "text",
    "memo": "text",
    "qbo_invoice_id": "text",
    "qbo_customer_id": "text",
    "qbo_company_id": "text",
    "environment": "text",
    "qbo_url": "text",
    "source_record": "record-reference",
    "company": "record-reference",
    "qbo_updated_at": "timestamp",
    "last_synced_at": "timestamp",
    "sync_error": "text",
}
CHANGES = 1 + len(CONTRACT) + 4
"""Object, attributes, options of the status."""


class CutOffError(Exception):
    """The process died here."""


def codes(conflict):
    assert all(p.field == "invoice_object_slug" and p.message and p.fix for p in conflict.value.problems)
    return [p.code for p in conflict.value.problems]


async def test_it_makes_the_object_with_the_attributes_of_the_contract(store, workspace, records):
    """Row 93: object `invoices` with fixed slugs, its unique attribute scoped by company and environment."""
    report = await store.set_up(workspace(), records)
    made = records.objects["invoices"]
    assert {slug: a.type for slug, a in made.items()} == CONTRACT
    assert [slug for slug, a in made.items() if a.is_unique] == ["invoice_key"]
    assert made["status"].options == ("Open", "Paid", "Voided", "Deleted")
    assert (made["source_record"].refers_to, made["company"].refers_to) == ((), ("companies",))
    assert all(a.title for a in made.values())
    assert (report.object, report.created) == ("invoices", tuple(CONTRACT))
    assert not report.already_set_up


async def test_a_second_run_changes_nothing(store, workspace, records):
    """Row 92: Run Setup is idempotent, the second run says that all was set up."""
    await store.set_up(workspace(), records)
    before = list(records.changes)
    report = await store.set_up(workspace(), records)
    assert records.changes == before
    assert (report.created, report.repaired, report.unchanged) == ((), (), tuple(CONTRACT))
    assert report.already_set_up


@pytest.mark.parametrize("done", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("number", range(CHANGES))
async def test_a_run_that_is_cut_off_anywhere_is_completed_by_the_next(store, workspace, records, number, done):
    """Row 95: setup interrupted half-way: the next run completes it."""

    def cut(change, is_done):
        if (change, is_done) == (number, done):
            raise CutOffError

    records.cut = cut
    with pytest.raises(CutOffError):
        await store.set_up(workspace(), records)
    assert len(records.changes) == number + done
    records.cut = lambda *_: None
    report = await store.set_up(workspace(), records)
    assert report.already_set_up == (number + done == CHANGES)
    assert len(records.changes) == len(set(records.changes)) == CHANGES
    assert {slug: a.type for slug, a in records.objects["invoices"].items()} == CONTRACT
    assert sorted(records.objects["invoices"]["status"].options) == ["Deleted", "Open", "Paid", "Voided"]


async def test_a_named_object_has_to_exist(store, workspace, records):
    """Row 94: set, it must exist."""
    with pytest.raises(Conflict) as conflict:
        await store.set_up(workspace(invoice_object_slug="bills"), records)
    assert conflict.value.code == "setup_conflict"
    assert codes(conflict) == ["unknown_object"]
    assert "bills" in conflict.value.message
    assert records.changes == []


async def test_a_named_object_gets_only_what_it_lacks(store, workspace, records):
    """Row 94: setup adds only missing attributes, foreign ones stay as they are."""
    own = StoredAttribute("mood", "Mood", "rating")
    titled = StoredAttribute("memo", "My notes", "text")
    records.put("bills", own, titled)
    report = await store.set_up(workspace(invoice_object_slug="bills"), records)
    assert (report.object, report.unchanged) == ("bills", ("memo",))
    assert records.objects["bills"]["mood"] == own
    assert records.objects["bills"]["memo"] == titled
    assert "invoices" not in records.objects


CONFLICTS = {
    "wrong_type": StoredAttribute("total", "Total", "currency"),
    "multiple_values": StoredAttribute("status", "Status", "select", is_multiselect=True),
    "read_only_attribute": StoredAttribute("memo", "Memo", "text", is_writable=False),
    "not_unique": StoredAttribute("invoice_key", "Key", "text"),
    "unique": StoredAttribute("number", "Number", "text", is_unique=True),
    "wrong_reference": StoredAttribute("company", "Company", "record-reference", refers_to=("people", "deals")),
}


@pytest.mark.parametrize("code", CONFLICTS)
async def test_an_attribute_that_cannot_be_used_is_a_conflict(store, workspace, records, code):
    """Row 94: setup never changes or deletes a type."""
    records.put("bills", CONFLICTS[code])
    with pytest.raises(Conflict) as conflict:
        await store.set_up(workspace(invoice_object_slug="bills"), records)
    assert codes(conflict) == [code]
    assert records.changes == []


async def test_all_conflicts_are_listed_and_nothing_is_half_applied(store, workspace, records):
    """Row 94: conflicts are listed, archived attributes too, and nothing is half-applied."""
    archived = StoredAttribute("sync_error", "Error", "number", is_archived=True)
    records.put("invoices", *CONFLICTS.values(), archived)
    with pytest.raises(Conflict) as conflict:
        await store.set_up(workspace(), records)
    assert sorted(codes(conflict)) == sorted([*CONFLICTS, "wrong_type"])
    assert "There are 5 more. Nothing was changed." in conflict.value.message
    assert records.changes == []


@pytest.mark.parametrize(
    ("targets", "refers_to", "fits"),
    [
        ("", ("deals",), True),
        ("deals", ("deals", "people"), True),
        ("companies, deals", ("deals",), True),
        ("companies", ("deals",), False),
        ("companies", (), True),
    ],
)
async def test_a_source_reference_has_to_reach_the_target_objects(store, workspace, records, targets, refers_to, fits):
    """Row 99: the reference to the source record."""
    records.put("invoices", StoredAttribute("source_record", "Source", "record-reference", refers_to=refers_to))
    ws = workspace(target_objects=targets)
    if fits:
        assert "source_record" in (await store.set_up(ws, records)).unchanged
        return
    with pytest.raises(Conflict) as conflict:
        await store.set_up(ws, records)
    assert codes(conflict) == ["wrong_reference"]


@pytest.mark.parametrize(("slug", "targets"), [("companies", ""), ("deals", "deals,people")])
async def test_an_object_of_source_records_is_no_invoice_object(store, workspace, records, slug, targets):
    with pytest.raises(Conflict) as conflict:
        await store.set_up(workspace(invoice_object_slug=slug, target_objects=targets), records)
    assert codes(conflict) == ["wrong_object"]
    assert records.changes == []


async def test_archived_attributes_come_back_and_missing_options_are_added(store, workspace, records):
    """Row 100: Setup repairs what the user archived or deleted later."""
    await store.set_up(workspace(), records)
    held = records.objects["invoices"]
    held["total"] = replace(held["total"], is_archived=True)
    held["status"] = replace(held["status"], options=("Open", "Mine", "Voided"))
    del held["memo"]
    records.changes.clear()
    report = await store.set_up(workspace(), records)
    assert (set(report.created), set(report.repaired)) == ({"memo"}, {"total", "status"})
    assert held["status"].options == ("Open", "Mine", "Voided", "Paid", "Deleted")
    assert not held["total"].is_archived
    assert len(records.changes) == 4


async def test_a_full_plan_of_the_crm_is_told_as_such(store, workspace, records):
    """Row 97: the CRM refuses: its plan is named, and a way round it."""
    records.most_objects = 2
    with pytest.raises(Refused) as refused:
        await store.set_up(workspace(), records)
    assert refused.value.code == "quota_exceeded"
    assert refused.value.message == (
        "The CRM's plan allows no more. Or name an object that exists already, in settings section 7."
    )
    assert records.changes == []


async def test_a_name_that_another_object_has_is_a_conflict(store, workspace, records):
    """Row 94: nothing is half-applied."""
    records.names = {"Invoices"}
    with pytest.raises(Conflict) as conflict:
        await store.set_up(workspace(), records)
    assert codes(conflict) == ["name_taken"]
    assert records.changes == []


def test_no_title_is_there_twice():
    assert len({spec.title for spec in ATTRIBUTES}) == len(ATTRIBUTES) == len(CONTRACT)
