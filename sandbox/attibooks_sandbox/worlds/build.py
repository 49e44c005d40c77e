"""A whole world: companies, workspaces, and the tokens and secrets that a client begins with."""

from __future__ import annotations

import msgspec

from attibooks_sandbox.attio.access import FULL_SCOPES
from attibooks_sandbox.attio.model import Token
from attibooks_sandbox.attio.workspace import AttioState
from attibooks_sandbox.kernel.ids import Ids
from attibooks_sandbox.quickbooks.company import AccessToken, QuickBooksState
from attibooks_sandbox.worlds.books import build_company
from attibooks_sandbox.worlds.companies import COMPANIES
from attibooks_sandbox.worlds.crm import OPENED, build_workspace
from attibooks_sandbox.worlds.workspaces import WORKSPACES


class Secrets(msgspec.Struct, frozen=True):
    """What the vendors would have given to the developer of the app."""

    attio_client_id: str
    attio_app_secrets: dict[str, str]
    quickbooks_client_id: str
    quickbooks_client_secret: str
    webhook_verifier_token: str
    stripe_api_key: str
    stripe_webhook_secret: str


class World(msgspec.Struct, frozen=True):
    """Everything that a reset puts back."""

    seed: int
    secrets: Secrets
    attio: AttioState
    quickbooks: QuickBooksState

    def copy(self) -> World:
        """Return a world of its own with the same content; its new ids are the same in every copy."""
        ids = Ids(f"attio:{self.seed}")
        return World(self.seed, self.secrets, self.attio.copy(ids), self.quickbooks.copy())


def build_world(seed: int) -> World:
    """Return the world of a seed: ids and tokens differ between seeds, names and amounts do not."""
    ids = Ids(f"world:{seed}")
    secrets = _secrets(ids)
    attio = AttioState(ids)
    for facts in WORKSPACES:
        workspace = build_workspace(facts, ids)
        attio.workspaces[workspace.id] = workspace
        token = app_token(ids, workspace.id, secrets.attio_client_id, next(iter(workspace.members)))
        attio.tokens[token.value] = token
    return World(seed, secrets, attio, _books(ids))


def app_token(ids: Ids, workspace_id: str, client_id: str, member_id: str | None) -> Token:
    """Return a token of the app in a workspace, with every scope."""
    return Token(
        value=ids.hex(64),
        workspace_id=workspace_id,
        kind="app",
        client_id=client_id,
        scopes=FULL_SCOPES,
        issued_at=OPENED,
        member_id=member_id,
    )


def _books(ids: Ids) -> QuickBooksState:
    state = QuickBooksState()
    for facts in COMPANIES:
        state.companies[facts.environment, facts.realm] = build_company(facts)
        token = access_token(ids, facts.environment, facts.realm)
        state.tokens[token.value] = token
    return state


def access_token(ids: Ids, environment: str, realm: str) -> AccessToken:
    """Return a bearer token for a company, with the refresh token that belongs to it."""
    return AccessToken(
        value=f"eyJlbmMiOiJBMTI4Q0JDLUhTMjU2In0.{ids.hex(64)}",
        environment=environment,
        realm=realm,
        refresh_token=f"RT1-{ids.digits(2)}-H0-{ids.hex(24)}",
    )


def _secrets(ids: Ids) -> Secrets:
    return Secrets(
        attio_client_id=ids.uuid(),
        attio_app_secrets={"key-2026-11": ids.hex(64), "key-2026-05": ids.hex(64)},
        quickbooks_client_id=f"AB{ids.hex(48)}",
        quickbooks_client_secret=ids.hex(40),
        webhook_verifier_token=ids.uuid(),
        stripe_api_key=f"sk_test_{ids.hex(24)}",
        stripe_webhook_secret=f"whsec_{ids.hex(32)}",
    )
