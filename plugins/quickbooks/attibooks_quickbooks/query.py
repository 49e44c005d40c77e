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
    values = ", ".join(quoted(name) for name in names)
    return f"SELECT * FROM Customer WHERE DisplayName IN ({values}) AND {EITHER}"


def customers_called(name: str) -> str:
    """Customers of exactly this name, whatever its case, inactive ones too."""
    return f"SELECT * FROM Customer WHERE DisplayName = {quoted(name)} AND {EITHER}"


def customers_with_email(address: str) -> str:
    """Active customers with this main address; a handful is enough to see that it is not one."""
    return f"SELECT * FROM Customer WHERE PrimaryEmailAddr = {quoted(address)} MAXRESULTS 10"


def holders_of(entity: str, name: str) -> str:
    """Vendors or employees of this name."""
    return f"SELECT * FROM {entity} WHERE DisplayName = {quoted(name)} MAXRESULTS 10"


def item_with_id(item_id: str) -> str:
    """The item of this id, also when it is inactive."""
    return f"SELECT * FROM Item WHERE Id = {quoted(item_id)} AND {EITHER}"


def items_named(name: str) -> str:
    """Items of this name, inactive ones too."""
    return f"SELECT * FROM Item WHERE Name IN ({quoted(name)}, {quoted(name + ' (deleted)')}) AND {EITHER}"


def service_items() -> str:
    """Active service items."""
    return f"SELECT * FROM Item WHERE Type = 'Service' MAXRESULTS {PAGE}"


def tax_codes() -> str:
    """Active tax codes."""
    return f"SELECT * FROM TaxCode MAXRESULTS {PAGE}"


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
