"""The frozen payload of an intent: what will be sent, sealed, the same in every run."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import msgspec

from attibooks_core.model import RecordRef, SubmissionPlan
from attibooks_core.storage.vault import Vault

PAYLOAD = "payload"
ANSWER = "answer"


class Frozen(msgspec.Struct, frozen=True):
    """What an operation needs to be carried out again: the plan and the settings that it was made with.

    :param company: the company's record, for the invoice's own record.
    :param is_reviewed: a person saw this very plan, so that no other may be sent instead.
    """

    plan: SubmissionPlan
    settings: Mapping[str, Any]
    is_reviewed: bool = False
    company: RecordRef | None = None


def freeze(vault: Vault, workspace_id: str, frozen: Frozen) -> str:
    """Seal a payload."""
    return vault.seal(workspace_id, PAYLOAD, msgspec.json.encode(frozen))


def thaw(vault: Vault, workspace_id: str, sealed: str) -> Frozen:
    """Open a payload."""
    return msgspec.json.decode(vault.open(workspace_id, PAYLOAD, sealed), type=Frozen)


def intent_id_of(workspace_id: str, route: str, key: str) -> str:
    """The intent of a click: derived from its key, so that even a lost row leads to the same request ids."""
    return sha256(f"{workspace_id}\n{route}\n{key}".encode()).hexdigest()[:32]


def request_id_of(intent_id: str, generation: int, part: str) -> str:
    """The key of one outside write: the same in every run of a generation, at most 40 characters.

    A new generation has new ones: the books may answer a repeated id with a stored refusal (QuickBooks reference,
    requestid).
    """
    return f"{sha256(f'{intent_id}:{generation}'.encode()).hexdigest()[:30]}-{part}"


def marker_of(intent_id: str) -> str:
    """The text by which an invoice is found again; one for all generations of an intent."""
    return intent_id
