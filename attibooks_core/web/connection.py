"""Check Status: what the books say, as the contract words it."""

from dataclasses import replace

from attibooks_core.errors import PluginUnavailable
from attibooks_core.host import Host
from attibooks_core.invoicing.workbench import Workspace
from attibooks_core.model import Books, Caller, ConnectionState
from attibooks_core.protocols import ConnectionStatus
from attibooks_core.settings import Settings
from attibooks_core.storage.grants import GrantState
from attibooks_core.web.schemas import StatusAnswer

MISMATCHES = {ConnectionState.WRONG_COMPANY, ConnectionState.WRONG_ENVIRONMENT}


async def check_connection(host: Host, caller: Caller, settings: Settings) -> StatusAnswer:
    """Ask the books of these settings.

    :raises InvalidSettings: they name no books.
    """
    try:
        ws = await host.bench.open_for(caller, settings)
    except PluginUnavailable as error:
        if not host.plugins.backend_blocked:
            raise
        return _answer(None, ConnectionStatus(ConnectionState.BACKEND_BLOCKED, error.message))
    return _answer(ws.books, await _checked(host, ws))


async def _checked(host: Host, ws: Workspace) -> ConnectionStatus:
    """What the books say, of a fresh token where this one is refused."""
    access, used = host.bench.access, ws.context.accounting
    status = await ws.backend.check_connection(ws.context)
    if status.state is ConnectionState.TOKEN_REVOKED and used is not None:
        fresh = await access.renew(ws.context.workspace_id, ws.books, used)
        if fresh is not None:
            return await ws.backend.check_connection(replace(ws.context, accounting=fresh))
    ended = await access.granting.state(ws.context.workspace_id, ws.books) is GrantState.NEEDS_RECONNECT
    if status.state is ConnectionState.NEVER_CONNECTED and ended:
        name = ws.backend.display_name
        message = f"This host's access to {name} has ended. Connect {name} through this host again."
        return ConnectionStatus(ConnectionState.TOKEN_REVOKED, message)
    return status


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
