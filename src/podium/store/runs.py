"""Rows of runs."""

from podium.store.transaction import Tx


def update_deleted_of_project(tx: Tx, project_id: int, deleted_at: int | None, was_deleted_at: int | None) -> None:
    """Mark a project's active runs deleted, or bring those back that were deleted together with it."""
    tx.run(
        "UPDATE runs SET deleted_at = :deleted WHERE project_id = :project"
        + (" AND deleted_at IS NULL" if was_deleted_at is None else " AND deleted_at = :was"),
        deleted=deleted_at,
        project=project_id,
        was=was_deleted_at,
    )
