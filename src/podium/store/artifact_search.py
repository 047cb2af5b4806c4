"""What collections of artifacts, and the versions in one, can be searched by."""

from collections.abc import Sequence

from podium.domain.artifact_collections import CollectionScope
from podium.domain.filters import Node
from podium.store.artifact_collections import JOINED
from podium.store.filters import SideTable, Source
from podium.store.paging import Page, PageQuery, count_rows, search_page
from podium.store.registries import without
from podium.store.transaction import Tx

_COLLECTIONS = Source(
    rows=f"artifact_collections AS c {JOINED}",
    key="c.id",
    attributes={
        "id": "c.id",
        "name": "c.name",
        "description": "c.description",
        "type": "ct.name",
        "created_at": "c.created_at",
        "updated_at": "c.updated_at",
    },
    nullable=frozenset({"description"}),
    tags=SideTable("(SELECT collection_id, 'tag' AS key, tag AS value FROM artifact_collection_tags)", "collection_id"),
    identity=("id",),
)
# A version's tags are its own, its aliases those within the collection.
_LABELS = (
    "(SELECT o.id AS member_id, 'tag' AS key, t.tag AS value FROM artifact_version_tags AS t"
    " JOIN artifact_memberships AS o ON o.version_id = t.version_id"
    " UNION ALL SELECT membership_id, 'alias', alias FROM artifact_aliases)"
)
_MEMBERS = Source(
    rows="artifact_memberships AS m JOIN artifact_versions AS v ON v.id = m.version_id",
    key="m.id",
    attributes={
        "number": "m.version",
        "linked_at": "m.created_at",
        "state": "v.state",
        "digest": "v.digest",
        "description": "v.description",
        "size_bytes": "v.size_bytes",
        "created_at": "v.created_at",
        "updated_at": "v.updated_at",
    },
    nullable=frozenset({"description"}),
    tags=SideTable(_LABELS, "member_id"),
)


def search_collections(tx: Tx, scope: CollectionScope, query: PageQuery) -> Page:
    """A page of keys of a project's collections."""
    where, values = _scope(scope)
    return search_page(tx, _COLLECTIONS, scope=where, scope_parameters=values, query=query)


def count_collections(tx: Tx, scope: CollectionScope, condition: Node) -> int:
    """How many of a project's collections there are."""
    where, values = _scope(scope)
    return count_rows(tx, _COLLECTIONS, scope=where, scope_parameters=values, condition=condition)


def search_members(tx: Tx, collection_id: int, query: PageQuery, hidden: Sequence[int] = ()) -> Page:
    """A page of keys of the places in a collection, without those that are hidden."""
    where, values = _members(tx, collection_id, hidden)
    return search_page(tx, _MEMBERS, scope=where, scope_parameters=values, query=query)


def count_members(tx: Tx, collection_id: int, condition: Node, hidden: Sequence[int] = ()) -> int:
    """How many versions of a collection there are, without those that are hidden."""
    where, values = _members(tx, collection_id, hidden)
    return count_rows(tx, _MEMBERS, scope=where, scope_parameters=values, condition=condition)


def _members(tx: Tx, collection_id: int, hidden: Sequence[int]) -> tuple[str, dict[str, object]]:
    beyond, values = without("m.id", hidden, tx.dialect)
    return f"m.collection_id = :collection{beyond}", {"collection": collection_id, **values}


def _scope(scope: CollectionScope) -> tuple[str, dict[str, object]]:
    where = "c.project_id = :project AND c.deleted_at IS NULL AND cp.deleted_at IS NULL"
    if scope.type_name is None:
        return where, {"project": scope.project_id}
    return f"{where} AND ct.name = :type", {"project": scope.project_id, "type": scope.type_name}
