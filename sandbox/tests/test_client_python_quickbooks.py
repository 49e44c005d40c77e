"""An independent client drives the sandbox unchanged: python-quickbooks 0.9.12, with its habits of sending empties."""

import warnings
from datetime import datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from urllib.parse import urlencode

import pytest
from quickbooks import QuickBooks
from quickbooks.batch import batch_create, batch_delete, batch_update
from quickbooks.cdc import change_data_capture
from quickbooks.exceptions import (
    AuthorizationException,
    ObjectNotFoundException,
    QuickbooksException,
    UnsupportedException,
    ValidationException,
)
from quickbooks.objects import (
    Account,
    Address,
    CompanyInfo,
    Customer,
    EmailAddress,
    Employee,
    Estimate,
    Invoice,
    Item,
    LinkedTxn,
    Payment,
    PaymentLine,
    Preferences,
    Ref,
    SalesItemLine,
    SalesItemLineDetail,
    SalesReceipt,
    TaxCode,
    TaxRate,
    Term,
    Vendor,
)
from quickbooks.objects.base import CustomerMemo
from quickbooks.objects.companycurrency import CompanyCurrency
from quickbooks.objects.exchangerate import ExchangeRate
from quickbooks.objects.taxservice import TaxRateDetails, TaxService


class Session:
    """What the library wants of an OAuth session, over the tests' own HTTP client."""

    def __init__(self, http, token):
        self.http, self.access_token = http, token

    def request(self, method, url, headers, params, data):
        joined = f"{url}{'&' if '?' in url else '?'}{urlencode(params)}"
        return self.http.request(method, joined, headers=headers, content=data or b"")


@pytest.fixture
def client_of(monkeypatch, box, http):
    """`client_of(books)` is the library's client of a company."""

    def make(books):
        monkeypatch.setattr(QuickBooks, "sandbox_api_url_v3", f"{box.quickbooks_url('sandbox')}/v3")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            client = QuickBooks(company_id=books.realm, minorversion=75)
        client.sandbox = True
        client.session = Session(http, books.token)
        return client

    return make


@pytest.fixture
def client(client_of, books):
    return client_of(books)


def reference(value):
    made = Ref()
    made.value = value
    return made


def line_of(amount, item="3", qty=0, price=0):
    line = SalesItemLine()
    line.Amount = amount
    line.Description = "Work"
    line.SalesItemLineDetail = SalesItemLineDetail()
    line.SalesItemLineDetail.ItemRef = reference(item)
    line.SalesItemLineDetail.Qty = qty
    line.SalesItemLineDetail.UnitPrice = price
    return line


def invoice_of(customer, *lines):
    invoice = Invoice()
    invoice.CustomerRef = customer.to_ref()
    invoice.Line = list(lines)
    invoice.CustomerMemo = CustomerMemo()
    invoice.CustomerMemo.value = "Thank you"
    return invoice


def payment_of(customer, invoice, amount):
    payment, part, link = Payment(), PaymentLine(), LinkedTxn()
    payment.CustomerRef, payment.TotalAmt, part.Amount = customer.to_ref(), amount, amount
    link.TxnId, link.TxnType = invoice.Id, "Invoice"
    part.LinkedTxn.append(link)
    payment.Line.append(part)
    return payment


@pytest.fixture
def customer(client):
    made = Customer()
    made.DisplayName = "O'Neil & Söhne"
    made.PrimaryEmailAddr = EmailAddress()
    made.PrimaryEmailAddr.Address = "pay@oneil.example"
    made.BillAddr = Address()
    made.BillAddr.Line1 = "1 Quay Road"
    return made.save(qb=client)


def test_customers_are_made_found_changed_and_switched_off(client, customer):
    assert customer.SyncToken == "0"
    assert customer.PrintOnCheckName == "O'Neil & Söhne"
    (found,) = Customer.filter(Active=True, DisplayName="O'Neil & Söhne", qb=client)
    assert found.Id == customer.Id
    assert Customer.choose([customer.Id, "1"], qb=client)[0].Id in {customer.Id, "1"}
    found.Notes = "changed"
    changed = found.save(qb=client)
    assert (changed.SyncToken, changed.Notes) == ("1", "changed")
    changed.Active = False
    off = changed.save(qb=client)
    assert off.DisplayName == "O'Neil & Söhne (deleted)"
    assert Customer.filter(Active=False, DisplayName=off.DisplayName, qb=client)[0].Id == customer.Id


def test_lists_are_read(client):
    assert len(Customer.all(qb=client)) == 11
    assert Customer.count(qb=client) == 11
    assert Item.count("Type = 'Service'", qb=client) == 6
    assert {item.Name for item in Item.all(qb=client)} >= {"Services", "Consulting"}
    assert Account.where("AccountType = 'Income'", order_by="Name", qb=client)[0].Name == "Design income"
    assert Term.get(3, qb=client).DueDays == 30
    assert [code.Id for code in TaxCode.all(qb=client)] == ["TAX", "NON", "2"]
    assert CompanyInfo.all(qb=client)[0].CompanyName == "Bluebird Studio"
    assert Preferences.get(qb=client).CurrencyPrefs.HomeCurrency.value == "USD"
    assert Vendor.all(qb=client)[0].DisplayName == "Cascade Office Supplies"


def test_items_are_made(client):
    item = Item()
    item.Name, item.Type = "AttiBooks Services", "Service"
    item.IncomeAccountRef = reference("79")
    made = item.save(qb=client)
    assert (made.Name, made.IncomeAccountRef.name) == ("AttiBooks Services", "Sales of Product Income")


def test_the_life_of_an_invoice(box, client, customer):
    made = invoice_of(customer, line_of(1861.08, qty=128.35, price=14.5)).save(qb=client, request_id="job-1")
    assert (made.DocNumber, made.TotalAmt, made.Balance) == ("1004", 1861.08, 1861.08)
    assert invoice_of(customer, line_of(5)).save(qb=client, request_id="job-1").Id == made.Id
    read = Invoice.get(made.Id, qb=client)
    assert read.CustomerMemo.value == "Thank you"
    read.DueDate = "2027-02-01"
    read.Line.append(line_of(10))
    changed = read.save(qb=client)
    assert (changed.SyncToken, changed.DueDate, changed.TotalAmt) == ("1", "2027-02-01", 1871.08)
    assert [line.Id for line in changed.Line] == ["1", "2", None]
    sent = changed.send(qb=client, send_to="pay@oneil.example")
    assert sent["Invoice"]["EmailStatus"] == "EmailSent"
    changed.void(qb=client)
    assert Invoice.get(made.Id, qb=client).PrivateNote == "Voided"
    other = invoice_of(customer, line_of(10)).save(qb=client)
    other.delete(qb=client)
    with pytest.raises(ObjectNotFoundException):
        Invoice.get(other.Id, qb=client)
    assert Invoice.count(qb=client) == 4


def test_saving_what_was_read_changes_nothing(client, customer):
    made = invoice_of(customer, line_of(100)).save(qb=client)
    again = Invoice.get(made.Id, qb=client).save(qb=client)
    assert again.SyncToken == made.SyncToken


def test_payments(client, customer):
    invoice = invoice_of(customer, line_of(100)).save(qb=client)
    payment = payment_of(customer, invoice, 60)
    made = payment.save(qb=client)
    assert made.UnappliedAmt == 0
    read = Invoice.get(invoice.Id, qb=client)
    assert (read.Balance, read.LinkedTxn[0].TxnId) == (40, made.Id)
    assert Payment.filter(CustomerRef=customer.Id, qb=client)[0].Id == made.Id


def test_decimals(client, customer):
    client.use_decimal = True
    made = invoice_of(customer, line_of(Decimal("33.33"), qty=Decimal(3), price=Decimal("11.11"))).save(qb=client)
    assert made.TotalAmt == Decimal("33.33")


def test_its_exceptions(client, customer, box):
    with pytest.raises(QuickbooksException, match="Amount calculation incorrect"):
        invoice_of(customer, line_of(1, qty=2, price=3)).save(qb=client)
    with pytest.raises(ValidationException, match="Required param"):
        invoice_of(SimpleNamespace(to_ref=lambda: None), line_of(1)).save(qb=client)
    with pytest.raises(ObjectNotFoundException):
        Customer.get("999", qb=client)
    twin = Customer()
    twin.DisplayName = customer.DisplayName
    with pytest.raises(QuickbooksException) as caught:
        twin.save(qb=client)
    assert caught.value.error_code == 6240
    box.faults.add("quickbooks", "status", status=429)
    with pytest.raises(ValidationException) as caught:
        Customer.get("1", qb=client)
    assert caught.value.error_code == 3001
    box.token("quickbooks", access_token=client.session.access_token, active=False)
    with pytest.raises(AuthorizationException):
        Customer.get("1", qb=client)


def named(kind, name):
    made = kind()
    made.DisplayName = name
    return made


def test_python_quickbooks_change_data_capture(client, customer):
    since = datetime.now() - timedelta(days=2)
    invoice = invoice_of(customer, line_of(100)).save(qb=client)
    gone = invoice_of(customer, line_of(5)).save(qb=client)
    gone.delete(qb=client)
    changes = change_data_capture([Invoice, Customer, Payment], since, qb=client)
    assert [(each.Id, getattr(each, "status", None)) for each in changes.Invoice] == [
        (invoice.Id, None),
        (gone.Id, "Deleted"),
    ]
    assert [each.Id for each in changes.Customer] == [customer.Id]
    assert not hasattr(changes, "Payment")
    later = change_data_capture([Invoice], "2036-01-01T00:00:00Z", qb=client)
    assert not hasattr(later, "Invoice")


def test_python_quickbooks_batches(client):
    made = batch_create([named(Customer, f"Batch {number}") for number in range(32)], qb=client)
    assert (len(made.successes), len(made.faults)) == (32, 0)
    assert {each.DisplayName for each in made.successes} == {f"Batch {number}" for number in range(32)}
    twice = batch_create([named(Customer, "Batch 1"), named(Customer, "Batch 99")], qb=client)
    assert [each.DisplayName for each in twice.successes] == ["Batch 99"]
    (fault,) = twice.faults
    assert (fault.Error[0].code, fault.original_object.DisplayName) == ("6240", "Batch 1")
    first = made.successes[0]
    first.Notes = "changed"
    changed = batch_update([first], qb=client).successes[0]
    assert (changed.SyncToken, changed.Notes) == ("1", "changed")


def test_python_quickbooks_batch_of_deletes(client, customer):
    invoices = [invoice_of(customer, line_of(5)).save(qb=client) for _ in range(3)]
    answer = batch_delete(invoices, qb=client)
    assert {each.status for each in answer.successes} == {"Deleted"}
    again = batch_delete(invoices, qb=client)
    assert {each.Error[0].code for each in again.faults} == {"610"}


def test_python_quickbooks_documents(client, customer):
    invoice = invoice_of(customer, line_of(100)).save(qb=client)
    pdf = invoice.download_pdf(qb=client)
    assert pdf.startswith(b"%PDF-1.4")
    assert f"(Invoice {invoice.DocNumber}) Tj".encode() in pdf
    invoice.Id = "99999"
    with pytest.raises(QuickbooksException):
        invoice.download_pdf(qb=client)


def test_python_quickbooks_payments_are_changed_voided_and_deleted(client, customer):
    invoice = invoice_of(customer, line_of(100)).save(qb=client)

    def state():
        read = Invoice.get(invoice.Id, qb=client)
        return read.Balance, [link.TxnId for link in read.LinkedTxn]

    payment = payment_of(customer, invoice, 60).save(qb=client)
    assert state() == (40, [payment.Id])
    payment.TotalAmt = payment.Line[0].Amount = 90
    changed = payment.save(qb=client)
    assert (changed.TotalAmt, changed.SyncToken, state()) == (90, "1", (10, [payment.Id]))
    voided = changed.void(qb=client)["Payment"]
    assert (voided["TotalAmt"], voided["PrivateNote"], state()) == (0, "Voided", (100, []))
    other = payment_of(customer, invoice, 100).save(qb=client)
    assert state()[0] == 0
    other.delete(qb=client)
    assert state() == (100, [])
    with pytest.raises(ObjectNotFoundException):
        Payment.get(other.Id, qb=client)
    assert Payment.count(f"CustomerRef = '{customer.Id}'", qb=client) == 1


def test_python_quickbooks_vendors_employees_items(client):
    vendor = named(Vendor, "Paper Mill").save(qb=client)
    vendor.AcctNum = "77"
    assert vendor.save(qb=client).SyncToken == "1"
    employee = Employee()
    employee.GivenName, employee.FamilyName = "Noor", "Haddad"
    made = employee.save(qb=client)
    assert Employee.get(made.Id, qb=client).DisplayName == "Noor Haddad"
    assert Vendor.filter(DisplayName="Paper Mill", qb=client)[0].AcctNum == "77"
    item = Item.get("3", qb=client)
    item.Description = "By the hour"
    assert item.save(qb=client).SyncToken == "1"


def test_python_quickbooks_accounts_and_terms(client):
    account = Account()
    account.Name, account.AccountSubType = "Retainers", "ServiceFeeIncome"
    made = account.save(qb=client)
    assert (made.AccountType, made.Classification, made.FullyQualifiedName) == ("Income", "Revenue", "Retainers")
    made.Description = "d"
    assert made.save(qb=client).SyncToken == "1"
    made = Account.get(made.Id, qb=client)
    made.Active = False
    assert made.save(qb=client).Name == "Retainers (deleted)"
    term = Term()
    term.Name, term.DueDays = "Net 7", 7
    made = term.save(qb=client)
    assert (made.Type, made.DueDays) == ("STANDARD", 7)
    made.DueDays = 8
    assert made.save(qb=client).SyncToken == "1"
    assert Term.filter(Name="Net 7", qb=client)[0].DueDays == 8


def test_python_quickbooks_tax_codes(client):
    service, detail = TaxService(), TaxRateDetails()
    detail.TaxRateName, detail.RateValue, detail.TaxAgencyId = "Seven", 7, "1"
    service.TaxCode, service.TaxRateDetails = "Seven", [detail]
    made = service.save(qb=client)
    code = TaxCode.get(made.TaxCodeId, qb=client)
    assert (code.Name, made.TaxRateDetails[0].TaxRateName) == ("Seven", "Seven")
    assert TaxRate.get(code.SalesTaxRateList.TaxRateDetail[0].TaxRateRef.value, qb=client).RateValue == 7


def test_python_quickbooks_sales_receipts_and_estimates(client, customer):
    receipt = SalesReceipt()
    receipt.Line = [line_of(337.5, item="4", qty=4.5, price=75)]
    made = receipt.save(qb=client)
    assert (made.TotalAmt, made.Balance, made.DepositToAccountRef.name) == (337.5, 0, "Undeposited Funds")
    assert SalesReceipt.get(made.Id, qb=client).save(qb=client).SyncToken == "0"
    assert made.void(qb=client)["SalesReceipt"]["PrivateNote"] == "Voided"
    estimate = Estimate()
    estimate.CustomerRef, estimate.Line = customer.to_ref(), [line_of(10)]
    made = estimate.save(qb=client)
    assert made.TxnStatus == "Pending"
    assert b"(Estimate " in made.download_pdf(qb=client)
    made.delete(qb=client)
    assert Estimate.count(qb=client) == 0


def test_python_quickbooks_currencies(client_of, euro_books):
    euro_client = client_of(euro_books)
    assert {each.Code for each in CompanyCurrency.all(qb=euro_client)} >= {"EUR", "GBP"}
    url = f"{euro_client.api_url}/company/{euro_client.company_id}/exchangerate"
    rates = euro_client.get(url, params={"sourcecurrencycode": "EUR"})
    assert ExchangeRate.from_json(rates["ExchangeRate"]).TargetCurrencyCode == "USD"


def test_python_quickbooks_is_told_what_is_not_there(client):
    with pytest.raises(UnsupportedException):
        client.get(f"{client.api_url}/company/{client.company_id}/nothing/1", {})
