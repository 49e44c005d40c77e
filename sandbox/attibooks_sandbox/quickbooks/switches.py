"""Behaviours that sources leave open or that companies set otherwise, each with the default of the reference."""

from __future__ import annotations

from typing import Literal

import msgspec


class Switches(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Switches of the QuickBooks service (reference: QuickBooks Online API, what an emulator must get right).

    `http_webhooks` is Attio's: it lets webhooks name `http://` addresses of loopback, which Attio itself refuses.
    """

    unknown_property: Literal["refuse", "ignore"] = "refuse"
    rounding: Literal["ROUND_HALF_UP", "ROUND_HALF_EVEN"] = "ROUND_HALF_UP"
    void_paid: Literal["refuse", "unlink"] = "refuse"
    void_twice: Literal["unchanged", "refuse"] = "unchanged"
    replay_faults: bool = True
    id_ranges: bool = False
    old_changes: Literal["cut", "refuse"] = "cut"
    full_changes: Literal["oldest", "newest"] = "oldest"
    metered_calls_allowed: int | None = None
    code_replay: Literal["revoke", "refuse"] = "revoke"
    refresh_grace: bool = False
    invoice_events: Literal["all", "basic"] = "all"
    http_webhooks: bool = False
