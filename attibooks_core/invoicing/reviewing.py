"""Preview and custom mode: what would be sent, shown before; and sent as it was shown."""

import secrets
from dataclasses import dataclass, replace

from attibooks_core.errors import InvalidDraft
from attibooks_core.invoicing import tokens
from attibooks_core.invoicing.drafting import (
    Drafted,
    adjusted_sketch,
    check_target,
    planned,
    prepare,
    sketch_invoice,
    today_of,
)
from attibooks_core.invoicing.edits import Edits, edited
from attibooks_core.invoicing.sketches import finished, stand_in
from attibooks_core.invoicing.sources import company_of, read_source
from attibooks_core.invoicing.tokens import DraftToken, digest_of
from attibooks_core.invoicing.workbench import Workbench, Workspace
from attibooks_core.model import (
    Candidate,
    CompanyFacts,
    CustomerMatch,
    DraftSketch,
    Problem,
    RecordRef,
    SubmissionPlan,
)
from attibooks_core.plans import entitlements
from attibooks_core.protocols import Resolution


@dataclass(frozen=True, slots=True)
class Review:
    """What a preview shows.

    :param plan: the very bytes that a create sends; None while there are obstacles.
    :param token: None for a draft that is too long to be handed out.
    """

    sketch: DraftSketch
    obstacles: tuple[Problem, ...]
    warnings: tuple[Problem, ...]
    match: CustomerMatch | None
    candidates: tuple[Candidate, ...]
    plan: SubmissionPlan | None
    token: str | None


@dataclass(frozen=True, slots=True)
class _Found:
    """What the books say of a draft."""

    resolution: Resolution | None = None
    match: CustomerMatch | None = None
    candidates: tuple[Candidate, ...] = ()
    obstacles: tuple[Problem, ...] = ()


async def review(bench: Workbench, ws: Workspace, ref: RecordRef, edits: Edits | None) -> Review:
    """What a create of this record would send, every obstacle at once. Writes nothing anywhere.

    :raises PlanRequired: custom mode, or edits, on a plan without it.
    :raises NotFound, ConnectionProblem, Unavailable: as the plugins do.
    """
    if edits is not None or ws.context.settings.text("invoice_mode") == "custom":
        await require_custom_mode(bench, ws)
    check_target(ws.context.settings, ref)
    ws.require_accounting()
    record, facts = await read_source(ws, ref), await ws.backend.company(ws.context)
    today = today_of(bench, ws, facts)
    built = sketch_invoice(bench, ws, record, facts, today)
    sketch = await adjusted_sketch(bench, ws, built, record)
    is_adjusted = not built.problems
    if edits is not None:
        sketch = edited(sketch, edits)
    if not is_adjusted and not sketch.problems:
        sketch, is_adjusted = await adjusted_sketch(bench, ws, sketch, record), True
    found = await _found(ws, sketch)
    token = DraftToken(
        nonce=secrets.token_hex(tokens.NONCE_BYTES),
        source=ref,
        settings=ws.context.settings.digest,
        issued_at=bench.clock.now(),
        basis=digest_of(built),
        day=today,
        is_adjusted=is_adjusted,
        sketch=sketch,
        resolution=found.resolution,
    )
    return _shown(bench, ws, facts, token, found)


def _shown(bench: Workbench, ws: Workspace, facts: CompanyFacts, token: DraftToken, found: _Found) -> Review:
    sketch, resolution = token.sketch, found.resolution
    plan = None
    if resolution is not None and not sketch.problems:
        plan = planned(ws, finished(sketch), facts, resolution, token.nonce).plan
    return Review(
        sketch=sketch,
        obstacles=(*sketch.problems, *found.obstacles),
        warnings=plan.warnings if plan else sketch.warnings,
        match=found.match,
        candidates=found.candidates,
        plan=plan,
        token=tokens.seal(bench.vault, ws.context.workspace_id, token),
    )


async def _found(ws: Workspace, sketch: DraftSketch) -> _Found:
    """Ask the books about as much of the draft as there is."""
    try:
        resolution = await ws.backend.resolve(ws.context, stand_in(sketch))
    except InvalidDraft as refusal:
        known = {p.field for p in sketch.problems}
        obstacles = tuple(p for p in refusal.problems if p.field not in known)
        return _Found(None, refusal.match, refusal.candidates, obstacles)
    return _Found(resolution, resolution.match, resolution.candidates)


async def reviewed(
    bench: Workbench, ws: Workspace, ref: RecordRef, text: str | None, edits: Edits | None
) -> tuple[Drafted, str]:
    """What a person saw in a preview, with their last edits, ready to be sent; and the token's nonce.

    The record is read once more only to tell that it has changed: what was seen is what is sent (product row 32).

    :raises InvalidDraft: the token is no good, or the edits make no valid invoice.
    """
    token = tokens.unseal(
        bench.vault,
        ws.context.workspace_id,
        text,
        source=ref,
        settings=ws.context.settings.digest,
        now=bench.clock.now(),
    )
    ws.require_accounting()
    record, facts = await read_source(ws, ref), await ws.backend.company(ws.context)
    sketch = token.sketch if edits is None else edited(token.sketch, edits)
    if not token.is_adjusted and bench.plugins.adjusters(ws.scope):
        raise tokens.refused("outdated", "The draft has to be reviewed once more before it can be sent.")
    if digest_of(sketch_invoice(bench, ws, record, facts, token.day)) != token.basis:
        sketch = replace(sketch, warnings=(*sketch.warnings, _source_changed()))
    seen = token.resolution
    if seen is not None and (edits is None or not edits.concern_the_books):
        drafted = planned(ws, finished(sketch), facts, seen, token.nonce)
        return replace(drafted, company=company_of(record)), token.nonce
    if seen is not None and (edits is None or not edits.choose_the_customer):
        sketch = replace(sketch, customer_id=sketch.customer_id or seen.match.id)  # the one that was seen
    drafted = await prepare(ws, finished(sketch), facts, token.nonce)
    return replace(drafted, company=company_of(record)), token.nonce


async def require_custom_mode(bench: Workbench, ws: Workspace) -> None:
    """Refuse what only a plan with custom mode may do; never a fallback to quick (X5).

    :raises PlanRequired: with the link to upgrade.
    """
    plan = await bench.billing.entitlements(ws.context.workspace_id)
    entitlements.require(plan, entitlements.CUSTOM_MODE)


def _source_changed() -> Problem:
    message = "The record has changed since the draft was reviewed; what was reviewed is what was sent."
    fix = "Compare the invoice with the record, and edit it in QuickBooks when they should agree."
    return Problem("draft_token", "source_changed", message, fix, "warning")
