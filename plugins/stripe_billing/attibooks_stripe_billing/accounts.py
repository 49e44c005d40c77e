"""What is kept of a workspace at Stripe, and the one function that brings its plan up to date."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from weakref import WeakValueDictionary

from attibooks_core.documents import Document, Documents
from attibooks_core.errors import Down, NotFound, Unavailable
from attibooks_core.protocols import Clock
from attibooks_stripe_billing.catalogue import Catalogue
from attibooks_stripe_billing.gateway import StripeGateway
from attibooks_stripe_billing.plan import Plan, Subscription, plan_of, unknown_statuses

CUSTOMER, OWNER, PLAN = "customer/", "owner/", "plan/"
ATTEMPTS = 8
FRESH_SECONDS = 1.0
"""How long a plan that was read is taken for what it is: a create asks for it several times."""
MOST_FRESH = 10_000

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Fresh:
    """A plan that was read just now.

    :param version: of its document, 0 when there was none.
    :param until: when it has to be read again, on the monotonic clock.
    """

    plan: Plan
    version: int
    until: float


@dataclass(frozen=True, slots=True)
class Account:
    """The customers of one workspace, the newest last. Normally one; a deleted one makes room for another.

    :param made: how many were asked for: part of the idempotency key.
    """

    customers: tuple[str, ...] = ()
    made: int = 0
    version: int = 0

    @classmethod
    def read(cls, document: Document | None) -> "Account":
        """From its document."""
        if document is None:
            return cls()
        return cls(tuple(document.value["customers"]), int(document.value["made"]), document.version)


class Accounts:
    """Reads and writes them; asks Stripe where it must."""

    def __init__(
        self, documents: Documents, gateway: StripeGateway, catalogue: Catalogue, clock: Clock, grace: timedelta
    ) -> None:
        self.documents = documents
        self._gateway = gateway
        self._catalogue = catalogue
        self._clock = clock
        self._grace = grace
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._fresh: dict[str, Fresh] = {}

    async def plan(self, workspace_id: str) -> Plan:
        """The plan as last known; nobody is asked."""
        fresh = self._fresh.get(workspace_id)
        if fresh is not None and self._clock.monotonic() < fresh.until:
            return fresh.plan
        return self._kept_fresh(workspace_id, await self.documents.get(PLAN + workspace_id))

    def _kept_fresh(self, workspace_id: str, document: Document | None) -> Plan:
        """Of two documents the version tells which is newer: clocks may be set back."""
        now, version = self._clock.monotonic(), document.version if document else 0
        known = self._fresh.get(workspace_id)
        if known is not None and known.until > now and known.version > version:  # a sync was faster than this reading
            return known.plan
        if len(self._fresh) >= MOST_FRESH:
            self._fresh.clear()
        plan = Plan.read(document.value) if document else Plan()
        self._fresh[workspace_id] = Fresh(plan, version, now + FRESH_SECONDS)
        return plan

    async def account(self, workspace_id: str) -> Account:
        """The customers of a workspace."""
        return Account.read(await self.documents.get(CUSTOMER + workspace_id))

    async def owner(self, customer: str) -> str | None:
        """The workspace of a customer."""
        known = await self.documents.get(OWNER + customer)
        return str(known.value["workspace"]) if known else None

    # -- the plan ------------------------------------------------------------------------------------------------

    async def sync(self, workspace_id: str) -> Plan:
        """Read the subscriptions of a workspace anew and keep what they grant. Everything else only calls this.

        Runs at the same time do not mind each other: what is kept was asked for after everything that was kept
        before, whoever is faster.

        :raises Unavailable: Stripe cannot be asked; the plan stays as it was.
        """
        async with self._lock(workspace_id):
            for _ in range(ATTEMPTS):
                known = await self.documents.get(PLAN + workspace_id)
                plan = await self._asked(workspace_id)
                kept = await self.documents.put(
                    PLAN + workspace_id, plan.plain(), version=known.version if known else 0
                )
                if kept is not None:
                    self._tell(workspace_id, plan, Plan.read(known.value) if known else Plan())
                    return self._kept_fresh(workspace_id, kept)
        raise Down("The plan is being asked for by too many at once. Try again in a minute.")

    async def _asked(self, workspace_id: str) -> Plan:
        now = self._clock.now()
        account = await self.account(workspace_id)
        offer = await self._catalogue.offer()
        found = [s for customer in account.customers for s in await self._gateway.subscriptions(customer)]
        found = [await self._with_debts(s) if s.is_of(offer) else s for s in found]
        if unknown_statuses(found):
            log.error("Stripe has subscriptions in states that grant nothing here: %s", unknown_statuses(found))
        plan = replace(plan_of(found, now, offer=offer, grace=self._grace), asked_at=now.timestamp())
        why = await self._paid_back(plan, found)
        return plan.without_money(why) if why else plan

    async def _with_debts(self, subscription: Subscription) -> Subscription:
        if subscription.status != "past_due":
            return subscription
        return replace(subscription, unpaid_since=await self._gateway.unpaid_since(subscription.id))

    async def _paid_back(self, plan: Plan, found: Sequence[Subscription]) -> str | None:
        if not plan.is_pro or plan.status == "trialing":
            return None
        customer = next(s.customer for s in found if s.id == plan.subscription)
        try:
            return await self._gateway.paid_back(customer, plan.created)
        except (NotFound, Unavailable) as error:
            log.warning("Stripe does not tell whether a payment was given back (%s): %s", error.reference, error.code)
            return None

    def expected(self, subscriptions: Sequence[Subscription], now: datetime) -> Plan:
        """What subscriptions that were read already would grant."""
        return plan_of(subscriptions, now, offer=self._catalogue.last, grace=self._grace)

    def _tell(self, workspace_id: str, plan: Plan, before: Plan) -> None:
        if plan.is_pro is not before.is_pro:
            log.info("workspace %s is %s now (%s)", workspace_id, "pro" if plan.is_pro else "free", plan.status)
        if plan.is_double and not before.is_double:
            log.error("workspace %s has two subscriptions and pays twice; cancel one at Stripe", workspace_id)

    def _lock(self, workspace_id: str) -> asyncio.Lock:
        lock = self._locks.get(workspace_id)
        if lock is None:
            lock = self._locks[workspace_id] = asyncio.Lock()
        return lock

    # -- customers -----------------------------------------------------------------------------------------------

    async def customer(self, workspace_id: str) -> str:
        """The customer of a workspace, made when there is none (any more); of many at once all get the same."""
        for _ in range(ATTEMPTS):
            account = await self.account(workspace_id)
            if account.customers and await self._gateway.has_customer(account.customers[-1]):
                return account.customers[-1]
            if account.customers:
                log.warning("the customer of workspace %s was deleted at Stripe; it gets a new one", workspace_id)
                await self._keep(workspace_id, replace(account, customers=()))
                continue
            made = await self._gateway.create_customer(workspace_id, f"attibooks:cust:{workspace_id}:{account.made}")
            if await self._own(workspace_id, account, made):
                return made
        raise Down("The customer is being made by too many at once. Try again in a minute.")

    async def adopt(self, customer: str) -> str | None:
        """The workspace that a customer we do not know pays for, by the metadata of its subscriptions; or None."""
        offer = await self._catalogue.offer()
        found = [s for s in await self._gateway.subscriptions(customer) if s.is_of(offer) and s.workspace]
        return await self.adopt_for(found[0].workspace, customer) if found and found[0].workspace else None

    async def adopt_for(self, workspace_id: str, customer: str) -> str:
        """Take a customer in that was made elsewhere, or is missing in a database that was restored."""
        while True:
            account = await self.account(workspace_id)
            if customer in account.customers:
                break
            if account.customers:
                log.error("workspace %s has a second customer at Stripe; both count", workspace_id)
            if await self._own(workspace_id, account, customer):
                break
        return workspace_id

    async def _own(self, workspace_id: str, account: Account, customer: str) -> bool:
        await self.documents.put(OWNER + customer, {"workspace": workspace_id}, version=0)
        customers = (*(c for c in account.customers if c != customer), customer)
        return await self._keep(workspace_id, replace(account, customers=customers, made=account.made + 1))

    async def _keep(self, workspace_id: str, account: Account) -> bool:
        value = {"customers": account.customers, "made": account.made}
        return await self.documents.put(CUSTOMER + workspace_id, value, version=account.version) is not None
