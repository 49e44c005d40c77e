"""Draft tokens: what a preview showed, sealed and handed to the one who looked.

The host keeps nothing of a preview: closing the dialog leaves no trace. The token holds the draft and what it refers
to in the books, so that the create sends what was seen, whatever the record says by then. It opens for 15 minutes, for
its workspace, its record and the settings it was made with, and makes one invoice.
"""

import zlib
from datetime import date, datetime, timedelta
from hashlib import sha256

import msgspec

from attibooks_core.errors import InvalidDraft
from attibooks_core.invoicing.texts import invalid_draft
from attibooks_core.model import DraftSketch, Problem, RecordRef
from attibooks_core.protocols import Resolution
from attibooks_core.storage.vault import Vault, VaultError

PURPOSE = "draft"
LASTS = timedelta(minutes=15)
NONCE_BYTES = 16
MAX_LENGTH = 700_000
"""Characters of a token: it has to fit into a call of 1 MiB, together with edits."""
_MOST_BYTES = 8_000_000


class DraftToken(msgspec.Struct, frozen=True, kw_only=True):
    """What a preview showed.

    :param nonce: marks the invoice, so that a lost answer is found by it, and makes the token single-use.
    :param settings: digest of the settings.
    :param basis: digest of what the record made, before adjusters and edits: tells whether the record has changed.
    :param day: the company's date at the preview.
    :param is_adjusted: the adjusters have seen the draft.
    :param resolution: what the draft refers to in the books; None when there were obstacles.
    """

    nonce: str
    source: RecordRef
    settings: str
    issued_at: datetime
    basis: str
    day: date
    is_adjusted: bool
    sketch: DraftSketch
    resolution: Resolution | None


def digest_of(sketch: DraftSketch) -> str:
    """Names what a record makes."""
    return sha256(msgspec.json.encode(sketch)).hexdigest()


def seal(vault: Vault, workspace_id: str, token: DraftToken) -> str | None:
    """The token as text; None for a draft that is too long to be handed out."""
    text = vault.seal(workspace_id, PURPOSE, zlib.compress(msgspec.json.encode(token)))
    return text if len(text) <= MAX_LENGTH else None


def unseal(
    vault: Vault, workspace_id: str, text: str | None, *, source: RecordRef, settings: str, now: datetime
) -> DraftToken:
    """The token, if it is for this workspace, record and settings, and still good.

    :raises InvalidDraft: on `draft_token`, saying which of them it is not.
    """
    if text is None:
        raise refused("missing", "Custom mode needs a draft that was reviewed.")
    try:
        packed = vault.open(workspace_id, PURPOSE, text)
        token = msgspec.json.decode(zlib.decompressobj().decompress(packed, _MOST_BYTES), type=DraftToken)
    except (VaultError, ValueError, zlib.error):
        raise refused("foreign", "The draft is not one of this workspace.") from None
    if token.source != source:
        raise refused("foreign", "The draft was made for another record.")
    if now - token.issued_at > LASTS:
        raise refused("expired", "The draft is older than 15 minutes.")
    if token.settings != settings:
        raise refused("outdated", "The settings have changed since the draft was reviewed.")
    return token


def refused(code: str, message: str) -> InvalidDraft:
    """The refusal of a token."""
    return invalid_draft([Problem("draft_token", code, message, "Open the review dialog and submit from there.")])
