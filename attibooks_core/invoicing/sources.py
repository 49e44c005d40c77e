"""Reading everything of the CRM that one invoice is made from. Writes nothing."""

import asyncio
from dataclasses import replace

from attibooks_core.errors import NotFound
from attibooks_core.invoicing.builder import COMPANIES
from attibooks_core.invoicing.texts import did_you_mean
from attibooks_core.invoicing.values import MAX_LINES
from attibooks_core.invoicing.workbench import Workspace
from attibooks_core.model import AttributeValue, CrmRecord, Problem, RecordRef

EMAIL_TYPE = "email-address"
REFERENCE_SLUGS = ("associated_company", "company")
"""Where a deal and a person name their company (Attio's standard attributes); they come before others."""


async def read_source(ws: Workspace, ref: RecordRef) -> CrmRecord:
    """The record, with the related records and the company that the settings ask for.

    What is wrong with the related records is in its `problems`: the builder says it together with the rest.

    :raises NotFound: code `record_not_found`.
    """
    record = await ws.reader.read_record(ws.context, ref)
    email, customer, lines = await asyncio.gather(_email(ws, record), _linked_company(ws, record), _lines(ws, record))
    attributes = record.attributes if email is None else {**record.attributes, email.slug: email}
    related, problems = ((), (lines,)) if isinstance(lines, Problem) else (lines, ())
    return replace(record, attributes=attributes, customer=customer, related=related, problems=problems)


async def _email(ws: Workspace, record: CrmRecord) -> AttributeValue | None:
    """A reference to a person stands for that person's primary e-mail address (product row 41)."""
    slug = ws.context.settings.text("source_customer_email")
    attribute = record.attributes.get(slug) if slug else None
    if attribute is None or not isinstance(attribute.first, RecordRef):
        return None
    try:
        person = await ws.reader.read_record(ws.context, attribute.first)
    except NotFound:
        return replace(attribute, values=())
    addresses = (a.values for a in person.attributes.values() if a.type == EMAIL_TYPE)
    return replace(attribute, values=next(addresses, ())[:1])


async def _linked_company(ws: Workspace, record: CrmRecord) -> CrmRecord | None:
    """The one company that the record is linked to (`customer_source`, X8); None when it is none or several."""
    if ws.context.settings["customer_source"] != "linked_company" or record.ref.object == COMPANIES:
        return None
    linked = _companies_of(record)
    if len(linked) != 1:
        return None
    try:
        return await ws.reader.read_record(ws.context, linked[0])
    except NotFound:
        return None


def company_of(record: CrmRecord) -> RecordRef | None:
    """The company that a record is, or the one that it names; None when it names none or several (product row 99)."""
    if record.ref.object == COMPANIES:
        return record.ref
    linked = _companies_of(record)
    return linked[0] if len(linked) == 1 else None


def _companies_of(record: CrmRecord) -> list[RecordRef]:
    """The companies that the standard attribute names, else those of every other attribute."""
    for slug in REFERENCE_SLUGS:
        if found := _companies_in(record.attributes.get(slug)):
            return found
    every = (found for attribute in record.attributes.values() for found in _companies_in(attribute))
    return list(dict.fromkeys(every))


def _companies_in(attribute: AttributeValue | None) -> list[RecordRef]:
    values = attribute.values if attribute else ()
    return list(dict.fromkeys(v for v in values if isinstance(v, RecordRef) and v.object == COMPANIES))


async def _lines(ws: Workspace, record: CrmRecord) -> tuple[CrmRecord, ...] | Problem:
    """The records that make a line each (`lines_from`), one more than allowed at most: so that too many are noticed."""
    wanted = ws.context.settings.text("lines_from")
    if wanted is None:
        return ()
    found = await (_referring(ws, record, wanted) if "." in wanted else _referred(ws, record, wanted))
    if not isinstance(found, Problem) and record.ref in [line.ref for line in found]:
        return _setting("circular", f"`{wanted}` leads back to the record itself.")
    return found


async def _referred(ws: Workspace, record: CrmRecord, slug: str) -> tuple[CrmRecord, ...] | Problem:
    """The records that an attribute of the record names."""
    attribute = record.attributes.get(slug)
    if attribute is None:
        guess = did_you_mean(slug, record.attributes)
        return _setting("unknown_attribute", f"`{slug}` is no attribute of {record.ref.object}.{guess}")
    refs = [v for v in attribute.values if isinstance(v, RecordRef)]
    if len(refs) != len(attribute.values):
        return _setting("wrong_type", f"`{slug}` does not refer to other records.")
    if not refs or record.ref in refs:
        return (record,) if refs else ()
    try:
        return tuple(await ws.reader.read_records(ws.context, refs[: MAX_LINES + 1]))
    except NotFound as error:
        gone = error.details.get("record_id", "")
        message = f"The related record {gone} does not exist any more."
        return Problem(
            "lines", "related_record_gone", message, "Remove the relation in the CRM, or restore the record."
        )


async def _referring(ws: Workspace, record: CrmRecord, wanted: str) -> tuple[CrmRecord, ...] | Problem:
    """The reverse side: records of another object whose attribute names this record (`object.attribute`)."""
    object_slug, _, attribute = wanted.partition(".")
    try:
        found = await ws.reader.read_referring(ws.context, object_slug, attribute, record.ref, MAX_LINES + 1)
    except NotFound:
        return _setting("unknown_attribute", f"There is no attribute `{attribute}` of an object `{object_slug}`.")
    return tuple(found)


def _setting(code: str, message: str) -> Problem:
    return Problem("lines_from", code, message, "Correct Lines from in settings section 7.")
