"""Faults of the data layer, worded as the vendor words them (reference: QuickBooks Online API, faults)."""

from __future__ import annotations

from decimal import Decimal


class RefusedError(Exception):
    """A call that the data layer refuses: one error inside a Fault, HTTP 400 unless said otherwise."""

    def __init__(
        self, code: str, message: str, detail: str, *, element: str | None = None, kind: str = "ValidationFault"
    ) -> None:
        """Describe a refusal."""
        super().__init__(f"{code} {detail}")
        self.code = code
        self.message = message
        self.detail = detail
        self.element = element
        self.kind = kind
        self.status = 400
        self.timed = True

    def body(self) -> dict[str, object]:
        """Return the Fault."""
        error = {"Message": self.message, "Detail": self.detail, "code": self.code}
        if self.element is not None:
            error["element"] = self.element
        return {"Error": [error], "type": self.kind}


def unsupported_operation(detail: str) -> RefusedError:
    """Return 500: a path or operation that does not exist (it comes with HTTP 400)."""
    return RefusedError("500", "Unsupported Operation", detail)


def object_not_found() -> RefusedError:
    """Return 610: an object that is not there, was deleted, or was made inactive."""
    detail = (
        "Object Not Found : Something you're trying to use has been made inactive. "
        "Check the fields with accounts, customers, items, vendors or employees."
    )
    return RefusedError("610", "Object Not Found", detail, element="")


def not_linkable() -> RefusedError:
    """Return 620: a transaction that cannot be linked so."""
    return RefusedError("620", "Transaction could not be linked", "Transaction could not be linked", element="")


def batch_too_large(limit: int) -> RefusedError:
    """Return 1040: more operations in a batch than there may be."""
    return RefusedError("1040", "Batch size exceeded", f"A batch can have at most {limit} operations", element="")


def invalid_content_type(given: str) -> RefusedError:
    """Return 1050: a body that is not declared as JSON."""
    return RefusedError("1050", "Invalid content type", f"Content type is not supported. Supplied value:{given}")


def invalid_property(what: str) -> RefusedError:
    """Return 2010: a property or form that the entity does not have."""
    detail = f"Property Name:{what} specified is unsupported or invalid"
    return RefusedError("2010", "Request has invalid or unsupported property", detail)


def unknown_property(name: str, entity: str, known: list[str]) -> RefusedError:
    """Return 2010 for a property that the entity does not know, naming those that it does."""
    listed = ", ".join(f'"{each}"' for each in known[:59])
    rest = " [truncated]" if len(known) > 59 else ""
    return invalid_property(
        f'Unrecognized field "{name}" (class com.intuit.schema.finance.v3.{entity}), not marked as ignorable '
        f"({len(known)} known properties: {listed}{rest}])\n"
    )


def missing(name: str) -> RefusedError:
    """Return 2020: a required parameter is missing."""
    message = "Required param missing, need to supply the required value for the API"
    return RefusedError("2020", message, f"Required parameter {name} is missing in the request", element=name)


def invalid_id(given: str) -> RefusedError:
    """Return 2030: an Id that is no number."""
    error = RefusedError("2030", "Invalid ID", f"Id should be a valid number. Supplied value:{given}", element="Id")
    error.timed = False
    return error


def invalid_text(name: str, detail: str) -> RefusedError:
    """Return 2040: a text with characters that it may not have."""
    return RefusedError("2040", "Invalid String", detail, element=name)


def too_long(name: str, limit: int) -> RefusedError:
    """Return 2050: a text over its limit."""
    detail = f"Max. number of characters allowed for the {name} is {limit}"
    return RefusedError(
        "2050", "String length is either shorter or longer than supported by specification", detail, element=name
    )


def invalid_date(name: str, given: object) -> RefusedError:
    """Return 2070: no date."""
    return RefusedError("2070", "Invalid Date", f"Invalid date format for {name}. Supplied value:{given}", element=name)


def invalid_number(name: str, given: object) -> RefusedError:
    """Return 2080: no number, or one with too many digits."""
    return RefusedError("2080", "Invalid Number", f"Invalid number for {name}. Supplied value:{given}", element=name)


def invalid_request_id(name: str = "requestid", limit: int = 50) -> RefusedError:
    """Return 2130: a request id, or the `bId` of a batch that has one, over its limit."""
    return RefusedError("2130", "Invalid Request Id", f"The {name} must have at most {limit} characters")


def invalid_enumeration(name: str, given: str) -> RefusedError:
    """Return 2170: a word outside the list."""
    return RefusedError("2170", "Invalid Enumeration", f"{name} has no value {given}", element=name)


def invalid_email(given: str) -> RefusedError:
    """Return 2210: no e-mail address."""
    detail = f"Email Address is not in a valid format. Supplied value:{given}"
    return RefusedError("2210", "Invalid Email Address", detail, element="Address")


def negative_total() -> RefusedError:
    """Return 2290: an amount below zero where none may be."""
    return RefusedError("2290", "Invalid Amount", "The amount of the transaction must be zero or greater", element="")


def invalid_reference(what: str, given: str) -> RefusedError:
    """Return 2500: a reference to something that never existed."""
    detail = f"Invalid Reference Id : {what} element id {given} not found"
    return RefusedError("2500", "Invalid Reference Id", detail, element="")


def stale(user: str) -> RefusedError:
    """Return 5010: somebody else was faster."""
    detail = (
        f"Stale Object Error : You and {user} were working on this at the same time. "
        f"{user} finished before you did, so your work was not saved."
    )
    return RefusedError("5010", "Stale Object Error", detail, element="")


def not_permitted(detail: str) -> RefusedError:
    """Return 5020: a feature that the company does not have."""
    return RefusedError("5020", "Permission Denied Error", f"Permission Denied Error : {detail}", element="")


def not_emulated(detail: str) -> RefusedError:
    """Return 5030: a feature that this sandbox leaves out."""
    return RefusedError("5030", "Feature Not Supported Error", f"Feature Not Supported Error : {detail}", element="")


def business(detail: str) -> RefusedError:
    """Return 6000: a rule of the books, told only in the detail."""
    message = "A business validation error has occurred while processing your request"
    return RefusedError("6000", message, f"Business Validation Error: {detail}", element="")


def wrong_currency() -> RefusedError:
    """Return 6000 for a currency that is not the customer's."""
    return business("The currency of the transaction is invalid for customer / vendor / account.")


def amount_differs(given: Decimal) -> RefusedError:
    """Return 6070: an amount that is not quantity times price."""
    detail = f"Amount is not equal to UnitPrice * Qty. Supplied value:{given:,}"
    return RefusedError("6070", "Amount calculation incorrect in the request", detail, element="")


def no_account_type() -> RefusedError:
    """Return 6010: an account without a type."""
    detail = "One of AccountType and AccountSubType must be given."
    return RefusedError("6010", "Account type missing", detail, element="AccountType")


def no_name() -> RefusedError:
    """Return 6080: a customer, vendor or employee without any name."""
    detail = "At least one of Title, GivenName, MiddleName, FamilyName, Suffix or DisplayName must be given."
    return RefusedError("6080", "Name required", detail, element="")


def incomplete_discount() -> RefusedError:
    """Return 6090: a discount line without percentage or amount."""
    return RefusedError("6090", "Invalid discount line", "The discount line is not complete", element="")


def not_tax_or_non() -> RefusedError:
    """Return 6100: a US line's tax code outside TAX and NON."""
    return RefusedError("6100", "Invalid tax code", "The tax code of a line must be TAX or NON", element="TaxCodeRef")


def books_closed() -> RefusedError:
    """Return 6210: a date in a closed period."""
    detail = (
        "The account period has closed and the account books cannot be updated through the QBO Services API. "
        "Please use the QBO website to make these changes."
    )
    return RefusedError("6210", "Account Period Closed, Cannot Update Through Services API", detail, element="")


def duplicate_name(detail: str) -> RefusedError:
    """Return 6240: a name that is taken."""
    return RefusedError("6240", "Duplicate Name Exists Error", f"The name supplied already exists. : {detail}")


def duplicate_number(number: str, txn_id: str, *, french: bool) -> RefusedError:
    """Return 6140: a document number that is taken."""
    if french:
        detail = (
            "Numéro de document en double : Vous devez indiquer un autre numéro. Ce numéro a déjà été utilisé. "
            f"DocNumber={number} est attribué à TxnType=Facture avec TxnId={txn_id}"
        )
        return RefusedError("6140", "Numéro de document en double", detail, element="")
    detail = (
        "Duplicate Document Number Error : You must specify a different number. This number has already been used. "
        f"DocNumber={number} is assigned to TxnType=Invoice with TxnId={txn_id}"
    )
    return RefusedError("6140", "Duplicate Document Number Error", detail, element="")


def no_recipient() -> RefusedError:
    """Return 6420: nobody to send to."""
    return RefusedError(
        "6420", "Email address required", "An email address is required to send the form", element="BillEmail"
    )


def query_syntax(detail: str) -> RefusedError:
    """Return 4000: a statement that is no query."""
    return RefusedError("4000", "Error parsing query", f"QueryParserError: {detail}")


def query_invalid(detail: str) -> RefusedError:
    """Return 4001: a query that asks for what cannot be asked."""
    return RefusedError("4001", "Invalid query", f"QueryValidationError: {detail}")


def query_unsupported(detail: str) -> RefusedError:
    """Return 4002: a question that cannot be asked of an entity."""
    return RefusedError("4002", "Unsupported query", f"QueryValidationError: {detail}")


def result_too_large(limit: int) -> RefusedError:
    """Return 10100: more objects than one answer may hold."""
    detail = f"A batch answers with at most {limit:,} objects"
    return RefusedError("10100", "Query result too large", detail, element="")


def system_failure() -> RefusedError:
    """Return 10000 with HTTP 200: what the vendor answers to the void of a bill."""
    message = "An application error has occurred while processing your request"
    error = RefusedError("10000", message, "System Failure Error", element="", kind="SystemFault")
    error.status = 200
    return error
