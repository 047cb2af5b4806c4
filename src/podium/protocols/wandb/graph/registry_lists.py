"""What an organization's registries are, and what they hold."""

from typing import Any

from graphql import GraphQLResolveInfo

from podium.asgi.graphql.engine import Resolvers
from podium.protocols.wandb.grammar.registries import (
    parse_collection_filter,
    parse_order,
    parse_registry_filter,
    parse_version_filter,
)
from podium.protocols.wandb.graph import project_lists
from podium.protocols.wandb.graph.artifact_shapes import collection_shape, membership_shape
from podium.protocols.wandb.graph.caller import Caller
from podium.protocols.wandb.graph.connections import page_size, searched
from podium.protocols.wandb.graph.projects import shape_registry
from podium.services.registries import Wanted
from podium.services.searching import Search

Parts = dict[str, Any]

_NAMES = {name: name for name in ("name", "created_at", "updated_at")}
_VERSION_NAMES = {
    "created_at": "created_at",
    "artifact_created_at": "created_at",
    "artifact_size": "artifact_size",
    "linked_at": "linked_at",
    "acm_created_at": "linked_at",
}
_KINDS = {"PORTFOLIO": "portfolio", "SEQUENCE": "sequence"}


async def _projects(
    entity: Parts,
    info: GraphQLResolveInfo,
    filters: str | None = None,
    order: str | None = None,
    first: int | None = None,
    after: str | None = None,
) -> Parts:
    """Of an organization its registries alone."""
    caller: Caller = info.context
    if entity.get("entity_type") != "organization":
        return await project_lists.list_projects(caller, entity["name"], first, after)
    order_by = parse_order(order, _NAMES, "created_at")
    search = Search(parse_registry_filter(filters), order_by, page_size(first), after or None)
    found = await caller.services.registries.search(caller.actor(entity["name"]), search)
    return searched([{"node": shape_registry(registry)} for registry in found.items], found.next_page_token)


async def _collections(
    entity: Parts,
    info: GraphQLResolveInfo,
    project_filters: str | None = None,
    filters: str | None = None,
    collection_types: list[str] | None = None,
    order: str | None = None,
    first: int | None = None,
    after: str | None = None,
) -> Parts:
    caller: Caller = info.context
    kinds = tuple(_KINDS[kind] for kind in collection_types or ("PORTFOLIO",))
    wanted = Wanted(parse_registry_filter(project_filters), kinds=kinds)
    order_by = parse_order(order, _NAMES, "created_at")
    search = Search(parse_collection_filter(filters), order_by, page_size(first), after or None)
    found = await caller.services.registries.collections(caller.actor(entity["name"]), wanted, search)
    nodes = [{"node": collection_shape(each)} for each in found.items]
    return searched(nodes, found.next_page_token, found.total)


async def _memberships(
    entity: Parts,
    info: GraphQLResolveInfo,
    project_filters: str | None = None,
    collection_filters: str | None = None,
    filters: str | None = None,
    order: str | None = None,
    first: int | None = None,
    after: str | None = None,
) -> Parts:
    caller: Caller = info.context
    wanted = Wanted(parse_registry_filter(project_filters), parse_collection_filter(collection_filters))
    order_by = parse_order(order, _VERSION_NAMES, "linked_at")
    search = Search(parse_version_filter(filters), order_by, page_size(first), after or None)
    found = await caller.services.registries.versions(caller.actor(entity["name"]), wanted, search)
    nodes = [{"node": membership_shape(each)} for each in found.items]
    return searched(nodes, found.next_page_token, found.total)


def _features(_: Any, __: GraphQLResolveInfo) -> Parts:
    """Filters are read either way; by the other names that come with advanced search, versions can be sorted."""
    return {"advanced_search": True}


RESOLVERS: Resolvers = {
    ("Entity", "projects"): _projects,
    ("Entity", "artifactCollections"): _collections,
    ("Entity", "artifactMemberships"): _memberships,
    ("Organization", "advancedRegistryFeatures"): _features,
}
