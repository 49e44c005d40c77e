"""The plan of each workspace, with a link to a page of this host where anybody may pay for a larger one.

The link can be in an error text on a record, so it does not expire and opens nothing but the page to pay on.
"""

import json
from dataclasses import dataclass, replace
from urllib.parse import quote, urlencode

from attibooks_core.capabilities import SellingProvider
from attibooks_core.model import Entitlements
from attibooks_core.protocols import BillingProvider
from attibooks_core.storage.vault import Vault, VaultError

UPGRADE = "billing-upgrade"
RETURN = "billing-return"


@dataclass(frozen=True, slots=True)
class Return:
    """Where somebody who pays comes from.

    :param return_to: where to go on, as the app said; None when it was no app.
    """

    workspace_id: str
    return_to: str | None


class Plans:
    """The active provider, as the host asks it. Implements `protocols.BillingProvider`."""

    def __init__(self, provider: BillingProvider, vault: Vault, public_url: str) -> None:
        self.provider = provider
        self.key = provider.key
        self._vault = vault
        self._pages = f"{public_url.rstrip('/')}/billing"

    async def entitlements(self, workspace_id: str) -> Entitlements:
        """The plan, with where to upgrade it."""
        plan = await self.provider.entitlements(workspace_id)
        if self.seller is None or plan.monthly_limit is None or plan.upgrade_url is not None:
            return plan
        return replace(plan, upgrade_url=self.upgrade_url(workspace_id))

    @property
    def seller(self) -> SellingProvider | None:
        """The provider, when it sells."""
        return self.provider if isinstance(self.provider, SellingProvider) else None

    # -- addresses -----------------------------------------------------------------------------------------------

    def upgrade_url(self, workspace_id: str) -> str:
        """The page to pay on."""
        return f"{self._pages}/upgrade?{self._pass(UPGRADE, workspace_id, b'')}"

    def success_url(self, coming: Return) -> str:
        """The page after paying."""
        return f"{self._pages}/success?{self._return(coming)}"

    def cancel_url(self, coming: Return) -> str:
        """The page after not paying."""
        return f"{self._pages}/cancelled?{self._return(coming)}"

    async def checkout_url(self, seller: SellingProvider, coming: Return) -> str:
        """The seller's page to pay on, which leads back to ours (see `SellingProvider.checkout_url`)."""
        success, cancel = self.success_url(coming), self.cancel_url(coming)
        return await seller.checkout_url(coming.workspace_id, success_url=success, cancel_url=cancel)

    def _return(self, coming: Return) -> str:
        return self._pass(RETURN, coming.workspace_id, json.dumps(coming.return_to).encode())

    def _pass(self, purpose: str, workspace_id: str, body: bytes) -> str:
        sealed = self._vault.seal(workspace_id, purpose, body)
        return urlencode({"workspace": workspace_id, "pass": sealed}, quote_via=quote)

    # -- and back ------------------------------------------------------------------------------------------------

    def upgrader(self, workspace_id: str, sealed: str) -> Return | None:
        """Who opened the page to pay on; None when the link is not one of ours."""
        return Return(workspace_id, None) if self._opened(UPGRADE, workspace_id, sealed) is not None else None

    def returner(self, workspace_id: str, sealed: str) -> Return | None:
        """Who comes back; None when the link is not one of ours."""
        body = self._opened(RETURN, workspace_id, sealed)
        return Return(workspace_id, json.loads(body)) if body is not None else None

    def _opened(self, purpose: str, workspace_id: str, sealed: str) -> bytes | None:
        try:
            return self._vault.open(workspace_id, purpose, sealed)
        except (VaultError, ValueError):
            return None
