"""Calls of the app inside Attio: who makes them, checked before anything else is believed (contract, calls)."""

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

from pydantic import SecretStr

from attibooks_attio import signature as signed
from attibooks_attio.cache import TimedCache
from attibooks_attio.callback import ReverseCaller
from attibooks_attio.client import AttioClient, TokenInfo
from attibooks_attio.faults import DOWN
from attibooks_attio.schema import Schema
from attibooks_attio.settings import AttioHostSettings
from attibooks_core.errors import AttiBooksError, Down, ReconnectNeeded, Unauthorized, Unavailable
from attibooks_core.model import AppCall, Caller, Credential
from attibooks_core.protocols import Clock, HttpFactory

WINDOW_S = 300
"""How far the signed instant may lie from ours, either way."""

INTROSPECTED_S = 300.0
_MOST_TOKENS = 4096

_BEARER = re.compile(r"bearer +([!-~]+) *", re.IGNORECASE)
_TIMESTAMP = re.compile(r"[0-9]{1,15}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class _Claims:
    """What a call says of itself; an absent header is an empty text."""

    crm: Credential
    workspace: str
    user: str
    key_id: str
    timestamp: str
    signature: str
    idempotency_key: str | None
    accounting_token: str

    @classmethod
    def read(cls, headers: Mapping[str, str]) -> Self:
        """Take the headers apart.

        :raises Unauthorized: there is no bearer token, or a header holds what no honest caller sends.
        """
        bearer = _BEARER.fullmatch(headers.get("authorization", ""))
        if bearer is None:
            raise _bad_signature()
        return cls(
            crm=Credential(SecretStr(bearer[1])),
            workspace=_plain(headers, signed.WORKSPACE),
            user=_plain(headers, signed.USER),
            key_id=_plain(headers, signed.KEY_ID),
            timestamp=_plain(headers, signed.TIMESTAMP),
            signature=_plain(headers, signed.SIGNATURE),
            idempotency_key=headers.get(signed.IDEMPOTENCY_KEY),
            accounting_token=_plain(headers, signed.ACCOUNTING_TOKEN),
        )

    def expected(self, secret: str, call: AppCall) -> str:
        """The signature that the call has to have."""
        return signed.sign(
            secret,
            timestamp=self.timestamp,
            method=call.method.upper(),
            target=call.target,
            workspace=self.workspace,
            user=self.user,
            idempotency_key=self.idempotency_key or "",
            accounting_token=self.accounting_token,
            body=call.body,
        )


class AttioGateway:
    """Checks calls of the in-Attio app, and calls it; implements `protocols.AppGateway` and `capabilities.AppCaller`.

    A captured call that is sent again within its window passes, and is harmless: its idempotency key is signed.
    """

    key = "attio"

    def __init__(
        self, http: HttpFactory, client: AttioClient, schema: Schema, settings: AttioHostSettings, clock: Clock
    ) -> None:
        self._app = ReverseCaller(http, clock, settings)
        self._client = client
        self._schema = schema
        self._settings = settings
        self._clock = clock
        self._tokens: TimedCache[str, TokenInfo] = TimedCache(clock, seconds=INTROSPECTED_S, limit=_MOST_TOKENS)

    async def authenticate(self, call: AppCall) -> Caller:
        """Say who calls (see `protocols.AppGateway`): headers, instant, signature, then what Attio knows of the token.

        The idempotency key is handed on as it came; whether it will do is the host's business.
        """
        claims = _Claims.read(call.headers)
        issued_at = self._signed_at(claims, call) if self._settings.require_signature else self._clock.now()
        workspace_id, crm = await self._workspace(claims)
        return Caller(
            gateway=self.key,
            workspace_id=workspace_id,
            user_id=claims.user or None,
            issued_at=issued_at,
            idempotency_key=claims.idempotency_key,
            crm=crm,
            accounting=Credential(SecretStr(claims.accounting_token)) if claims.accounting_token else None,
        )

    async def forget(self, workspace_id: str) -> None:
        """Drop what is cached of the workspace: its tokens' introspection, its objects and their attributes."""
        self._tokens.forget(lambda _, info: info.workspace_id == workspace_id)
        self._schema.forget(workspace_id)

    async def call_back(self, workspace_id: str, callback_url: str, body: bytes) -> None:
        """Ask the app something (see `capabilities.AppCaller`)."""
        await self._app.call_back(workspace_id, callback_url, body)

    def _signed_at(self, claims: _Claims, call: AppCall) -> datetime:
        """The instant that the call was signed at, once the signature is found true."""
        secret = self._settings.app_secrets.get(claims.key_id)
        if secret is None or not _TIMESTAMP.fullmatch(claims.timestamp) or _is_ambiguous(claims, call):
            raise _bad_signature()
        issued = int(claims.timestamp)
        if abs(self._clock.now().timestamp() - issued) > WINDOW_S:
            raise Unauthorized(
                "The call is more than five minutes old, or the clock of this host is wrong. Try again.",
                code="stale_timestamp",
            )
        if not hmac.compare_digest(claims.expected(secret.get_secret_value(), call), claims.signature):
            raise _bad_signature()
        return datetime.fromtimestamp(issued, UTC)

    async def _workspace(self, claims: _Claims) -> tuple[str, Credential]:
        """The workspace of the call, and its token with the end of its life."""
        if claims.workspace and not self._settings.require_introspection:
            return claims.workspace, claims.crm
        info = await self._tokens.get(claims.crm.digest, lambda: self._introspect(claims.crm))
        ours = self._settings.client_id
        if (claims.workspace and claims.workspace != info.workspace_id) or (ours and ours != info.client_id):
            raise Unauthorized(
                "The call's token belongs to another workspace or another app. "
                "Reinstall the AttiBooks app in this workspace.",
                code="workspace_mismatch",
                reference=info.reference,
            )
        return info.workspace_id, claims.crm if info.expires_at is None else _ending(claims.crm, info.expires_at)

    async def _introspect(self, credential: Credential) -> TokenInfo:
        """Ask Attio; only an active token is an answer, so that nothing else is kept."""
        try:
            info = await self._client.self_info(credential)
        except ReconnectNeeded as error:
            raise _inactive(error.reference) from None
        except AttiBooksError as error:
            wait = error.retry_after if isinstance(error, Unavailable) else None
            raise Down(
                "Attio cannot be asked about the token of this call. Try again in a few minutes.",
                code=DOWN,
                reference=error.reference,
                retry_after=wait,
            ) from error
        if not info.active:
            raise _inactive(info.reference)
        if not info.workspace_id:
            raise Down("Attio does not say whose token this is. Try again in a few minutes.", code=DOWN)
        return info


def _plain(headers: Mapping[str, str], name: str) -> str:
    value = headers.get(name, "")
    if not value.isascii() or _CONTROL.search(value):
        raise _bad_signature()
    return value


def _is_ambiguous(claims: _Claims, call: AppCall) -> bool:
    """Whether a line break inside a part could make two different calls have one message."""
    return any(_CONTROL.search(part) for part in (call.method, call.target, claims.idempotency_key or ""))


def _ending(credential: Credential, unix_seconds: int) -> Credential:
    return Credential(credential.token, datetime.fromtimestamp(unix_seconds, UTC))


def _bad_signature() -> Unauthorized:
    return Unauthorized(
        "The call is not signed as the AttiBooks app signs its calls. Update the app, or check its secret on this host."
    )


def _inactive(reference: str | None) -> Unauthorized:
    return Unauthorized(
        "Attio does not know the app's token any more. Reinstall the AttiBooks app in Attio.",
        code="token_inactive",
        reference=reference,
    )
