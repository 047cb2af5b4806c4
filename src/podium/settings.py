"""Settings: command line, then environment (`PODIUM_…`), then a TOML file, then the defaults here.

[server]                     # podium.toml
host = "127.0.0.1"           # --host            PODIUM_HOST
port = 5000                  # --port            PODIUM_PORT
data = "data"                # --data            PODIUM_DATA
database_url = "postgresql://…"  # --database-url    PODIUM_DATABASE_URL
artifact_store = "/srv/blobs"    # --artifact-store  PODIUM_ARTIFACT_STORE
workers = 1                  # --workers         PODIUM_WORKERS
log_format = "text"          # --log-format      PODIUM_LOG_FORMAT
log_level = "info"           # --log-level       PODIUM_LOG_LEVEL
allow_unauthenticated = false    # --allow-unauthenticated  PODIUM_ALLOW_UNAUTHENTICATED
version_source_pattern = "^s3://ours/"  # PODIUM_VERSION_SOURCE_PATTERN, or MLflow's own variable for it
"""

import ipaddress
import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from podium.errors import InvalidArgument

ENVIRONMENT_PREFIX = "PODIUM_"
# Variables that people who come from `mlflow server` have set already.
MLFLOW_VARIABLES = {"version_source_pattern": "MLFLOW_CREATE_MODEL_VERSION_SOURCE_VALIDATION_REGEX"}
DEFAULT_FILE = "podium.toml"


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What `podium server` needs to know. Paths are taken from the current folder."""

    host: str = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535)] = 5000
    data: str = "data"
    database_url: str | None = None
    artifact_store: str | None = None
    workers: Annotated[int, Meta(ge=1, le=64)] = 1
    log_format: Literal["json", "text"] = "text"
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    allow_unauthenticated: bool = False
    version_source_pattern: str | None = None

    @property
    def data_folder(self) -> Path:
        """The folder of the database and, by default, of the blobs."""
        return Path(self.data).resolve()

    @property
    def blob_folder(self) -> Path:
        """The folder of the blobs."""
        return Path(self.artifact_store).resolve() if self.artifact_store else self.data_folder / "blobs"


def load_settings(
    given: Mapping[str, Any], file: Path | None = None, environment: Mapping[str, str] | None = None
) -> Settings:
    """Settings from the command line's `given` (None: not given), the environment and `file`.

    Raises InvalidArgument that names the setting, where it came from, and what would be right.
    """
    environment = os.environ if environment is None else environment
    sources: dict[str, str] = {}
    merged: dict[str, Any] = {}
    for values, source in (
        (_from_file(file), f"the file {file}"),
        (_from_environment(environment), "the environment"),
        ({name: value for name, value in given.items() if value is not None}, "the command line"),
    ):
        for name, value in values.items():
            merged[name], sources[name] = value, source
    try:
        settings = msgspec.convert(merged, Settings, strict=False)
    except msgspec.ValidationError as error:
        raise InvalidArgument(_worded(str(error), sources)) from error
    _check(settings)
    return settings


def _from_file(file: Path | None) -> dict[str, Any]:
    if file is None:
        return {}
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise InvalidArgument(f"The settings file {file} cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidArgument(f"The settings file {file} is not valid TOML: {error}.") from error
    unknown = sorted(set(content) - {"server"})
    if unknown:
        raise InvalidArgument(f"The settings file {file} has an unknown section '{unknown[0]}'; known: 'server'.")
    section = content.get("server", {})
    if not isinstance(section, dict):
        raise InvalidArgument(f"'server' in the settings file {file} has to be a section: [server].")
    return section


def _from_environment(environment: Mapping[str, str]) -> dict[str, str]:
    given = {name: environment[variable] for name, variable in MLFLOW_VARIABLES.items() if environment.get(variable)}
    for name in Settings.__struct_fields__:
        if value := environment.get(ENVIRONMENT_PREFIX + name.upper()):
            given[name] = value
    return given


def _worded(problem: str, sources: Mapping[str, str]) -> str:
    for name, source in sources.items():
        if f"`{name}`" in problem or f"$.{name}`" in problem:
            return f"Setting '{name}' (from {source}) is wrong: {problem}."
    return f"A setting is wrong: {problem}."


def _check(settings: Settings) -> None:
    url = settings.database_url
    if url and not url.startswith(("postgresql://", "postgres://")):
        raise InvalidArgument(
            "Setting 'database_url' has to begin with postgresql://; leave it out for SQLite in the data folder."
        )
    if settings.workers > 1 and not url:
        raise InvalidArgument(
            "Setting 'workers': more than one needs PostgreSQL (--database-url): SQLite has one writing process."
        )
    if settings.artifact_store and "://" in settings.artifact_store:
        raise InvalidArgument("Setting 'artifact_store' has to be a folder; object stores are not supported yet.")
    try:
        re.compile(settings.version_source_pattern or "")
    except re.error as error:
        raise InvalidArgument(f"Setting 'version_source_pattern' is no regular expression: {error}.") from error
    if not is_loopback(settings.host) and not settings.allow_unauthenticated:
        raise InvalidArgument(
            f"Setting 'host': {settings.host} can be reached from other machines, and this server has no accounts. "
            "Bind to 127.0.0.1, or say --allow-unauthenticated to let everyone in who reaches it."
        )


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches `host`."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
