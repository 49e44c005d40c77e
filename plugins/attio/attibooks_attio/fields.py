"""What a writeback puts into which attribute, and the problems that keep a field out. Pure."""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from attibooks_attio.faults import AttioFault
from attibooks_attio.mapping import Attribute, Unfit, Writable, written
from attibooks_attio.wire import shortened
from attibooks_core.model import Problem, Writeback
from attibooks_core.settings import Settings

SYNC_ERROR = "writeback_sync_error"

MAX_SYNC_ERROR = 500
"""Longest error text on a record, in characters (product rule)."""

_MAX_NOTES = 350
_CHANGE_IT = "Change it in settings section 4."


@dataclass(frozen=True, slots=True)
class Field:
    """A settings key, the attribute it is mapped to, and what the record shall show there."""

    key: str
    slug: str
    value: Writable


def mapped(settings: Settings, values: Writeback) -> tuple[dict[str, Field], dict[str, Problem]]:
    """The fields that the settings map, by settings key; of two on one attribute the first is kept."""
    fields: dict[str, Field] = {}
    problems: dict[str, Problem] = {}
    owners: dict[str, str] = {}
    for key, value in values.values.items():
        slug = (settings.text(key) or "").strip()
        if not slug:
            continue
        if owners.setdefault(slug, key) == key:
            fields[key] = Field(key, slug, value)
        else:
            problems[key] = _taken(key, slug, owners[slug])
    return fields, problems


def shaped(
    wish: Field, object_slug: str, attributes: Mapping[str, Attribute], notes: Sequence[str]
) -> list[object] | Problem:
    """The field's value as Attio takes it, or what keeps it from being written.

    :param notes: sentences that go into the attribute for the sync error, whatever else stands there.
    """
    attribute = attributes.get(wish.slug)
    if attribute is None:
        return _unknown(wish, object_slug, attributes)
    if attribute.is_archived:
        return _warn(
            wish.key,
            "archived_attribute",
            f'The attribute "{wish.slug}" is archived in Attio.',
            "Restore it in Attio, or map another one in settings section 4.",
        )
    if not attribute.is_writable:
        return _warn(
            wish.key, "read_only_attribute", f'Attio lets nobody write the attribute "{wish.slug}".', _MAP_ANOTHER
        )
    value = _error_text(wish.value, notes) if wish.key == SYNC_ERROR else wish.value
    try:
        return written(wish.key, attribute, value)
    except Unfit as unfit:
        return _warn(wish.key, "wrong_type", f'The attribute "{wish.slug}" {unfit}.', _MAP_ANOTHER)


def missing_title(wish: Field, attribute: Attribute) -> Problem:
    """The problem of an option or a status that the attribute does not have."""
    title = shortened(str(wish.value), 80)
    noun = "status" if attribute.type == "status" else "option"
    return _warn(
        wish.key,
        "unknown_title",
        f'The attribute "{wish.slug}" has no {noun} "{title}", so it was not written.',
        f'Add the {noun} "{title}" to it in Attio, then sync again.',
    )


def refused_value(wish: Field, fault: AttioFault) -> Problem:
    """The problem of a value that Attio does not take for another reason, with Attio's own words."""
    return _warn(
        wish.key,
        "refused_value",
        f'Attio did not take the value for "{wish.slug}": {fault.quote}.',
        "Check the attribute in Attio, or map another one in settings section 4.",
    )


def _taken(key: str, slug: str, owner: str) -> Problem:
    return _warn(key, "duplicate_attribute", f'The attribute "{slug}" already shows {_words(owner)}.', _MAP_ANOTHER)


def _unknown(wish: Field, object_slug: str, attributes: Mapping[str, Attribute]) -> Problem:
    similar = _similar(wish.slug, attributes)
    fix = f'Did you mean "{similar}"? {_CHANGE_IT}' if similar else _CREATE_IT
    return _warn(wish.key, "unknown_attribute", f'{object_slug} has no attribute "{wish.slug}".', fix)


def _similar(slug: str, attributes: Mapping[str, Attribute]) -> str | None:
    """The slug that was probably meant: of the attribute with that title, else the one spelled most alike."""
    usable = [a for a in attributes.values() if a.is_writable and not a.is_archived]
    titled = (a.slug for a in usable if a.title.strip().casefold() == slug.casefold())
    spelled = slug.casefold().replace(" ", "_").replace("-", "_")
    close = difflib.get_close_matches(spelled, [a.slug for a in usable], n=1, cutoff=0.7)
    return next(titled, None) or (close[0] if close else None)


def _error_text(value: Writable, notes: Sequence[str]) -> Writable:
    """The text for the sync error: the notes are short and stay whole, what stands before them may be cut."""
    told = shortened(" ".join(notes), _MAX_NOTES)
    if not isinstance(value, str) or not value.strip():
        return told or value
    room = MAX_SYNC_ERROR - len(told) - 1 if told else MAX_SYNC_ERROR
    return f"{shortened(value.strip(), room)} {told}".strip()


def _words(key: str) -> str:
    return f"the {key.removeprefix('writeback_').replace('_', ' ')}"


def _warn(key: str, code: str, message: str, fix: str) -> Problem:
    return Problem(key, code, message, fix, severity="warning")


_MAP_ANOTHER = "Map another attribute in settings section 4."
_CREATE_IT = "Create it in Attio, or map another attribute in settings section 4."
