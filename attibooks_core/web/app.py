"""The factory of the web application."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from litestar import Litestar
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.plugins import PluginProtocol

from attibooks_core import __version__
from attibooks_core.durable import DurableRuntime
from attibooks_core.errors import AttiBooksError
from attibooks_core.host import Host
from attibooks_core.host_settings import HostSettings
from attibooks_core.plugins import Candidate
from attibooks_core.protocols import Clock
from attibooks_core.web.app_api import app_router
from attibooks_core.web.billing_pages import PAGES
from attibooks_core.web.billing_webhooks import billing_webhooks
from attibooks_core.web.cron import sync_invoices
from attibooks_core.web.health import live, ready
from attibooks_core.web.middleware import MAX_BODY, AccessLog, Gatekeeper
from attibooks_core.web.oauth import ROUTES as OAUTH_ROUTES
from attibooks_core.web.problems import answer_http_error, answer_problem, answer_unexpected
from attibooks_core.web.webhooks import webhook_routes


class LeanLitestar(Litestar):
    """Litestar without the plugins for pydantic (1 and 2) and attrs, which it adds wherever these are installed.

    Our bodies are msgspec structs. The plugins would take a tenth of a second at every start, and several MiB. A test
    notices when the framework renames what is overridden here.
    """

    @staticmethod
    def _get_default_plugins(plugins: list[PluginProtocol]) -> list[PluginProtocol]:
        return plugins


def create_app(
    settings: HostSettings,
    *,
    plugins: Sequence[Candidate] | None = None,
    runtime: DurableRuntime | None = None,
    clock: Clock | None = None,
    plugin_settings: dict[str, dict[str, Any]] | None = None,
) -> Litestar:
    """Build a host and its web application. Nothing is opened before the lifespan begins.

    :param plugins: candidates to load instead of the installed ones.
    :param runtime: another durable runtime, such as the in-memory double.
    :raises ConfigurationError: a setting or a required plugin keeps the host from starting.
    """
    host = Host(settings, candidates=plugins, runtime=runtime, clock=clock, plugin_settings=plugin_settings)
    return build_app(host)


def build_app(host: Host) -> Litestar:
    """The web application of a host."""

    @asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncIterator[None]:
        await host.open()
        try:
            yield
        finally:
            await host.close()

    return LeanLitestar(
        route_handlers=[
            live,
            ready,
            sync_invoices,
            *webhook_routes(host),
            *OAUTH_ROUTES,
            *PAGES,
            *billing_webhooks(host),
            *(app_router(host, key) for key in host.plugins.gateways),
        ],
        middleware=[AccessLog(), Gatekeeper(host.plugins.gateways, host.bench.leases)],
        dependencies={"host": Provide(lambda: host, sync_to_thread=False)},
        exception_handlers={
            AttiBooksError: answer_problem,
            HTTPException: answer_http_error,
            Exception: answer_unexpected,
        },
        lifespan=[lifespan],
        openapi_config=OpenAPIConfig(
            title="AttiBooks",
            version=__version__,
            path="/schema",
            render_plugins=[JsonRenderPlugin(path="/openapi.json")],
        ),
        request_max_body_size=MAX_BODY,
        logging_config=None,
    )
