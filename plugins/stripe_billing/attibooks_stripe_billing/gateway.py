"""The only place that talks to Stripe. Answers are plain objects, as the API of `API_VERSION` shows them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from attibooks_core.errors import NotFound, Unavailable
from attibooks_core.protocols import HostServices
from attibooks_stripe_billing.faults import MISSING, error_of
from attibooks_stripe_billing.plan import WORKSPACE, Subscription, id_of
from attibooks_stripe_billing.settings import StripeSettings

if TYPE_CHECKING:
    import stripe

PAGE = 100
_NOT_LOST = {"won", "prevented", "warning_closed", "warning_needs_response", "warning_under_review"}
"""Disputes that took no money: won ones, and inquiries."""

Plain = dict[str, Any]


class StripeGateway:
    """Calls of one account.

    Every method raises `Unavailable` (down, busy, or an account that is not set up); those that read one thing also
    `NotFound` with the code `stripe_object_missing`.
    """

    def __init__(self, host: HostServices, settings: StripeSettings) -> None:
        self._host = host
        self._settings = settings
        self._client: stripe.StripeClient | None = None
        self._loading = asyncio.Lock()

    async def client(self) -> "stripe.StripeClient":
        """The library's client, made at its first use and not in the event loop."""
        async with self._loading:
            if self._client is None:
                self._client = await asyncio.to_thread(self._load)
        return self._client

    def _load(self) -> "stripe.StripeClient":
        from attibooks_stripe_billing.library import make_client  # noqa: PLC0415 - see there

        s = self._settings
        return make_client(s.key(), s.api_url, self._host.http, self._host.clock, s.timeout_seconds)

    async def ask(self, call: Callable[["stripe.StripeClient"], Awaitable[Any]]) -> Plain:
        """One call; its answer plain."""
        client = await self.client()
        import stripe  # noqa: PLC0415 - loaded by now

        try:
            answer = await call(client)
        except stripe.StripeError as error:
            raise error_of(error) from error
        return dict(answer.to_dict(for_json=True))

    async def pages(
        self,
        call: Callable[["stripe.StripeClient", Plain], Awaitable[Any]],
        **given: Any,  # noqa: ANN401 - parameters
    ) -> AsyncIterator[Plain]:
        """Every object of a list, page by page."""
        more, after = True, None
        while more:
            params: Plain = {**given, "limit": PAGE, **({"starting_after": after} if after else {})}
            page = await self.ask(lambda c, params=params: call(c, params))  # type: ignore[misc]
            for one in page["data"]:
                yield one
            more = bool(page.get("has_more")) and bool(page["data"])
            after = page["data"][-1]["id"] if more else None

    # -- customers -----------------------------------------------------------------------------------------------

    async def create_customer(self, workspace_id: str, key: str) -> str:
        """A customer for a workspace; the same key again gives the same one. Names and addresses are theirs to type."""
        metadata = {WORKSPACE: workspace_id}
        made = await self.ask(lambda c: c.v1.customers.create_async({"metadata": metadata}, {"idempotency_key": key}))
        return str(made["id"])

    async def has_customer(self, customer: str) -> bool:
        """Whether a customer is there and not deleted."""
        try:
            found = await self.ask(lambda c: c.v1.customers.retrieve_async(customer))
        except NotFound:
            return False
        return found.get("deleted") is not True

    async def customer_of(self, kind: str, identifier: str) -> str | None:
        """Whose thing it is; None when it is gone, or a thing of nobody."""
        if kind == "customer":
            return identifier
        read = _READERS.get(kind)
        if read is None:
            return None
        try:
            found = await self.ask(lambda c: read(c, identifier))
        except NotFound as error:
            if error.code == MISSING:
                return None
            raise
        if kind == "dispute":
            charge = id_of(found.get("charge"))
            return await self.customer_of("charge", charge) if charge else None
        return id_of(found.get("customer"))

    # -- what they have ------------------------------------------------------------------------------------------

    async def subscriptions(self, customer: str) -> list[Subscription]:
        """Every subscription of a customer, ended ones included; of a deleted one there are none."""
        try:
            found = self.pages(lambda c, p: c.v1.subscriptions.list_async(p), customer=customer, status="all")  # type: ignore[arg-type]
            subscriptions = [Subscription.read(body) async for body in found]
        except NotFound:
            return []
        return subscriptions

    async def all_subscriptions(self) -> AsyncIterator[Subscription]:
        """Every subscription of the account."""
        async for body in self.pages(lambda c, p: c.v1.subscriptions.list_async(p), status="all"):  # type: ignore[arg-type]
            yield Subscription.read(body)

    async def unpaid_since(self, subscription: str) -> int | None:
        """When the oldest open invoice of a subscription was made."""
        found = self.pages(lambda c, p: c.v1.invoices.list_async(p), subscription=subscription, status="open")  # type: ignore[arg-type]
        return min([int(body["created"]) async for body in found], default=None)

    async def paid_back(self, customer: str, since: int) -> str | None:
        """Whether the customer's newest payment was given back: `refunded` (all of it) or `disputed`.

        :param since: unix seconds; older payments were for something else.
        """
        charges = await self.ask(lambda c: c.v1.charges.list_async({"customer": customer, "limit": 10}))
        paid = [c for c in charges["data"] if c.get("status") == "succeeded" and int(c["created"]) >= since]
        if not paid:
            return None
        newest = max(paid, key=lambda c: int(c["created"]))
        if newest.get("refunded") is True:
            return "refunded"
        return "disputed" if newest.get("disputed") and await self._is_disputed(newest["id"]) else None

    async def _is_disputed(self, charge: str) -> bool:
        disputes = await self.ask(lambda c: c.v1.disputes.list_async({"charge": charge, "limit": 10}))
        return any(d.get("status") not in _NOT_LOST for d in disputes["data"])

    async def price(self) -> Plain | None:
        """The price that the settings name; None when there is none."""
        wanted = {"lookup_keys": [self._settings.price_lookup_key], "active": True, "limit": 1}
        found = await self.ask(lambda c: c.v1.prices.list_async(wanted))  # type: ignore[arg-type]
        return found["data"][0] if found["data"] else None

    async def events_since(self, since: datetime, types: Sequence[str]) -> AsyncIterator[Plain]:
        """What happened since then, newest first."""
        created = {"gte": int(since.timestamp())}
        async for event in self.pages(lambda c, p: c.v1.events.list_async(p), created=created, types=list(types)):  # type: ignore[arg-type]
            yield event

    # -- selling -------------------------------------------------------------------------------------------------

    async def open_checkout(self, params: Plain, key: str) -> Plain:
        """A page to pay on."""
        return await self.ask(lambda c: c.v1.checkout.sessions.create_async(params, {"idempotency_key": key}))  # type: ignore[arg-type]

    async def checkout(self, session: str) -> Plain | None:
        """A page to pay on, as it stands; None when there is no such one."""
        try:
            return await self.ask(lambda c: c.v1.checkout.sessions.retrieve_async(session))
        except NotFound:
            return None

    async def close_checkout(self, session: str) -> None:
        """Close a page that nobody shall pay on any more; one that is closed already is fine."""
        try:
            await self.ask(lambda c: c.v1.checkout.sessions.expire_async(session))
        except (NotFound, Unavailable):
            return

    async def open_portal(self, customer: str, return_url: str, configuration: str | None) -> str:
        """A page to manage what was bought: its address opens without a password."""
        params: Plain = {"customer": customer, "return_url": return_url}
        if configuration:
            params["configuration"] = configuration
        made = await self.ask(lambda c: c.v1.billing_portal.sessions.create_async(params))  # type: ignore[arg-type]
        return str(made["url"])

    async def portal_configuration(self, marked: Mapping[str, str]) -> Plain | None:
        """The configuration of the portal that we made."""
        found = self.pages(lambda c, p: c.v1.billing_portal.configurations.list_async(p), active=True)  # type: ignore[arg-type]
        async for body in found:
            if dict(marked).items() <= (body.get("metadata") or {}).items():
                return body
        return None


_READERS: Mapping[str, Callable[["stripe.StripeClient", str], Awaitable[Any]]] = {
    "subscription": lambda c, i: c.v1.subscriptions.retrieve_async(i),
    "checkout.session": lambda c, i: c.v1.checkout.sessions.retrieve_async(i),
    "invoice": lambda c, i: c.v1.invoices.retrieve_async(i),
    "charge": lambda c, i: c.v1.charges.retrieve_async(i),
    "dispute": lambda c, i: c.v1.disputes.retrieve_async(i),
}
