"""Changing invoices: rows 14 to 21 and 30 of what a QuickBooks emulator must get right."""

from decimal import Decimal

import pytest


@pytest.fixture
def invoice(books):
    return books.invoice(
        "100",
        PrivateNote="note",
        CustomerMemo={"value": "memo"},
        BillEmail={"Address": "a@b.example"},
        TxnDate="2026-11-01",
    )


def sparse(books, invoice, **fields):
    return books.post("invoice", {"Id": invoice["Id"], "SyncToken": invoice["SyncToken"], "sparse": True} | fields)


def test_row_14_sparse_keeps_what_is_left_out(books, invoice):
    changed = sparse(books, invoice, DueDate="2027-01-07")
    assert (changed["SyncToken"], changed["sparse"], changed["DueDate"]) == ("1", False, "2027-01-07")
    same = {"DueDate", "SyncToken", "MetaData"}
    assert {name: value for name, value in changed.items() if name not in same} == {
        name: value for name, value in invoice.items() if name not in same
    }


def test_row_14_full_clears_but_keeps_the_number_and_dates_it_today(box, books, invoice):
    box.clock.freeze("2026-11-23T18:00:00Z")
    body = {"Id": invoice["Id"], "SyncToken": "0", "CustomerRef": {"value": "1"}, "Line": invoice["Line"]}
    body["Line"] = [{**body["Line"][0], "Amount": 100}]
    changed = books.post("invoice", body, params={"operation": "update"})
    assert {"PrivateNote", "CustomerMemo", "BillEmail"} & set(changed) == set()
    assert (changed["DocNumber"], changed["TxnDate"], changed["DueDate"]) == (
        invoice["DocNumber"],
        "2026-11-23",
        "2026-12-23",
    )


@pytest.mark.parametrize("lost", ["CustomerRef", "Line", "SyncToken"])
def test_row_14_a_full_update_wants_customer_and_lines(books, invoice, lost):
    body = books.invoice_body() | {"Id": invoice["Id"], "SyncToken": "0"}
    del body[lost]
    assert books.refused("invoice", body)["code"] == "2020"
    unknown = books.invoice_body() | {"Id": "99999", "SyncToken": "0"}
    assert books.refused("invoice", unknown)["code"] == "610"


def test_row_14_lines_replace_all_lines_and_new_ones_get_new_ids(books, invoice):
    two = [*books.invoice_body("10")["Line"], *books.invoice_body("20")["Line"]]
    changed = sparse(books, invoice, Line=two)
    assert [each.get("Id") for each in changed["Line"]] == ["2", "3", None]
    kept = [{**two[1], "Id": "3", "Amount": 25}, *books.invoice_body("5")["Line"]]
    changed = sparse(books, changed, Line=kept)
    assert [each.get("Id") for each in changed["Line"]] == ["3", "4", None]
    assert changed["TotalAmt"] == 30
    assert (
        books.refused("invoice", {"Id": invoice["Id"], "SyncToken": "2", "sparse": True, "Line": []})["code"] == "2020"
    )


def test_row_14_an_empty_string_clears_a_field(books, invoice):
    changed = sparse(books, invoice, PrivateNote="", CustomerMemo={"value": ""})
    assert {"PrivateNote", "CustomerMemo"} & set(changed) == set()


def test_row_14_sending_back_what_was_read_changes_nothing(box, books, invoice):
    box.clock.advance(60)
    full = books.post("invoice", {**jsonable(invoice), "sparse": False})
    assert (full["SyncToken"], full["MetaData"]) == ("0", invoice["MetaData"])
    assert sparse(books, invoice)["SyncToken"] == "0"


def jsonable(value):
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, dict):
        return {name: jsonable(each) for name, each in value.items()}
    return [jsonable(each) for each in value] if isinstance(value, list) else value


def test_row_15_stale_tokens(books, invoice):
    sparse(books, invoice, PrivateNote="other")
    error = books.refused("invoice", {"Id": invoice["Id"], "SyncToken": "0", "sparse": True, "PrivateNote": "mine"})
    assert error["code"] == "5010"
    assert error["Detail"].startswith("Stale Object Error : You and Rita Moss were working on this at the same time.")


def test_updates_move_the_customers_balance(books, invoice):
    sparse(books, invoice, Line=books.invoice_body("30")["Line"])
    assert books.get("customer/1")["Customer"]["Balance"] == 30
    changed = sparse(books, {"Id": invoice["Id"], "SyncToken": "1"}, CustomerRef={"value": "8"})
    assert changed["CustomerRef"]["name"] == "Pine Grove Dental"
    assert books.get("customer/1")["Customer"]["Balance"] == 0
    assert books.get("customer/8")["Customer"]["Balance"] == 30


def test_updates_are_checked_like_creates(box, books, invoice):
    before = box.state(service="quickbooks")["quickbooks"]
    for change in (
        {"Bad": 1},
        {"TxnDate": "x"},
        {"CustomerRef": {"value": "999"}},
        {"DocNumber": "1001"},
        {"CurrencyRef": {"value": "EUR"}},
    ):
        books.refused("invoice", {"Id": invoice["Id"], "SyncToken": "0", "sparse": True} | change)
    assert box.state(service="quickbooks")["quickbooks"] == before


def test_row_16_void_empties_an_invoice(box, books, invoice):
    qty = books.post("invoice", books.invoice_body("50", detail={"Qty": 2, "UnitPrice": 25}))
    box.clock.advance(60)
    voided = books.post("invoice", {"Id": invoice["Id"], "SyncToken": "0"}, params={"operation": "void"})
    assert voided["PrivateNote"].startswith("Voided")
    assert voided["PrivateNote"].endswith("note")
    assert (voided["SyncToken"], voided["TotalAmt"], voided["Balance"], voided["LinkedTxn"]) == ("1", 0, 0, [])
    assert [each["Amount"] for each in voided["Line"]] == [0, 0]
    assert voided["TxnTaxDetail"] == {"TotalTax": 0}
    unchanged = ("DocNumber", "TxnDate", "DueDate", "EmailStatus", "BillAddr", "CustomerMemo")
    assert {name: voided[name] for name in unchanged} == {name: invoice[name] for name in unchanged}
    assert voided["MetaData"]["LastUpdatedTime"] > invoice["MetaData"]["LastUpdatedTime"]
    detail = books.post("invoice", {"Id": qty["Id"], "SyncToken": "0", "sparse": True}, params={"operation": "void"})[
        "Line"
    ][0]
    assert detail["SalesItemLineDetail"] == {
        "ItemRef": {"value": "3", "name": "Consulting"},
        "Qty": 0,
        "TaxCodeRef": {"value": "NON"},
    }
    assert books.get("customer/1")["Customer"]["Balance"] == 0


def test_row_16_a_note_of_its_own(books):
    plain = books.invoice()
    assert (
        books.post("invoice", {"Id": plain["Id"], "SyncToken": "0"}, params={"operation": "void"})["PrivateNote"]
        == "Voided"
    )


def test_row_16_a_paid_invoice_is_not_voided_unless_switched(box, books, invoice):
    box.pay("sandbox", books.realm, invoice["Id"], "40")
    void = {"Id": invoice["Id"], "SyncToken": "1"}
    assert books.refused("invoice", void, params={"operation": "void"})["code"] == "6000"
    assert books.refused("invoice", void, params={"operation": "delete"})["code"] == "6000"
    box.switch(void_paid="unlink")
    assert books.post("invoice", void, params={"operation": "void"})["TotalAmt"] == 0
    payment = books.query("select * from Payment where CustomerRef = '1' orderby Id desc")["Payment"][0]
    assert (payment["UnappliedAmt"], payment["Line"]) == (40, [])
    assert books.get("customer/1")["Customer"]["Balance"] == -40


def test_row_17_void_twice(box, books, invoice):
    void = {"Id": invoice["Id"], "SyncToken": "0"}
    first = books.post("invoice", void, params={"operation": "void"})
    again = books.post("invoice", void | {"SyncToken": "1"}, params={"operation": "void"})
    assert again == first
    assert books.refused("invoice", void, params={"operation": "void"})["code"] == "5010"
    box.switch(void_twice="refuse")
    assert books.refused("invoice", void | {"SyncToken": "1"}, params={"operation": "void"})["code"] == "6000"


def test_row_18_delete_leaves_a_stub_and_then_nothing(books, invoice):
    answer = books.call(
        "POST", "invoice", {"Id": invoice["Id"], "SyncToken": "0"}, params={"operation": "delete"}
    ).json()
    assert answer["Invoice"] == {"domain": "QBO", "status": "Deleted", "Id": invoice["Id"]}
    assert books.call("GET", f"invoice/{invoice['Id']}", status=400).json()["Fault"]["Error"][0]["code"] == "610"
    assert (
        books.refused("invoice", {"Id": invoice["Id"], "SyncToken": "0"}, params={"operation": "delete"})["code"]
        == "610"
    )
    assert books.get("customer/1")["Customer"]["Balance"] == 0
    assert books.query(f"select * from Invoice where Id = '{invoice['Id']}'") == {}


def test_row_20_send_marks_it_and_moves_time_but_not_token(box, books, invoice):
    box.clock.freeze("2027-01-05T10:16:05Z")
    sent = books.post(
        f"invoice/{invoice['Id']}/send", None, content=b"", headers={"Content-Type": "application/octet-stream"}
    )
    assert (sent["EmailStatus"], sent["SyncToken"], sent["BillEmail"]) == ("EmailSent", "0", {"Address": "a@b.example"})
    assert sent["DeliveryInfo"] == {"DeliveryType": "Email", "DeliveryTime": "2027-01-05T02:16:05-08:00"}
    assert sent["MetaData"]["LastUpdatedTime"] == "2027-01-05T02:16:05-08:00"
    assert {"LastModifiedByRef"} & set(sent["MetaData"]) == set()
    elsewhere = books.post(f"invoice/{invoice['Id']}/send", None, params={"sendTo": "x@y.example"})
    assert elsewhere["BillEmail"] == {"Address": "x@y.example"}
    assert books.get(f"invoice/{invoice['Id']}")["Invoice"]["BillEmail"] == {"Address": "x@y.example"}


def test_row_20_send_wants_an_address_and_has_a_daily_limit(books, open_books):
    plain = books.invoice()
    assert books.refused(f"invoice/{plain['Id']}/send", None)["code"] == "6420"
    assert books.refused(f"invoice/{plain['Id']}/send", None, params={"sendTo": "nobody"})["code"] == "2210"
    assert books.refused("invoice/9999/send", None)["code"] == "610"
    for _ in range(40):
        books.post(f"invoice/{plain['Id']}/send", None, params={"sendTo": "a@b.example"})
    assert books.refused(f"invoice/{plain['Id']}/send", None)["code"] == "6000"
    production = open_books(environment="production")
    many = production.invoice(BillEmail={"Address": "a@b.example"})
    for _ in range(41):
        production.post(f"invoice/{many['Id']}/send", None)


def pay(books, amount, *applied, customer="1", **fields):
    lines = [{"Amount": part, "LinkedTxn": [{"TxnId": txn, "TxnType": "Invoice"}]} for txn, part in applied]
    return {"CustomerRef": {"value": customer}, "TotalAmt": amount, "Line": lines} | fields


def test_row_21_payments_lower_balances_and_link_both_sides(box, books, invoice):
    box.clock.advance(60)
    made = books.post("payment", pay(books, 60, (invoice["Id"], 60)))
    assert (made["TotalAmt"], made["UnappliedAmt"], made["SyncToken"]) == (60, 0, "0")
    assert made["Line"][0]["LinkedTxn"] == [{"TxnId": invoice["Id"], "TxnType": "Invoice"}]
    after = books.get(f"invoice/{invoice['Id']}")["Invoice"]
    assert (after["Balance"], after["TotalAmt"], after["SyncToken"]) == (40, 100, "1")
    assert after["LinkedTxn"] == [{"TxnId": made["Id"], "TxnType": "Payment"}]
    assert after["MetaData"]["LastUpdatedTime"] > invoice["MetaData"]["LastUpdatedTime"]
    assert books.get("customer/1")["Customer"]["Balance"] == 40
    second = books.post("payment", pay(books, 50, (invoice["Id"], 40)))
    paid = books.get(f"invoice/{invoice['Id']}")["Invoice"]
    assert (paid["Balance"], second["UnappliedAmt"]) == (0, 10)
    assert [each["TxnId"] for each in paid["LinkedTxn"]] == [second["Id"], made["Id"]]
    assert books.get(f"payment/{second['Id']}")["Payment"] == second


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"CustomerRef": None}, "2020"),
        ({"TotalAmt": None}, "2020"),
        ({"TotalAmt": -5}, "2080"),
        ({"TotalAmt": 5.001}, "2080"),
        ({"CustomerRef": {"value": "8"}}, "6000"),
        ({"CustomerRef": {"value": "999"}}, "2500"),
        ({"TotalAmt": 10}, "6000"),
        ({"Line": [{"Amount": 500, "LinkedTxn": [{"TxnId": "6", "TxnType": "Invoice"}]}], "TotalAmt": 500}, "6000"),
        ({"Line": [{"Amount": 5, "LinkedTxn": [{"TxnId": "999", "TxnType": "Invoice"}]}]}, "2500"),
        ({"Line": [{"Amount": 5, "LinkedTxn": [{"TxnId": "6", "TxnType": "Bill"}]}]}, "620"),
        ({"Line": [{"Amount": 5}]}, "620"),
        ({"CurrencyRef": {"value": "EUR"}}, "6000"),
        ({"Nothing": 1}, "2010"),
    ],
)
def test_row_21_payments_refused(box, books, invoice, change, code):
    before = box.state(service="quickbooks")["quickbooks"]
    body = pay(books, 60, (invoice["Id"], 60)) | change
    assert books.refused("payment", {name: value for name, value in body.items() if value is not None})["code"] == code
    assert box.state(service="quickbooks")["quickbooks"] == before


def test_lines_of_a_paid_invoice_cannot_go_below_what_was_paid(box, books, invoice):
    box.pay("sandbox", books.realm, invoice["Id"], "60")
    body = {"Id": invoice["Id"], "SyncToken": "1", "sparse": True}
    assert books.refused("invoice", body | {"Line": books.invoice_body("50")["Line"]})["code"] == "6000"
    assert books.refused("invoice", body | {"CustomerRef": {"value": "8"}})["code"] == "6000"
    assert books.post("invoice", body | {"Line": books.invoice_body("70")["Line"]})["Balance"] == 10


def test_row_30_the_same_request_id_gives_the_same_bytes_and_one_invoice(box, books):
    first = books.call("POST", "invoice", books.invoice_body(), params={"requestid": "r-1"})
    box.clock.advance(10)
    again = books.call("POST", "invoice", books.invoice_body("999"), params={"requestid": "r-1", "minorversion": "75"})
    assert again.content == first.content
    assert books.query("select count(*) from Invoice") == {"totalCount": 4}
    other = books.call("POST", "customer", {"DisplayName": "New"}, params={"requestid": "r-1"})
    assert other.content == first.content
    books.call("POST", "invoice", books.invoice_body(), params={"requestid": "r-2"})
    assert books.query("select count(*) from Invoice") == {"totalCount": 5}


def test_row_30_request_ids_belong_to_a_realm_and_empty_ones_do_not_count(books, euro_books):
    first = books.invoice()
    books.call("POST", "invoice", books.invoice_body(), params={"requestid": "r-1"})
    assert (
        euro_books.call("POST", "invoice", euro_books.invoice_body(), params={"requestid": "r-1"}).json()["Invoice"][
            "TotalAmt"
        ]
        == 100
    )
    for _ in range(2):
        books.call("POST", "invoice", books.invoice_body(), params={"requestid": ""})
    assert books.query("select count(*) from Invoice")["totalCount"] == int(first["DocNumber"]) - 1000 + 3


def test_row_30_refusals_are_repeated_too_unless_switched(box, books):
    bad = books.invoice_body(DocNumber="x" * 30)
    first = books.call("POST", "invoice", bad, params={"requestid": "r-1"}, status=400)
    assert (
        books.call("POST", "invoice", books.invoice_body(), params={"requestid": "r-1"}, status=400).content
        == first.content
    )
    box.switch(replay_faults=False)
    books.call("POST", "invoice", bad, params={"requestid": "r-2"}, status=400)
    books.call("POST", "invoice", books.invoice_body(), params={"requestid": "r-2"})


def test_row_30_long_request_ids_are_2130(books):
    books.call("POST", "invoice", books.invoice_body(), params={"requestid": "x" * 50})
    assert books.refused("invoice", books.invoice_body(), params={"requestid": "x" * 51})["code"] == "2130"


def test_operations_that_do_not_exist(books, invoice):
    body = {"Id": invoice["Id"], "SyncToken": "0"}
    assert books.refused("invoice", body, params={"operation": "revert"})["code"] == "500"
    assert books.refused("customer", body, params={"operation": "delete"})["code"] == "500"
    assert books.refused("invoice", {"sparse": True}, params={"operation": "update"})["code"] == "2020"
