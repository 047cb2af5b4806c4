"""Rows of artifact collections, with their types and tags."""

from collections.abc import Sequence

import msgspec

from podium.domain.artifact_collections import ArtifactType, Collection, Kind, Place
from podium.store.dialect import for_update, is_in, list_value
from podium.store.transaction import Row, Tx

# What `collection_of` reads, of tables that are joined under these names.
COLUMNS = (
    "c.id, c.kind, c.name, c.description, c.created_at, c.updated_at, ct.id, ct.name, ct.created_at, cp.id, cp.name,"
    " ce.name"
)
WIDTH = 12
JOINED = (
    "JOIN artifact_types AS ct ON ct.id = c.type_id JOIN projects AS cp ON cp.id = c.project_id"
    " JOIN teams AS ce ON ce.id = cp.team_id"
)
_LIVING = "c.deleted_at IS NULL AND cp.deleted_at IS NULL"


def collection_of(row: Row) -> Collection:
    """The collection in a row of `COLUMNS`, without its tags."""
    key, kind, name, description, created_at, updated_at = row[:6]
    type_, place = ArtifactType(*row[6:9]), Place(*row[9:WIDTH])
    return Collection(key, kind, name, description, created_at, updated_at, type_, place)


def find_collection(tx: Tx, project_id: int, name: str, *, lock: bool = False) -> Collection | None:
    """The project's collection of this name."""
    row = tx.one(
        f"SELECT {COLUMNS} FROM artifact_collections AS c {JOINED}"
        f" WHERE c.project_id = :project AND c.name = :name AND {_LIVING}"
        + (for_update(tx.dialect, "c") if lock else ""),
        project=project_id,
        name=name,
    )
    return None if row is None else collection_of(row)


def find_collection_by_key(tx: Tx, key: int) -> Collection | None:
    """The collection with this key, with its tags."""
    found = load_collections(tx, [key])
    return found[0] if found else None


def lock_collection(tx: Tx, key: int) -> None:
    """Let a collection stay as it is until this transaction ends."""
    tx.run(f"SELECT 1 FROM artifact_collections WHERE id = :key{for_update(tx.dialect)}", key=key)


def load_collections(tx: Tx, keys: Sequence[int]) -> list[Collection]:
    """Those of the collections that are there, with their tags, in the order of the keys."""
    value = list_value(keys, tx.dialect)
    rows = tx.all(
        f"SELECT {COLUMNS} FROM artifact_collections AS c {JOINED}"
        f" WHERE {is_in('c.id', 'keys', tx.dialect)} AND {_LIVING}",
        keys=value,
    )
    tags: dict[int, list[str]] = {}
    for key, tag in tx.all(
        "SELECT collection_id, tag FROM artifact_collection_tags"
        f" WHERE {is_in('collection_id', 'keys', tx.dialect)} ORDER BY tag",
        keys=value,
    ):
        tags.setdefault(key, []).append(tag)
    found = {row[0]: msgspec.structs.replace(collection_of(row), tags=tuple(tags.get(row[0], ()))) for row in rows}
    return [found[key] for key in keys if key in found]


def insert_collection(tx: Tx, *, project_id: int, kind: Kind, type_id: int, name: str, at: int) -> int | None:
    """The key of the new collection; None when the name is taken."""
    key: int | None = tx.value(
        "INSERT INTO artifact_collections (project_id, kind, type_id, name, next_version, created_at, updated_at)"
        " VALUES (:project, :kind, :type, :name, 0, :at, :at)"
        " ON CONFLICT (project_id, name) WHERE deleted_at IS NULL DO NOTHING RETURNING id",
        project=project_id,
        kind=kind,
        type=type_id,
        name=name,
        at=at,
    )
    return key


def take_number(tx: Tx, key: int) -> int:
    """The number of the collection's next version; nobody else gets it."""
    number: int = tx.value(
        "UPDATE artifact_collections SET next_version = next_version + 1 WHERE id = :key RETURNING next_version - 1",
        key=key,
    )
    return number


def update_collection(tx: Tx, key: int, name: str, description: str | None, at: int) -> None:
    """Rename or describe a collection."""
    tx.run(
        "UPDATE artifact_collections SET name = :name, description = :description, updated_at = :at WHERE id = :key",
        key=key,
        name=name,
        description=description,
        at=at,
    )


def update_type(tx: Tx, key: int, type_id: int, at: int) -> None:
    """Make the collection one of another type."""
    tx.run(
        "UPDATE artifact_collections SET type_id = :type, updated_at = :at WHERE id = :key",
        key=key,
        type=type_id,
        at=at,
    )


def delete_collection(tx: Tx, key: int, at: int) -> None:
    """Mark a collection deleted; its name is free."""
    tx.run("UPDATE artifact_collections SET deleted_at = :at WHERE id = :key", key=key, at=at)


def add_tags(tx: Tx, key: int, tags: Sequence[str]) -> None:
    """Give a collection tags; those that it has it keeps."""
    tx.many(
        "INSERT INTO artifact_collection_tags (collection_id, tag) VALUES (:key, :tag) ON CONFLICT DO NOTHING",
        [{"key": key, "tag": tag} for tag in tags],
    )


def remove_tags(tx: Tx, key: int, tags: Sequence[str]) -> None:
    """Take tags off a collection."""
    tx.many(
        "DELETE FROM artifact_collection_tags WHERE collection_id = :key AND tag = :tag",
        [{"key": key, "tag": tag} for tag in tags],
    )


def ensure_type(tx: Tx, project_id: int, name: str, at: int) -> int:
    """The key of the project's type of this name, which is made if it is not there."""
    tx.run(
        "INSERT INTO artifact_types (project_id, name, created_at) VALUES (:project, :name, :at)"
        " ON CONFLICT (project_id, name) DO NOTHING",
        project=project_id,
        name=name,
        at=at,
    )
    key: int = tx.value(
        "SELECT id FROM artifact_types WHERE project_id = :project AND name = :name", project=project_id, name=name
    )
    return key


def find_type(tx: Tx, project_id: int, name: str) -> ArtifactType | None:
    """The project's type of this name."""
    row = tx.one(
        "SELECT id, name, created_at FROM artifact_types WHERE project_id = :project AND name = :name",
        project=project_id,
        name=name,
    )
    return None if row is None else ArtifactType(*row)


def select_types(tx: Tx, project_id: int, limit: int, offset: int) -> list[ArtifactType]:
    """A page of the project's types, in the order in which they were made."""
    rows = tx.all(
        "SELECT id, name, created_at FROM artifact_types WHERE project_id = :project ORDER BY id"
        " LIMIT :limit OFFSET :offset",
        project=project_id,
        limit=limit,
        offset=offset,
    )
    return [ArtifactType(*row) for row in rows]


def count_types(tx: Tx, project_id: int) -> int:
    """How many types a project has."""
    count: int = tx.value("SELECT COUNT(*) FROM artifact_types WHERE project_id = :project", project=project_id)
    return count
