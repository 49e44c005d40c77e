"""The developer's hand: what the vendor's portal sets for the app."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attibooks_sandbox.control.bodies import SetRedirects
from attibooks_sandbox.control.errors import ControlError
from attibooks_sandbox.quickbooks.oauth.consent import is_redirect

if TYPE_CHECKING:
    from attibooks_sandbox.app import SandboxApp


class Portal:
    """Sets up the app at QuickBooks."""

    def __init__(self, app: SandboxApp) -> None:
        """Set up the app in the present world of a sandbox."""
        self._app = app

    def redirects(self, body: SetRedirects) -> object:
        """Register the addresses that users may be sent back to; none registered: any on this machine or by https."""
        for address in body.redirect_uris:
            if not is_redirect(address):
                message = f"{address} cannot be registered: https, or http on this machine, without query or fragment."
                raise ControlError(message)
        self._app.world.quickbooks.redirect_uris = tuple(body.redirect_uris)
        return {"redirect_uris": body.redirect_uris}
