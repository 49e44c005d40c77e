"""Settings of the host (contract §2): environment `ATTIBOOKS_*`, `.env` and a secrets folder.

The environment beats `.env`, `.env` beats the secrets folder. A plugin's own settings are read the same way with the
prefix `ATTIBOOKS_<PLUGIN>__`.
"""

import os
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from attibooks_core.errors import ConfigurationError

PREFIX = "ATTIBOOKS_"

Model = TypeVar("Model", bound=BaseSettings)


class HostSettings(BaseSettings):
    """What an operator sets; see `docs/operators.md` for each."""

    model_config = SettingsConfigDict(extra="ignore", hide_input_in_errors=True)

    database_url: str = "sqlite:///attibooks.db"
    public_url: str = "http://127.0.0.1:8000"
    encryption_keys: list[SecretStr] | None = None
    mode: Literal["development", "production"] = "development"
    cron_secret: SecretStr | None = None
    console_password_hash: SecretStr | None = None
    plugins: list[str] | None = None
    blocked_plugins: list[str] = Field(default_factory=list)
    required_plugins: list[str] = Field(default_factory=list)
    billing: str = "stripe"
    free_invoices_per_month: Annotated[int, Field(ge=0)] = 10
    cron_spread_seconds: Annotated[int, Field(ge=0)] = 1800
    metrics_token: SecretStr | None = None
    log_format: Literal["json", "console"] | None = None
    clock_offset_seconds: float = 0
    executor_lease_seconds: Annotated[float, Field(ge=1)] = 15
    """How long a process that stopped beating keeps its operations; then another takes them over."""
    wait_seconds: Annotated[float, Field(gt=0, le=25)] = 20
    """How long an interactive call waits for its operation before it answers 202."""

    @property
    def production(self) -> bool:
        """Whether unsafe defaults are refused."""
        return self.mode == "production"

    @property
    def sqlite(self) -> bool:
        """Whether the embedded database is used."""
        return self.database_url.startswith("sqlite")


def load_host_settings(**overrides: Any) -> HostSettings:  # noqa: ANN401 - values of many types
    """Read the host's settings.

    :param overrides: fields that beat every source, for tests and embedding.
    :raises ConfigurationError: naming each wrong variable, never its value; in production also every unsafe default.
    """
    settings = read_settings(HostSettings, PREFIX, overrides)
    unsafe = list(_unsafe(settings)) if settings.production else []
    if unsafe:
        raise ConfigurationError("MODE=production refuses these settings: " + "; ".join(unsafe) + ".")
    return settings


def read_settings(model: type[Model], prefix: str, overrides: dict[str, Any] | None = None) -> Model:
    """Read one model from the environment, `.env` and the secrets folder.

    :raises ConfigurationError: naming each wrong variable, never its value.
    """
    folder = Path(os.environ.get(f"{PREFIX}SECRETS_DIR", "/run/secrets"))
    try:
        return model(
            _env_prefix=prefix,
            _env_file=".env",
            _env_nested_delimiter="__",
            _secrets_dir=folder if folder.is_dir() else None,
            **(overrides or {}),
        )
    except ValidationError as error:
        wrong = (f"{prefix}{'__'.join(map(str, e['loc'])).upper()} ({e['msg']})" for e in error.errors())
        raise ConfigurationError("These settings are wrong: " + "; ".join(wrong) + ".") from None
    except ValueError as error:  # SettingsError: a list or object that is no JSON
        raise ConfigurationError(f"A setting with the prefix {prefix} is no valid JSON: {error}.") from None


def _unsafe(settings: HostSettings) -> list[str]:
    checks = {
        "ENCRYPTION_KEYS is not set": settings.encryption_keys is None,
        "PUBLIC_URL is not https": not settings.public_url.startswith("https://"),
        "CLOCK_OFFSET_SECONDS is not 0": settings.clock_offset_seconds != 0,
    }
    return [f"{PREFIX}{text}" for text, is_unsafe in checks.items() if is_unsafe]
