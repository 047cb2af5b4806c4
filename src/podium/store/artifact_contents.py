"""Rows of bytes by the MD5 that clients know them by, and of the listings that name them."""

from collections.abc import Sequence

import msgspec

from podium.domain.artifact_collections import ListedFile
from podium.domain.artifact_listings import Kind
from podium.store.dialect import Dialect, for_share, is_in, list_value
from podium.store.transaction import Tx


class Content(msgspec.Struct, frozen=True):
    """Bytes that a team's clients put, by hexadecimal MD5 and SHA-256."""

    md5: str
    digest: str
    size_bytes: int


class ListingRow(msgspec.Struct, frozen=True):
    """A list of files that a version is made of; its text is among the contents, under `md5`, which is "" before."""

    id: int
    version_id: int
    kind: Kind
    base_id: int | None
    md5: str


def upsert_content(tx: Tx, team_id: int, content: Content, path: str, at: int) -> str:
    """The SHA-256 that is kept for the MD5: that of the first bytes that came under it."""
    kept: str = tx.value(
        "INSERT INTO artifact_contents (team_id, md5, digest, size_bytes, path, updated_at)"
        " VALUES (:team, :md5, :digest, :size, :path, :at)"
        " ON CONFLICT (md5, team_id) DO UPDATE SET updated_at = excluded.updated_at RETURNING digest",
        team=team_id,
        md5=content.md5,
        digest=content.digest,
        size=content.size_bytes,
        path=path,
        at=at,
    )
    return kept


def renew_contents(tx: Tx, team_id: int, md5s: Sequence[str], at: int) -> set[str]:
    """Those of the MD5s whose bytes the team has; they are kept from collection for a while."""
    rows = tx.all(
        "UPDATE artifact_contents SET updated_at = :at WHERE team_id = :team"
        f" AND {is_in('md5', 'md5s', tx.dialect)} RETURNING md5",
        team=team_id,
        md5s=list_value(md5s, tx.dialect),
        at=at,
    )
    return {row[0] for row in rows}


def select_contents(tx: Tx, team_id: int, md5s: Sequence[str], *, keep: bool = False) -> dict[str, Content]:
    """The team's bytes of these MD5s, as far as they are there; with `keep` until the transaction ends."""
    rows = tx.all(
        "SELECT md5, digest, size_bytes FROM artifact_contents WHERE team_id = :team"
        f" AND {is_in('md5', 'md5s', tx.dialect)}" + (for_share(tx.dialect) if keep else ""),
        team=team_id,
        md5s=list_value(md5s, tx.dialect),
    )
    return {row[0]: Content(*row) for row in rows}


def select_md5s(tx: Tx, team_id: int, digests: Sequence[str]) -> dict[str, str]:
    """The MD5 of each of these SHA-256s, as far as the team's bytes are known by it."""
    rows = tx.all(
        "SELECT digest, MIN(md5) FROM artifact_contents WHERE team_id = :team"
        f" AND {is_in('digest', 'digests', tx.dialect)} GROUP BY digest",
        team=team_id,
        digests=list_value(digests, tx.dialect),
    )
    return dict(rows)


def insert_listing(tx: Tx, version_id: int, kind: Kind, base_id: int | None, md5: str, at: int) -> int:
    """The key of a new list."""
    key: int = tx.value(
        "INSERT INTO artifact_listings (version_id, kind, base_id, md5, created_at)"
        " VALUES (:version, :kind, :base, :md5, :at) RETURNING id",
        version=version_id,
        kind=kind,
        base=base_id,
        md5=md5,
        at=at,
    )
    return key


def update_listing(tx: Tx, key: int, base_id: int | None, md5: str) -> None:
    """Say what a list is."""
    tx.run("UPDATE artifact_listings SET md5 = :md5, base_id = :base WHERE id = :key", key=key, md5=md5, base=base_id)


def find_listing(tx: Tx, key: int) -> ListingRow | None:
    """The list with this key."""
    row = tx.one("SELECT id, version_id, kind, base_id, md5 FROM artifact_listings WHERE id = :key", key=key)
    return None if row is None else ListingRow(*row)


def select_listings(tx: Tx, version_id: int) -> list[ListingRow]:
    """The lists that a version is made of, in the order in which they were begun."""
    rows = tx.all(
        "SELECT id, version_id, kind, base_id, md5 FROM artifact_listings WHERE version_id = :version ORDER BY id",
        version=version_id,
    )
    return [ListingRow(*row) for row in rows]


def select_files(
    tx: Tx, team_id: int, manifest_id: int, after: str, limit: int, names: Sequence[str] | None
) -> list[ListedFile]:
    """A page of the files of a manifest behind the path `after`, in order; with `names` those alone."""
    named, values = _named("e.path", names, tx.dialect)
    rows = tx.all(
        "SELECT e.path, e.digest, e.size_bytes, MIN(k.md5) FROM manifest_entries AS e"
        " JOIN artifact_contents AS k ON k.digest = e.digest AND k.team_id = :team"
        f" WHERE e.manifest_id = :manifest AND e.path > :after{named}"
        " GROUP BY e.path, e.digest, e.size_bytes ORDER BY e.path LIMIT :limit",
        team=team_id,
        manifest=manifest_id,
        after=after,
        limit=limit,
        **values,
    )
    return [ListedFile(*row) for row in rows]


def insert_references(tx: Tx, version_id: int, references: Sequence[ListedFile]) -> None:
    """Note what a version lists that lies elsewhere."""
    tx.insert(
        "INSERT INTO artifact_references (version_id, path, digest, size_bytes, url) VALUES (?, ?, ?, ?, ?)",
        [(version_id, each.path, each.digest, each.size_bytes, each.url) for each in references],
    )


def select_references(tx: Tx, version_id: int, after: str, limit: int, names: Sequence[str] | None) -> list[ListedFile]:
    """As `select_files`, of what lies elsewhere."""
    named, values = _named("path", names, tx.dialect)
    rows = tx.all(
        "SELECT path, digest, size_bytes, url FROM artifact_references"
        f" WHERE version_id = :version AND path > :after{named} ORDER BY path LIMIT :limit",
        version=version_id,
        after=after,
        limit=limit,
        **values,
    )
    return [ListedFile(path, digest, size, url=url) for path, digest, size, url in rows]


def _named(column: str, names: Sequence[str] | None, dialect: Dialect) -> tuple[str, dict[str, object]]:
    if names is None:
        return "", {}
    return f" AND {is_in(column, 'names', dialect)}", {"names": list_value(names, dialect)}


def select_listed_contents(tx: Tx, collection_id: int, md5: str) -> list[tuple[int, Content]]:
    """The versions in the collection, by key, that have a file with this MD5, and the bytes of it."""
    rows = tx.all(
        "SELECT DISTINCT v.id, k.md5, k.digest, k.size_bytes FROM artifact_contents AS k"
        " JOIN manifest_entries AS e ON e.digest = k.digest"
        " JOIN artifact_versions AS v ON v.manifest_id = e.manifest_id"
        " JOIN artifact_memberships AS s ON s.version_id = v.id"
        " WHERE k.md5 = :md5 AND s.collection_id = :collection ORDER BY v.id",
        md5=md5,
        collection=collection_id,
    )
    return [(row[0], Content(*row[1:])) for row in rows]
