"""The frozen payload of a change: what will be sent, sealed, the same in every run."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import msgspec

from attibooks_core.invoicing.freezing import PAYLOAD
from attibooks_core.lifecycle import InvoiceEdit
from attibooks_core.model import RecordRef, WireRequest
from attibooks_core.storage.vault import Vault


class FrozenChange(msgspec.Struct, frozen=True, kw_only=True):
    """What an operation needs to be carried out again.

    :param version: `LiveInvoice.version` that the request is based on.
    :param edit: what a person wants to be different; None is a void.
    :param shown_on: the record that shows an error.
    """

    request: WireRequest
    settings: Mapping[str, Any]
    version: str
    edit: InvoiceEdit | None
    shown_on: RecordRef | None

    @property
    def digest(self) -> str:
        """SHA-256 of the bytes to be sent: what stays of the payload once the intent has ended."""
        request = self.request
        return sha256(f"{request.method} {request.path}\n{request.body}".encode()).hexdigest()


def freeze_change(vault: Vault, workspace_id: str, frozen: FrozenChange) -> str:
    """Seal a payload."""
    return vault.seal(workspace_id, PAYLOAD, msgspec.json.encode(frozen))


def thaw_change(vault: Vault, workspace_id: str, sealed: str) -> FrozenChange:
    """Open a payload."""
    return msgspec.json.decode(vault.open(workspace_id, PAYLOAD, sealed), type=FrozenChange)
