"""Quota arithmetic."""

from datetime import UTC, datetime

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
    return entitlements.monthly_limit if environment == COUNTED else None


class Unmetered:
    """The provider of a host that was told `ATTIBOOKS_BILLING=none`: everybody has Pro, invoices are counted."""

    key = "none"

    async def entitlements(self, workspace_id: str) -> Entitlements:
        """Everything."""
        del workspace_id
        return Entitlements("pro", None, FEATURES)


class UnmeteredBilling:
    """The plugin `core.unmetered`."""

    attibooks_api = (1, 0)

    @hookimpl
    def register_billing_providers(self) -> list[BillingProvider]:
        """Offer the provider that is chosen by `ATTIBOOKS_BILLING=none` and by nothing else."""
        return [Unmetered()]
