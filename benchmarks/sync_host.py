"""A host without HTTP, steered by lines of JSON: runs of the sync at a pace of the benchmark's choice.

Commands: `{"install": [{workspace, crm, accounting, settings}]}`, `{"setup": workspace}` (Run Setup), `{"pace": writes
a second}`, `{"night": true}`, `{"rest": true}` (what a night had to leave to a run of its own). Each is answered by one
line; that of a night has the seconds it took, CPU seconds, and how each workspace stands.
"""

import asyncio
import json
import sys
import time
from datetime import UTC, datetime

import sqlalchemy as sa
from pydantic import SecretStr

from attibooks_core.host import Host
from attibooks_core.host_settings import load_host_settings
from attibooks_core.invoicing.pacing import Paces
from attibooks_core.model import Caller, Credential
from attibooks_core.storage.syncs import SyncState
from attibooks_core.storage.tables import syncs

PATIENCE_SECONDS = 600
EARLIER = datetime(2000, 1, 1, tzinfo=UTC)
UNDER_WAY = sa.select(sa.func.count()).select_from(syncs).where(syncs.c.state != SyncState.IDLE)


async def install(host, given):
    """Installed workspaces whose app has just called."""
    now = host.clock.now()
    facts = {"callback_url": "https://hooks.example/x", "handler_id": "h", "connection_id": "c", "connection_key": "k"}
    for one in given:
        await host.workspaces.install(one["workspace"], "attio", facts, now)
        settings, problems = host.plugins.catalog.read(one["settings"])
        assert not problems, problems
        await host.workspaces.store_settings(one["workspace"], settings.plain(), now)
        tokens = (Credential(SecretStr(one["crm"])), Credential(SecretStr(one["accounting"])))
        host.bench.leases.offer(Caller("attio", one["workspace"], None, now, None, *tokens))
        await host.syncs.enroll("attio", one["workspace"], settings)
    return {"installed": len(given)}


async def setup(host, workspace_id):
    """Press Run Setup."""
    stored = await host.workspaces.load(workspace_id)
    settings = host.plugins.catalog.stored(stored.settings)
    ws = host.bench.open("attio", workspace_id, settings, host.bench.leases.of(workspace_id))
    report = await ws.store.set_up(ws.context, ws.records)
    return {"created": len(report.created)}


async def rest(host):
    """Do what is queued and due until nothing is."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        await host.syncs.start_due()
        if not await host.bench.database.read(lambda c: c.execute(UNDER_WAY).scalar_one()):
            break
        await asyncio.sleep(0.02)
    return {"rested": True}


def pace(host, per_second):
    """Write no faster than this."""
    object.__setattr__(host.bench, "paces", Paces(host.clock, per_second))
    return {"pace": per_second}


async def night(host):
    """One nightly run, until every workspace is done or the patience is."""
    started, cpu, begun = time.monotonic(), time.process_time(), host.clock.now()
    run_id = await host.nightly.call()
    deadline = started + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        await host.syncs.start_due()
        unended = UNDER_WAY.where(syncs.c.cron_run == run_id, sa.func.coalesce(syncs.c.ended_at, EARLIER) < begun)
        if not await host.bench.database.read(lambda c, wanted=unended: c.execute(wanted).scalar_one()):
            break
        await asyncio.sleep(0.02)
    seconds, cpu = time.monotonic() - started, time.process_time() - cpu
    rows = await host.bench.syncs.of_cron(run_id)
    shown = {
        row.workspace_id: {
            "outcome": row.outcome,
            "seconds": (row.ended_at - row.started_at).total_seconds() if row.ended_at else None,
            "run": row.run,
            **row.result,
        }
        for row in rows
    }
    return {"seconds": seconds, "cpu": cpu, "workspaces": shown}


async def obey(host, command):
    """Do one thing."""
    if "install" in command:
        return await install(host, command["install"])
    if "pace" in command:
        return pace(host, command["pace"])
    if "setup" in command:
        return await setup(host, command["setup"])
    return await (rest(host) if "rest" in command else night(host))


async def main():
    """Obey until the lines end."""
    host = Host(load_host_settings(), background=False)
    await host.open()
    print(json.dumps({"ready": True}), flush=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        print(json.dumps(await obey(host, json.loads(line))), flush=True)
    await host.close()


if __name__ == "__main__":
    asyncio.run(main())
