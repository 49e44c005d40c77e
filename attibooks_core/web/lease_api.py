"""The lease: the app hands tokens to a job that waits for them (contract §3). They are in the headers, never kept."""

from litestar import post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from attibooks_core.host import Host
from attibooks_core.web.calls import Call, Calls
from attibooks_core.web.jobs import is_id, no_job
from attibooks_core.web.problems import ERROR_RESPONSES
from attibooks_core.web.schemas import Body


@post("/jobs/{job_id:str}/lease", status_code=204, responses=ERROR_RESPONSES)
async def lease_job(
    host: NamedDependency[Host],
    calls: NamedDependency[Calls],
    call: NamedDependency[Call],
    job_id: FromPath[str],
    data: JSONBody[Body],
) -> None:
    """Take tokens for a job, and for whatever else of the workspace waits; a settings snapshot is stored."""

    async def produce() -> None:
        workspace_id, access = call.caller.workspace_id, host.bench.access
        if not await _is_job(host, workspace_id, job_id):
            raise no_job()
        await calls.settings_of(call, data.settings, change=True)
        await access.granted(workspace_id)

    await calls.single(f"lease/{job_id}", call, produce)


async def _is_job(host: Host, workspace_id: str, job_id: str) -> bool:
    if not is_id(job_id):
        return False
    known = await host.bench.access.is_job(workspace_id, job_id)
    return known or await host.bench.syncs.of_job(workspace_id, job_id) is not None


ROUTES = [lease_job]
