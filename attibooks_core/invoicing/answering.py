"""Answers that are kept under a key: written once, repeated word by word."""

from typing import Any

import msgspec

from attibooks_core import errors
from attibooks_core.errors import AttiBooksError, ConnectionProblem
from attibooks_core.invoicing.freezing import ANSWER
from attibooks_core.invoicing.shapes import (
    CreatedShape,
    ErrorShape,
    InvoiceShape,
    ProblemShape,
    UsageShape,
    WritebackShape,
)
from attibooks_core.invoicing.workbench import Workbench, Workspace
from attibooks_core.model import AccountingInvoice, Problem, WritebackReport, WritebackState
from attibooks_core.plans.quota import COUNTED, month_of
from attibooks_core.storage.intents import Intent, KeptCall

_KINDS: dict[str, type[AttiBooksError]] = {
    name: kind
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, AttiBooksError) and kind is not errors.PluginError
}


def error_answer(error: AttiBooksError) -> bytes:
    """An error as it is kept."""
    shape = ErrorShape(
        kind=type(error).__name__,
        message=error.message,
        code=error.code,
        problems=[ProblemShape.of(p) for p in error.problems],
        reference=error.reference,
        details=error.details,
    )
    return msgspec.json.encode(shape)


def kept_error(body: bytes) -> AttiBooksError:
    """The error that was kept; one of a class that is gone keeps its words."""
    shape = msgspec.json.decode(body, type=ErrorShape)
    problems = [
        Problem(p.field, p.code, p.message, p.fix, "warning" if p.severity == "warning" else "error")
        for p in shape.problems
    ]
    rest: dict[str, Any] = {"reference": shape.reference, "problems": problems, "details": shape.details}
    return _KINDS.get(shape.kind, AttiBooksError)(shape.message, code=shape.code, **rest)


def repeat(bench: Workbench, workspace_id: str, kept: KeptCall) -> bytes | None:
    """The kept answer of a key: its body, or None when there is none (any more).

    :raises AttiBooksError: the refusal that was kept.
    """
    if kept.outcome not in {"ok", "error"} or kept.answer is None:
        return None
    body = bench.vault.open(workspace_id, ANSWER, kept.answer)
    if kept.outcome == "error":
        raise kept_error(body)
    return body


def failure(bench: Workbench, workspace_id: str, kept: KeptCall) -> AttiBooksError | None:
    """The error that a key's operation ended with, also when the same key may try again."""
    if kept.outcome not in {"error", "failed"} or kept.answer is None:
        return None
    return kept_error(bench.vault.open(workspace_id, ANSWER, kept.answer))


async def answer_of(bench: Workbench, ws: Workspace, intent: Intent) -> CreatedShape | None:
    """The answer for an intent that has an invoice: the kept one, else the invoice read anew.

    :return: None when it would have to be read and there is no token for that.
    """
    kept = await bench.intents.kept(intent.workspace_id, intent.route, intent.key)
    body = repeat(bench, intent.workspace_id, kept) if kept else None
    if body is not None:
        return msgspec.json.decode(body, type=CreatedShape)
    return await read_anew(bench, ws, intent)


async def fetched(ws: Workspace, intent: Intent) -> AccountingInvoice | None:
    """The invoice of an intent as the books have it by now; None without a token that opens them."""
    if ws.context.accounting is None or intent.invoice_id is None:
        return None
    try:
        return await ws.backend.fetch_invoice(ws.context, intent.invoice_id)
    except ConnectionProblem:
        return None


async def read_anew(bench: Workbench, ws: Workspace, intent: Intent) -> CreatedShape | None:
    """The answer of an intent whose kept one was dropped; None when the invoice cannot be read."""
    invoice = await fetched(ws, intent)
    if invoice is None:
        return None
    now = bench.clock.now()
    counter = await bench.usage.count(intent.workspace_id, COUNTED, month_of(now))
    entitlements = await bench.billing.entitlements(intent.workspace_id)
    return CreatedShape(
        invoice=InvoiceShape.of(invoice),
        writeback=WritebackShape.of(WritebackReport(WritebackState.NONE)),
        usage=UsageShape.of(entitlements, counter, now),
        warnings=[],
    )
