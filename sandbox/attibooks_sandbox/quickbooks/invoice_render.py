"""How an invoice reads: keys in the order of recorded answers (reference: QuickBooks Online API, Invoice fields)."""

from __future__ import annotations

import hashlib
from decimal import Decimal
from typing import Literal

from attibooks_sandbox.quickbooks.company import Company
from attibooks_sandbox.quickbooks.invoice_header import ship_from
from attibooks_sandbox.quickbooks.model import CENT, Discount, Invoice, Line, SalesLine, Tax, TextLine
from attibooks_sandbox.quickbooks.wire import Wire, currency_reference, money, present, reference, second_text, stamp

Form = Literal["full", "queried", "older"]


def render_invoice(company: Company, invoice: Invoice, form: Form = "full") -> Wire:
    """Return an invoice; `queried` leaves out the link, `older` is the reduced shape in which `send` answers."""
    header, profile = invoice.header, company.profile
    newer = form != "older"
    modified_by = profile.user_id if newer else None
    return present(
        {
            "Deposit": header.get("Deposit"),
            "AllowIPNPayment": header.get("AllowIPNPayment", False),
            "AllowOnlinePayment": False,
            "AllowOnlineCreditCardPayment": _online(company, header, "AllowOnlineCreditCardPayment"),
            "AllowOnlineACHPayment": _online(company, header, "AllowOnlineACHPayment"),
            "InvoiceLink": invoice_link(company, invoice) if form == "full" else None,
            **stamp(invoice.id, invoice.token, invoice.created, invoice.updated, modified_by),
            "CustomField": _custom_fields(company, header),
            "DocNumber": invoice.number,
            "TxnDate": header["TxnDate"],
            "CurrencyRef": currency_reference(str(header["CurrencyRef"])),
            "ExchangeRate": _rate(header) if profile.multicurrency else None,
            "PrivateNote": header.get("PrivateNote"),
            "LinkedTxn": [{"TxnId": txn_id, "TxnType": kind} for txn_id, kind in invoice.links],
            "Line": _lines(company, invoice, newer=newer),
            "TxnTaxDetail": _tax(invoice.tax),
            "CustomerRef": _customer(company, invoice.customer_id),
            "CustomerMemo": _value(header, "CustomerMemo"),
            "BillAddr": header.get("BillAddr"),
            "ShipAddr": header.get("ShipAddr"),
            "FreeFormAddress": True if newer else None,
            "ShipFromAddr": header.get("ShipFromAddr") or ship_from(profile),
            "SalesTermRef": _term(company, header),
            "DueDate": header["DueDate"],
            "ShipMethodRef": _reference(header, "ShipMethodRef"),
            "ShipDate": header.get("ShipDate"),
            "TrackingNum": header.get("TrackingNum"),
            "PONumber": header.get("PONumber"),
            "GlobalTaxCalculation": None if profile.is_us else header.get("GlobalTaxCalculation"),
            "TotalAmt": money(invoice.total),
            "HomeTotalAmt": _home(invoice.total, header) if profile.multicurrency else None,
            "ApplyTaxAfterDiscount": header.get("ApplyTaxAfterDiscount", False),
            "PrintStatus": header.get("PrintStatus", "NeedToPrint"),
            "EmailStatus": header.get("EmailStatus", "NotSet"),
            **{name: _email(header, name) for name in ("BillEmail", "BillEmailCc", "BillEmailBcc")},
            "Balance": money(invoice.balance),
            "HomeBalance": _home(invoice.balance, header) if profile.multicurrency else None,
            "DepositToAccountRef": _reference(header, "DepositToAccountRef"),
            "DeliveryInfo": _delivery(invoice),
        }
    )


def _online(company: Company, header: dict[str, object], name: str) -> object:
    return header.get(name, company.profile.online_payments)


def invoice_link(company: Company, invoice: Invoice) -> str | None:
    """Return the customer's link: only with online payment and an address to mail to."""
    header = invoice.header
    payable = any(_online(company, header, f"AllowOnline{way}Payment") for way in ("CreditCard", "ACH"))
    if not payable or "BillEmail" not in header:
        return None
    secret = hashlib.sha384(f"{company.profile.realm}:{invoice.id}".encode()).hexdigest()
    return f"https://developer.intuit.com/comingSoonview/scs-v1-{secret}?locale=en_US&cta=v3invoicelink"


def _custom_fields(company: Company, header: dict[str, object]) -> list[Wire]:
    held = header.get("CustomField")
    values = held if isinstance(held, dict) else {}
    return [
        present(
            {"DefinitionId": str(number), "Name": name, "Type": "StringType", "StringValue": values.get(str(number))}
        )
        for number, name in enumerate(company.profile.custom_fields, start=1)
    ]


def _rate(header: dict[str, object]) -> object:
    return header.get("ExchangeRate", 1)


def _home(amount: Decimal, header: dict[str, object]) -> Decimal | int:
    rate = _rate(header)
    assert isinstance(rate, Decimal | int)
    return money((amount * rate).quantize(CENT))


def _customer(company: Company, customer_id: str) -> Wire:
    """Return the reference with the customer's present name, on old invoices too."""
    customer = company.find("Customer", customer_id)
    return reference(customer_id, None if customer is None else customer.text("DisplayName"))


def _value(header: dict[str, object], name: str) -> Wire | None:
    return {"value": header[name]} if name in header else None


def _reference(header: dict[str, object], name: str) -> Wire | None:
    return reference(str(header[name])) if name in header else None


def _email(header: dict[str, object], name: str) -> Wire | None:
    return {"Address": header[name]} if name in header else None


def _term(company: Company, header: dict[str, object]) -> Wire | None:
    if "SalesTermRef" not in header:
        return None
    term = company.find("Term", str(header["SalesTermRef"]))
    return reference(str(header["SalesTermRef"]), None if term is None else term.text("Name"))


def _delivery(invoice: Invoice) -> Wire | None:
    if invoice.sent_at is not None:
        return {"DeliveryType": "Email", "DeliveryTime": second_text(invoice.sent_at)}
    return {"DeliveryType": "Email"} if invoice.header.get("EmailStatus") == "NeedToSend" else None


def _lines(company: Company, invoice: Invoice, *, newer: bool) -> list[Wire]:
    lines = [
        _line(company, line, number, voided=invoice.voided, newer=newer)
        for number, line in enumerate(invoice.lines, start=1)
    ]
    subtotal: Wire = {"Amount": money(invoice.subtotal), "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {}}
    return [*lines, subtotal] + ([] if invoice.discount is None else [_discount(company, invoice.discount)])


def _line(company: Company, line: Line, number: int, *, voided: bool, newer: bool) -> Wire:
    if isinstance(line, TextLine):
        return present(
            {
                "Id": line.id,
                "LineNum": number,
                "Description": line.description,
                "DetailType": "DescriptionOnly",
                "DescriptionLineDetail": {},
                "CustomExtensions": [],
            }
        )
    return present(
        {
            "Id": line.id,
            "LineNum": number,
            "Description": line.description,
            "Amount": money(line.amount),
            "DetailType": "SalesItemLineDetail",
            "SalesItemLineDetail": _sales_detail(company, line, voided=voided, newer=newer),
            "CustomExtensions": [],
        }
    )


def _sales_detail(company: Company, line: SalesLine, *, voided: bool, newer: bool) -> Wire:
    item = company.find("Item", line.item_id)
    account = None if item is None or voided or not newer else _item_account(company, item.text("IncomeAccountRef"))
    extra = line.extra or {}
    return present(
        {
            "ServiceDate": extra.get("ServiceDate"),
            "DiscountRate": extra.get("DiscountRate"),
            "DiscountAmt": extra.get("DiscountAmt"),
            "ItemRef": reference(line.item_id, None if item is None else item.text("Name")),
            "UnitPrice": line.unit_price,
            "Qty": line.qty,
            "ItemAccountRef": account,
            "TaxCodeRef": None if line.tax_code is None else reference(line.tax_code),
            "TaxInclusiveAmt": None if line.gross is None else money(line.gross),
        }
    )


def _item_account(company: Company, account_id: str) -> Wire | None:
    account = company.find("Account", account_id)
    return None if account is None else reference(account_id, company.full_name(account))


def _discount(company: Company, discount: Discount) -> Wire:
    account = company.find("Account", discount.account_id)
    name = None if account is None else company.full_name(account)
    return {
        "Amount": money(discount.amount),
        "DetailType": "DiscountLineDetail",
        "DiscountLineDetail": present(
            {
                "PercentBased": discount.percent is not None,
                "DiscountPercent": discount.percent,
                "DiscountAccountRef": reference(discount.account_id, name),
            }
        ),
    }


def _tax(tax: Tax) -> Wire:
    body: Wire = {} if tax.code_id is None else {"TxnTaxCodeRef": reference(tax.code_id)}
    body["TotalTax"] = money(tax.total)
    if tax.lines:
        body["TaxLine"] = [
            {
                "Amount": money(line.amount),
                "DetailType": "TaxLineDetail",
                "TaxLineDetail": {
                    "TaxRateRef": reference(line.rate_id),
                    "PercentBased": True,
                    "TaxPercent": line.percent,
                    "NetAmountTaxable": money(line.net),
                },
            }
            for line in tax.lines
        ]
    return body
