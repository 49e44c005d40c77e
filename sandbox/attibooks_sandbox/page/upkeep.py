"""Calls of the page about invoices that exist: the app's actions on them, and the accountant's hand in the books."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from attibooks_sandbox.attio.workspace import Workspace
from attibooks_sandbox.control.bodies import Change
from attibooks_sandbox.control.errors import body_of
from attibooks_sandbox.control.hands import Accountant
from attibooks_sandbox.inattio.app import InAttioApp
from attibooks_sandbox.inattio.upkeep import Target
from attibooks_sandbox.kernel.messages import Request
from attibooks_sandbox.page.bodies import EditBooks, EditInvoice, SetHandler, VoidInvoice
from attibooks_sandbox.page.bookkeeping import changed_fields
from attibooks_sandbox.quickbooks.company import Company
from attibooks_sandbox.quickbooks.model import Invoice

if TYPE_CHECKING:
    from attibooks_sandbox.app import SandboxApp

Place = dict[str, str]
Endpoint = Callable[[Request, Place], object]


class UpkeepCalls:
    """Answers what the page asks about invoices that exist."""

    def __init__(
        self,
        sandbox: SandboxApp,
        player: Callable[[], InAttioApp],
        workspace: Callable[[Place], Workspace],
        booked: Callable[[Place], tuple[Company, Invoice]],
    ) -> None:
        """Answer for a sandbox; the rest finds what the place in a path names, or refuses it."""
        self._sandbox, self._player = sandbox, player
        self._workspace, self._booked = workspace, booked

    def routes(self) -> Iterator[tuple[str, str, Endpoint]]:
        """Yield method, path and endpoint of each call."""
        record = "/ui/api/crm/{workspace}/{object}/{record}"
        yield "POST", f"{record}/live", lambda _, at: self._player().upkeep.live(self._target(at))
        yield "POST", f"{record}/edit", self._edit
        yield "POST", f"{record}/void", self._void
        yield "POST", "/ui/api/app/{workspace}/sync", lambda _, at: self._player().upkeep.sync(self._workspace(at).id)
        yield (
            "POST",
            "/ui/api/app/{workspace}/setup",
            lambda _, at: self._player().upkeep.set_up(self._workspace(at).id),
        )
        yield "PUT", "/ui/api/handler", self._set_handler
        yield "POST", "/ui/api/books/{environment}/{realm}/invoices/{invoice}/edit", self._edit_books

    def _target(self, at: Place) -> Target:
        return Target(self._workspace(at).id, at["object"], at["record"])

    def _edit(self, request: Request, at: Place) -> object:
        body = body_of(request.body, EditInvoice)
        return self._player().upkeep.edit(self._target(at), {**body.changes, "version": body.version}, body.key)

    def _void(self, request: Request, at: Place) -> object:
        body = body_of(request.body, VoidInvoice)
        return self._player().upkeep.void(self._target(at), body.confirm_token, body.key)

    def _set_handler(self, request: Request, _: Place) -> object:
        handler = self._player().handler
        handler.mode = body_of(request.body, SetHandler).mode
        return {"handler": handler.mode}

    def _edit_books(self, request: Request, at: Place) -> object:
        company, invoice = self._booked(at)
        fields = changed_fields(company, invoice, body_of(request.body, EditBooks))
        place = company.profile
        self._sandbox.revision += 1
        change = Change(
            environment=place.environment, realm=place.realm, entity="Invoice", id=invoice.id, fields=fields
        )
        return Accountant(self._sandbox).change(change)
