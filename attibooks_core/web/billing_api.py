"""Routes of the in-CRM app that lead to the seller's pages (contract §3)."""

from urllib.parse import urlsplit

import msgspec
from litestar import Response, post
from litestar.params import JSONBody

from attibooks_core.capabilities import SellingProvider
from attibooks_core.errors import Conflict, NotFound
from attibooks_core.host import Host
from attibooks_core.plans.selling import Return
from attibooks_core.web.parts import TheCall, TheCalls, TheHost, is_loopback, json_answer
from attibooks_core.web.problems import ERROR_RESPONSES, malformed
from attibooks_core.web.schemas import Body

LONGEST = 2000


class BillingBody(Body, kw_only=True):
    """Where to go on after the seller's pages."""

    return_to: str


class BillingAnswer(msgspec.Struct):
    """Where to send the user."""

    url: str


@post("/billing/checkout", status_code=200, responses=ERROR_RESPONSES)
async def checkout(
    host: TheHost, calls: TheCalls, call: TheCall, data: JSONBody[BillingBody]
) -> Response[BillingAnswer]:
    """Upgrade: the seller's page to pay on; with something bought already, the one to manage it."""
    workspace_id = call.caller.workspace_id

    async def produce() -> bytes:
        seller, return_to = _seller(host), checked(data.return_to, host)
        coming = Return(workspace_id, return_to)
        try:
            url = await host.plans.checkout_url(seller, coming)
        except Conflict:
            url = await seller.portal_url(workspace_id, return_to)
        return msgspec.json.encode(BillingAnswer(url))

    return json_answer(await calls.once("billing/checkout", call, produce), 200)


@post("/billing/portal", status_code=200, responses=ERROR_RESPONSES)
async def portal(host: TheHost, calls: TheCalls, call: TheCall, data: JSONBody[BillingBody]) -> Response[BillingAnswer]:
    """Manage plan: the seller's page."""

    async def produce() -> bytes:
        url = await _seller(host).portal_url(call.caller.workspace_id, checked(data.return_to, host))
        return msgspec.json.encode(BillingAnswer(url))

    return json_answer(await calls.once("billing/portal", call, produce), 200)


def checked(return_to: str, host: Host) -> str:
    """An address that a user may be sent to: https, and on a development host also http on loopback.

    :raises AttiBooksError: code `malformed`.
    """
    if not _is_safe(return_to, production=host.settings.production):
        raise malformed("The return_to has to be an https address. Send that of the page to go back to.")
    return return_to


def _is_safe(text: str, *, production: bool) -> bool:
    try:
        url = urlsplit(text)
        host, _ = url.hostname, url.port
    except ValueError:
        return False
    plain = text.isascii() and text.isprintable() and not set(text) & set(' "<>\\^`{|}') and len(text) <= LONGEST
    if not plain or not host or "@" in url.netloc:
        return False
    return url.scheme == "https" or (url.scheme == "http" and not production and is_loopback(host))


def _seller(host: Host) -> SellingProvider:
    if host.plans.seller is None:
        raise NotFound("This host sells no plans. Ask its operator for another plan.", code="not_found")
    return host.plans.seller
