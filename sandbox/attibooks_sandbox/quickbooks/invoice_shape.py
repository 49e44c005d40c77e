"""The properties of invoices and their lines (reference: QuickBooks Online API, Invoice)."""

from __future__ import annotations

from attibooks_sandbox.quickbooks.shapes import (
    ADDRESS,
    COMMON,
    DAY,
    EMAIL,
    FLAG,
    IGNORED,
    NUMBER,
    REFERENCE,
    TEXT_4000,
    Each,
    Field,
    Identifier,
    Nested,
    Shape,
    Text,
    Unavailable,
    Word,
    Wrapped,
)

LINE_TYPES = ("SalesItemLineDetail", "SubTotalLineDetail", "DiscountLineDetail", "DescriptionOnly", "GroupLineDetail")
_LINKED = Each(Shape("LinkedTxn", {"TxnId": Identifier(), "TxnType": Text(30), "TxnLineId": IGNORED}))
_CUSTOM_FIELD = Each(
    Shape(
        "CustomField",
        {
            "DefinitionId": Identifier(),
            "StringValue": Text(4000),
            **dict.fromkeys(("Name", "Type", "BooleanValue", "DateValue", "NumberValue"), IGNORED),
        },
    )
)
_SALES_DETAIL = Nested(
    Shape(
        "SalesItemLineDetail",
        {
            "ItemRef": REFERENCE,
            "UnitPrice": NUMBER,
            "Qty": NUMBER,
            "TaxCodeRef": REFERENCE,
            "ServiceDate": DAY,
            "DiscountRate": NUMBER,
            "DiscountAmt": NUMBER,
            "TaxInclusiveAmt": NUMBER,
            **dict.fromkeys(("ItemAccountRef", "MarkupInfo", "UOMRef"), IGNORED),
            **dict.fromkeys(
                ("ClassRef", "PriceLevelRef", "RatePercent", "DeferredRevenue", "TaxClassificationRef"), Unavailable()
            ),
        },
    )
)
_DISCOUNT_DETAIL = Nested(
    Shape(
        "DiscountLineDetail",
        {
            "PercentBased": FLAG,
            "DiscountPercent": NUMBER,
            "DiscountAccountRef": REFERENCE,
            "Discount": IGNORED,
            **dict.fromkeys(("ClassRef", "TaxCodeRef"), Unavailable()),
        },
    )
)
LINE = Shape(
    "Line",
    {
        "Id": Identifier(),
        "LineNum": IGNORED,
        "Description": TEXT_4000,
        "Amount": NUMBER,
        "DetailType": Word(LINE_TYPES),
        "SalesItemLineDetail": _SALES_DETAIL,
        "DiscountLineDetail": _DISCOUNT_DETAIL,
        "LinkedTxn": _LINKED,
        **dict.fromkeys(
            ("SubTotalLineDetail", "DescriptionLineDetail", "CustomField", "CustomExtensions", "Received", "LineEx"),
            IGNORED,
        ),
        "GroupLineDetail": Unavailable(),
    },
)
_TAX_LINE = Shape("Line", {"Amount": NUMBER, "DetailType": Word(("TaxLineDetail",)), "TaxLineDetail": IGNORED})
_TAX_DETAIL = Nested(
    Shape(
        "TxnTaxDetail",
        {
            "TxnTaxCodeRef": REFERENCE,
            "TotalTax": NUMBER,
            "TaxLine": Each(_TAX_LINE),
            **dict.fromkeys(("DefaultTaxCodeRef", "TaxReviewStatus"), IGNORED),
        },
    )
)
READ_ONLY = (
    "TotalAmt", "HomeTotalAmt", "Balance", "HomeBalance", "DeliveryInfo", "InvoiceLink", "FreeFormAddress", "InvoiceEx",
    "TxnSource", "TxnStatus", "invoiceStatus", "invoiceStatusLog", "callToAction", "EInvoiceStatus",
    "ECloudStatusTimeStamp",
    "RecurringInfo", "TaxFormType", "TaxFormNum", "Tag", "TxnApprovalInfo", "PaymentDetailsMessage",
    "AllowOnlinePayment",
    "ConvenienceFeeDetail", "DiscountAmt", "FinanceCharge", "CreditCardPayment", "CheckPayment", "PaymentType",
    "TemplateRef",
)  # fmt: skip
LEFT_OUT = (
    "ClassRef", "DepartmentRef", "ProjectRef", "RecurDataRef", "TaxExemptionRef", "SalesRepRef", "RemitToRef",
    "PaymentMethodRef",
    "ARAccountRef", "DiscountRate", "LessCIS", "GovtTxnRefIdentifier", "TransactionLocationType",
)  # fmt: skip
_MEMO = Wrapped("value", Text(1000), entity="MemoRef")
HEADER: dict[str, Field] = {
    "DocNumber": Text(21),
    "AutoDocNumber": FLAG,
    "TxnDate": DAY,
    "CurrencyRef": REFERENCE,
    "ExchangeRate": NUMBER,
    "PrivateNote": TEXT_4000,
    "LinkedTxn": _LINKED,
    "Line": Each(LINE),
    "TxnTaxDetail": _TAX_DETAIL,
    "GlobalTaxCalculation": Word(("TaxExcluded", "TaxInclusive", "NotApplicable")),
    "CustomerRef": REFERENCE,
    "CustomerMemo": _MEMO,
    "BillAddr": ADDRESS,
    "ShipAddr": ADDRESS,
    "ShipFromAddr": ADDRESS,
    "SalesTermRef": REFERENCE,
    "DueDate": DAY,
    "ShipMethodRef": REFERENCE,
    "ShipDate": DAY,
    "TrackingNum": Text(31),
    "PONumber": Text(15),
    "FOB": Text(15),
    "ApplyTaxAfterDiscount": FLAG,
    "PrintStatus": Word(("NotSet", "NeedToPrint", "PrintComplete")),
    "EmailStatus": Word(("NotSet", "NeedToSend", "EmailSent")),
    "BillEmail": EMAIL,
    "BillEmailCc": EMAIL,
    "BillEmailBcc": EMAIL,
    "Deposit": NUMBER,
    "DepositToAccountRef": REFERENCE,
    "PaymentRefNum": Text(21),
    "AllowIPNPayment": FLAG,
    "AllowOnlineCreditCardPayment": FLAG,
    "AllowOnlineACHPayment": FLAG,
    "CustomField": _CUSTOM_FIELD,
}
INVOICE = Shape(
    "Invoice",
    {**COMMON, **HEADER, **dict.fromkeys(READ_ONLY, IGNORED), **dict.fromkeys(LEFT_OUT, Unavailable())},
)
