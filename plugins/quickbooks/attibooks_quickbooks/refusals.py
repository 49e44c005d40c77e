"""Our words for the codes of QuickBooks: what failed, what to do, and what it is about.

Grounds: QuickBooks reference, faults, table of codes. A code that is not in here is shown as QuickBooks words it;
6000, whose reason stands only in the vendor's text, is worded in `faults`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from attibooks_core.errors import (
    AccountMismatch,
    AttiBooksError,
    Conflict,
    InvalidDraft,
    NotFound,
    PermissionMissing,
    ReconnectNeeded,
    Refused,
)
from attibooks_core.model import Problem

DUPLICATE_REQUEST = "600"
DUPLICATE_NUMBER = "6140"
DUPLICATE_NAME = "6240"
NOT_FOUND = "610"
CLOSED_BOOKS = frozenset({"6200", "6210"})

GONE = frozenset({NOT_FOUND, "2500", "6250"})
"""Codes that say: something that the call refers to is not there any more, or is inactive."""

CHANGED_BOOKS = frozenset({"6000", "6100", DUPLICATE_NUMBER, "6200", "6210"})
"""Codes after which what is kept of the company may be out of date."""

RECONNECT = (
    "QuickBooks did not accept the connection: it has expired or was revoked.",
    "Connect QuickBooks again in settings section 1.",
)
UNGRANTED = (
    "The connection does not open this QuickBooks company in this environment.",
    "Press Check Status in settings section 1, then correct the environment or the Company ID, or connect again.",
)


@dataclass(frozen=True, slots=True)
class Refusal:
    """How one code is told.

    :param kind: the class says who can mend it.
    :param field: what it is about, when that is known.
    """

    kind: type[AttiBooksError]
    message: str
    fix: str
    field: str | None = None

    def error(self, reference: str | None, details: Mapping[str, str]) -> AttiBooksError:
        """The error to raise."""
        problems = [Problem(self.field, Refused.code, self.message, self.fix)] if self.field else []
        return self.kind(f"{self.message} {self.fix}", reference=reference, details=details, problems=problems)


_RECONNECT = Refusal(ReconnectNeeded, *RECONNECT)
_UNGRANTED = Refusal(AccountMismatch, *UNGRANTED)
_PLAN_LACKS = Refusal(
    Refused,
    "The QuickBooks plan of this company does not include what the invoice needs.",
    "Ask the owner of the QuickBooks company to change its plan or its settings.",
)
_GONE = Refusal(
    Refused,
    "Something that the invoice refers to in QuickBooks (customer, item or tax code) was made inactive or removed.",
    "Make it active again in QuickBooks, or try again to have it looked up anew.",
)
_CLOSED = Refusal(
    InvalidDraft,
    "The invoice date lies in a period whose books are closed in QuickBooks.",
    "Use a later date, or ask the accountant to open the period.",
    "invoice_date",
)

REFUSALS: Mapping[int, Refusal] = MappingProxyType(
    {
        **dict.fromkeys((100, 110, 130, 140, 150, 3200), _RECONNECT),
        **dict.fromkeys((3100, 3202), _UNGRANTED),
        **dict.fromkeys((5020, 5030), _PLAN_LACKS),
        **dict.fromkeys((610, 2500, 6250), _GONE),
        **dict.fromkeys((6200, 6210), _CLOSED),
        120: Refusal(
            PermissionMissing,
            "The person who connected QuickBooks has no access to this company any more, or too few rights.",
            "Let an admin of the QuickBooks company connect again in settings section 1.",
        ),
        5010: Refusal(
            Conflict,
            "Somebody else has changed the invoice in QuickBooks meanwhile.",
            "Look at it as it is now, and try again.",
        ),
        600: Refusal(
            Refused,
            "QuickBooks has already had this very request.",
            "Look for the invoice in QuickBooks before you try again.",
        ),
        2210: Refusal(
            InvalidDraft,
            "QuickBooks does not accept the customer's e-mail address.",
            "Correct the address on the record.",
            "customer_email",
        ),
        6070: Refusal(
            InvalidDraft,
            "QuickBooks rounds the amount of a line in another way than rate times quantity rounded half up.",
            "Use a rate with two decimals, or a quantity with fewer decimals.",
            "rate",
        ),
        6080: Refusal(
            InvalidDraft, "The customer has no name that QuickBooks accepts.", "Name the record.", "customer_name"
        ),
        6100: Refusal(
            InvalidDraft,
            "This company takes only TAX or NON as tax code of a line.",
            "Set the tax code to TAX or NON, or clear it, in settings section 7 (Advanced).",
            "default_tax_code",
        ),
        6140: Refusal(
            Refused,
            "Another transaction in QuickBooks already has the number of this invoice.",
            "Use another number, or check the numbering of sales forms in QuickBooks, then try again.",
        ),
        6190: Refusal(
            Refused,
            "QuickBooks accepts no changes to this company: its subscription has ended or has a billing problem.",
            "Ask the owner of the QuickBooks company to renew it, then try again.",
        ),
        6240: Refusal(
            InvalidDraft,
            "Another customer, vendor or employee in QuickBooks already has this name.",
            "Rename the record, or the other one in QuickBooks.",
            "customer_name",
        ),
        6450: Refusal(
            Refused,
            "QuickBooks does not void an invoice that has been settled.",
            "Undo the payment or the deposit in QuickBooks, then try again.",
        ),
        6540: Refusal(
            Refused,
            "The payment of this invoice has been deposited, so QuickBooks does not let it be changed.",
            "Take the payment out of the deposit in QuickBooks, then try again.",
        ),
        6420: Refusal(
            InvalidDraft,
            "There is no e-mail address to send the invoice to.",
            "Enter one on the record.",
            "customer_email",
        ),
    }
)


def no_invoice(invoice_id: str, error: AttiBooksError | None = None) -> NotFound:
    """The answer about an invoice that is not there."""
    shown = invoice_id if invoice_id.isalnum() and len(invoice_id) <= 40 else "of this id"
    return NotFound(
        f"QuickBooks has no invoice {shown}. It may have been deleted there.",
        code="invoice_not_found",
        reference=error.reference if error else None,
        details=error.details if error else {},
    )
