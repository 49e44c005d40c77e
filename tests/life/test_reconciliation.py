"""Reconciliation: what differs between Attio and the books is found, all of it and nothing else, and put right."""

from collections import Counter
from uuid import uuid4

import pytest

from attibooks_sandbox.testing import Sandbox
from tests.conftest import OPENAPI, environment_of
from tests.desk import Desk
from tests.host_process import HostProcess
from tests.life.drifted import Drift


def books(desk):
    return desk.company["environment"], desk.company["realm"]


def looked(desk, **more):
    answer = desk.until_final(lambda: desk.app.reconcile(**more))
    assert answer.status_code == 200, answer.text
    return answer.json()


def repaired(desk, ids, key=None):
    key = key or uuid4().hex
    return looked(desk, repair=ids, key=key)


def created(desk, **values):
    record = desk.new_company(**values)
    answer = desk.click(record)
    assert answer.status_code == 201, answer.text
    return record, answer.json()["invoice"]["id"]


def mine(report, *invoices):
    """The differences of some invoices: other tests leave theirs behind."""
    return [d for d in report["differences"] if d["invoice"]["id"] in invoices]


def edited(desk, record, object_slug="companies", **values):
    desk.box.edit_record(desk.app.workspace, object_slug, record, **values)


def test_a_look_finds_what_was_paid_in_the_books_and_writes_nothing(desk):
    """Row 136: the difference shows both sides; a look needs no key and keeps nothing."""
    record, invoice = created(desk)
    desk.box.pay(*books(desk), invoice)
    before, mark = desk.shown(record), desk.mark()
    (difference,) = mine(looked(desk), invoice)
    assert difference["kind"] == "status"
    assert (difference["attio"], difference["books"]) == ("Open", "Paid")
    assert difference["record"] == {"object": "companies", "record_id": record}
    assert difference["invoice"]["status"] == "Paid"
    assert difference["repair"]
    assert desk.shown(record) == before
    assert not [c for c in desk.box.calls(since=mark) if c["method"] in {"PUT", "PATCH"}]


@pytest.fixture
def drift(tmp_path, database_kind, empty_database):
    """A workspace that stores invoices as records, with books and a host that nobody else has touched."""
    with Sandbox(limits=False, attio_openapi=OPENAPI) as box:
        environment = {**environment_of(box), **empty_database(database_kind, tmp_path)}
        with HostProcess(tmp_path, environment, forked=True) as host:
            desk = Desk.open(box, host.url, store_invoices_as_records=True)
            assert desk.app.put_settings(desk.app.settings).status_code == 200
            desk.set_up()
            yield Drift(desk, environment["ATTIBOOKS_DATABASE_URL"])
            desk.close()
            assert "internal_error" not in host.text(), host.text()[-3000:]
        assert box.violations == []


def seen(report):
    return {(d["kind"], d["invoice"]["id"], d["field"]) for d in report["differences"]}


def test_every_planted_difference_is_found_and_repaired_and_nothing_else_is(drift, database_kind):
    """Rows 99, 132, 146: missing, duplicate, amount, status, deleted, wrong customer, drifted fields; both databases."""
    desk = drift.desk
    drift.plant(seed={"sqlite": 1, "postgresql": 2}[database_kind])
    report = looked(desk)
    assert seen(report) == drift.planted | drift.by_hand
    kinds = Counter(kind for kind, _, _ in seen(report))
    assert len(kinds) == 8
    assert report["repaired"] == []
    assert all((d["repair"] is None) == (_name(d) in drift.by_hand) for d in report["differences"])
    assert looked(desk) == report, "ids are the same as long as the differences are"

    mark = desk.mark()
    ids = [d["id"] for d in report["differences"]]
    answer = repaired(desk, ids)
    assert sorted(answer["repaired"]) == sorted(d["id"] for d in report["differences"] if d["repair"])
    assert seen(answer) == drift.by_hand
    assert seen(looked(desk)) == drift.by_hand
    written = [
        c for c in desk.box.calls("quickbooks", since=mark) if c["method"] != "GET" and "/query" not in c["path"]
    ]
    assert written == [], "the books are the truth and never written to"

    mark = desk.mark()
    assert repaired(desk, ids)["repaired"] == []
    assert attio_writes(desk, mark) == [], "a repair of what is right writes nothing"


def _name(difference):
    return difference["kind"], difference["invoice"]["id"], difference["field"]


def attio_writes(desk, since):
    calls = desk.box.calls("attio", since=since)
    return [c["path"] for c in calls if c["method"] in {"PUT", "PATCH", "POST"} and "/query" not in c["path"]]


def test_a_repair_is_a_change_with_a_key_and_is_done_once_a_key(desk):
    """Row 136: the answer of a key is kept, another body under it is refused, no key is refused."""
    record, invoice = created(desk)
    desk.box.pay(*books(desk), invoice)
    (difference,) = mine(looked(desk), invoice)
    missing = desk.app.call("POST", "reconciliation", {"repair": [difference["id"]]})
    assert (missing.status_code, missing.json()["code"]) == (400, "idempotency_key_missing")
    key = uuid4().hex
    first = repaired(desk, [difference["id"]], key)
    assert first["repaired"] == [difference["id"]]
    assert mine(first, invoice) == []
    assert desk.shown(record)["invoice_status"] == "Paid"
    assert repaired(desk, [difference["id"]], key) == first
    other = desk.app.reconcile(repair=[], key=key)
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")
    (entry,) = [e for e in desk.trail(record) if e["kind"] == "repaired"]
    assert entry["details"]["differences"] == ["status: source.status"]
    assert (entry["actor"], entry["invoice_id"]) == ("user-1", invoice)


def test_only_what_was_named_is_repaired(desk):
    """Row 136: one of two differences is put right, the other one stays."""
    pairs = [created(desk) for _ in range(2)]
    for record, _ in pairs:
        edited(desk, record, invoice_number="0")
    report = looked(desk)
    first, second = (mine(report, invoice)[0] for _, invoice in pairs)
    answer = repaired(desk, [first["id"], "0" * 20])
    assert answer["repaired"] == [first["id"]]
    assert mine(answer, *(invoice for _, invoice in pairs)) == [second]
    assert desk.shown(pairs[1][0])["invoice_number"] == "0"


def test_a_source_record_that_is_gone_hides_no_other(desk):
    """Row 87: there is nothing to show an invoice on; the others are read all the same."""
    gone, _ = created(desk)
    record, invoice = created(desk)
    desk.attio.delete(f"/v2/objects/companies/records/{gone}")
    edited(desk, record, invoice_number="0")
    assert [d["kind"] for d in mine(looked(desk), invoice)] == ["drift"]


def test_a_forgotten_invoice_whose_record_is_right_is_no_difference(drift):
    """Row 99: the invoice's own record tells which invoice it is, though the host has lost its row."""
    _, invoice = drift.create()
    drift.forget_row(invoice)
    assert looked(drift.desk)["differences"] == []
    drift.desk.box.pay(*drift.books, invoice)
    report = looked(drift.desk)
    assert seen(report) == {
        ("status", invoice, "status"),
        ("amount", invoice, "balance"),
    }
    assert repaired(drift.desk, [d["id"] for d in report["differences"]])["differences"] == []


def test_one_that_takes_long_is_a_job(machines):
    """Row 136: 202 with a job after the time that a call may wait, and the job has the answer."""
    desk = machines.desk(machines.start(wait_seconds=0.001))
    record, invoice = created(desk)
    desk.box.pay(*books(desk), invoice)
    desk.box.latency(0.3, "quickbooks")
    answer = desk.app.reconcile()
    desk.box.latency(0.0, "quickbooks")
    assert answer.status_code == 202, answer.text
    job = desk.ended(answer.json()["job_id"])
    assert job["kind"] == "reconcile"
    (difference,) = [d for d in job["result"]["differences"] if d["invoice"]["id"] == invoice]
    desk.box.latency(0.3, "quickbooks")
    answer = desk.app.reconcile(repair=[difference["id"]])
    desk.box.latency(0.0, "quickbooks")
    assert answer.status_code == 202, answer.text
    assert desk.ended(answer.json()["job_id"])["result"]["repaired"] == [difference["id"]]
    assert desk.shown(record)["invoice_status"] == "Paid"


def test_an_attio_that_is_down_is_said_and_the_same_key_tries_again(desk):
    """Row 136: nothing is pinned of a failure that may pass."""
    record, invoice = created(desk)
    edited(desk, record, invoice_number="0")
    (difference,) = mine(looked(desk), invoice)
    key = uuid4().hex
    desk.box.faults.add("attio", "status", status=503, path="*/records/*", times=20)
    answer = desk.app.reconcile(repair=[difference["id"]], key=key)
    assert (answer.status_code, answer.json()["code"]) == (503, "attio_down")
    desk.box.faults.clear()
    answer = desk.app.reconcile(repair=[difference["id"]], key=key)
    assert answer.status_code == 200, "it is done again at once"
    assert answer.json()["repaired"] == [difference["id"]]


def test_without_access_to_the_books_it_is_refused(desk):
    """Row 142: no token for the books."""
    desk.app.accounting = None
    answer = desk.app.reconcile()
    assert (answer.status_code, answer.json()["code"]) == (424, "not_connected")
