"""The calls that crossed the wire: those that the services received, and those that the app made to the host."""

from __future__ import annotations

from attibooks_sandbox.kernel.calls import Call, CallLog

Shown = dict[str, object]
SHOWN_CALLS = 300
APP_CALLS = frozenset({"host", "app"})
"""Services in the app's own log: the host, which it calls, and the app itself, which the host calls back."""


def show_calls(log: CallLog, since: int) -> list[Shown]:
    """Return a log's calls after a number, without headers and bodies, at most the newest few hundred."""
    return [_brief(call) for call in log.select(since=since, limit=SHOWN_CALLS)]


def _brief(call: Call) -> Shown:
    return {
        "id": call_id(call),
        "number": call.number,
        "at": call.at.isoformat(),
        "service": call.service,
        "class": call.kind,
        "method": call.method,
        "path": call.path,
        "query": call.query,
        "status": call.status,
        "outcome": call.outcome,
        "fault": None if call.fault is None else call.fault.partition(":")[2],
    }


def call_id(call: Call) -> str:
    """Return a call's name on the page: the two logs count by themselves."""
    return f"{'h' if call.service in APP_CALLS else 's'}{call.number}"


def find_call(log: CallLog, number: int) -> Call | None:
    """Return a kept call by its number, or None."""
    return next((call for call in log.select(since=number - 1) if call.number == number), None)
