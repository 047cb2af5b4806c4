"""Rows of versions that were logged at the same time as others with the same content, and lead to those."""

from podium.store.transaction import Tx


def is_kept(tx: Tx, key: int) -> bool:
    """Whether a version is one of its own, even with content that another has."""
    return bool(tx.value("SELECT kept FROM artifact_versions WHERE id = :key", key=key))


def find_same(tx: Tx, key: int) -> int | None:
    """The version that a deleted one leads to."""
    found: int | None = tx.value("SELECT same_as FROM artifact_versions WHERE id = :key", key=key)
    return found


def merge_into(tx: Tx, key: int, same: int, at: int) -> None:
    """Let a pending version be another one: what is known of it, and who calls it by a name, is the other's."""
    tx.run(
        "UPDATE artifact_versions SET state = 'DELETED', same_as = :same, deleted_at = :at, updated_at = :at"
        " WHERE id = :key",
        key=key,
        same=same,
        at=at,
    )
    tx.run("UPDATE artifact_client_ids SET version_id = :same WHERE version_id = :key", key=key, same=same)
    tx.run(
        "INSERT INTO run_artifacts (run_id, direction, version_id, created_at) SELECT run_id, direction, :same,"
        " created_at FROM run_artifacts WHERE version_id = :key ON CONFLICT DO NOTHING",
        key=key,
        same=same,
    )
    tx.run("DELETE FROM run_artifacts WHERE version_id = :key", key=key)
    tx.run(
        "INSERT INTO artifact_version_tags (version_id, tag) SELECT :same, tag FROM artifact_version_tags"
        " WHERE version_id = :key ON CONFLICT DO NOTHING",
        key=key,
        same=same,
    )
