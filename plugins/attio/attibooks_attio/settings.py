"""Settings of the operator for Attio: environment `ATTIBOOKS_ATTIO__*`, `.env` or the secrets folder."""

import ipaddress
import json
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from attibooks_attio.client import API_URL
from attibooks_core.errors import ConfigurationError

PREFIX = "ATTIBOOKS_ATTIO__"


class AttioHostSettings(BaseSettings):
    """How this host meets Attio (contract, settings of the host).

    :param api_url: where Attio's API is, without `/v2`.
    :param client_id: our app's id, which a token's own has to equal.
    :param app_secrets: key id -> secret of the app, as a JSON object; any of them may sign a call to us, the first
        one signs ours to the app.
    :param require_signature: whether calls of the app have to be signed.
    :param require_introspection: whether Attio is asked about the token of every call.
    """

    # Other plugins' names share one `.env`; and no error may quote the secrets that it was given.
    model_config = SettingsConfigDict(extra="ignore", hide_input_in_errors=True)

    api_url: str = API_URL
    client_id: str | None = None
    app_secrets: Annotated[dict[str, SecretStr], NoDecode] = {}
    require_signature: bool = True
    require_introspection: bool = True

    @field_validator("api_url")
    @classmethod
    def _address(cls, value: str) -> str:
        url = urlsplit(value.strip())
        if url.scheme not in {"http", "https"} or not url.hostname or url.query or url.fragment:
            raise ValueError("it has to be an address such as https://api.attio.com")
        return value.strip().rstrip("/").removesuffix("/v2")

    @field_validator("client_id")
    @classmethod
    def _blank_is_unset(cls, value: str | None) -> str | None:
        return (value or "").strip() or None

    @field_validator("app_secrets", mode="before")
    @classmethod
    def _object(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value) if value.strip() else {}
        except ValueError:
            raise ValueError('it has to be a JSON object such as {"2026-11": "secret"}') from None

    @field_validator("app_secrets")
    @classmethod
    def _usable(cls, value: dict[str, SecretStr]) -> dict[str, SecretStr]:
        if not all(key.strip() and secret.get_secret_value().strip() for key, secret in value.items()):
            raise ValueError("every key id and every secret has to have characters")
        return value

    def check(self, *, production: bool) -> None:
        """Refuse a combination that would let anybody in.

        :raises ConfigurationError: naming the setting.
        """
        if not self.require_signature and not self.require_introspection:
            raise ConfigurationError(
                f"{PREFIX}REQUIRE_SIGNATURE and {PREFIX}REQUIRE_INTROSPECTION are both off, so anybody could call. "
                "Switch at least one of them on."
            )
        if self.require_signature and not self.app_secrets:
            raise ConfigurationError(
                f"{PREFIX}APP_SECRETS is not set, so no call of the app could be checked. "
                'Set it to a JSON object such as {"2026-11": "the secret of the app"}.'
            )
        if production:
            self._check_for_production()

    def _check_for_production(self) -> None:
        if self.client_id is None:
            raise ConfigurationError(
                f"{PREFIX}CLIENT_ID is not set, so another app's token could pose as ours. "
                "Set it to the id of the app from Attio's developer dashboard."
            )
        if urlsplit(self.api_url).scheme != "https" and not _is_loopback(self.api_url):
            raise ConfigurationError(
                f"{PREFIX}API_URL is not https, so tokens would cross the network in the open. "
                "Use an address with https."
            )


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
