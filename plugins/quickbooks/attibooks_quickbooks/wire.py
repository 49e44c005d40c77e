"""What QuickBooks answers, as far as we read it.

Only ids are required: QuickBooks leaves out what has no value, and some calls answer in an older shape (QuickBooks
reference, minor version). Members that are not named here are ignored. Amounts are exact decimals; dates stay text
until `mapping` reads them, so that an odd one cannot hide that a write succeeded.
"""

from decimal import Decimal
from typing import TypeVar

from msgspec import Raw, Struct, field

T = TypeVar("T")


class Ref(Struct, frozen=True):
    """A reference to another object by id."""

    value: str | None = None
    name: str | None = None


class EmailAddress(Struct, frozen=True, rename="pascal"):
    """An e-mail address; several may stand in it with commas between them."""

    address: str | None = None


class MetaData(Struct, frozen=True, rename="pascal"):
    """When an object was made and last changed, ISO 8601 with an offset."""

    create_time: str | None = None
    last_updated_time: str | None = None


class Line(Struct, frozen=True, rename="pascal"):
    """A line of an invoice."""

    amount: Decimal | None = None


class SalesDetail(Struct, frozen=True, rename="pascal"):
    """What is sold on a line, and for how much."""

    item_ref: Ref | None = None
    unit_price: Decimal | None = None
    qty: Decimal | None = None
    tax_code_ref: Ref | None = None


class FullLine(Line, frozen=True, rename="pascal"):
    """A line with what a person may edit of it."""

    id: str | None = None
    description: str | None = None
    detail_type: str | None = None
    sales_item_line_detail: SalesDetail | None = None


class LinkedTxn(Struct, frozen=True, rename="pascal"):
    """Another transaction that an invoice hangs together with."""

    txn_type: str | None = None


class TaxDetail(Struct, frozen=True, rename="pascal"):
    """The tax that QuickBooks worked out."""

    total_tax: Decimal | None = None


class Invoice(Struct, frozen=True, rename="pascal"):
    """An invoice; of a deleted one only the id and `Status` are left."""

    id: str
    sync_token: str = "0"  # noqa: S105 - a version
    doc_number: str | None = None
    txn_date: str | None = None
    due_date: str | None = None
    customer_ref: Ref | None = None
    currency_ref: Ref | None = None
    customer_memo: Ref | None = None
    bill_email: EmailAddress | None = None
    private_note: str | None = None
    email_status: str | None = None
    total_amt: Decimal | None = None
    balance: Decimal | None = None
    line: list[Line] | None = None
    txn_tax_detail: TaxDetail | None = None
    meta_data: MetaData | None = None
    status: str | None = field(default=None, name="status")


class FullInvoice(Invoice, frozen=True, rename="pascal"):
    """An invoice with what tells whether and how it can be edited."""

    line: list[FullLine] | None = None  # type: ignore[assignment]
    linked_txn: list[LinkedTxn] | None = None
    global_tax_calculation: str | None = None


class Customer(Struct, frozen=True, rename="pascal"):
    """A customer. An inactive one is called `<name> (deleted)`."""

    id: str
    display_name: str = ""
    active: bool = True
    currency_ref: Ref | None = None
    primary_email_addr: EmailAddress | None = None

    @property
    def currency(self) -> str | None:
        """ISO code, fixed when the customer was made."""
        return self.currency_ref.value if self.currency_ref else None

    @property
    def email(self) -> str | None:
        """Its main address."""
        return self.primary_email_addr.address if self.primary_email_addr else None


class Item(Struct, frozen=True, rename="pascal"):
    """A product or service."""

    id: str
    name: str = ""
    active: bool = True
    type: str | None = None


class TaxCode(Struct, frozen=True, rename="pascal"):
    """A tax code; `TAX` and `NON` in the US, numeric ids elsewhere."""

    id: str
    name: str = ""
    active: bool = True


class Entry(Struct, frozen=True, rename="pascal"):
    """An entry of a list that an invoice can refer to: a class, a location (`Department`), terms.

    `FullyQualifiedName` has what is above it before its name, with colons between.
    """

    id: str
    name: str = ""
    fully_qualified_name: str | None = None
    active: bool = True


class CompanyCurrency(Struct, frozen=True, rename="pascal"):
    """A currency that the company uses beside its own."""

    code: str
    active: bool = True


class Named(Struct, frozen=True, rename="pascal"):
    """A vendor or an employee, as far as it takes a name away."""

    id: str
    display_name: str = ""


class Address(Struct, frozen=True, rename="pascal"):
    """A postal address."""

    country: str | None = None


class CompanyInfo(Struct, frozen=True, rename="pascal"):
    """Who the company is."""

    company_name: str | None = None
    legal_name: str | None = None
    country: str | None = None
    company_addr: Address | None = None
    default_time_zone: str | None = None


class AccountingPrefs(Struct, frozen=True, rename="pascal"):
    """Preferences of the ledger."""

    book_close_date: str | None = None
    class_tracking_per_txn: bool | None = None
    class_tracking_per_txn_line: bool | None = None
    track_departments: bool | None = None


class CustomFieldEntry(Struct, frozen=True, rename="pascal"):
    """A name and a value, such as `SalesFormsPrefs.SalesCustomName1` and what the first custom field is called."""

    name: str = ""
    string_value: str | None = None
    boolean_value: bool | None = None


class CustomFieldGroup(Struct, frozen=True, rename="pascal"):
    """Preferences keep the switches and the names of custom fields in a group each."""

    custom_field: list[CustomFieldEntry] | None = None


class SalesPrefs(Struct, frozen=True, rename="pascal"):
    """Preferences of sales forms."""

    custom_txn_numbers: bool | None = None
    custom_field: list[CustomFieldGroup] | None = None


class TaxPrefs(Struct, frozen=True, rename="pascal"):
    """Preferences of sales tax."""

    using_sales_tax: bool | None = None


class CurrencyPrefs(Struct, frozen=True, rename="pascal"):
    """Preferences of currencies."""

    multi_currency_enabled: bool | None = None
    home_currency: Ref | None = None


class Preferences(Struct, frozen=True, rename="pascal"):
    """How the company keeps its books."""

    accounting_info_prefs: AccountingPrefs = AccountingPrefs()
    sales_forms_prefs: SalesPrefs = SalesPrefs()
    tax_prefs: TaxPrefs = TaxPrefs()
    currency_prefs: CurrencyPrefs = CurrencyPrefs()


class InvoiceAnswer(Struct, frozen=True, rename="pascal"):
    """Answer to every call about one invoice."""

    invoice: Invoice


class RawInvoiceAnswer(Struct, frozen=True, rename="pascal"):
    """The same with the invoice as it was sent, every member of it and every digit."""

    invoice: Raw


class CustomerAnswer(Struct, frozen=True, rename="pascal"):
    """Answer to the creation of a customer."""

    customer: Customer


class CompanyInfoAnswer(Struct, frozen=True, rename="pascal"):
    """Answer to reading the company."""

    company_info: CompanyInfo


class PreferencesAnswer(Struct, frozen=True, rename="pascal"):
    """Answer to reading the preferences."""

    preferences: Preferences


class BatchItem(Struct, frozen=True, rename="pascal"):
    """What became of one operation of a batch; `Fault` is as QuickBooks wrote it."""

    number: str = field(name="bId")
    invoice: Invoice | None = None
    customer: Customer | None = None
    fault: Raw = Raw()


class BatchAnswer(Struct, frozen=True, rename="pascal"):
    """Answer to a batch, in any order.

    :param reference: Intuit's id of the call, which stands beside the body.
    """

    batch_item_response: list[BatchItem]
    reference: str | None = field(default=None, name="intuit_tid")


class Rows(Struct, frozen=True, rename="pascal"):
    """Rows of a query; the members of other entities stay empty."""

    invoice: list[Invoice] = []
    customer: list[Customer] = []
    vendor: list[Named] = []
    employee: list[Named] = []
    item: list[Item] = []
    tax_code: list[TaxCode] = []
    company_currency: list[CompanyCurrency] = []
    term: list[Entry] = []
    classes: list[Entry] = field(default=[], name="Class")
    department: list[Entry] = []
    total_count: int | None = field(default=None, name="totalCount")

    def entries(self, entity: str) -> list[Entry]:
        """Rows of `Term`, `Class` or `Department`."""
        return {"Term": self.term, "Class": self.classes, "Department": self.department}[entity]


class QueryAnswer(Struct, frozen=True, rename="pascal"):
    """Answer to a query; nothing found is an empty `QueryResponse`.

    :param time: when QuickBooks began to work on it.
    """

    query_response: Rows
    time: str | int | None = field(default=None, name="time")


class ChangedRows(Struct, frozen=True, rename="pascal"):
    """What has changed of one entity; a single object may stand without its list."""

    invoice: Invoice | list[Invoice] = []


class ChangeGroups(Struct, frozen=True, rename="pascal"):
    """The groups of an answer, one for each entity, in the server's order; an entity without changes is empty."""

    query_response: ChangedRows | list[ChangedRows]


class ChangesAnswer(Struct, frozen=True, rename="pascal"):
    """Answer to change data capture; `time` as in `QueryAnswer`."""

    groups: ChangeGroups | list[ChangeGroups] = field(name="CDCResponse")
    time: str | int | None = field(default=None, name="time")

    @property
    def invoices(self) -> list[Invoice]:
        """Every invoice in it, the deleted ones too."""
        rows = [row for group in _listed(self.groups) for row in _listed(group.query_response)]
        return [invoice for row in rows for invoice in _listed(row.invoice)]


def _listed(value: T | list[T]) -> list[T]:
    return value if isinstance(value, list) else [value]
