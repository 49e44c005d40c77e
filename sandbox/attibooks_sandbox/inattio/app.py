"""What the app does in a workspace: its buttons, its settings, its connection."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from uuid import uuid4

import msgspec

from attibooks_sandbox.attio.workspace import Workspace
from attibooks_sandbox.control.errors import ControlError
from attibooks_sandbox.control.views import show_companies, show_workspaces
from attibooks_sandbox.inattio import words
from attibooks_sandbox.inattio.defaults import Settings, first_settings
from attibooks_sandbox.inattio.handler import Handler
from attibooks_sandbox.inattio.line import HostCall, Line, Sleep
from attibooks_sandbox.inattio.outcomes import Outcome, refusal, unconnected
from attibooks_sandbox.inattio.plan import PlanDesk
from attibooks_sandbox.inattio.signing import Identity
from attibooks_sandbox.inattio.transport import Answer, AnswerLostError, HostAbsentError, HttpTransport, Transport
from attibooks_sandbox.inattio.upkeep import Upkeep
from attibooks_sandbox.kernel.calls import CallLog

if TYPE_CHECKING:
    from attibooks_sandbox.app import SandboxApp

Company = tuple[str, str]
"""Environment and realm."""


class Seat(msgspec.Struct):
    """What Attio keeps for the app in one workspace."""

    settings: Settings
    company: Company | None = None


class Reviewed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A draft as somebody reviewed it: the token of its preview, and what they changed after that."""

    draft_token: str
    edits: dict[str, Any] | None = None

    @property
    def facts(self) -> dict[str, object]:
        """Return the members of a create's body that send it."""
        edits = {} if self.edits is None else {"edits": self.edits}
        return {"mode": "custom", "draft_token": self.draft_token, **edits}


class InAttioApp:
    """The app in every workspace of the sandbox's present world."""

    def __init__(
        self, sandbox: SandboxApp, *, transport: Transport | None = None, sleep: Sleep = asyncio.sleep
    ) -> None:
        """Call the sandbox's host, or through another transport in tests."""
        self._sandbox = sandbox
        self._given_transport = transport
        self._sleep = sleep
        self.upkeep = Upkeep(self)
        self.plan = PlanDesk(self)
        self.clock_offset = 0.0
        """Seconds that the host's clock is ahead of this machine's: a call has to bear the time of its receiver."""
        self._begin()

    def _begin(self) -> None:
        self._resets = self._sandbox.resets
        self._handler = Handler(self, self._sandbox, self._sleep)
        self._seats: dict[str, Seat] = {}
        self._line = Line(self.transport, self._sandbox.clock, CallLog(), self._sleep, self._time)

    def _refresh(self) -> None:
        """Forget everything when the sandbox was reset."""
        if self._resets != self._sandbox.resets:
            self._begin()

    def _time(self) -> int:
        return int(time.time() + self.clock_offset)

    def transport(self) -> Transport:
        """Return what carries the next call."""
        return self._given_transport or HttpTransport(self._sandbox.host_url)

    @property
    def calls(self) -> CallLog:
        """Return the log of the app's calls to the host."""
        self._refresh()
        return self._line.calls

    @property
    def handler(self) -> Handler:
        """Return the app's webhook handler."""
        self._refresh()
        return self._handler

    def seat(self, workspace_id: str) -> Seat:
        """Return what Attio keeps for the app in a workspace."""
        self._refresh()
        return self._seats.setdefault(workspace_id, Seat(first_settings()))

    def _workspace(self, workspace_id: str) -> Workspace:
        found = self._sandbox.world.attio.workspaces.get(workspace_id)
        if found is None:
            message = f"There is no workspace with id {workspace_id}."
            raise ControlError(message, 404)
        return found

    def company_facts(self, company: Company) -> dict[str, object]:
        """Return the world's entry of a company, or refuse with 404."""
        environment, realm = company
        for facts in show_companies(self._sandbox):
            if (facts["environment"], facts["realm"]) == (environment, realm):
                return facts
        message = f"There is no company with realm {realm} in the environment {environment}."
        raise ControlError(message, 404)

    def identity(self, workspace_id: str) -> Identity:
        """Return who calls for a workspace, with what Attio gives to the app there."""
        workspace = self._workspace(workspace_id)
        shown = next(each for each in show_workspaces(self._sandbox) if each["id"] == workspace_id)
        key_id, secret = next(iter(self._sandbox.world.secrets.attio_app_secrets.items()))
        company = self.seat(workspace_id).company
        token = None if company is None else self.company_facts(company)["access_token"]
        return Identity(
            key_id=key_id,
            secret=secret,
            attio_token=str(shown["token"] or ""),
            workspace="" if company is None else workspace_id,
            user=next(iter(workspace.members)),
            accounting_token=str(token or ""),
        )

    # the connection

    async def connect(self, workspace_id: str, company: Company, origin: str) -> Outcome:
        """Connect a company's books: install the app at the host, store the settings, check the connection.

        `origin` is the sandbox's own address, at which the host may call the app back.
        """
        self.company_facts(company)
        return await self.outcome(self._connect(workspace_id, company, origin))

    async def _connect(self, workspace_id: str, company: Company, origin: str) -> Outcome:
        seat = self.seat(workspace_id)
        before, seat.company = seat.company, company
        try:
            installed = await self.change(workspace_id, "POST", "installations", _installation(workspace_id, origin))
        except (HostAbsentError, AnswerLostError):
            seat.company = before
            raise
        if installed.status != 201:
            seat.company = before
            return refusal("Not connected", installed)
        environment, realm = company
        settings = {**seat.settings, "environment": environment, "qbo_company_id": realm}
        stored = await self._save(workspace_id, settings)
        return await self._check(workspace_id) if stored.ok else stored

    async def disconnect(self, workspace_id: str) -> Outcome:
        """Take the connection away: the host forgets the workspace's tokens and settings."""
        return await self.outcome(self._disconnect(workspace_id))

    async def _disconnect(self, workspace_id: str) -> Outcome:
        answer = await self.change(workspace_id, "DELETE", "installations", None)
        if answer.status != 204:
            return refusal("Still connected", answer)
        self.seat(workspace_id).company = None
        return Outcome(ok=True, toast=words.disconnected(), status=204)

    async def check_status(self, workspace_id: str) -> Outcome:
        """Do what *Check Status* does."""
        if self.seat(workspace_id).company is None:
            return unconnected()
        return await self.outcome(self._check(workspace_id))

    async def _check(self, workspace_id: str) -> Outcome:
        answer = await self.read(workspace_id, "POST", "connection/status", {})
        if answer.status != 200:
            return refusal("Not connected", answer)
        ok = bool(answer.facts.get("connected"))
        return Outcome(ok=ok, toast=words.connection(answer.facts), status=200, body=answer.facts)

    # settings

    async def read_settings(self, workspace_id: str) -> Outcome:
        """Return the settings by section, as the host gives them."""
        return await self.outcome(self._read_settings(workspace_id))

    async def _read_settings(self, workspace_id: str) -> Outcome:
        answer = await self.read(workspace_id, "GET", "settings", None)
        if answer.status != 200:
            return refusal("The settings cannot be shown", answer)
        return Outcome(ok=True, status=200, body=answer.facts)

    async def save_settings(self, workspace_id: str, settings: Settings) -> Outcome:
        """Store a snapshot; what the host refuses is not kept by the app either."""
        return await self.outcome(self._save(workspace_id, settings))

    async def _save(self, workspace_id: str, settings: Settings) -> Outcome:
        answer = await self.change(workspace_id, "PUT", "settings", {"settings": settings})
        if answer.status != 200:
            return refusal("Settings not saved", answer)
        facts = answer.facts
        self.seat(workspace_id).settings = dict(facts["settings"])
        return Outcome(ok=True, toast=words.settings_saved(facts["problems"]), status=200, body=facts)

    # the action

    async def preview(
        self, workspace_id: str, object_slug: str, record_id: str, edits: dict[str, Any] | None = None
    ) -> Outcome:
        """Return what a create would send, as the host shows it; a read, which leaves no trace.

        Edits, also empty ones, are custom mode: without them the preview is of what a single click sends.
        """
        if self.seat(workspace_id).company is None:
            return unconnected()
        facts = self.facts(workspace_id, object=object_slug, record_id=record_id)
        if edits is not None:
            facts["edits"] = edits
        return await self.outcome(self._preview(workspace_id, facts))

    async def _preview(self, workspace_id: str, facts: dict[str, object]) -> Outcome:
        answer = await self.read(workspace_id, "POST", "invoices/preview", facts)
        if answer.status != 200:
            return refusal(words.NOT_PREVIEWED, answer)
        return Outcome(ok=True, status=200, body=answer.facts)

    async def create_invoice(
        self,
        workspace_id: str,
        object_slug: str,
        record_id: str,
        *,
        key: str | None = None,
        confirm_recent: bool = False,
        reviewed: Reviewed | None = None,
    ) -> Outcome:
        """Do what *Create QuickBooks invoice* does; the key of an earlier click repeats that click.

        What was reviewed in the dialog is sent in custom mode, else the settings decide the mode.
        """
        if self.seat(workspace_id).company is None:
            return unconnected()
        facts = self.facts(workspace_id, object=object_slug, record_id=record_id)
        if confirm_recent:
            facts["confirm_recent"] = True
        if reviewed is not None:
            facts.update(reviewed.facts)
        call = HostCall.of("POST", "invoices", facts, key or uuid4().hex)
        outcome = await self.outcome(self._create(workspace_id, call))
        outcome.key = call.key
        return outcome

    def facts(self, workspace_id: str, **facts: object) -> dict[str, object]:
        """Return the body of a call with the snapshot of the settings."""
        return {**facts, "settings": self.seat(workspace_id).settings}

    async def _create(self, workspace_id: str, call: HostCall) -> Outcome:
        answer = await self.settle(workspace_id, call)
        facts = answer.facts
        if answer.status == 201:
            return Outcome(ok=True, toast=words.invoice_created(facts), status=201, body=facts)
        if answer.status == 202:
            return Outcome(ok=True, toast=words.still_running(), status=202, body=facts)
        if facts.get("code") == "recent_invoice":
            question = str(facts["detail"])
            return Outcome(ok=False, question=question, status=answer.status, code="recent_invoice", body=facts)
        return refusal(words.NOT_CREATED, answer)

    # a selection of records

    async def create_batch(
        self, workspace_id: str, object_slug: str, record_ids: list[str], *, confirm_recent: bool = False
    ) -> Outcome:
        """Do what *Create invoices* does for a selection; the body of the outcome names the job that does the work."""
        if self.seat(workspace_id).company is None:
            return unconnected()
        facts = self.facts(workspace_id, object=object_slug, record_ids=record_ids)
        if confirm_recent:
            facts["confirm_recent"] = True
        return await self.outcome(self._create_batch(workspace_id, facts))

    async def _create_batch(self, workspace_id: str, facts: dict[str, object]) -> Outcome:
        answer = await self.change(workspace_id, "POST", "invoices/batch", facts)
        if answer.status != 202:
            return refusal(words.BATCH_NOT_STARTED, answer)
        return Outcome(ok=True, status=202, body=answer.facts)

    async def job(self, workspace_id: str, job_id: str) -> Outcome:
        """Return how far a job is."""
        return await self.outcome(self._job(workspace_id, job_id))

    async def _job(self, workspace_id: str, job_id: str) -> Outcome:
        answer = await self.read(workspace_id, "GET", f"jobs/{quote(job_id, safe='')}", None)
        if answer.status != 200:
            return refusal(words.NOT_FOLLOWED, answer)
        return Outcome(ok=True, status=200, body=answer.facts)

    # calls

    async def read(self, workspace_id: str, method: str, path: str, facts: dict[str, object] | None) -> Answer:
        """Carry a read, which has no key."""
        return await self._line.carry(self.identity(workspace_id), HostCall.of(method, path, facts))

    async def change(self, workspace_id: str, method: str, path: str, facts: dict[str, object] | None) -> Answer:
        """Carry a change of a click of its own."""
        call = HostCall.of(method, path, facts, uuid4().hex)
        return await self._line.carry(self.identity(workspace_id), call)

    async def settle(self, workspace_id: str, call: HostCall) -> Answer:
        """Carry a change to its end, also when that takes a job."""
        return await self._line.settle(self.identity(workspace_id), call)

    async def outcome(self, work: Awaitable[Outcome]) -> Outcome:
        """Do work, and turn a host that is not there or says nothing into an outcome too."""
        try:
            return await work
        except HostAbsentError:
            return Outcome(ok=False, toast=words.host_absent(self._sandbox.host_url), code="host_absent")
        except AnswerLostError:
            return Outcome(ok=False, toast=words.answer_lost(self._sandbox.host_url), code="answer_lost")


def _installation(workspace_id: str, origin: str) -> dict[str, object]:
    return {
        "callback_url": f"{origin}/ui/hook/{workspace_id}",
        "handler_id": f"handler-{workspace_id[:8]}",
        "connection_id": f"connection-{workspace_id[:8]}",
        "connection_key": "quickbooks",
    }
