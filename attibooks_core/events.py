"""What plugins are told after the fact.

Receivers ignore classes they do not know: new ones come with a minor version of the hook API.
"""

from dataclasses import dataclass
from datetime import datetime

from attibooks_core.model import RecordRef


@dataclass(frozen=True, slots=True)
class InvoiceEvent:
    """Base of what happens to an invoice; ids only.

    :param operation_key: names the operation over all its runs (the intent's id).
    """

    event_id: str
    at: datetime
    workspace_id: str
    operation_key: str
    source: RecordRef


@dataclass(frozen=True, slots=True)
class InvoiceSubmitted(InvoiceEvent):
    """The accounting system accepted the invoice."""

    backend: str
    invoice_id: str


@dataclass(frozen=True, slots=True)
class SubmissionFailed(InvoiceEvent):
    """No invoice was made; `code` says why."""

    code: str


@dataclass(frozen=True, slots=True)
class WritebackFailed(InvoiceEvent):
    """The invoice stands and the record does not show it (yet)."""

    invoice_id: str
    code: str


@dataclass(frozen=True, slots=True)
class StageFinished:
    """One stage of an operation ended: for observers (metrics, traces), never with a record's content.

    :param stage: `read`, `build`, `prepare`, `intent`, `submit`, `commit`, `writeback`, `done`; of a sync `show`
        (one invoice is on its records), `sync_page`, `sync` (its cursor has not moved yet).
    :param outcome: `ok` or an error's code.
    :param seconds: how long it took.
    """

    stage: str
    workspace_id: str
    operation_key: str
    outcome: str
    seconds: float
