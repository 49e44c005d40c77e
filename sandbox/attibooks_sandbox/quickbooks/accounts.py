"""Accounts: the chart that money is booked by (reference: QuickBooks Online API, §4.3)."""

from __future__ import annotations

from datetime import datetime

from attibooks_sandbox.quickbooks import faults
from attibooks_sandbox.quickbooks.catalog import render_account
from attibooks_sandbox.quickbooks.company import Company, folded
from attibooks_sandbox.quickbooks.lists import create_entity, settle_name, update_entity
from attibooks_sandbox.quickbooks.model import Entity
from attibooks_sandbox.quickbooks.shapes import (
    COMMON,
    FLAG,
    IGNORED,
    REFERENCE,
    TEXT_4000,
    Cleaned,
    Shape,
    Text,
    Unavailable,
    Word,
)
from attibooks_sandbox.quickbooks.wire import Wire

# Of each type its classification and its subtypes, the one taken by default first.
_TYPES: dict[str, tuple[str, tuple[str, ...]]] = {
    "Bank": ("Asset", ("CashOnHand", "Checking", "MoneyMarket", "RentsHeldInTrust", "Savings", "TrustAccounts")),
    "Accounts Receivable": ("Asset", ("AccountsReceivable",)),
    "Other Current Asset": (
        "Asset",
        (
            "OtherCurrentAssets", "AllowanceForBadDebts", "DevelopmentCosts", "EmployeeCashAdvances", "Inventory",
            "PrepaidExpenses", "Retainage", "UndepositedFunds",
        ),
    ),
    "Fixed Asset": (
        "Asset",
        (
            "OtherFixedAssets", "AccumulatedDepreciation", "Buildings", "FurnitureAndFixtures", "Land",
            "LeaseholdImprovements", "MachineryAndEquipment", "Vehicles",
        ),
    ),
    "Other Asset": ("Asset", ("OtherLongTermAssets", "Goodwill", "LeaseBuyout", "Licenses", "SecurityDeposits")),
    "Accounts Payable": ("Liability", ("AccountsPayable",)),
    "Credit Card": ("Liability", ("CreditCard",)),
    "Other Current Liability": (
        "Liability",
        (
            "OtherCurrentLiabilities", "LineOfCredit", "LoanPayable", "PayrollClearing", "PayrollTaxPayable",
            "SalesTaxPayable",
        ),
    ),
    "Long Term Liability": ("Liability", ("OtherLongTermLiabilities", "NotesPayable", "ShareholderNotesPayable")),
    "Equity": ("Equity", ("OpeningBalanceEquity", "OwnersEquity", "PartnersEquity", "RetainedEarnings")),
    "Income": (
        "Revenue",
        (
            "SalesOfProductIncome", "DiscountsRefundsGiven", "NonProfitIncome", "OtherPrimaryIncome",
            "ServiceFeeIncome", "UnappliedCashPaymentIncome",
        ),
    ),
    "Other Income": (
        "Revenue", ("OtherMiscellaneousIncome", "DividendIncome", "InterestEarned", "OtherInvestmentIncome")
    ),
    "Cost of Goods Sold": (
        "Expense",
        (
            "SuppliesMaterialsCogs", "CostOfLaborCos", "EquipmentRentalCos", "OtherCostsOfServiceCos",
            "ShippingFreightDeliveryCos",
        ),
    ),
    "Expense": (
        "Expense",
        (
            "OtherMiscellaneousServiceCost", "AdvertisingPromotional", "Auto", "BankCharges", "Entertainment",
            "Insurance", "LegalProfessionalFees", "OfficeGeneralAdministrativeExpenses", "PayrollExpenses",
            "RentOrLeaseOfBuildings", "RepairMaintenance", "SuppliesMaterials", "TaxesPaid", "Travel", "Utilities",
        ),
    ),
    "Other Expense": (
        "Expense", ("OtherMiscellaneousExpense", "Depreciation", "ExchangeGainOrLoss", "PenaltiesSettlements")
    ),
}  # fmt: skip
_TYPE_OF = {subtype: kind for kind, (_, subtypes) in _TYPES.items() for subtype in subtypes}
ACCOUNT = Shape(
    "Account",
    {
        **COMMON,
        "Name": Text(100, ':"\t\n\r'),
        "SubAccount": IGNORED,
        "ParentRef": REFERENCE,
        "Description": TEXT_4000,
        "Active": FLAG,
        "AccountType": Word(tuple(_TYPES)),
        "AccountSubType": Word(tuple(_TYPE_OF)),
        "AcctNum": Text(7),
        "CurrencyRef": REFERENCE,
        **dict.fromkeys(
            ("FullyQualifiedName", "Classification", "CurrentBalance", "CurrentBalanceWithSubAccounts"), IGNORED
        ),
        **dict.fromkeys(
            ("TaxCodeRef", "TaxAccount", "OpeningBalance", "OpeningBalanceDate", "TxnLocationType"), Unavailable()
        ),
    },
)


def create_account(company: Company, kind: str, cleaned: Cleaned, now: datetime) -> Entity:
    """Add an account; its type and subtype follow from each other where only one is sent."""
    return create_entity(company, kind, cleaned, now, _finish)


def update_account(company: Company, kind: str, cleaned: Cleaned, now: datetime) -> Entity:
    """Change an account, or put it out of use."""
    return update_entity(company, kind, cleaned, now, _finish)


def _finish(company: Company, fields: dict[str, object], old: Entity | None) -> dict[str, object]:
    if "Name" not in fields:
        raise faults.missing("Name")
    _settle_type(fields)
    fields.setdefault("Active", True)
    settle_name(fields, "Name", old)
    holders = company.lists["Account"].find("Name", folded(str(fields["Name"])))
    if any(old is None or holder != old.id for holder in holders):
        raise faults.duplicate_name("null")
    if fields.pop("CurrencyRef", company.profile.currency) != company.profile.currency:
        raise faults.not_emulated("Accounts in another currency than the company's are not emulated by the sandbox")
    if "ParentRef" in fields:
        _check_parent(company, fields, old)
    return fields


def _settle_type(fields: dict[str, object]) -> None:
    kind, subtype = fields.get("AccountType"), fields.get("AccountSubType")
    if kind is None and subtype is None:
        raise faults.no_account_type()
    kind = _TYPE_OF[str(subtype)] if kind is None else str(kind)
    classification, subtypes = _TYPES[kind]
    if subtype is not None and subtype not in subtypes:
        raise faults.invalid_enumeration("AccountSubType", str(subtype))
    fields |= {
        "AccountType": kind,
        "AccountSubType": subtypes[0] if subtype is None else subtype,
        "Classification": classification,
    }


def _check_parent(company: Company, fields: dict[str, object], old: Entity | None) -> None:
    parent: Entity | None = company.wanted("Account", str(fields["ParentRef"]))
    assert parent is not None
    if parent.fields["AccountType"] != fields["AccountType"]:
        raise faults.business("A sub-account must be of the same type as its parent.")
    while parent is not None:
        if old is not None and parent.id == old.id:
            raise faults.RefusedError("900", "Invalid Parent", "An account cannot be its own parent", element="")
        parent = company.find("Account", parent.text("ParentRef"))


def render_created_account(company: Company, entity: Entity) -> Wire:
    """Return an account as the answer to its creation was recorded: without `LastUpdatedTime`."""
    body = render_account(company, entity)
    meta = body["MetaData"]
    assert isinstance(meta, dict)
    return {**body, "MetaData": {"CreateTime": meta["CreateTime"]}}
