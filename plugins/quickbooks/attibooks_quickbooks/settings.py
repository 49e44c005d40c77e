"""Settings: those of the operator (environment) and those of a workspace (the CRM's app)."""

from dataclasses import dataclass
from ipaddress import ip_address
from typing import Literal
from urllib.parse import urlsplit

from pydantic import SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from attibooks_core.errors import InvalidSettings
from attibooks_core.model import Books, Problem
from attibooks_core.settings import Choice, Digits, Flag, Settings, SettingsField, Text

KEY = "quickbooks"
"""Key of the backend, and name of the plugin's settings."""

ENVIRONMENTS = ("sandbox", "production")


@dataclass(frozen=True, slots=True)
class ClientKeys:
    """A client id of Intuit and its secret."""

    id: str
    secret: SecretStr


class QuickBooksHostSettings(BaseSettings):
    """Settings of the host, `ATTIBOOKS_QUICKBOOKS__*`.

    The addresses are changed only to talk to a sandbox on this machine. Verifier tokens are those of the app's webhooks
    in Intuit's portal, several while one is being replaced.

    :param client_id: of an app of one's own at Intuit, with `client_secret`, for hosts that connect companies
        themselves; the `sandbox_` pair is for test companies, where Intuit's keys of development are others.
    """

    model_config = SettingsConfigDict(extra="ignore", hide_input_in_errors=True)

    production_api_url: str = "https://quickbooks.api.intuit.com"
    sandbox_api_url: str = "https://sandbox-quickbooks.api.intuit.com"
    authorize_url: str = "https://appcenter.intuit.com/connect/oauth2"
    token_url: str = "https://oauth.platform.intuit.com/oauth2/v1/tokens/bearer"  # noqa: S105 - an address
    revoke_url: str = "https://developer.api.intuit.com/v2/oauth2/tokens/revoke"
    client_id: str | None = None
    client_secret: SecretStr | None = None
    sandbox_client_id: str | None = None
    sandbox_client_secret: SecretStr | None = None

    webhook_verifier_tokens: dict[Literal["production", "sandbox"], list[SecretStr]] = {}

    @field_validator("production_api_url", "sandbox_api_url", "authorize_url", "token_url", "revoke_url")
    @classmethod
    def _usable(cls, url: str) -> str:
        parts = urlsplit(url.strip())
        if parts.scheme != "https" and not (parts.scheme == "http" and _is_loopback(parts.hostname or "")):
            raise ValueError("use an https address (http only on this machine): every call carries a token")
        return url.strip().rstrip("/")

    @field_validator("webhook_verifier_tokens")
    @classmethod
    def _telling(cls, tokens: dict[str, list[SecretStr]]) -> dict[str, list[SecretStr]]:
        texts = [token.get_secret_value() for some in tokens.values() for token in some]
        if not all(text.strip() for text in texts):
            raise ValueError("a verifier token is empty: anybody could sign with it")
        return tokens

    @property
    def verifier_tokens(self) -> dict[str, list[str]]:
        """The verifier tokens by environment, in clear."""
        return {where: [t.get_secret_value() for t in some] for where, some in self.webhook_verifier_tokens.items()}

    def api_url(self, environment: str) -> str:
        """Base address of one environment, without a slash at its end."""
        return self.production_api_url if environment == "production" else self.sandbox_api_url

    def client_keys(self, environment: str) -> ClientKeys | None:
        """The keys of the app for one environment; a sandbox without keys of its own uses the other pair."""
        pairs = [(self.client_id, self.client_secret)]
        if environment == "sandbox":
            pairs.insert(0, (self.sandbox_client_id, self.sandbox_client_secret))
        return next((ClientKeys(name, secret) for name, secret in pairs if name and secret), None)


FIELDS: tuple[SettingsField, ...] = (
    SettingsField(
        "environment",
        1,
        Choice(ENVIRONMENTS),
        "Environment",
        "sandbox: a test company of Intuit; production: the real books. Connect again after changing it.",
        default="sandbox",
    ),
    SettingsField(
        "qbo_company_id",
        7,
        Digits(6, 20),
        "QuickBooks Company ID",
        "Digits; in QuickBooks under Settings, Account and settings, Billing & Subscription.",
    ),
    SettingsField(
        "default_item",
        7,
        Text(100),
        "Product or service",
        "Id or exact name of the item on every line; “Services”, or the only service item, when nothing is set.",
    ),
    SettingsField(
        "default_tax_code",
        7,
        Text(100),
        "Tax code",
        "Id or exact name; needed outside the US when sales tax is on. In the US TAX or NON.",
    ),
    SettingsField(
        "send_invoice_email",
        7,
        Flag(),
        "E-mail the invoice",
        "QuickBooks e-mails the invoice when the record has an address.",
        default=True,
    ),
)
"""What a workspace can set for QuickBooks."""


def books_of(settings: Settings) -> Books:
    """Which company the settings name; pure.

    :raises InvalidSettings: there is no company id.
    """
    company_id = settings.text("qbo_company_id")
    if company_id is None:
        problem = Problem(
            "qbo_company_id",
            "missing",
            "The QuickBooks Company ID is not set.",
            "Enter it in settings section 7 (Advanced).",
        )
        raise InvalidSettings(f"{problem.message} {problem.fix}", problems=[problem])
    return Books(KEY, settings.text("environment") or ENVIRONMENTS[0], company_id)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
