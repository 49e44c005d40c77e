"""The app's webhook handler: the host asks it for the tokens of a job that waits (contract of the host, section 3).

Its answer never holds a token. They travel in a call of the app's own, so that the address alone is worth nothing.
"""

from __future__ import annotations

import hmac
import time
from typing import TYPE_CHECKING, Literal, get_args
from urllib.parse import quote

from attibooks_sandbox.control.errors import ControlError
from attibooks_sandbox.inattio.signing import callback_key, signature
from attibooks_sandbox.inattio.transport import Answer, AnswerLostError, HostAbsentError
from attibooks_sandbox.kernel.calls import Call
from attibooks_sandbox.kernel.jsonio import write_json
from attibooks_sandbox.kernel.messages import Request, Response

if TYPE_CHECKING:
    from attibooks_sandbox.app import SandboxApp
    from attibooks_sandbox.inattio.app import InAttioApp
    from attibooks_sandbox.inattio.line import Sleep

CALLBACK_WINDOW = 300
FUNCTION_SECONDS = 30
"""Attio ends a function of an app after this long."""

Mode = Literal["answers", "expired", "silent", "fails", "hangs", "gone"]
"""How the handler behaves; all but the first are trouble.

`expired`: the connection cannot be used any more (409) · `silent`: it takes the request and hands nothing over ·
`fails`: its code throws (500) · `hangs`: no answer until Attio ends the function (504) · `gone`: it was deleted (404).
"""
MODES: tuple[Mode, ...] = get_args(Mode)
_TROUBLE: dict[Mode, tuple[int, dict[str, object]]] = {
    "gone": (404, {"code": "handler_not_found"}),
    "fails": (500, {"code": "handler_failed"}),
    "hangs": (504, {"code": "handler_timeout"}),
}


class Handler:
    """The handlers of all workspaces, which behave alike."""

    def __init__(self, app: InAttioApp, sandbox: SandboxApp, sleep: Sleep) -> None:
        """Answer for an app, as it should."""
        self._app, self._sandbox, self._sleep = app, sandbox, sleep
        self.mode: Mode = "answers"
        self._done: set[tuple[str, str, str]] = set()

    async def handle(self, workspace_id: str, request: Request) -> tuple[int, dict[str, object]]:
        """Answer the host's request for the tokens of a job.

        202 when a lease was handed over (or was before, at the same request), 401 for anybody but the host, 409 when
        the connection is missing or expired.
        """
        if workspace_id not in self._sandbox.world.attio.workspaces:
            message = f"There is no workspace with id {workspace_id}."
            raise ControlError(message, 404)
        entry = self._note(workspace_id, request)
        status, facts = await self._answer(workspace_id, request)
        entry.answered(Response(status, write_json(facts)))
        return status, facts

    def _note(self, workspace_id: str, request: Request) -> Call:
        calls = self._app.calls
        now = self._sandbox.clock.now()
        return calls.open(request, at=now, service="app", kind="callback", place={"workspace": workspace_id})

    async def _answer(self, workspace_id: str, request: Request) -> tuple[int, dict[str, object]]:
        if self.mode == "hangs":
            await self._sleep(FUNCTION_SECONDS)
        if self.mode in _TROUBLE:
            return _TROUBLE[self.mode]
        facts = Answer(0, {}, request.body).facts
        if not self._is_hosts(workspace_id, request) or not isinstance(facts.get("job_id"), str):
            return 401, {"code": "bad_signature"}
        # The same request twice is one; a job that lost its lease asks anew, at another instant, and gets another.
        asked = (workspace_id, facts["job_id"], str(facts.get("issued_at", "")))
        if asked in self._done:
            return 202, {"repeated": True}
        missing = self._missing(workspace_id)
        if missing is not None:
            return 409, {"code": missing}
        return (202, {}) if self.mode == "silent" else await self._lease(asked)

    def _missing(self, workspace_id: str) -> str | None:
        """Return why there are no tokens to hand over, or None."""
        company = self._app.seat(workspace_id).company
        if company is None:
            return "not_connected"
        usable = self._app.company_facts(company)["access_token"] and self.mode != "expired"
        return None if usable else "connection_expired"

    async def _lease(self, asked: tuple[str, str, str]) -> tuple[int, dict[str, object]]:
        workspace_id, job_id, _ = asked
        path = f"jobs/{quote(job_id, safe='')}/lease"
        try:
            answer = await self._app.change(workspace_id, "POST", path, self._app.facts(workspace_id))
        except (HostAbsentError, AnswerLostError):
            return 502, {"code": "host_absent"}
        if answer.status == 204:
            self._done.add(asked)
        return 202, {"lease": answer.status}

    def _is_hosts(self, workspace_id: str, request: Request) -> bool:
        timestamp = request.header("x-attibooks-timestamp")
        secret = next(iter(self._sandbox.world.secrets.attio_app_secrets.values()))
        expected = signature(
            callback_key(secret, workspace_id),
            timestamp,
            request.method,
            request.full_path,
            request.body,
            workspace=workspace_id,
        )
        fresh = timestamp.isascii() and timestamp.isdigit() and abs(time.time() - int(timestamp)) <= CALLBACK_WINDOW
        return fresh and hmac.compare_digest(expected.encode(), request.header("x-attibooks-signature").encode())
