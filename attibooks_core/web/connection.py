"""Check Status: what the books say, as the contract words it."""

from attibooks_core.errors import PluginUnavailable
from attibooks_core.host import Host
from attibooks_core.invoicing.leases import Lease
from attibooks_core.model import Books, Caller, ConnectionState
from attibooks_core.protocols import ConnectionStatus
from attibooks_core.settings import Settings
from attibooks_core.web.schemas import StatusAnswer

MISMATCHES = {ConnectionState.WRONG_COMPANY, ConnectionState.WRONG_ENVIRONMENT}


async def check_connection(host: Host, caller: Caller, settings: Settings) -> StatusAnswer:
    """Ask the books of these settings.

    :raises InvalidSettings: they name no books.
    """
    try:
        ws = host.bench.open(caller.gateway, caller.workspace_id, settings, Lease(caller.crm, caller.accounting))
    except PluginUnavailable as error:
        if not host.plugins.backend_blocked:
            raise
        return _answer(None, ConnectionStatus(ConnectionState.BACKEND_BLOCKED, error.message))
    return _answer(ws.books, await ws.backend.check_connection(ws.context))


def _answer(books: Books | None, status: ConnectionStatus) -> StatusAnswer:
    facts = status.facts
    return StatusAnswer(
        connected=status.state is ConnectionState.CONNECTED,
        company_id=books.company_id if books else None,
        company_name=facts.name if facts else None,
        environment=books.environment if books else None,
        home_currency=facts.home_currency if facts else None,
        multicurrency=facts.multicurrency if facts else None,
        account_mismatch=status.state in MISMATCHES,
        state=status.state.value,
        message=status.message,
    )
