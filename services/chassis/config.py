"""Settings: the environment, read once, checked, frozen."""

from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError


class ConfigError(Exception):
    """The environment does not describe a service that can start."""


class Settings(BaseModel):
    """What every service is told. Each setting is `KEYHOLDER_<SERVICE>_<NAME>`, or `…_FILE` naming a file with it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = "127.0.0.1"
    port: int = Field(ge=1, le=65535)
    """Where `serve` listens."""
    work_port: int = Field(ge=1, le=65535)
    """Where `work` answers health and metrics."""
    database_url: SecretStr
    """Role fenced to one tenant per transaction."""
    worker_database_url: SecretStr | None = None
    """Role whose loops cross tenants; `work` needs it, `serve` should not have it."""
    database_connections: int = Field(default=10, ge=1, le=100)
    amqp_url: SecretStr
    internal_token: SecretStr = Field(min_length=20)
    """Shared secret of service-to-service calls."""
    log_level: str = Field(default="info", pattern="^(debug|info|warning|error)$")


class MigrationSettings(BaseModel):
    """What `migrate` needs: the role that owns the tables."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    owner_database_url: SecretStr
    log_level: str = "info"


AnyModel = TypeVar("AnyModel", bound=Settings | MigrationSettings)


def load(model: type[AnyModel], service: str, environ: Mapping[str, str]) -> AnyModel:
    """Return the settings of a service from its environment.

    Raises ConfigError, naming every variable that is missing, wrong or unknown; values are never shown.
    """
    prefix = f"KEYHOLDER_{service.upper()}_"
    given = {name.removeprefix(prefix): value for name, value in environ.items() if name.startswith(prefix)}
    values = {
        (name.removesuffix("_FILE") if name.endswith("_FILE") else name).lower(): (
            _read(prefix + name, value) if name.endswith("_FILE") else value
        )
        for name, value in given.items()
    }
    if issubclass(model, Settings):
        for owners in MigrationSettings.model_fields.keys() - model.model_fields.keys():
            values.pop(owners, None)
    try:
        return model.model_validate(values)
    except ValidationError as error:
        wrong = "; ".join(f"{prefix}{'_'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in error.errors())
        raise ConfigError(wrong) from None


def _read(name: str, path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ConfigError(f"{name}: cannot read the file: {error.strerror}") from None
