"""Rows of artifact versions: made, loaded with all that is shown of them, committed, changed and deleted."""

from collections.abc import Sequence

import msgspec

from podium.domain.artifact_collections import Alias, Version
from podium.store import artifact_collections as collections
from podium.store.dialect import for_update, is_in, list_value
from podium.store.transaction import Tx

_COLUMNS = (
    "v.id, s.version, v.state, v.digest, v.description, v.metadata, v.ttl_s, v.history_step, v.run_id, v.user_id,"
    " v.listing, v.manifest_id, v.size_bytes, v.file_count, v.created_at, v.updated_at"
)
_JOINED = (
    f"artifact_versions AS v JOIN artifact_collections AS c ON c.id = v.collection_id {collections.JOINED}"
    " LEFT JOIN artifact_memberships AS s ON s.version_id = v.id AND s.collection_id = v.collection_id"
)


class NewVersion(msgspec.Struct, frozen=True, kw_only=True):
    """What a version is made of."""

    collection_id: int
    digest: str
    description: str | None
    metadata: str | None
    ttl_s: int | None
    history_step: int | None
    run_id: int | None
    user_id: str
    distributed_id: str | None
    pending_aliases: str
    kept: bool  # even if another version has the same content


def insert_version(tx: Tx, new: NewVersion, at: int) -> int:
    """The key of the new version, which is pending.

    Where another transaction inserts one with the same `distributed_id`, this one is run again.
    """
    key: int = tx.value(
        "INSERT INTO artifact_versions (collection_id, state, digest, description, metadata, ttl_s, history_step,"
        " run_id, user_id, distributed_id, pending_aliases, kept, size_bytes, file_count, created_at, updated_at)"
        " VALUES (:collection_id, 'PENDING', :digest, :description, :metadata, :ttl_s, :history_step, :run_id,"
        " :user_id, :distributed_id, :pending_aliases, :kept, 0, 0, :at, :at) RETURNING id",
        at=at,
        **msgspec.structs.asdict(new) | {"kept": int(new.kept)},
    )
    return key


def load_versions(tx: Tx, keys: Sequence[int]) -> list[Version]:
    """Versions with tags and aliases, in the order of the keys, without those whose projects are deleted."""
    value = list_value(keys, tx.dialect)
    rows = tx.ask(
        f"SELECT {collections.COLUMNS}, {_COLUMNS} FROM {_JOINED}"
        f" WHERE {is_in('v.id', 'keys', tx.dialect)} AND cp.deleted_at IS NULL",
        keys=value,
    )
    tag_rows = tx.ask(
        f"SELECT version_id, tag FROM artifact_version_tags"
        f" WHERE {is_in('version_id', 'keys', tx.dialect)} ORDER BY tag",
        keys=value,
    )
    alias_rows = tx.ask(
        f"SELECT {collections.COLUMNS}, s.version_id, a.id, a.alias FROM artifact_memberships AS s"
        " JOIN artifact_aliases AS a ON a.membership_id = s.id"
        f" JOIN artifact_collections AS c ON c.id = a.collection_id {collections.JOINED}"
        f" WHERE {is_in('s.version_id', 'keys', tx.dialect)} AND c.deleted_at IS NULL"
        " AND cp.deleted_at IS NULL ORDER BY a.id",
        keys=value,
    )
    tags: dict[int, list[str]] = {}
    aliases: dict[int, list[Alias]] = {}
    found: dict[int, Version] = {}
    for key, tag in tag_rows.all():
        tags.setdefault(key, []).append(tag)
    for row in alias_rows.all():
        version, key, alias = row[collections.WIDTH :]
        aliases.setdefault(version, []).append(Alias(key, alias, collections.collection_of(row)))
    for row in rows.all():
        (
            key, number, state, digest, description, metadata, ttl_s, step, run, user, listing, manifest, size, count,
            created, updated,
        ) = row[collections.WIDTH :]  # fmt: skip
        found[key] = Version(
            id=key,
            sequence=collections.collection_of(row),
            number=number,
            state=state,
            digest=digest,
            description=description,
            metadata=metadata,
            ttl_s=ttl_s,
            history_step=step,
            run_id=run,
            user_id=user,
            listing=listing,
            manifest_id=manifest,
            size_bytes=size,
            file_count=count,
            created_at=created,
            updated_at=updated,
            tags=tuple(tags.get(key, ())),
            aliases=tuple(aliases.get(key, ())),
        )
    return [found[key] for key in keys if key in found]


def find_committed(tx: Tx, collection_id: int, digest: str) -> int | None:
    """The newest committed version of a collection with this digest."""
    found: int | None = tx.value(
        "SELECT MAX(id) FROM artifact_versions WHERE collection_id = :collection AND digest = :digest"
        " AND state = 'COMMITTED'",
        collection=collection_id,
        digest=digest,
    )
    return found


def find_distributed(tx: Tx, collection_id: int, distributed_id: str) -> int | None:
    """The pending version that several writers make together."""
    found: int | None = tx.value(
        "SELECT MAX(id) FROM artifact_versions WHERE collection_id = :collection AND distributed_id = :distributed"
        " AND state = 'PENDING'",
        collection=collection_id,
        distributed=distributed_id,
    )
    return found


def find_latest(tx: Tx, collection_id: int) -> tuple[int, int] | None:
    """The key and the number of the newest committed version of a sequence."""
    row = tx.one(
        "SELECT version_id, version FROM artifact_memberships WHERE collection_id = :collection"
        " ORDER BY version DESC LIMIT 1",
        collection=collection_id,
    )
    return None if row is None else (row[0], row[1])


def find_by_client_id(tx: Tx, client_id: str) -> int | None:
    """The version that a client called so."""
    found: int | None = tx.value("SELECT version_id FROM artifact_client_ids WHERE client_id = :id", id=client_id)
    return found


def insert_client_id(tx: Tx, client_id: str, key: int) -> None:
    """Keep what a client calls a version. Where another transaction does so at the same time, this one is run again."""
    tx.run("INSERT INTO artifact_client_ids (client_id, version_id) VALUES (:id, :key)", id=client_id, key=key)


def lock_pending(tx: Tx, key: int) -> tuple[str, str] | None:
    """The state and the JSON of the pending aliases of a version, which stays as it is until this transaction ends."""
    row = tx.one(
        f"SELECT state, pending_aliases FROM artifact_versions WHERE id = :key{for_update(tx.dialect)}", key=key
    )
    return None if row is None else (row[0], row[1])


def add_pending_aliases(tx: Tx, key: int, aliases: str) -> None:
    """Keep the aliases that a version gets when it is committed."""
    tx.run("UPDATE artifact_versions SET pending_aliases = :aliases WHERE id = :key", key=key, aliases=aliases)


def update_committed(
    tx: Tx, key: int, *, digest: str, listing: str, manifest_id: int | None, size_bytes: int, file_count: int, at: int
) -> None:
    """Commit a version."""
    tx.run(
        "UPDATE artifact_versions SET state = 'COMMITTED', digest = :digest, listing = :listing,"
        " manifest_id = :manifest, size_bytes = :size, file_count = :count, updated_at = :at WHERE id = :key",
        key=key,
        digest=digest,
        listing=listing,
        manifest=manifest_id,
        size=size_bytes,
        count=file_count,
        at=at,
    )


def update_version(
    tx: Tx, key: int, *, description: str | None, metadata: str | None, ttl_s: int | None, at: int
) -> None:
    """Change what may change of a version."""
    tx.run(
        "UPDATE artifact_versions SET description = :description, metadata = :metadata, ttl_s = :ttl, updated_at = :at"
        " WHERE id = :key",
        key=key,
        description=description,
        metadata=metadata,
        ttl=ttl_s,
        at=at,
    )


def delete_version(tx: Tx, key: int, at: int) -> None:
    """Mark a version deleted; it leaves every collection."""
    tx.run(
        "UPDATE artifact_versions SET state = 'DELETED', deleted_at = :at, updated_at = :at WHERE id = :key",
        key=key,
        at=at,
    )
    tx.run("DELETE FROM artifact_memberships WHERE version_id = :key", key=key)


def add_tags(tx: Tx, key: int, tags: Sequence[str]) -> None:
    """Give a version tags; those that it has it keeps."""
    tx.many(
        "INSERT INTO artifact_version_tags (version_id, tag) VALUES (:key, :tag) ON CONFLICT DO NOTHING",
        [{"key": key, "tag": tag} for tag in tags],
    )


def remove_tags(tx: Tx, key: int, tags: Sequence[str]) -> None:
    """Take tags off a version."""
    tx.many(
        "DELETE FROM artifact_version_tags WHERE version_id = :key AND tag = :tag",
        [{"key": key, "tag": tag} for tag in tags],
    )


def delete_versions_of(tx: Tx, collection_id: int, at: int) -> None:
    """Mark every version of a sequence deleted; they leave every collection."""
    tx.run(
        "DELETE FROM artifact_memberships WHERE version_id IN"
        " (SELECT id FROM artifact_versions WHERE collection_id = :collection)",
        collection=collection_id,
    )
    tx.run(
        "UPDATE artifact_versions SET state = 'DELETED', deleted_at = :at, updated_at = :at"
        " WHERE collection_id = :collection AND state <> 'DELETED'",
        collection=collection_id,
        at=at,
    )
