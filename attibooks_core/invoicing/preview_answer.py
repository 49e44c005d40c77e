"""A review in the words of the contract (§3, preview)."""

from decimal import Decimal

from attibooks_core.invoicing.reviewing import Review
from attibooks_core.invoicing.shapes import (
    CandidateShape,
    CustomerShape,
    DraftShape,
    LineShape,
    MatchShape,
    OriginShape,
    PreviewShape,
    ProblemShape,
    RequestShape,
    money,
)
from attibooks_core.invoicing.sketches import stand_in
from attibooks_core.model import Problem


def preview_answer(review: Review) -> PreviewShape:
    """The answer of the route `invoices/preview`."""
    plan, provenance = review.plan, review.sketch.provenance
    return PreviewShape(
        draft=_draft(review),
        draft_token=review.token,
        provenance={
            path: OriginShape(source=o.source.value, slug=o.slug, text=o.text) for path, o in provenance.items()
        },
        obstacles=_problems(review.obstacles),
        warnings=_problems(review.warnings),
        payload=[RequestShape(method=r.method, path=r.path, body=r.body) for r in (plan.requests if plan else ())],
    )


def _draft(review: Review) -> DraftShape:
    sketch, plan = review.sketch, review.plan
    subtotal = plan.subtotal if plan else stand_in(sketch).subtotal
    tax = plan.tax if plan else None
    return DraftShape(
        customer=_customer(review),
        currency=plan.currency if plan else sketch.currency,
        invoice_date=sketch.invoice_date,
        due_date=sketch.due_date,
        memo=sketch.memo,
        lines=[LineShape.of(line) for line in sketch.lines],
        subtotal=money(subtotal),
        tax=None if tax is None else money(tax),
        total=_total(subtotal, tax),
    )


def _total(subtotal: Decimal, tax: Decimal | None) -> str | None:
    return None if tax is None else money(subtotal + tax)


def _customer(review: Review) -> CustomerShape:
    match = review.match
    return CustomerShape(
        name=review.sketch.customer_name,
        email=review.sketch.customer_email,
        match=MatchShape(how=match.how, id=match.id, reason=match.reason) if match else None,
        candidates=[CandidateShape(id=c.id, name=c.name, email=c.email, reason=c.reason) for c in review.candidates],
    )


def _problems(problems: tuple[Problem, ...]) -> list[ProblemShape]:
    return [ProblemShape.of(p) for p in problems]
