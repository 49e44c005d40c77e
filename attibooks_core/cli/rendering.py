"""What operators read: invoices, trails and reports as plain text."""

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from attibooks_core.storage.invoices import InvoiceRow
    from attibooks_core.storage.trail import TrailEntry

WIDTH = 100
KIND_WIDTH = 11
HASH_LENGTH = 64
"""Digits of a hash, of which a person reads the first."""


FOR_PROGRAMS = {"inputs", "generation", "run"}
"""Details that tell a person nothing."""


def invoice_facts(workspace_id: str, row: "InvoiceRow") -> dict[str, Any]:
    """An invoice for a program."""
    return {
        "workspace": workspace_id,
        "key": row.key,
        "id": row.invoice_id,
        "number": row.number,
        "status": row.status.value,
        "version": row.version,
        "books": str(row.books),
        "updated_at": moment(row.updated_at),
        "intent_id": row.intent_id,
        "record": _ref(row.source),
        "invoice_record": _ref(row.stored),
        "not_shown": row.error_code,
    }


def entry_facts(entry: "TrailEntry") -> dict[str, Any]:
    """An entry of the trail for a program."""
    return {
        "at": moment(entry.at),
        "kind": entry.kind,
        "actor": entry.actor,
        "summary": entry.summary,
        "intent_id": entry.intent_id,
        "invoice_id": entry.invoice_id,
        "request_id": entry.request_id,
        "reference": entry.reference,
        "details": dict(entry.details),
    }


def moment(at: datetime) -> str:
    """An instant as answers have it."""
    return at.isoformat().replace("+00:00", "Z")


# -- text --------------------------------------------------------------------------------------------------------


def matches_text(found: Sequence[tuple[str, "InvoiceRow"]]) -> str:
    """Several invoices that may be meant."""
    rows = [(row.key, row.number or "-", row.status.value, f"workspace {ws}") for ws, row in found]
    return "\n".join(["Several invoices may be meant; name one by its key:", "", *table(rows)])


def invoice_text(workspace_id: str, row: "InvoiceRow") -> str:
    """The head of a timeline."""
    made = f"made from {row.source.object} {row.source.record_id}" if row.source else "made in the books"
    lines = [
        f"Invoice {row.number or row.invoice_id}: {row.status.value}",
        f"  {row.books.environment} company {row.books.company_id}, id {row.invoice_id}, version {row.version}",
        f"  {made}, workspace {workspace_id}",
    ]
    if row.stored is not None:
        lines.append(f"  its own record: {row.stored.object} {row.stored.record_id}")
    if row.error_code is not None:
        lines.append(f"  not shown as it stands: {row.error_code}")
    return "\n".join(lines)


def timeline_text(entries: Iterable["TrailEntry"]) -> str:
    """The trail, one thing after another; times are UTC."""
    return "\n".join(line for entry in entries for line in _entry_lines(entry)) or "Nothing is in the trail."


def _entry_lines(entry: "TrailEntry") -> list[str]:
    head = f"{entry.at:%Y-%m-%d %H:%M:%S}  {entry.kind:<{KIND_WIDTH}} "
    by = f" (by {entry.actor})" if entry.actor else ""
    said = textwrap.wrap(entry.summary + by, WIDTH - len(head)) or [""]
    lines = [head + said[0], *(" " * len(head) + more for more in said[1:])]
    details = [(name, value) for name, value in entry.details.items() if name not in FOR_PROGRAMS]
    facts = [("request", entry.request_id), ("reference", entry.reference), *details]
    told = [f"{name}: {_plain(value)}" for name, value in facts if value not in (None, "", [], {})]
    return lines + textwrap.wrap(
        ", ".join(told), WIDTH, initial_indent=" " * len(head), subsequent_indent=" " * len(head)
    )


def _plain(value: object) -> str:
    if isinstance(value, Mapping):
        return " ".join(f"{name}={_plain(part)}" for name, part in value.items() if part is not None)
    if isinstance(value, list):
        return "; ".join(_plain(part) for part in value)
    text = str(value)
    return f"{text[:12]}…" if len(text) == HASH_LENGTH and text.isalnum() else text


def sync_text(facts: Mapping[str, Any]) -> str:
    """How a run of the sync ended."""
    result = facts["result"]
    if result.get("skipped"):
        return f"Nothing was synced. {result['skipped']}"
    counts = ", ".join(f"{result.get(name, 0)} {name}" for name in ("updated", "unchanged", "deleted"))
    lines = [f"{facts['outcome']}: {counts}."]
    lines += [f"  {error['message']} {error['fix']}" for error in result.get("errors", [])]
    if not result.get("complete", True):
        lines.append("  It is not complete: something may have been missed.")
    return "\n".join(lines)


def reconciliation_text(report: Mapping[str, Any]) -> str:
    """Differences, and what was repaired."""
    differences = report["differences"]
    lines = [f"{len(report['repaired'])} repaired."] if report["repaired"] else []
    if not differences:
        return "\n".join([*lines, "No differences."])
    lines.append(f"{len(differences)} {'difference' if len(differences) == 1 else 'differences'}:")
    head = ("kind", "invoice", "at", "field", "Attio", "books", "repair")
    return "\n".join([*lines, "", *table([head, *(_difference(d) for d in differences)])])


def _difference(difference: Mapping[str, Any]) -> tuple[str, ...]:
    invoice = difference["invoice"]
    return (
        difference["kind"],
        invoice["number"] or invoice["id"],
        difference["record"]["object"] if difference["record"] else "-",
        difference["field"],
        _short(difference["attio"]),
        _short(difference["books"]),
        "yes" if difference["repair"] else "by hand",
    )


def replay_text(report: Mapping[str, Any]) -> str:
    """What a replay found."""
    return f"Replay: {report['outcome']}. {report['said']}"


def table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows with their columns under each other."""
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
    return ["  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _short(text: str | None, most: int = 30) -> str:
    shown = text or "-"
    return shown if len(shown) <= most else f"{shown[: most - 1]}…"


def _ref(ref: Any) -> dict[str, str] | None:  # noqa: ANN401 - a reference or None
    return {"object": ref.object, "record_id": ref.record_id} if ref else None
