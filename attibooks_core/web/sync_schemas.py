"""Bodies of the sync's routes (contract §3)."""

from datetime import datetime
from typing import Literal

from msgspec import Struct

from attibooks_core.invoicing.shapes import ProblemShape


class SyncAnswer(Struct, kw_only=True):
    """What a run did. `complete`: nothing can have been missed; `skipped`: why there is nothing to sync into."""

    updated: int
    unchanged: int
    deleted: int
    errors: list[ProblemShape]
    complete: bool
    since: datetime | None
    until: datetime | None
    skipped: str | None


CronState = Literal["queued", "running", "done", "needs_reconnect", "skipped", "failed"]


class CronWorkspaceShape(Struct, kw_only=True):
    """How one workspace of a nightly run stands."""

    workspace: str
    state: CronState
    updated: int
    errors: list[ProblemShape]
    reason: str | None


class CronSummary(Struct, kw_only=True):
    """How a nightly run stands."""

    run_id: str
    workspaces: list[CronWorkspaceShape]
