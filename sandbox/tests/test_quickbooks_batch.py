"""Row 29 of what a QuickBooks emulator must get right: batches, and their part in rows 30, 31 and 32."""

import pytest

from attibooks_sandbox.testing import Sandbox


def batch(books, *items, status=200, **options):
    numbered = [{"bId": f"bid{number}"} | item for number, item in enumerate(items, start=1)]
    return books.whole("POST", "batch", {"BatchItemRequest": numbered}, status=status, **options)


def by_number(answer):
    return {
        item["bId"]: {key: each for key, each in item.items() if key != "bId"} for item in answer["BatchItemResponse"]
    }


def refusal(answer):
    (error,) = answer["Fault"]["Error"]
    return error["code"]


def test_row_29_every_operation_with_its_own_result(box, books):
    made, other = books.invoice(BillEmail={"Address": "a@b.example"}), books.invoice()
    paid = box.pay("sandbox", books.realm, books.invoice()["Id"])["Payment"]
    answer = batch(
        books,
        {"operation": "create", "Vendor": {"DisplayName": "Boraski Family Store"}},
        {"operation": "update", "Invoice": {"Id": made["Id"], "SyncToken": "0", "sparse": True, "PrivateNote": "n"}},
        {"operation": "void", "Invoice": {"Id": other["Id"], "SyncToken": "0"}},
        {"operation": "delete", "Payment": {"Id": paid["Id"], "SyncToken": "0"}},
        {"operation": "send", "Invoice": {"Id": made["Id"]}},
        {"Query": "select count(*) from Term"},
        {"operation": "query", "Query": "select * from Term where Name = 'Net 15'"},
    )
    assert set(answer) == {"BatchItemResponse", "time"}
    found = by_number(answer)
    assert found["bid1"]["Vendor"]["DisplayName"] == "Boraski Family Store"
    assert (found["bid2"]["Invoice"]["PrivateNote"], found["bid2"]["Invoice"]["SyncToken"]) == ("n", "1")
    assert found["bid3"]["Invoice"]["TotalAmt"] == 0
    assert found["bid4"]["Payment"] == {"domain": "QBO", "status": "Deleted", "Id": paid["Id"]}
    assert found["bid5"]["Invoice"]["EmailStatus"] == "EmailSent"
    assert found["bid6"] == {"QueryResponse": {"totalCount": 4}}
    assert [each["Id"] for each in found["bid7"]["QueryResponse"]["Term"]] == ["2"]


def test_row_29_a_fault_in_one_operation_does_not_stop_the_others(books):
    invoice = books.invoice()
    found = by_number(
        batch(
            books,
            {"operation": "create", "Customer": {"DisplayName": "Pine Grove Dental"}},
            {"operation": "delete", "Invoice": {"Id": "999", "SyncToken": "0"}},
            {"operation": "update", "Invoice": {"Id": invoice["Id"], "SyncToken": "7", "sparse": True}},
            {"Query": "select * from Custmoer"},
            {"operation": "create", "Customer": {"DisplayName": "X", "Nothing": 1}},
            {"operation": "create", "Customer": "no object"},
            {"operation": "revert", "Invoice": {"Id": invoice["Id"], "SyncToken": "0"}},
            {"operation": "create", "Bill": {}},
            {"operation": "void", "Bill": {"Id": "1", "SyncToken": "0"}},
            {"Customer": {"DisplayName": "Y"}},
            {"Query": 5},
            {"operation": "create", "Customer": {"DisplayName": "Still made"}},
        )
    )
    codes = [refusal(found[f"bid{number}"]) for number in range(1, 12)]
    assert codes == ["6240", "610", "5010", "4001", "2010", "2010", "500", "500", "10000", "2020", "2020"]
    assert found["bid12"]["Customer"]["DisplayName"] == "Still made"
    assert books.query("select count(*) from Customer where DisplayName = 'Y'") == {"totalCount": 0}


def test_row_29_thirty_operations_and_not_one_more(books):
    item = {"Query": "select count(*) from Term"}
    assert len(batch(books, *[item] * 30)["BatchItemResponse"]) == 30
    assert refusal(batch(books, *[item] * 31, status=400)) == "1040"


def test_row_29_the_order_of_answers_is_shuffled_by_the_seed(box, books):
    def orders():
        item = {"Query": "select count(*) from Term"}
        return [[each["bId"] for each in batch(books, *[item] * 12)["BatchItemResponse"]] for _ in range(2)]

    first = orders()
    asked = [f"bid{number}" for number in range(1, 13)]
    assert all(sorted(order) == sorted(asked) for order in first)
    assert first[0] != first[1]
    assert asked not in first
    box.reset()
    assert orders() == first


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "2020"),
        ([], "2020"),
        ({"BatchItemRequest": []}, "2020"),
        ({"BatchItemRequest": "x"}, "2020"),
        ({"BatchItemRequest": ["x"]}, "2010"),
        ({"BatchItemRequest": [{"operation": "create"}]}, "2020"),
        ({"BatchItemRequest": [{"bId": "1", "Custmoer": {}}]}, "2010"),
        ({"BatchItemRequest": [{"bId": "1", "Query": "select * from Term"}], "More": 1}, "2010"),
    ],
)
def test_row_29_bodies_that_are_no_batch(books, body, code):
    assert books.refused("batch", body)["code"] == code


def test_row_29_at_most_a_thousand_objects_in_an_answer(books):
    many = [{"operation": "create", "Customer": {"DisplayName": f"Customer {number}"}} for number in range(30)]
    batch(books, *many)
    item = {"Query": "select * from Customer maxresults 40"}
    found = by_number(batch(books, *[item] * 30))
    assert [("Fault" in each) for each in found.values()].count(True) == 5
    assert refusal(next(each for each in found.values() if "Fault" in each)) == "10100"


def test_row_30_a_request_id_and_bid_name_one_operation(box, books):
    item = {"operation": "create", "Customer": {"DisplayName": "Once"}}
    other = {"operation": "create", "Customer": {"DisplayName": "Another"}}
    first = books.call("POST", "batch", {"BatchItemRequest": [{"bId": "1"} | item]}, params={"requestid": "r"})
    box.clock.advance(10)
    again = books.call("POST", "batch", {"BatchItemRequest": [{"bId": "1"} | item]}, params={"requestid": "r"})
    assert again.content == first.content
    body = {"BatchItemRequest": [{"bId": "1"} | item, {"bId": "2"} | other]}
    found = by_number(books.whole("POST", "batch", body, params={"requestid": "r"}))
    assert found["1"]["Customer"] == books.exact(first)["BatchItemResponse"][0]["Customer"]
    assert found["2"]["Customer"]["DisplayName"] == "Another"
    found = by_number(batch(books, item, params={"requestid": "r"}))
    assert refusal(found["bid1"]) == "6240"
    assert refusal(by_number(batch(books, item, params={"requestid": "r"}))["bid1"]) == "6240"


def test_row_30_refusals_in_a_batch_are_repeated_unless_switched(box, books):
    bad = {"operation": "create", "Customer": {"DisplayName": "Pine Grove Dental"}}
    good = {"operation": "create", "Customer": {"DisplayName": "Free"}}
    box.switch(replay_faults=False)
    both = {"bId": "9", "Query": "select count(*) from Term"}
    batch(books, bad, params={"requestid": "r"})
    assert "Customer" in by_number(batch(books, good, both, params={"requestid": "r"}))["bid1"]


@pytest.mark.parametrize(("request_id", "number", "code"), [("r" * 37, "1", "2130"), ("r" * 36, "1" * 11, "2130")])
def test_row_30_lengths_in_a_batch(books, request_id, number, code):
    body = {"BatchItemRequest": [{"bId": number, "Query": "select * from Term"}]}
    assert books.refused("batch", body, params={"requestid": request_id})["code"] == code
    books.post("batch", body)


def test_row_31_forty_batches_a_minute(http):
    body = {"BatchItemRequest": [{"bId": "1", "Query": "select count(*) from Term"}]}
    with Sandbox() as box:
        company = box.company()
        headers = {"Authorization": f"Bearer {company['access_token']}", "Accept": "application/json"}
        url = f"{box.quickbooks_url()}/v3/company/{company['realm']}"
        for _ in range(5):
            assert {http.post(f"{url}/batch", json=body, headers=headers).status_code for _ in range(8)} == {200}
            box.clock.advance(1)
        assert http.post(f"{url}/batch", json=body, headers=headers).status_code == 429
        assert http.get(f"{url}/customer/1", headers=headers).status_code == 200
        box.clock.advance(60)
        assert http.post(f"{url}/batch", json=body, headers=headers).status_code == 200


def test_row_32_queries_in_a_batch_are_metered(box, open_books):
    production = open_books(environment="production")
    item = {"Query": "select count(*) from Term"}
    batch(production, item, item, {"Query": "nothing"}, {"operation": "create", "Customer": {"DisplayName": "X"}})
    assert box.control("GET", "calls")["metered"] == 2
