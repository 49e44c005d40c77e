"""Drafts through the hands of the adjusters, and what those may not touch."""

from dataclasses import fields as members_of
from dataclasses import replace

from attibooks_core.errors import AttiBooksError, PluginError
from attibooks_core.invoicing.values import MAX_LINES, amount_of
from attibooks_core.invoicing.workbench import Workbench, Workspace
from attibooks_core.model import CrmRecord, InvoiceDraft, Provenance, Source

UNTOUCHABLE = ("source", "customer_name", "customer_id", "customer_record", "currency", "invoice_date")
_PATHS = {"customer_email": "customer.email"}


async def adjusted(bench: Workbench, ws: Workspace, draft: InvoiceDraft, record: CrmRecord) -> InvoiceDraft:
    """The draft after every adjuster of the workspace, phase by phase.

    :raises InvalidDraft: an adjuster refuses the record.
    :raises PluginError: one failed, or changed what it may not: a draft without its step must not be sent.
    """
    for plugin, adjuster in bench.plugins.adjusters(ws.scope):
        try:
            changed = await adjuster.adjust(ws.context, draft, record)
        except AttiBooksError:
            raise
        except Exception as error:
            raise PluginError(plugin, f"{adjuster.key}.adjust") from error
        draft = _accepted(draft, changed, plugin, adjuster.key)
    return draft


def _accepted(before: InvoiceDraft, after: object, plugin: str, key: str) -> InvoiceDraft:
    if not isinstance(after, InvoiceDraft):
        raise PluginError(plugin, f"{key}.adjust")
    touched = [name for name in UNTOUCHABLE if getattr(before, name) != getattr(after, name)]
    if touched:
        raise PluginError(plugin, f"{key}.adjust, which changed {', '.join(touched)}")
    if not 1 <= len(after.lines) <= MAX_LINES:
        raise PluginError(plugin, f"{key}.adjust, which left {len(after.lines)} lines")
    lines = tuple(replace(line, amount=amount_of(line.quantity, line.rate)) for line in after.lines)
    after = replace(after, lines=lines)
    return replace(after, provenance=_provenance(before, after, plugin))


def _provenance(before: InvoiceDraft, after: InvoiceDraft, plugin: str) -> dict[str, Provenance]:
    gone = tuple(f"lines.{n}." for n in range(len(after.lines), len(before.lines)))
    kept = {path: origin for path, origin in after.provenance.items() if not path.startswith(gone or ("\0",))}
    return {**kept, **_marks(before, after, plugin)}


def _marks(before: InvoiceDraft, after: InvoiceDraft, plugin: str) -> dict[str, Provenance]:
    """Where a value came from that an adjuster changed."""
    changed = [
        name
        for name in ("customer_email", "due_date", "memo", "fields")
        if getattr(before, name) != getattr(after, name)
    ]
    marks = {_PATHS.get(name, name): Provenance(Source.PLUGIN, None, plugin) for name in changed}
    for n, line in enumerate(after.lines):
        old = before.lines[n] if n < len(before.lines) else None
        for part in (m.name for m in members_of(line)):
            if getattr(old, part, None) != getattr(line, part):
                marks[f"lines.{n}.{part}"] = Provenance(Source.PLUGIN, None, plugin)
    return marks
