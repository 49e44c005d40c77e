"""Who the user is: discovery, identity tokens, user info (reference: QuickBooks Online API, §2.1 and §2.3)."""

from __future__ import annotations

from datetime import datetime, timedelta

from attibooks_sandbox.kernel.ids import Ids
from attibooks_sandbox.quickbooks.model import Profile
from attibooks_sandbox.quickbooks.oauth.grants import COMPANY_SCOPES, Grant
from attibooks_sandbox.quickbooks.oauth.keys import signing_key
from attibooks_sandbox.quickbooks.wire import Wire, present

ISSUER = "https://oauth.platform.intuit.com/op/v1"
"""Clients have it built in, so it is the vendor's also here."""
ACCOUNTS = {"production": "/accounts", "sandbox": "/sandbox-accounts"}
_ID_TOKEN_LIFE = timedelta(hours=1)
_ADDRESS = {
    "streetAddress": "Line1",
    "locality": "City",
    "region": "CountrySubDivisionCode",
    "postalCode": "PostalCode",
    "country": "Country",
}


def discovery(base: str, environment: str) -> Wire:
    """Return the discovery document of an environment; `base` is the address that the services stand under."""
    return {
        "issuer": ISSUER,
        "authorization_endpoint": f"{base}/connect/oauth2",
        "token_endpoint": f"{base}/oauth2/v1/tokens/bearer",
        "userinfo_endpoint": f"{base}{ACCOUNTS[environment]}/v1/openid_connect/userinfo",
        "revocation_endpoint": f"{base}/v2/oauth2/tokens/revoke",
        "jwks_uri": f"{base}/op/v1/jwks",
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": ["openid", "email", "profile", "address", "phone"],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        "claims_supported": ["aud", "exp", "iat", "iss", "realmid", "sub"],
    }


def subject(profile: Profile) -> str:
    """Return the id of a company's user, the same wherever they are asked for."""
    return Ids(f"user:{profile.email}").uuid()


def id_token(profile: Profile, grant: Grant, now: datetime) -> str:
    """Return a signed identity token; it names the company if the grant reaches one."""
    claims: dict[str, object] = {"sub": subject(profile), "aud": [grant.client_id]}
    if COMPANY_SCOPES & set(grant.scopes):
        claims["realmid"] = grant.realm
    seconds = int(now.timestamp())
    return signing_key().sign(
        {
            **claims,
            "auth_time": int((grant.given_at or now).timestamp()),
            "iss": ISSUER,
            "exp": seconds + int(_ID_TOKEN_LIFE.total_seconds()),
            "iat": seconds,
        }
    )


def user_info(profile: Profile, scopes: tuple[str, ...]) -> Wire:
    """Return what the scopes allow of the user; the company is never among it."""
    given, _, family = profile.user_name.partition(" ")
    shown: Wire = {"sub": subject(profile)}
    if "email" in scopes:
        shown |= {"email": profile.email, "emailVerified": True}
    if "profile" in scopes:
        shown |= {"givenName": given, "familyName": family}
    if "phone" in scopes:
        shown |= {"phoneNumber": f"+1 555 01{profile.realm[-2:]}", "phoneNumberVerified": False}
    if "address" in scopes:
        shown["address"] = present({name: profile.address.get(source) for name, source in _ADDRESS.items()})
    return shown
