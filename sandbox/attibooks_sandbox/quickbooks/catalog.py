"""How accounts, terms, tax codes and rates, currencies and the facts about a company read."""

from __future__ import annotations

from decimal import Decimal

from attibooks_sandbox.quickbooks.company import Company
from attibooks_sandbox.quickbooks.model import Entity, Profile
from attibooks_sandbox.quickbooks.wire import Wire, currency_reference, meta, present, reference, stamp


def render_account(company: Company, entity: Entity) -> Wire:
    """Return an account."""
    fields = entity.fields
    return {
        "Name": fields["Name"],
        "SubAccount": "ParentRef" in fields,
        **({"ParentRef": reference(str(fields["ParentRef"]))} if "ParentRef" in fields else {}),
        "FullyQualifiedName": company.full_name(entity),
        **{name: fields[name] for name in ("Description", "AcctNum") if name in fields},
        "Active": entity.active,
        "Classification": fields["Classification"],
        "AccountType": fields["AccountType"],
        "AccountSubType": fields["AccountSubType"],
        "CurrentBalance": 0,
        "CurrentBalanceWithSubAccounts": 0,
        "CurrencyRef": currency_reference(company.profile.currency),
        **stamp(entity.id, entity.token, entity.created, entity.updated),
    }


_TERM_DAYS = ("DueDays", "DiscountDays", "DayOfMonthDue", "DueNextMonthDays", "DiscountDayOfMonth")


def render_term(company: Company, entity: Entity) -> Wire:  # noqa: ARG001 - the signature of renderers
    """Return a payment term."""
    fields = entity.fields
    return present(
        {
            "Name": fields["Name"],
            "Active": entity.active,
            "Type": fields["Type"],
            "DiscountPercent": fields.get("DiscountPercent", 0),
            **{name: fields.get(name) for name in _TERM_DAYS},
            **stamp(entity.id, entity.token, entity.created, entity.updated),
        }
    )


def render_tax_code(company: Company, entity: Entity) -> Wire:
    """Return a tax code with the rates that it stands for."""
    rates = entity.fields["Rates"]
    assert isinstance(rates, tuple)
    return {
        **stamp(entity.id, entity.token, entity.created, entity.updated),
        "Name": entity.fields["Name"],
        "Description": entity.fields["Description"],
        "Active": entity.active,
        "Taxable": entity.fields["Taxable"],
        "TaxGroup": True,
        "SalesTaxRateList": {"TaxRateDetail": [_rate_detail(company, rate_id) for rate_id in rates]},
        "PurchaseTaxRateList": {"TaxRateDetail": []},
    }


def _rate_detail(company: Company, rate_id: str) -> Wire:
    rate = company.find("TaxRate", rate_id)
    name = None if rate is None else rate.text("Name")
    return {"TaxTypeApplicable": "TaxOnAmount", "TaxRateRef": reference(rate_id, name), "TaxOrder": 0}


def pseudo_tax_codes(profile: Profile) -> list[Wire]:
    """Return the two codes of US companies that are no rows of a table."""
    if not profile.is_us:
        return []
    return [
        {
            "Id": name,
            "MetaData": meta(profile.created, profile.created),
            "Name": name,
            "Description": name,
            "Taxable": name == "TAX",
            "TaxGroup": False,
        }
        for name in ("TAX", "NON")
    ]


def render_tax_rate(company: Company, entity: Entity) -> Wire:  # noqa: ARG001 - the signature of renderers
    """Return a tax rate."""
    fields = entity.fields
    return {
        "Name": fields["Name"],
        "Description": fields["Description"],
        "Active": entity.active,
        "RateValue": fields["RateValue"],
        "AgencyRef": reference("1"),
        "SpecialTaxType": "NONE",
        "DisplayType": "ReadOnly",
        **stamp(entity.id, entity.token, entity.created, entity.updated),
    }


def rate_percent(company: Company, rate_id: str) -> Decimal:
    """Return the percentage of a tax rate."""
    rate = company.find("TaxRate", rate_id)
    value = None if rate is None else rate.fields["RateValue"]
    return value if isinstance(value, Decimal) else Decimal(0)


def render_currency(company: Company, entity: Entity) -> Wire:  # noqa: ARG001 - the signature of renderers
    """Return a currency of the company."""
    body = stamp(entity.id, entity.token, entity.created, entity.updated)
    times = body.pop("MetaData")
    return {
        **body,
        "Code": entity.fields["Code"],
        "Name": entity.fields["Name"],
        "Active": entity.active,
        "MetaData": times,
    }


def render_company(profile: Profile) -> Wire:
    """Return the facts about the company itself; its Id is always 1."""
    address = {"Id": "1", **profile.address}
    return {
        "CompanyName": profile.name,
        "LegalName": profile.legal_name,
        "CompanyAddr": address,
        "CustomerCommunicationAddr": address,
        "LegalAddr": address,
        "PrimaryPhone": {},
        "CompanyStartDate": profile.started,
        "FiscalYearStartMonth": "January",
        "Country": profile.country,
        "Email": {"Address": profile.email},
        "WebAddr": {},
        "SupportedLanguages": "fr" if profile.french else "en",
        "DefaultTimeZone": profile.timezone,
        "NameValue": [
            {"Name": "NeoEnabled", "Value": "true"},
            {"Name": "SubscriptionStatus", "Value": "PAID"},
            {"Name": "OfferingSku", "Value": "QuickBooks Online Plus"},
            {"Name": "ItemCategoriesFeature", "Value": "true"},
        ],
        **stamp("1", 4, profile.created, profile.updated),
    }


def render_preferences(profile: Profile) -> Wire:
    """Return the company's preferences."""
    return {
        "AccountingInfoPrefs": _accounting(profile),
        "ProductAndServicesPrefs": {
            "ForSales": True,
            "ForPurchase": True,
            "QuantityWithPriceAndRate": True,
            "QuantityOnHand": False,
        },
        "SalesFormsPrefs": _sales_forms(profile),
        "VendorAndPurchasesPrefs": {"TrackingByCustomer": True, "BillableExpenseTracking": False},
        "TimeTrackingPrefs": {
            "UseServices": True,
            "BillCustomers": True,
            "ShowBillRateToAll": False,
            "WorkWeekStartDate": "Monday",
            "MarkTimeEntriesBillable": True,
        },
        "TaxPrefs": present({"UsingSalesTax": profile.sales_tax, "PartnerTaxEnabled": profile.partner_tax}),
        "CurrencyPrefs": {
            "MultiCurrencyEnabled": profile.multicurrency,
            "HomeCurrency": {"value": profile.currency},
        },
        "ReportPrefs": {"ReportBasis": "Accrual", "CalcAgingReportFromTxnDate": False},
        "OtherPrefs": {
            "NameValue": [
                {"Name": "SalesFormsPrefs.DefaultItem", "Value": "1"},
                {"Name": "WarnDuplicateTransactionNumber", "Value": str(profile.warn_duplicate_numbers).lower()},
            ]
        },
        **stamp("1", 3, profile.created, profile.updated),
    }


def _accounting(profile: Profile) -> Wire:
    return present(
        {
            "UseAccountNumbers": False,
            "TrackDepartments": False,
            "ClassTrackingPerTxn": False,
            "ClassTrackingPerTxnLine": False,
            "FirstMonthOfFiscalYear": "January",
            "TaxYearMonth": "January",
            "BookCloseDate": None if profile.close_date is None else profile.close_date.isoformat(),
            "CustomerTerminology": "Customers",
        }
    )


def _sales_forms(profile: Profile) -> Wire:
    return present(
        {
            "CustomField": _custom_fields(profile) or None,
            "CustomTxnNumbers": profile.custom_numbers,
            "EmailCopyToCompany": False,
            "AllowDeposit": profile.allow_deposit,
            "AllowDiscount": profile.allow_discount,
            "AllowEstimates": True,
            "ETransactionEnabledStatus": "NotApplicable",
            "ETransactionAttachPDF": False,
            "ETransactionPaymentEnabled": profile.online_payments,
            "IPNSupportEnabled": False,
            "AllowServiceDate": False,
            "AllowShipping": False,
            "DefaultTerms": None if profile.default_terms is None else {"value": profile.default_terms},
            "AutoApplyCredit": True,
            "AutoApplyPayments": True,
            "UsingPriceLevels": False,
        }
    )


def _custom_fields(profile: Profile) -> list[Wire]:
    if not profile.custom_fields:
        return []
    numbered = list(enumerate(profile.custom_fields, start=1))
    used = [
        {"Name": f"SalesFormsPrefs.UseSalesCustom{number}", "Type": "BooleanType", "BooleanValue": True}
        for number, _ in numbered
    ]
    names = [
        {"Name": f"SalesFormsPrefs.SalesCustomName{number}", "Type": "StringType", "StringValue": name}
        for number, name in numbered
    ]
    return [{"CustomField": used}, {"CustomField": names}]
