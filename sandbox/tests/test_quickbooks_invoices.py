"""Creating invoices: rows 5 to 13, 36 and 37 of what a QuickBooks emulator must get right."""

from decimal import Decimal

import pytest

ORDER = [
    "AllowIPNPayment", "AllowOnlinePayment", "AllowOnlineCreditCardPayment", "AllowOnlineACHPayment", "InvoiceLink", "domain",
    "sparse", "Id", "SyncToken", "MetaData", "CustomField", "DocNumber", "TxnDate", "CurrencyRef", "PrivateNote", "LinkedTxn",
    "Line", "TxnTaxDetail", "CustomerRef", "CustomerMemo", "BillAddr", "ShipAddr", "FreeFormAddress", "ShipFromAddr",
    "SalesTermRef", "DueDate", "TotalAmt", "ApplyTaxAfterDiscount", "PrintStatus", "EmailStatus", "BillEmail", "Balance",
    "DeliveryInfo",
]  # fmt: skip


def line(amount, item="3", **detail):
    return {
        "DetailType": "SalesItemLineDetail",
        "Amount": amount,
        "SalesItemLineDetail": {"ItemRef": {"value": item}} | detail,
    }


def test_row_36_keys_come_in_the_recorded_order(books):
    made = books.invoice(
        PrivateNote="n", CustomerMemo={"value": "m"}, SalesTermRef={"value": "3"}, BillEmail={"Address": "a@b.example"},
        EmailStatus="NeedToSend", ShipAddr={"Line1": "x"},
    )  # fmt: skip
    assert list(made) == [key for key in ORDER if key in made]
    assert set(ORDER) - set(made) == {"InvoiceLink"}
    assert list(made["Line"][0]) == ["Id", "LineNum", "Amount", "DetailType", "SalesItemLineDetail", "CustomExtensions"]


def test_row_36_the_documented_example(box, books):
    box.clock.freeze("2026-11-23T08:15:30.417Z")
    body = {
        "CustomerRef": {"value": "2"}, "TxnDate": "2026-11-23", "DueDate": "2026-12-23", "CurrencyRef": {"value": "USD"},
        "BillEmail": {"Address": "pay@harbor.example"}, "CustomerMemo": {"value": "Thank you"}, "PrivateNote": "AttiBooks rec_71",
        "Line": [line(1861.08, Qty=128.35, UnitPrice=14.5) | {"Description": "Consulting services"}],
    }  # fmt: skip
    made = books.post("invoice", body)
    assert made["Line"] == [
        {
            "Id": "1", "LineNum": 1, "Description": "Consulting services", "Amount": Decimal("1861.08"),
            "DetailType": "SalesItemLineDetail",
            "SalesItemLineDetail": {
                "ItemRef": {"value": "3", "name": "Consulting"}, "UnitPrice": Decimal("14.5"), "Qty": Decimal("128.35"),
                "ItemAccountRef": {"value": "1", "name": "Services"}, "TaxCodeRef": {"value": "NON"},
            },
            "CustomExtensions": [],
        },
        {"Amount": Decimal("1861.08"), "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {}},
    ]  # fmt: skip
    assert (made["SyncToken"], made["DocNumber"], made["TotalAmt"], made["Balance"]) == (
        "0",
        "1004",
        Decimal("1861.08"),
        Decimal("1861.08"),
    )
    assert made["CustomerRef"] == {"value": "2", "name": "Harbor & O'Neil Design"}
    assert made["BillAddr"]["Line1"] == "1 Quay Road"
    assert (made["TxnDate"], made["DueDate"]) == ("2026-11-23", "2026-12-23")
    assert (made["PrintStatus"], made["EmailStatus"], made["LinkedTxn"]) == ("NeedToPrint", "NotSet", [])
    assert books.get(f"invoice/{made['Id']}")["Invoice"] == made


@pytest.mark.parametrize(
    ("change", "code", "named"),
    [
        ({"CustomerRef": None}, "2020", "CustomerRef"),
        ({"CustomerRef": {"value": ""}}, "2020", "CustomerRef"),
        ({"CustomerRef": {"value": "999"}}, "2500", "Customer"),
        ({"CustomerRef": {"value": "abc"}}, "2500", "Customer"),
        ({"CustomerRef": {"value": "6"}}, "610", "inactive"),
        ({"Line": None}, "2020", "Line"),
        ({"Line": []}, "2020", "Line"),
        ({"Line": [{"Amount": 5, "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {}}]}, "2020", "Line"),
        ({"Line": [{"Amount": 5, "SalesItemLineDetail": {"ItemRef": {"value": "3"}}}]}, "2020", "DetailType"),
        ({"Line": [{"Amount": 5, "DetailType": "SalesItemLineDetail"}]}, "2020", "SalesItemLineDetail"),
        ({"Line": [line(None)]}, "2020", "Amount"),
        ({"Line": [line(5) | {"DetailType": "Magic"}]}, "2170", "Magic"),
        (
            {
                "Line": [
                    {
                        "Amount": 5,
                        "DetailType": "SalesItemLineDetail",
                        "SalesItemLineDetail": {"Qty": 1, "UnitPrice": 5},
                    }
                ]
            },
            "2020",
            "ItemRef",
        ),
        ({"Line": [line(5, item="999")]}, "2500", "Item"),
        ({"Line": [line(5, item="7")]}, "610", "inactive"),
        ({"Line": [line(5, item="8")]}, "6000", "category"),
        ({"Line": [line(5.005)]}, "2080", "Amount"),
        ({"Line": [line(5, TaxCodeRef={"value": "2"})]}, "6100", "TAX or NON"),
        ({"Line": [line(5) | {"Bad": 1}]}, "2010", '"Bad"'),
        ({"Line": [line(5, Bad=1)]}, "2010", '"Bad"'),
        ({"Line": "x"}, "2010", "Line"),
        ({"Line": [line(5) | {"Description": "x" * 4001}]}, "2050", "Description"),
        ({"BadJson": True}, "2010", '"BadJson"'),
        ({"PrivateNote": "x" * 4001}, "2050", "PrivateNote"),
        ({"CustomerMemo": {"value": "x" * 1001}}, "2050", "value"),
        ({"DocNumber": "x" * 22}, "2050", "DocNumber"),
        ({"TxnDate": "23.11.2026"}, "2070", "TxnDate"),
        ({"DueDate": "2026-02-30"}, "2070", "DueDate"),
        ({"SalesTermRef": {"value": "99"}}, "2500", "Term"),
        ({"EmailStatus": "Perhaps"}, "2170", "EmailStatus"),
        ({"EmailStatus": "NeedToSend"}, "6420", "email"),
        ({"BillEmail": {"Address": "nobody"}}, "2210", "nobody"),
        ({"BillEmail": {"Address": "x" * 95 + "@b.example"}}, "2050", "Address"),
        ({"CurrencyRef": {"value": "EUR"}}, "6000", "Multicurrency"),
        ({"Line": [line(-5)]}, "2290", "zero"),
        ({"LinkedTxn": [{"TxnId": "1", "TxnType": "Estimate"}]}, "620", "linked"),
        ({"ClassRef": {"value": "1"}}, "5030", "ClassRef"),
        ({"Id": "x"}, "2030", "x"),
        ({"Deposit": 500}, "6000", "deposit"),
        ({"CustomField": [{"DefinitionId": "9", "StringValue": "x"}]}, "2500", "CustomField"),
    ],
)
def test_rows_6_to_8_refused_creates_change_nothing(box, books, change, code, named):
    before = box.state(service="quickbooks")["quickbooks"]
    body = {name: value for name, value in (books.invoice_body() | change).items() if value is not None}
    error = books.refused("invoice", body)
    assert error["code"] == code
    assert named in error["Detail"] or named == error.get("element")
    assert box.state(service="quickbooks")["quickbooks"] == before


def test_row_6_the_recorded_sentence_counts_and_names_known_properties(books):
    detail = books.refused("invoice", {"BadJson": True})["Detail"]
    assert detail.startswith(
        'Property Name:Unrecognized field "BadJson" (class com.intuit.schema.finance.v3.Invoice), not marked as ignorable ('
    )
    assert 'known properties: "Id", ' in detail
    assert detail.endswith(" [truncated]])\n specified is unsupported or invalid")


@pytest.mark.parametrize(
    ("amount", "qty", "price"),
    [
        ("1861.08", "128.35", "14.5"),
        ("1.01", "1", "1.005"),
        ("0.01", "0.1", "0.05"),
        ("100", "1", "100"),
        ("33.33", "3", "11.11"),
        ("0", "0", "100"),
    ],
)
def test_row_9_amounts_are_quantity_times_price_rounded_half_up(books, amount, qty, price):
    made = books.post("invoice", books.invoice_body(amount, detail={"Qty": float(qty), "UnitPrice": float(price)}))
    assert made["TotalAmt"] == Decimal(amount)


def test_row_9_other_amounts_are_6070_with_thousands_separators(box, books):
    body = books.invoice_body("1861.07", detail={"Qty": 128.35, "UnitPrice": 14.5})
    assert books.refused("invoice", body) == {
        "Message": "Amount calculation incorrect in the request",
        "Detail": "Amount is not equal to UnitPrice * Qty. Supplied value:1,861.07",
        "code": "6070",
        "element": "",
    }
    tie = books.invoice_body("1.00", detail={"Qty": 1, "UnitPrice": 1.005})
    assert books.refused("invoice", tie)["code"] == "6070"
    box.switch(rounding="ROUND_HALF_EVEN")
    books.post("invoice", tie)


def test_row_9_zero_quantity_and_price_count_as_unset(books):
    detail = books.post("invoice", books.invoice_body(detail={"Qty": 0, "UnitPrice": 0}))["Line"][0][
        "SalesItemLineDetail"
    ]
    assert {"Qty", "UnitPrice"} & set(detail) == set()


def test_row_11_without_quantity_and_price_there_is_none_in_the_answer(books):
    detail = books.invoice()["Line"][0]["SalesItemLineDetail"]
    assert {"Qty", "UnitPrice"} & set(detail) == set()
    assert books.refused("invoice", books.invoice_body(detail={"Qty": 2}))["code"] == "6070"


def test_row_10_subtotal_then_discount_then_totals(books):
    body = books.invoice_body("305")
    body["Line"].append(
        {"DetailType": "DiscountLineDetail", "DiscountLineDetail": {"PercentBased": True, "DiscountPercent": 10}}
    )
    made = books.post("invoice", body)
    assert [each["DetailType"] for each in made["Line"]] == [
        "SalesItemLineDetail",
        "SubTotalLineDetail",
        "DiscountLineDetail",
    ]
    assert made["Line"][2] == {
        "Amount": Decimal("30.50"), "DetailType": "DiscountLineDetail",
        "DiscountLineDetail": {"PercentBased": True, "DiscountPercent": 10, "DiscountAccountRef": {"value": "86", "name": "Discounts given"}},
    }  # fmt: skip
    assert made["TotalAmt"] == Decimal("274.50")
    fixed = books.invoice_body("305")
    fixed["Line"].append(
        {"Amount": 5, "DetailType": "DiscountLineDetail", "DiscountLineDetail": {"PercentBased": False}}
    )
    assert books.post("invoice", fixed)["TotalAmt"] == 300
    for wrong in ({"PercentBased": True}, {"PercentBased": True, "DiscountPercent": 101}, {}):
        body["Line"][1] = {"DetailType": "DiscountLineDetail", "DiscountLineDetail": wrong}
        assert books.refused("invoice", body)["code"] == "6090"


def test_row_10_descriptions_and_negative_lines(books):
    body = books.invoice_body("100")
    body["Line"] += [line(-20), {"DetailType": "DescriptionOnly", "Description": "Thanks", "DescriptionLineDetail": {}}]
    made = books.post("invoice", body)
    assert made["TotalAmt"] == 80
    assert [(each.get("Id"), each.get("LineNum")) for each in made["Line"]] == [
        ("1", 1),
        ("2", 2),
        ("3", 3),
        (None, None),
    ]
    assert made["Line"][2] == {
        "Id": "3", "LineNum": 3, "Description": "Thanks", "DetailType": "DescriptionOnly", "DescriptionLineDetail": {}, "CustomExtensions": [],
    }  # fmt: skip


def test_a_deposit_lowers_the_balance(books):
    made = books.invoice("100", Deposit=30, DepositToAccountRef={"value": "35"})
    assert (made["Deposit"], made["TotalAmt"], made["Balance"]) == (30, 100, 70)
    assert books.get("customer/1")["Customer"]["Balance"] == 70


@pytest.mark.parametrize(
    ("fields", "due"),
    [
        ({}, "2026-12-15"),
        ({"DueDate": "2027-03-01"}, "2027-03-01"),
        ({"DueDate": "2026-01-01"}, "2026-01-01"),
        ({"SalesTermRef": {"value": "1"}}, "2026-11-15"),
        ({"SalesTermRef": {"value": "4"}}, "2027-01-14"),
        ({"SalesTermRef": {"value": "4"}, "DueDate": "2026-11-20"}, "2026-11-20"),
    ],
)
def test_row_12_due_dates(books, fields, due):
    assert books.invoice(TxnDate="2026-11-15", **fields)["DueDate"] == due


def test_row_12_terms_of_the_customer_and_of_the_company(box, books, open_books):
    box.change("sandbox", books.realm, "Customer", "1", SalesTermRef={"value": "2"})
    assert books.invoice(TxnDate="2026-11-15")["DueDate"] == "2026-11-30"
    production = open_books(environment="production")
    assert production.invoice(TxnDate="2026-11-15")["DueDate"] == "2026-12-15"
    box.change("production", production.realm, "Preferences", default_terms="4")
    assert production.invoice(TxnDate="2026-11-15")["DueDate"] == "2027-01-14"


def test_row_12_today_is_the_companys(box, books, open_books):
    box.clock.freeze("2026-11-24T04:30:00Z")
    assert books.invoice()["TxnDate"] == "2026-11-23"
    australia = open_books(country="AU")
    made = australia.invoice(detail={"TaxCodeRef": {"value": "2"}}, GlobalTaxCalculation="TaxExcluded")
    assert made["TxnDate"] == "2026-11-24"


def test_row_13_numbers_go_on_and_sent_ones_are_kept(books):
    assert [books.invoice()["DocNumber"] for _ in range(2)] == ["1004", "1005"]
    assert books.invoice(DocNumber="A-1")["DocNumber"] == "A-1"
    assert books.invoice(DocNumber="2000")["DocNumber"] == "2000"
    assert books.invoice()["DocNumber"] == "2001"


def test_row_13_a_taken_number_is_6140_with_the_holder(box, books):
    first = books.invoice(DocNumber="A-1")
    assert books.refused("invoice", books.invoice_body(DocNumber="a-1")) == {
        "Message": "Duplicate Document Number Error",
        "Detail": "Duplicate Document Number Error : You must specify a different number. This number has already been used. "
        f"DocNumber=a-1 is assigned to TxnType=Invoice with TxnId={first['Id']}",
        "code": "6140",
        "element": "",
    }
    books.post("invoice", books.invoice_body(DocNumber="A-1"), params={"include": "allowduplicatedocnum"})
    box.change("sandbox", books.realm, "Preferences", french=True)
    assert (
        f"TxnType=Facture avec TxnId={first['Id']}"
        in books.refused("invoice", books.invoice_body(DocNumber="A-1"))["Detail"]
    )
    box.change("sandbox", books.realm, "Preferences", warn_duplicate_numbers=False)
    books.invoice(DocNumber="A-1")


def test_row_37_french_companies_are_told_in_french(box, books):
    first = books.invoice(DocNumber="A-1")
    box.change("sandbox", books.realm, "Preferences", french=True)
    error = books.refused("invoice", books.invoice_body(DocNumber="A-1"))
    assert error["Message"] == "Numéro de document en double"
    assert f"TxnType=Facture avec TxnId={first['Id']}" in error["Detail"]


def test_row_13_companies_with_custom_numbers(box, books):
    box.change("sandbox", books.realm, "Preferences", custom_numbers=True)
    assert "DocNumber" not in books.invoice()
    assert books.invoice(AutoDocNumber=True)["DocNumber"] == "1004"
    assert books.invoice(DocNumber="AUTO_GENERATE")["DocNumber"] == "1005"


def test_row_5_tolerated_input(books):
    body = {
        "AllowIPNPayment": True, "ApplyTaxAfterDiscount": False, "Balance": 0, "CustomField": [], "DueDate": "", "TxnDate": "",
        "TotalAmt": "", "EmailStatus": "NotSet", "ExchangeRate": 1, "FreeFormAddress": False, "GlobalTaxCalculation": "TaxExcluded",
        "HomeBalance": 0, "InvoiceLink": "", "LinkedTxn": [], "PrintStatus": "NotSet", "PrivateNote": "", "ShipDate": "",
        "TrackingNum": "", "SyncToken": 0, "domain": "QBO", "sparse": False, "Deposit": 0,
        "CustomerRef": {"name": "", "type": "", "value": 1},
        "Line": [{"Amount": "100.00", "CustomField": [], "DetailType": "SalesItemLineDetail", "LineNum": 0, "LinkedTxn": [],
                  "SalesItemLineDetail": {"ItemRef": {"name": "", "type": "", "value": "3"}, "Qty": 0, "ServiceDate": "",
                                          "TaxInclusiveAmt": 0, "UnitPrice": 0}},
                 {"Amount": 0, "DetailType": "SubTotalLineDetail", "LineNum": 0, "LinkedTxn": [], "CustomField": []}],
    }  # fmt: skip
    made = books.post("invoice", body)
    assert (made["TotalAmt"], made["AllowIPNPayment"], made["PrintStatus"]) == (100, True, "NotSet")
    assert {"PrivateNote", "ShipDate", "TrackingNum", "Deposit", "GlobalTaxCalculation", "ExchangeRate"} & set(
        made
    ) == set()
    assert len(made["Line"]) == 2


def test_row_7_booleans_and_numbers_may_come_as_strings(books):
    body = books.invoice_body() | {"AllowOnlineACHPayment": "true"}
    body["Line"][0]["Amount"] = "100"
    assert books.post("invoice", body)["AllowOnlineACHPayment"] is True
    body["Line"][0]["Amount"] = "a hundred"
    assert books.refused("invoice", body)["code"] == "2080"
    body["Line"][0]["Amount"] = 1e300
    assert books.refused("invoice", body)["code"] == "2080"
