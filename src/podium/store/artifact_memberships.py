"""Rows of the places that versions have in collections, and of the aliases there."""

from collections.abc import Sequence

from podium.domain.artifact_collections import LATEST, Membership, version_number
from podium.store.artifact_collections import load_collections
from podium.store.artifact_versions import load_versions
from podium.store.dialect import is_in, list_value
from podium.store.transaction import Tx


def insert_membership(tx: Tx, collection_id: int, version_id: int, number: int, at: int) -> int:
    """The key of the version's new place in a collection."""
    key: int = tx.value(
        "INSERT INTO artifact_memberships (collection_id, version_id, version, created_at)"
        " VALUES (:collection, :version, :number, :at) RETURNING id",
        collection=collection_id,
        version=version_id,
        number=number,
        at=at,
    )
    return key


def load_memberships(tx: Tx, keys: Sequence[int]) -> list[Membership]:
    """Those of the places that are there, with collection and version, in the order of the keys: six statements."""
    rows = tx.all(
        "SELECT id, collection_id, version, created_at, version_id FROM artifact_memberships"
        f" WHERE {is_in('id', 'keys', tx.dialect)}",
        keys=list_value(keys, tx.dialect),
    )
    collections = {each.id: each for each in load_collections(tx, sorted({row[1] for row in rows}))}
    versions = {each.id: each for each in load_versions(tx, sorted({row[4] for row in rows}))}
    found = {
        key: Membership(key, collections[collection], number, at, versions[version])
        for key, collection, number, at, version in rows
        if collection in collections and version in versions
    }
    return [found[key] for key in keys if key in found]


def find_membership(tx: Tx, collection_id: int, alias: str) -> int | None:
    """The key of the place that an alias or a number like `v3` names in a collection."""
    number = version_number(alias)
    if number is not None:
        return _find(
            tx, "SELECT id FROM artifact_memberships WHERE collection_id = :c AND version = :n", collection_id, n=number
        )
    found = _find(
        tx,
        "SELECT membership_id FROM artifact_aliases WHERE collection_id = :c AND alias = :alias",
        collection_id,
        alias=alias,
    )
    return found if found is not None or alias != LATEST else find_newest(tx, collection_id)


def find_newest(tx: Tx, collection_id: int) -> int | None:
    """The key of the place with the highest number."""
    return _find(
        tx, "SELECT id FROM artifact_memberships WHERE collection_id = :c ORDER BY version DESC LIMIT 1", collection_id
    )


def find_place(tx: Tx, collection_id: int, version_id: int) -> int | None:
    """The key of the version's place in a collection."""
    return _find(
        tx,
        "SELECT id FROM artifact_memberships WHERE collection_id = :c AND version_id = :v",
        collection_id,
        v=version_id,
    )


def select_places_of(tx: Tx, version_id: int) -> list[int]:
    """The keys of a version's places, its sequence's first."""
    rows = tx.all("SELECT id FROM artifact_memberships WHERE version_id = :version ORDER BY id", version=version_id)
    return [row[0] for row in rows]


def select_sources(tx: Tx, collection_id: int) -> list[int]:
    """The keys of the projects that a collection links into."""
    rows = tx.all(
        "SELECT DISTINCT c.project_id FROM artifact_memberships AS s JOIN artifact_versions AS v ON v.id = s.version_id"
        " JOIN artifact_collections AS c ON c.id = v.collection_id WHERE s.collection_id = :collection",
        collection=collection_id,
    )
    return [row[0] for row in rows]


def select_latest_at(tx: Tx, version_id: int) -> list[int]:
    """The keys of the collections whose alias `latest` points to a version."""
    rows = tx.all(
        "SELECT a.collection_id FROM artifact_memberships AS s JOIN artifact_aliases AS a ON a.membership_id = s.id"
        " WHERE s.version_id = :version AND a.alias = :latest ORDER BY a.collection_id",
        version=version_id,
        latest=LATEST,
    )
    return [row[0] for row in rows]


def select_places_from(tx: Tx, collection_id: int, projects: Sequence[int]) -> list[tuple[int, int]]:
    """(place, version) of each link of a collection into one of these projects."""
    rows = tx.all(
        "SELECT s.id, s.version_id FROM artifact_memberships AS s JOIN artifact_versions AS v ON v.id = s.version_id"
        " JOIN artifact_collections AS c ON c.id = v.collection_id WHERE s.collection_id = :collection"
        f" AND {is_in('c.project_id', 'projects', tx.dialect)}",
        collection=collection_id,
        projects=list_value(projects, tx.dialect),
    )
    return [(place, version) for place, version in rows]


def delete_membership(tx: Tx, key: int) -> None:
    """Take a version out of a collection, with its aliases there."""
    tx.run("DELETE FROM artifact_memberships WHERE id = :key", key=key)


def set_alias(tx: Tx, collection_id: int, alias: str, membership_id: int) -> None:
    """Point an alias at a place, wherever it pointed before."""
    tx.run(
        "INSERT INTO artifact_aliases (collection_id, alias, membership_id) VALUES (:collection, :alias, :membership)"
        " ON CONFLICT (collection_id, alias) DO UPDATE SET membership_id = excluded.membership_id",
        collection=collection_id,
        alias=alias,
        membership=membership_id,
    )


def remove_alias(tx: Tx, membership_id: int, alias: str) -> bool:
    """Take an alias off a place; whether it had it."""
    return (
        tx.count(
            "DELETE FROM artifact_aliases WHERE membership_id = :membership AND alias = :alias",
            membership=membership_id,
            alias=alias,
        )
        > 0
    )


def select_aliases(tx: Tx, collection_id: int, limit: int, offset: int) -> list[tuple[int, str]]:
    """A page of (key, alias) of a collection."""
    rows = tx.all(
        "SELECT id, alias FROM artifact_aliases WHERE collection_id = :collection"
        " ORDER BY id LIMIT :limit OFFSET :offset",
        collection=collection_id,
        limit=limit,
        offset=offset,
    )
    return [(key, alias) for key, alias in rows]


def _find(tx: Tx, statement: str, collection_id: int, **values: object) -> int | None:
    found: int | None = tx.value(statement, c=collection_id, **values)
    return found


def empty_collection(tx: Tx, collection_id: int) -> None:
    """Take every version out of a collection, with the aliases there."""
    tx.run("DELETE FROM artifact_memberships WHERE collection_id = :c", c=collection_id)
