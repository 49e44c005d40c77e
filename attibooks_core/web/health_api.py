"""Run Health Check: everything that has to be right for an invoice, each with what to do about it (contract §3)."""

from collections.abc import AsyncIterator, Sequence

import msgspec
from litestar import post
from litestar.params import JSONBody

from attibooks_core.errors import AttiBooksError, InvalidSettings, PluginUnavailable
from attibooks_core.host import Host
from attibooks_core.invoicing.answering import kept_error
from attibooks_core.model import Books, ConnectionState, Problem
from attibooks_core.settings import Settings
from attibooks_core.syncing.runs import failure_of
from attibooks_core.web.calls import Call, Calls
from attibooks_core.web.connection import check_connection
from attibooks_core.web.parts import TheCall, TheCalls, TheHost
from attibooks_core.web.problems import ERROR_RESPONSES
from attibooks_core.web.schemas import Body, SettingsObject
from attibooks_core.web.settings_page import slug_problems

CONNECT = "Connect your accounting system in the app's settings."
OPERATOR = "Ask the operator of this host."
LATER = "Nothing is to be done. Run this check again later."
FIXES = {
    ConnectionState.NEVER_CONNECTED: CONNECT,
    ConnectionState.TOKEN_REVOKED: CONNECT,
    ConnectionState.WRONG_ENVIRONMENT: "Correct the environment in settings section 1, or connect again.",
    ConnectionState.WRONG_COMPANY: "Correct the company id in settings section 7, or connect again.",
    ConnectionState.BACKEND_DOWN: LATER,
    ConnectionState.RATE_LIMITED: LATER,
    ConnectionState.BACKEND_BLOCKED: OPERATOR,
}


class CheckShape(msgspec.Struct, frozen=True, kw_only=True):
    """One check; `fix` is the one next step, null when there is nothing to do."""

    name: str
    ok: bool
    detail: str
    fix: str | None = None


class HealthAnswer(msgspec.Struct, kw_only=True):
    """The checks, in the order in which they are put right; a later one is left out while an earlier one stops it."""

    checks: list[CheckShape]


@post("/health", status_code=200, responses=ERROR_RESPONSES)
async def health(host: TheHost, calls: TheCalls, call: TheCall, data: JSONBody[Body]) -> HealthAnswer:
    """Check installation, settings, connection and last sync, and the plan when one was ever bought."""
    checks = [check async for check in _installed(host, calls, call, data.settings)]
    return HealthAnswer(checks=checks + await _plan(host, call.caller.workspace_id))


async def _installed(host: Host, calls: Calls, call: Call, given: SettingsObject | None) -> AsyncIterator[CheckShape]:
    here = CheckShape(name="installation", ok=True, detail="AttiBooks is installed in this workspace.")
    try:
        settings = await calls.settings_of(call, given, change=False)
        books = _books(host, settings)
    except InvalidSettings as error:
        yield here
        yield _settings(error.problems)
        return
    except AttiBooksError as error:
        if error.code != "not_installed":
            raise
        detail = "AttiBooks is not installed in this workspace yet."
        yield CheckShape(name="installation", ok=False, detail=detail, fix=CONNECT)
        return
    yield here
    yield _settings(await slug_problems(host, call.caller, settings))
    yield await _connection(host, call, settings)
    if books is not None:
        yield await _sync(host, call.caller.workspace_id, books)


def _books(host: Host, settings: Settings) -> Books | None:
    """None while their plugin is not there: that is the connection's trouble."""
    try:
        return host.plugins.backend(settings).books(settings)
    except PluginUnavailable:
        return None


def _settings(problems: Sequence[Problem]) -> CheckShape:
    if not problems:
        return CheckShape(name="settings", ok=True, detail="The settings are complete, and every attribute exists.")
    said, fixes = ([getattr(p, part) for p in problems] for part in ("message", "fix"))
    return CheckShape(name="settings", ok=False, detail=" ".join(said), fix=" ".join(dict.fromkeys(fixes)))


async def _connection(host: Host, call: Call, settings: Settings) -> CheckShape:
    try:
        status = await check_connection(host, call.caller, settings)
    except AttiBooksError as error:
        fix = OPERATOR if isinstance(error, PluginUnavailable) else LATER
        return CheckShape(name="connection", ok=False, detail=error.message, fix=fix)
    next_step = FIXES.get(ConnectionState(status.state))
    return CheckShape(name="connection", ok=status.connected, detail=status.message, fix=next_step)


async def _sync(host: Host, workspace_id: str, books: Books) -> CheckShape:
    row = await host.bench.syncs.load(workspace_id, books)
    if row is None or row.ended_at is None:
        return CheckShape(name="sync", ok=True, detail="Nothing was synced yet.")
    failure = failure_of(row)
    if failure is not None:
        fix = "Put it right, then run Sync Now."
        return CheckShape(name="sync", ok=False, detail=kept_error(failure).message, fix=fix)
    return CheckShape(name="sync", ok=True, detail=f"The last sync ended at {row.ended_at:%Y-%m-%d %H:%M} UTC.")


async def _plan(host: Host, workspace_id: str) -> list[CheckShape]:
    """How what was bought stands; nothing when nothing ever was."""
    plan = await host.plans.entitlements(workspace_id)
    if not plan.manageable:
        return []
    if plan.notice is None:
        return [CheckShape(name="billing", ok=True, detail=f"This workspace has {plan.plan.title()}.")]
    ok = plan.notice.severity != "error"
    return [CheckShape(name="billing", ok=ok, detail=plan.notice.message, fix=plan.notice.fix)]
