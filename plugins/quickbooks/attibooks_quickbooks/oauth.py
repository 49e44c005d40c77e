"""Intuit's OAuth 2.0 for hosts that connect companies themselves (QuickBooks reference §2).

Every answer's refresh token replaces the one before, which may be dead from then on; so nothing here repeats a call.
"""

import base64
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated
from urllib.parse import urlencode

import msgspec
from pydantic import SecretStr

from attibooks_core.errors import (
    AccountMismatch,
    AttiBooksError,
    ConnectionProblem,
    Down,
    ReconnectNeeded,
    TransportError,
    Unavailable,
)
from attibooks_core.lifecycle import GrantedTokens
from attibooks_core.model import Books, Credential
from attibooks_core.protocols import Clock, HttpFactory, HttpReply
from attibooks_core.retries import retry_after
from attibooks_quickbooks.client import Access, QuickBooksClient
from attibooks_quickbooks.faults import reference_of
from attibooks_quickbooks.settings import KEY, ClientKeys, QuickBooksHostSettings
from attibooks_quickbooks.wire import CompanyInfoAnswer

SCOPE = "com.intuit.quickbooks.accounting openid"
TIMEOUT_S = 15.0
REFUSALS = frozenset({"invalid_grant", "invalid_request", "unauthorized_client"})

Seconds = Annotated[int, msgspec.Meta(gt=0)]


class TokenAnswer(msgspec.Struct):
    """Tokens; numbers may come as strings."""

    access_token: Annotated[str, msgspec.Meta(min_length=1)]
    refresh_token: Annotated[str, msgspec.Meta(min_length=1)]
    expires_in: Seconds = 3600
    x_refresh_token_expires_in: Seconds | None = None


class RefusalAnswer(msgspec.Struct):
    """A refusal in the form of RFC 6749."""

    error: str = ""


class Authorizing:
    """Implements `capabilities.GrantingBackend`, as a part of the backend."""

    key = KEY

    def __init__(self, http: HttpFactory, clock: Clock, settings: QuickBooksHostSettings) -> None:
        self._oauth_http = http
        self._oauth_clock = clock
        self._oauth_settings = settings
        self._oauth_books = QuickBooksClient(http, clock, settings)

    def can_be_granted(self, environment: str) -> bool:
        """Whether this host has a client id and secret for the environment."""
        return self._oauth_settings.client_keys(environment) is not None

    def authorize_url(self, environment: str, *, state: str, challenge: str, redirect_uri: str) -> str:
        """Where the user is sent to.

        The challenge is always sent. Intuit's documents do not offer PKCE; a server has to ignore parameters that it
        does not know (RFC 6749 §3.1), so it is harmless there.
        """
        parameters = {
            "client_id": self._keys(environment).id,
            "scope": SCOPE,
            "redirect_uri": redirect_uri,
            "response_type": "code",
            "state": state,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        return f"{self._oauth_settings.authorize_url}?{urlencode(parameters)}"

    async def exchange(
        self, environment: str, *, code: str, verifier: str, redirect_uri: str, company_id: str
    ) -> GrantedTokens:
        """Turn a code into tokens, and see that they open this very company in this very environment.

        The company in the callback's address is only what a browser says; so the company itself is asked. Tokens that
        do not open it are given back.

        :raises AccountMismatch: the user granted another company.
        :raises ReconnectNeeded: the code is not good (any more).
        :raises Unavailable: Intuit does not answer.
        """
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
        tokens = await self._tokens(environment, {**form, "code_verifier": verifier})
        access = Access(Books(KEY, environment, company_id), Credential(tokens.access))
        try:
            await self._oauth_books.read(access, f"companyinfo/{company_id}", CompanyInfoAnswer)
        except AttiBooksError as error:
            await self._give_back(environment, tokens)
            if isinstance(error, ConnectionProblem):
                raise AccountMismatch(
                    f"The connection does not open company {company_id} in {environment}. "
                    "Connect again and choose that company.",
                    reference=error.reference,
                ) from error
            raise
        return tokens

    async def refresh(self, environment: str, refresh_token: SecretStr) -> GrantedTokens:
        """Get new tokens (see `GrantingBackend.refresh`); one call, whatever comes of it."""
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token.get_secret_value()}
        return await self._tokens(environment, form)

    async def revoke(self, environment: str, refresh_token: SecretStr) -> None:
        """End the grant; a token that ends nothing any more is fine.

        :raises Unavailable: Intuit does not answer.
        """
        form = {"token": refresh_token.get_secret_value()}
        reply = await self._post(environment, self._oauth_settings.revoke_url, form)
        if reply.status // 100 != 2 and reply.status != 400:
            raise self._refusal(reply)

    async def _give_back(self, environment: str, tokens: GrantedTokens) -> None:
        try:
            await self.revoke(environment, tokens.refresh)
        except Unavailable:
            return  # nobody keeps them: they end by idling

    async def _tokens(self, environment: str, form: Mapping[str, str]) -> GrantedTokens:
        now = self._oauth_clock.now()  # before the call: their life may begin then
        reply = await self._post(environment, self._oauth_settings.token_url, form)
        if reply.status != 200:
            raise self._refusal(reply)
        try:
            answer = msgspec.json.decode(reply.body, type=TokenAnswer, strict=False)
        except (msgspec.MsgspecError, ValueError) as error:
            raise Down("Intuit answered with nonsense. Try again in a few minutes.") from error
        life = answer.x_refresh_token_expires_in
        return GrantedTokens(
            access=SecretStr(answer.access_token),
            refresh=SecretStr(answer.refresh_token),
            expires_at=now + timedelta(seconds=answer.expires_in),
            refresh_expires_at=None if life is None else now + timedelta(seconds=life),
        )

    async def _post(self, environment: str, url: str, form: Mapping[str, str]) -> HttpReply:
        keys = self._keys(environment)
        basic = base64.b64encode(f"{keys.id}:{keys.secret.get_secret_value()}".encode()).decode()
        headers = {
            "authorization": f"Basic {basic}",
            "accept": "application/json",
            "content-type": "application/x-www-form-urlencoded",
        }
        http = self._oauth_http.client(f"{KEY}:oauth")
        try:
            return await http.request("POST", url, headers=headers, content=urlencode(form).encode(), timeout=TIMEOUT_S)
        except TransportError as error:
            raise Down("Intuit cannot be reached. Try again in a few minutes.") from error

    def _refusal(self, reply: HttpReply) -> AttiBooksError:
        """What an answer without tokens means; only a plain refusal of the grant ends it."""
        reference, code = reference_of(reply.headers), _error_of(reply)
        if reply.status == 400 and code == "invalid_grant":
            message = "QuickBooks has ended the connection. Connect QuickBooks again."
            return ReconnectNeeded(message, reference=reference)
        if code == "invalid_client":
            message = "Intuit does not know this host's client id or secret. Ask the operator to correct them."
        elif code in REFUSALS:
            message = f"Intuit refused this host's request ({code}). Ask the operator to look at the app's settings."
        else:
            message = "Intuit had a failure of its own. Try again in a few minutes."
        return Down(message, reference=reference, retry_after=retry_after(reply.headers, self._oauth_clock.now()))

    def _keys(self, environment: str) -> ClientKeys:
        keys = self._oauth_settings.client_keys(environment)
        if keys is None:
            raise Unavailable("This host has no client id of Intuit. Set ATTIBOOKS_QUICKBOOKS__CLIENT_ID.")
        return keys


def _error_of(reply: HttpReply) -> str:
    try:
        return msgspec.json.decode(reply.body, type=RefusalAnswer).error
    except (msgspec.MsgspecError, ValueError):
        return ""
