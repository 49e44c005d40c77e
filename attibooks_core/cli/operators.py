"""What operators ask of a running system: why an invoice is as it is, a sync, a reconciliation."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import click

from attibooks_core.cli import rendering
from attibooks_core.cli.commands import as_json, report

if TYPE_CHECKING:
    from attibooks_core.invoicing.workbench import Workbench
    from attibooks_core.model import Books
    from attibooks_core.storage.invoices import InvoiceRow


@click.command()
@click.argument("invoice")
@click.option("--workspace", help="Look in one workspace only.")
@click.option("--replay", is_flag=True, help="Also rebuild what was sent, and say what has changed since.")
@as_json
def explain(invoice: str, workspace: str | None, *, replay: bool, as_json: bool) -> None:
    """Say why an invoice is as it is: everything in its trail.

    INVOICE is its number, its id in the books, or environment:company:id.
    """
    asyncio.run(_explain(invoice, workspace, replay=replay, as_json=as_json))


@click.command()
@click.argument("workspace")
@as_json
def sync(workspace: str, *, as_json: bool) -> None:
    """Have a running host bring what has changed in the books to the records, and wait for it."""
    facts = asyncio.run(_sync(workspace))
    report(facts, rendering.sync_text(facts), as_json=as_json)
    if facts["outcome"] not in {"done", "skipped"}:
        raise SystemExit(1)


@click.command()
@click.argument("workspace")
@click.option("--repair", is_flag=True, help="Write onto the records what the books say.")
@as_json
def reconcile(workspace: str, *, repair: bool, as_json: bool) -> None:
    """Have a running host compare a workspace with its books; nothing is changed without --repair.

    The books are never changed.
    """
    facts = asyncio.run(_reconcile(workspace, repair=repair))
    report(facts, rendering.reconciliation_text(facts), as_json=as_json)


# -- explain -------------------------------------------------------------------------------------------------------


async def _explain(text: str, workspace: str | None, *, replay: bool, as_json: bool) -> None:
    from attibooks_core.invoicing.tracing import trail_of_row

    async with _bench() as bench:
        found = await _found(bench, text, workspace)
        if len(found) > 1:
            facts: dict[str, Any] = {"matches": [rendering.invoice_facts(*each) for each in found]}
            report(facts, rendering.matches_text(found), as_json=as_json)
            raise SystemExit(1)
        workspace_id, row = found[0]
        entries = await trail_of_row(bench, workspace_id, row)
        replayed = await _replay(bench, workspace_id, row) if replay else None
    facts = {
        "invoice": rendering.invoice_facts(workspace_id, row),
        "entries": [rendering.entry_facts(entry) for entry in entries],
        "replay": replayed,
    }
    parts = [rendering.invoice_text(workspace_id, row), rendering.timeline_text(entries)]
    parts += [rendering.replay_text(replayed)] if replayed else []
    report(facts, "\n\n".join(parts), as_json=as_json)


async def _found(bench: "Workbench", text: str, workspace: str | None) -> list[tuple[str, "InvoiceRow"]]:
    """Invoices that may be meant: at least one."""
    invoice_id = text.rpartition(":")[2]
    found = await bench.invoices.of_number(workspace, invoice_id)
    if ":" in text:
        found = [(ws, row) for ws, row in found if row.key == text]
    if not found:
        where = f" in the workspace {workspace}" if workspace else ""
        raise click.ClickException(f"No invoice with the number or id {text} is known{where}.")
    return found


async def _replay(bench: "Workbench", workspace_id: str, row: "InvoiceRow") -> dict[str, Any]:
    if row.intent_id is None:
        raise click.ClickException("This invoice was made in the books: there is nothing to replay.")
    return await _task(bench, workspace_id, "replay", {"intent": row.intent_id})


# -- what a running host does --------------------------------------------------------------------------------------


async def _sync(workspace_id: str) -> dict[str, Any]:
    from attibooks_core.cli.waiting import Lookout
    from attibooks_core.storage.syncs import Scope, SyncRow, Wish
    from attibooks_core.syncing.runs import has_ended

    async with _bench() as bench:
        gateway, books = await _installed(bench, workspace_id)
        now = bench.clock.now()
        asked = await bench.syncs.ask(Wish(workspace_id, gateway, books, Scope.ALL, "operator", now), now)
        wanted = asked.run if asked.again is None else asked.run + 1

        async def look() -> SyncRow:
            return await bench.syncs.load(workspace_id, books) or asked

        row = await Lookout(bench.clock, "sync").wait(
            look, lambda found: None if has_ended(found, wanted) else found.state.value
        )
    result = {name: value for name, value in row.result.items() if name != "failure"}
    return {"workspace": workspace_id, "books": str(books), "outcome": row.outcome, "result": result}


async def _reconcile(workspace_id: str, *, repair: bool) -> dict[str, Any]:
    from attibooks_core.syncing.reconciling.serving import ALL

    async with _bench() as bench:
        arguments = {"repair": ALL} if repair else {}
        return await _task(bench, workspace_id, "reconcile", arguments)


async def _task(bench: "Workbench", workspace_id: str, kind: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """Have a task done by a running host; its answer."""
    from attibooks_core.cli.waiting import Lookout
    from attibooks_core.invoicing.tasking import answer_of
    from attibooks_core.storage.tasks import Task

    gateway, _ = await _installed(bench, workspace_id)
    now = bench.clock.now()
    task = Task(
        task_id=uuid4().hex,
        workspace_id=workspace_id,
        kind=kind,
        arguments={"gateway": gateway, **arguments},
        created_at=now,
        updated_at=now,
    )
    await bench.tasks.add(task)

    async def look() -> Task:
        return await bench.tasks.load(workspace_id, task.task_id) or task

    try:
        ended = await Lookout(bench.clock, kind).wait(look, lambda t: None if t.state.ended else t.state.value)
    except BaseException:
        await bench.tasks.withdraw(task)  # nobody waits for it any more
        raise
    facts: dict[str, Any] = json.loads(answer_of(bench, ended))
    return facts


async def _installed(bench: "Workbench", workspace_id: str) -> tuple[str, "Books"]:
    """The CRM and the books of a workspace."""
    stored = await bench.workspaces.load(workspace_id)
    if stored.gateway is None:
        raise click.ClickException(f"AttiBooks is not installed in a workspace {workspace_id}.")
    settings = bench.plugins.catalog.stored(stored.settings)
    return stored.gateway, bench.plugins.backend(settings).books(settings)


@asynccontextmanager
async def _bench() -> AsyncIterator["Workbench"]:
    """The tools on the host's database, without a host that serves."""
    from attibooks_core.durable.inline import InlineRuntime
    from attibooks_core.errors import ConfigurationError
    from attibooks_core.host import Host
    from attibooks_core.host_settings import load_host_settings
    from attibooks_core.storage import schema

    host = Host(load_host_settings(), runtime=InlineRuntime(), background=False)
    try:
        if await asyncio.to_thread(schema.revision, host.database) != schema.HEAD:
            message = "The database has not the schema of this release: start the host, or run `attibooks db upgrade`."
            raise ConfigurationError(message)
        yield host.bench
    finally:
        await host.close()
