"""Room for one more invoice in a workspace's month: asked before the books are, and held when the intent is stored."""

from collections.abc import Iterator
from contextlib import contextmanager

from attibooks_core.errors import LimitReached
from attibooks_core.invoicing.workbench import Workbench, Workspace
from attibooks_core.model import Entitlements
from attibooks_core.plans.quota import limit_in, limit_reached, month_of


async def require_room(bench: Workbench, ws: Workspace) -> Entitlements:
    """The plan, when it has room for an invoice; without it nothing else is asked, the books least of all.

    This only spares the work: what counts is the reservation, which comes with the intent.

    :raises LimitReached: the month's invoices are used up.
    """
    workspace_id, environment, now = ws.context.workspace_id, ws.books.environment, bench.clock.now()
    entitlements = await bench.billing.entitlements(workspace_id)
    limit = limit_in(entitlements, environment)
    if limit is not None:
        counter = await bench.usage.count(workspace_id, environment, month_of(now))
        if counter.used + counter.held >= limit:
            raise limit_reached(entitlements, environment, counter.used, counter.held, now)
    return entitlements


def explained(refusal: LimitReached, bench: Workbench, ws: Workspace, entitlements: Entitlements) -> LimitReached:
    """A reservation's refusal as a user is told it."""
    used, held = refusal.details["used"], refusal.details["held"]
    return limit_reached(entitlements, ws.books.environment, used, held, bench.clock.now())


@contextmanager
def explaining(bench: Workbench, ws: Workspace, entitlements: Entitlements | None) -> Iterator[None]:
    """Say it as `explained` does when the reservation is refused meanwhile."""
    try:
        yield
    except LimitReached as refusal:
        if entitlements is None:
            raise
        raise explained(refusal, bench, ws, entitlements) from None
