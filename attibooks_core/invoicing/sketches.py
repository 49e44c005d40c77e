"""Between a draft that is still being mended and one that can be sent. Pure."""

from attibooks_core.invoicing.texts import invalid_draft
from attibooks_core.invoicing.values import amount_of
from attibooks_core.model import DraftLine, DraftSketch, InvoiceDraft, LineSketch


def finished(sketch: DraftSketch) -> InvoiceDraft:
    """The draft of a sketch that nothing is in the way of.

    :raises InvalidDraft: with every obstacle at once, and the sketch.
    """
    if sketch.problems:
        raise invalid_draft(sketch.problems, sketch=sketch)
    return stand_in(sketch)


def stand_in(sketch: DraftSketch) -> InvoiceDraft:
    """The draft as far as it is known, to ask the books about before it is whole: lines that miss something are out."""
    lines = (drafted_line(line) for line in sketch.lines)
    return InvoiceDraft(
        source=sketch.source,
        customer_name=sketch.customer_name or "",
        customer_email=sketch.customer_email,
        currency=sketch.currency,
        invoice_date=sketch.invoice_date,
        due_date=sketch.due_date,
        lines=tuple(line for line in lines if line is not None),
        memo=sketch.memo,
        provenance=sketch.provenance,
        warnings=sketch.warnings,
        customer_id=sketch.customer_id,
        customer_record=sketch.customer_record,
        fields=sketch.fields,
    )


def drafted_line(line: LineSketch) -> DraftLine | None:
    """A whole line, or None when something is missing."""
    if line.description is None or line.quantity is None or line.rate is None:
        return None
    amount = amount_of(line.quantity, line.rate)
    return DraftLine(line.description, line.quantity, line.rate, amount, line.item, line.tax_code)


def sketch_of(draft: InvoiceDraft) -> DraftSketch:
    """A draft, to be mended further."""
    lines = tuple(LineSketch(x.description, x.quantity, x.rate, x.item, x.tax_code) for x in draft.lines)
    return DraftSketch(
        source=draft.source,
        invoice_date=draft.invoice_date,
        customer_name=draft.customer_name or None,
        customer_email=draft.customer_email,
        currency=draft.currency,
        due_date=draft.due_date,
        lines=lines,
        memo=draft.memo,
        provenance=draft.provenance,
        warnings=draft.warnings,
        customer_id=draft.customer_id,
        customer_record=draft.customer_record,
        fields=draft.fields,
    )
