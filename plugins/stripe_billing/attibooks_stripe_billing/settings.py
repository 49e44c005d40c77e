"""Settings of the operator for Stripe: environment `ATTIBOOKS_STRIPE__*`, `.env` or the secrets folder."""

import ipaddress
import json
import logging
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from attibooks_core.errors import ConfigurationError

PREFIX = "ATTIBOOKS_STRIPE__"
API_URL = "https://api.stripe.com"
_KINDS = ("sk", "rk")
_MODES = {"test": False, "live": True}

log = logging.getLogger(__name__)


class StripeSettings(BaseSettings):
    """How this host meets Stripe.

    :param api_key: secret (`sk_`) or restricted (`rk_`) key.
    :param webhook_secrets: signing secrets of our webhook endpoints; any of them may have signed a delivery.
    :param price_lookup_key: names the price of Pro.
    :param product_id: the product of Pro, also of old prices; unset, the one that the price belongs to.
    :param portal_configuration: of the customer portal; unset, the one that `attibooks stripe setup` made.
    :param livemode: what the key has to be for; unset, live in production and either in development.
    """

    model_config = SettingsConfigDict(extra="ignore", hide_input_in_errors=True)

    api_key: SecretStr | None = None
    api_url: str = API_URL
    webhook_secrets: Annotated[list[SecretStr], NoDecode] = []
    price_lookup_key: Annotated[str, Field(min_length=1, max_length=200)] = "attibooks_pro_monthly"
    product_id: str | None = None
    portal_configuration: str | None = None
    livemode: bool | None = None
    promotion_codes: bool = False
    automatic_tax: bool = True
    past_due_grace_days: Annotated[int, Field(ge=0, le=90)] = 14
    timeout_seconds: Annotated[float, Field(gt=0, le=80)] = 20

    @field_validator("api_url")
    @classmethod
    def _address(cls, value: str) -> str:
        url = urlsplit(value.strip())
        if url.scheme == "https" and url.hostname and not url.query:
            return value.strip().rstrip("/")
        if url.scheme == "http" and _is_loopback(url.hostname or ""):
            return value.strip().rstrip("/")
        raise ValueError("it has to be https, or http on loopback: the key must not cross the network in the open")

    @field_validator("api_key", "product_id", "portal_configuration", mode="before")
    @classmethod
    def _blank_is_unset(cls, value: object) -> object:
        return None if isinstance(value, str) and not value.strip() else value

    @field_validator("webhook_secrets", mode="before")
    @classmethod
    def _list(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value) if value.strip() else []
        except ValueError:
            raise ValueError('it has to be a JSON list such as ["whsec_..."]') from None

    @field_validator("webhook_secrets")
    @classmethod
    def _usable(cls, value: list[SecretStr]) -> list[SecretStr]:
        if not all(secret.get_secret_value().strip() for secret in value):
            raise ValueError("every secret has to have characters")
        return value

    @property
    def is_live(self) -> bool:
        """Whether the key moves real money."""
        return _mode_of(self._key()) is True

    def key(self) -> str:
        """The key.

        :raises ConfigurationError: there is none, or it is not one of a server.
        """
        key = self._key()
        if not key:
            raise ConfigurationError(
                f"{PREFIX}API_KEY is not set, so nobody could upgrade. Set it to a secret or restricted key of your "
                "Stripe account (sk_... or rk_...), or set ATTIBOOKS_BILLING=none to run without billing: everybody "
                "has Pro then."
            )
        if _mode_of(key) is None:
            raise ConfigurationError(
                f"{PREFIX}API_KEY is no secret or restricted key of Stripe. Use one that begins with sk_test_, "
                "rk_test_, sk_live_ or rk_live_; a publishable key (pk_...) cannot bill."
            )
        return key

    def check(self, *, production: bool) -> None:
        """Refuse to bill with a key of the wrong mode; say loudly what an operator should know.

        :raises ConfigurationError: naming the setting.
        """
        self.key()
        wanted = self.livemode if self.livemode is not None else (True if production else None)
        if wanted is not None and wanted is not self.is_live:
            raise ConfigurationError(_wrong_mode(wanted=wanted))
        if self.is_live and not production:
            log.warning(
                "STRIPE IS LIVE: %sAPI_KEY is a live key and this host runs in MODE=development. Upgrades move real "
                "money. Use a test key, or set ATTIBOOKS_MODE=production.",
                PREFIX,
            )
        if not self.webhook_secrets:
            log.warning(
                "%sWEBHOOK_SECRETS is not set: Stripe cannot tell this host of changes, and it asks every hour only. "
                "Run `attibooks stripe setup` and set what it prints.",
                PREFIX,
            )

    def _key(self) -> str:
        return self.api_key.get_secret_value().strip() if self.api_key else ""


def _mode_of(key: str) -> bool | None:
    """Whether a key is live; None when it is none of a server."""
    kind, _, rest = key.partition("_")
    mode, _, secret = rest.partition("_")
    return _MODES.get(mode) if kind in _KINDS and secret else None


def _wrong_mode(*, wanted: bool) -> str:
    if wanted:
        return (
            f"{PREFIX}API_KEY is a test key, and this host needs a live one: anybody could have Pro for the number of "
            f"a test card. Set a live key, or {PREFIX}LIVEMODE=false on a host that is only for trying out."
        )
    return f"{PREFIX}API_KEY is a live key, and {PREFIX}LIVEMODE is false. Set a test key, or LIVEMODE to true."


def _is_loopback(name: str) -> bool:
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name == "localhost"
