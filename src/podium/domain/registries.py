"""Registries: projects of an organization that artifacts are linked into, and how models show in one of them.

The registry of models shows what is registered. Its versions are numbered from 0, a model's from 1; a tag without a
value shows as its key, others as `key=value`; `latest` is always the newest version.
"""

from typing import Literal

import msgspec

from podium.domain.registry import Tags

Access = Literal["PRIVATE", "RESTRICTED"]
MemberRole = Literal["admin", "member", "viewer", "restricted_viewer"]

PREFIX = "wandb-registry-"
MODELS = f"{PREFIX}model"  # the registry that shows registered models
MODEL_TYPE = "model"

# Tags that clients keep for themselves.
_INTERNAL = "mlflow."


class Synced(msgspec.Struct, frozen=True):
    """What an artifact has of a registered version."""

    description: str | None
    tags: list[str]


def is_registry(project: str) -> bool:
    """Whether a project of this name is a registry."""
    return project.startswith(PREFIX)


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
