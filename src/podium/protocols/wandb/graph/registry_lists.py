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
from podium.protocols.wandb.graph.connections import Page, page_info
from podium.protocols.wandb.graph.projects import shape_registry
from podium.services import registries
from podium.services.registries import Wanted

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
    page = Page.asked(first, after)
    asked = _page(page, order, _NAMES, "created_at", beyond=1)
    found = await caller.services.registries.search(caller.actor(entity["name"]), parse_registry_filter(filters), asked)
    end = page.offset + min(len(found), page.limit)
    edges = [
        {"node": shape_registry(registry), "cursor": str(page.offset + number)}
        for number, registry in enumerate(found[: page.limit], start=1)
    ]
    return {"edges": edges, "page_info": page_info(str(end) if edges else None, more=len(found) > page.limit)}


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
    page = Page.asked(first, after)
    wanted = Wanted(
        parse_registry_filter(project_filters),
        parse_collection_filter(filters),
        tuple(_KINDS[kind] for kind in collection_types or ("PORTFOLIO",)),
    )
    found, total = await caller.services.registries.collections(
        caller.actor(entity["name"]), wanted, _page(page, order, _NAMES, "created_at")
    )
    return page.connection([collection_shape(each) for each in found], total)


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
    page = Page.asked(first, after)
    wanted = Wanted(parse_registry_filter(project_filters), parse_collection_filter(collection_filters))
    found, total = await caller.services.registries.versions(
        caller.actor(entity["name"]),
        wanted,
        parse_version_filter(filters),
        _page(page, order, _VERSION_NAMES, "linked_at"),
    )
    return page.connection([membership_shape(each) for each in found], total)


def _features(_: Any, __: GraphQLResolveInfo) -> Parts:
    """Filters are read either way; by the other names that come with advanced search, versions can be sorted."""
    return {"advanced_search": True}


def _page(page: Page, order: str | None, known: dict[str, str], default: str, beyond: int = 0) -> registries.Page:
    name, ascending = parse_order(order, known, default)
    return registries.Page(name, ascending, page.limit + beyond, page.offset)


RESOLVERS: Resolvers = {
    ("Entity", "projects"): _projects,
    ("Entity", "artifactCollections"): _collections,
    ("Entity", "artifactMemberships"): _memberships,
    ("Organization", "advancedRegistryFeatures"): _features,
}
