"""The billing provider `stripe`."""

from collections.abc import Mapping

from attibooks_core.model import Entitlements
from attibooks_core.protocols import HostServices
from attibooks_stripe_billing.inbox import Inbox
from attibooks_stripe_billing.parts import Parts
from attibooks_stripe_billing.plan import Plan, notice_of
from attibooks_stripe_billing.reconciling import Reconciler
from attibooks_stripe_billing.selling import Desk
from attibooks_stripe_billing.settings import StripeSettings

FEATURES = frozenset({"custom_mode", "invoice_object", "two_way_sync"})
"""What Pro adds, by the names of the host."""


class StripeBilling:
    """Free and Pro, sold with Stripe. Implements `BillingProvider` and everything optional around it."""

    key = "stripe"

    def __init__(self, host: HostServices, settings: StripeSettings) -> None:
        self._host = host
        self._settings = settings
        parts = Parts.assemble(host, settings)
        self._accounts = parts.accounts
        self._desk = Desk(parts)
        self._inbox = Inbox(parts)
        self._reconciler = Reconciler(parts, self._inbox)

    def chosen(self) -> None:
        """See `ChosenProvider`."""
        self._settings.check(production=self._host.production)

    async def entitlements(self, workspace_id: str) -> Entitlements:
        """The plan as last known: Stripe is never asked here, so it locks nobody out when it is down (row 153)."""
        return self._shown(await self._accounts.plan(workspace_id))

    async def checkout_url(self, workspace_id: str, *, success_url: str, cancel_url: str) -> str:
        """See `SellingProvider`."""
        return await self._desk.checkout_url(workspace_id, success_url=success_url, cancel_url=cancel_url)

    async def portal_url(self, workspace_id: str, return_to: str) -> str:
        """See `SellingProvider`."""
        return await self._desk.portal_url(workspace_id, return_to)

    async def returned(self, workspace_id: str, query: Mapping[str, str]) -> Entitlements:
        """See `SellingProvider`."""
        return self._shown(await self._desk.returned(workspace_id, query))

    async def receive(self, headers: Mapping[str, str], body: bytes) -> None:
        """See `WebhookProvider`."""
        await self._inbox.receive(headers, body)

    async def work(self) -> None:
        """See `WebhookProvider`."""
        await self._inbox.work()

    async def catch_up(self) -> None:
        """See `ReconcilingProvider`."""
        await self._reconciler.catch_up()

    async def walk(self) -> int:
        """See `ReconcilingProvider`."""
        return await self._reconciler.walk()

    def _shown(self, plan: Plan) -> Entitlements:
        now = self._host.clock.now()
        notice, manageable = notice_of(plan, now), plan.status is not None
        if plan.grants(now):
            return Entitlements("pro", None, FEATURES, notice=notice, manageable=manageable)
        free = self._host.free_invoices
        return Entitlements("free", free, frozenset(), notice=notice, manageable=manageable)
