"""What a user has granted to an app: clients, codes, grants, tokens. Everything is immutable."""

from __future__ import annotations

from datetime import datetime

import msgspec

from attibooks_sandbox.kernel.ids import Ids

ACCOUNTING = "com.intuit.quickbooks.accounting"
PAYMENT = "com.intuit.quickbooks.payment"
COMPANY_SCOPES = frozenset({ACCOUNTING, PAYMENT})
WORLD_SCOPES = (ACCOUNTING, "openid", "profile", "email", "phone", "address")
SCOPES = frozenset(
    {
        *WORLD_SCOPES, PAYMENT, "project-management.project", "app-foundations.custom-field-definitions",
        "app-foundations.custom-field-definitions.read", "indirect-tax.tax-calculation.quickbooks",
        "payroll.compensation.read", "time-tracking.time-entry",
    }
)  # fmt: skip


class Client(msgspec.Struct, frozen=True):
    """A pair of keys of the app, and the environments whose companies it reaches."""

    id: str
    secret: str
    environments: tuple[str, ...]


class Code(msgspec.Struct, frozen=True, kw_only=True):
    """An authorization code; `grant` is set once it was exchanged. `realm` is empty where no company was asked for."""

    value: str
    client_id: str
    redirect_uri: str
    environment: str
    realm: str
    scopes: tuple[str, ...]
    given_at: datetime
    grant: str = ""


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """A user's grant of one company to one client, with the refresh token that it has now.

    `given_at` is the consent, `used_at` the last refresh, `renewed_at` the birth of the present refresh token, which
    took the place of `previous`. Grants of the seeded world have no times: theirs begin with their first use.
    """

    id: str
    client_id: str
    environment: str
    realm: str
    scopes: tuple[str, ...]
    refresh_token: str
    previous: str = ""
    given_at: datetime | None = None
    used_at: datetime | None = None
    renewed_at: datetime | None = None
    active: bool = True


class AccessToken(msgspec.Struct, frozen=True, kw_only=True):
    """A bearer token: good for one realm of one environment, until its end or that of its grant."""

    value: str
    environment: str
    realm: str
    active: bool = True
    expires_at: datetime | None = None
    refresh_token: str | None = None
    scopes: tuple[str, ...] = WORLD_SCOPES
    grant: str = ""


def access_value(ids: Ids) -> str:
    """Return a new access token, opaque like the vendor's."""
    return f"eyJlbmMiOiJBMTI4Q0JDLUhTMjU2In0.{ids.hex(64)}"


def refresh_value(ids: Ids) -> str:
    """Return a new refresh token."""
    return f"RT1-{ids.digits(2)}-H0-{ids.hex(24)}"


def code_value(ids: Ids) -> str:
    """Return a new authorization code."""
    return f"AB11{ids.digits(10)}{ids.hex(32)}"
