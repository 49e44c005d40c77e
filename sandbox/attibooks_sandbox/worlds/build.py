"""A whole world: companies, workspaces, and the tokens and secrets that a client begins with."""

from __future__ import annotations

from functools import partial
from typing import Literal

import msgspec

from attibooks_sandbox.attio.access import FULL_SCOPES
from attibooks_sandbox.attio.model import Token
from attibooks_sandbox.attio.workspace import AttioState, Workspace
from attibooks_sandbox.kernel.ids import Ids
from attibooks_sandbox.quickbooks.company import Company, QuickBooksState
from attibooks_sandbox.quickbooks.oauth.grants import AccessToken, Client, access_value, refresh_value
from attibooks_sandbox.stripe.model import Key
from attibooks_sandbox.stripe.state import StripeState
from attibooks_sandbox.worlds.books import build_company
from attibooks_sandbox.worlds.companies import COMPANIES, CompanyFacts
from attibooks_sandbox.worlds.crm import OPENED, build_workspace
from attibooks_sandbox.worlds.workspaces import WORKSPACES, WorkspaceFacts

ENVIRONMENTS = ("production", "sandbox")
Size = Literal["small", "large"]
LARGE_WORLD, LARGE_COMPANY = 20_000, 6_000


class Secrets(msgspec.Struct, frozen=True):
    """What the vendors would have given to the developer of the app."""

    attio_client_id: str
    attio_app_secrets: dict[str, str]
    quickbooks_client_id: str
    quickbooks_client_secret: str
    quickbooks_clients: tuple[Client, ...]
    webhook_verifier_token: str
    stripe_api_key: str
    stripe_webhook_secret: str


class World(msgspec.Struct, frozen=True):
    """Everything that a reset puts back."""

    seed: int
    secrets: Secrets
    attio: AttioState
    quickbooks: QuickBooksState
    stripe: StripeState
    size: Size = "small"

    def copy(self) -> World:
        """Return a world of its own with the same content; its new ids are the same in every copy."""
        ids = Ids(f"attio:{self.seed}")
        return World(
            self.seed, self.secrets, self.attio.copy(ids), self.quickbooks.copy(), self.stripe.copy(), self.size
        )


def build_world(seed: int, size: Size = "small") -> World:
    """Return the world of a seed.

    In the small one ids and tokens differ between seeds, names and amounts do not; the large one is the small one with
    years of business around it, which differ too.
    """
    ids = Ids(f"world:{seed}")
    secrets = _secrets(ids, seed)
    attio = AttioState(ids)
    for facts in WORKSPACES:
        workspace = build_workspace(facts, ids) if size == "small" else _old_workspace(facts, ids, seed)
        attio.workspaces[workspace.id] = workspace
        token = app_token(ids, workspace.id, secrets.attio_client_id, next(iter(workspace.members)))
        attio.tokens[token.value] = token
    books = _books(ids, secrets.quickbooks_client_id, seed, size)
    return World(seed, secrets, attio, books, _account(seed, secrets.stripe_api_key), size)


def _account(seed: int, api_key: str) -> StripeState:
    """Return an account at Stripe as a developer first finds it: a key, and nothing else."""
    state = StripeState(seed)
    state.keys[api_key] = Key(api_key)
    return state


def _old_workspace(facts: WorkspaceFacts, ids: Ids, seed: int) -> Workspace:
    """Return a workspace of the large world."""
    from attibooks_sandbox.worlds.crowd import FIRST_DAY, gather  # noqa: PLC0415 - the small world starts without

    return build_workspace(facts, ids, opened=FIRST_DAY, more=partial(gather, seed=seed))


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


def _books(ids: Ids, client_id: str, seed: int, size: Size) -> QuickBooksState:
    state = QuickBooksState()
    for facts in COMPANIES:
        company = build_company(facts) if size == "small" else _old_company(facts, seed)
        state.companies[facts.environment, facts.realm] = company
        state.admit(access_token(ids, facts.environment, facts.realm), client_id)
    return state


def _old_company(facts: CompanyFacts, seed: int) -> Company:
    """Return a company of the large world; the first of each environment is the largest."""
    from attibooks_sandbox.worlds.years import FIRST_DAY, live_through  # noqa: PLC0415 - the small world starts without

    largest = facts.key in {"us-sandbox", "us-production"}
    invoices = LARGE_COMPANY if largest else (LARGE_WORLD - 2 * LARGE_COMPANY) // (len(COMPANIES) - 2)
    years = partial(live_through, facts=facts, seed=seed, invoices=invoices - 3)
    return build_company(facts, opened=FIRST_DAY, past=years)


def access_token(ids: Ids, environment: str, realm: str) -> AccessToken:
    """Return a bearer token for a company, with the refresh token that belongs to it."""
    return AccessToken(
        value=access_value(ids),
        environment=environment,
        realm=realm,
        refresh_token=refresh_value(ids),
    )


def _secrets(ids: Ids, seed: int) -> Secrets:
    attio_client_id = ids.uuid()
    app_secrets = {"key-2026-11": ids.hex(64), "key-2026-05": ids.hex(64)}
    client = Client(f"AB{ids.hex(48)}", ids.hex(40), ENVIRONMENTS)
    return Secrets(
        attio_client_id=attio_client_id,
        attio_app_secrets=app_secrets,
        quickbooks_client_id=client.id,
        quickbooks_client_secret=client.secret,
        quickbooks_clients=(client, *_vendor_clients(Ids(f"clients:{seed}"))),
        webhook_verifier_token=ids.uuid(),
        stripe_api_key=f"sk_test_{ids.hex(24)}",
        stripe_webhook_secret=f"whsec_{ids.hex(32)}",
    )


def _vendor_clients(ids: Ids) -> list[Client]:
    """Return the two pairs of keys that the vendor gives: each reaches the companies of one environment only."""
    return [Client(f"AB{ids.hex(48)}", ids.hex(40), (environment,)) for environment in ENVIRONMENTS]
