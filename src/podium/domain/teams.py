"""Teams: what MLflow calls workspaces. Nothing of a team is visible to another."""

import re
from typing import Literal

import msgspec

from podium.domain import names
from podium.domain.access import DEFAULT_TEAM
from podium.errors import InvalidArgument

TeamKind = Literal["team", "user", "organization"]
DeletionMode = Literal["RESTRICT", "CASCADE", "SET_DEFAULT"]

MAX_DESCRIPTION = 5_000
MAX_ROOT = 2_048

_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_RESERVED = {"workspaces", "api", "ajax-api", "static-files"}
_ROOT = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]+:|/")


class Team(msgspec.Struct, frozen=True):
    """A team. `default_artifact_root` is where its new projects put their files, None for this server.

    A user has a team for itself, and an organization one for what its members have in common.
    """

    id: int
    name: str
    description: str | None
    default_artifact_root: str | None
    kind: TeamKind = "team"
    organization_id: int | None = None


def check_team_name(name: str) -> None:
    """Raise InvalidArgument unless `name` can name a team: it becomes a part of URLs and paths."""
    if name == DEFAULT_TEAM:
        return
    if not 2 <= len(name) <= 63:
        raise InvalidArgument(f"Workspace name '{name[:100]}' must be between 2 and 63 characters.")
    if not _NAME.fullmatch(name):
        raise InvalidArgument(
            f"Workspace name '{name}' must match the pattern ^{_NAME.pattern}$ "
            "(lowercase alphanumeric with optional internal hyphens)."
        )
    if name in _RESERVED:
        raise InvalidArgument(f"Workspace name '{name}' is reserved and cannot be used.")


def check_description(description: str) -> None:
    """Raise InvalidArgument unless it can be stored."""
    names.check_length("description", description, MAX_DESCRIPTION)
    names.check_text("description", description)


def valid_root(root: str) -> str:
    """The artifact root to store, "" for none. A relative path would mean another folder at each client."""
    root = root.strip()
    if not root:
        return ""
    names.check_length("default_artifact_root", root, MAX_ROOT)
    names.check_text("default_artifact_root", root)
    if any(mark in root for mark in "#;?"):
        raise InvalidArgument("'default_artifact_root' URL can't include fragments, params or a query.")
    if root.startswith("runs:"):
        raise InvalidArgument(f"Artifact location cannot be a runs:/ URI. Given: '{root}'")
    if not _ROOT.match(root):
        raise InvalidArgument(
            "Invalid value for 'default_artifact_root'. Expected a URI (for example 's3://bucket/prefix' or "
            f"'mlflow-artifacts:/prefix') or an absolute path, got '{root}'."
        )
    return root
