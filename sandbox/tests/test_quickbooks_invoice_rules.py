"""Rows 23 and 24 of what a QuickBooks emulator must get right, with the fields and figures around them."""

from decimal import Decimal


def test_custom_fields_are_kept_by_definition(books):
    made = books.invoice(
        CustomField=[{"DefinitionId": "1", "Name": "Crew #", "Type": "StringType", "StringValue": "102"}]
    )
    assert made["CustomField"] == [
        {"DefinitionId": "1", "Name": "Crew #", "Type": "StringType", "StringValue": "102"},
        {"DefinitionId": "2", "Name": "Sales Rep", "Type": "StringType"},
    ]


def test_shipping_fields_are_kept(books):
    made = books.invoice(ShipDate="2026-11-30", TrackingNum="1Z", ShipMethodRef={"value": "FedEx"}, PONumber="PO-7")
    assert (made["ShipDate"], made["TrackingNum"], made["ShipMethodRef"], made["PONumber"]) == (
        "2026-11-30",
        "1Z",
        {"value": "FedEx"},
        "PO-7",
    )


def test_the_customers_link_wants_online_payment_and_an_address(euro_books):
    assert "InvoiceLink" not in euro_books.invoice()
    made = euro_books.invoice(BillEmail={"Address": "a@b.example"})
    assert made["InvoiceLink"].startswith("https://developer.intuit.com/comingSoonview/scs-v1-")
    assert euro_books.get(f"invoice/{made['Id']}")["Invoice"]["InvoiceLink"] == made["InvoiceLink"]
    assert "InvoiceLink" not in euro_books.query(f"select * from Invoice where Id = '{made['Id']}'")["Invoice"][0]
    off = euro_books.invoice(
        BillEmail={"Address": "a@b.example"}, AllowOnlineACHPayment=False, AllowOnlineCreditCardPayment=False
    )
    assert "InvoiceLink" not in off


def test_row_23_an_invoice_is_in_its_customers_currency(euro_books):
    assert euro_books.invoice(CustomerRef={"value": "13"})["CurrencyRef"] == {"value": "EUR", "name": "Euro"}
    assert euro_books.refused("invoice", euro_books.invoice_body(CurrencyRef={"value": "EUR"})) == {
        "Message": "A business validation error has occurred while processing your request",
        "Detail": "Business Validation Error: The currency of the transaction is invalid for customer / vendor / account.",
        "code": "6000",
        "element": "",
    }
    refused = euro_books.invoice_body(CustomerRef={"value": "13"}, CurrencyRef={"value": "USD"})
    assert euro_books.refused("invoice", refused)["code"] == "6000"


def test_companies_with_several_currencies_show_rate_and_home_amounts(books, euro_books):
    made = euro_books.invoice("100", CustomerRef={"value": "13"}, ExchangeRate=1.25)
    assert (made["ExchangeRate"], made["HomeTotalAmt"], made["HomeBalance"]) == (Decimal("1.25"), 125, 125)
    home = euro_books.invoice("100")
    assert (home["ExchangeRate"], home["HomeTotalAmt"]) == (1, 100)
    assert {"ExchangeRate", "HomeTotalAmt", "HomeBalance"} & set(books.invoice()) == set()
    assert euro_books.refused("invoice", euro_books.invoice_body(ExchangeRate=0))["code"] == "2080"


def test_row_24_closed_books(box, books):
    old = books.invoice(TxnDate="2026-06-30")
    box.change("sandbox", books.realm, "Preferences", close_date="2026-06-30")
    assert books.refused("invoice", books.invoice_body(TxnDate="2026-06-30"))["code"] == "6210"
    for operation in ("update", "void", "delete"):
        body = {"Id": old["Id"], "SyncToken": "0", "sparse": True, "PrivateNote": "x"}
        assert books.refused("invoice", body, params={"operation": operation})["code"] == "6210"
    books.invoice(TxnDate="2026-07-01")
    assert books.get("preferences")["Preferences"]["AccountingInfoPrefs"]["BookCloseDate"] == "2026-06-30"


def test_a_customers_balance_moves_its_time_but_not_its_token(box, books):
    before = books.get("customer/3")["Customer"]
    box.clock.advance(3600)
    books.invoice("50", CustomerRef={"value": "3"})
    after = books.get("customer/3")["Customer"]
    assert after["Balance"] - before["Balance"] == 50
    assert after["SyncToken"] == before["SyncToken"]
    assert after["MetaData"]["LastUpdatedTime"] > before["MetaData"]["LastUpdatedTime"]


def test_invoices_and_payments_share_one_sequence_of_ids(books):
    first = books.invoice()
    payment = books.post("payment", {"CustomerRef": {"value": "1"}, "TotalAmt": 10})
    second = books.invoice()
    assert int(second["Id"]) == int(payment["Id"]) + 1 == int(first["Id"]) + 2
