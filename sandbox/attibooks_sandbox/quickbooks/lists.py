"""What all list entities share when they are written: tokens, merging, names, the suffix of the inactive."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import msgspec

from attibooks_sandbox.quickbooks import faults
from attibooks_sandbox.quickbooks.company import Company
from attibooks_sandbox.quickbooks.model import Entity
from attibooks_sandbox.quickbooks.shapes import EMPTY, Cleaned, merged

DELETED_SUFFIX = " (deleted)"
Finish = Callable[[Company, dict[str, object], Entity | None], dict[str, object]]


def required_id(cleaned: Cleaned) -> str:
    """Return the Id of an update, or refuse its absence."""
    return _required(cleaned, "Id")


def _required(cleaned: Cleaned, name: str) -> str:
    value = cleaned.get(name)
    if not isinstance(value, str):
        raise faults.missing(name)
    return value


def check_token(cleaned: Cleaned, token: int, user: str) -> None:
    """Refuse an update that was not made from the present version."""
    if int(_required(cleaned, "SyncToken")) != token:
        raise faults.stale(user)


def without_system(cleaned: Cleaned) -> Cleaned:
    """Return a cleaned body without the members that identify and steer."""
    return {name: value for name, value in cleaned.items() if name not in {"Id", "SyncToken", "sparse"}}


def create_entity(company: Company, kind: str, cleaned: Cleaned, now: datetime, finish: Finish) -> Entity:
    """Add a member to a list; `finish` fills in and checks its fields."""
    fields = finish(company, merged({}, without_system(cleaned), sparse=False), None)
    entity = Entity(kind=kind, id=company.next_id(kind), token=0, created=now, updated=now, fields=fields)
    company.lists[kind].put(entity)
    return entity


def update_entity(
    company: Company, kind: str, cleaned: Cleaned, now: datetime, finish: Finish, *, name: str = "Name"
) -> Entity:
    """Change a member of a list; a change of nothing leaves token and time, and an empty name the name."""
    old = company.find(kind, required_id(cleaned))
    if old is None:
        raise faults.object_not_found()
    check_token(cleaned, old.token, company.profile.user_name)
    sparse = cleaned.get("sparse") is True
    sent = without_system(cleaned)
    if sent.get(name) is EMPTY:
        del sent[name]
    fields = finish(company, merged(old.fields, sent, sparse=sparse), old)
    if fields == old.fields:
        return old
    entity = msgspec.structs.replace(old, token=old.token + 1, updated=now, fields=fields)
    company.lists[kind].put(entity)
    return entity


def settle_name(fields: dict[str, object], name: str, old: Entity | None) -> None:
    """Put the suffix on the name of what is made inactive, and take it off what comes back."""
    text = str(fields.get(name, ""))
    bare = text.removesuffix(DELETED_SUFFIX)
    if not fields.get("Active", True):
        fields[name] = bare + DELETED_SUFFIX
    elif old is not None and not old.active:
        fields[name] = bare
