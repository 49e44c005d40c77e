"""Run Setup: the object of the invoices is made where it is missing (product rows 92-97)."""

from attibooks_core.capabilities import InvoiceStore, RecordStore
from attibooks_core.errors import AttiBooksError, InvalidSettings, PluginUnavailable
from attibooks_core.invoicing.workbench import Workbench
from attibooks_core.lifecycle import SetupReport
from attibooks_core.logs import EventLog
from attibooks_core.model import Caller, Problem
from attibooks_core.plans.entitlements import INVOICE_OBJECT, require
from attibooks_core.plugins import Plugins
from attibooks_core.protocols import WorkspaceContext
from attibooks_core.settings import Settings
from attibooks_core.storage.memory import NoMemory
from attibooks_core.storage.syncs import Scope, Wish

SWITCH = "store_invoices_as_records"

log = EventLog(__name__)


async def set_up_invoice_object(bench: Workbench, caller: Caller, settings: Settings) -> SetupReport:
    """Make what is missing, change nothing that is there; invoices without a record get theirs at once.

    :raises PlanRequired: the plan does not have it.
    :raises InvalidSettings: it is switched off.
    :raises PluginUnavailable: no plugin of this host does it.
    :raises Conflict: code `setup_conflict`, with every problem; nothing was made.
    :raises Refused: code `quota_exceeded`: the plan of the CRM allows no more objects.
    :raises ConnectionProblem, Unavailable: of the CRM; the next run goes on where this one ended.
    """
    require(await bench.billing.entitlements(caller.workspace_id), INVOICE_OBJECT)
    store, records = _parts(bench.plugins, caller.gateway, settings)
    ws = WorkspaceContext(caller.workspace_id, settings, caller.crm, caller.accounting, NoMemory())
    report = await store.set_up(ws, records)
    due = await _store_all(bench, caller, settings)
    log.info(
        "invoice_object_set_up",
        workspace=caller.workspace_id,
        created=len(report.created),
        repaired=len(report.repaired),
        due=due,
    )
    return report


async def _store_all(bench: Workbench, caller: Caller, settings: Settings) -> int:
    """Have every known invoice stored, and the books read as by a first run: those of others get records, too (row 90).

    :return: how many known ones are due.
    """
    try:
        books = bench.plugins.backend(settings).books(settings)
    except AttiBooksError:
        return 0  # nothing is connected yet, and what will be begins with a first run
    now = bench.clock.now()
    await bench.syncs.ask(Wish(caller.workspace_id, caller.gateway, books, Scope.ANEW, "setup", now), now)
    return await bench.invoices.store_now(caller.workspace_id, books, now)


def _parts(plugins: Plugins, gateway: str, settings: Settings) -> tuple[InvoiceStore, RecordStore]:
    records = plugins.record_stores.get(gateway)
    if records is None or not plugins.invoice_stores:
        raise PluginUnavailable(
            f"No plugin of this host stores invoices as records of {gateway}. Ask its operator to install one."
        )
    store = plugins.invoice_store(settings)
    if store is None:
        message = "Storing invoices as records is switched off."
        fix = "Switch it on in settings section 7, then press Run Setup again."
        raise InvalidSettings(f"{message} {fix}", problems=[Problem(SWITCH, "switched_off", message, fix)])
    return store, records
