"""From a record to the plan of what will be sent: reading, building, resolving. Writes nothing anywhere."""

from dataclasses import dataclass, replace
from datetime import UTC, date, tzinfo
from zoneinfo import ZoneInfo

from attibooks_core.errors import NotFound
from attibooks_core.invoicing.texts import invalid_draft
from attibooks_core.invoicing.workbench import Workbench, Workspace
from attibooks_core.model import (
    AttributeValue,
    Books,
    CompanyFacts,
    CrmRecord,
    InvoiceDraft,
    Problem,
    RecordRef,
    SubmissionPlan,
)
from attibooks_core.settings import Settings

EMAIL_TYPE = "email-address"


@dataclass(frozen=True, slots=True)
class Drafted:
    """A draft, and the very bytes that a create sends for it; the plan's warnings are those of every stage so far."""

    draft: InvoiceDraft
    plan: SubmissionPlan


async def draft_invoice(bench: Workbench, ws: Workspace, ref: RecordRef, marker: str) -> Drafted:
    """Read, build, resolve and plan.

    What the record or the settings lack is refused before the books are asked anything.

    :param marker: unique text that finds the invoice again when an answer is lost.
    :raises InvalidDraft: with every obstacle at once.
    :raises NotFound: code `record_not_found`.
    :raises ConnectionProblem, Unavailable: as the plugins do.
    """
    check_target(ws.context.settings, ref)
    ws.require_accounting()
    workspace_id = ws.context.workspace_id
    with bench.stage("read", workspace_id, marker):
        record = await _read(ws, ref)
    _build(bench, ws, record, _unknown_company(ws.books))
    facts = await ws.backend.company(ws.context)
    with bench.stage("build", workspace_id, marker):
        draft = _build(bench, ws, record, facts)
    with bench.stage("prepare", workspace_id, marker):
        resolution = await ws.backend.resolve(ws.context, draft)
        plan = ws.backend.plan(ws.context.settings, draft, facts, resolution, marker)
    return Drafted(draft, replace(plan, warnings=(*draft.warnings, *plan.warnings)))


def check_target(settings: Settings, ref: RecordRef) -> None:
    """Refuse objects that the workspace does not invoice.

    :raises InvalidDraft: on `target_objects`.
    """
    targets = settings["target_objects"]
    if targets and ref.object not in targets:
        message = f"Records of {ref.object} are not invoiced in this workspace."
        fix = "Add the object to Target objects in settings section 7."
        raise invalid_draft([Problem("target_objects", "not_a_target", message, fix)])


async def _read(ws: Workspace, ref: RecordRef) -> CrmRecord:
    record = await ws.reader.read_record(ws.context, ref)
    slug = ws.context.settings.text("source_customer_email")
    attribute = record.attributes.get(slug) if slug else None
    if attribute is None or not isinstance(attribute.first, RecordRef):
        return record
    followed = await _email_of(ws, attribute.first, attribute)
    return replace(record, attributes={**record.attributes, attribute.slug: followed})


async def _email_of(ws: Workspace, person: RecordRef, attribute: AttributeValue) -> AttributeValue:
    """A reference to a person stands for that person's primary e-mail address (product row 41)."""
    try:
        record = await ws.reader.read_record(ws.context, person)
    except NotFound:
        return replace(attribute, values=())
    addresses = (a.values for a in record.attributes.values() if a.type == EMAIL_TYPE)
    return replace(attribute, values=next(addresses, ())[:1])


def _build(bench: Workbench, ws: Workspace, record: CrmRecord, facts: CompanyFacts) -> InvoiceDraft:
    return bench.plugins.build_invoice(ws.scope, record, ws.context.settings, facts, _today(bench, ws, facts))


def _today(bench: Workbench, ws: Workspace, facts: CompanyFacts) -> date:
    """The company's date (product row 51): the setting, else the books' zone, else UTC."""
    zone = _zone(ws.context.settings.text("timezone")) or _zone(facts.timezone) or UTC
    return bench.clock.now().astimezone(zone).date()


def _zone(name: str | None) -> tzinfo | None:
    """A time zone, or None for a name that this machine does not know (the books may use others)."""
    try:
        return ZoneInfo(name) if name else None
    except (OSError, ValueError, LookupError):
        return None


def _unknown_company(books: Books) -> CompanyFacts:
    return CompanyFacts(books, "", "", "", multicurrency=True, currencies=frozenset(), tax_code_required=False)
