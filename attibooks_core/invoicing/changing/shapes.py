"""Answers about an invoice that is looked at, edited or voided (contract §3)."""

from collections.abc import Mapping
from datetime import date

import msgspec
from msgspec import Struct

from attibooks_core.errors import Conflict
from attibooks_core.invoicing.shapes import InvoiceShape, LineShape, exact, money
from attibooks_core.lifecycle import EDITABLE, LiveInvoice, LiveLine
from attibooks_core.model import AccountingInvoice, InvoiceStatus

SEND_AGAIN = "email"
"""Key of the hint that an edit is not sent to the customer again (product row 120)."""


class EditableShape(Struct, frozen=True, kw_only=True):
    """Which parts can be edited now."""

    due_date: bool
    memo: bool
    lines: bool


class LiveShape(InvoiceShape, frozen=True, kw_only=True):
    """An invoice as the books have it now; `version` goes back with an edit.

    `reasons` says of each part that cannot be edited why.
    """

    invoice_date: date | None
    memo: str | None
    lines: list[LineShape]
    editable: EditableShape
    reasons: Mapping[str, str]

    @classmethod
    def seen(cls, live: LiveInvoice) -> "LiveShape":
        """From the model."""
        shape = InvoiceShape.of(live.invoice)
        common = {name: getattr(shape, name) for name in shape.__struct_fields__ if name != "version"}
        return cls(
            **common,
            version=live.version,
            invoice_date=live.invoice.invoice_date,
            memo=live.invoice.memo,
            lines=[_line(line) for line in live.lines],
            editable=EditableShape(**{part: part not in live.locked for part in EDITABLE}),
            reasons={**live.locked, **_hint(live)},
        )


class EditedShape(Struct, frozen=True, kw_only=True):
    """The answer to an edit."""

    invoice: InvoiceShape


class VoidedShape(Struct, frozen=True, kw_only=True):
    """The answer to a void; `already_voided`: nothing was sent."""

    invoice: InvoiceShape
    already_voided: bool


class ConfirmShape(Struct, frozen=True, kw_only=True):
    """What a person is asked before an invoice is voided; `warning` null when there is nothing to warn of."""

    token: str
    number: str
    customer_name: str
    total: str
    balance: str
    warning: str | None


class AskedShape(Struct, frozen=True, kw_only=True):
    """The answer to a void that is not confirmed yet."""

    confirm: ConfirmShape


def conflict(live: LiveInvoice, reference: str | None = None) -> Conflict:
    """The refusal of a change that is based on another version, with the invoice as it is now."""
    message = f"Invoice {live.invoice.label} was changed in QuickBooks since you looked at it, so nothing was changed."
    return Conflict(
        f"{message} Look at it as it is now, and try again.",
        current=live.invoice,
        reference=reference,
        details={"current": msgspec.to_builtins(LiveShape.seen(live))},
    )


def as_voided(invoice: AccountingInvoice, *, already: bool) -> VoidedShape:
    """The answer about an invoice that is voided."""
    return VoidedShape(invoice=InvoiceShape.of(invoice), already_voided=already)


def _line(line: LiveLine) -> LineShape:
    return LineShape(
        id=line.id,
        description=line.description,
        quantity=exact(line.quantity),
        rate=exact(line.rate),
        amount=money(line.amount),
        item=line.item,
        tax_code=line.tax_code,
    )


def _hint(live: LiveInvoice) -> dict[str, str]:
    if not live.is_emailed or live.invoice.status is InvoiceStatus.VOIDED:
        return {}
    return {SEND_AGAIN: "The customer has this invoice by e-mail. An edit is not sent again; send it from QuickBooks."}
