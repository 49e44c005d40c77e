"""What the app says: toasts, as the product words them. An error toast shows the host's own sentence."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Literal

import msgspec

from attibooks_sandbox.inattio.transport import Answer

Kind = Literal["success", "warning", "error", "neutral"]
Facts = dict[str, Any]
NOT_CREATED = "Invoice not created"
NOT_PREVIEWED = "The invoice cannot be previewed"
BATCH_NOT_STARTED = "Invoices not created"
NOT_FOLLOWED = "The job cannot be followed"
NOT_SHOWN = "The invoice cannot be shown"
NOT_CHANGED = "Invoice not changed"
NOT_VOIDED = "Invoice not voided"
NOT_SYNCED = "Invoices not synced"
NOT_SET_UP = "Setup not done"
NOT_UPGRADED = "The page to upgrade on cannot be opened"
NOT_MANAGED = "The page to manage the plan cannot be opened"
MOST_REASONS = 3
_SHOWN_SOON = {
    "parked": "Attio does not take the values now; the record shows them as soon as it does.",
    "none": "No writeback field is set, so the record stays as it is.",
}


class Toast(msgspec.Struct, frozen=True):
    """A message in the corner; errors stay until they are dismissed."""

    kind: Kind
    title: str
    text: str = ""


def invoice_created(facts: Facts) -> Toast:
    """Return the toast that confirms the number; without numbers in the books it is the id.

    It warns when the record does not show what the books hold.
    """
    invoice, writeback = facts["invoice"], facts["writeback"]
    amount = f"{Decimal(invoice['total']):,.2f} {invoice['currency']} for {invoice['customer_name']}."
    unwritten = [_SHOWN_SOON.get(writeback["state"], ""), *(each["message"] for each in writeback["problems"])]
    notes = [*unwritten, *(each["message"] for each in facts.get("warnings", ()))]
    title = f"Invoice {invoice['number'] or invoice['id']} created"
    return Toast("warning" if any(unwritten) else "success", title, " ".join(filter(None, [amount, *notes])))


def refused(title: str, answer: Answer) -> Toast:
    """Return the toast of a refusal; conflicts of a setup are named one by one."""
    facts = answer.facts
    detail = str(facts.get("detail") or f"The host answered with status {answer.status}.")
    conflicts = _reasons(facts.get("problems") or []) if facts.get("code") == "setup_conflict" else []
    return Toast("error", title, " ".join([detail, *conflicts]))


def _reasons(problems: list[Facts]) -> list[str]:
    """Return what went wrong in sentences, the first few of many."""
    said = [str(each.get("message") or each.get("detail") or "") for each in problems[:MOST_REASONS]]
    more = len(problems) - MOST_REASONS
    return [*filter(None, said), *([f"And {more} more."] if more > 0 else [])]


def still_running() -> Toast:
    """Return the toast for an operation that takes longer than anybody waits."""
    return Toast(
        "neutral", "Still creating the invoice", "AttiBooks goes on with it. The record shows it when it is done."
    )


def not_connected() -> Toast:
    """Return the toast for an action that needs the connection."""
    return Toast("error", "Not connected", "QuickBooks is not connected in this workspace. Connect QuickBooks first.")


def host_absent(url: str) -> Toast:
    """Return the toast for a host that is not there."""
    return Toast("error", "The host does not answer", f"The host does not answer at {url}. Start it with: make demo")


def answer_lost(url: str) -> Toast:
    """Return the toast for an answer that never came."""
    text = f"The host at {url} gave no answer. What was asked for may be done; look before you ask again."
    return Toast("error", "No answer from the host", text)


def connection(facts: Facts) -> Toast:
    """Return the toast of *Check Status*: green with the company id, else what is wrong."""
    if not facts.get("connected"):
        return Toast("error", "Not connected", str(facts.get("message", "")))
    text = f"QuickBooks Company ID {facts['company_id']} ({facts['environment']})."
    return Toast("success", f"Connected to {facts['company_name']}", text)


def settings_saved(problems: list[Facts]) -> Toast:
    """Return the toast of saved settings, with what the host warns of."""
    if problems:
        return Toast("warning", "Settings saved", " ".join(problem["message"] for problem in problems))
    return Toast("success", "Settings saved")


def disconnected() -> Toast:
    """Return the toast of a connection that was taken away."""
    return Toast(
        "success", "Disconnected", "AttiBooks forgot what it kept of this workspace; its trail and its counts stay."
    )


# what exists already


def _named(invoice: Facts) -> str:
    return f"Invoice {invoice.get('number') or invoice['id']}"


def invoice_changed(facts: Facts) -> Toast:
    """Return the toast of an edit that reached the books."""
    invoice = facts["invoice"]
    balance = f"{Decimal(invoice['balance']):,.2f} {invoice['currency']} due."
    return Toast("success", f"{_named(invoice)} changed", balance)


def invoice_voided(facts: Facts) -> Toast | None:
    """Return the toast of a void; the first of its two steps says nothing yet."""
    if "confirm" in facts:
        return None
    if facts.get("already_voided"):
        return Toast("neutral", f"{_named(facts['invoice'])} is already voided", "Nothing was changed.")
    return Toast("success", f"{_named(facts['invoice'])} voided", "Its number stays, its amounts are zero.")


def goes_on() -> Toast:
    """Return the toast for work that takes longer than anybody waits."""
    return Toast("neutral", "Still working", "AttiBooks goes on with it. The records show it when it is done.")


def synced(facts: Facts) -> Toast:
    """Return the toast of a sync: how many of what, or why nothing ran."""
    if facts.get("skipped"):
        return Toast("warning", "Nothing was synced", str(facts["skipped"]))
    errors = facts.get("errors") or []
    counts = [f"{facts.get(name) or 0} {name}" for name in ("updated", "unchanged")]
    gone = [f"{facts['deleted']} deleted"] if facts.get("deleted") else []
    many = f"{len(errors)} error{'' if len(errors) == 1 else 's'}"
    partly = [] if facts.get("complete", True) else ["Deletions of that time may be incomplete."]
    text = " ".join([f"{', '.join([*counts, *gone, many])}.", *_reasons(errors), *partly])
    return Toast("warning" if errors or partly else "success", "Invoices synced", text)


def set_up(facts: Facts) -> Toast:
    """Return the toast of *Run Setup*."""
    if facts.get("already_set_up"):
        return Toast("success", "Already set up", f"The object `{facts['object']}` has all that it needs.")
    counts = [f"{len(facts.get(name) or [])} {name}" for name in ("created", "repaired", "unchanged")]
    return Toast("success", "Invoice object set up", f"The object `{facts['object']}`: {', '.join(counts)}.")
