"""Reading artifacts: by id, by name, and from the project, collection or run that has them."""

import base64
import binascii
from typing import Any

from graphql import GraphQLResolveInfo

from podium.asgi.graphql.engine import Resolver, Resolvers
from podium.domain.artifact_collections import CollectionFilter, Direction
from podium.errors import InvalidArgument
from podium.protocols.wandb.graph.artifact_shapes import (
    aliases_page,
    collection_shape,
    content_url,
    file_shape,
    membership_shape,
    project_key,
    run_shape,
    type_shape,
    version_shape,
)
from podium.protocols.wandb.graph.caller import Caller
from podium.protocols.wandb.graph.connections import MAX_PAGE, Page, page_info, whole
from podium.protocols.wandb.graph.ids import global_id, key_of

_DEFAULT_FILES = 50


async def _artifact(_: Any, info: GraphQLResolveInfo, id: str) -> dict[str, Any]:  # noqa: A002  the schema's name
    caller: Caller = info.context
    return version_shape(await caller.services.artifact_reading.version(caller.actor(), key_of("Artifact", id)))


async def _collection_by_id(_: Any, info: GraphQLResolveInfo, id: str) -> dict[str, Any]:  # noqa: A002
    caller: Caller = info.context
    key = key_of("ArtifactCollection", id)
    return collection_shape(await caller.services.artifact_reading.collection_by_key(caller.actor(), key))


async def _client_id(_: Any, info: GraphQLResolveInfo, client_id: str) -> dict[str, Any] | None:
    caller: Caller = info.context
    found = await caller.services.artifact_reading.client_version(caller.actor(), client_id)
    return None if found is None else {"server_id": global_id("Artifact", found.id)}


async def _membership(source: Any, info: GraphQLResolveInfo, name: str) -> dict[str, Any] | None:
    caller: Caller = info.context
    found = await caller.services.artifact_reading.membership(project_key(source), name)
    return None if found is None else membership_shape(found)


async def _artifact_named(source: Any, info: GraphQLResolveInfo, name: str) -> dict[str, Any] | None:
    caller: Caller = info.context
    found = await caller.services.artifact_reading.membership(project_key(source), name)
    return None if found is None else version_shape(found.version)


async def _type(source: Any, info: GraphQLResolveInfo, name: str) -> dict[str, Any] | None:
    caller: Caller = info.context
    found = await caller.services.artifact_reading.type(project_key(source), name)
    return None if found is None else type_shape(found, source)


async def list_types(
    source: Any, info: GraphQLResolveInfo, first: int | None = None, after: str | None = None, **_: Any
) -> dict[str, Any]:
    caller: Caller = info.context
    page = Page.asked(first, after)
    found, total = await caller.services.artifact_reading.types(project_key(source), page.limit, page.offset)
    return page.connection([type_shape(each, source) for each in found], total)


async def _collection(source: Any, info: GraphQLResolveInfo, name: str) -> dict[str, Any] | None:
    caller: Caller = info.context
    found = await caller.services.artifact_reading.collection(project_key(source), name)
    return None if found is None else collection_shape(found)


async def _collection_of_type(source: Any, info: GraphQLResolveInfo, name: str) -> dict[str, Any] | None:
    found = await _collection(source["project"], info, name)
    return found if found and found["default_artifact_type"]["name"] == source["name"] else None


async def _collections(
    source: Any, info: GraphQLResolveInfo, first: int | None = None, after: str | None = None, **_: Any
) -> dict[str, Any]:
    return await _collection_page(info, CollectionFilter(project_id=project_key(source)), Page.asked(first, after))


async def _collections_of_type(
    source: Any, info: GraphQLResolveInfo, first: int | None = None, after: str | None = None, **_: Any
) -> dict[str, Any]:
    wanted = CollectionFilter(project_id=project_key(source["project"]), type_name=source["name"])
    return await _collection_page(info, wanted, Page.asked(first, after))


async def _collection_page(info: GraphQLResolveInfo, wanted: CollectionFilter, page: Page) -> dict[str, Any]:
    caller: Caller = info.context
    found, total = await caller.services.artifact_reading.collections(wanted, page.limit, page.offset)
    return page.connection([collection_shape(each) for each in found], total)


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
    first: int | None = None,
    after: str | None = None,
    order: str | None = None,
    **_: Any,
) -> dict[str, Any]:
    caller: Caller = info.context
    page = Page.asked(first, after)
    ascending = (order or "-").startswith("+")
    found, total = await caller.services.artifact_reading.members(
        source["key"], page.limit, page.offset, ascending=ascending
    )
    nodes = [version_shape(each.version) for each in found]
    return page.connection(nodes, total, [{"version": f"v{each.number}"} for each in found])


async def _member(source: Any, info: GraphQLResolveInfo, alias_name: str) -> dict[str, Any] | None:
    caller: Caller = info.context
    found = await caller.services.artifact_reading.member(source["key"], alias_name)
    return None if found is None else membership_shape(found)


async def _latest(source: Any, info: GraphQLResolveInfo) -> dict[str, Any] | None:
    if "latest_artifact" in source:
        given: dict[str, Any] | None = source["latest_artifact"]
        return given
    caller: Caller = info.context
    found, _ = await caller.services.artifact_reading.members(source["key"], 1, 0)
    return version_shape(found[0].version) if found else None


async def _manifest(source: Any, info: GraphQLResolveInfo) -> dict[str, Any] | None:
    caller: Caller = info.context
    file = await caller.services.artifact_reading.listing(caller.actor(), source["key"])
    if file is None:
        return None
    url = content_url(caller, caller.services.artifact_contents.read_token(file), file.path)
    shown = {"id": f"Listing:{source['key']}", "name": file.path, "display_name": file.path, "direct_url": url}
    return {"id": global_id("ArtifactManifest", source["key"]), "file": {**shown, "size_bytes": file.size_bytes}}


async def _files(
    source: Any,
    info: GraphQLResolveInfo,
    first: int | None = None,
    after: str | None = None,
    names: list[str] | None = None,
) -> dict[str, Any]:
    caller: Caller = info.context
    limit = min(_DEFAULT_FILES if first is None else max(first, 0), MAX_PAGE)
    found = await caller.services.artifact_reading.files(
        caller.actor(), source["key"], _path_of(after), limit, names or None
    )
    edges = [{"node": file_shape(caller, file), "cursor": _cursor(file.path)} for file in found.files]
    end = _cursor(found.files[-1].path) if found.files else None
    return {"edges": edges, "total_count": found.total, "page_info": page_info(end, more=found.more)}


async def _files_of_entries(
    source: Any, info: GraphQLResolveInfo, entries: list[dict[str, Any]] | None = None, **_: Any
) -> dict[str, Any]:
    names = [entry["name"] for entry in entries or []]
    return await _files(source, info, first=len(names), names=names)


async def _memberships(source: Any, info: GraphQLResolveInfo, **_: Any) -> dict[str, Any]:
    caller: Caller = info.context
    found = await caller.services.artifact_reading.places_of(caller.actor(), source["key"])
    return whole([membership_shape(each) for each in found])


async def _created_by(source: Any, info: GraphQLResolveInfo) -> dict[str, Any]:
    caller: Caller = info.context
    run = await caller.services.artifact_lineage.maker(caller.actor(), source["key"])
    if run is not None:
        return run_shape(run)
    name = source["user_id"]
    return {"__typename": "User", "id": f"User:{name}", "name": name, "username": name}


async def _used_by(source: Any, info: GraphQLResolveInfo, **_: Any) -> dict[str, Any]:
    caller: Caller = info.context
    found = await caller.services.artifact_lineage.runs_that_read(caller.actor(), source["key"])
    return whole([run_shape(run) for run in found])


async def _outputs(
    source: Any, info: GraphQLResolveInfo, first: int | None = None, after: str | None = None
) -> dict[str, Any]:
    return await _of_run(source, info, "output", Page.asked(first, after))


async def _inputs(
    source: Any, info: GraphQLResolveInfo, first: int | None = None, after: str | None = None
) -> dict[str, Any]:
    return await _of_run(source, info, "input", Page.asked(first, after))


async def _of_run(source: Any, info: GraphQLResolveInfo, direction: Direction, page: Page) -> dict[str, Any]:
    caller: Caller = info.context
    run = key_of("Run", source["id"])
    found, total = await caller.services.artifact_lineage.versions_of_run(run, direction, page.limit, page.offset)
    return page.connection([version_shape(each) for each in found], total)


def _cursor(path: str) -> str:
    return base64.urlsafe_b64encode(path.encode()).decode()


def _path_of(cursor: str | None) -> str:
    try:
        return base64.urlsafe_b64decode(cursor or "").decode()
    except (binascii.Error, ValueError):
        raise InvalidArgument("'after' is no cursor: expected the 'endCursor' of an earlier page.") from None


_OF_COLLECTIONS: dict[str, Resolver] = {"aliases": _aliases, "artifacts": _versions, "artifactMembership": _member}

RESOLVERS: Resolvers = {
    ("Query", "artifact"): _artifact,
    ("Query", "artifactCollection"): _collection_by_id,
    ("Query", "clientIDMapping"): _client_id,
    ("Project", "artifact"): _artifact_named,
    ("Project", "artifactCollectionMembership"): _membership,
    ("Project", "artifactType"): _type,
    ("Project", "artifactTypes"): list_types,
    ("Project", "artifactCollection"): _collection,
    ("Project", "artifactCollections"): _collections,
    ("ArtifactType", "artifactCollection"): _collection_of_type,
    ("ArtifactType", "artifactCollections"): _collections_of_type,
    **{("ArtifactSequence", field): resolver for field, resolver in _OF_COLLECTIONS.items()},
    **{("ArtifactPortfolio", field): resolver for field, resolver in _OF_COLLECTIONS.items()},
    ("ArtifactSequence", "latestArtifact"): _latest,
    ("ArtifactCollectionMembership", "files"): _files,
    ("Artifact", "files"): _files,
    ("Artifact", "filesByManifestEntries"): _files_of_entries,
    ("Artifact", "currentManifest"): _manifest,
    ("Artifact", "artifactMemberships"): _memberships,
    ("Artifact", "createdBy"): _created_by,
    ("Artifact", "usedBy"): _used_by,
    ("Run", "inputArtifacts"): _inputs,
    ("Run", "outputArtifacts"): _outputs,
}
