"""Registries: projects of an organization that artifacts are linked into, and how models show in one of them.

The registry of models shows what is registered. Its versions are numbered from 0, a model's from 1; a tag without a
value shows as its key, others as `key=value`; `latest` is always the newest version.
"""

from typing import Literal

import msgspec

from podium.domain.registry import Tags
from podium.errors import InvalidArgument

Access = Literal["PRIVATE", "RESTRICTED"]
MemberRole = Literal["admin", "member", "viewer", "restricted_viewer"]

ROLES: tuple[MemberRole, ...] = ("admin", "member", "viewer", "restricted_viewer")  # the highest first
ACCESSES: tuple[Access, ...] = ("PRIVATE", "RESTRICTED")

PREFIX = "wandb-registry-"
MODELS = f"{PREFIX}model"  # the registry that shows registered models
MODEL_TYPE = "model"

# Tags that clients keep for themselves.
_INTERNAL = "mlflow."


class Registry(msgspec.Struct, frozen=True, kw_only=True):
    """A registry with everything that is shown of it. `types` are those it has, and allows if not all are."""

    id: int
    name: str
    team: str
    organization: str
    description: str | None
    access: Access
    allows_all_types: bool
    types: tuple[str, ...]
    created_at: int
    updated_at: int


class UserMember(msgspec.Struct, frozen=True):
    """A user of a registry."""

    user_id: int
    user: str
    email: str | None
    role: MemberRole


class Synced(msgspec.Struct, frozen=True):
    """What an artifact has of a registered version."""

    description: str | None
    tags: list[str]


def is_registry(project: str) -> bool:
    """Whether a project of this name is a registry."""
    return project.startswith(PREFIX)


def check_member_role(role: str) -> MemberRole:
    """The role of this name. Raises InvalidArgument."""
    for known in ROLES:
        if known == role:
            return known
    raise InvalidArgument(f"'{role[:100]}' is no role in a registry: expected one of {', '.join(ROLES)}.")


def check_access(access: str) -> Access:
    """What is meant by the access of a registry. Raises InvalidArgument."""
    for known in ACCESSES:
        if known == access:
            return known
    raise InvalidArgument(f"'{access[:100]}' is no access of a registry: expected PRIVATE or RESTRICTED.")


def shown_tags(tags: Tags) -> list[str]:
    """A model's or version's tags as those of an artifact."""
    return sorted(_shown(key, value) for key, value in tags.items() if not key.startswith(_INTERNAL))


def parse_tag(tag: str) -> tuple[str, str]:
    """The key and the value of a model's tag that an artifact shows so."""
    key, _, value = tag.partition("=")
    return key, value


def shown_number(version: int) -> int:
    """What a model's version is numbered in a collection."""
    return version - 1


def version_of(number: int) -> int:
    """The model's version with this number in a collection."""
    return number + 1


def _shown(key: str, value: str) -> str:
    return f"{key}={value}" if value else key


def check_registry_name(name: str) -> None:
    """Raise InvalidArgument for a name under which a registry would be none any more."""
    if not is_registry(name):
        raise InvalidArgument(f"'{name[:200]}' is no name of a registry: expected it to begin with '{PREFIX}'.")


def check_plain_name(name: str) -> None:
    """Raise InvalidArgument for a name that only registries have."""
    if is_registry(name):
        raise InvalidArgument(nothing_begins(name))


def nothing_begins(name: str) -> str:
    """The refusal of what belongs into ordinary projects. It says the same of registries that are not there."""
    return (
        f"'{name[:200]}' is the name of a registry: log into a project of another name, and link the artifact into the "
        "registry."
    )
