"""Versioned artifacts: collections, their versions, and the aliases by which versions are found."""

import re
from typing import Literal

import msgspec

from podium.domain.history import parse_object
from podium.domain.manifests import ManifestEntry
from podium.domain.names import check_text
from podium.errors import InvalidArgument

# A sequence holds the versions that were logged under its name; a portfolio links to versions of others.
Kind = Literal["sequence", "portfolio"]
# What a run did with a version: it read or made it.
Direction = Literal["input", "output"]
State = Literal["PENDING", "COMMITTED", "DELETED"]

LATEST = "latest"
MAX_NAME = 128
REGION = "default"
TTL_DISABLED, TTL_INHERITED = -2, -1

_VERSION = re.compile(r"v(0|[1-9]\d{0,17})", re.ASCII)
_TAG = re.compile(r"[-\w]+( +[-\w]+)*")


class Place(msgspec.Struct, frozen=True):
    """The project that a collection is in, and the project's team."""

    project_id: int
    project: str
    team: str


class ArtifactType(msgspec.Struct, frozen=True):
    """What kind of thing the versions of a collection are."""

    id: int
    name: str
    created_at: int


class Collection(msgspec.Struct, frozen=True):
    """A collection, and the type of all its versions."""

    id: int
    kind: Kind
    name: str
    description: str | None
    created_at: int
    updated_at: int
    artifact_type: ArtifactType
    place: Place
    tags: tuple[str, ...] = ()

    @property
    def type(self) -> str:
        """The name of the type."""
        return self.artifact_type.name


class Alias(msgspec.Struct, frozen=True):
    """A name within a collection for one of its versions."""

    id: int
    alias: str
    collection: Collection


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """A version with everything that is shown of it. `number` is that in its sequence, None until it is committed."""

    id: int
    sequence: Collection
    number: int | None
    state: State
    digest: str
    description: str | None
    metadata: str | None
    ttl_s: int | None
    history_step: int | None
    run_id: int | None
    user_id: str
    listing: str | None
    manifest_id: int | None
    size_bytes: int
    file_count: int
    created_at: int
    updated_at: int
    tags: tuple[str, ...] = ()
    aliases: tuple[Alias, ...] = ()


class Membership(msgspec.Struct, frozen=True):
    """A version's place in a collection, with its number there."""

    id: int
    collection: Collection
    number: int
    created_at: int
    version: Version

    @property
    def aliases(self) -> tuple[Alias, ...]:
        """The version's aliases within this collection."""
        return tuple(alias for alias in self.version.aliases if alias.collection.id == self.collection.id)


class ListedFile(msgspec.Struct, frozen=True):
    """A file of a version, by its hexadecimal MD5 and its SHA-256.

    Or, with a URL, what lies there: then there is no MD5, and the digest is whatever the client made.
    """

    path: str
    digest: str
    size_bytes: int
    md5: str = ""
    url: str | None = None

    @property
    def entry(self) -> ManifestEntry:
        """The file as downloads know it."""
        return ManifestEntry(self.path, self.digest, self.size_bytes)


class RunRef(msgspec.Struct, frozen=True):
    """A run's key, and the project that it is in."""

    id: int
    place: Place


class CollectionScope(msgspec.Struct, frozen=True):
    """The collections of a project, or those of one type there."""

    project_id: int
    type_name: str | None = None


def check_collection_name(name: str) -> None:
    """Raise InvalidArgument unless `name` can name a collection."""
    _check_name("artifact name", name, "/:")


def check_type_name(name: str) -> None:
    """Raise InvalidArgument unless `name` can name a type."""
    _check_name("artifact type", name, "/:")


def check_alias(alias: str) -> None:
    """Raise InvalidArgument unless `alias` can be set: a version's own number cannot."""
    _check_name("artifact alias", alias, "/:")
    if _VERSION.fullmatch(alias):
        raise InvalidArgument(f"'{alias}' is no valid artifact alias: versions are numbered by the server.")


def check_tag(tag: str) -> None:
    """Raise InvalidArgument unless `tag` is one."""
    _check_name("tag", tag, "")
    if not _TAG.fullmatch(tag):
        raise InvalidArgument(f"'{tag}' is no valid tag: letters, digits, '-' and '_' are, and spaces between them.")


def check_metadata(metadata: str | None) -> None:
    """Raise InvalidArgument unless it is a JSON object, as who reads a version expects."""
    if metadata is not None:
        check_text("metadata", metadata)
        parse_object(metadata, "metadata")


def check_region(region: str | None) -> None:
    """Raise InvalidArgument for a place to store files that there is not."""
    if region and region != REGION:
        raise InvalidArgument(f"There is no storage region '{region[:100]}': this server has one, '{REGION}'.")


def parse_reference(name: str) -> tuple[str, str]:
    """The collection and the alias that `collection:alias` names; without an alias it is the latest."""
    collection, _, alias = name.partition(":")
    return collection, alias or LATEST


def version_number(alias: str) -> int | None:
    """The number that `v3` names; None for what is no number."""
    match = _VERSION.fullmatch(alias)
    return int(match[1]) if match else None


def ttl_of(given: int | None) -> int | None:
    """What is kept of a time to live: seconds, `TTL_DISABLED`, or None for that of the team. Raises InvalidArgument."""
    if given is None or given == TTL_INHERITED:
        return None
    if given <= 0 and given != TTL_DISABLED:
        raise InvalidArgument(f"'ttlDurationSeconds' is {given}: expected seconds, -1 (inherited) or -2 (none).")
    return given


def _check_name(what: str, name: str, forbidden: str) -> None:
    check_text(what, name)
    if not name or len(name) > MAX_NAME or any(character in forbidden for character in name):
        no = f", without {' and '.join(repr(character) for character in forbidden)}" if forbidden else ""
        raise InvalidArgument(f"'{name[:200]}' is no valid {what}: expected 1 to {MAX_NAME} characters{no}.")
