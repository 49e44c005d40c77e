"""What an account of Stripe needs before it can sell Pro. Finds what is there and makes what is missing."""

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from attibooks_core.errors import AttiBooksError, ConfigurationError
from attibooks_stripe_billing.gateway import Plain, StripeGateway
from attibooks_stripe_billing.plan import id_of
from attibooks_stripe_billing.reconciling import EVENTS
from attibooks_stripe_billing.selling import MARK
from attibooks_stripe_billing.settings import StripeSettings

PRODUCT_MARK = {"attibooks": "pro"}
TAX_CODE = "txcd_10103001"
"""Software as a service, business use (Stripe reference, catalogue); a tax adviser may say otherwise."""

FEATURES: Plain = {
    "customer_update": {"enabled": True, "allowed_updates": ["email", "address", "name", "tax_id"]},
    "invoice_history": {"enabled": True},
    "payment_method_update": {"enabled": True},
    "subscription_cancel": {"enabled": True, "mode": "at_period_end"},
    "subscription_update": {"enabled": False},
    "subscription_pause": {"enabled": False},
}
"""Of the portal: cancelling at the period's end; no other plan to switch to, and no pause, which would end Pro."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that is there now.

    :param state: `created`, `changed`, `unchanged` or `failed`.
    :param note: what an operator has to do with it.
    :param secret: signing secret of a new endpoint: Stripe tells it this once.
    """

    what: str
    state: str
    id: str | None = None
    note: str | None = None
    secret: str | None = None


@dataclass(frozen=True, slots=True)
class Tariff:
    """What Pro costs a month, before tax."""

    amount: int
    currency: str


class Setup:
    """Sets up one account; a second time it changes nothing."""

    def __init__(self, gateway: StripeGateway, settings: StripeSettings, public_url: str) -> None:
        self._gateway = gateway
        self._settings = settings
        self._address = f"{public_url}/webhooks/stripe"

    async def run(self, tariff: Tariff) -> AsyncIterator[Step]:
        """Everything in turn.

        :raises Unavailable: Stripe does not answer, or refuses.
        """
        product = await self._product()
        yield product
        yield await self._price(str(product.id), tariff)
        yield await self._portal()
        yield await self._endpoint()

    async def _product(self) -> Step:
        product = await self._known_product()
        if product is not None:
            return Step("product", "unchanged", product)
        given: Any = {"name": "AttiBooks Pro", "metadata": PRODUCT_MARK, "tax_code": TAX_CODE}
        made = await self._gateway.ask(lambda c: c.v1.products.create_async(given))
        return Step("product", "created", made["id"])

    async def _known_product(self) -> str | None:
        wanted = self._settings.product_id
        if wanted:
            return str((await self._gateway.ask(lambda c: c.v1.products.retrieve_async(wanted)))["id"])
        price = await self._gateway.price()
        if price is not None:
            return id_of(price.get("product"))
        return await self._found(lambda c, p: c.v1.products.list_async(p), PRODUCT_MARK, active=True)

    async def _price(self, product: str, tariff: Tariff) -> Step:
        key = self._settings.price_lookup_key
        known = await self._gateway.price()
        if known is not None and _costs(known, tariff) and id_of(known.get("product")) == product:
            return Step("price", "unchanged", known["id"], f"lookup key {key}")
        given: Any = {
            "product": product,
            "currency": tariff.currency,
            "unit_amount": tariff.amount,
            "recurring": {"interval": "month"},
            "tax_behavior": "exclusive",
            "lookup_key": key,
            "transfer_lookup_key": True,
        }
        made = await self._gateway.ask(lambda c: c.v1.prices.create_async(given))
        note = f"lookup key {key}" + ("; who subscribed earlier keeps the old price" if known else "")
        return Step("price", "changed" if known else "created", made["id"], note)

    async def _portal(self) -> Step:
        known = await self._gateway.portal_configuration(MARK)
        given: Any = {"features": FEATURES, "metadata": MARK}
        if known is None:
            made = await self._gateway.ask(lambda c: c.v1.billing_portal.configurations.create_async(given))
            return Step("portal configuration", "created", made["id"])
        if _has(known.get("features") or {}, FEATURES):
            return Step("portal configuration", "unchanged", known["id"])
        await self._gateway.ask(lambda c: c.v1.billing_portal.configurations.update_async(known["id"], given))
        return Step("portal configuration", "changed", known["id"])

    async def _endpoint(self) -> Step:
        what = f"webhook endpoint {self._address}"
        try:
            return await self._endpoint_at(what)
        except AttiBooksError as error:
            note = f"{error.message} Set ATTIBOOKS_PUBLIC_URL to where Stripe reaches this host and run this again."
            return Step(what, "failed", note=note)

    async def _endpoint_at(self, what: str) -> Step:
        from attibooks_stripe_billing.library import API_VERSION  # noqa: PLC0415 - loaded by now

        async for known in self._gateway.pages(lambda c, p: c.v1.webhook_endpoints.list_async(p)):  # type: ignore[arg-type]
            if known.get("url") == self._address and known.get("status") != "disabled":
                return await self._endpoint_with_events(what, known)
        given: Any = {"url": self._address, "enabled_events": list(EVENTS), "api_version": API_VERSION}
        made = await self._gateway.ask(lambda c: c.v1.webhook_endpoints.create_async(given))
        note = "put its secret first in ATTIBOOKS_STRIPE__WEBHOOK_SECRETS"
        return Step(what, "created", made["id"], note, made.get("secret"))

    async def _endpoint_with_events(self, what: str, known: Plain) -> Step:
        if set(known.get("enabled_events") or []) >= set(EVENTS) or known.get("enabled_events") == ["*"]:
            return Step(what, "unchanged", known["id"])
        given: Any = {"enabled_events": list(EVENTS)}
        await self._gateway.ask(lambda c: c.v1.webhook_endpoints.update_async(known["id"], given))
        return Step(what, "changed", known["id"])

    async def _found(self, call: Callable[[Any, Plain], Any], mark: Mapping[str, str], **given: Any) -> str | None:  # noqa: ANN401
        async for body in self._gateway.pages(call, **given):
            if dict(mark).items() <= (body.get("metadata") or {}).items():
                return str(body["id"])
        return None


def check(settings: StripeSettings) -> None:
    """Refuse to set an account up with a key that cannot.

    :raises ConfigurationError: saying what to set.
    """
    if settings.livemode is not None and settings.livemode is not settings.is_live:
        raise ConfigurationError("ATTIBOOKS_STRIPE__API_KEY is not for the mode of ATTIBOOKS_STRIPE__LIVEMODE.")
    settings.key()


def _costs(price: Plain, tariff: Tariff) -> bool:
    monthly = (price.get("recurring") or {}).get("interval") == "month"
    return monthly and price.get("unit_amount") == tariff.amount and price.get("currency") == tariff.currency


def _has(shown: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Whether everything that is wanted is shown so; more may be shown."""
    for name, value in wanted.items():
        there = shown.get(name)
        if isinstance(value, Mapping):
            if not isinstance(there, Mapping) or not _has(there, value):
                return False
        elif (set(there or []) != set(value)) if isinstance(value, list) else (there != value):
            return False
    return True
