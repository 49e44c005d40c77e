"""Tokens for a while, in memory only: what the calls of the app brought along.

A workspace's operations use the newest tokens that any of its calls brought. They are never written anywhere; a
process that starts has none and waits until somebody calls.
"""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta

from attibooks_core.model import Caller, Credential
from attibooks_core.protocols import Clock

MAX_WORKSPACES = 10_000
CRM_LASTS = timedelta(hours=24)
"""As long as a parked writeback is tried again. Attio's tokens do not expire."""
ACCOUNTING_LASTS = timedelta(minutes=55)
"""QuickBooks' access tokens live 60 minutes, and the call may have brought one that was not new."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The tokens of a workspace; `accounting` is None when no call brought one, or it is too old."""

    crm: Credential
    accounting: Credential | None


@dataclass(slots=True)
class _Kept:
    crm: Credential
    crm_at: datetime
    accounting: Credential | None
    accounting_at: datetime


class Leases:
    """The newest tokens by workspace, bounded."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._arrived: set[str] = set()

    def offer(self, caller: Caller) -> None:
        """Take the tokens of a call that was checked."""
        now = self._clock.now()
        known = self._kept.pop(caller.workspace_id, None)
        accounting, accounting_at = caller.accounting, now
        if accounting is None and known is not None:
            accounting, accounting_at = known.accounting, known.accounting_at
        self._kept[caller.workspace_id] = _Kept(caller.crm, now, accounting, accounting_at)
        self._arrived.add(caller.workspace_id)
        if len(self._kept) > MAX_WORKSPACES:
            self._kept.popitem(last=False)

    def of(self, workspace_id: str) -> Lease | None:
        """The tokens of a workspace, as far as they are fresh."""
        kept = self._kept.get(workspace_id)
        now = self._clock.now()
        if kept is None or now - kept.crm_at > CRM_LASTS:
            return None
        return Lease(kept.crm, kept.accounting if now - kept.accounting_at <= ACCOUNTING_LASTS else None)

    def refuse(self, workspace_id: str, accounting: Credential) -> None:
        """The books do not take this token any more: wait for another one."""
        kept = self._kept.get(workspace_id)
        if kept is not None and kept.accounting is not None and kept.accounting.token == accounting.token:
            kept.accounting = None

    def arrivals(self) -> list[str]:
        """Workspaces whose calls brought tokens since this was last asked."""
        arrived, self._arrived = self._arrived, set()
        return [workspace_id for workspace_id in arrived if workspace_id in self._kept]

    def drop(self, workspace_id: str) -> None:
        """Forget the tokens of a workspace (it uninstalled)."""
        self._kept.pop(workspace_id, None)

    def workspaces(self) -> list[str]:
        """Workspaces that have tokens."""
        return list(self._kept)
