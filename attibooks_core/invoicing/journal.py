"""The plugin `core.log`: writes what happens to invoices, and how long stages take, into the log."""

from attibooks_core.events import InvoiceEvent, StageFinished
from attibooks_core.hookspecs import hookimpl
from attibooks_core.logs import EventLog
from attibooks_core.protocols import HostServices, Observer

log = EventLog("attibooks.invoices")


class StageLog:
    """Implements `protocols.Observer`: one line a stage, for those who log at DEBUG."""

    def observe(self, event: StageFinished) -> None:
        """Write the line."""
        log.debug(
            "stage",
            stage=event.stage,
            workspace=event.workspace_id,
            operation=event.operation_key,
            outcome=event.outcome,
            ms=round(event.seconds * 1000, 1),
        )


class EventJournal:
    """One line for each invoice that was made, refused, or not shown on its record."""

    attibooks_api = (1, 0)

    @hookimpl
    async def on_invoice_event(self, event: InvoiceEvent) -> None:
        """Write the line: ids and codes only."""
        facts = {name: getattr(event, name) for name in ("backend", "invoice_id", "code") if hasattr(event, name)}
        log.info(type(event).__name__, workspace=event.workspace_id, operation=event.operation_key, **facts)

    @hookimpl
    def register_observers(self, host: HostServices) -> list[Observer]:
        """Offer the log of stages."""
        del host
        return [StageLog()]
