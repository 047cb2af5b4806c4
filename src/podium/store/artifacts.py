"""Rows of the living files, one tree a team, and of those deleted or replaced that can still be restored."""

import msgspec

from podium.domain.manifests import ManifestEntry
from podium.store.dialect import place_locks
from podium.store.registries import outside
from podium.store.transaction import Tx
from podium.store.trees import find_file, folder_range, select_files, team_tree


def keep_files(tx: Tx, team_id: int, place: str) -> list[ManifestEntry]:
    """Every file below the folder `place`, with paths relative to it, or else the one file there, by its name.

    None of them is removed until this transaction ends: what it makes of them is then found by garbage collection.
    """
    tree = team_tree(team_id)
    files = select_files(tx, tree, place, keep=True)
    tx.expect(len(files))
    if not files and (file := find_file(tx, tree, place, keep=True)) is not None:
        files = [msgspec.structs.replace(file, path=place.rpartition("/")[2])]
    return files


def lock_place(tx: Tx, team_id: int, path: str) -> None:
    """Until this transaction ends no other one changes the file at `path`, or anything below it.

    What such a change would find there, a file or none, is not a row that could be locked.
    """
    segments = path.split("/")
    folders = [f"{team_id}/{'/'.join(segments[:depth])}" for depth in range(len(segments))] if path else []
    for statement in place_locks(tx.dialect):
        tx.all(statement, folders=folders, place=f"{team_id}/{path}")


def upsert_file(tx: Tx, team_id: int, file: ManifestEntry, at: int) -> None:
    """Put the file at its path. What it replaces is kept among the deleted files."""
    values: dict[str, str | int] = {
        "team": team_id,
        "path": file.path,
        "digest": file.digest,
        "size": file.size_bytes,
        "at": at,
    }
    inserted = tx.count(
        "INSERT INTO artifact_files (team_id, path, digest, size_bytes, updated_at)"
        " VALUES (:team, :path, :digest, :size, :at) ON CONFLICT (team_id, path) DO NOTHING",
        **values,
    )
    if not inserted:  # most files are new: they cost one statement
        _replace_file(tx, values)


def _replace_file(tx: Tx, values: dict[str, str | int]) -> None:
    tx.run(
        "INSERT INTO deleted_artifact_files (team_id, path, digest, size_bytes, updated_at, deleted_at)"
        " SELECT team_id, path, digest, size_bytes, updated_at, :at FROM artifact_files"
        " WHERE team_id = :team AND path = :path AND digest <> :digest",
        **values,
    )
    tx.run(
        "UPDATE artifact_files SET digest = :digest, size_bytes = :size, updated_at = :at"
        " WHERE team_id = :team AND path = :path",
        **values,
    )


def find_obstacle(tx: Tx, team_id: int, path: str) -> str | None:
    """A file that leaves no room for one at `path`: where it would need a folder, or below it."""
    segments = path.split("/")
    folders = {f"folder_{depth}": "/".join(segments[:depth]) for depth in range(1, len(segments))}
    names = ", ".join(f":{name}" for name in folders) or "NULL"
    start, end = folder_range(path)
    found: str | None = tx.value(
        f"SELECT path FROM artifact_files WHERE team_id = :team AND path IN ({names})"
        " UNION ALL SELECT path FROM artifact_files WHERE team_id = :team AND path >= :start AND path < :end LIMIT 1",
        team=team_id,
        start=start,
        end=end,
        **folders,
    )
    return found


def delete_files(tx: Tx, team_id: int, path: str, at: int) -> int:
    """Move the file at `path`, or every file below it ("" is the whole tree), to the deleted ones; how many."""
    start, end = folder_range(path)
    where = "team_id = :team AND (path = :path OR (path >= :start AND path < :end))"
    tx.run(
        "INSERT INTO deleted_artifact_files (team_id, path, digest, size_bytes, updated_at, deleted_at)"
        f" SELECT team_id, path, digest, size_bytes, updated_at, :at FROM artifact_files WHERE {where}",
        team=team_id,
        path=path,
        start=start,
        end=end,
        at=at,
    )
    return tx.count(f"DELETE FROM artifact_files WHERE {where}", team=team_id, path=path, start=start, end=end)


def restorable_files(tx: Tx, team_id: int, path: str) -> list[tuple[int, ManifestEntry]]:
    """The newest deleted file of each path at or below `path` where no file lives now, with its row's key."""
    start, end = folder_range(path)
    rows = tx.all(
        "SELECT id, path, digest, size_bytes FROM deleted_artifact_files AS gone"
        " WHERE team_id = :team AND (path = :path OR (path >= :start AND path < :end))"
        " AND NOT EXISTS (SELECT 1 FROM artifact_files AS living"
        " WHERE living.team_id = gone.team_id AND living.path = gone.path)"
        " ORDER BY path, id",
        team=team_id,
        path=path,
        start=start,
        end=end,
    )
    newest = {row[1]: (row[0], ManifestEntry(*row[1:])) for row in rows}
    return list(newest.values())


def take_deleted(tx: Tx, key: int) -> bool:
    """Remove the row of a deleted file, to put the file back; whether it was still there."""
    return tx.count("DELETE FROM deleted_artifact_files WHERE id = :id", id=key) > 0


def find_run_location(tx: Tx, team_id: int, run_id: str) -> str | None:
    """The artifact location of the project of the team's run with this public id."""
    found: str | None = tx.value(
        "SELECT projects.artifact_location FROM runs JOIN projects ON projects.id = runs.project_id"
        f" WHERE runs.run_id = :run AND projects.team_id = :team AND {outside('projects.id')}",
        run=run_id,
        team=team_id,
    )
    return found


def find_logged_model_location(tx: Tx, team_id: int, model_id: str) -> str | None:
    """The artifact URI of the team's logged model with this public id."""
    found: str | None = tx.value(
        "SELECT logged_models.artifact_location FROM logged_models"
        " JOIN projects ON projects.id = logged_models.project_id"
        f" WHERE logged_models.model_id = :model AND projects.team_id = :team AND {outside('projects.id')}",
        model=model_id,
        team=team_id,
    )
    return found


def find_version_location(tx: Tx, team_id: int, name: str, version: int) -> tuple[int, int | None, str] | None:
    """The key of the team's model version, its manifest, and where its files came from."""
    row = tx.one(
        "SELECT model_versions.id, model_versions.manifest_id, model_versions.location FROM model_versions"
        " JOIN registered_models ON registered_models.id = model_versions.model_id"
        " WHERE registered_models.team_id = :team AND registered_models.name = :name"
        " AND registered_models.deleted_at IS NULL"
        " AND model_versions.version = :version AND model_versions.deleted_at IS NULL",
        team=team_id,
        name=name,
        version=version,
    )
    return None if row is None else (row[0], row[1], row[2])
