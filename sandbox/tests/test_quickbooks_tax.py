"""Row 25 of what a QuickBooks emulator must get right, and the computed tax of each country."""

from decimal import Decimal

import pytest

D = Decimal


def coded(books, *lines, mode="TaxExcluded", **fields):
    body = {
        "CustomerRef": {"value": "1"},
        "GlobalTaxCalculation": mode,
        "Line": [
            {
                "DetailType": "SalesItemLineDetail",
                "Amount": amount,
                "SalesItemLineDetail": {"ItemRef": {"value": "3"}}
                | ({"TaxCodeRef": {"value": code}} if code else {})
                | more,
            }
            for amount, code, more in lines
        ],
    }
    return body | fields


@pytest.mark.parametrize("country", ["GB", "DE", "CA", "AU"])
def test_row_25_outside_the_us_a_line_without_code_is_6000(open_books, country):
    there = open_books(country=country)
    assert there.refused("invoice", coded(there, (100, None, {}))) == {
        "Message": "A business validation error has occurred while processing your request",
        "Detail": "Business Validation Error: Make sure all your transactions have a VAT rate before you save.",
        "code": "6000",
        "element": "",
    }
    made = there.post("invoice", coded(there, (100, None, {}), mode="NotApplicable"))
    assert (made["TotalAmt"], made["TxnTaxDetail"], made["GlobalTaxCalculation"]) == (
        100,
        {"TotalTax": 0},
        "NotApplicable",
    )


def test_row_25_with_tax_switched_off_no_code_is_wanted(box, open_books):
    there = open_books(country="GB")
    box.change("sandbox", there.realm, "Preferences", sales_tax=False)
    assert there.post("invoice", coded(there, (100, None, {})))["TotalAmt"] == 100


@pytest.mark.parametrize(
    ("country", "code", "percent", "tax"),
    [
        ("GB", "2", 20, "20.00"),
        ("GB", "3", 5, "5.00"),
        ("GB", "4", 0, "0"),
        ("GB", "5", 0, "0"),
        ("DE", "2", 19, "19.00"),
        ("DE", "3", 7, "7.00"),
        ("CA", "2", 5, "5.00"),
        ("CA", "3", 13, "13.00"),
        ("AU", "2", 10, "10.00"),
        ("AU", "3", 0, "0"),
    ],
)
def test_tax_excluded_adds_the_rate(open_books, country, code, percent, tax):
    made = open_books(country=country)
    made = made.post("invoice", coded(made, (100, code, {})))
    assert made["TxnTaxDetail"]["TotalTax"] == D(tax)
    assert made["TotalAmt"] == 100 + D(tax)
    (line,) = made["TxnTaxDetail"]["TaxLine"]
    assert line["DetailType"] == "TaxLineDetail"
    assert line["TaxLineDetail"]["TaxPercent"] == percent
    assert line["TaxLineDetail"]["NetAmountTaxable"] == 100
    assert made["GlobalTaxCalculation"] == "TaxExcluded"


def test_a_code_of_two_rates_and_lines_of_several_codes(open_books):
    canada = open_books(country="CA")
    made = canada.post("invoice", coded(canada, (100, "4", {}), (50, "2", {}), (10, "6", {})))
    assert made["TxnTaxDetail"] == {
        "TotalTax": D("14.50"),
        "TaxLine": [
            {"Amount": D(amount), "DetailType": "TaxLineDetail", "TaxLineDetail": {
                "TaxRateRef": {"value": rate}, "PercentBased": True, "TaxPercent": percent, "NetAmountTaxable": D(net)}}
            for rate, percent, net, amount in (("1", 5, "150.00", "7.50"), ("3", 7, "100.00", "7.00"), ("5", 0, "10.00", "0"))
        ],
    }  # fmt: skip
    assert made["TotalAmt"] == D("174.50")


def test_tax_inclusive_lines_are_net_with_gross_beside(open_books):
    britain = open_books(country="GB")
    made = britain.post("invoice", coded(britain, (100, "2", {"Qty": 1, "UnitPrice": 100}), mode="TaxInclusive"))
    line = made["Line"][0]
    assert (line["Amount"], line["SalesItemLineDetail"]["TaxInclusiveAmt"]) == (D("83.33"), 100)
    assert line["SalesItemLineDetail"]["UnitPrice"] == D("83.33")
    assert (made["TxnTaxDetail"]["TotalTax"], made["TotalAmt"]) == (D("16.67"), 100)
    back = britain.post("invoice", {"Id": made["Id"], "SyncToken": "0", "sparse": True, "PrivateNote": "x"})
    assert (back["TotalAmt"], back["SyncToken"]) == (100, "1")
    again = [{"Id": "1", "DetailType": "SalesItemLineDetail", "Amount": 83.33, "SalesItemLineDetail": {
        "ItemRef": {"value": "3"}, "TaxCodeRef": {"value": "2"}, "Qty": 1, "UnitPrice": 83.33, "TaxInclusiveAmt": 100}}]  # fmt: skip
    same = britain.post("invoice", {"Id": made["Id"], "SyncToken": "1", "sparse": True, "Line": again})
    assert (same["TotalAmt"], same["SyncToken"]) == (100, "1")
    again[0]["SalesItemLineDetail"]["TaxInclusiveAmt"] = 150
    assert (
        britain.refused("invoice", {"Id": made["Id"], "SyncToken": "1", "sparse": True, "Line": again})["code"]
        == "6000"
    )
    other = {"Id": made["Id"], "SyncToken": "1", "sparse": True, "GlobalTaxCalculation": "TaxExcluded"}
    assert britain.refused("invoice", other)["element"] == "Line"


def test_tax_inclusive_amounts_add_up_to_the_cent(open_books):
    germany = open_books(country="DE")
    lines = [(amount, "2", {}) for amount in (9.99, 19.99, 0.01)]
    made = germany.post("invoice", coded(germany, *lines, mode="TaxInclusive"))
    assert made["TotalAmt"] == D("29.99")
    assert made["Line"][-1]["Amount"] + made["TxnTaxDetail"]["TotalTax"] == D("29.99")


@pytest.mark.parametrize(
    ("lines", "mode", "code"),
    [
        ([(100, "99", {})], "TaxExcluded", "2500"),
        ([(100, "TAX", {})], "TaxExcluded", "2500"),
        ([(100, "2", {})], "Sometimes", "2170"),
    ],
)
def test_codes_and_modes_refused(open_books, lines, mode, code):
    britain = open_books(country="GB")
    assert britain.refused("invoice", coded(britain, *lines, mode=mode))["code"] == code


def test_the_mode_is_required_outside_the_us(open_books):
    britain = open_books(country="GB")
    body = coded(britain, (100, "2", {}))
    del body["GlobalTaxCalculation"]
    assert britain.refused("invoice", body)["element"] == "GlobalTaxCalculation"


def test_us_code_of_the_transaction(books):
    body = {
        "CustomerRef": {"value": "1"},
        "TxnTaxDetail": {"TxnTaxCodeRef": {"value": "2"}},
        "Line": [
            {
                "DetailType": "SalesItemLineDetail",
                "Amount": amount,
                "SalesItemLineDetail": {"ItemRef": {"value": "3"}, "TaxCodeRef": {"value": code}},
            }
            for amount, code in ((275, "TAX"), (12.75, "TAX"), (47.5, "TAX"), (90, "NON"))
        ],
    }
    made = books.post("invoice", body)
    assert made["TxnTaxDetail"] == {
        "TxnTaxCodeRef": {"value": "2"},
        "TotalTax": D("26.82"),
        "TaxLine": [{"Amount": D("26.82"), "DetailType": "TaxLineDetail", "TaxLineDetail": {
            "TaxRateRef": {"value": "3"}, "PercentBased": True, "TaxPercent": 8, "NetAmountTaxable": D("335.25")}}],
    }  # fmt: skip
    assert made["TotalAmt"] == D("452.07")
    changed = books.post("invoice", {"Id": made["Id"], "SyncToken": "0", "sparse": True, "Line": body["Line"][:1]})
    assert changed["TxnTaxDetail"]["TotalTax"] == 22
    override = books.post("invoice", body | {"TxnTaxDetail": {"TxnTaxCodeRef": {"value": "2"}, "TotalTax": 20}})
    assert (override["TxnTaxDetail"]["TotalTax"], override["TotalAmt"]) == (20, D("445.25"))
    assert books.refused("invoice", body | {"TxnTaxDetail": {"TxnTaxCodeRef": {"value": "77"}}})["code"] == "2500"


def test_us_tax_after_discount(books):
    body = {
        "CustomerRef": {"value": "1"},
        "ApplyTaxAfterDiscount": True,
        "TxnTaxDetail": {"TxnTaxCodeRef": {"value": "2"}},
        "Line": [
            {
                "DetailType": "SalesItemLineDetail",
                "Amount": 100,
                "SalesItemLineDetail": {"ItemRef": {"value": "3"}, "TaxCodeRef": {"value": "TAX"}},
            },
            {"DetailType": "DiscountLineDetail", "DiscountLineDetail": {"PercentBased": True, "DiscountPercent": 50}},
        ],
    }
    assert books.post("invoice", body)["TotalAmt"] == 54
    assert books.post("invoice", body | {"ApplyTaxAfterDiscount": False})["TotalAmt"] == 58
