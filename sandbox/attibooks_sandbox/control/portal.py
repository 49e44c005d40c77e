"""The developer's hand: what the vendor's portal sets for the app."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from attibooks_sandbox.control.bodies import Release, Repeat, SetRedirects, SetWebhooks
from attibooks_sandbox.control.errors import ControlError, body_of
from attibooks_sandbox.kernel.messages import Request
from attibooks_sandbox.quickbooks.oauth.consent import is_redirect
from attibooks_sandbox.quickbooks.webhooks.endpoint import ENTITIES, Endpoint

if TYPE_CHECKING:
    from attibooks_sandbox.app import SandboxApp
    from attibooks_sandbox.quickbooks.webhooks.outbox import Delivery


class Portal:
    """Sets up the app at QuickBooks."""

    def __init__(self, app: SandboxApp) -> None:
        """Set up the app in the present world of a sandbox."""
        self._app = app

    def table(self) -> dict[tuple[str, str], Callable[[Request], object]]:
        """Return the control calls that this hand takes."""
        place = "/control/quickbooks"
        return {
            ("POST", f"{place}/redirects"): lambda request: self.redirects(body_of(request.body, SetRedirects)),
            ("GET", f"{place}/webhooks"): lambda _: self.webhooks(),
            ("POST", f"{place}/webhooks"): lambda request: self.subscribe(body_of(request.body, SetWebhooks)),
            ("DELETE", f"{place}/webhooks"): lambda _: self.subscribe(SetWebhooks(url=None)),
            ("POST", f"{place}/webhooks/release"): lambda request: self.release(body_of(request.body, Release)),
            ("POST", f"{place}/webhooks/repeat"): lambda request: self.repeat(body_of(request.body, Repeat)),
        }

    def redirects(self, body: SetRedirects) -> object:
        """Register the addresses that users may be sent back to; none registered: any on this machine or by https."""
        for address in body.redirect_uris:
            if not is_redirect(address):
                message = f"{address} cannot be registered: https, or http on this machine, without query or fragment."
                raise ControlError(message)
        self._app.world.quickbooks.redirect_uris = tuple(body.redirect_uris)
        return {"redirect_uris": body.redirect_uris}

    # webhooks

    def _environments(self, named: str | None) -> tuple[str, ...]:
        return tuple(self._app.quickbooks) if named is None else (named,)

    def subscribe(self, body: SetWebhooks) -> object:
        """Set or remove the address at which changes are told."""
        for environment in self._environments(body.environment):
            if body.url is None:
                if self._app.open_outbox is not None:
                    self._app.open_outbox.unsubscribe(environment)
            else:
                self._app.outbox.subscribe(_endpoint(body, body.url, environment))
        return self.webhooks()

    def release(self, body: Release) -> object:
        """Send what is held."""
        for environment in self._environments(body.environment):
            self._app.outbox.release(environment, reverse=body.reverse)
        return self.webhooks()

    def repeat(self, body: Repeat) -> object:
        """Send notifications again."""
        try:
            copies = self._app.outbox.repeat(body.deliveries)
        except KeyError as error:
            message = f"There is no delivery {error}."
            raise ControlError(message, 404) from error
        return {"deliveries": [each.number for each in copies]}

    def webhooks(self) -> object:
        """Return the addresses, how many changes are held, and the notifications with their attempts."""
        outbox = self._app.open_outbox
        if outbox is None:
            return {"endpoints": [], "held": {}, "deliveries": []}
        return {
            "endpoints": [_shown_endpoint(each) for each in outbox.endpoints.values()],
            "held": {name: len(events) for name, events in outbox.held.items()},
            "deliveries": [_shown_delivery(each) for each in outbox.deliveries],
        }


def _endpoint(body: SetWebhooks, url: str, environment: str) -> Endpoint:
    from attibooks_sandbox.quickbooks.webhooks.courier import is_loopback_url  # noqa: PLC0415 - rarely used

    if not is_loopback_url(url):
        message = "url must be plain http on this machine; nothing else is ever called."
        raise ControlError(message)
    wanted = ENTITIES if body.entities is None else frozenset(body.entities)
    if not ENTITIES.issuperset(wanted):
        message = f"There are no events of {min(wanted - ENTITIES)}; there are of {', '.join(sorted(ENTITIES))}."
        raise ControlError(message)
    return Endpoint(
        url=url,
        environment=environment,
        entities=wanted,
        envelope=body.envelope,
        hold=body.hold,
        verifier_token=body.verifier_token,
    )


def _shown_endpoint(endpoint: Endpoint) -> dict[str, object]:
    return {
        "environment": endpoint.environment,
        "url": endpoint.url,
        "entities": sorted(endpoint.entities),
        "envelope": endpoint.envelope,
        "hold": endpoint.hold,
    }


def _shown_delivery(delivery: Delivery) -> dict[str, object]:
    return {
        "number": delivery.number,
        "repeats": delivery.repeats,
        "environment": delivery.endpoint.environment,
        "url": delivery.endpoint.url,
        "events": delivery.events,
        "body": delivery.body.decode(),
        "delivered": delivery.delivered,
        "due": delivery.due,
        "attempts": delivery.attempts,
    }
