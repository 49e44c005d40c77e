"""Whether the process is alive, and whether it can serve."""

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec

from attibooks_core.host import Host
from attibooks_core.web.schemas import LiveAnswer, PluginShape, ReadyAnswer, ReadyState

SECONDS = 3
NOT_READY = ResponseSpec(ReadyAnswer, description="It cannot serve now.", generate_examples=False)


@get("/health/live", tags=["health"])
async def live() -> LiveAnswer:
    """The event loop answers."""
    return LiveAnswer(status="ok")


@get("/health/ready", tags=["health"], responses={503: NOT_READY})
async def ready(host: NamedDependency[Host]) -> Response[ReadyAnswer]:
    """The database answers; plugins that are not active make the host degraded, not down."""
    checks = {"database": await host.database.answers(SECONDS)}
    plugins = [PluginShape(name=r.name, state=r.state.value, reason=r.reason) for r in host.plugins.reports]
    degraded = any(p.state not in {"active", "blocked"} for p in plugins)
    status: ReadyState = "not_ready" if not all(checks.values()) else "degraded" if degraded else "ready"
    answer = ReadyAnswer(status=status, checks=checks, plugins=plugins)
    return Response(answer, status_code=200 if status != "not_ready" else 503)
