"""Facts of the seeded QuickBooks companies: who they are, what they sell, whom they bill, how they are taxed."""

from __future__ import annotations

import msgspec

Rate = tuple[str, str, str]
Code = tuple[str, str, str, tuple[str, ...]]


class Regime(msgspec.Struct, frozen=True):
    """Tax rates (Id, name, percentage) and codes (Id, name, description, rate Ids) of a country."""

    rates: tuple[Rate, ...]
    codes: tuple[Code, ...]


US_REGIME = Regime(
    rates=(("3", "Rhode Island", "8"),),
    codes=(("2", "Rhode Island", "Rhode Island", ("3",)),),
)
UK_REGIME = Regime(
    rates=(
        ("1", "20.0% S (VAT)", "20"),
        ("2", "5.0% R (VAT)", "5"),
        ("3", "0.0% Z (VAT)", "0"),
        ("4", "Exempt (VAT)", "0"),
    ),
    codes=(
        ("2", "20.0% S", "Standard rate", ("1",)),
        ("3", "5.0% R", "Reduced rate", ("2",)),
        ("4", "0.0% Z", "Zero rate", ("3",)),
        ("5", "Exempt", "Exempt from VAT", ("4",)),
    ),
)
GERMAN_REGIME = Regime(
    rates=(("1", "19% USt", "19"), ("2", "7% USt", "7"), ("3", "0% USt", "0")),
    codes=(
        ("2", "19% USt", "Regelsteuersatz", ("1",)),
        ("3", "7% USt", "Ermäßigter Steuersatz", ("2",)),
        ("4", "0% USt", "Steuerfrei", ("3",)),
    ),
)
CANADIAN_REGIME = Regime(
    rates=(
        ("1", "GST", "5"),
        ("2", "HST (ON)", "13"),
        ("3", "PST (BC)", "7"),
        ("4", "Zero-rated", "0"),
        ("5", "Exempt", "0"),
    ),
    codes=(
        ("2", "GST", "Goods and services tax", ("1",)),
        ("3", "HST ON", "Harmonized sales tax, Ontario", ("2",)),
        ("4", "GST/PST BC", "GST with provincial sales tax, British Columbia", ("1", "3")),
        ("5", "Zero-rated", "Zero-rated", ("4",)),
        ("6", "Exempt", "Exempt", ("5",)),
    ),
)
AUSTRALIAN_REGIME = Regime(
    rates=(("1", "GST on sales", "10"), ("2", "GST free", "0")),
    codes=(
        ("2", "GST", "Goods and services tax on sales", ("1",)),
        ("3", "GST free", "GST free sales", ("2",)),
    ),
)


class CompanyFacts(msgspec.Struct, frozen=True):
    """One seeded company; `same_realm_as` nothing else: production and sandbox companies never share a realm."""

    key: str
    environment: str
    realm: str
    name: str
    legal_name: str
    country: str
    currency: str
    timezone: str
    user_name: str
    city: tuple[str, str, str, str]
    regime: Regime
    multicurrency: bool = False
    sales_tax: bool = True
    custom_fields: tuple[str, ...] = ()
    online_payments: bool = False
    default_terms: str | None = None
    currencies: tuple[str, ...] = msgspec.field(default=())


_US = ("4711 Harbor Street", "Newport", "RI", "02840")
COMPANIES: tuple[CompanyFacts, ...] = (
    CompanyFacts(
        "us-sandbox", "sandbox", "4620816365002718390", "Bluebird Studio", "Bluebird Studio Inc", "US", "USD",
        "America/New_York", "Rita Moss", _US, US_REGIME, custom_fields=("Crew #", "Sales Rep"),
    ),
    CompanyFacts(
        "us-multi-sandbox", "sandbox", "4620816365291847560", "Larkspur Trading", "Larkspur Trading LLC", "US", "USD",
        "America/Los_Angeles", "Dana Whitfield", ("88 Mission Street", "San Francisco", "CA", "94105"), US_REGIME,
        multicurrency=True, sales_tax=False, online_payments=True, currencies=("EUR", "GBP", "CAD", "JPY"),
    ),
    CompanyFacts(
        "uk-sandbox", "sandbox", "9130357849302217", "Ashdown & Vale", "Ashdown & Vale Ltd", "GB", "GBP",
        "Europe/London", "Imogen Hart", ("12 Quay Road", "Bristol", "ENG", "BS1 4QA"), UK_REGIME,
    ),
    CompanyFacts(
        "de-sandbox", "sandbox", "9130357849417763", "Lindenhof Beratung", "Lindenhof Beratung GmbH", "DE", "EUR",
        "Europe/Berlin", "Jörg Lindner", ("Lindenstraße 7", "Berlin", "BE", "10969"), GERMAN_REGIME,
    ),
    CompanyFacts(
        "ca-sandbox", "sandbox", "9130357849520948", "Maple & Pine Works", "Maple & Pine Works Inc", "CA", "CAD",
        "America/Toronto", "Noémie Gagnon", ("301 Queen Street West", "Toronto", "ON", "M5V 2A4"), CANADIAN_REGIME,
    ),
    CompanyFacts(
        "au-sandbox", "sandbox", "9130357849635190", "Banksia Digital", "Banksia Digital Pty Ltd", "AU", "AUD",
        "Australia/Sydney", "Callum Reid", ("5 Wharf Lane", "Sydney", "NSW", "2000"), AUSTRALIAN_REGIME,
    ),
    CompanyFacts(
        "us-production", "production", "9341453876120045", "Harbor Street Studio", "Harbor Street Studio Inc", "US",
        "USD", "America/New_York", "Rita Moss", ("19 Thames Street", "Newport", "RI", "02840"), US_REGIME,
        sales_tax=False, default_terms="3",
    ),
    CompanyFacts(
        "us-multi-production", "production", "9341453876284417", "Summit Ridge Partners", "Summit Ridge Partners LLC",
        "US", "USD", "America/Denver", "Owen Castellanos", ("640 Larimer Street", "Denver", "CO", "80202"), US_REGIME,
        multicurrency=True, sales_tax=False, currencies=("EUR", "GBP", "CAD", "AUD", "JPY"),
    ),
    CompanyFacts(
        "uk-production", "production", "9341453876391126", "Thornbury Partners", "Thornbury Partners Ltd", "GB", "GBP",
        "Europe/London", "Imogen Hart", ("3 King William Street", "London", "ENG", "EC4N 7AR"), UK_REGIME,
    ),
    CompanyFacts(
        "de-production", "production", "9341453876472830", "Nordlicht Software", "Nordlicht Software GmbH", "DE", "EUR",
        "Europe/Berlin", "Anke Petersen", ("Am Sandtorkai 30", "Hamburg", "HH", "20457"), GERMAN_REGIME,
    ),
)  # fmt: skip


class CustomerFacts(msgspec.Struct, frozen=True):
    """One seeded customer."""

    number: str
    name: str
    email: str | None = None
    given: str | None = None
    family: str | None = None
    company: str | None = None
    parent: str | None = None
    active: bool = True
    currency: str | None = None
    street: str | None = None


CUSTOMERS: tuple[CustomerFacts, ...] = (
    CustomerFacts(
        "1",
        "Amy's Bird Sanctuary",
        "birds@amys.example",
        "Amy",
        "Lauterbach",
        "Amy's Bird Sanctuary",
        street="4581 Finch St.",
    ),
    CustomerFacts("2", "Harbor & O'Neil Design", "pay@harbor.example", street="1 Quay Road"),
    CustomerFacts("3", "Geeta Kalapatapu", "geeta@kalapatapu.example", "Geeta", "Kalapatapu"),
    CustomerFacts("4", "Redwood Ranger Supply", "accounts@redwood.example", company="Redwood Ranger Supply"),
    CustomerFacts("5", "Redwood Ranger Supply West", "west@redwood.example", parent="4"),
    CustomerFacts("6", "Old Mill Cafe", "hello@oldmill.example", active=False),
    CustomerFacts("7", "Müller & Söhne GmbH", "rechnung@mueller-soehne.example"),
    CustomerFacts("8", "Pine Grove Dental", "office@pinegrove.example"),
    CustomerFacts("9", "Pine Grove Orthodontics", "office@pinegrove.example"),
    CustomerFacts("10", "Kim, Daniel", "daniel@kim.example", "Daniel", "Kim"),
    CustomerFacts("11", "Daniel Kim (Studio)", "studio@kim.example", "Daniel", "Kim", "Kim Studio"),
    CustomerFacts("12", "Empty Email Holdings"),
)
EURO_CUSTOMER = CustomerFacts("13", "Lumière Éditions", "compta@lumiere.example", currency="EUR", street="8 rue du Bac")
VENDOR_NAME = "Cascade Office Supplies"
EMPLOYEE_NAME = ("Priya", "Raman")
SERVICES: tuple[tuple[str, str, str], ...] = (
    ("1", "Services", "0"),
    ("2", "Hours", "0"),
    ("3", "Consulting", "150"),
    ("4", "Design", "75"),
    ("5", "Workshop", "1200"),
    ("6", "Maintenance", "49.5"),
)
RETIRED_SERVICE = ("7", "Fax Support", "20")
CATEGORY = ("8", "Projects")
ACCOUNTS: tuple[tuple[str, str, str, str, str], ...] = (
    ("1", "Services", "Revenue", "Income", "ServiceFeeIncome"),
    ("4", "Undeposited Funds", "Asset", "Other Current Asset", "UndepositedFunds"),
    ("33", "Accounts Receivable (A/R)", "Asset", "Accounts Receivable", "AccountsReceivable"),
    ("35", "Checking", "Asset", "Bank", "Checking"),
    ("79", "Sales of Product Income", "Revenue", "Income", "SalesOfProductIncome"),
    ("80", "Cost of Goods Sold", "Expense", "Cost of Goods Sold", "SuppliesMaterialsCogs"),
    ("82", "Design income", "Revenue", "Income", "OtherPrimaryIncome"),
    ("86", "Discounts given", "Revenue", "Income", "DiscountsRefundsGiven"),
    ("91", "Interest Earned", "Revenue", "Other Income", "InterestEarned"),
)
TERMS: tuple[tuple[str, str, int], ...] = (
    ("1", "Due on receipt", 0),
    ("2", "Net 15", 15),
    ("3", "Net 30", 30),
    ("4", "Net 60", 60),
)
