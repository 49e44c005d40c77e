"""Bodies of the app's calls and of the answers that are not shapes of contract §3.1. Unknown members are refused."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from attibooks_core.invoicing.edits import Edits
from attibooks_core.invoicing.shapes import ProblemShape
from attibooks_core.invoicing.tokens import MAX_LENGTH

Slug = Annotated[str, Meta(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9_-]+$")]
PlainText = Annotated[str, Meta(min_length=1, max_length=500, pattern=r"^[^\x00-\x1f\x7f]+$")]
DraftText = Annotated[str, Meta(min_length=1, max_length=MAX_LENGTH, pattern=r"^[\x21-\x7e]+$")]
SettingsObject = dict[str, Any]


class Body(Struct, forbid_unknown_fields=True, kw_only=True):
    """A call without arguments. `settings` is a full snapshot (contract §3) and may ride in any body."""

    settings: SettingsObject | None = None


class RecordBody(Body, kw_only=True):
    """A call about a record."""

    object: Slug
    record_id: Slug


class CreateBody(RecordBody, kw_only=True):
    """A click on *Create QuickBooks invoice*."""

    mode: Literal["quick", "custom"] | None = None
    draft_token: DraftText | None = None
    edits: Edits | None = None
    confirm_recent: bool = False


class BatchBody(Body, kw_only=True):
    """A click on a selection of records; a record that is named twice counts once."""

    object: Slug
    record_ids: Annotated[list[Slug], Meta(min_length=1, max_length=1000)]
    confirm_recent: bool = False


class PreviewBody(RecordBody, kw_only=True):
    """A look at what a create would send."""

    edits: Edits | None = None


class InstallationBody(Body, kw_only=True):
    """How to reach the app's webhook handler in this workspace."""

    callback_url: PlainText
    handler_id: PlainText
    connection_id: PlainText
    connection_key: PlainText


class InstallationAnswer(Struct, kw_only=True):
    """The id of an installation; the same at every repeat."""

    installation_id: str


class StatusAnswer(Struct, kw_only=True):
    """What Check Status found."""

    connected: bool
    company_id: str | None
    company_name: str | None
    environment: str | None
    home_currency: str | None
    multicurrency: bool | None
    account_mismatch: bool
    state: str
    message: str


class SettingsBody(Struct, forbid_unknown_fields=True, kw_only=True):
    """A full snapshot of the settings."""

    settings: SettingsObject


class FieldShape(Struct, kw_only=True):
    """One setting as a form needs it."""

    key: str
    title: str
    type: str
    value: Any
    default: Any
    options: list[str] | None
    help: str
    plan: str


class SectionShape(Struct, kw_only=True):
    """One settings section."""

    number: int
    title: str
    fields: list[FieldShape]


class SettingsAnswer(Struct, kw_only=True):
    """The settings, what they mean, and what is wrong with them."""

    settings: SettingsObject
    sections: list[SectionShape]
    problems: list[ProblemShape]


class JobAccepted(Struct, kw_only=True):
    """The operation goes on; ask for the job."""

    job_id: str


class ProgressShape(Struct, kw_only=True):
    """How far a job is."""

    done: int
    total: int


JobState = Literal["queued", "running", "waiting_for_lease", "succeeded", "failed"]
ReadyState = Literal["ready", "degraded", "not_ready"]


class JobShape(Struct, kw_only=True):
    """A job; `error` is a body of contract §5."""

    id: str
    kind: str
    state: JobState
    progress: ProgressShape
    result: dict[str, Any] | None = None
    error: dict[str, Any] | None = None


class TrailEntryShape(Struct, kw_only=True):
    """One thing that happened."""

    at: datetime
    kind: str
    actor: str | None
    summary: str
    intent_id: str | None
    invoice_id: str | None
    request_id: str | None
    reference: str | None
    details: Mapping[str, Any]


class TrailAnswer(Struct, kw_only=True):
    """The trail of a record, oldest first."""

    entries: list[TrailEntryShape]


class LiveAnswer(Struct, kw_only=True):
    """The process is there."""

    status: Literal["ok"]


class PluginShape(Struct, kw_only=True):
    """What became of a plugin."""

    name: str
    state: str
    reason: str


class ReadyAnswer(Struct, kw_only=True):
    """Whether the host can serve; `checks` by name, true is good."""

    status: ReadyState
    checks: dict[str, bool]
    plugins: list[PluginShape]
