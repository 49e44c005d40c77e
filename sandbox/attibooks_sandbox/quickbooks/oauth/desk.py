"""Gives codes and tokens and ends them (reference: QuickBooks Online API, §2.3 to §2.5 and §14.1)."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from attibooks_sandbox.kernel.ids import Ids
from attibooks_sandbox.quickbooks.company import QuickBooksState
from attibooks_sandbox.quickbooks.oauth.grants import (
    AccessToken,
    Client,
    Code,
    Grant,
    access_value,
    code_value,
    refresh_value,
)
from attibooks_sandbox.quickbooks.switches import Switches

CODE_LIFE = timedelta(minutes=5)
ACCESS_LIFE = timedelta(seconds=3600)
IDLE_LIFE = timedelta(days=100)
WHOLE_LIFE = timedelta(seconds=157_680_000)
STATED_LIFE = timedelta(seconds=8_726_400)
"""What answers state of a refresh token's life: recorded, a day longer than the documents say (reference §16)."""
VALUE_LIFE = timedelta(hours=24)
GRACE = timedelta(hours=24)
WRONG_TOKEN = "Incorrect Token type or clientID"  # noqa: S105 - a text
DEAD_TOKEN = "Token invalid"  # noqa: S105 - a text


class OAuthError(Exception):
    """A refusal in the form of RFC 6749."""

    def __init__(self, error: str, description: str | None = None, status: int = 400) -> None:
        """Name the error."""
        super().__init__(error)
        self.error, self.description, self.status = error, description, status


class GrantDesk(msgspec.Struct, frozen=True):
    """Works on the grants of a state at one moment."""

    state: QuickBooksState
    switches: Switches
    seed: int
    now: datetime

    def _ids(self) -> Ids:
        """Return a source that gives other values after each code and token, also when a state was carried over."""
        return Ids(f"oauth:{self.seed}:{len(self.state.codes)}:{len(self.state.tokens)}")

    # codes

    def give_code(
        self, client: Client, redirect_uri: str, scopes: tuple[str, ...], environment: str, realm: str
    ) -> Code:
        """Return a code for what the user consented to."""
        code = Code(
            value=code_value(self._ids()),
            client_id=client.id,
            redirect_uri=redirect_uri,
            environment=environment,
            realm=realm,
            scopes=scopes,
            given_at=self.now,
        )
        self.state.codes[code.value] = code
        return code

    def exchange(self, client: Client, value: str, redirect_uri: str) -> tuple[AccessToken, Grant]:
        """Return the tokens for a code; a second exchange is refused and ends what the first one gave."""
        code = self.state.codes.get(value)
        if code is None or code.client_id != client.id:
            raise OAuthError("invalid_grant", WRONG_TOKEN)
        if code.grant:
            if self.switches.code_replay == "revoke":
                self.set_active(code.grant, active=False)
            raise OAuthError("invalid_grant", DEAD_TOKEN)
        if self.now >= code.given_at + CODE_LIFE:
            raise OAuthError("invalid_grant", DEAD_TOKEN)
        if redirect_uri != code.redirect_uri:
            raise OAuthError("invalid_request")
        grant = self._grant(code)
        self.state.codes[value] = msgspec.structs.replace(code, grant=grant.id)
        return self._access(grant), grant

    def _grant(self, code: Code) -> Grant:
        refresh = refresh_value(self._ids())
        grant = Grant(
            id=refresh,
            client_id=code.client_id,
            environment=code.environment,
            realm=code.realm,
            scopes=code.scopes,
            refresh_token=refresh,
            given_at=code.given_at,
            used_at=self.now,
            renewed_at=self.now,
        )
        self.state.keep_grant(grant)
        return grant

    def _access(self, grant: Grant) -> AccessToken:
        token = AccessToken(
            value=access_value(self._ids()),
            environment=grant.environment,
            realm=grant.realm,
            expires_at=self.now + ACCESS_LIFE,
            refresh_token=grant.refresh_token,
            scopes=grant.scopes,
            grant=grant.id,
        )
        self.state.tokens[token.value] = token
        return token

    # refresh

    def refresh(self, client: Client, value: str) -> tuple[AccessToken, Grant]:
        """Return a new access token, and a new refresh token if the present one is older than a day."""
        grant = self._refreshable(client, value)
        renewed = grant.renewed_at or self.now
        grant = msgspec.structs.replace(
            grant, given_at=grant.given_at or self.now, used_at=self.now, renewed_at=renewed
        )
        if self.now - renewed > VALUE_LIFE:
            fresh = refresh_value(self._ids())
            grant = msgspec.structs.replace(
                grant, refresh_token=fresh, previous=grant.refresh_token, renewed_at=self.now
            )
        self.state.keep_grant(grant)
        return self._access(grant), grant

    def _refreshable(self, client: Client, value: str) -> Grant:
        grant = self.state.grant_of_refresh(value)
        if grant is None or grant.client_id != client.id:
            raise OAuthError("invalid_grant", WRONG_TOKEN)
        ended = self.life_left(grant) <= timedelta(0)
        if ended or not grant.active or not (value == grant.refresh_token or self._in_grace(grant, value)):
            raise OAuthError("invalid_grant", DEAD_TOKEN)
        return grant

    def _in_grace(self, grant: Grant, value: str) -> bool:
        """Tell whether a refresh token that was replaced may still be used: by the switch, the last one for a day."""
        known = self.switches.refresh_grace and value == grant.previous
        return known and grant.renewed_at is not None and self.now < grant.renewed_at + GRACE

    def life_left(self, grant: Grant) -> timedelta:
        """Return how long the refresh token can still be used: 100 days from the last use, 5 years from the consent."""
        return min((grant.used_at or self.now) + IDLE_LIFE - self.now, self.hard_life_left(grant))

    def hard_life_left(self, grant: Grant) -> timedelta:
        """Return how long it is to the absolute end of the grant."""
        return (grant.given_at or self.now) + WHOLE_LIFE - self.now

    # ends

    def revoke(self, client: Client, value: str) -> bool:
        """End the grant that a refresh or access token belongs to; False if there is none to end."""
        token = self.state.tokens.get(value)
        grant = self.state.grant_of_refresh(value) if token is None else self.state.grants.get(token.grant)
        if grant is None or not grant.active or grant.client_id != client.id:
            return False
        self.set_active(grant.id, active=False)
        return True

    def set_active(self, grant_id: str, *, active: bool) -> None:
        """End a grant with all its tokens, or let it live again."""
        grant = self.state.grants.get(grant_id)
        if grant is None:
            return
        self.state.keep_grant(msgspec.structs.replace(grant, active=active))
        for token in [each for each in self.state.tokens.values() if each.grant == grant_id]:
            self.state.tokens[token.value] = msgspec.structs.replace(token, active=active)
