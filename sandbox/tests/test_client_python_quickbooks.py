"""An independent client drives the sandbox unchanged: python-quickbooks 0.9.12, with its habits of sending empties."""

import warnings
from decimal import Decimal
from types import SimpleNamespace
from urllib.parse import urlencode

import pytest
from quickbooks import QuickBooks
from quickbooks.exceptions import (
    AuthorizationException,
    ObjectNotFoundException,
    QuickbooksException,
    ValidationException,
)
from quickbooks.objects import (
    Account,
    Address,
    CompanyInfo,
    Customer,
    EmailAddress,
    Invoice,
    Item,
    LinkedTxn,
    Payment,
    PaymentLine,
    Preferences,
    Ref,
    SalesItemLine,
    SalesItemLineDetail,
    TaxCode,
    Term,
    Vendor,
)
from quickbooks.objects.base import CustomerMemo


class Session:
    """What the library wants of an OAuth session, over the tests' own HTTP client."""

    def __init__(self, http, token):
        self.http, self.access_token = http, token

    def request(self, method, url, headers, params, data):
        joined = f"{url}{'&' if '?' in url else '?'}{urlencode(params)}"
        return self.http.request(method, joined, headers=headers, content=data or b"")


@pytest.fixture
def client(monkeypatch, box, books, http):
    monkeypatch.setattr(QuickBooks, "sandbox_api_url_v3", f"{box.quickbooks_url('sandbox')}/v3")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        client = QuickBooks(company_id=books.realm, minorversion=75)
    client.sandbox = True
    client.session = Session(http, books.token)
    return client


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
    payment = Payment()
    payment.CustomerRef, payment.TotalAmt = customer.to_ref(), 60
    part = PaymentLine()
    part.Amount = 60
    link = LinkedTxn()
    link.TxnId, link.TxnType = invoice.Id, "Invoice"
    part.LinkedTxn.append(link)
    payment.Line.append(part)
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
