"""Finding out what no delivery told: the events of the last hours, every hour; every subscription, every day."""

import logging
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

from attibooks_core.documents import Document
from attibooks_core.errors import Unavailable
from attibooks_stripe_billing.accounts import CUSTOMER, PLAN, Account
from attibooks_stripe_billing.inbox import Inbox
from attibooks_stripe_billing.parts import Parts
from attibooks_stripe_billing.plan import Plan, Subscription

WATERMARK = "watermark"
OVERLAP = timedelta(hours=2)
REACH = timedelta(days=29)
"""Stripe lists the events of 30 days."""
BUSY_TRIES = 3

EVENTS = (
    "charge.dispute.closed",
    "charge.dispute.created",
    "charge.refunded",
    "checkout.session.async_payment_failed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.completed",
    "checkout.session.expired",
    "customer.deleted",
    "customer.subscription.created",
    "customer.subscription.deleted",
    "customer.subscription.paused",
    "customer.subscription.pending_update_applied",
    "customer.subscription.pending_update_expired",
    "customer.subscription.resumed",
    "customer.subscription.updated",
    "customer.updated",
    "invoice.finalization_failed",
    "invoice.paid",
    "invoice.payment_action_required",
    "invoice.payment_failed",
)
"""What our endpoint is told and what is asked for afterwards: at most 20 types fit into one question."""

log = logging.getLogger(__name__)


class Reconciler:
    """See `ReconcilingProvider`."""

    def __init__(self, parts: Parts, inbox: Inbox) -> None:
        self._documents = parts.documents
        self._accounts = parts.accounts
        self._catalogue = parts.catalogue
        self._gateway = parts.gateway
        self._inbox = inbox
        self._clock = parts.clock

    async def catch_up(self) -> None:
        """Note the events that no delivery brought, ask for plans whose time is up, forget what is old.

        After more than a month every subscription is looked at instead: events do not reach back further.
        """
        start = self._clock.now()
        known = await self._documents.get(WATERMARK)
        since = datetime.fromisoformat(known.value["at"]) if known else None
        if since is None or start - since > REACH:
            await self.walk()
        else:
            events = [event async for event in self._gateway.events_since(since - OVERLAP, EVENTS)]
            missed = await self._inbox.missed(reversed(events))
            if missed:
                log.warning("%d events of Stripe were never delivered", missed)
        await self._documents.put(WATERMARK, {"at": start.isoformat()}, version=known.version if known else 0)
        await self._sync_due(start)
        await self._inbox.work()
        await self._inbox.tidy()

    async def walk(self) -> int:
        """Compare every subscription of the account with what is kept. How many plans were not right."""
        await self._catalogue.offer()
        by_customer: dict[str, list[Subscription]] = {}
        async for subscription in self._gateway.all_subscriptions():
            by_customer.setdefault(subscription.customer, []).append(subscription)
        await self._adopt(by_customer)
        drift = 0
        async for document in self._all(CUSTOMER):
            workspace_id = document.key.removeprefix(CUSTOMER)
            customers = Account.read(document).customers
            drift += await self._compare(workspace_id, [s for c in customers for s in by_customer.get(c, [])])
        if drift:
            log.warning("%d plans were not what Stripe says, and are now", drift)
        return drift

    async def _adopt(self, by_customer: dict[str, list[Subscription]]) -> None:
        for customer, subscriptions in by_customer.items():
            named = [s.workspace for s in subscriptions if s.workspace and s.is_of(self._catalogue.last)]
            if named and named[0] and await self._accounts.owner(customer) is None:
                await self._accounts.adopt_for(named[0], customer)

    async def _compare(self, workspace_id: str, subscriptions: list[Subscription]) -> bool:
        before = await self._accounts.plan(workspace_id)
        expected = self._accounts.expected(subscriptions, self._clock.now())
        if before.same_as(expected) and before.paid_back is None and before.status != "past_due":
            return False
        after = await self._patiently(workspace_id)
        return after.is_pro is not before.is_pro or not after.same_as(before)

    async def _patiently(self, workspace_id: str) -> Plan:
        """Nobody waits for this one: when Stripe is busy, so can we."""
        for attempt in range(BUSY_TRIES):
            try:
                return await self._accounts.sync(workspace_id)
            except Unavailable as error:
                if error.code != "rate_limited":
                    raise
                await self._clock.sleep(2**attempt)
        return await self._accounts.sync(workspace_id)

    async def _sync_due(self, now: datetime) -> None:
        async for document in self._all(PLAN):
            if Plan.read(document.value).is_due(now):
                await self._patiently(document.key.removeprefix(PLAN))

    async def _all(self, prefix: str) -> AsyncIterator[Document]:
        after = ""
        while page := await self._documents.list(prefix, after=after):
            after = page[-1].key
            for document in page:
                yield document
