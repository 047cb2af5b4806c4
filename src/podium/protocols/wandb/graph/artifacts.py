"""Reading artifacts: by id, by name and from the run that has them; their files, and where they come from."""

import base64
import binascii
from typing import Any

from graphql import GraphQLResolveInfo

from podium.asgi.graphql.engine import Resolvers
from podium.domain.artifact_collections import Direction
from podium.errors import InvalidArgument
from podium.protocols.wandb.graph.artifact_shapes import (
    MANIFESTS_FOLDER,
    content_url,
    file_shape,
    membership_shape,
    project_key,
    version_shape,
)
from podium.protocols.wandb.graph.caller import Caller
from podium.protocols.wandb.graph.connections import MAX_PAGE, Page, page_info, whole
from podium.protocols.wandb.graph.file_shapes import shape_file
from podium.protocols.wandb.graph.ids import global_id, key_of
from podium.protocols.wandb.graph.people import user_named
from podium.protocols.wandb.graph.run_shapes import asks_for_whole, shape_run

_DEFAULT_FILES = 50


async def _artifact(_: Any, info: GraphQLResolveInfo, id: str) -> dict[str, Any]:  # noqa: A002  the schema's name
    caller: Caller = info.context
    key = key_of("Artifact", id)
    await caller.services.model_sync.refresh_version(caller.actor(), key)
    return version_shape(await caller.services.artifact_reading.version(caller.actor(), key))


async def _client_id(_: Any, info: GraphQLResolveInfo, client_id: str) -> dict[str, Any] | None:
    caller: Caller = info.context
    found = await caller.services.artifact_reading.client_version(caller.actor(), client_id)
    return None if found is None else {"server_id": global_id("Artifact", found.id)}


async def _membership(source: Any, info: GraphQLResolveInfo, name: str) -> dict[str, Any] | None:
    caller: Caller = info.context
    found = await caller.services.artifact_reading.membership(caller.actor(), project_key(source), name)
    return None if found is None else membership_shape(found)


async def _artifact_named(source: Any, info: GraphQLResolveInfo, name: str) -> dict[str, Any] | None:
    caller: Caller = info.context
    found = await caller.services.artifact_reading.membership(caller.actor(), project_key(source), name)
    return None if found is None else version_shape(found.version)


async def _manifest(source: Any, info: GraphQLResolveInfo) -> dict[str, Any] | None:
    caller: Caller = info.context
    file = await caller.services.artifact_reading.listing(caller.actor(), source["key"])
    if file is None:
        return None
    url = content_url(caller, caller.services.links.create(file), file.path, MANIFESTS_FOLDER)
    shown = shape_file(f"Listing:{source['key']}", file.path, file.size_bytes, url)
    return {"id": global_id("ArtifactManifest", source["key"]), "file": shown}


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
    run = await caller.services.artifact_lineage.maker(caller.actor(), source["key"], whole=asks_for_whole(info))
    return await user_named(info, source["user_id"]) if run is None else shape_run(run)


async def _used_by(source: Any, info: GraphQLResolveInfo, **_: Any) -> dict[str, Any]:
    caller: Caller = info.context
    found = await caller.services.artifact_lineage.runs_that_read(
        caller.actor(), source["key"], whole=asks_for_whole(info)
    )
    return whole([shape_run(run) for run in found])


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
    found, total = await caller.services.artifact_lineage.versions_of_run(
        caller.actor(), run, direction, page.limit, page.offset
    )
    return page.connection([version_shape(each) for each in found], total)


def _cursor(path: str) -> str:
    return base64.urlsafe_b64encode(path.encode()).decode()


def _path_of(cursor: str | None) -> str:
    try:
        return base64.urlsafe_b64decode(cursor or "").decode()
    except (binascii.Error, ValueError):
        raise InvalidArgument("'after' is no cursor: expected the 'endCursor' of an earlier page.") from None


RESOLVERS: Resolvers = {
    ("Query", "artifact"): _artifact,
    ("Query", "clientIDMapping"): _client_id,
    ("Project", "artifact"): _artifact_named,
    ("Project", "artifactCollectionMembership"): _membership,
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
