"""Settings: command line, then environment (`PODIUM_…`), then a TOML file, then the defaults here.

[server]                     # podium.toml
host = "127.0.0.1"           # --host            PODIUM_HOST
port = 5000                  # --port            PODIUM_PORT
data = "data"                # --data            PODIUM_DATA
database_url = "postgresql://…"  # --database-url    PODIUM_DATABASE_URL
artifact_store = "/srv/blobs"    # --artifact-store  PODIUM_ARTIFACT_STORE  (or "s3://bucket/prefix")
presigned_urls = true        # --presigned-urls  PODIUM_PRESIGNED_URLS
workers = 1                  # --workers         PODIUM_WORKERS
log_format = "text"          # --log-format      PODIUM_LOG_FORMAT
log_level = "info"           # --log-level       PODIUM_LOG_LEVEL
allow_unauthenticated = false    # --allow-unauthenticated  PODIUM_ALLOW_UNAUTHENTICATED
client_timeout = 60          # --client-timeout  PODIUM_CLIENT_TIMEOUT
max_connections = 1000       # --max-connections PODIUM_MAX_CONNECTIONS
version_source_pattern = "^s3://ours/"  # PODIUM_VERSION_SOURCE_PATTERN, or MLflow's own variable for it
"""

import difflib
import ipaddress
import os
import re
import socket
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

import msgspec
from msgspec import Meta

from podium.errors import InvalidArgument

ENVIRONMENT_PREFIX = "PODIUM_"
# Variables that people who come from `mlflow server` have set already.
MLFLOW_VARIABLES = {"version_source_pattern": "MLFLOW_CREATE_MODEL_VERSION_SOURCE_VALIDATION_REGEX"}
DEFAULT_FILE = "podium.toml"

_URL_LIKE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/")
# A name, and folders below it. Nothing that a URL may hold besides: credentials come from the environment.
_OBJECT_STORE = re.compile(r"(s3|gs|az)://[A-Za-z0-9][A-Za-z0-9._-]+(/(?!\.\.?(/|$))[A-Za-z0-9!_.*'()-]+)*/?")


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What `podium server` needs to know. Paths are taken from the current folder."""

    host: str = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535)] = 5000
    data: str = "data"
    database_url: str | None = None
    artifact_store: str | None = None
    presigned_urls: bool = True
    workers: Annotated[int, Meta(ge=1, le=64)] = 1
    log_format: Literal["json", "text"] = "text"
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    allow_unauthenticated: bool = False
    client_timeout: Annotated[int, Meta(ge=1, le=3600)] = 60
    max_connections: Annotated[int, Meta(ge=10, le=100_000)] = 1000
    version_source_pattern: str | None = None

    @property
    def data_folder(self) -> Path:
        """The folder of the database and, by default, of the blobs."""
        return Path(self.data).resolve()

    @property
    def object_store(self) -> str | None:
        """The URL of the object store that holds the blobs; None where a folder does."""
        return self.artifact_store if self.artifact_store and _URL_LIKE.match(self.artifact_store) else None

    @property
    def blob_folder(self) -> Path:
        """The folder of the blobs, where no object store holds them."""
        return Path(self.artifact_store).resolve() if self.artifact_store else self.data_folder / "blobs"


# What the settings take whose type does not tell it.
_TEXTS = {
    "host": "an address or a name of this machine, such as 127.0.0.1",
    "data": "a folder",
    "database_url": "a URL that begins with postgresql://; leave it out for SQLite in the data folder",
    "artifact_store": "a folder, or s3://bucket/prefix, gs://bucket/prefix or az://container/prefix",
    "version_source_pattern": "a regular expression",
}
_TYPES = {field.name: field.type for field in msgspec.structs.fields(Settings)}

# The values by setting, each with where it came from.
_Found = dict[str, tuple[Any, str]]


def load_settings(
    given: Mapping[str, Any], file: Path | None = None, environment: Mapping[str, str] | None = None
) -> Settings:
    """Settings from the command line's `given` (None: not given), the environment and `file`.

    Raises InvalidArgument that names the setting, where it came from, and what would be right.
    """
    found = {
        **_from_file(file),
        **_from_environment(os.environ if environment is None else environment),
        **{name: (value, "the command line") for name, value in given.items() if value is not None},
    }
    settings = Settings(**{name: _converted(name, value, source) for name, (value, source) in found.items()})
    _check(settings, {name: source for name, (_, source) in found.items()})
    return settings


def _from_file(file: Path | None) -> _Found:
    if file is None:
        return {}
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise InvalidArgument(f"The settings file {file} cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidArgument(f"The settings file {file} is not valid TOML: {error}.") from error
    section = _section(content, file)
    for name in section:
        if name not in _TYPES:
            meant = _nearest(name)
            hint = f"did you mean '{meant}'?" if meant else f"known: {_listed(_TYPES, 'and')}."
            raise InvalidArgument(f"There is no setting '{name}' (from the file {file}); {hint}")
    return {name: (value, f"the file {file}") for name, value in section.items()}


def _section(content: Mapping[str, Any], file: Path) -> dict[str, Any]:
    for name, value in content.items():
        if name == "server":
            continue
        if isinstance(value, dict):
            raise InvalidArgument(f"The settings file {file} has an unknown section '{name}'; known: 'server'.")
        raise InvalidArgument(
            f"'{name}' in the settings file {file} is outside its section: put it under a line [server]."
        )
    section = content.get("server", {})
    if not isinstance(section, dict):
        raise InvalidArgument(f"'server' in the settings file {file} has to be a section: [server].")
    return section


def _from_environment(environment: Mapping[str, str]) -> _Found:
    ours = {name: ENVIRONMENT_PREFIX + name.upper() for name in _TYPES}
    _refuse_misspelt(set(environment) - set(ours.values()))
    return {
        name: (environment[variable], f"the variable {variable}")
        for variables in (MLFLOW_VARIABLES, ours)
        for name, variable in variables.items()
        if environment.get(variable)
    }


def _refuse_misspelt(variables: Iterable[str]) -> None:
    """Only near misses: PODIUM_URL, PODIUM_SECRET_KEY and others are read elsewhere."""
    for variable in sorted(variables):
        if not variable.startswith(ENVIRONMENT_PREFIX):
            continue
        if meant := _nearest(variable.removeprefix(ENVIRONMENT_PREFIX).lower()):
            raise InvalidArgument(
                f"There is no setting for the variable {variable}; did you mean {ENVIRONMENT_PREFIX}{meant.upper()}?"
            )


def _nearest(name: str) -> str | None:
    # 0.75 is two letters of four swapped.
    return next(iter(difflib.get_close_matches(name, _TYPES, n=1, cutoff=0.75)), None)


def _converted(name: str, value: object, source: str) -> Any:
    try:
        return msgspec.convert(value, _TYPES[name], strict=False)
    except msgspec.ValidationError as error:
        raise _wrong(name, source, f"has to be {_taken(name)}") from error


def _taken(name: str) -> str:
    """What the setting takes, in words."""
    kind = _TYPES[name]
    if kind is bool:
        return "true or false"
    if get_origin(kind) is Literal:
        return _listed(get_args(kind), "or")
    if get_origin(kind) is Annotated:
        bounds = get_args(kind)[1]
        return f"a whole number from {bounds.ge} to {bounds.le}"
    return _TEXTS[name]


def _listed(words: Iterable[str], conjunction: str) -> str:
    *others, last = words
    return f"{', '.join(others)} {conjunction} {last}"


def _wrong(name: str, source: str, problem: str) -> InvalidArgument:
    return InvalidArgument(f"Setting '{name}' (from {source}) {problem}.")


def _check(settings: Settings, sources: Mapping[str, str]) -> None:
    """What the types do not tell. The defaults pass, so that what is wrong has a source."""
    url = settings.database_url
    if url and not url.startswith(("postgresql://", "postgres://")):
        raise _wrong("database_url", sources["database_url"], f"has to be {_taken('database_url')}")
    if settings.workers > 1 and not url:
        problem = "has to be 1 with SQLite, which has one writing process: more need PostgreSQL (--database-url)"
        raise _wrong("workers", sources["workers"], problem)
    if settings.object_store and not _OBJECT_STORE.fullmatch(settings.object_store):
        raise _wrong("artifact_store", sources["artifact_store"], f"has to be {_taken('artifact_store')}")
    try:
        re.compile(settings.version_source_pattern or "")
    except re.error as error:
        problem = f"has to be a regular expression: {error}"
        raise _wrong("version_source_pattern", sources["version_source_pattern"], problem) from error
    if not is_loopback(settings.host) and not settings.allow_unauthenticated and not _resolves(settings.host):
        problem = f"has to be {_taken('host')}: '{settings.host}' does not resolve"
        raise _wrong("host", sources["host"], problem)


def _resolves(host: str) -> bool:
    try:
        socket.getaddrinfo(host, None)
    except (OSError, ValueError):  # ValueError: no name is written like that
        return False
    return True


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches `host`."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
