"""The durable task `reconcile.v1`: compare, and repair what was asked for."""

from collections.abc import Sequence

import msgspec
from msgspec import Struct

from attibooks_core.invoicing.mirroring import Mirror
from attibooks_core.invoicing.shapes import InvoiceShape
from attibooks_core.invoicing.tasking import TaskRun, TaskServer
from attibooks_core.invoicing.workbench import Answer, Workbench, Workspace
from attibooks_core.model import InvoiceStatus
from attibooks_core.storage.tasks import Task
from attibooks_core.syncing.reconciling.differences import Difference, compare, repairable
from attibooks_core.syncing.reconciling.reading import Reader
from attibooks_core.syncing.reconciling.repairing import repair

ALL = "all"
"""Repairs whatever can be repaired: for operators."""


class RecordShape(Struct, frozen=True, kw_only=True):
    """A record of the CRM."""

    object: str
    record_id: str


class NamedInvoice(Struct, frozen=True, kw_only=True):
    """An invoice that may not be there any more: members as in the shape of an invoice, null is not known."""

    id: str
    number: str | None
    status: str
    url: str | None
    total: str | None
    balance: str | None
    currency: str | None
    due_date: str | None
    customer_name: str | None
    version: str | None
    environment: str


class DifferenceShape(Struct, frozen=True, kw_only=True):
    """One thing that Attio shows otherwise than the books have it (contract §3.1).

    `repair` says what a repair does; null has to be put right by hand, and `books` says why.
    """

    id: str
    kind: str
    field: str
    record: RecordShape | None
    invoice: NamedInvoice
    attio: str | None
    books: str | None
    repair: str | None


class ReconciliationShape(Struct, frozen=True, kw_only=True):
    """What was found, or what is left after a repair; `repaired` has the ids of what was put right."""

    differences: list[DifferenceShape]
    repaired: list[str]


class Reconciler(TaskServer):
    """Serves the route `reconciliation` and the command `attibooks reconcile`.

    Arguments: `repair`, ids of differences, or "all", or absent to look only; `actor`.
    """

    kind = "reconcile"
    operation = "reconcile.v1"

    def __init__(self, bench: Workbench, mirror: Mirror) -> None:
        super().__init__(bench)
        self._mirror = mirror

    async def _work(self, ws: Workspace, run: TaskRun) -> Answer:
        glass = await self._mirror.glass(ws)
        reader = Reader(self._bench, ws, glass, run)
        sight = await reader.everything()
        found, repaired = compare(sight), frozenset[str]()
        wanted = _wanted(found, run.task)
        if wanted:
            touched = await repair(glass, sight, wanted, run)
            left = compare(await reader.again(touched))
            still = {d.id for d in left}
            untouched = [d for d in found if d.invoice_id not in touched or d.repair is None]
            found = [*untouched, *(d for d in left if d.repair is not None)]
            repaired = frozenset(d.id for d in wanted if d.id not in still)
        return msgspec.json.encode(_shape(found, sorted(repaired)))


def _wanted(found: Sequence[Difference], task: Task) -> list[Difference]:
    asked = task.arguments.get("repair")
    if asked is None:
        return []
    return repairable(found, None if asked == ALL else asked)


def _shape(found: Sequence[Difference], repaired: list[str]) -> ReconciliationShape:
    return ReconciliationShape(differences=[_difference(d) for d in found], repaired=repaired)


def _difference(difference: Difference) -> DifferenceShape:
    ref = difference.record
    return DifferenceShape(
        id=difference.id,
        kind=difference.kind.value,
        field=difference.field,
        record=RecordShape(object=ref.object, record_id=ref.record_id) if ref else None,
        invoice=_named(difference),
        attio=difference.attio,
        books=difference.said,
        repair=difference.repair,
    )


def _named(difference: Difference) -> NamedInvoice:
    invoice = difference.invoice
    if invoice is None:
        return NamedInvoice(
            id=difference.invoice_id,
            number=difference.number,
            status=InvoiceStatus.DELETED.value,
            url=None,
            total=None,
            balance=None,
            currency=None,
            due_date=None,
            customer_name=None,
            version=None,
            environment=difference.books.environment,
        )
    return msgspec.convert(msgspec.to_builtins(InvoiceShape.of(invoice)), NamedInvoice)
