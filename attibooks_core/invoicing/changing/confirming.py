"""Confirm tokens: the question before a void, sealed, so that only the answer to it voids.

A token opens for 15 minutes, once, for its workspace, its invoice and the version that the person was shown.
"""

import secrets
from datetime import datetime

import msgspec

from attibooks_core.errors import InvalidDraft
from attibooks_core.invoicing.changing.shapes import AskedShape, ConfirmShape
from attibooks_core.invoicing.shapes import money
from attibooks_core.invoicing.texts import invalid_draft
from attibooks_core.invoicing.tokens import LASTS, NONCE_BYTES
from attibooks_core.lifecycle import LiveInvoice
from attibooks_core.model import Problem
from attibooks_core.storage.vault import Vault, VaultError

PURPOSE = "confirm"
FIELD = "confirm_token"


class ConfirmToken(msgspec.Struct, frozen=True, kw_only=True):
    """What a person was asked.

    :param nonce: makes the token single-use.
    :param books: as text (`model.Books`).
    """

    nonce: str
    books: str
    invoice_id: str
    version: str
    issued_at: datetime


def ask(vault: Vault, workspace_id: str, live: LiveInvoice, now: datetime) -> AskedShape:
    """The question, with a token for the answer."""
    invoice = live.invoice
    token = ConfirmToken(
        nonce=secrets.token_hex(NONCE_BYTES),
        books=str(invoice.books),
        invoice_id=invoice.id,
        version=live.version,
        issued_at=now,
    )
    confirm = ConfirmShape(
        token=vault.seal(workspace_id, PURPOSE, msgspec.json.encode(token)),
        number=invoice.label,
        customer_name=invoice.customer_name,
        total=money(invoice.total),
        balance=money(invoice.balance),
        warning=_warning(live),
    )
    return AskedShape(confirm=confirm)


def opened(vault: Vault, workspace_id: str, text: str, live: LiveInvoice, now: datetime) -> ConfirmToken:
    """The token of an answer, if it is for this workspace and invoice, and still good.

    :raises InvalidDraft: on `confirm_token`.
    """
    try:
        token = msgspec.json.decode(vault.open(workspace_id, PURPOSE, text), type=ConfirmToken)
    except (VaultError, ValueError):
        raise refused("foreign", "The confirmation is not one of this workspace.") from None
    if (token.books, token.invoice_id) != (str(live.invoice.books), live.invoice.id):
        raise refused("foreign", "The confirmation is for another invoice.")
    if now - token.issued_at > LASTS:
        raise refused("expired", "The confirmation is older than 15 minutes.")
    return token


def refused(code: str, message: str) -> InvalidDraft:
    """The refusal of a token."""
    return invalid_draft([Problem(FIELD, code, message, "Ask to void the invoice again, and confirm.")])


def _warning(live: LiveInvoice) -> str | None:
    """What a void does not do (product row 126)."""
    if not live.has_payments:
        return None
    paid = money(live.invoice.total - live.invoice.balance)
    return (
        f"Payments or credits of {paid} {live.invoice.currency} are applied to this invoice. A void does not delete "
        "them: they become unapplied, or QuickBooks refuses the void until they are removed there."
    )
