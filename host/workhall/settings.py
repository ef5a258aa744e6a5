"""The host's settings: environment variables, or a ``.env`` file; contract §7 has the list.

`load_settings` is the only door: it reads, validates and fills in what development can generate (a secret, kept in
the data folder with mode 0600), so that every command that is given the same data folder sees the same system.
"""

import os
import re
import secrets
from pathlib import Path
from typing import Literal
from urllib.parse import quote

from dotenv import dotenv_values
from pydantic import (
    AliasChoices,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

__all__ = ["Settings", "SettingsError", "environment", "load_settings"]

_ENV_FILE = ".env"
_WEB = ("http://", "https://")
# What an address may begin with, by field.
_SCHEMES = {
    "redis_url": ("redis://", "rediss://", "unix://"),
    "database_url": ("postgresql://", "sqlite:///"),
    "storage_url": ("file://", "s3://"),
    "public_url": _WEB,
    "cors_origins": (*_WEB, "*"),
}


class SettingsError(Exception):
    """A setting is missing or wrong; the message names it and says how to mend it."""


class Settings(BaseSettings):
    """Every setting of the host; providers' keys belong to their plugins' own settings."""

    model_config = SettingsConfigDict(env_file=_ENV_FILE, extra="ignore", frozen=True, populate_by_name=True)

    env: Literal["development", "production"] = Field("development", validation_alias="WORKHALL_ENV")
    data_dir: Path = Field(Path(".workhall"), validation_alias="WORKHALL_DATA")
    secret_key: SecretStr = Field(SecretStr(""), validation_alias="WORKHALL_SECRET_KEY")
    plugins: str | None = Field(None, validation_alias="WORKHALL_PLUGINS", description="allow-list; empty = safe mode")
    allow_hosts: str = Field("", validation_alias="WORKHALL_ALLOW_HOSTS", description="host:port, comma-separated")
    alert_cost_usd: float = Field(10, validation_alias="WORKHALL_ALERT_COST_USD")
    shutdown_grace_s: float = Field(30, ge=0, validation_alias="WORKHALL_SHUTDOWN_GRACE")
    watchdog_grace_s: float = Field(10, gt=0, validation_alias="WORKHALL_WATCHDOG_GRACE")
    worker_memory_mb: int = Field(0, ge=0, validation_alias="WORKHALL_WORKER_MEMORY_MB")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", validation_alias="WORKHALL_LOG_LEVEL")

    redis_url: str = Field("", validation_alias="REDIS_URL")
    redis_host: str = Field("", validation_alias="REDIS_HOST")
    redis_port: int = Field(6379, validation_alias="REDIS_PORT")
    redis_password: SecretStr = Field(SecretStr(""), validation_alias="REDIS_PASSWORD")
    redis_db: int = Field(0, ge=0, validation_alias="REDIS_DB")
    database_url: str = Field("", validation_alias="DATABASE_URL")
    storage_url: str = Field("", validation_alias="STORAGE_URL")
    aws_endpoint_url: str = Field("", validation_alias="AWS_ENDPOINT_URL")
    public_url: str = Field("", validation_alias="PUBLIC_URL")
    cors_origins: str = Field("http://localhost:5173,http://localhost:3000", validation_alias="CORS_ORIGINS")
    port: int = Field(3000, ge=0, le=65535, validation_alias="PORT")

    api_processes: int = Field(1, ge=1, validation_alias="WORKHALL_API_PROCESSES")

    supabase_jwt_secret: SecretStr = Field(SecretStr(""), validation_alias="SUPABASE_JWT_SECRET")
    support_email: str = Field(
        "support@brandmenow.com", validation_alias=AliasChoices("SUPPORT_EMAIL", "support_email")
    )

    @field_validator("data_dir")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().absolute()

    @field_validator(*_SCHEMES)
    @classmethod
    def _known_scheme(cls, value: str, info: ValidationInfo) -> str:
        schemes = _SCHEMES[str(info.field_name)]
        addresses = value.split(",") if info.field_name == "cors_origins" else [value]
        for address in filter(None, map(str.strip, addresses)):
            if not re.sub("^postgres:", "postgresql:", address).startswith(schemes):
                raise ValueError(f"must start with {' or '.join(schemes)}")  # the value may hold a password
        return value

    @model_validator(mode="after")
    def _production_has_a_secret(self) -> "Settings":
        if self.env == "production" and len(self.secret_key.get_secret_value()) < 32:
            raise ValueError("WORKHALL_SECRET_KEY must be set to at least 32 characters in production")
        return self

    @property
    def redis(self) -> str:
        """The Redis address, or an empty string where the embedded server is wanted."""
        if self.redis_url or not self.redis_host:
            return self.redis_url
        password = quote(self.redis_password.get_secret_value(), safe="")
        auth = f":{password}@" if password else ""
        return f"redis://{auth}{self.redis_host}:{self.redis_port}/{self.redis_db}"

    @property
    def database(self) -> str:
        """The database address; SQLite in the data folder by default."""
        return self.database_url or f"sqlite:///{self.data_dir / 'workhall.db'}"

    @property
    def storage(self) -> str:
        """The storage address; a folder in the data folder by default."""
        return self.storage_url or (self.data_dir / "files").as_uri()

    @property
    def allowed_hosts(self) -> frozenset[tuple[str, int]]:
        """Hosts that downloads may reach although they are private, as (host, port)."""
        pairs = (item.strip().rpartition(":") for item in self.allow_hosts.split(",") if item.strip())
        return frozenset((host, int(port)) for host, _, port in pairs)

    @property
    def origins(self) -> list[str]:
        """The browser origins that may call the API and open sockets."""
        return [origin.strip() for origin in self.cors_origins.split(",") if origin.strip()]


def load_settings(data_dir: Path | None = None, **overrides: str | int) -> Settings:
    """Read the settings; ``data_dir`` and ``overrides`` (by field name) win over the environment.

    Raises:
        SettingsError: one sentence that names the setting.
    """
    given: dict[str, object] = dict(overrides)
    if data_dir is not None:
        given["data_dir"] = data_dir
    try:
        settings = Settings(**given)  # type: ignore[arg-type]
        if settings.secret_key.get_secret_value():
            return settings
        return settings.model_copy(update={"secret_key": SecretStr(_generated_secret(settings.data_dir))})
    except ValidationError as error:
        raise SettingsError(_sentence(error)) from None
    except OSError as error:
        raise SettingsError(f"The data folder cannot be used ({error}); give another one with --data.") from None


def environment() -> dict[str, str]:
    """Return the process's variables over those of the ``.env`` file: what plugins' settings are read from."""
    return {**{name: value for name, value in dotenv_values(_ENV_FILE).items() if value is not None}, **os.environ}


def _generated_secret(data_dir: Path) -> str:
    path = data_dir / "secret"
    data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_urlsafe(48))
    return path.read_text().strip()


def _sentence(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    name = ".".join(str(part) for part in first["loc"])
    detail = first["msg"].removeprefix("Value error, ")
    return f"The setting {name} is wrong: {detail}." if name else f"{detail}."
