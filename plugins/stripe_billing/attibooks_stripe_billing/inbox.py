"""Deliveries: checked and noted at once, worked on later. A note holds ids only: what is true is asked for anew.

A note lies under `new/` until its customer's plan was synced, then its id stays under `seen/` for as long as Stripe may
send it again. Whatever happens between the two is done again, and harmless.
"""

import json
import logging
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Self

from attibooks_core.documents import Document
from attibooks_core.errors import AttiBooksError, NotFound, Unauthorized, Unavailable
from attibooks_stripe_billing.parts import Parts
from attibooks_stripe_billing.plan import WORKSPACE, id_of
from attibooks_stripe_billing.signature import is_signed

NEW, SEEN = "new/", "seen/"
KEEP_SEEN = timedelta(days=35)
"""Stripe lists and resends events of 30 days."""
PAGE = 500
"""Notes that are worked on together: each workspace among them is asked for once."""
TRIES = 10
FOREIGN = timedelta(hours=1)
"""How long a customer is known not to be ours."""
_ID = re.compile(r"[A-Za-z0-9_.-]{1,200}")
_KINDS = {"subscription", "checkout.session", "invoice", "customer", "charge", "dispute"}
"""What a plan can depend on; events about anything else are taken and forgotten."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Note:
    """What is kept of an event until it is worked on.

    :param kind: of the thing that it is about, as `subscription`.
    :param customer: whose it is, when the event says so.
    :param workspace: of its metadata.
    """

    event: str
    kind: str
    thing: str
    customer: str | None = None
    workspace: str | None = None
    received: float = 0
    tries: int = 0
    next_try: float = 0

    @classmethod
    def of_event(cls, event: Mapping[str, Any], received: datetime) -> Self | None:
        """From an event of either kind; None for one that no plan depends on.

        :raises AttiBooksError: code `malformed`; it is no event.
        """
        identifier = event.get("id")
        if not isinstance(identifier, str) or not _ID.fullmatch(identifier):
            raise _malformed()
        thing = _thing_of(event)
        kind, about = str(thing.get("object") or thing.get("type")), id_of(thing)
        if kind not in _KINDS or not about or not _ID.fullmatch(about):
            return None
        customer = about if kind == "customer" else id_of(thing.get("customer"))
        metadata = thing.get("metadata")
        workspace = metadata.get(WORKSPACE) if isinstance(metadata, Mapping) else None
        return cls(identifier, kind, about, customer, workspace, received.timestamp())

    @classmethod
    def read(cls, document: Document) -> Self:
        """From its document."""
        return cls(**document.value)


class Inbox:
    """Takes deliveries and works on them."""

    def __init__(self, parts: Parts) -> None:
        self._documents = parts.documents
        self._accounts = parts.accounts
        self._gateway = parts.gateway
        self._settings = parts.settings
        self._clock = parts.clock
        self._secrets = [secret.get_secret_value() for secret in parts.settings.webhook_secrets]
        self._foreign: dict[str, float] = {}
        self._rest_until = float("-inf")
        self._rests = 0

    # -- taking --------------------------------------------------------------------------------------------------

    async def receive(self, headers: Mapping[str, str], body: bytes) -> None:
        """See `WebhookProvider.receive`."""
        if not self._secrets:
            raise NotFound("This host takes no deliveries of Stripe: no signing secret is set.", code="not_found")
        now = self._clock.now()
        if not is_signed(headers.get("stripe-signature", ""), body, self._secrets, now.timestamp()):
            raise Unauthorized("This delivery is not signed by Stripe, or not just now.", code="bad_signature")
        event = _parsed(body)
        note = Note.of_event(event, now)
        if note is not None and event.get("livemode") is self._settings.is_live:
            await self._documents.put(NEW + note.event, asdict(note), version=0)

    async def missed(self, events: Iterable[Mapping[str, Any]]) -> int:
        """Note events that no delivery brought; how many there were."""
        found = 0
        for event in events:
            note = Note.of_event(event, self._clock.now())
            if note is None or event.get("livemode") is not self._settings.is_live:
                continue
            if await self._documents.get(SEEN + note.event) is None:
                found += await self._documents.put(NEW + note.event, asdict(note), version=0) is not None
        return found

    # -- working -------------------------------------------------------------------------------------------------

    async def work(self) -> None:
        """See `WebhookProvider.work`. While Stripe does not answer, nothing is tried for a while."""
        if self._clock.monotonic() < self._rest_until:
            return
        after = ""
        while page := await self._documents.list(NEW, after=after, limit=PAGE):
            after = page[-1].key
            try:
                await self._work_on([d for d in page if d.value["next_try"] <= self._clock.now().timestamp()])
            except Unavailable as error:
                self._rests += 1
                self._rest_until = self._clock.monotonic() + min(5 * 2 ** (self._rests - 1), 300)
                log.warning("Stripe cannot be asked (%s): events wait", error.code)
                return
        self._rests = 0

    async def _work_on(self, page: Iterable[Document]) -> None:
        wanted: dict[str, list[Document]] = {}
        for document in page:
            try:
                workspace_id = await self._workspace_of(document)
            except Unavailable:
                raise
            except Exception as error:  # noqa: BLE001 - one event must not hold up the others
                await self._put_off(document, error)
                continue
            if workspace_id is None:
                await self._done(document)
            else:
                wanted.setdefault(workspace_id, []).append(document)
        for workspace_id, documents in wanted.items():
            await self._sync(workspace_id, documents)

    async def _sync(self, workspace_id: str, documents: list[Document]) -> None:
        try:
            await self._accounts.sync(workspace_id)
        except Unavailable:
            raise
        except Exception as error:  # noqa: BLE001 - as above
            for document in documents:
                await self._put_off(document, error)
        else:
            for document in documents:
                await self._done(document)

    async def _workspace_of(self, document: Document) -> str | None:
        """The workspace that an event is about; None when it is about nobody of ours, or was worked on before."""
        note = Note.read(document)
        if await self._documents.get(SEEN + note.event) is not None:
            return None
        customer = note.customer or await self._gateway.customer_of(note.kind, note.thing)
        if customer is None or self._foreign.get(customer, 0) > self._clock.monotonic():
            return None
        owner = await self._accounts.owner(customer) or await self._accounts.adopt(customer)
        if owner is None:
            self._remember_foreign(customer)
        return owner

    def _remember_foreign(self, customer: str) -> None:
        now = self._clock.monotonic()
        if len(self._foreign) > 10_000:
            self._foreign = {c: until for c, until in self._foreign.items() if until > now}
        self._foreign[customer] = now + FOREIGN.total_seconds()

    async def _done(self, document: Document) -> None:
        await self._documents.put(SEEN + document.value["event"], {}, version=0)
        await self._documents.delete(document.key)

    async def _put_off(self, document: Document, error: Exception) -> None:
        """This event fails by itself, not because Stripe is down: later, and at last not any more."""
        tries = int(document.value["tries"]) + 1
        log.error("event %s could not be worked on (%d)", document.value["event"], tries, exc_info=error)
        if tries >= TRIES:
            await self._done(document)
            return
        later = self._clock.now().timestamp() + min(5 * 3**tries, 3600)
        value = {**document.value, "tries": tries, "next_try": later}
        await self._documents.put(document.key, value, version=document.version)

    async def tidy(self) -> None:
        """Forget events that Stripe will not send again."""
        old = self._clock.now() - KEEP_SEEN
        while page := await self._documents.list(SEEN, before=old, limit=PAGE):
            for document in page:
                await self._documents.delete(document.key)


def _thing_of(event: Mapping[str, Any]) -> Mapping[str, Any]:
    """What an event is about: the object of a snapshot, the reference of a thin one."""
    if event.get("object") == "v2.core.event":
        thing = event.get("related_object")
        return thing if isinstance(thing, Mapping) else {}
    data = event.get("data")
    if event.get("object") != "event" or not isinstance(data, Mapping) or not isinstance(data.get("object"), Mapping):
        raise _malformed()
    thing = data["object"]
    return thing if isinstance(thing, Mapping) else {}


def _parsed(body: bytes) -> Mapping[str, Any]:
    try:
        event = json.loads(body)
    except ValueError:
        raise _malformed() from None
    if not isinstance(event, dict):
        raise _malformed()
    return event


def _malformed() -> AttiBooksError:
    return AttiBooksError("This delivery is signed and is no event of Stripe.", code="malformed")
