"""Searches of what the registries of a team hold: collections, and the versions in them."""

import msgspec

from podium.domain.filters import Node
from podium.store.filters import Parameters, Source, where
from podium.store.registries import SOURCE as REGISTRIES
from podium.store.registries import visible
from podium.store.transaction import Tx

_TAGS = Source(
    rows="artifact_collection_tags AS ct", key="ct.tag", attributes={"tag": "ct.tag"}, owner="ct.collection_id"
)
_VERSION_TAGS = Source(
    rows="artifact_version_tags AS vt JOIN artifact_memberships AS tm ON tm.version_id = vt.version_id",
    key="vt.tag",
    attributes={"tag": "vt.tag"},
    owner="tm.id",
)
_ALIASES = Source(
    rows="artifact_aliases AS al", key="al.id", attributes={"alias": "al.alias"}, owner="al.membership_id"
)

COLLECTIONS = Source(
    rows="artifact_collections AS c",
    key="c.id",
    attributes={name: f"c.{name}" for name in ("id", "name", "description", "created_at", "updated_at")},
    nullable=frozenset({"description"}),
    related={"tag": _TAGS},
)
VERSIONS = Source(
    rows="artifact_memberships AS s JOIN artifact_versions AS v ON v.id = s.version_id",
    key="s.id",
    attributes={
        "id": "v.id",
        "version": "s.version",
        "metadata": "v.metadata",
        "created_at": "v.created_at",
        "updated_at": "v.updated_at",
        "artifact_size": "v.size_bytes",
        "linked_at": "s.created_at",
    },
    nullable=frozenset({"metadata"}),
    related={"tag": _VERSION_TAGS, "alias": _ALIASES},
)
COLLECTION_ORDERS = {"name": "c.name", "created_at": "c.created_at", "updated_at": "c.updated_at"}
VERSION_ORDERS = {"created_at": "v.created_at", "artifact_size": "v.size_bytes", "linked_at": "s.created_at"}


class Scope(msgspec.Struct, frozen=True):
    """Whose registries, as far as a user may see them (None: all of them), and which collections in which of them."""

    team_id: int
    user_id: int | None
    registries: Node
    collections: Node
    kinds: tuple[str, ...] = ("portfolio",)


def search_collections(tx: Tx, scope: Scope, order: str, limit: int, offset: int) -> tuple[list[int], int]:
    """A page of the keys of collections, and how many there are."""
    parameters = Parameters(tx.dialect, {"team": scope.team_id})
    rest = f"FROM {_collections(scope, parameters)}"
    rows = tx.all(
        f"SELECT c.id {rest} ORDER BY {order} LIMIT :limit OFFSET :offset",
        limit=limit,
        offset=offset,
        **parameters.values,
    )
    count: int = tx.value(f"SELECT COUNT(*) {rest}", **parameters.values)
    return [row[0] for row in rows], count


def search_versions(
    tx: Tx, scope: Scope, condition: Node, order: str, limit: int, offset: int
) -> tuple[list[int], int]:
    """A page of the keys of places of versions, and how many there are."""
    parameters = Parameters(tx.dialect, {"team": scope.team_id})
    collections = _collections(scope, parameters)
    rest = (
        f"FROM artifact_memberships AS s JOIN artifact_versions AS v ON v.id = s.version_id"
        f" WHERE s.collection_id IN (SELECT c.id FROM {collections}) AND v.state = 'COMMITTED'"
        f" AND ({where(condition, VERSIONS, parameters)})"
    )
    rows = tx.all(
        f"SELECT s.id {rest} ORDER BY {order} LIMIT :limit OFFSET :offset",
        limit=limit,
        offset=offset,
        **parameters.values,
    )
    count: int = tx.value(f"SELECT COUNT(*) {rest}", **parameters.values)
    return [row[0] for row in rows], count


def _collections(scope: Scope, parameters: Parameters) -> str:
    kinds = ", ".join(f"'{kind}'" for kind in scope.kinds)
    return (
        f"artifact_collections AS c JOIN registries AS g ON g.project_id = c.project_id"
        f" JOIN projects AS p ON p.id = g.project_id WHERE p.team_id = :team AND p.deleted_at IS NULL"
        f" AND c.deleted_at IS NULL AND c.kind IN ({kinds}) AND {visible(scope.user_id)}"
        f" AND ({where(scope.registries, REGISTRIES, parameters)})"
        f" AND ({where(scope.collections, COLLECTIONS, parameters)})"
    )
