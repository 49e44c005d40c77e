"""The state of a company as the reference wants it (§14.1), and what it settles where sources disagree (§16)."""

import re

import pytest

ENTITIES = (
    "Customer", "Vendor", "Employee", "Item", "Account", "Term", "TaxRate", "Invoice", "Payment", "SalesReceipt",
    "Estimate",
)  # fmt: skip
LINE = {"Amount": 5, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {"ItemRef": {"value": "1"}}}
SALE = {"CustomerRef": {"value": "1"}, "Line": [LINE]}


def test_state_transactions_share_one_sequence_of_ids(books):
    made = [
        books.post("invoice", SALE),
        books.post("payment", {"CustomerRef": {"value": "1"}, "TotalAmt": 5}),
        books.post("estimate", SALE),
        books.post("salesreceipt", SALE),
        books.post("invoice", SALE),
    ]
    first = int(made[0]["Id"])
    assert [int(each["Id"]) for each in made] == list(range(first, first + 5))


def test_state_ids_are_never_used_again(books):
    first = books.post("invoice", SALE)
    books.post("invoice", {"Id": first["Id"], "SyncToken": "0"}, params={"operation": "delete"})
    assert int(books.post("invoice", SALE)["Id"]) == int(first["Id"]) + 1


def test_state_each_list_has_a_sequence_of_its_own_and_names_share_one(books):
    account = {"Name": "A", "AccountType": "Income"}
    first = int(books.post("account", account)["Id"])
    books.post("term", {"Name": "T", "DueDays": 1})
    books.post("item", {"Name": "I", "Type": "Service", "IncomeAccountRef": {"value": "1"}})
    assert int(books.post("account", account | {"Name": "B"})["Id"]) == first + 1
    ids = [int(books.post(kind, {"DisplayName": kind})["Id"]) for kind in ("vendor", "customer", "employee")]
    assert ids == [ids[0], ids[0] + 1, ids[0] + 2]


def test_state_a_company_is_seeded_as_the_vendors_sample_company(books, euro_books):
    def names(where, field="Name", of=books):
        (rows,) = [rows for rows in of.query(where).values() if isinstance(rows, list)]
        return [(each["Id"], each[field]) for each in rows]

    assert names("select * from Item where Name = 'Services'") == [("1", "Services")]
    assert sorted(names("select * from Term")) == [
        ("1", "Due on receipt"),
        ("2", "Net 15"),
        ("3", "Net 30"),
        ("4", "Net 60"),
    ]
    assert [each for each, _ in names("select * from TaxCode")] == ["TAX", "NON", "2"]
    customers = dict(names("select * from Customer where Active in (true, false)", "DisplayName"))
    assert {"'", "&"} <= set("".join(customers.values()))
    assert any(name.endswith(" (deleted)") for name in customers.values())
    assert books.query("select * from Customer where Job = true")["Customer"][0]["ParentRef"]
    assert books.refused("customer", {"DisplayName": "Cascade Office Supplies"})["code"] == "6240"
    euro = euro_books.query("select * from Customer where CurrencyRef = 'EUR'")["Customer"]
    assert [each["CurrencyRef"]["value"] for each in euro] == ["EUR"]


@pytest.mark.parametrize(
    ("now", "offset"), [("2026-11-23T08:15:30.9Z", "-08:00"), ("2026-07-01T08:15:30.9Z", "-07:00")]
)
def test_state_every_object_has_a_token_and_times_in_whole_pacific_seconds(box, books, now, offset):
    box.clock.freeze(now)
    for kind, body in (("estimate", SALE), ("salesreceipt", SALE), ("customer", {"DisplayName": "New"})):
        meta = books.post(kind, body)["MetaData"]
        assert meta["CreateTime"] == meta["LastUpdatedTime"]
        assert meta["CreateTime"].endswith(f":30{offset}")
    stamp = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d-0[78]:00")
    for entity in ENTITIES:
        for each in books.query(f"select * from {entity}")[entity]:
            assert each["SyncToken"].isdigit()
            assert all(stamp.fullmatch(each["MetaData"][name]) for name in ("CreateTime", "LastUpdatedTime"))


@pytest.mark.parametrize("kind", ["invoice", "payment", "estimate", "salesreceipt"])
def test_state_every_deleted_transaction_leaves_a_tombstone_with_its_time(box, books, kind):
    box.clock.freeze("2026-11-23T08:00:00Z")
    body = {"CustomerRef": {"value": "1"}, "TotalAmt": 5} if kind == "payment" else SALE
    made = books.post(kind, body)
    box.clock.advance(60)
    books.post(kind, {"Id": made["Id"], "SyncToken": "0"}, params={"operation": "delete"})
    answer = books.get("cdc", params={"entities": kind, "changedSince": "2026-11-23T08:00:00Z"})
    ((stub,),) = [rows for rows in answer["CDCResponse"][0]["QueryResponse"][0].values() if isinstance(rows, list)]
    assert stub["MetaData"] == {"LastUpdatedTime": "2026-11-23T00:01:00-08:00"}


def test_state_request_ids_are_unique_per_realm_whatever_the_path(books, euro_books):
    first = books.call("POST", "customer", {"DisplayName": "X"}, params={"requestid": "r"})
    assert books.call("POST", "item", {"Name": "Y"}, params={"requestid": "r"}).content == first.content
    assert euro_books.post("customer", {"DisplayName": "Z"}, params={"requestid": "r"})["DisplayName"] == "Z"


def test_state_the_discount_line_is_taken_whatever_the_preference_says(box, books):
    discount = {"DetailType": "DiscountLineDetail", "DiscountLineDetail": {"PercentBased": True, "DiscountPercent": 10}}
    for allowed in (False, True):
        box.change("sandbox", books.realm, "Preferences", allow_discount=allowed)
        assert books.post("invoice", {"CustomerRef": {"value": "1"}, "Line": [LINE, discount]})["TotalAmt"] == 4.5


def test_state_pseudo_codes_come_on_top_of_the_page(books):
    found = books.query("select * from TaxCode maxresults 1")
    assert [each["Id"] for each in found["TaxCode"]] == ["TAX", "NON", "2"]
