"""Webhooks of QuickBooks: is a delivery Intuit's, and which invoices may have changed; pure.

The signature is over the raw bytes, whatever the media type says. Since 2026 a delivery is an array of CloudEvents,
before it was one object; either may speak of several companies (QuickBooks reference, webhooks).
"""

import hashlib
import hmac
import re
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import TypeAlias

import msgspec

from attibooks_core.errors import AttiBooksError, Unauthorized
from attibooks_core.lifecycle import BooksEvent
from attibooks_core.model import Books
from attibooks_quickbooks.mapping import instant
from attibooks_quickbooks.settings import KEY

SIGNATURE = b"intuit-signature"

MOVING = frozenset({"invoice", "payment", "creditmemo"})
"""Entities whose changes are changes of invoices."""

_TYPE = re.compile(r"qbo\.([a-z]+)\.([a-z]+)\.v\d+", re.ASCII)

Text: TypeAlias = str | int | None


class CloudEvent(msgspec.Struct, frozen=True):
    """One event of today's form."""

    id: Text = None
    source: Text = None
    type: Text = None
    time: Text = None
    intuitentityid: Text = None
    intuitaccountid: Text = None


class LegacyEntity(msgspec.Struct, frozen=True):
    """One event of the old form."""

    name: Text = None
    id: Text = None
    operation: Text = None
    changed: Text = msgspec.field(default=None, name="lastUpdated")


class LegacyEntities(msgspec.Struct, frozen=True):
    """Events of one company."""

    entities: list[LegacyEntity] = []


class LegacyCompany(msgspec.Struct, frozen=True):
    """A company of the old form."""

    realm: Text = msgspec.field(default=None, name="realmId")
    change: LegacyEntities = msgspec.field(default=LegacyEntities(), name="dataChangeEvent")


class Single(CloudEvent, frozen=True):
    """A delivery that is one object: the old form, or a CloudEvent alone."""

    companies: list[LegacyCompany] | None = msgspec.field(default=None, name="eventNotifications")


_DECODER = msgspec.json.Decoder(list[CloudEvent] | Single)


class Verifier:
    """Tells whose token a delivery is signed with.

    :param tokens: verifier tokens by environment; several are for the time of changing one. One that is given for
        several environments tells none: Intuit may sign for both with one.
    """

    def __init__(self, tokens: Mapping[str, Iterable[str]]) -> None:
        owners: dict[str, set[str]] = {}
        for environment, some in tokens.items():
            for token in some:
                owners.setdefault(token, set()).add(environment)
        # A copy of a prepared key costs a fraction of `hmac.digest`, which prepares it each time.
        self._keys = [
            (hmac.new(token.encode(), digestmod=hashlib.sha256), "" if len(where) > 1 else min(where))
            for token, where in owners.items()
        ]

    def environment_of(self, signature: bytes, body: bytes) -> str:
        """The environment whose token signed the body; empty for a token of several.

        :raises Unauthorized: code `bad_signature`; no token did.
        """
        for key, environment in self._keys:
            made = key.copy()
            made.update(body)
            if hmac.compare_digest(b64encode(made.digest()), signature):
                return environment
        raise Unauthorized("The delivery is not signed with a verifier token of this host.", code="bad_signature")


def events_of(environment: str, body: bytes, received: datetime) -> Sequence[BooksEvent]:
    """The events of a delivery that invoices can depend on.

    :param received: stands in for a time that cannot be read, so that such an event is never taken for an old one.
    :raises AttiBooksError: code `malformed`.
    """
    try:
        delivery = _DECODER.decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise _unknown() from error
    if isinstance(delivery, list):
        found = _modern(environment, delivery, received)
    elif delivery.companies is not None:
        found = _legacy(environment, delivery.companies, received)
    elif delivery.type is not None:
        found = _modern(environment, [delivery], received)
    else:
        raise _unknown()
    return list(found)


def _modern(environment: str, events: Iterable[CloudEvent], received: datetime) -> Iterator[BooksEvent]:
    for event in events:
        kind = _TYPE.fullmatch(_text(event.type))
        if kind is None or kind[1] not in MOVING or not event.intuitentityid or not event.intuitaccountid:
            continue
        facts = (_text(event.intuitaccountid), kind[1], _text(event.intuitentityid), kind[2], _text(event.time))
        event_id = f"{_text(event.source)}|{event.id}" if event.id else _derived(environment, facts)
        yield _event(environment, event_id, facts, received)


def _legacy(environment: str, companies: Iterable[LegacyCompany], received: datetime) -> Iterator[BooksEvent]:
    """Events of the old form have no id: what they say names them, the same in every delivery."""
    for company in companies:
        for entity in company.change.entities:
            kind, verb = _text(entity.name).lower(), _text(entity.operation).lower()
            if kind not in MOVING or not entity.id or not company.realm:
                continue
            facts = (_text(company.realm), kind, _text(entity.id), _done(verb), _text(entity.changed))
            yield _event(environment, _derived(environment, facts), facts, received)


def _done(verb: str) -> str:
    """The old form's verbs as today's: `void` is `voided`, `emailed` is itself."""
    return verb if verb.endswith("ed") else verb + ("d" if verb.endswith("e") else "ed")


def _event(environment: str, event_id: str, facts: tuple[str, str, str, str, str], received: datetime) -> BooksEvent:
    realm, entity, entity_id, operation, time = facts
    at = instant(time) or received  # of nanoseconds the first six digits count
    return BooksEvent(event_id, _books(environment, realm), entity, entity_id, operation, at)


@lru_cache(maxsize=1024)
def _books(environment: str, realm: str) -> Books:
    return Books(KEY, environment, realm)


def _derived(environment: str, facts: tuple[str, ...]) -> str:
    digest = hashlib.sha256("\n".join((environment, *facts)).encode("utf-8", "replace")).hexdigest()
    return f"derived|{digest[:40]}"


def _text(value: Text) -> str:
    return "" if value is None else str(value)


def _unknown() -> AttiBooksError:
    return AttiBooksError("The delivery is signed, but its form is not known.", code="malformed")
