"""Checkout and customer portal: Stripe's own pages, so that no card number comes near this host."""

import logging
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from uuid import uuid4

from attibooks_core.errors import Conflict, Down, NotFound
from attibooks_stripe_billing.gateway import Plain
from attibooks_stripe_billing.parts import Parts
from attibooks_stripe_billing.plan import WORKSPACE, Plan

CHECKOUT = "checkout/"
LASTS = 3600
"""Seconds that a page to pay on is open; Stripe allows half an hour to a day."""
SHORTEST = 31 * 60
"""What has to be left of them when the page is made."""
ATTEMPTS = 8
MARK = {"attibooks": "portal"}
"""Metadata of our configuration of the portal."""
_SESSION = re.compile(r"cs_[A-Za-z0-9_]{1,200}")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One page to pay on, agreed on before it is asked for, so that two clicks get the same one.

    :param session: its id, once there is one.
    """

    attempt: str
    price: str
    success_url: str
    cancel_url: str
    expires_at: int
    session: str | None = None


class Desk:
    """Opens the pages, and looks at what comes back."""

    def __init__(self, parts: Parts) -> None:
        self._documents = parts.documents
        self._accounts = parts.accounts
        self._catalogue = parts.catalogue
        self._gateway = parts.gateway
        self._settings = parts.settings
        self._clock = parts.clock
        self._portal: tuple[str | None, float] = (parts.settings.portal_configuration, float("-inf"))

    async def checkout_url(self, workspace_id: str, *, success_url: str, cancel_url: str) -> str:
        """See `SellingProvider.checkout_url`."""
        price = await self._catalogue.price()
        customer = await self._accounts.customer(workspace_id)
        plan = await self._accounts.sync(workspace_id)
        if plan.is_open and plan.status != "incomplete":
            raise Conflict("This workspace has a subscription already. Open Manage plan.", code="already_subscribed")
        wanted = self._new(price, success_url, cancel_url)
        for _ in range(ATTEMPTS):
            url = await self._try(workspace_id, customer, wanted, plan)
            if url is not None:
                return url
        raise Down("The page to pay on is being made by too many at once. Try again in a minute.")

    async def _try(self, workspace_id: str, customer: str, wanted: Attempt, plan: Plan) -> str | None:
        """The address of the page that is open, or of a new one; None when somebody was faster."""
        known = await self._documents.get(CHECKOUT + workspace_id)
        attempt = Attempt(**known.value) if known else None
        if attempt is not None and attempt.session is not None:
            url = await self._open(attempt, wanted)
            if url is not None:
                return url
        if plan.is_open:  # a first payment that is not finished, and no page to finish it on
            raise Conflict("A first payment is under way. Open Manage plan.", code="already_subscribed")
        if attempt is None or attempt.session is not None or not self._is_usable(attempt, wanted):
            version = known.version if known else 0
            known = await self._documents.put(CHECKOUT + workspace_id, asdict(wanted), version=version)
            if known is None:
                return None
            attempt = wanted
        made = await self._gateway.open_checkout(
            self._params(workspace_id, customer, attempt), f"attibooks:co:{workspace_id}:{attempt.attempt}"
        )
        value = asdict(replace(attempt, session=made["id"]))
        if known is not None:
            await self._documents.put(CHECKOUT + workspace_id, value, version=known.version)
        return str(made["url"])

    async def _open(self, attempt: Attempt, wanted: Attempt) -> str | None:
        """The address of a page that was made before, if one can still pay on it; an outdated one is closed."""
        session = await self._gateway.checkout(str(attempt.session))
        if session is None or session.get("status") != "open" or not session.get("url"):
            return None
        if attempt.price == wanted.price and attempt.expires_at > self._clock.now().timestamp() + 300:
            return str(session["url"])
        await self._gateway.close_checkout(str(attempt.session))
        return None

    def _is_usable(self, attempt: Attempt, wanted: Attempt) -> bool:
        left = attempt.expires_at - self._clock.now().timestamp()
        return attempt.price == wanted.price and left > SHORTEST

    def _new(self, price: str, success_url: str, cancel_url: str) -> Attempt:
        back = f"{success_url}{'&' if '?' in success_url else '?'}session_id={{CHECKOUT_SESSION_ID}}"
        return Attempt(uuid4().hex, price, back, cancel_url, int(self._clock.now().timestamp()) + LASTS)

    def _params(self, workspace_id: str, customer: str, attempt: Attempt) -> Plain:
        """Everything depends on the attempt alone: the same key has to bring the same parameters."""
        metadata = {WORKSPACE: workspace_id}
        return {
            "mode": "subscription",
            "customer": customer,
            "client_reference_id": workspace_id,
            "metadata": metadata,
            "subscription_data": {"metadata": metadata},
            "line_items": [{"price": attempt.price, "quantity": 1}],
            "success_url": attempt.success_url,
            "cancel_url": attempt.cancel_url,
            "expires_at": attempt.expires_at,
            "automatic_tax": {"enabled": self._settings.automatic_tax},
            "tax_id_collection": {"enabled": True},
            "customer_update": {"address": "auto", "name": "auto"},
            "billing_address_collection": "required",
            "allow_promotion_codes": self._settings.promotion_codes,
        }

    async def portal_url(self, workspace_id: str, return_to: str) -> str:
        """See `SellingProvider.portal_url`."""
        account = await self._accounts.account(workspace_id)
        if not account.customers:
            message = "Nothing was bought for this workspace yet, so there is nothing to manage. Upgrade first."
            raise NotFound(message, code="no_customer")
        configuration = await self._configuration()
        try:
            return await self._gateway.open_portal(account.customers[-1], return_to, configuration)
        except NotFound:
            message = "This workspace's customer was deleted at Stripe. Upgrade to begin anew."
            raise NotFound(message, code="no_customer") from None

    async def _configuration(self) -> str | None:
        """Of the portal: what the settings say, else what `attibooks stripe setup` made, else the account's default."""
        known, until = self._portal
        if self._settings.portal_configuration or self._clock.monotonic() < until:
            return known
        found = await self._gateway.portal_configuration(MARK)
        known = str(found["id"]) if found else None
        self._portal = (known, self._clock.monotonic() + 600)
        return known

    async def returned(self, workspace_id: str, query: Mapping[str, str]) -> Plan:
        """See `SellingProvider.returned`: only a purchase of this very workspace counts, and only as Stripe has it."""
        session_id = query.get("session_id", "")
        session = await self._gateway.checkout(session_id) if _SESSION.fullmatch(session_id) else None
        if (
            session is None
            or not _is_of(session, workspace_id)
            or session.get("livemode") is not self._settings.is_live
        ):
            raise NotFound("This purchase is not one of this workspace.", code="not_found")
        return await self._accounts.sync(workspace_id)


def _is_of(session: Plain, workspace_id: str) -> bool:
    named = (session.get("metadata") or {}).get(WORKSPACE) or session.get("client_reference_id")
    return bool(named == workspace_id)
