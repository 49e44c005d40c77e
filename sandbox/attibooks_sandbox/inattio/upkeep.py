"""What the app does with invoices after they were made: edit, void, sync, and the object that holds their records."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import msgspec

from attibooks_sandbox.inattio import words
from attibooks_sandbox.inattio.line import HostCall
from attibooks_sandbox.inattio.outcomes import Outcome, done, refusal, unconnected
from attibooks_sandbox.inattio.words import Facts, Toast

if TYPE_CHECKING:
    from attibooks_sandbox.inattio.app import InAttioApp


class Target(msgspec.Struct, frozen=True):
    """The record that an action was chosen on; the host finds the invoice that it means."""

    workspace: str
    object: str
    record: str


class Verb(msgspec.Struct, frozen=True):
    """A change: its route, the title of a refusal, and what is said when it is done."""

    path: str
    title: str
    toast: Callable[[Facts], Toast | None]


EDIT = Verb("invoices/edit", words.NOT_CHANGED, words.invoice_changed)
VOID = Verb("invoices/void", words.NOT_VOIDED, words.invoice_voided)
SYNC = Verb("sync", words.NOT_SYNCED, words.synced)
SET_UP = Verb("invoice-object/setup", words.NOT_SET_UP, words.set_up)


class Upkeep:
    """The actions on invoices that exist; every one is a call of the app."""

    def __init__(self, app: InAttioApp) -> None:
        """Act as the app does."""
        self._app = app

    async def live(self, target: Target) -> Outcome:
        """Return the invoice as the books have it now, and which of its parts can be edited."""
        if self._app.seat(target.workspace).company is None:
            return unconnected()
        return await self._app.outcome(self._live(target))

    async def _live(self, target: Target) -> Outcome:
        facts = self._app.facts(target.workspace, object=target.object, record_id=target.record)
        answer = await self._app.read(target.workspace, "POST", "invoices/live", facts)
        return done(answer) if answer.status == 200 else refusal(words.NOT_SHOWN, answer)

    async def edit(self, target: Target, changes: Mapping[str, Any], key: str | None = None) -> Outcome:
        """Do what *Edit Invoice in QuickBooks* sends: the version that was seen, and what shall be different."""
        return await self._of_record(EDIT, target, changes, key)

    async def void(self, target: Target, confirm_token: str | None = None, key: str | None = None) -> Outcome:
        """Do what *Void in QuickBooks* does: ask what would be voided, then void it with the token of that answer.

        An invoice that is voided already is told at once, with a toast.
        """
        return await self._of_record(
            VOID, target, {} if confirm_token is None else {"confirm_token": confirm_token}, key
        )

    async def sync(self, workspace_id: str) -> Outcome:
        """Do what *Sync Now* and *Sync Invoices from QuickBooks* do: bring all that changed in the books."""
        return await self._act(SYNC, workspace_id, {}, None)

    async def set_up(self, workspace_id: str) -> Outcome:
        """Do what *Run Setup* does: give the invoice object all that it needs."""
        return await self._act(SET_UP, workspace_id, {}, None)

    async def _of_record(self, verb: Verb, target: Target, sent: Mapping[str, Any], key: str | None) -> Outcome:
        record = {"object": target.object, "record_id": target.record}
        return await self._act(verb, target.workspace, {**record, **sent}, key)

    async def _act(self, verb: Verb, workspace_id: str, sent: Mapping[str, Any], key: str | None) -> Outcome:
        if self._app.seat(workspace_id).company is None:
            return unconnected()
        call = HostCall.of("POST", verb.path, self._app.facts(workspace_id, **sent), key or uuid4().hex)
        outcome = await self._app.outcome(self._settle(verb, workspace_id, call))
        outcome.key = call.key
        return outcome

    async def _settle(self, verb: Verb, workspace_id: str, call: HostCall) -> Outcome:
        answer = await self._app.settle(workspace_id, call)
        if answer.status == 202:
            return done(answer, words.goes_on())
        return done(answer, verb.toast(answer.facts)) if answer.status == 200 else refusal(verb.title, answer)
