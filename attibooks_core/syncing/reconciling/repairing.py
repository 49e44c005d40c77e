"""Putting Attio right: the records of an invoice are written anew from what the books say, which are never changed."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from attibooks_core.invoicing.mirroring import Cause, Glass, State, Task, row_of
from attibooks_core.invoicing.tasking import TaskRun
from attibooks_core.lifecycle import DeletedInvoice
from attibooks_core.syncing.reconciling.differences import BOOKS, RECORD, SOURCE, Difference, Sight, Stranger

REPAIRED = "repaired"
"""Kind of the trail's entries."""
TOGETHER = 50


async def repair(glass: Glass, sight: Sight, wanted: Sequence[Difference], run: TaskRun) -> frozenset[str]:
    """Write what the books say; what the CRM cannot take is parked, as by a sync.

    :return: ids of the invoices that were shown again.
    :raises Superseded: another run took over.
    """
    by_invoice: dict[str, list[Difference]] = defaultdict(list)
    for difference in wanted:
        by_invoice[difference.invoice_id].append(difference)
    work = [(_task(glass, sight, found), _cause(run, found)) for found in by_invoice.values()]
    for task, _ in work:
        await _keep_first(glass, sight, task)
    pace = glass.bench.paces.of(glass.ws.context.workspace_id)
    for start in range(0, len(work), TOGETHER):
        await run.fence()
        await asyncio.gather(*(glass.apply(task, cause, pace) for task, cause in work[start : start + TOGETHER]))
    return frozenset(by_invoice)


async def _keep_first(glass: Glass, sight: Sight, task: Task) -> None:
    """A row that this host has not (any more) is needed to tell whether the invoice is its record's newest one."""
    if task.row is not None and (task.state.id in sight.adopted or task.state.id not in sight.rows):
        await glass.bench.invoices.keep(glass.ws.context.workspace_id, task.row, None)


def _task(glass: Glass, sight: Sight, found: Sequence[Difference]) -> Task:
    """Show one invoice where it is wrong, whatever its digests say."""
    invoice_id, places = found[0].invoice_id, {d.place for d in found}
    row = sight.rows.get(invoice_id)
    if row is None:
        return _stranger(glass, next(s for s in sight.strangers if s.invoice.id == invoice_id))
    state: State = sight.invoices.get(invoice_id) or DeletedInvoice(invoice_id, row.updated_at)
    if places & {SOURCE, BOOKS}:
        row = replace(row, shown_digest=None)
    if places & {RECORD, BOOKS}:
        row = replace(row, stored_digest=None)
    return glass.task_of(row, state)


def _stranger(glass: Glass, stranger: Stranger) -> Task:
    """An invoice that has no row: with a record that it was made for, it becomes that one's."""
    invoice = stranger.invoice
    if stranger.source is None:
        return glass.task_of(None, invoice)
    row = row_of(invoice, stranger.made_at, source=stranger.source, intent_id=stranger.intent_id)
    return glass.task_of(row, invoice)


def _cause(run: TaskRun, found: Sequence[Difference]) -> Cause:
    details = {"task": run.task.task_id, "differences": [f"{d.kind}: {d.place}.{d.field}" for d in found]}
    return Cause(REPAIRED, run.task.arguments.get("actor"), details=details)
