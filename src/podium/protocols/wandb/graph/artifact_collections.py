"""Reading collections of artifacts and their types, and the versions in a collection."""

from typing import Any

from graphql import GraphQLResolveInfo

from podium.asgi.graphql.engine import Resolver, Resolvers
from podium.domain.artifact_collections import CollectionScope
from podium.protocols.wandb.grammar.artifacts import (
    parse_collection_filter,
    parse_collection_order,
    parse_member_filter,
    parse_member_order,
)
from podium.protocols.wandb.graph.artifact_shapes import (
    aliases_page,
    collection_shape,
    membership_shape,
    project_key,
    type_shape,
    version_shape,
)
from podium.protocols.wandb.graph.caller import Caller
from podium.protocols.wandb.graph.connections import MAX_PAGE, Page, page_size, searched
from podium.protocols.wandb.graph.ids import global_id, key_of
from podium.protocols.wandb.graph.selections import asks_beyond
from podium.services.searching import Search


async def _collection_by_id(_: Any, info: GraphQLResolveInfo, id: str) -> dict[str, Any]:  # noqa: A002
    caller: Caller = info.context
    key = key_of("ArtifactCollection", id)
    await caller.services.model_sync.refresh_collection(caller.actor(), key)
    return collection_shape(await caller.services.artifact_reading.collection_by_key(caller.actor(), key))


async def _type(source: Any, info: GraphQLResolveInfo, name: str) -> dict[str, Any] | None:
    caller: Caller = info.context
    found = await caller.services.artifact_reading.type(caller.actor(), project_key(source), name)
    return None if found is None else type_shape(found, source)


async def list_types(
    source: Any, info: GraphQLResolveInfo, first: int | None = None, after: str | None = None, **_: Any
) -> dict[str, Any]:
    caller: Caller = info.context
    page = Page.asked(first, after)
    found, total = await caller.services.artifact_reading.types(
        caller.actor(), project_key(source), page.limit, page.offset
    )
    return page.connection([type_shape(each, source) for each in found], total)


async def _collection(source: Any, info: GraphQLResolveInfo, name: str) -> dict[str, Any] | None:
    caller: Caller = info.context
    found = await caller.services.artifact_reading.collection(caller.actor(), project_key(source), name)
    return None if found is None else collection_shape(found)


async def _collection_of_type(source: Any, info: GraphQLResolveInfo, name: str) -> dict[str, Any] | None:
    found = await _collection(source["project"], info, name)
    return found if found and found["default_artifact_type"]["name"] == source["name"] else None


async def _collections(source: Any, info: GraphQLResolveInfo, **asked: Any) -> dict[str, Any]:
    return await _collection_page(info, CollectionScope(project_key(source)), **asked)


async def _collections_of_type(source: Any, info: GraphQLResolveInfo, **asked: Any) -> dict[str, Any]:
    scope = CollectionScope(project_key(source["project"]), source["name"])
    return await _collection_page(info, scope, **asked)


async def _collection_page(
    info: GraphQLResolveInfo,
    scope: CollectionScope,
    filters: str | None = None,
    order: str | None = None,
    first: int | None = None,
    after: str | None = None,
) -> dict[str, Any]:
    caller: Caller = info.context
    search = Search(parse_collection_filter(filters), parse_collection_order(order), page_size(first), after or None)
    found = await caller.services.artifact_reading.collections(caller.actor(), scope, search)
    nodes = [{"node": collection_shape(each)} for each in found.items]
    return searched(nodes, found.next_page_token, found.total)


async def _aliases(
    source: Any, info: GraphQLResolveInfo, first: int | None = None, after: str | None = None
) -> dict[str, Any]:
    caller: Caller = info.context
    page = Page.asked(first or MAX_PAGE, after)
    return aliases_page(
        await caller.services.artifact_reading.aliases(caller.actor(), source["key"], page.limit, page.offset)
    )


async def _versions(
    source: Any,
    info: GraphQLResolveInfo,
    filters: str | None = None,
    order: str | None = None,
    first: int | None = None,
    after: str | None = None,
) -> dict[str, Any]:
    caller: Caller = info.context
    search = Search(parse_member_filter(filters), parse_member_order(order), page_size(first), after or None)
    found = await caller.services.artifact_reading.members(caller.actor(), source["key"], search)
    nodes = [{"node": version_shape(each.version), "version": f"v{each.number}"} for each in found.items]
    return searched(nodes, found.next_page_token, found.total)


async def _member(source: Any, info: GraphQLResolveInfo, alias_name: str) -> dict[str, Any] | None:
    caller: Caller = info.context
    found = await caller.services.artifact_reading.member(caller.actor(), source["key"], alias_name)
    return None if found is None else membership_shape(found)


async def _latest(source: Any, info: GraphQLResolveInfo) -> dict[str, Any] | None:
    caller: Caller = info.context
    if "latest" in source:  # as it was when a new version was begun
        return await _known_latest(source["latest"], info)
    found = await caller.services.artifact_reading.latest(caller.actor(), source["key"])
    return None if found is None else version_shape(found)


async def _known_latest(latest: tuple[int, int] | None, info: GraphQLResolveInfo) -> dict[str, Any] | None:
    """By its key and number, which is all that clients ask for."""
    if latest is None:
        return None
    key, number = latest
    if not asks_beyond(info, ("id", "versionIndex", "__typename")):
        return {"id": global_id("Artifact", key), "version_index": number}
    caller: Caller = info.context
    return version_shape(await caller.services.artifact_reading.version(caller.actor(), key))


_OF_COLLECTIONS: dict[str, Resolver] = {"aliases": _aliases, "artifacts": _versions, "artifactMembership": _member}

RESOLVERS: Resolvers = {
    ("Query", "artifactCollection"): _collection_by_id,
    ("Project", "artifactType"): _type,
    ("Project", "artifactTypes"): list_types,
    ("Project", "artifactCollection"): _collection,
    ("Project", "artifactCollections"): _collections,
    ("ArtifactType", "artifactCollection"): _collection_of_type,
    ("ArtifactType", "artifactCollections"): _collections_of_type,
    **{("ArtifactSequence", field): resolver for field, resolver in _OF_COLLECTIONS.items()},
    **{("ArtifactPortfolio", field): resolver for field, resolver in _OF_COLLECTIONS.items()},
    ("ArtifactSequence", "latestArtifact"): _latest,
}
