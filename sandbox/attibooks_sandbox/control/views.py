"""What the control plane shows: the way in, and the whole state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from attibooks_sandbox.attio.model import Token
from attibooks_sandbox.attio.render import plain_record, plain_value
from attibooks_sandbox.attio.workspace import Workspace
from attibooks_sandbox.quickbooks.catalog import render_preferences
from attibooks_sandbox.quickbooks.company import Company
from attibooks_sandbox.quickbooks.invoice_render import render_invoice
from attibooks_sandbox.quickbooks.items import render_item
from attibooks_sandbox.quickbooks.names import render_customer
from attibooks_sandbox.quickbooks.oauth.grants import AccessToken, Grant
from attibooks_sandbox.quickbooks.payments import render_payment

if TYPE_CHECKING:
    from attibooks_sandbox.app import SandboxApp

Shown = dict[str, object]


def show_world(app: SandboxApp) -> Shown:
    """Return all that a client needs to begin."""
    secrets = app.world.secrets
    workspaces = app.world.attio.workspaces.values()
    return {
        "seed": app.world.seed,
        "size": app.world.size,
        "attio": {
            "workspaces": show_workspaces(app),
            "objects": {each.id: _objects(each) for each in workspaces},
        },
        "quickbooks": {
            "client_id": secrets.quickbooks_client_id,
            "client_secret": secrets.quickbooks_client_secret,
            "clients": {
                client.environments[0]: {"client_id": client.id, "client_secret": client.secret}
                for client in secrets.quickbooks_clients
                if len(client.environments) == 1
            },
            "webhook_verifier_token": secrets.webhook_verifier_token,
            "companies": show_companies(app),
        },
        "stripe": {"api_key": secrets.stripe_api_key, "webhook_secret": secrets.stripe_webhook_secret},
    }


def show_workspaces(app: SandboxApp) -> list[Shown]:
    """Return the workspaces, each with the first of its tokens that is active."""
    tokens = {token.workspace_id: token for token in reversed(app.world.attio.tokens.values()) if token.active}
    app_secrets = app.world.secrets.attio_app_secrets
    return [_workspace(each, tokens.get(each.id), app_secrets) for each in app.world.attio.workspaces.values()]


def show_companies(app: SandboxApp) -> list[Shown]:
    """Return the companies, each with the first of its tokens that is active."""
    issued = [token for token in app.world.quickbooks.tokens.values() if token.active]
    tokens = {(token.environment, token.realm): token for token in reversed(issued)}
    grants = app.world.quickbooks.grants
    return [_company(each, tokens.get(key), grants) for key, each in app.world.quickbooks.companies.items()]


def _workspace(workspace: Workspace, token: Token | None, app_secrets: dict[str, str]) -> Shown:
    return {
        "id": workspace.id,
        "name": workspace.profile.name,
        "slug": workspace.profile.slug,
        "plan": workspace.profile.plan,
        "token": None if token is None else token.value,
        "client_id": None if token is None else token.client_id,
        "app_secrets": app_secrets,
        "objects": [kind.slug for kind in workspace.objects.values()],
        "members": [{"id": each.id, "email": each.email} for each in workspace.members.values()],
    }


def _objects(workspace: Workspace) -> Shown:
    """Return for each object its attributes and its records by name."""
    shown: Shown = {}
    for kind in workspace.objects.values():
        name = next((each for each in workspace.live_attributes(kind.id) if each.slug == "name"), None)
        records = workspace.records[kind.id].values()
        shown[kind.slug] = {
            "object_id": kind.id,
            "attributes": {each.slug: each.type for each in workspace.live_attributes(kind.id)},
            "records": {
                str(None if name is None else plain_value(record, name, workspace)): record.id for record in records
            },
        }
    return shown


def _company(company: Company, token: AccessToken | None, grants: Mapping[str, Grant]) -> Shown:
    profile = company.profile
    return {
        "realm": profile.realm,
        "environment": profile.environment,
        "name": profile.name,
        "country": profile.country,
        "home_currency": profile.currency,
        "multicurrency": profile.multicurrency,
        "sales_tax": profile.sales_tax,
        "access_token": None if token is None else token.value,
        "refresh_token": None if token is None else grants[token.grant].refresh_token,
    }


def show_state(app: SandboxApp, query: Mapping[str, str]) -> Shown:
    """Return the whole state, or the part of a service, workspace, environment or realm."""
    service = query.get("service")
    shown: Shown = {"now": app.clock.now().isoformat(), "seed": app.world.seed}
    counts: dict[str, int] = {}
    if service in {None, "attio"}:
        shown["attio"] = {"workspaces": _attio_state(app, query, counts)}
    if service in {None, "quickbooks"}:
        shown["quickbooks"] = _quickbooks_state(app, query, counts)
    if service in {None, "stripe"}:
        shown["stripe"] = _stripe_state(app, counts)
    return {**shown, "counts": counts}


def _attio_state(app: SandboxApp, query: Mapping[str, str], counts: dict[str, int]) -> Shown:
    shown: Shown = {}
    for workspace in app.world.attio.workspaces.values():
        if query.get("workspace", workspace.id) == workspace.id:
            objects = {
                kind.slug: {
                    record.id: plain_record(record, workspace) for record in workspace.records[kind.id].values()
                }
                for kind in workspace.objects.values()
            }
            counts["attio.records"] = counts.get("attio.records", 0) + sum(len(each) for each in objects.values())
            shown[workspace.id] = {"name": workspace.profile.name, "objects": objects}
    return shown


_STRIPE = (
    "products", "prices", "customers", "payment_methods", "subscriptions", "invoices", "sessions", "endpoints",
    "clocks",
)  # fmt: skip


def _stripe_state(app: SandboxApp, counts: dict[str, int]) -> Shown:
    """Return the account at Stripe; an empty one is shown without loading the code that shows it."""
    tables = {name: list(getattr(app.world.stripe, name).values()) for name in _STRIPE}
    counts.update((f"stripe.{name}", len(rows)) for name, rows in tables.items())
    return {name: [app.stripe.show(row) for row in rows] for name, rows in tables.items()}


def _quickbooks_state(app: SandboxApp, query: Mapping[str, str], counts: dict[str, int]) -> Shown:
    shown: dict[str, dict[str, Shown]] = {name: {} for name in app.quickbooks}
    for (environment, realm), company in app.world.quickbooks.companies.items():
        if query.get("environment", environment) == environment and query.get("realm", realm) == realm:
            books = _books(company)
            shown[environment][realm] = {"name": company.profile.name, **books}
            for name, rows in books.items():
                if isinstance(rows, list):
                    counts[f"quickbooks.{name}"] = counts.get(f"quickbooks.{name}", 0) + len(rows)
    return dict(shown)


def _books(company: Company) -> Shown:
    return {
        "invoices": [{**render_invoice(company, invoice), "voided": invoice.voided} for invoice in company.invoices],
        "customers": [render_customer(company, each) for each in company.lists["Customer"]],
        "items": [render_item(company, each) for each in company.lists["Item"]],
        "payments": [render_payment(company, each) for each in company.payments],
        "preferences": render_preferences(company.profile),
    }
