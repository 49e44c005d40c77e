"""Quota arithmetic."""

from datetime import UTC, datetime

from attibooks_core.errors import LimitReached
from attibooks_core.hookspecs import hookimpl
from attibooks_core.model import Entitlements
from attibooks_core.plans.entitlements import FEATURES
from attibooks_core.protocols import BillingProvider

COUNTED = "production"
"""Only invoices in real books count against a plan (X13)."""


def month_of(instant: datetime) -> str:
    """The UTC calendar month that an instant falls into: `YYYY-MM`."""
    return f"{instant.astimezone(UTC):%Y-%m}"


def resets_at(instant: datetime) -> datetime:
    """The first instant of the next UTC month."""
    now = instant.astimezone(UTC)
    year, month = (now.year + 1, 1) if now.month == 12 else (now.year, now.month + 1)
    return datetime(year, month, 1, tzinfo=UTC)


def limit_in(entitlements: Entitlements, environment: str) -> int | None:
    """How many invoices a month may be made in an environment; None is unlimited."""
    return entitlements.monthly_limit if environment == COUNTED else entitlements.sandbox_limit


def limit_reached(entitlements: Entitlements, environment: str, used: int, held: int, now: datetime) -> LimitReached:
    """The refusal of one more invoice, with the one next step (rows 146 and 155)."""
    limit, reset = limit_in(entitlements, environment), resets_at(now)
    is_counted = environment == COUNTED
    url = entitlements.upgrade_url if is_counted else None
    what = f"The {limit} invoices" if is_counted else f"The {limit} invoices in the sandbox"
    upgrade = f"Upgrade at {url}, or wait" if url else "Wait"
    message = f"{what} of this month are used up ({_made(used, held)}). {upgrade} until {reset:%Y-%m-%d}, 00:00 UTC."
    details = {"used": used, "held": held, "limit": limit, "resets_at": _text(reset), "upgrade_url": url}
    return LimitReached(message, details=details)


def _made(used: int, held: int) -> str:
    return f"{used} made, {held} under way" if held else f"{used} made"


def _text(instant: datetime) -> str:
    return f"{instant:%Y-%m-%dT%H:%M:%SZ}"


class Unmetered:
    """The provider of a host that was told `ATTIBOOKS_BILLING=none`: everybody has Pro, invoices are counted."""

    key = "none"

    async def entitlements(self, workspace_id: str) -> Entitlements:
        """Everything."""
        del workspace_id
        return Entitlements("pro", None, FEATURES, sandbox_limit=None)


class UnmeteredBilling:
    """The plugin `core.unmetered`."""

    attibooks_api = (1, 0)

    @hookimpl
    def register_billing_providers(self) -> list[BillingProvider]:
        """Offer the provider that is chosen by `ATTIBOOKS_BILLING=none` and by nothing else."""
        return [Unmetered()]
