"""Rows of registries and of who belongs to them."""

import msgspec

from podium.domain.registries import Access
from podium.store.transaction import Tx


class RegistryRow(msgspec.Struct, frozen=True):
    """What makes a project a registry."""

    project_id: int
    access: Access
    allows_all_types: bool


def insert_registry(tx: Tx, project_id: int, *, access: Access, allows_all_types: bool) -> None:
    """Make a project a registry; one that is one already stays as it is."""
    tx.run(
        "INSERT INTO registries (project_id, access, allows_all_types) VALUES (:project, :access, :all)"
        " ON CONFLICT DO NOTHING",
        project=project_id,
        access=access,
        all=int(allows_all_types),
    )


def update_registry(tx: Tx, project_id: int, access: Access, allows_all_types: bool) -> None:  # noqa: FBT001  a column
    """Write what a registry allows."""
    tx.run(
        "UPDATE registries SET access = :access, allows_all_types = :all WHERE project_id = :project",
        project=project_id,
        access=access,
        all=int(allows_all_types),
    )


def find_registry(tx: Tx, project_id: int) -> RegistryRow | None:
    """What makes a project a registry; None for one that is none."""
    row = tx.one(
        "SELECT project_id, access, allows_all_types FROM registries WHERE project_id = :project", project=project_id
    )
    return None if row is None else RegistryRow(row[0], row[1], bool(row[2]))
