"""What every call of the app has in common: who calls, with which settings, and once a key."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, TypeVar

from litestar import Request

from attibooks_core.errors import AttiBooksError, Conflict, InvalidSettings
from attibooks_core.host import Host
from attibooks_core.invoicing.answering import repeat
from attibooks_core.invoicing.freezing import ANSWER
from attibooks_core.invoicing.serving import check_same_body
from attibooks_core.invoicing.template_settings import template_problems
from attibooks_core.model import Caller, Problem
from attibooks_core.settings import Settings
from attibooks_core.storage.intents import KeptCall
from attibooks_core.web.problems import malformed

T = TypeVar("T")

MAX_KEY = 255


@dataclass(frozen=True, slots=True)
class Call:
    """A checked call."""

    caller: Caller
    body: bytes

    @property
    def body_hash(self) -> str:
        """SHA-256 of the body's bytes."""
        return sha256(self.body).hexdigest()


def provide_call(request: Request[Any, Any, Any]) -> Call:
    """The call, as the gatekeeper left it in the scope."""
    scope: Mapping[str, Any] = request.scope
    return Call(scope["attibooks.caller"], scope["attibooks.body"])


class Calls:
    """Settings and idempotency for the routes of the app."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._under_way: dict[tuple[str, str, str], tuple[str, asyncio.Task[Any]]] = {}

    # -- settings ------------------------------------------------------------------------------------------------

    async def settings_of(self, call: Call, given: Mapping[str, Any] | None, *, change: bool) -> Settings:
        """The settings that a call uses: its own snapshot, else the stored one.

        A change stores its snapshot when it differs and no newer call brought another.

        :raises AttiBooksError: code `not_installed`.
        :raises InvalidSettings: with every problem; nothing is stored.
        """
        caller = call.caller
        stored = await self._host.workspaces.load(caller.workspace_id)
        if not stored.installed:
            message = "AttiBooks is not installed in this workspace yet. Connect QuickBooks in the app's settings."
            raise AttiBooksError(message, code="not_installed")
        if given is None:
            return self._host.plugins.catalog.stored(stored.settings)
        settings = self.validated(given)
        if change and settings.plain() != stored.settings:
            await self._host.workspaces.store_settings(caller.workspace_id, settings.plain(), caller.issued_at)
        if change:
            await self._host.syncs.enroll(caller.gateway, caller.workspace_id, settings)
        return settings

    def validated(self, given: Mapping[str, Any]) -> Settings:
        """A snapshot, checked against every declared setting.

        :raises InvalidSettings: with every problem at once.
        """
        settings, problems = self._host.plugins.catalog.read(given)
        problems += template_problems(self._host.plugins.catalog, settings)
        if problems:
            raise invalid_settings(problems)
        return settings

    # -- idempotency ---------------------------------------------------------------------------------------------

    async def single(self, route: str, call: Call, produce: Callable[[], Awaitable[T]]) -> T:
        """Run one change under its key once in this process: parallel calls with the key share its outcome.

        :raises AttiBooksError: code `idempotency_key_missing`, or `malformed` for one that is no key.
        :raises Conflict: the key is in use for another body.
        """
        key = (call.caller.workspace_id, route, checked_key(call.caller))
        known = self._under_way.get(key)
        if known is None:
            task = asyncio.ensure_future(produce())
            self._under_way[key] = (call.body_hash, task)
            task.add_done_callback(lambda _: self._under_way.pop(key, None))
        else:
            body_hash, task = known
            check_same_body(KeptCall(body_hash, None, None, None), call.body_hash)
        return await asyncio.shield(task)

    async def once(self, route: str, call: Call, produce: Callable[[], Awaitable[bytes]]) -> bytes:
        """As `single`, and keep the answer: later calls with the key get it again."""
        return await self.single(route, call, lambda: self._kept_or_new(route, call, produce))

    async def _kept_or_new(self, route: str, call: Call, produce: Callable[[], Awaitable[bytes]]) -> bytes:
        host, caller = self._host, call.caller
        key = checked_key(caller)
        kept = await host.bench.intents.kept(caller.workspace_id, route, key)
        if kept is not None:
            check_same_body(kept, call.body_hash)
            body = repeat(host.bench, caller.workspace_id, kept)
            if body is not None:
                return body
        body = await produce()
        sealed = host.vault.seal(caller.workspace_id, ANSWER, body)
        new = KeptCall(call.body_hash, None, "ok", sealed)
        await host.bench.intents.pin(caller.workspace_id, route, key, new, host.clock.now())
        return body


def checked_key(caller: Caller) -> str:
    """The Idempotency-Key of a change.

    :raises AttiBooksError: there is none, or it is not 1 to 255 printable ASCII characters.
    """
    key = caller.idempotency_key
    if not key:
        message = "A change needs the header Idempotency-Key. Send a new key for each click, the same one to repeat it."
        raise AttiBooksError(message, code="idempotency_key_missing")
    if len(key) > MAX_KEY or not key.isascii() or not key.isprintable():
        raise malformed("The Idempotency-Key has to be 1 to 255 printable ASCII characters. Send such a key.")
    return key


def invalid_settings(problems: list[Problem]) -> InvalidSettings:
    """The refusal of a settings snapshot, every problem in it."""
    said = " ".join(p.message for p in problems)
    fixes = " ".join(dict.fromkeys(p.fix for p in problems))
    return InvalidSettings(f"{said} {fixes}", problems=problems)


__all__ = ["Call", "Calls", "Conflict", "checked_key", "invalid_settings", "provide_call"]
