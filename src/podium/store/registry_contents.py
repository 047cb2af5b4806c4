"""Searches of what the registries of a team hold: collections, and the versions in them."""

from typing import Any

import msgspec

from podium.domain.filters import Node
from podium.store.filters import Parameters, Source, where
from podium.store.paging import Page, PageQuery, count_rows, search_page
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
    rows="artifact_collections AS c JOIN registries AS g ON g.project_id = c.project_id"
    " JOIN projects AS p ON p.id = g.project_id",
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


class Scope(msgspec.Struct, frozen=True):
    """Whose registries, as far as a user may see them (None: all of them), and which collections in which of them."""

    team_id: int
    user_id: int | None
    registries: Node
    collections: Node
    kinds: tuple[str, ...] = ("portfolio",)


def search_collections(tx: Tx, scope: Scope, query: PageQuery) -> Page:
    """A page of the keys of collections."""
    where, values = _collections(tx, scope)
    return search_page(tx, COLLECTIONS, scope=where, scope_parameters=values, query=query)


def count_collections(tx: Tx, scope: Scope, condition: Node) -> int:
    """How many collections there are."""
    where, values = _collections(tx, scope)
    return count_rows(tx, COLLECTIONS, scope=where, scope_parameters=values, condition=condition)


def search_versions(tx: Tx, scope: Scope, query: PageQuery) -> Page:
    """A page of the keys of places of versions."""
    where, values = _versions(tx, scope)
    return search_page(tx, VERSIONS, scope=where, scope_parameters=values, query=query)


def count_versions(tx: Tx, scope: Scope, condition: Node) -> int:
    """How many places of versions there are."""
    where, values = _versions(tx, scope)
    return count_rows(tx, VERSIONS, scope=where, scope_parameters=values, condition=condition)


def _versions(tx: Tx, scope: Scope) -> tuple[str, dict[str, Any]]:
    condition, values = _collections(tx, scope)
    return (
        f"s.collection_id IN (SELECT c.id FROM {COLLECTIONS.rows} WHERE {condition}) AND v.state = 'COMMITTED'",
        values,
    )


def _collections(tx: Tx, scope: Scope) -> tuple[str, dict[str, Any]]:
    """The condition for collections, and its parameters."""
    parameters = Parameters(tx.dialect, {"team": scope.team_id})
    kinds = ", ".join(f"'{kind}'" for kind in scope.kinds)
    condition = (
        f"p.team_id = :team AND p.deleted_at IS NULL AND c.deleted_at IS NULL AND c.kind IN ({kinds})"
        f" AND {visible(scope.user_id)} AND ({where(scope.registries, REGISTRIES, parameters)})"
        f" AND ({where(scope.collections, COLLECTIONS, parameters)})"
    )
    return condition, parameters.values
