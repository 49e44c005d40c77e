"""The route by which another scheduler may begin the nightly run; the host strikes midnight by itself as well."""

import hmac
from typing import Any

import msgspec
from litestar import Request, Response, route
from litestar.di import NamedDependency

from attibooks_core.errors import AttiBooksError, Unauthorized
from attibooks_core.host import Host
from attibooks_core.web.parts import json_answer
from attibooks_core.web.problems import ERROR_RESPONSES
from attibooks_core.web.sync_schemas import CronSummary


@route(
    "/api/cron/sync-invoices", http_method=["GET", "POST"], status_code=200, responses=ERROR_RESPONSES, tags=["cron"]
)
async def sync_invoices(request: Request[Any, Any, Any], host: NamedDependency[Host]) -> Response[CronSummary]:
    """Start the nightly run, or join the one that is under way, and say how it stands. Bearer: `CRON_SECRET`."""
    _check(host, request.headers.get("authorization", ""))
    run_id = await host.nightly.call()
    return json_answer(msgspec.json.encode(await host.nightly.summary(run_id)), 200)


def _check(host: Host, given: str) -> None:
    secret = host.settings.cron_secret
    if secret is None or not secret.get_secret_value():
        message = "This host takes no calls of a scheduler. Set ATTIBOOKS_CRON_SECRET, or leave it: it runs by itself."
        raise AttiBooksError(message, code="cron_off")
    scheme, _, token = given.partition(" ")
    good = hmac.compare_digest(token.strip().encode(), secret.get_secret_value().encode())
    if scheme.lower() != "bearer" or not good:
        raise Unauthorized("The bearer is not this host's cron secret. Send it.", code="bad_cron_secret")
