"""What is in the way of a setup: everything at once, before anything is made (product row 94). Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from attibooks_core.errors import Conflict
from attibooks_core.lifecycle import AttributeSpec, StoredAttribute
from attibooks_core.model import Problem
from attibooks_core.settings import Settings
from attibooks_invoice_object.schema import ATTRIBUTES, COMPANIES, PLURAL, SINGULAR

SLUG_KEY = "invoice_object_slug"
TARGETS_KEY = "target_objects"
_RENAME = "Change its slug in the CRM, so that AttiBooks can make its own."
_ELSEWHERE = "Or name another object, in settings section 7."
_TOLD = 2
"""Conflicts that the sentence to the user spells out; the list has them all."""


def object_problems(slug: str, settings: Settings, *, exists: bool) -> list[Problem]:
    """What speaks against keeping invoices in the object."""
    if slug == COMPANIES or slug in _sources(settings):
        message = f"The object {slug} holds the records that invoices are made from."
        return [_problem("wrong_object", message, "Name an object that holds nothing else, in settings section 7.")]
    if not exists and settings.text(SLUG_KEY):
        message = f"There is no object with the slug {slug}."
        fix = "Make it in the CRM or correct the slug in settings section 7; left empty, AttiBooks makes an object."
        return [_problem("unknown_object", message, fix)]
    return []


def attribute_problems(slug: str, stored: Mapping[str, StoredAttribute], settings: Settings) -> list[Problem]:
    """What is wrong with attributes that are there already; archived ones count, for their slugs are taken."""
    sources = _sources(settings)
    pairs = ((spec, stored[spec.slug]) for spec in ATTRIBUTES if spec.slug in stored)
    return [
        _problem(code, f"The attribute {found.slug} of {slug} {why}.", f"{fix} {_ELSEWHERE}")
        for spec, found in pairs
        for code, why, fix in _objections(spec, found, sources)
    ]


def setup_conflict(problems: Iterable[Problem]) -> Conflict:
    """The refusal of a setup; nothing was made."""
    listed = tuple(problems)
    said = " ".join(p.message for p in listed[:_TOLD])
    more = f" There are {len(listed) - _TOLD} more." if len(listed) > _TOLD else ""
    return Conflict(f"{said}{more} Nothing was changed. {listed[0].fix}", code="setup_conflict", problems=listed)


def name_taken() -> Problem:
    """Another object has the name that ours would get."""
    message = f"Another object is called {SINGULAR} or {PLURAL}, or was and is switched off."
    return _problem("name_taken", message, "Rename that object in the CRM, or name it in settings section 7.")


def _sources(settings: Settings) -> Sequence[str]:
    """Objects whose records may become invoices; none named is any."""
    return settings[TARGETS_KEY] or ()


def _objections(spec: AttributeSpec, found: StoredAttribute, sources: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    """Code, what is wrong, and the fix."""
    if found.type != spec.type:
        yield "wrong_type", f"is of the type {found.type}, it has to be {spec.type}", _RENAME
        return
    if found.is_multiselect:
        yield "multiple_values", "holds several values, it has to hold one", _RENAME
    if not found.is_writable:
        yield "read_only_attribute", "cannot be written", _RENAME
    if spec.is_unique and not found.is_unique:
        yield "not_unique", "is not unique", "Make it unique in the CRM, or change its slug there."
    if found.is_unique and not spec.is_unique:
        yield "unique", "is unique, and invoices may share its value", "Make it not unique, or change its slug."
    if found.refers_to and not _reaches(spec, found, sources):
        wanted = spec.refers_to or ", ".join(sources)
        yield "wrong_reference", f"refers to {', '.join(found.refers_to)}, it has to refer to {wanted}", _RENAME


def _reaches(spec: AttributeSpec, found: StoredAttribute, sources: Sequence[str]) -> bool:
    if spec.refers_to is not None:
        return spec.refers_to in found.refers_to
    return not sources or not set(sources).isdisjoint(found.refers_to)


def _problem(code: str, message: str, fix: str) -> Problem:
    return Problem(SLUG_KEY, code, message, fix)
