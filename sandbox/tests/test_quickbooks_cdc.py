"""Rows 27 and 28 of what a QuickBooks emulator must get right: change data capture."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from attibooks_sandbox.quickbooks.model import Tombstone

NOW = "2026-11-23T08:00:00Z"


@pytest.fixture
def quiet(box, books):
    """The books two days after the last change, so that everything that follows is news."""
    box.clock.freeze(NOW)
    return books


def changes(books, entities, since="2026-11-22T23:55:00Z", **options):
    answer = books.get("cdc", params={"entities": entities, "changedSince": since}, **options)
    assert set(answer) == {"CDCResponse", "time"}
    (response,) = answer["CDCResponse"]
    return response["QueryResponse"]


def rows(groups, entity):
    found = [group[entity] for group in groups if entity in group]
    return found[0] if found else []


def test_row_27_nothing_changed_is_an_empty_group(quiet):
    assert changes(quiet, "Invoice") == [{}]


def test_row_27_groups_come_in_the_servers_order_and_the_unchanged_are_empty(quiet):
    made = quiet.invoice()
    groups = changes(quiet, "Payment,Item,Invoice,Customer")
    assert [set(group) for group in groups] == [
        {"Customer", "startPosition", "maxResults"},
        {"Invoice", "startPosition", "maxResults"},
        set(),
        set(),
    ]
    assert (groups[1]["startPosition"], groups[1]["maxResults"]) == (1, 1)
    assert rows(groups, "Invoice") == quiet.query(f"select * from Invoice where Id = '{made['Id']}'")["Invoice"]
    assert [each["Id"] for each in rows(groups, "Customer")] == ["1"]


def test_row_27_the_oldest_change_comes_first_and_the_deleted_last(box, quiet):
    first, second, third = (quiet.invoice() for _ in range(3))
    box.clock.advance(10)
    quiet.post("invoice", {"Id": first["Id"], "SyncToken": "0", "sparse": True, "PrivateNote": "n"})
    quiet.post("invoice", {"Id": second["Id"], "SyncToken": "0"}, params={"operation": "delete"})
    box.clock.advance(10)
    fourth = quiet.invoice()
    found = rows(changes(quiet, "invoice"), "Invoice")
    assert [each["Id"] for each in found] == [third["Id"], first["Id"], fourth["Id"], second["Id"]]
    assert found[-1] == {
        "domain": "QBO",
        "status": "Deleted",
        "Id": second["Id"],
        "MetaData": {"LastUpdatedTime": "2026-11-23T00:00:10-08:00"},
    }


@pytest.mark.parametrize(
    ("since", "found"),
    [
        ("2026-11-23T08:00:00Z", 1),
        ("2026-11-23T08:00:01Z", 0),
        ("2026-11-23T08:00:00.000Z", 1),
        ("2026-11-23T08:00:00.123456", 0),
        ("2026-11-23T00:00:00-08:00", 1),
        ("2026-11-23T09:00:00+01:00", 1),
        ("2026-11-23T00:00:00", 1),
        ("2026-11-23T00:00:01", 0),
        ("2026-11-23", 1),
        ("2026-11-24", 0),
        ("2026-11-22T23:59", 1),
        ("2036-01-01T00:00:00Z", 0),
        ("2011-10-10T09:00:00-07:00", 1),
    ],
)
def test_row_27_and_row_5_times_with_milliseconds_without_zone_and_bare_dates(quiet, since, found):
    customer = quiet.post("customer", {"DisplayName": "News"})
    ids = [each["Id"] for each in rows(changes(quiet, "Customer", since), "Customer")]
    assert ids.count(customer["Id"]) == found


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"changedSince": NOW}, "2020"),
        ({"entities": "", "changedSince": NOW}, "2020"),
        ({"entities": "Invoice"}, "2020"),
        ({"entities": "Invoice", "changedSince": "yesterday"}, "2070"),
        ({"entities": "Invoice", "changedSince": "2026-11-31"}, "2070"),
        ({"entities": "Invoice", "changedSince": "2026-11-22T23:55:00 01:00"}, "2070"),
        ({"entities": "Invoice", "changedSince": "0001-01-01T00:00:00+14:00"}, "2070"),
        ({"entities": "Invoice,Custmoer", "changedSince": NOW}, "4001"),
        ({"entities": "TaxCode", "changedSince": NOW}, "4002"),
        ({"entities": "Invoice,TaxRate", "changedSince": NOW}, "4002"),
        ({"entities": "JournalCode", "changedSince": NOW}, "4002"),
        ({"entities": "TimeActivity", "changedSince": NOW}, "4002"),
    ],
)
def test_row_27_refused_parameters(quiet, parameters, code):
    answer = quiet.call("GET", "cdc", params=parameters, status=400)
    assert answer.json()["Fault"]["Error"][0]["code"] == code


def test_row_27_at_most_a_thousand_objects_over_all_entities(box, quiet):
    def fill():
        company = box.app.world.quickbooks.companies["sandbox", quiet.realm]
        invoice = company.invoices.get("1")
        for number in range(2000, 2990):
            company.invoices.put(msgspec.structs.replace(invoice, id=str(number), updated=box.app.clock.now()))
        item = company.find("Item", "1")
        for number in range(2000, 2050):
            company.lists["Item"].put(msgspec.structs.replace(item, id=str(number), updated=box.app.clock.now()))

    box.run(fill)
    groups = changes(quiet, "Item,Invoice")
    assert (len(rows(groups, "Invoice")), len(rows(groups, "Item"))) == (990, 10)


@pytest.mark.parametrize(
    ("kept", "alive", "buried"), [("oldest", range(2000, 2995), 5), ("newest", range(2105, 3100), 5)]
)
def test_row_27_a_full_answer_holds_the_oldest_or_the_newest_with_the_deleted_in_their_place(
    box, quiet, kept, alive, buried
):
    """1,110 changes, of which five at either end are deletions."""
    start = datetime(2026, 11, 23, 8, 0, 1, tzinfo=UTC)

    def fill():
        company = box.app.world.quickbooks.companies["sandbox", quiet.realm]
        invoice = company.invoices.get("1")
        for number in range(2000, 3100):
            at = start + timedelta(seconds=number)
            company.invoices.put(msgspec.structs.replace(invoice, id=str(number), updated=at))
        for number in (*range(2000, 2005), *range(3095, 3100)):
            at = start + timedelta(seconds=number, milliseconds=500)
            company.buried.put(Tombstone(id=str(number + 7000), kind="Invoice", updated=at))

    box.run(fill)
    box.switch(full_changes=kept)
    found = rows(changes(quiet, "Invoice", "2026-11-23T08:00:01Z"), "Invoice")
    ids = [int(each["Id"]) for each in found]
    assert ids[:-buried] == list(alive)
    assert [each.get("status") for each in found[-buried:]] == ["Deleted"] * buried
    assert len(found) == 1000


def test_row_27_a_time_within_a_second_is_after_the_changes_of_that_second(box, quiet):
    first = quiet.invoice()
    box.clock.advance(1)
    second = quiet.invoice()
    ids = [each["Id"] for each in rows(changes(quiet, "Invoice", "2026-11-23T08:00:00.999Z"), "Invoice")]
    assert ids == [second["Id"]]
    ids = [each["Id"] for each in rows(changes(quiet, "Invoice", "2026-11-23T07:59:59.999Z"), "Invoice")]
    assert ids == [first["Id"], second["Id"]]


def test_row_27_what_is_older_than_thirty_days_is_cut_or_refused(box, quiet):
    quiet.invoice()
    gone = quiet.invoice()
    quiet.post("invoice", {"Id": gone["Id"], "SyncToken": "0"}, params={"operation": "delete"})
    box.clock.advance(30 * 86_400)
    assert len(rows(changes(quiet, "Invoice", "2020-01-01"), "Invoice")) == 2
    box.clock.advance(1)
    assert changes(quiet, "Invoice", "2020-01-01") == [{}]
    box.switch(old_changes="refuse")
    refused = quiet.call("GET", "cdc", params={"entities": "Invoice", "changedSince": "2020-01-01"}, status=400)
    assert refused.json()["Fault"]["Error"][0]["code"] == "2070"


def test_row_28_a_voided_invoice_is_told_in_full(quiet):
    made = quiet.invoice()
    quiet.post("invoice", {"Id": made["Id"], "SyncToken": "0"}, params={"operation": "void"})
    (found,) = rows(changes(quiet, "Invoice"), "Invoice")
    assert "status" not in found
    assert (found["TotalAmt"], found["PrivateNote"], found["DocNumber"]) == (0, "Voided", made["DocNumber"])
    assert found["Line"]


def test_row_28_a_payment_brings_the_invoice_too(box, quiet):
    made = quiet.invoice()
    box.clock.advance(60)
    box.pay("sandbox", quiet.realm, made["Id"], "40")
    groups = changes(quiet, "Invoice,Payment,Customer", "2026-11-23T08:00:30Z")
    (invoice,) = rows(groups, "Invoice")
    (payment,) = rows(groups, "Payment")
    assert (invoice["Balance"], invoice["LinkedTxn"][0]["TxnId"]) == (60, payment["Id"])
    assert [each["Balance"] for each in rows(groups, "Customer")] == [60]


def test_row_28_what_is_switched_off_is_an_ordinary_object(quiet):
    quiet.post("item", {"Id": "3", "SyncToken": "0", "sparse": True, "Active": False})
    quiet.post("account", {"Name": "Side income", "AccountType": "Income"})
    quiet.post("term", {"Name": "Net 7", "DueDays": 7})
    groups = changes(quiet, "Item,Account,Term,Vendor,Employee,Bill")
    assert [(each["Name"], each["Active"]) for each in rows(groups, "Item")] == [("Consulting (deleted)", False)]
    assert [each["Name"] for each in rows(groups, "Account")] == ["Side income"]
    assert [each["Name"] for each in rows(groups, "Term")] == ["Net 7"]
    assert groups[0]["Account"]
    assert groups[1] == {}


def test_what_is_new_is_found_among_many_invoices(box, quiet):
    def fill():
        company = box.app.world.quickbooks.companies["sandbox", quiet.realm]
        invoice = company.invoices.get("1")
        long_ago = datetime(2026, 11, 1, tzinfo=UTC)
        for number in range(20_000):
            when = long_ago + timedelta(seconds=number)
            row = msgspec.structs.replace(invoice, id=str(10_000 + number), created=when, updated=when)
            company.invoices.put(row)
        for number in range(2_000):
            company.bury("Invoice", str(50_000 + number), long_ago)

    box.run(fill)
    made = quiet.invoice()

    found = rows(changes(quiet, "Invoice,Customer,Payment", "2026-11-23T07:59:00Z"), "Invoice")
    assert [each["Id"] for each in found] == [made["Id"]]
    assert len(rows(changes(quiet, "Invoice", "2026-10-31"), "Invoice")) == 1000
