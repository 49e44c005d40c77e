"""Stripe's library over the host's HTTP clients. Imported when Stripe is first called: it takes half a second.

What it would do by itself and must not: no retries, 80 seconds of patience, telemetry with a file in the user's home
(Stripe reference §1). Its other defaults are good.
"""

import warnings
from collections.abc import Mapping
from typing import Any

import stripe

from attibooks_core.errors import TransportError
from attibooks_core.protocols import Clock, HttpFactory

API_VERSION = "2026-10-28.endive"
"""Of every call and of our webhook endpoint: what we read was written against it."""
RETRIES = 2

stripe.enable_telemetry = False
stripe.set_app_info("AttiBooks")
warnings.filterwarnings("ignore", message=".*", category=UserWarning, module=r"stripe\._api_requestor")


class HostTransport(stripe.HTTPClient):
    """The host's clients, as the library wants one. Redirects are not followed; proxies are the host's business."""

    name = "httpx"

    def __init__(self, http: HttpFactory, clock: Clock, timeout: float) -> None:
        super().__init__()
        self._http = http
        self._clock = clock
        self._timeout = timeout

    async def request_async(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        post_data: Any = None,  # noqa: ANN401 - as the library has it
    ) -> tuple[bytes, int, Mapping[str, str]]:
        """One attempt; the library repeats it under the same idempotency key."""
        content = post_data.encode() if isinstance(post_data, str) else post_data
        try:
            reply = await self._http.client("stripe").request(
                method.upper(), url, headers=headers, content=content, timeout=self._timeout
            )
        except TransportError as error:
            raise stripe.APIConnectionError("Stripe cannot be reached.", should_retry=True) from error  # type: ignore[no-untyped-call]
        return reply.body, reply.status, AnyCase(reply.headers)

    async def sleep_async(self, secs: float) -> None:
        """Wait between two attempts, by the host's clock."""
        await self._clock.sleep(secs)

    async def close_async(self) -> None:
        """Nothing: the host closes its clients."""

    def close(self) -> None:
        """Nothing: the host closes its clients."""


class AnyCase(dict[str, str]):
    """Headers by names of any case; the library asks with capitals."""

    def __getitem__(self, name: str) -> str:
        return super().__getitem__(name.lower())

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and super().__contains__(name.lower())

    def get(self, name: str, default: Any = None) -> Any:  # noqa: ANN401 - as of a dict
        """The value of a name."""
        return super().get(name.lower(), default)


def make_client(key: str, api_url: str, http: HttpFactory, clock: Clock, timeout: float) -> stripe.StripeClient:
    """A client of one account."""
    return stripe.StripeClient(
        key,
        stripe_version=API_VERSION,
        base_addresses={"api": api_url, "files": api_url, "connect": api_url, "meter_events": api_url},
        max_network_retries=RETRIES,
        http_client=HostTransport(http, clock, timeout),
    )
