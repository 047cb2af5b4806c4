"""Registered models and their versions: the values, and which names and numbers are valid.

Times are milliseconds since the epoch. A prompt is a registered model with a tag that says so: it is listed apart,
and its versions hold text in their tags instead of files.
"""

import posixpath
from typing import Literal

import msgspec

from podium.domain.names import MAX_REGISTRY_TAG_VALUE, check_length, check_tag, check_text
from podium.domain.stages import Stage
from podium.errors import InvalidArgument

PROMPT_TAG = "mlflow.prompt.is_prompt"
PROMPT_TEXT_TAG = "mlflow.prompt.text"
PROMPT_SOURCES = frozenset({"dummy-source", "prompt-template"})

MAX_MODEL_NAME = 256
MAX_DESCRIPTION = 100_000
MAX_VERSION = 2**63 - 1

Tags = dict[str, str]
Files = Literal["snapshot", "external"]


class LoggedMetric(msgspec.Struct, frozen=True):
    """A metric of the logged model that a version was made of."""

    key: str
    value: float
    timestamp: int
    step: int
    run_id: str
    dataset_name: str | None
    dataset_digest: str | None


class ModelVersion(msgspec.Struct, frozen=True):
    """A version of a registered model.

    `source` is what the caller gave; `location` is where that led to. `manifest_id` is the immutable snapshot of the
    files, None when there was no file on this server to take one of.
    """

    id: int
    model_id: int
    name: str
    version: int
    description: str | None
    user_id: str | None
    source: str
    location: str
    run_id: str | None
    run_link: str | None
    logged_model_id: str | None
    stage: Stage
    status: str
    status_message: str | None
    manifest_id: int | None
    created_at: int
    updated_at: int
    tags: Tags = {}
    aliases: tuple[str, ...] = ()
    params: Tags = {}
    metrics: tuple[LoggedMetric, ...] = ()

    @property
    def files(self) -> Files:
        return "external" if self.manifest_id is None else "snapshot"

    @property
    def download_uri(self) -> str:
        """Where a client reads the files: under the version's own immutable path, or where they lie outside."""
        return self.location if self.manifest_id is None else f"mlflow-artifacts:/registry/{self.id}"


class RegisteredModel(msgspec.Struct, frozen=True):
    """A registered model; `aliases` are alias -> version number, `latest` has the newest version of each stage."""

    id: int
    name: str
    description: str | None
    created_at: int
    updated_at: int
    tags: Tags
    aliases: dict[str, int]
    latest: tuple[ModelVersion, ...]

    @property
    def is_prompt(self) -> bool:
        return is_prompt(self.tags)


class NewVersion(msgspec.Struct, frozen=True):
    """What a caller says of a version to be created. None is "not given", which an empty text is not."""

    name: str
    source: str
    run_id: str | None = None
    logged_model_id: str | None = None
    run_link: str | None = None
    description: str | None = None
    tags: Tags = {}


PlaceKind = Literal["stage", "alias"]


class Place(msgspec.Struct, frozen=True):
    """Where a version can stand: in a stage, or under an alias."""

    kind: PlaceKind
    name: str


class Standing(msgspec.Struct, frozen=True):
    """A version that stood in a stage or under an alias: since when, and who put it there."""

    name: str
    version: int
    since: int
    actor: str


def is_prompt(tags: Tags) -> bool:
    """Whether a model or version with these tags is a prompt."""
    return tags.get(PROMPT_TAG, "").lower() == "true"


def check_model_name(name: str, path: str = "name") -> None:
    """Raise InvalidArgument unless `name` can name a registered model."""
    if not name.strip():
        raise InvalidArgument(f"Missing value for required parameter '{path}'.")
    if "/" in name or ":" in name:
        raise InvalidArgument(f"Invalid model name '{name}'. Names cannot contain '/' or ':'.")
    normal = posixpath.normpath(name)
    if normal != name or normal == "." or normal.startswith(".."):
        raise InvalidArgument(
            f"Invalid value \"{name}\" for parameter 'name' supplied: Names may be treated as files in certain "
            f"cases, and must not resolve to other names when treated as such. This name would resolve to {normal!r}"
        )
    check_length(path, name, MAX_MODEL_NAME)
    check_text(path, name)


def parse_version(raw: str | int) -> int:
    """A version number as clients send it. Raises InvalidArgument."""
    try:
        number = int(raw)
    except ValueError:
        raise InvalidArgument(f"Parameter 'version' must be an integer, got '{raw}'.") from None
    if abs(number) > MAX_VERSION:
        raise InvalidArgument(f"Parameter 'version' must be a 64-bit integer, got '{raw}'.")
    return number


def check_tags(tags: Tags) -> None:
    """Raise InvalidArgument unless each is a valid tag of a model or version."""
    for key, value in tags.items():
        check_registry_tag(key, value)


def check_registry_tag(key: str, value: str) -> None:
    """Raise InvalidArgument unless this is a valid tag of a model or version."""
    if key == PROMPT_TEXT_TAG and len(value) > MAX_REGISTRY_TAG_VALUE:
        raise InvalidArgument(f"Prompt text exceeds max length of {MAX_REGISTRY_TAG_VALUE} characters.")
    check_tag(key, value, MAX_REGISTRY_TAG_VALUE, path="key")


def check_description(description: str | None) -> None:
    """Raise InvalidArgument when a description is over its limit or no text."""
    if description is not None:
        check_length("description", description, MAX_DESCRIPTION)
        check_text("description", description)
