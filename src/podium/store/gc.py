"""What garbage collection finds and removes: rows that were deleted long ago, and what nothing refers to any more."""

from collections.abc import Sequence
from typing import Literal

import msgspec

from podium.store.artifacts import delete_files
from podium.store.dialect import for_update, is_in, list_value
from podium.store.registry_history import note_first_stages
from podium.store.teams import delete_owned
from podium.store.transaction import Tx
from podium.store.trees import folder_range

Kind = Literal["versions", "models", "artifacts", "collections", "runs", "logged_models", "projects", "files", "teams"]

# In this order: what is contained goes first, so that each container is empty when its turn comes.
KINDS: tuple[Kind, ...] = (
    "versions",
    "models",
    "artifacts",
    "collections",
    "logged_models",
    "runs",
    "projects",
    "files",
    "teams",
)


class Doomed(msgspec.Struct, frozen=True):
    """A row to remove: its key, its team, what people call it, and its project's or its own artifact location."""

    key: int
    team_id: int
    name: str
    location: str


# The first project stays: clients count on it. A project's runs and models go with it, whatever their own state.
_SELECT: dict[Kind, str] = {
    "versions": (
        "SELECT v.id, m.team_id, m.name || '/' || CAST(v.version AS TEXT), '' FROM model_versions AS v"
        " JOIN registered_models AS m ON m.id = v.model_id WHERE v.deleted_at < :before OR m.deleted_at < :before"
        " ORDER BY v.id"
    ),
    "models": (
        "SELECT m.id, m.team_id, m.name, '' FROM registered_models AS m WHERE m.deleted_at < :before"
        " AND NOT EXISTS (SELECT 1 FROM model_versions AS v WHERE v.model_id = m.id) ORDER BY m.id"
    ),
    "artifacts": (
        "SELECT v.id, p.team_id, c.name || '/' || CAST(v.id AS TEXT), '' FROM artifact_versions AS v"
        " JOIN artifact_collections AS c ON c.id = v.collection_id JOIN projects AS p ON p.id = c.project_id"
        " WHERE v.deleted_at < :before ORDER BY v.id"
    ),
    "collections": (
        "SELECT c.id, p.team_id, c.name, '' FROM artifact_collections AS c JOIN projects AS p ON p.id = c.project_id"
        " WHERE c.deleted_at < :before ORDER BY c.id"
    ),
    "logged_models": (
        "SELECT l.id, p.team_id, l.model_id, l.artifact_location FROM logged_models AS l"
        " JOIN projects AS p ON p.id = l.project_id"
        " WHERE l.deleted_at < :before OR (p.deleted_at < :before AND p.id <> 0) ORDER BY l.id"
    ),
    "runs": (
        "SELECT r.id, p.team_id, r.run_id, p.artifact_location FROM runs AS r"
        " JOIN projects AS p ON p.id = r.project_id"
        " WHERE r.deleted_at < :before OR (p.deleted_at < :before AND p.id <> 0) ORDER BY r.id"
    ),
    "projects": (
        "SELECT p.id, p.team_id, p.name, p.artifact_location FROM projects AS p"
        " WHERE p.deleted_at < :before AND p.id <> 0"
        " AND NOT EXISTS (SELECT 1 FROM runs AS r WHERE r.project_id = p.id)"
        " AND NOT EXISTS (SELECT 1 FROM logged_models AS l WHERE l.project_id = p.id) ORDER BY p.id"
    ),
    "files": (
        "SELECT f.id, f.team_id, f.path, '' FROM deleted_artifact_files AS f WHERE f.deleted_at < :before ORDER BY f.id"
    ),
    "teams": "SELECT t.id, t.id, t.name, '' FROM teams AS t WHERE t.deleted_at < :before ORDER BY t.id",
}
_TABLE: dict[Kind, str] = {
    "versions": "model_versions",
    "models": "registered_models",
    "artifacts": "artifact_versions",
    "collections": "artifact_collections",
    "logged_models": "logged_models",
    "runs": "runs",
    "projects": "projects",
    "files": "deleted_artifact_files",
    "teams": "teams",
}
# Every table whose rows refer to bytes.
REFERENCES = ("artifact_files", "deleted_artifact_files", "manifest_entries", "artifact_contents")


def select_doomed(tx: Tx, kind: Kind, before: int, limit: int) -> list[Doomed]:
    """Rows of this kind that were deleted before then, or whose container was; nobody restores them meanwhile."""
    statement = f"{_SELECT[kind]} LIMIT :limit{for_update(tx.dialect)}"
    return [Doomed(*row) for row in tx.all(statement, before=before, limit=limit)]


def delete_rows(tx: Tx, kind: Kind, keys: Sequence[int]) -> None:
    """Remove the rows with everything that belongs to them; metrics have no foreign key, for their size."""
    value = list_value(keys, tx.dialect)
    if kind == "teams":
        for key in keys:
            delete_owned(tx, key)
    if kind == "versions":
        note_first_stages(tx, keys)
    if kind == "runs":
        tx.run(f"DELETE FROM metrics WHERE {is_in('run_id', 'keys', tx.dialect)}", keys=value)
    if kind in ("runs", "logged_models"):  # what versions show of them goes with them
        tx.run("UPDATE registered_models SET revision = revision + 1")
    tx.run(f"DELETE FROM {_TABLE[kind]} WHERE {is_in('id', 'keys', tx.dialect)}", keys=value)


def delete_folder(tx: Tx, team_id: int, folder: str, at: int) -> None:
    """Remove every file below a folder for good, the deleted ones too."""
    delete_files(tx, team_id, folder, at)
    start, end = folder_range(folder)
    tx.run(
        "DELETE FROM deleted_artifact_files WHERE team_id = :team AND path >= :start AND path < :end",
        team=team_id,
        start=start,
        end=end,
    )


def delete_unused_manifests(tx: Tx, before: int, limit: int) -> int:
    """Remove manifests that no version has, made before then; how many."""
    unused = (
        "NOT EXISTS (SELECT 1 FROM model_versions WHERE model_versions.manifest_id = manifests.id)"
        " AND NOT EXISTS (SELECT 1 FROM artifact_versions WHERE artifact_versions.manifest_id = manifests.id)"
    )
    # Locked first and looked at again: a version that takes the manifest locks it too.
    keys = [
        row[0]
        for row in tx.all(
            f"SELECT id FROM manifests WHERE created_at < :before AND {unused}"
            f" ORDER BY id LIMIT :limit{for_update(tx.dialect)}",
            before=before,
            limit=limit,
        )
    ]
    here = is_in("id", "keys", tx.dialect)
    return tx.count(f"DELETE FROM manifests WHERE {here} AND {unused}", keys=list_value(keys, tx.dialect))


_EXPIRED = (
    "FROM artifact_versions AS v JOIN artifact_collections AS c ON c.id = v.collection_id"
    " JOIN projects AS p ON p.id = c.project_id"
    " WHERE v.ttl_s > 0 AND v.state = 'COMMITTED' AND v.created_at + v.ttl_s * 1000 <= :now"
    " AND NOT EXISTS (SELECT 1 FROM artifact_memberships AS o"
    " WHERE o.version_id = v.id AND o.collection_id <> v.collection_id)"
)


def has_expired_artifacts(tx: Tx, now: int) -> bool:
    """Whether `select_expired_artifacts` finds some."""
    return tx.one(f"SELECT 1 {_EXPIRED} LIMIT 1", now=now) is not None


def select_expired_artifacts(tx: Tx, now: int, limit: int) -> list[Doomed]:
    """Committed artifact versions whose time to live is over; what is linked to from elsewhere lives on."""
    rows = tx.all(
        "SELECT v.id, p.team_id, c.name || '/' || CAST(v.id AS TEXT), ''"
        f" {_EXPIRED} ORDER BY v.id LIMIT :limit{for_update(tx.dialect, 'v')}",
        now=now,
        limit=limit,
    )
    return [Doomed(*row) for row in rows]


def delete_abandoned_artifacts(tx: Tx, before: int, limit: int) -> int:
    """Remove artifact versions that were begun before then and never committed; how many."""
    return tx.count(
        "DELETE FROM artifact_versions WHERE id IN (SELECT id FROM artifact_versions"
        f" WHERE state = 'PENDING' AND created_at < :before ORDER BY id LIMIT :limit{for_update(tx.dialect)})",
        before=before,
        limit=limit,
    )


def delete_unused_contents(tx: Tx, before: int, limit: int) -> int:
    """Forget bytes of artifacts that no version lists, and that nobody put or asked for since then; how many."""
    return tx.count(
        "DELETE FROM artifact_contents WHERE id IN (SELECT k.id FROM artifact_contents AS k"
        " WHERE k.updated_at < :before"
        " AND NOT EXISTS (SELECT 1 FROM manifest_entries AS e WHERE e.digest = k.digest)"
        " AND NOT EXISTS (SELECT 1 FROM artifact_listings AS l WHERE l.md5 = k.md5)"
        " AND NOT EXISTS (SELECT 1 FROM artifact_versions AS v WHERE v.listing = k.md5)"
        f" ORDER BY k.id LIMIT :limit{for_update(tx.dialect)})",
        before=before,
        limit=limit,
    )


def select_referenced(tx: Tx, digests: Sequence[str]) -> set[str]:
    """Those of the digests that some file refers to."""
    value = list_value(digests, tx.dialect)
    union = " UNION ".join(
        f"SELECT digest FROM {table} WHERE {is_in('digest', 'digests', tx.dialect)}" for table in REFERENCES
    )
    return {row[0] for row in tx.all(union, digests=value)}


def select_manifests(tx: Tx, after: int, limit: int) -> list[tuple[int, str, int, int]]:
    """(key, digest, number of files, size) of manifests behind `after`, in order of their keys."""
    rows = tx.all(
        "SELECT id, digest, file_count, size_bytes FROM manifests WHERE id > :after ORDER BY id LIMIT :limit",
        after=after,
        limit=limit,
    )
    return [(key, digest, count, size) for key, digest, count, size in rows]
