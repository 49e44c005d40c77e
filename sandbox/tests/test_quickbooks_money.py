"""What is beside the invoice: payments changed, voided and deleted, PDF, accounts, terms, tax codes, odd voids."""

import re

import pytest


def pay(invoice, amount, **fields):
    line = {"Amount": amount, "LinkedTxn": [{"TxnId": invoice["Id"], "TxnType": "Invoice"}]}
    return {"CustomerRef": invoice["CustomerRef"], "TotalAmt": amount, "Line": [line]} | fields


def read(books, kind, entity_id):
    (found,) = [value for key, value in books.get(f"{kind}/{entity_id}").items() if key != "time"]
    return found


def balance(books, customer="1"):
    return read(books, "customer", customer)["Balance"]


@pytest.fixture
def paid(box, books):
    """An invoice of 100 with 60 paid on it, and its payment."""
    box.clock.freeze("2026-11-23T08:00:00Z")
    invoice = books.invoice()
    return invoice, books.post("payment", pay(invoice, 60))


def test_row_21_a_payment_is_changed_and_the_invoice_with_it(books, paid):
    invoice, payment = paid
    changed = books.post("payment", pay(invoice, 90) | {"Id": payment["Id"], "SyncToken": "0"})
    assert (changed["TotalAmt"], changed["UnappliedAmt"], changed["SyncToken"]) == (90, 0, "1")
    after = read(books, "invoice", invoice["Id"])
    assert (after["Balance"], after["SyncToken"]) == (10, "2")
    assert after["LinkedTxn"] == [{"TxnId": payment["Id"], "TxnType": "Payment"}]
    assert balance(books) == 10


def test_row_21_a_sparse_change_keeps_the_lines(books, paid):
    invoice, payment = paid
    body = {"Id": payment["Id"], "SyncToken": "0", "sparse": True, "PrivateNote": "by cheque"}
    changed = books.post("payment", body)
    assert (changed["PrivateNote"], changed["TotalAmt"], changed["Line"]) == ("by cheque", 60, payment["Line"])
    assert read(books, "invoice", invoice["Id"])["SyncToken"] == "1"
    more = books.post("payment", body | {"SyncToken": "1", "TotalAmt": 80})
    assert (more["TotalAmt"], more["UnappliedAmt"], balance(books)) == (80, 20, 20)


def test_row_21_lines_left_out_of_a_full_change_are_open_again(books, paid):
    invoice, payment = paid
    body = {"Id": payment["Id"], "SyncToken": "0", "CustomerRef": {"value": "1"}, "TotalAmt": 60}
    changed = books.post("payment", body)
    assert (changed["Line"], changed["UnappliedAmt"]) == ([], 60)
    after = read(books, "invoice", invoice["Id"])
    assert (after["Balance"], after["LinkedTxn"], after["SyncToken"], balance(books)) == (100, [], "2", 40)


def test_row_21_a_payment_moves_to_another_invoice(books, paid):
    invoice, payment = paid
    other = books.invoice("200")
    books.post("payment", pay(other, 60) | {"Id": payment["Id"], "SyncToken": "0"})
    assert read(books, "invoice", invoice["Id"])["Balance"] == 100
    assert read(books, "invoice", other["Id"])["Balance"] == 140
    assert balance(books) == 240


def test_row_14_a_payment_sent_back_as_it_was_read_stays_as_it_is(box, books, paid):
    invoice, payment = paid
    box.clock.advance(60)
    as_read = books.call("GET", f"payment/{payment['Id']}").json()["Payment"]
    assert books.post("payment", as_read) == payment
    assert read(books, "invoice", invoice["Id"])["SyncToken"] == "1"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"SyncToken": "5"}, "5010"),
        ({"Id": "999"}, "610"),
        ({"TotalAmt": 50}, "6000"),
        ({"TotalAmt": None}, "2020"),
        ({"CustomerRef": {"value": "2"}}, "6000"),
    ],
)
def test_row_21_changes_of_payments_refused(box, books, paid, change, code):
    invoice, payment = paid
    before = box.state(service="quickbooks")["quickbooks"]
    body = pay(invoice, 60) | {"Id": payment["Id"], "SyncToken": "0"} | change
    assert books.refused("payment", {name: each for name, each in body.items() if each is not None})["code"] == code
    assert box.state(service="quickbooks")["quickbooks"] == before


def test_row_21_more_than_is_open_cannot_be_paid_by_a_change(books, paid):
    invoice, payment = paid
    books.post("payment", pay(invoice, 100) | {"Id": payment["Id"], "SyncToken": "0"})
    assert books.refused("payment", pay(invoice, 101) | {"Id": payment["Id"], "SyncToken": "1"})["code"] == "6000"


def test_row_16_a_voided_payment_is_empty_and_the_invoice_open_again(box, books, paid):
    invoice, payment = paid
    body = {"Id": payment["Id"], "SyncToken": "0", "sparse": True}
    voided = books.post("payment", body, params={"operation": "update", "include": "void"})
    assert (voided["TotalAmt"], voided["UnappliedAmt"], voided["Line"], voided["PrivateNote"]) == (0, 0, [], "Voided")
    after = read(books, "invoice", invoice["Id"])
    assert (after["Balance"], after["LinkedTxn"], after["SyncToken"], balance(books)) == (100, [], "2", 100)
    again = books.post("payment", body | {"SyncToken": "1"}, params={"operation": "update", "include": "void"})
    assert again == voided
    assert books.refused("payment", body | {"SyncToken": "1"}, params={"operation": "void"})["code"] == "500"
    books.post("invoice", {"Id": invoice["Id"], "SyncToken": "2"}, params={"operation": "void"})


def test_row_18_a_deleted_payment_leaves_a_stub_and_the_invoice_open(box, books, paid):
    invoice, payment = paid
    box.clock.advance(60)
    gone = books.post("payment", {"Id": payment["Id"], "SyncToken": "0"}, params={"operation": "delete"})
    assert gone == {"domain": "QBO", "status": "Deleted", "Id": payment["Id"]}
    assert books.call("GET", f"payment/{payment['Id']}", status=400).json()["Fault"]["Error"][0]["code"] == "610"
    after = read(books, "invoice", invoice["Id"])
    assert (after["Balance"], after["LinkedTxn"], balance(books)) == (100, [], 100)
    groups = books.get("cdc", params={"entities": "Payment,Invoice", "changedSince": "2026-11-23T08:00:30Z"})
    tombstone = groups["CDCResponse"][0]["QueryResponse"][1]["Payment"][0]
    assert (tombstone["Id"], tombstone["status"]) == (payment["Id"], "Deleted")


def test_row_24_payments_of_a_closed_period_stay(box, books, paid):
    _, payment = paid
    box.change("sandbox", books.realm, "Preferences", close_date="2026-11-30")
    body = {"Id": payment["Id"], "SyncToken": "0"}
    for parameters in ({"operation": "update"}, {"include": "void"}, {"operation": "delete"}):
        assert books.refused("payment", body, params=parameters)["code"] == "6210"


# documents


def test_the_pdf_names_number_company_customer_and_total(open_books):
    german = open_books(country="DE")
    made = german.post(
        "invoice",
        german.invoice_body("1200", detail={"TaxCodeRef": {"value": "2"}})
        | {"CustomerRef": {"value": "7"}, "GlobalTaxCalculation": "TaxExcluded", "DocNumber": "RE (1)\\"},
    )
    answer = german.call("GET", f"invoice/{made['Id']}/pdf", headers={"Accept": "application/pdf"})
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["intuit_tid"]
    content = answer.content
    assert content.startswith(b"%PDF-1.4")
    for text in ("Lindenhof Beratung", "Invoice RE \\(1\\)\\\\", "Müller & Söhne GmbH", "Total EUR 1,428.00"):
        assert f"({text}) Tj".encode("cp1252") in content


def test_the_pdf_is_well_formed(books):
    content = books.call("GET", "invoice/1/pdf", params={"minorversion": "75"}).content
    start = int(re.search(rb"startxref\n(\d+)\n%%EOF\n$", content)[1])
    table = content[start:].split(b"\n")
    assert table[:3] == [b"xref", b"0 6", b"0000000000 65535 f "]
    for number, entry in enumerate(table[3:8], start=1):
        assert len(entry) + 1 == 20
        assert content[int(entry[:10]) :].startswith(b"%d 0 obj\n" % number)
    length, stream = re.search(rb"/Length (\d+) >>\nstream\n(.*?)endstream", content, re.DOTALL).groups()
    assert len(stream) == int(length)


@pytest.mark.parametrize(
    ("path", "code"), [("invoice/999/pdf", "610"), ("invoice/x/pdf", "2030"), ("item/1/pdf", "500")]
)
def test_documents_that_are_not_there(books, path, code):
    headers = {"Accept": "application/pdf, application/json"}
    assert books.call("GET", path, status=400, headers=headers).json()["Fault"]["Error"][0]["code"] == code


def test_row_19_the_void_of_a_bill_is_200_with_a_fault(books):
    answer = books.whole("POST", "bill", {"Id": "1", "SyncToken": "0"}, params={"operation": "void"})
    assert answer["Fault"] == {
        "Error": [
            {
                "Message": "An application error has occurred while processing your request",
                "Detail": "System Failure Error",
                "code": "10000",
                "element": "",
            }
        ],
        "type": "SystemFault",
    }


def test_row_19_the_void_of_a_journal_entry_is_an_empty_batch(books):
    answer = books.whole("POST", "journalentry", {"Id": "1", "SyncToken": "0"}, params={"operation": "void"})
    assert answer["BatchItemResponse"] == []
    assert set(answer) == {"BatchItemResponse", "time"}


def test_row_19_purchases_and_bill_payments_cannot_be_voided_so(books):
    for entity in ("purchase", "billpayment"):
        assert books.refused(entity, {"Id": "1", "SyncToken": "0"}, params={"operation": "void"})["code"] == "500"


# accounts, terms, taxes


def test_accounts_are_made_changed_and_put_out_of_use(books):
    made = books.post("account", {"Name": "Retainers", "AccountType": "Income", "AcctNum": "4010"})
    assert (made["Classification"], made["AccountSubType"], made["AcctNum"]) == (
        "Revenue",
        "SalesOfProductIncome",
        "4010",
    )
    assert set(made["MetaData"]) == {"CreateTime"}
    child = books.post(
        "account", {"Name": "Large", "AccountSubType": "SalesOfProductIncome", "ParentRef": {"value": made["Id"]}}
    )
    assert (child["AccountType"], child["SubAccount"], child["FullyQualifiedName"]) == (
        "Income",
        True,
        "Retainers:Large",
    )
    changed = books.post("account", {"Id": child["Id"], "SyncToken": "0", "sparse": True, "Description": "d"})
    assert (changed["SyncToken"], changed["Description"]) == ("1", "d")
    off = books.post("account", {"Id": child["Id"], "SyncToken": "1", "sparse": True, "Active": False})
    assert off["Name"] == "Large (deleted)"
    assert books.query("select * from Account where Name = 'Large (deleted)'") == {}
    found = books.query("select * from Account where Name = 'Large (deleted)' and Active = false")
    assert found["Account"][0]["Id"] == child["Id"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"AccountType": "Income"}, "2020"),
        ({"Name": "X"}, "6010"),
        ({"Name": "X", "AccountType": "Nothing"}, "2170"),
        ({"Name": "X", "AccountType": "Income", "AccountSubType": "Checking"}, "2170"),
        ({"Name": 'X"Y', "AccountType": "Income"}, "2040"),
        ({"Name": "X:Y", "AccountType": "Income"}, "2040"),
        ({"Name": "x" * 101, "AccountType": "Income"}, "2050"),
        ({"Name": "checking", "AccountType": "Bank"}, "6240"),
        ({"Name": "X", "AccountType": "Income", "ParentRef": {"value": "35"}}, "6000"),
        ({"Name": "X", "AccountType": "Income", "ParentRef": {"value": "999"}}, "2500"),
        ({"Name": "X", "AccountType": "Income", "CurrencyRef": {"value": "EUR"}}, "5030"),
        ({"Id": "1", "SyncToken": "4", "Name": "X", "AccountType": "Income"}, "5010"),
        ({"Id": "1", "SyncToken": "0", "sparse": True, "ParentRef": {"value": "1"}}, "900"),
    ],
)
def test_accounts_refused(books, body, code):
    assert books.refused("account", body)["code"] == code


def test_terms_are_made_changed_and_used(books):
    made = books.post("term", {"Name": "Net 7", "DueDays": "7", "DiscountPercent": 2, "DiscountDays": 3})
    assert (made["Type"], made["DueDays"], made["DiscountPercent"], made["DiscountDays"]) == ("STANDARD", 7, 2, 3)
    invoice = books.invoice(TxnDate="2026-11-02", SalesTermRef={"value": made["Id"]})
    assert (invoice["DueDate"], invoice["SalesTermRef"]["name"]) == ("2026-11-09", "Net 7")
    dated = books.post("term", {"Name": "On the 15th", "DayOfMonthDue": 15, "DueNextMonthDays": 5})
    assert dated["Type"] == "DATE_DRIVEN"
    assert books.invoice(TxnDate="2026-11-12", SalesTermRef={"value": dated["Id"]})["DueDate"] == "2026-12-15"
    off = books.post("term", {"Id": made["Id"], "SyncToken": "0", "sparse": True, "Active": False})
    assert off["Active"] is False
    assert books.refused("invoice", books.invoice_body(SalesTermRef={"value": made["Id"]}))["code"] == "610"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"DueDays": 5}, "2020"),
        ({"Name": "X"}, "2020"),
        ({"Name": "x" * 32, "DueDays": 5}, "2050"),
        ({"Name": "X", "DueDays": 1000}, "2080"),
        ({"Name": "X", "DueDays": 1.5}, "2080"),
        ({"Name": "X", "DayOfMonthDue": 32}, "2080"),
        ({"Name": "net 15", "DueDays": 15}, "6240"),
        ({"Id": "2", "SyncToken": "9", "sparse": True, "DueDays": 5}, "5010"),
    ],
)
def test_terms_refused(books, body, code):
    assert books.refused("term", body)["code"] == code


def test_tax_codes_are_made_by_the_tax_service_and_tax_invoices(open_books):
    british = open_books(country="GB")
    detail = {"TaxRateName": "12.5% T", "RateValue": "12.5", "TaxAgencyId": "1", "TaxApplicableOn": "Sales"}
    made = british.whole("POST", "taxservice/taxcode", {"TaxCode": "12.5% T", "TaxRateDetails": [detail]})
    assert set(made) == {"TaxCode", "TaxCodeId", "TaxRateDetails", "time"}
    (rate,) = made["TaxRateDetails"]
    assert read(british, "taxrate", rate["TaxRateId"])["RateValue"] == rate["RateValue"]
    code = read(british, "taxcode", made["TaxCodeId"])
    assert code["SalesTaxRateList"]["TaxRateDetail"][0]["TaxRateRef"]["value"] == rate["TaxRateId"]
    invoice = british.invoice(
        "80", detail={"TaxCodeRef": {"value": made["TaxCodeId"]}}, GlobalTaxCalculation="TaxExcluded"
    )
    assert invoice["TxnTaxDetail"]["TotalTax"] == 10
    both = {"TaxCode": "Both", "TaxRateDetails": [{"TaxRateId": "1"}, {"TaxRateId": rate["TaxRateId"]}]}
    other = british.whole("POST", "taxservice/taxcode", both)
    assert [each["TaxRateId"] for each in other["TaxRateDetails"]] == ["1", rate["TaxRateId"]]


NEW_RATE = {"TaxRateName": "N", "RateValue": 5, "TaxAgencyId": "1"}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ([], "2010"),
        ({"TaxRateDetails": [NEW_RATE]}, "2020"),
        ({"TaxCode": "N"}, "2020"),
        ({"TaxCode": "N", "TaxRateDetails": [{"TaxRateName": "N"}]}, "2020"),
        ({"TaxCode": "N", "TaxRateDetails": [NEW_RATE, {"TaxRateId": "99"}]}, "2500"),
        ({"TaxCode": "N", "TaxRateDetails": [NEW_RATE | {"TaxAgencyId": "9"}]}, "2500"),
        ({"TaxCode": "N", "TaxRateDetails": [NEW_RATE | {"RateValue": 101}]}, "2080"),
        ({"TaxCode": "N", "TaxRateDetails": [NEW_RATE | {"TaxApplicableOn": "Both"}]}, "2170"),
        ({"TaxCode": "N", "TaxRateDetails": [NEW_RATE | {"TaxRateName": "rhode island"}]}, "6240"),
        ({"TaxCode": "rhode island", "TaxRateDetails": [NEW_RATE]}, "6240"),
    ],
)
def test_tax_codes_refused(books, body, code):
    assert books.refused("taxservice/taxcode", body)["code"] == code
    assert books.query("select count(*) from TaxRate") == {"totalCount": 1}


def test_exchange_rates(books, euro_books):
    found = euro_books.get("exchangerate", params={"sourcecurrencycode": "EUR", "asofdate": "2026-11-23"})
    rate = found["ExchangeRate"]
    assert (rate["SourceCurrencyCode"], rate["TargetCurrencyCode"], rate["AsOfDate"]) == ("EUR", "USD", "2026-11-23")
    assert rate["Rate"] > 1
    for asked, code in (({}, "2020"), ({"sourcecurrencycode": "XXX"}, "2170")):
        answer = euro_books.call("GET", "exchangerate", params=asked, status=400)
        assert answer.json()["Fault"]["Error"][0]["code"] == code
    books.call("GET", "exchangerate", params={"sourcecurrencycode": "EUR"}, status=400)


# other sales forms


def receipt(**fields):
    detail = {"ItemRef": {"value": "4"}, "Qty": 4.5, "UnitPrice": 75}
    return {"Line": [{"Amount": 337.5, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail}]} | fields


def test_a_sales_receipt_needs_no_customer_and_owes_nothing(books):
    made = books.post("salesreceipt", receipt())
    assert (made["TotalAmt"], made["Balance"], made["SyncToken"]) == (337.5, 0, "0")
    assert made["DepositToAccountRef"] == {"value": "4", "name": "Undeposited Funds"}
    assert not {"CustomerRef", "DueDate", "LinkedTxn"} & set(made)
    named = books.post("salesreceipt", receipt(CustomerRef={"value": "1"}))
    assert named["CustomerRef"]["name"] == "Amy's Bird Sanctuary"
    assert balance(books) == 0
    assert int(named["Id"]) == int(made["Id"]) + 1 == int(books.invoice()["Id"]) - 1
    found = books.query("select * from SalesReceipt where TotalAmt > '300.00'")
    assert [each["Id"] for each in found["SalesReceipt"]] == [named["Id"], made["Id"]]


def test_a_sales_receipt_is_changed_voided_and_deleted(books):
    made = books.post("salesreceipt", receipt())
    changed = books.post("salesreceipt", receipt(Id=made["Id"], SyncToken="0", PrivateNote="n"))
    assert (changed["SyncToken"], changed["DocNumber"], changed["Line"][0]["Id"]) == ("1", made["DocNumber"], "2")
    assert books.refused("salesreceipt", receipt(Id=made["Id"], SyncToken="0"))["code"] == "5010"
    sparse = {"Id": made["Id"], "SyncToken": "1", "sparse": True}
    voided = books.post("salesreceipt", sparse, params={"operation": "update", "include": "void"})
    assert (voided["TotalAmt"], voided["PrivateNote"]) == (0, "Voided\nn")
    gone = books.post("salesreceipt", sparse | {"SyncToken": "2"}, params={"operation": "delete"})
    assert gone["status"] == "Deleted"
    books.call("GET", f"salesreceipt/{made['Id']}", status=400)


def test_an_estimate_is_made_read_changed_and_printed(books):
    assert books.refused("estimate", receipt())["code"] == "2020"
    made = books.post("estimate", receipt(CustomerRef={"value": "1"}))
    assert (made["TxnStatus"], made["LinkedTxn"], balance(books)) == ("Pending", [], 0)
    body = {"Id": made["Id"], "SyncToken": "0", "sparse": True, "TxnStatus": "Accepted", "ExpirationDate": "2026-12-31"}
    changed = books.post("estimate", body)
    assert (changed["TxnStatus"], changed["TotalAmt"]) == ("Accepted", 337.5)
    assert read(books, "estimate", made["Id"]) == changed
    as_read = books.call("GET", f"estimate/{made['Id']}").json()["Estimate"]
    assert books.post("estimate", as_read) == changed
    assert b"Estimate" in books.call("GET", f"estimate/{made['Id']}/pdf").content
    assert books.refused("estimate", body | {"SyncToken": "1"}, params={"operation": "void"})["code"] == "500"
