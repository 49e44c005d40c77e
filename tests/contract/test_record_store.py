"""The invoice object in Attio's own terms: plugin, record store and sandbox, which follows Attio's reference."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from attibooks_attio.client import AttioClient
from attibooks_attio.schema import Schema
from attibooks_attio.store import AttioRecordStore
from attibooks_core.errors import Conflict, Down, NotFound, PermissionMissing, Refused
from attibooks_core.lifecycle import BookedInvoice, InvoiceEntry
from attibooks_core.model import Books, InvoiceStatus, RecordRef
from attibooks_core.settings import CORE_FIELDS
from attibooks_core.testing import StubHost, workspace_context
from attibooks_invoice_object.schema import ATTRIBUTES
from attibooks_invoice_object.store import InvoiceObjectStore
from attibooks_sandbox.testing import Sandbox

OPENAPI = Path(__file__).parent.parent.parent / "sandbox" / "tests" / "attio-openapi.json"
BOOKS = Books("quickbooks", "production", "9130357")
KEY = "production:9130357:145"
WRITES = 1 + len(ATTRIBUTES) + 4
"""Object, attributes, options of the status."""


@pytest.fixture(scope="module")
def world():
    """A sandbox that no host knows, so that it can be put back; without the throttle, which one setup would meet."""
    with Sandbox(limits=False, attio_openapi=OPENAPI) as running:
        yield running
        assert running.violations == []


@pytest.fixture
def box(world):
    world.reset()
    yield world
    world.faults.clear()


@pytest.fixture
async def records(box):
    services = StubHost()
    client = AttioClient(services.http, services.clock, box.attio_url)
    yield AttioRecordStore(client, Schema(client, services.clock))
    await services.http.close()


@pytest.fixture
def store():
    return InvoiceObjectStore()


@pytest.fixture
def workspace(box):
    """A workspace of the sandbox with the invoice object on."""

    def make(number=0, token=None, **settings):
        facts = box.world["attio"]["workspaces"][number]
        given = {"store_invoices_as_records": True, **settings}
        return workspace_context(list(CORE_FIELDS), given, workspace_id=facts["id"], crm=token or facts["token"])

    return make


@pytest.fixture
def attio(box):
    """A member's own calls."""

    def call(method: str, path: str, data: Any = None) -> Any:
        answer = httpx.request(
            method,
            f"{box.attio_url}/v2/{path}",
            json=None if data is None else {"data": data},
            headers={"authorization": f"Bearer {box.workspace['token']}"},
        )
        assert answer.status_code == 200, answer.text
        return answer.json().get("data")

    return call


@pytest.fixture
def held(attio):
    """The attributes of the invoice object by slug, the archived ones too."""
    return lambda: {a["api_slug"]: a for a in attio("GET", "objects/invoices/attributes?show_archived=true")}


@pytest.fixture
def writes(box):
    """Attio's writes since it was called last."""
    seen = {"upto": 0}

    def count() -> int:
        calls = box.calls("attio", "write")
        new, seen["upto"] = len(calls) - seen["upto"], len(calls)
        return new

    count()
    return count


@pytest.fixture
def source(attio):
    made = attio("POST", "objects/deals/records", {"values": {"name": ["A deal"], "stage": ["Lead"]}})
    return RecordRef("deals", made["id"]["record_id"])


@pytest.fixture
def company(attio):
    made = attio("POST", "objects/companies/records", {"values": {"name": ["A company"]}})
    return RecordRef("companies", made["id"]["record_id"])


def entry(status=InvoiceStatus.OPEN, *, tombstone=False, invoice_id="145", **more):
    invoice = BookedInvoice(
        books=BOOKS,
        id=invoice_id,
        number="1042",
        status=status,
        url="https://qbo.example/app/invoice?txnId=145",
        total=Decimal("1250.50"),
        balance=Decimal("0.07"),
        currency="EUR",
        invoice_date=date(2026, 11, 23),
        due_date=None,
        customer_id="58",
        customer_name="Zoë & Söhne 🧾",
        customer_email="pay@northwind.example",
        memo='Line one\n"Line two"',
        version="3",
        updated_at=datetime(2026, 11, 23, 8, 59, 30, tzinfo=UTC),
    )
    facts = {"synced_at": datetime(2026, 11, 23, 9, 0, tzinfo=UTC), **more}
    return InvoiceEntry(
        books=BOOKS, invoice_id=invoice_id, status=status, invoice=None if tombstone else invoice, **facts
    )


# -- Run Setup ---------------------------------------------------------------------------------------------------


async def test_setup_makes_what_the_contract_names(store, records, workspace, held, writes):
    """Row 93: object `invoices` with standard attributes."""
    report = await store.set_up(workspace(), records)
    assert report.created == tuple(spec.slug for spec in ATTRIBUTES)
    assert writes() == WRITES
    made = held()
    assert {spec.slug: spec.type for spec in ATTRIBUTES}.items() <= {s: a["type"] for s, a in made.items()}.items()
    assert [s for s, a in made.items() if a["is_unique"] and not a["is_system_attribute"]] == ["invoice_key"]
    described = {a.slug: a for a in await records.attributes(workspace(), "invoices")}
    assert described["status"].options == ("Open", "Paid", "Voided", "Deleted")
    assert described["company"].refers_to == ("companies",)
    assert set(described["source_record"].refers_to) == {"companies", "people", "deals", "projects"}


async def test_a_second_setup_writes_nothing(store, records, workspace, writes):
    """Row 92: the second run changes nothing and says so."""
    await store.set_up(workspace(), records)
    writes()
    assert (await store.set_up(workspace(), records)).already_set_up
    assert writes() == 0


@pytest.mark.parametrize("kind", ["drop_before_commit", "drop_after_commit"])
@pytest.mark.parametrize("path", ["/v2/objects", "/v2/objects/invoices/attributes", "*/options"])
async def test_a_setup_that_lost_its_line_is_completed(store, records, workspace, box, held, path, kind):
    """Row 95: setup interrupted half-way, with Attio out of reach for good: the next run completes it."""
    box.faults.add("attio", kind, method="POST", path=path, times=3)
    with pytest.raises(Down):
        await store.set_up(workspace(), records)
    box.faults.clear()
    report = await store.set_up(workspace(), records)
    assert set(report.created) | set(report.unchanged) | set(report.repaired) == {s.slug for s in ATTRIBUTES}
    assert {spec.slug for spec in ATTRIBUTES} <= held().keys()
    described = {a.slug: a for a in await records.attributes(workspace(), "invoices")}
    assert sorted(described["status"].options) == ["Deleted", "Open", "Paid", "Voided"]
    assert (await store.set_up(workspace(), records)).already_set_up


async def test_a_lost_answer_in_between_is_not_noticed(store, records, workspace, box):
    """Row 95: single lost answers of writes that were done."""
    for path in ("/v2/objects", "*/attributes", "*/options"):
        box.faults.add("attio", "drop_after_commit", method="POST", path=path)
    assert len((await store.set_up(workspace(), records)).created) == len(ATTRIBUTES)


async def test_what_a_user_archived_comes_back(store, records, workspace, attio, held):
    """Row 100: Setup repairs."""
    await store.set_up(workspace(), records)
    attio("PATCH", "objects/invoices/attributes/total", {"is_archived": True})
    attio("PATCH", "objects/invoices/attributes/status/options/Paid", {"is_archived": True})
    report = await store.set_up(workspace(), records)
    assert report.repaired == ("status", "total")
    assert not held()["total"]["is_archived"]
    assert "Paid" in [option["title"] for option in attio("GET", "objects/invoices/attributes/status/options")]


async def test_attributes_of_the_user_are_neither_changed_nor_written(store, records, workspace, attio, held):
    """Row 94: setup adds only missing attributes; every conflict is listed and nothing is half-applied."""
    attio("POST", "objects", {"api_slug": "invoices", "singular_noun": "Bill", "plural_noun": "Bills"})
    plain = {"description": None, "is_required": False, "is_unique": False, "is_multiselect": False, "config": {}}
    attio("POST", "objects/invoices/attributes", {"title": "T", "api_slug": "total", "type": "text", **plain})
    attio("POST", "objects/invoices/attributes", {"title": "K", "api_slug": "invoice_key", "type": "text", **plain})
    to_people = {**plain, "config": {"record_reference": {"allowed_objects": ["people"]}}}
    attio(
        "POST",
        "objects/invoices/attributes",
        {"title": "C", "api_slug": "company", "type": "record-reference", **to_people},
    )
    attio("PATCH", "objects/invoices/attributes/company", {"is_archived": True})
    before = held()
    with pytest.raises(Conflict) as conflict:
        await store.set_up(workspace(), records)
    assert conflict.value.code == "setup_conflict"
    assert [p.code for p in conflict.value.problems] == ["not_unique", "wrong_type", "wrong_reference"]
    assert held() == before


async def test_a_named_object_is_filled_up(store, records, workspace):
    """Row 94: `invoice_object_slug` set: it must exist, and gets what it lacks."""
    report = await store.set_up(workspace(invoice_object_slug="projects"), records)
    assert report.object == "projects"
    assert "total" in report.created
    with pytest.raises(Conflict) as conflict:
        await store.set_up(workspace(invoice_object_slug="nothing"), records)
    assert [p.code for p in conflict.value.problems] == ["unknown_object"]


async def test_a_full_plan_is_attios(store, records, workspace, attio):
    """Row 97: Attio refuses: its plan is named, distinct from our Pro."""
    free = workspace(1)
    await records.create_object(free, "trips", "Trip", "Trips")
    with pytest.raises(Refused, match="Attio's own plan") as refused:
        await store.set_up(free, records)
    assert refused.value.code == "quota_exceeded"
    assert "not about the plan of AttiBooks" in refused.value.message
    assert (await store.set_up(workspace(1, invoice_object_slug="trips"), records)).object == "trips"


async def test_a_token_that_may_not_make_objects_is_told_the_scope(store, records, workspace, box):
    scopes = ["record_permission:read-write", "object_configuration:read"]
    token = box.token("attio", workspace=box.workspace["id"], scopes=scopes)
    with pytest.raises(PermissionMissing, match="Object Configuration"):
        await store.set_up(workspace(token=token), records)


# -- storing -----------------------------------------------------------------------------------------------------


async def test_an_invoice_is_stored_in_one_call_and_read_back_as_it_is(
    store, records, workspace, writes, box, source, company
):
    """Row 99: reference to the source record and to the company; row 93: every value as its type."""
    ws = workspace()
    await store.set_up(ws, records)
    writes()
    before = len(box.calls("attio"))
    stored = await store.store(ws, records, entry(source=source, company=company))
    assert (writes(), len(box.calls("attio")) - before) == (1, 1)
    [record] = await store.read_back(ws, records, [KEY, "production:9130357:146"])
    assert record.ref == stored
    values = {slug: a.first for slug, a in record.attributes.items()}
    assert values["status"] == "Open"
    assert (values["total"], values["balance"]) == (Decimal("1250.5"), Decimal("0.07"))
    assert (values["invoice_date"], values["due_date"]) == (date(2026, 11, 23), None)
    assert (values["customer_name"], values["memo"]) == ("Zoë & Söhne 🧾", 'Line one\n"Line two"')
    assert (values["source_record"], values["company"]) == (source, company)
    assert values["qbo_updated_at"] == datetime(2026, 11, 23, 8, 59, 30, tzinfo=UTC)
    assert (values["sync_error"], values["invoice_key"]) == (None, KEY)


async def test_what_users_add_to_the_record_stays(store, records, workspace, attio):
    """Row 94: a foreign attribute is never touched."""
    ws = workspace()
    await store.set_up(ws, records)
    plain = {"description": None, "is_required": False, "is_unique": False, "is_multiselect": False, "config": {}}
    attio("POST", "objects/invoices/attributes", {"title": "Mood", "api_slug": "mood", "type": "text", **plain})
    stored = await store.store(ws, records, entry())
    attio("PATCH", f"objects/invoices/records/{stored.record_id}", {"values": {"mood": ["theirs"]}})
    assert await store.store(ws, records, entry(InvoiceStatus.PAID)) == stored
    [record] = await store.read_back(ws, records, [KEY])
    assert (record.attributes["mood"].first, record.attributes["status"].first) == ("theirs", "Paid")


async def test_a_tombstone_changes_the_status_alone(store, records, workspace, attio):
    """X15: `Deleted`, or `Voided` where the select lacks it."""
    ws = workspace()
    await store.set_up(ws, records)
    await store.store(ws, records, entry())
    await store.store(ws, records, entry(InvoiceStatus.DELETED, tombstone=True))
    [record] = await store.read_back(ws, records, [KEY])
    assert (record.attributes["status"].first, record.attributes["total"].first) == ("Deleted", Decimal("1250.5"))
    attio("PATCH", "objects/invoices/attributes/status/options/Deleted", {"is_archived": True})
    await store.store(ws, records, entry(InvoiceStatus.DELETED, tombstone=True))
    [record] = await store.read_back(ws, records, [KEY])
    assert record.attributes["status"].first == "Voided"


async def test_links_to_records_that_are_gone_are_left_out(store, records, workspace, box, source, company):
    """Row 99: a source record that was deleted does not keep its invoice from being stored."""
    ws = workspace()
    await store.set_up(ws, records)
    box.delete_record(box.workspace["id"], source.object, source.record_id)
    await store.store(ws, records, entry(source=source, company=company))
    [record] = await store.read_back(ws, records, [KEY])
    assert (record.attributes["source_record"].first, record.attributes["company"].first) == (None, company)


async def test_a_source_of_an_object_that_came_later_is_left_out(store, records, workspace, attio):
    """Row 99: the reference names the objects that there were at the setup."""
    ws = workspace()
    await store.set_up(ws, records)
    attio("POST", "objects", {"api_slug": "trips", "singular_noun": "Trip", "plural_noun": "Trips"})
    trip = RecordRef("trips", attio("POST", "objects/trips/records", {"values": {}})["id"]["record_id"])
    await store.store(ws, records, entry(source=trip))
    [record] = await store.read_back(ws, records, [KEY])
    assert record.attributes["source_record"].first is None


async def test_before_setup_and_after_a_deletion_it_says_run_setup(store, records, workspace, attio):
    """Rows 98 and 100: never set up, object deleted, attribute archived or renamed: one and the same error."""
    ws = workspace()

    async def assert_needed():
        with pytest.raises(NotFound, match="Press Run Setup") as needed:
            await store.store(ws, records, entry())
        assert needed.value.code == "setup_needed"

    await assert_needed()
    await store.set_up(ws, records)
    for slug in ("total", "invoice_key"):
        attio("PATCH", f"objects/invoices/attributes/{slug}", {"is_archived": True})
        await assert_needed()
        assert (await store.set_up(ws, records)).repaired == (slug,)
    attio("PATCH", "objects/invoices/attributes/memo", {"api_slug": "notes"})
    await assert_needed()
    attio("PATCH", "objects/invoices/attributes/invoice_key", {"is_unique": False})
    await assert_needed()
    attio("DELETE", "objects/invoices")
    await assert_needed()
    with pytest.raises(NotFound, match="Run Setup"):
        await store.read_back(ws, records, [KEY])
    assert len((await store.set_up(ws, records)).created) == len(ATTRIBUTES)
    await store.store(ws, records, entry())


async def test_a_record_that_was_deleted_comes_back(store, records, workspace, box):
    """Row 101: recreated at the next change of that invoice."""
    ws = workspace()
    await store.set_up(ws, records)
    first = await store.store(ws, records, entry())
    box.delete_record(ws.workspace_id, "invoices", first.record_id)
    assert await store.read_back(ws, records, [KEY]) == []
    again = await store.store(ws, records, entry(InvoiceStatus.PAID))
    assert again != first
    [record] = await store.read_back(ws, records, [KEY])
    assert (record.ref, record.attributes["status"].first) == (again, "Paid")


async def test_every_invoice_is_one_record_also_over_a_lost_answer(store, records, workspace, box):
    """Row 90: every invoice as its own record, and never two."""
    ws = workspace()
    await store.set_up(ws, records)
    for number in range(5):
        box.faults.add("attio", "drop_after_commit", method="PUT", times=1)
        await store.store(ws, records, entry(invoice_id=str(number)))
    keys = [f"production:9130357:{number}" for number in range(9)]
    assert len(await store.read_back(ws, records, keys)) == 5
