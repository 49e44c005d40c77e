"""Access to the two systems for work that nobody waits for: a call's tokens, a lease that is asked for, or the vault.

A workspace that is connected through the host uses only the vault's accounting token, every other one only leases:
two owners of one grant would end it for each other (QuickBooks reference §2.6).
"""

from collections.abc import Awaitable, Callable

from attibooks_core.invoicing.asking import Asking, AskOutcome
from attibooks_core.invoicing.granting import Granting
from attibooks_core.invoicing.leases import Lease, Leases
from attibooks_core.logs import EventLog
from attibooks_core.model import Books, Caller, Credential
from attibooks_core.storage.lease_requests import LeaseRequest, LeaseRequests

Listener = Callable[[str], Awaitable[None]]

log = EventLog(__name__)


class Access:
    """What opens the systems for a workspace, wherever it comes from."""

    def __init__(self, leases: Leases, requests: LeaseRequests, asking: Asking, granting: Granting) -> None:
        self.granting = granting
        self._leases = leases
        self._requests = requests
        self._asking = asking
        self._listeners: list[Listener] = []

    async def of(self, workspace_id: str, books: Books) -> Lease | None:
        """Fresh tokens; None when there is none for the CRM, `accounting` is None when there is none for the books.

        :raises Unavailable: the vault's token has to be refreshed, and its server does not answer.
        """
        lease = self._leases.of(workspace_id)
        return lease and await self._with_vault(workspace_id, books, lease)

    async def of_call(self, caller: Caller, books: Books) -> Lease:
        """The tokens that a call may use: its own, or the vault's for the books. Raises as `of` does."""
        return await self._with_vault(caller.workspace_id, books, Lease(caller.crm, caller.accounting))

    async def _with_vault(self, workspace_id: str, books: Books, lease: Lease) -> Lease:
        held = await self.granting.credential(workspace_id, books)
        return lease if held is None else Lease(lease.crm, held)

    async def accounting(self, workspace_id: str, books: Books) -> Credential | None:
        """The token of the books alone: enough to look whether anything has changed. Raises as `of` does."""
        held = await self.granting.credential(workspace_id, books)
        lease = self._leases.of(workspace_id)
        return held or (lease.accounting if lease else None)

    async def renew(self, workspace_id: str, books: Books, refused: Credential) -> Credential | None:
        """Another token in place of one that the books refused; None when there is none (yet).

        The vault's is refreshed; a lease's is forgotten, so that the next operation asks for a new one.

        :raises Unavailable: the vault's token cannot be had just now.
        """
        self._leases.refuse(workspace_id, refused)
        return await self.granting.credential(workspace_id, books, refused=refused)

    # -- asking --------------------------------------------------------------------------------------------------

    async def ask(self, workspace_id: str, job_id: str, kind: str) -> AskOutcome:
        """Ask the app for tokens; they come by a call of its own. One request a workspace is under way at a time.

        It is repeated by itself for ten minutes, then given up: state `dead` of `request_of`.
        """
        return await self._asking.ask(workspace_id, job_id, kind)

    async def request_of(self, workspace_id: str) -> LeaseRequest | None:
        """The newest request of a workspace, and what came of it."""
        return await self._requests.load(workspace_id)

    async def is_job(self, workspace_id: str, job_id: str) -> bool:
        """Whether a lease can be given to this job."""
        return await self._requests.knows(workspace_id, job_id)

    def on_lease(self, listener: Listener) -> None:
        """Call back with the id of each workspace whose tokens arrived in this process, at most once a round."""
        self._listeners.append(listener)

    async def granted(self, workspace_id: str) -> None:
        """The app answered a request: close it, whatever the lease holds, and tell the listeners."""
        await self._requests.grant([workspace_id])
        await self._tell([workspace_id])

    async def _noticed(self, workspaces: list[str]) -> None:
        """Ordinary calls brought tokens: close the requests that asked for them, and tell the listeners."""
        held = ((workspace_id, self._leases.of(workspace_id)) for workspace_id in workspaces)
        whole = [workspace_id for workspace_id, lease in held if lease is not None and lease.accounting is not None]
        if whole:
            await self._requests.grant(whole)
        await self._tell(workspaces)

    async def _tell(self, workspaces: list[str]) -> None:
        for workspace_id in workspaces:
            for listener in self._listeners:
                await self._told(listener, workspace_id)

    async def round(self) -> None:
        """Close what was granted by ordinary calls, then ask for what is missing."""
        await self._noticed(self._leases.arrivals())
        await self._asking.round()

    async def close(self) -> None:
        """End the background work."""
        await self._asking.close()

    @staticmethod
    async def _told(listener: Listener, workspace_id: str) -> None:
        try:
            await listener(workspace_id)
        except Exception:
            log.exception("lease_listener_failed", workspace=workspace_id)
