"""Projects: what MLflow calls experiments."""

from typing import Literal

import msgspec

ViewType = Literal["active", "deleted", "all"]


class Project(msgspec.Struct, frozen=True):
    """A project with its tags. Times are milliseconds since the epoch; `deleted_at` is None while it is active."""

    id: int
    name: str
    artifact_location: str
    created_at: int
    updated_at: int
    deleted_at: int | None
    tags: dict[str, str]

    @property
    def lifecycle(self) -> Literal["active", "deleted"]:
        return "active" if self.deleted_at is None else "deleted"
