"""A small Stripe on loopback that shows what it is told to show, and the provider against it."""

import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from attibooks_core.testing import Answer, ScriptedServer, SeenRequest, StubHost
from attibooks_stripe_billing.provider import StripeBilling
from attibooks_stripe_billing.settings import StripeSettings

EVENTS = {f.name[:2]: json.loads(f.read_text()) for f in sorted((Path(__file__).parent / "events").glob("*.json"))}
"""The 24 events of the reference, by number. Their values are ours."""
WORKSPACE = "7c0a3c4e-5d0f-4d0e-9a51-0f6f0b8f1a01"
CUSTOMER, SUBSCRIPTION = "cus_AttiTest0001", "sub_1AttiTest0001"
PRODUCT, LOOKUP_KEY = "prod_AttiBooksPro", "attibooks_pro_monthly_eur"
SECRET, OLD_SECRET = "whsec_of_these_tests", "whsec_of_the_last_key"
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def thing(number: str) -> dict[str, Any]:
    """What an event is about, as it stood then."""
    return json.loads(json.dumps(EVENTS[number]["data"]["object"]))


def a_list(objects: list[dict[str, Any]], url: str) -> Answer:
    return Answer({"object": "list", "data": objects, "has_more": False, "url": url})


def missing(what: str) -> Answer:
    error = {"type": "invalid_request_error", "code": "resource_missing", "param": "id", "message": f"No such {what}"}
    return Answer({"error": error}, 404, {"request-id": "req_404"})


def form(request: SeenRequest) -> dict[str, str]:
    """A form's fields by their bracketed names."""
    return {name: values[0] for name, values in parse_qs(request.body.decode(), keep_blank_values=True).items()}


@dataclass
class FakeStripe:
    """What the account has; tests write into it. Nothing is checked here: that is the sandbox's business."""

    server: ScriptedServer
    subscriptions: list[dict[str, Any]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    invoices: list[dict[str, Any]] = field(default_factory=list)
    charges: list[dict[str, Any]] = field(default_factory=list)
    disputes: list[dict[str, Any]] = field(default_factory=list)
    sessions: dict[str, dict[str, Any]] = field(default_factory=dict)
    customers: dict[str, dict[str, Any]] = field(default_factory=dict)
    by_key: dict[str, dict[str, Any]] = field(default_factory=dict)
    prices: list[dict[str, Any]] = field(default_factory=list)

    def open(self) -> "FakeStripe":
        on = self.server.on
        self.prices = [thing("05")["items"]["data"][0]["price"]]
        on("GET", "/v1/prices", lambda _: a_list(self.prices, "/v1/prices"))
        on("GET", "/v1/subscriptions", self._subscriptions)
        on("GET", "/v1/events", self._events)
        on("GET", "/v1/invoices", lambda _: a_list([i for i in self.invoices if i["status"] == "open"], "/v1/invoices"))
        on("GET", "/v1/charges", lambda _: a_list(self.charges, "/v1/charges"))
        on("GET", "/v1/disputes", lambda _: a_list(self.disputes, "/v1/disputes"))
        on("POST", "/v1/customers", self._make_customer)
        on("POST", "/v1/checkout/sessions", self._make_session)
        on("GET", "/v1/billing_portal/configurations", a_list([], "/v1/billing_portal/configurations"))
        on("POST", "/v1/billing_portal/sessions", Answer({"id": "bps_1", "url": "https://billing.example/p/session/x"}))
        for kind in ("subscriptions", "checkout/sessions"):
            on("GET", f"/v1/{kind}/nothing", missing(kind))
        self.show_session(thing("01"))
        on("GET", f"/v1/subscriptions/{SUBSCRIPTION}", self._subscription)
        return self

    def down(self, status: int = 500) -> None:
        """Nothing answers any more; `open` ends that."""
        answer = Answer({"error": {"type": "api_error", "message": "down"}}, status, {"stripe-should-retry": "false"})
        for (method, path), _ in list(self.server._scripts.items()):
            self.server.on(method, path, answer)

    def show_session(self, session: dict[str, Any]) -> None:
        path = f"/v1/checkout/sessions/{session['id']}"
        self.sessions[session["id"]] = session
        self.server.on("GET", path, lambda _: Answer(self.sessions[session["id"]]))
        self.server.on("POST", f"{path}/expire", lambda _: self._expire(session["id"]))

    def show_customer(self, customer: str, **more: Any) -> None:
        self.customers[customer] = {"id": customer, "object": "customer", **more}
        self.server.on("GET", f"/v1/customers/{customer}", lambda _: Answer(self.customers[customer]))

    def _expire(self, session: str) -> Answer:
        self.sessions[session] |= {"status": "expired", "url": None}
        return Answer(self.sessions[session])

    def _subscriptions(self, request: SeenRequest) -> Answer:
        customer = request.query.get("customer")
        return a_list([s for s in self.subscriptions if customer in {None, s["customer"]}], "/v1/subscriptions")

    def _subscription(self, request: SeenRequest) -> Answer:
        found = [s for s in self.subscriptions if request.path.endswith(s["id"])]
        return Answer(found[0]) if found else missing("subscription")

    def _events(self, request: SeenRequest) -> Answer:
        since = int(request.query.get("created[gte]", 0))
        return a_list([e for e in reversed(self.events) if e["created"] >= since], "/v1/events")

    def _make_customer(self, request: SeenRequest) -> Answer:
        key = request.headers["idempotency-key"]
        if key not in self.by_key:
            made = f"cus_Made{len(self.by_key):04}"
            self.show_customer(made)
            self.by_key[key] = {**self.customers[made], "form": form(request)}
        return Answer(self.by_key[key])

    def _make_session(self, request: SeenRequest) -> Answer:
        key = request.headers["idempotency-key"]
        if key not in self.by_key:
            number = f"cs_test_made{len(self.by_key):04}"
            session = {"id": number, "object": "checkout.session", "status": "open", "livemode": False}
            self.by_key[key] = {**session, "url": f"https://pay.example/{number}", "form": form(request)}
            self.show_session(self.by_key[key])
        return Answer(self.by_key[key])


def signed(body: bytes, at: float, secret: str = SECRET) -> dict[str, str]:
    """The header of a delivery, by the reference."""
    mac = hmac.new(secret.encode(), f"{int(at)}.".encode() + body, hashlib.sha256).hexdigest()
    return {"stripe-signature": f"t={int(at)},v1={mac}"}


@dataclass
class Till:
    """The provider of one host, and how to deliver to it."""

    provider: StripeBilling
    stripe: FakeStripe
    host: StubHost

    events = EVENTS
    workspace, customer, subscription, product = WORKSPACE, CUSTOMER, SUBSCRIPTION, PRODUCT
    secrets = (SECRET, OLD_SECRET)
    thing = staticmethod(thing)
    signed = staticmethod(signed)
    form = staticmethod(form)

    @property
    def documents(self) -> dict[str, Any]:
        return {key: d.value for key, d in self.host.documents("stripe").kept.items()}

    async def deliver(self, event: dict[str, Any]) -> None:
        body = json.dumps(event).encode()
        await self.provider.receive(signed(body, self.host.clock.now().timestamp()), body)

    async def known(self, workspace: str = WORKSPACE, customer: str = CUSTOMER) -> None:
        """The workspace went to Checkout before."""
        documents = self.host.documents("stripe")
        await documents.put(f"customer/{workspace}", {"customers": [customer], "made": 1}, version=0)
        await documents.put(f"owner/{customer}", {"workspace": workspace}, version=0)

    async def plan(self, workspace: str = WORKSPACE) -> str:
        return (await self.provider.entitlements(workspace)).plan

    def forget(self) -> None:
        """A new database, and a provider that has kept nothing in memory."""
        self.host.kept.clear()
        self.provider = StripeBilling(self.host, self.host.plugin_settings("stripe", StripeSettings))

    def at(self, seconds: float) -> None:
        """Move the clock, forward or back."""
        self.host.clock.move(seconds - self.host.clock.now().timestamp())


@pytest.fixture
def stripe(server: ScriptedServer) -> FakeStripe:
    return FakeStripe(server).open()


@pytest.fixture
def till(host: StubHost, stripe: FakeStripe) -> Iterator[Till]:
    host.overrides = {
        "stripe": {
            "api_key": "sk_test_1234567890",
            "api_url": stripe.server.url,
            "webhook_secrets": [SECRET, OLD_SECRET],
            "price_lookup_key": LOOKUP_KEY,
        }
    }
    return Till(StripeBilling(host, host.plugin_settings("stripe", StripeSettings)), stripe, host)
