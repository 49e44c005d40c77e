"""What the app does about the plan: it shows it, and fetches the addresses of the seller's pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from attibooks_sandbox.inattio import words
from attibooks_sandbox.inattio.outcomes import Outcome, done, refusal

if TYPE_CHECKING:
    from attibooks_sandbox.inattio.app import InAttioApp


class PlanDesk:
    """The meter, *Upgrade* and *Manage plan*; the body of the latter two holds the `url` to open."""

    def __init__(self, app: InAttioApp) -> None:
        """Ask as the app does."""
        self._app = app

    async def usage(self, workspace_id: str) -> Outcome:
        """Return the plan and what is used of it."""
        return await self._app.outcome(self._read("usage", workspace_id))

    async def standing(self, workspace_id: str) -> Outcome:
        """Return the host's check of what was bought as the body's `standing`, null when nothing ever was."""
        health = await self._app.outcome(self._read("health", workspace_id))
        if not health.ok:
            return health
        found = (check for check in health.body["checks"] if check["name"] == "billing")
        return msgspec.structs.replace(health, body={"standing": next(found, None)})

    async def _read(self, path: str, workspace_id: str) -> Outcome:
        answer = await self._app.read(workspace_id, "POST", path, {})
        return done(answer) if answer.status == 200 else refusal("The plan cannot be shown", answer)

    async def checkout(self, workspace_id: str, return_to: str) -> Outcome:
        """Do what *Upgrade to Pro* does; `return_to` is the page to come back to."""
        return await self._app.outcome(self._page("billing/checkout", words.NOT_UPGRADED, workspace_id, return_to))

    async def portal(self, workspace_id: str, return_to: str) -> Outcome:
        """Do what *Manage plan* does."""
        return await self._app.outcome(self._page("billing/portal", words.NOT_MANAGED, workspace_id, return_to))

    async def _page(self, path: str, title: str, workspace_id: str, return_to: str) -> Outcome:
        answer = await self._app.change(workspace_id, "POST", path, {"return_to": return_to})
        return done(answer) if answer.status == 200 else refusal(title, answer)
