from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from attibooks_core.errors import NotFound, Refused
from attibooks_core.model import InvoiceStatus, RecordRef

DEAL = RecordRef("deals", "deal-1")
COMPANY = RecordRef("companies", "company-1")


@pytest.fixture
async def ready(store, workspace, records):
    """The CRM after Run Setup."""
    await store.set_up(workspace(), records)
    return records


@pytest.fixture
def shown(ready):
    """What the only record shows."""

    def shown():
        [record] = ready.records["invoices"].values()
        return record

    return shown


async def test_every_attribute_is_written_with_the_type_of_its_own(store, workspace, ready, entry, shown):
    """Row 93: number, status, totals, customer, ids of the books, facts of the sync, in one call."""
    ref = await store.store(workspace(), ready, entry(source=DEAL, company=COMPANY, sync_error="It failed."))
    assert ref == RecordRef("invoices", "record-1")
    assert len(ready.upserts) == 1
    assert shown() == {
        "invoice_key": "production:9130357:145",
        "number": "1042",
        "status": "Open",
        "total": Decimal("1250.50"),
        "balance": Decimal("250.00"),
        "currency": "EUR",
        "invoice_date": date(2026, 11, 23),
        "due_date": date(2026, 12, 23),
        "customer_name": "Northwind",
        "customer_email": "pay@northwind.example",
        "memo": "Thank you",
        "qbo_invoice_id": "145",
        "qbo_customer_id": "58",
        "qbo_company_id": "9130357",
        "environment": "production",
        "qbo_url": "https://qbo.example/app/invoice?txnId=145",
        "source_record": DEAL,
        "company": COMPANY,
        "qbo_updated_at": datetime(2026, 11, 23, 8, 59, 30, tzinfo=UTC),
        "last_synced_at": datetime(2026, 11, 23, 9, 0, tzinfo=UTC),
        "sync_error": "It failed.",
    }


async def test_a_second_write_changes_the_same_record_and_keeps_what_users_added(
    store, workspace, ready, entry, booked, shown
):
    """Row 90: every invoice is one record of its own, whatever happens to it."""
    first = await store.store(workspace(), ready, entry())
    shown()["mood"] = "theirs"
    paid = booked(status=InvoiceStatus.PAID, balance=Decimal("0.00"), memo=None)
    assert await store.store(workspace(), ready, entry(paid)) == first
    assert (shown()["status"], shown()["balance"], shown()["memo"]) == ("Paid", Decimal(0), None)
    assert shown()["mood"] == "theirs"


async def test_ids_that_two_companies_share_make_two_records(store, workspace, ready, entry):
    """Row 93: the key is scoped by company and environment."""
    one = entry()
    for books in (one.books, replace(one.books, environment="sandbox"), replace(one.books, company_id="7")):
        await store.store(workspace(), ready, replace(one, books=books))
    assert len(ready.records["invoices"]) == 3


async def test_an_invoice_without_a_number_shows_its_id(store, workspace, ready, entry, booked, shown):
    await store.store(workspace(), ready, entry(booked(number=None)))
    assert shown()["number"] == "145"


async def test_links_that_are_not_known_stay_as_they_are(store, workspace, ready, entry, shown):
    """Row 99: reference to source record and to company when it can be resolved."""
    await store.store(workspace(), ready, entry(source=DEAL, company=COMPANY))
    await store.store(workspace(), ready, entry())
    assert (shown()["source_record"], shown()["company"]) == (DEAL, COMPANY)


@pytest.mark.parametrize("name", ["named-gone", "gone"])
async def test_a_link_to_a_record_that_is_gone_never_loses_the_rest(store, workspace, ready, entry, shown, name):
    """Row 99: the record is written without the link."""
    gone = RecordRef("deals", name)
    ready.gone.add(name)
    await store.store(workspace(), ready, entry(source=gone, company=COMPANY))
    assert "source_record" not in shown()
    assert ("company" in shown()) == (name == "named-gone"), "only what is known to be refused is left out"
    assert shown()["total"] == Decimal("1250.50")
    assert len(ready.upserts) == 2


async def test_of_a_deleted_invoice_the_status_alone_changes(store, workspace, ready, entry, shown):
    """X15: deleted in the books shows as Deleted, the rest stays."""
    await store.store(workspace(), ready, entry())
    before = dict(shown())
    await store.store(workspace(), ready, entry(None, source=DEAL))
    assert ready.upserts[-1].keys() == {"invoice_key", "status"}
    assert shown() == {**before, "status": "Deleted"}


async def test_where_there_is_no_option_deleted_it_shows_as_voided(store, workspace, ready, entry, shown):
    """X15: `Voided` where the select lacks `Deleted`."""
    held = ready.objects["invoices"]
    held["status"] = replace(held["status"], options=("Open", "Voided"))
    await store.store(workspace(), ready, entry(None))
    assert shown()["status"] == "Voided"
    held["status"] = replace(held["status"], options=("Open",))
    with pytest.raises(NotFound) as needed:
        await store.store(workspace(), ready, entry(None))
    assert needed.value.code == "setup_needed"


async def test_before_the_setup_it_says_run_setup(store, workspace, records, entry):
    """Row 98: toggle on, Setup never run."""
    with pytest.raises(NotFound, match="Press Run Setup") as needed:
        await store.store(workspace(), records, entry())
    assert needed.value.code == "setup_needed"
    with pytest.raises(NotFound) as needed:
        await store.read_back(workspace(), records, ["production:9130357:145"])
    assert needed.value.code == "setup_needed"


async def test_whatever_is_missing_later_says_the_same_for_every_invoice(store, workspace, ready, entry, booked):
    """Row 100: one settings-level error, whichever attribute or option is gone."""
    held = ready.objects["invoices"]
    spoilt = [
        {slug: a for slug, a in held.items() if slug != "memo"},
        {**held, "total": replace(held["total"], is_archived=True)},
        {**held, "status": replace(held["status"], options=())},
        {**held, "invoice_key": replace(held["invoice_key"], is_unique=False)},
    ]
    said = set()
    for attributes in spoilt:
        ready.objects["invoices"] = attributes
        for invoice in (booked(), booked(id="146")):
            with pytest.raises(NotFound) as needed:
                await store.store(workspace(), ready, entry(invoice, invoice_id=invoice.id))
            said.add((needed.value.code, needed.value.message))
    assert len(said) == 1


async def test_another_refusal_is_passed_on(store, workspace, ready, entry, monkeypatch):
    async def refuse(*_):
        raise Refused("The memo is too long.", details={"slug": "memo"})

    monkeypatch.setattr(ready, "upsert", refuse)
    with pytest.raises(Refused, match="memo is too long") as refused:
        await store.store(workspace(), ready, entry(source=DEAL))
    assert not isinstance(refused.value, NotFound)


async def test_a_deleted_record_comes_back_at_the_next_change(store, workspace, ready, entry, shown):
    """Row 101: recreated at the next change of that invoice."""
    await store.store(workspace(), ready, entry())
    ready.records["invoices"].clear()
    await store.store(workspace(), ready, entry(source=DEAL))
    assert (shown()["number"], shown()["source_record"]) == ("1042", DEAL)


async def test_records_are_read_back_by_their_keys(store, workspace, ready, entry, booked):
    for number in ("1", "2", "3"):
        await store.store(workspace(), ready, entry(booked(id=number), invoice_id=number))
    found = await store.read_back(workspace(), ready, [f"production:9130357:{n}" for n in ("1", "3", "9")])
    assert [record.attributes["qbo_invoice_id"].first for record in found] == ["1", "3"]
