"""What is sold: the price that the settings name, and every product that was ever Pro here."""

from datetime import timedelta

from attibooks_core.documents import Documents
from attibooks_core.errors import Unavailable
from attibooks_core.protocols import Clock
from attibooks_stripe_billing.faults import NOT_SET_UP
from attibooks_stripe_billing.gateway import StripeGateway
from attibooks_stripe_billing.plan import Offer, id_of
from attibooks_stripe_billing.settings import StripeSettings

KEY = "catalogue"
KEPT = timedelta(minutes=10)


class Catalogue:
    """Asked of Stripe every ten minutes at most; remembered for when it does not answer."""

    def __init__(self, documents: Documents, gateway: StripeGateway, settings: StripeSettings, clock: Clock) -> None:
        self._documents = documents
        self._gateway = gateway
        self._settings = settings
        self._clock = clock
        self._price: str | None = None
        self._asked = float("-inf")
        own = frozenset({settings.product_id} if settings.product_id else ())
        self.last = Offer(own, settings.price_lookup_key, settings.is_live)
        """The offer as last known."""

    async def offer(self) -> Offer:
        """What counts as Pro."""
        if not self._is_fresh:
            await self._remembered()
            try:
                await self._ask()
            except Unavailable:
                if not self.last.products:
                    raise
        return self.last

    async def price(self) -> str:
        """The price to sell.

        :raises Unavailable: there is none.
        """
        if not self._is_fresh or self._price is None:
            await self._ask()
        if self._price is None:
            raise Unavailable(f"There is nothing to buy yet: run `attibooks stripe setup`. {NOT_SET_UP}")
        return self._price

    @property
    def _is_fresh(self) -> bool:
        return self._clock.monotonic() - self._asked < KEPT.total_seconds()

    async def _ask(self) -> None:
        found = await self._gateway.price()
        self._asked = self._clock.monotonic()
        self._price = str(found["id"]) if found else None
        product = id_of(found.get("product")) if found else None
        if product and product not in self.last.products:
            self._know({product})
            await self._remember()

    def _know(self, products: set[str]) -> None:
        self.last = Offer(self.last.products | products, self.last.lookup_key, self.last.livemode)

    async def _remembered(self) -> None:
        known = await self._documents.get(KEY)
        if known is not None:
            self._know(set(known.value["products"]))

    async def _remember(self) -> None:
        known = await self._documents.get(KEY)
        before = set(known.value["products"]) if known else set()
        value = {"products": sorted(self.last.products | before)}
        await self._documents.put(KEY, value, version=known.version if known else 0)
