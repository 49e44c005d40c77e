"""The authorize address: checks what an app asks, lets the user choose (reference: QuickBooks Online API, §2.2)."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit

import msgspec

from attibooks_sandbox.kernel.jsonio import MalformedJsonError, read_json
from attibooks_sandbox.quickbooks.oauth.grants import COMPANY_SCOPES, SCOPES, Client

_LOOPBACK = frozenset({"localhost", "127.0.0.1"})


class DistrustError(Exception):
    """A request whose answer must not go to the address that it names; the user sees a page instead."""


class RefusedAtAppError(Exception):
    """A refusal that the app is told at its own address."""

    def __init__(self, location: str) -> None:
        """Hold the address to send the browser to."""
        super().__init__(location)
        self.location = location


class Ask(msgspec.Struct, frozen=True):
    """What an app asks of the user."""

    client: Client
    redirect_uri: str
    state: str
    scopes: tuple[str, ...]

    @property
    def of_company(self) -> bool:
        """Tell whether a company is asked for, or only who the user is."""
        return bool(COMPANY_SCOPES & set(self.scopes))

    def denied(self, error: str = "access_denied") -> str:
        """Return the address of a refusal."""
        return located(self.redirect_uri, {"error": error, "state": self.state})


def located(redirect_uri: str, parameters: Mapping[str, str]) -> str:
    """Return the app's address with parameters."""
    return f"{redirect_uri}?{urlencode(parameters)}"


def read_ask(given: Mapping[str, str], clients: Mapping[str, Client], registered: tuple[str, ...]) -> Ask:
    """Return what is asked.

    :raises DistrustError: the client or its address is not right, or `response_type` or `state` are missing.
    :raises RefusedAtAppError: a scope or `claims` is not right.
    """
    client = clients.get(given.get("client_id", ""))
    if client is None:
        raise DistrustError("The client_id is not known.")
    redirect_uri = given.get("redirect_uri", "")
    _check_redirect(redirect_uri, registered)
    if given.get("response_type") != "code":
        raise DistrustError("The response_type must be code.")
    if not given.get("state"):
        raise DistrustError("The state is missing.")
    ask = Ask(client, redirect_uri, given["state"], tuple(dict.fromkeys(given.get("scope", "").split())))
    if not ask.scopes or not SCOPES.issuperset(ask.scopes):
        raise RefusedAtAppError(ask.denied("invalid_scope"))
    if not _is_claims(given.get("claims")):
        raise RefusedAtAppError(ask.denied("invalid_request"))
    return ask


def _check_redirect(redirect_uri: str, registered: tuple[str, ...]) -> None:
    """Refuse addresses that were not registered; where none was, those that nobody could register."""
    if registered:
        if redirect_uri not in registered:
            raise DistrustError("The redirect_uri query parameter value is not one of those registered for the app.")
        return
    if not is_redirect(redirect_uri):
        raise DistrustError("The redirect_uri must be https, or http on this machine, without a query or fragment.")


def is_redirect(address: str) -> bool:
    """Tell whether an address could be registered for callbacks."""
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    secure = parts.scheme == "https" or (parts.scheme == "http" and host in _LOOPBACK)
    plain = address.isascii() and address.isprintable() and not set(address) & set(" \"'<>\\;?#")
    return secure and bool(host) and plain and parts.username is None


def _is_claims(raw: str | None) -> bool:
    if raw is None:
        return True
    try:
        return isinstance(read_json(raw.encode()), dict)
    except MalformedJsonError:
        return False
