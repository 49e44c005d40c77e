r"""Statements of QuickBooks' query language; pure.

Text stands in single quotes. An apostrophe is written `\'` and a backslash `\\` (doubling the apostrophe is wrong);
with `=` and `IN` a percent sign means itself (QuickBooks reference, query). Lists leave inactive rows out unless
`Active` is asked for.
"""
# ruff: noqa: S608 - no SQL, and every value goes through `quoted`

from collections.abc import Iterable
from datetime import datetime

PAGE = 1000
"""Most rows that one answer may hold."""

EITHER = "Active IN (true, false)"


def escape(text: str) -> str:
    """Text as it may stand between single quotes."""
    return text.replace("\\", "\\\\").replace("'", "\\'")


def quoted(text: str) -> str:
    """Text as a value."""
    return f"'{escape(text)}'"


def customers_named(names: Iterable[str]) -> str:
    """Customers of any of these names, inactive ones too."""
    return f"SELECT * FROM Customer WHERE DisplayName IN ({_values(names)}) AND {EITHER}"


def customers_of(names: Iterable[str]) -> str:
    """As `customers_named` for many names, all rows on one page."""
    return f"{customers_named(names)} MAXRESULTS {PAGE}"


def customers_at(addresses: Iterable[str]) -> str:
    """Active customers with any of these main addresses."""
    return f"SELECT * FROM Customer WHERE PrimaryEmailAddr IN ({_values(addresses)}) MAXRESULTS {PAGE}"


def customer_with_id(customer_id: str) -> str:
    """The customer of this id, also when it is inactive."""
    return f"SELECT * FROM Customer WHERE Id = {quoted(customer_id)} AND {EITHER}"


def customers_called(name: str) -> str:
    """Customers of exactly this name, whatever its case, inactive ones too."""
    return f"SELECT * FROM Customer WHERE DisplayName = {quoted(name)} AND {EITHER}"


def customers_with_email(address: str) -> str:
    """Active customers with this main address; a handful is enough to see that it is not one."""
    return f"SELECT * FROM Customer WHERE PrimaryEmailAddr = {quoted(address)} MAXRESULTS 10"


def holders_of(entity: str, name: str) -> str:
    """Vendors or employees of this name."""
    return f"SELECT * FROM {entity} WHERE DisplayName = {quoted(name)} MAXRESULTS 10"


def items_with_ids(ids: Iterable[str]) -> str:
    """The items of these ids, also when they are inactive."""
    return f"SELECT * FROM Item WHERE Id IN ({_values(ids)}) AND {EITHER} MAXRESULTS {PAGE}"


def items_named(names: Iterable[str]) -> str:
    """Items of any of these names, inactive ones too."""
    either = [called for name in names for called in (name, name + " (deleted)")]
    return f"SELECT * FROM Item WHERE Name IN ({_values(either)}) AND {EITHER} MAXRESULTS {PAGE}"


def service_items() -> str:
    """Active service items."""
    return f"SELECT * FROM Item WHERE Type = 'Service' MAXRESULTS {PAGE}"


def tax_codes() -> str:
    """Active tax codes."""
    return f"SELECT * FROM TaxCode MAXRESULTS {PAGE}"


def entries_of(entity: str, start: int) -> str:
    """A page of the active entries of a list such as classes.

    :param start: position of the first row, from 1.
    """
    return f"SELECT * FROM {entity} STARTPOSITION {start} MAXRESULTS {PAGE}"


def company_currencies() -> str:
    """Active currencies of a company."""
    return f"SELECT * FROM CompanyCurrency MAXRESULTS {PAGE}"


def invoices_since(instant: datetime, customer_id: str | None, start: int, size: int) -> str:
    """A page of the invoices made since an instant, newest first.

    :param customer_id: only those of this customer.
    :param start: position of the first row, from 1.
    """
    mine = f" AND CustomerRef = {quoted(customer_id)}" if customer_id else ""
    since = quoted(instant.isoformat(timespec="seconds"))
    return (
        f"SELECT * FROM Invoice WHERE MetaData.CreateTime >= {since}{mine}"
        f" ORDERBY MetaData.CreateTime DESC STARTPOSITION {start} MAXRESULTS {size}"
    )


def invoices_changed(since: datetime, start: int = 1) -> str:
    """A page of the invoices that changed at or after an instant, oldest change first.

    :param start: position of the first row, from 1.
    """
    return (
        f"SELECT * FROM Invoice WHERE MetaData.LastUpdatedTime >= {quoted(since.isoformat(timespec='seconds'))}"
        f" ORDERBY MetaData.LastUpdatedTime ASC STARTPOSITION {start} MAXRESULTS {PAGE}"
    )


def invoices_with_ids(ids: Iterable[str], fields: str = "*") -> str:
    """The invoices of these ids, at most a page of them."""
    return f"SELECT {fields} FROM Invoice WHERE Id IN ({_values(ids)}) MAXRESULTS {PAGE}"


def count_invoices() -> str:
    """How many invoices there are."""
    return "SELECT count(*) FROM Invoice"


def _values(texts: Iterable[str]) -> str:
    return ", ".join(quoted(text) for text in texts)
