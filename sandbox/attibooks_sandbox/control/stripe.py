"""The developer's hand at Stripe: what its dashboard sets, and how messages to the app go astray."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

import msgspec

from attibooks_sandbox.control.bodies import NewToken
from attibooks_sandbox.control.errors import ControlError, body_of
from attibooks_sandbox.kernel.ids import Ids
from attibooks_sandbox.kernel.messages import Request
from attibooks_sandbox.kernel.outbox import Delivery
from attibooks_sandbox.stripe.model import Endpoint, Key

if TYPE_CHECKING:
    from attibooks_sandbox.app import SandboxApp

DEFAULT_ENDPOINT = "we_1SandboxDefaultEndpoint00"


class SetEndpoint(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Send events to an address, signed with the world's secret; no address: send nothing there any more.

    `signed_by` tells whose time the signatures bear.
    """

    url: str | msgspec.UnsetType | None = msgspec.UNSET
    enabled_events: list[str] | None = None
    payload: Literal["snapshot", "thin"] = "snapshot"
    api_version: str | None = None
    hold: bool = False
    signed_by: Literal["machine", "sandbox"] = "machine"


class ReleaseHeld(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Send what is held, the newest first if wanted; `drop` loses it."""

    reverse: bool = False
    drop: bool = False


class RepeatMessages(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Send messages again, signed as of now, with other secrets, or as of another time."""

    deliveries: list[int]
    secrets: list[str] | None = None
    offset_seconds: int = 0


class SetAccount(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Say what becomes of a subscription after the last attempt to collect."""

    after_retries: Literal["cancel", "unpaid", "past_due"]


class StripeHand:
    """Sets up the account at Stripe."""

    def __init__(self, app: SandboxApp) -> None:
        """Set up the account in the present world of a sandbox."""
        self._app = app

    def table(self) -> dict[tuple[str, str], Callable[[Request], object]]:
        """Return the control calls that this hand takes."""
        place = "/control/stripe"
        return {
            ("GET", f"{place}/webhooks"): lambda _: self.webhooks(),
            ("POST", f"{place}/webhooks"): lambda request: self.subscribe(body_of(request.body, SetEndpoint)),
            ("DELETE", f"{place}/webhooks"): lambda _: self.subscribe(SetEndpoint(url=None)),
            ("POST", f"{place}/webhooks/release"): lambda request: self.release(body_of(request.body, ReleaseHeld)),
            ("POST", f"{place}/webhooks/repeat"): lambda request: self.repeat(body_of(request.body, RepeatMessages)),
            ("POST", f"{place}/settings"): lambda request: self.settings(body_of(request.body, SetAccount)),
        }

    def settings(self, body: SetAccount) -> object:
        """Set what the dashboard sets for the whole account."""
        self._app.world.stripe.after_retries = body.after_retries
        return {"after_retries": body.after_retries}

    def subscribe(self, body: SetEndpoint) -> object:
        """Set or remove the endpoint whose secret the world tells; hold or send from now on."""
        state = self._app.stripe.state
        state.hold, state.signed_by_machine = body.hold, body.signed_by == "machine"
        if body.url is None:
            state.endpoints.pop(DEFAULT_ENDPOINT, None)
        elif isinstance(body.url, str):
            state.endpoints[DEFAULT_ENDPOINT] = self._endpoint(body, body.url)
        if not body.hold:
            self._app.stripe.courier.release()
        return self.webhooks()

    def _endpoint(self, body: SetEndpoint, url: str) -> Endpoint:
        if not url.startswith(("http://", "https://")):
            message = "url must be http or https; only addresses of this machine are ever called."
            raise ControlError(message)
        return Endpoint(
            id=DEFAULT_ENDPOINT,
            created=self._app.stripe.now,
            url=url,
            secret=self._app.world.secrets.stripe_webhook_secret,
            enabled_events=tuple(body.enabled_events or ("*",)),
            thin=body.payload == "thin",
            api_version=body.api_version,
            name="Default endpoint" if body.payload == "thin" else None,
        )

    def release(self, body: ReleaseHeld) -> object:
        """Send or lose what is held."""
        self._app.stripe.courier.release(reverse=body.reverse, drop=body.drop)
        return self.webhooks()

    def repeat(self, body: RepeatMessages) -> object:
        """Send messages again."""
        from attibooks_sandbox.stripe.courier import Forgery  # noqa: PLC0415 - the sandbox starts without

        courier = self._app.stripe.courier
        known = len(courier.outbox.log)
        wrong = [number for number in body.deliveries if not 0 <= number < known]
        if wrong:
            message = f"There is no delivery {wrong[0]}."
            raise ControlError(message, 404)
        secrets = None if body.secrets is None else tuple(body.secrets)
        courier.repeat(body.deliveries, Forgery(secrets, body.offset_seconds))
        return self.webhooks()

    def webhooks(self) -> object:
        """Return the endpoints, how many messages are held, and the last messages with their attempts, by number."""
        courier, state = self._app.stripe.courier, self._app.world.stripe
        return {
            "endpoints": [_shown(each) for each in state.endpoints.values()],
            "held": len(courier.held),
            "deliveries": [{"number": n, **_described(each)} for n, each in enumerate(courier.outbox.log)],
        }

    def token(self, body: NewToken) -> object:
        """Issue a secret key, a restricted one where scopes are given, or change one."""
        state = self._app.world.stripe
        kind = "sk" if body.scopes is None else "rk"
        drawn = Ids(f"stripe key:{self._app.world.seed}:{len(state.keys)}").alphanumeric(32)
        value = body.access_token or f"{kind}_test_{drawn}"
        end = None if body.expires_in is None else int(self._app.clock.now().timestamp() + body.expires_in)
        scopes = None if body.scopes is None else frozenset(body.scopes)
        state.keys[value] = Key(value, scopes, body.active, end)
        return {"access_token": value}


def _shown(endpoint: Endpoint) -> dict[str, object]:
    return {
        "id": endpoint.id,
        "url": endpoint.url,
        "secret": endpoint.secret,
        "enabled_events": list(endpoint.enabled_events),
        "payload": "thin" if endpoint.thin else "snapshot",
        "enabled": endpoint.enabled,
    }


def _described(delivery: Delivery) -> dict[str, object]:
    shown = delivery.describe()
    return {"event": shown.pop("place"), "endpoint": shown.pop("owner"), **shown}
