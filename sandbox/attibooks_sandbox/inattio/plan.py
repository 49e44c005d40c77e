"""What the app does about the plan: it fetches the addresses of the seller's pages, where it is bought and managed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attibooks_sandbox.inattio import words
from attibooks_sandbox.inattio.outcomes import Outcome, done, refusal

if TYPE_CHECKING:
    from attibooks_sandbox.inattio.app import InAttioApp


class PlanDesk:
    """*Upgrade* and *Manage plan*; the body of each outcome holds the `url` to open, and neither needs a connection."""

    def __init__(self, app: InAttioApp) -> None:
        """Ask as the app does."""
        self._app = app

    async def checkout(self, workspace_id: str, return_to: str) -> Outcome:
        """Do what *Upgrade to Pro* does; `return_to` is the page to come back to."""
        return await self._app.outcome(self._page("billing/checkout", words.NOT_UPGRADED, workspace_id, return_to))

    async def portal(self, workspace_id: str, return_to: str) -> Outcome:
        """Do what *Manage plan* does."""
        return await self._app.outcome(self._page("billing/portal", words.NOT_MANAGED, workspace_id, return_to))

    async def _page(self, path: str, title: str, workspace_id: str, return_to: str) -> Outcome:
        answer = await self._app.change(workspace_id, "POST", path, {"return_to": return_to})
        return done(answer) if answer.status == 200 else refusal(title, answer)
