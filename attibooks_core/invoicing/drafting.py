"""From a record to the plan of what will be sent: reading, building, adjusting, resolving. Writes nothing anywhere."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, tzinfo
from zoneinfo import ZoneInfo

from attibooks_core.errors import InvalidDraft
from attibooks_core.invoicing.adjusting import adjusted
from attibooks_core.invoicing.sketches import finished, sketch_of
from attibooks_core.invoicing.sources import company_of, read_source
from attibooks_core.invoicing.texts import invalid_draft
from attibooks_core.invoicing.workbench import Workbench, Workspace
from attibooks_core.model import (
    Books,
    CompanyFacts,
    CrmRecord,
    DraftSketch,
    InvoiceDraft,
    Problem,
    RecordRef,
    SubmissionPlan,
)
from attibooks_core.protocols import Resolution
from attibooks_core.settings import Settings


@dataclass(frozen=True, slots=True)
class Drafted:
    """A draft, and the very bytes that a create sends for it; the plan's warnings are those of every stage so far.

    :param company: the company's record, when the source is one or names one.
    """

    draft: InvoiceDraft
    plan: SubmissionPlan
    company: RecordRef | None = None


async def draft_invoice(bench: Workbench, ws: Workspace, ref: RecordRef, marker: str) -> Drafted:
    """Read, build, adjust, resolve and plan.

    What the record or the settings lack is refused before the books are asked anything.

    :param marker: unique text that finds the invoice again when an answer is lost.
    :raises InvalidDraft: with every obstacle at once.
    :raises NotFound: code `record_not_found`.
    :raises ConnectionProblem, Unavailable: as the plugins do.
    """
    draft, facts, record = await build_draft(bench, ws, ref, marker)
    with bench.stage("prepare", ws.context.workspace_id, marker):
        return replace(await prepare(ws, draft, facts, marker), company=company_of(record))


async def build_draft(
    bench: Workbench, ws: Workspace, ref: RecordRef, marker: str, *, at: datetime | None = None
) -> tuple[InvoiceDraft, CompanyFacts, CrmRecord]:
    """Read, build and adjust: everything before the books are searched (see `draft_invoice`).

    :param at: as if it were then; None is now.
    """
    at = at or bench.clock.now()
    check_target(ws.context.settings, ref)
    ws.require_accounting()
    workspace_id = ws.context.workspace_id
    with bench.stage("read", workspace_id, marker):
        record = await read_source(ws, ref)
    _build(bench, ws, record, _unknown_company(ws.books), at)
    facts = await ws.backend.company(ws.context)
    with bench.stage("build", workspace_id, marker):
        return await adjusted(bench, ws, _build(bench, ws, record, facts, at), record), facts, record


async def prepare(ws: Workspace, draft: InvoiceDraft, facts: CompanyFacts, marker: str) -> Drafted:
    """Resolve a draft and plan it.

    :raises InvalidDraft: with every obstacle at once.
    """
    return planned(ws, draft, facts, await ws.backend.resolve(ws.context, draft), marker)


def planned(ws: Workspace, draft: InvoiceDraft, facts: CompanyFacts, resolution: Resolution, marker: str) -> Drafted:
    """The bytes of a draft whose references are known; pure."""
    plan = ws.backend.plan(ws.context.settings, draft, facts, resolution, marker)
    return Drafted(draft, replace(plan, warnings=(*draft.warnings, *plan.warnings)))


def sketch_invoice(bench: Workbench, ws: Workspace, record: CrmRecord, facts: CompanyFacts, today: date) -> DraftSketch:
    """What a record makes, obstacles included; nothing is raised for them."""
    try:
        return sketch_of(bench.plugins.build_invoice(ws.scope, record, ws.context.settings, facts, today))
    except InvalidDraft as refusal:
        return refusal.sketch or DraftSketch(record.ref, today, problems=refusal.problems)


async def adjusted_sketch(bench: Workbench, ws: Workspace, sketch: DraftSketch, record: CrmRecord) -> DraftSketch:
    """A whole sketch after the adjusters; one with obstacles stays as it is, and so does one that they refuse."""
    if sketch.problems:
        return sketch
    try:
        return sketch_of(await adjusted(bench, ws, finished(sketch), record))
    except InvalidDraft as refusal:
        return replace(sketch, problems=refusal.problems)


def check_target(settings: Settings, ref: RecordRef) -> None:
    """Refuse objects that the workspace does not invoice.

    :raises InvalidDraft: on `target_objects`.
    """
    targets = settings["target_objects"]
    if targets and ref.object not in targets:
        message = f"Records of {ref.object} are not invoiced in this workspace."
        fix = "Add the object to Target objects in settings section 7."
        raise invalid_draft([Problem("target_objects", "not_a_target", message, fix)])


def _build(bench: Workbench, ws: Workspace, record: CrmRecord, facts: CompanyFacts, at: datetime) -> InvoiceDraft:
    return bench.plugins.build_invoice(ws.scope, record, ws.context.settings, facts, day_of(ws, facts, at))


def today_of(bench: Workbench, ws: Workspace, facts: CompanyFacts) -> date:
    """The company's date."""
    return day_of(ws, facts, bench.clock.now())


def day_of(ws: Workspace, facts: CompanyFacts, at: datetime) -> date:
    """The company's date at an instant (product row 51): by the setting, else the books' zone, else UTC."""
    zone = _zone(ws.context.settings.text("timezone")) or _zone(facts.timezone) or UTC
    return at.astimezone(zone).date()


def _zone(name: str | None) -> tzinfo | None:
    """A time zone, or None for a name that this machine does not know (the books may use others)."""
    try:
        return ZoneInfo(name) if name else None
    except (OSError, ValueError, LookupError):
        return None


def _unknown_company(books: Books) -> CompanyFacts:
    return CompanyFacts(books, "", "", "", multicurrency=True, currencies=frozenset(), tax_code_required=False)
