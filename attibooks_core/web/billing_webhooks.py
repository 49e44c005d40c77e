"""The route on which a billing provider is told of changes: `/webhooks/{provider}`."""

from typing import Any

from litestar import Request, Response, post
from litestar.handlers import HTTPRouteHandler

from attibooks_core.capabilities import WebhookProvider
from attibooks_core.errors import Unauthorized
from attibooks_core.host import Host
from attibooks_core.web.middleware import headers_of
from attibooks_core.web.problems import ERROR_RESPONSES, MEDIA_TYPE, TITLES, problem_body, request_id_of
from attibooks_core.web.webhooks import MAX_DELIVERY


def refuse(request: Request[Any, Any, Any], error: Unauthorized) -> Response[dict[str, Any]]:
    """A bad signature: 400, as senders of these webhooks expect."""
    body = {**problem_body(error, request_id_of(request.scope)), "status": 400, "title": TITLES[400]}
    return Response(body, status_code=400, media_type=MEDIA_TYPE)


def billing_webhooks(host: Host) -> list[HTTPRouteHandler]:
    """The route of the active provider, when it wants to be told."""
    provider = host.plans.provider
    if not isinstance(provider, WebhookProvider):
        return []

    @post(
        f"/webhooks/{provider.key}",
        status_code=200,
        request_max_body_size=MAX_DELIVERY,
        responses=ERROR_RESPONSES,
        exception_handlers={Unauthorized: refuse},
        tags=["webhooks"],
    )
    async def deliver(request: Request[Any, Any, Any]) -> Response[bytes]:
        """Take a delivery: checked on its raw bytes, durable before the answer, worked on afterwards."""
        await provider.receive(headers_of(request.scope), await request.body())
        host.tender.wake.set()
        return Response(b"", status_code=200)

    return [deliver]
