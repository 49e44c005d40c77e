"""A host without HTTP, steered by lines of JSON: runs of the sync at a pace of the benchmark's choice.

Commands: `{"install": [{workspace, crm, accounting, settings}]}`, `{"pace": writes a second}`, `{"night": true}`. Each
is answered by one line; that of a night has the seconds it took, CPU seconds, and how each workspace stands.
"""

import asyncio
import json
import sys
import time

from pydantic import SecretStr

from attibooks_core.host import Host
from attibooks_core.host_settings import load_host_settings
from attibooks_core.invoicing.pacing import Paces
from attibooks_core.model import Caller, Credential
from attibooks_core.storage.syncs import SyncState

PATIENCE_SECONDS = 600


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


def pace(host, per_second):
    """Write no faster than this."""
    object.__setattr__(host.bench, "paces", Paces(host.clock, per_second))
    return {"pace": per_second}


async def night(host):
    """One nightly run, until every workspace is done or the patience is."""
    started, cpu = time.monotonic(), time.process_time()
    run_id = await host.nightly.call()
    deadline = started + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        await host.syncs.start_due()
        rows = await host.bench.syncs.of_cron(run_id)
        if all(row.state is SyncState.IDLE for row in rows):
            break
        await asyncio.sleep(0.02)
    shown = {
        row.workspace_id: {
            "outcome": row.outcome,
            "seconds": (row.ended_at - row.started_at).total_seconds() if row.ended_at else None,
            "run": row.run,
            **row.result,
        }
        for row in rows
    }
    return {"seconds": time.monotonic() - started, "cpu": time.process_time() - cpu, "workspaces": shown}


async def obey(host, command):
    """Do one thing."""
    if "install" in command:
        return await install(host, command["install"])
    if "pace" in command:
        return pace(host, command["pace"])
    return await night(host)


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
