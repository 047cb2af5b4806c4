"""Using, linking, changing and deleting artifacts and their collections."""

from typing import Any

from graphql import GraphQLResolveInfo

from podium.asgi.graphql.engine import Resolvers
from podium.errors import InvalidArgument, NotFound
from podium.protocols.wandb.graph.artifact_shapes import (
    collection_shape,
    membership_shape,
    tag_shape,
    version_shape,
)
from podium.protocols.wandb.graph.caller import Caller
from podium.protocols.wandb.graph.ids import key_of
from podium.services.artifact_aliases import AliasIn
from podium.services.artifact_changes import VersionEdit

Input = dict[str, Any]


async def _use(_: Any, info: GraphQLResolveInfo, input: Input) -> dict[str, Any]:  # noqa: A002  the schema's name
    caller: Caller = info.context
    version = await caller.services.artifact_lineage.use(
        caller.actor(input["entity_name"]),
        key_of("Artifact", input["artifact_id"]),
        input["project_name"],
        input["run_name"],
    )
    return {"artifact": version_shape(version)}


async def _update(_: Any, info: GraphQLResolveInfo, input: Input) -> dict[str, Any]:  # noqa: A002
    caller: Caller = info.context
    edit = VersionEdit(
        description=input.get("description"),
        metadata=input.get("metadata"),
        ttl_s=input.get("ttl_duration_seconds"),
        tags_to_add=_tags(input.get("tags_to_add")),
        tags_to_remove=_tags(input.get("tags_to_delete")),
    )
    key = key_of("Artifact", input["artifact_id"])
    return {"artifact": version_shape(await caller.services.artifact_changes.update(caller.actor(), key, edit))}


async def _delete(_: Any, info: GraphQLResolveInfo, input: Input) -> dict[str, Any]:  # noqa: A002
    caller: Caller = info.context
    key = key_of("Artifact", input["artifact_id"])
    version = await caller.services.artifact_changes.delete(
        caller.actor(), key, with_aliases=bool(input.get("delete_aliases"))
    )
    return {"artifact": version_shape(version)}


async def _add_aliases(_: Any, info: GraphQLResolveInfo, input: Input) -> dict[str, Any]:  # noqa: A002
    caller: Caller = info.context
    key = key_of("Artifact", input["artifact_id"])
    await caller.services.artifact_aliases.add(caller.actor(), key, _aliases(input))
    return {"success": True}


async def _delete_aliases(_: Any, info: GraphQLResolveInfo, input: Input) -> dict[str, Any]:  # noqa: A002
    caller: Caller = info.context
    key = key_of("Artifact", input["artifact_id"])
    await caller.services.artifact_aliases.remove(caller.actor(), key, _aliases(input))
    return {"success": True}


def _aliases(given: Input) -> list[AliasIn]:
    return [
        AliasIn(each["entity_name"], each["project_name"], each["artifact_collection_name"], each["alias"])
        for each in given["aliases"]
    ]


async def _link(_: Any, info: GraphQLResolveInfo, input: Input) -> dict[str, Any]:  # noqa: A002
    caller: Caller = info.context
    entity, project, name = await _target(caller, input)
    found = await caller.services.artifact_changes.link(
        caller.actor(entity),
        await _linked(caller, input),
        project,
        name,
        [alias["alias"] for alias in input.get("aliases") or ()],
    )
    return {"version_index": found.number, "artifact_membership": membership_shape(found)}


async def _target(caller: Caller, given: Input) -> tuple[str | None, str, str]:
    if given.get("artifact_portfolio_id"):
        key = key_of("ArtifactCollection", given["artifact_portfolio_id"])
        found = await caller.services.artifact_reading.collection_by_key(caller.actor(), key)
        return found.place.team, found.place.project, found.name
    project, name = given.get("project_name"), given.get("artifact_portfolio_name")
    if not project or not name:
        raise InvalidArgument("'projectName' and 'artifactPortfolioName' are missing: expected where to link to.")
    return given.get("entity_name"), project, name


async def _linked(caller: Caller, given: Input) -> int:
    if given.get("artifact_id"):
        return key_of("Artifact", given["artifact_id"])
    client_id = given.get("client_id") or ""
    found = await caller.services.artifact_reading.client_version(caller.actor(), client_id)
    if found is None:
        raise NotFound(f"There is no artifact with the client id '{client_id}'.")
    return found.id


async def _unlink(_: Any, info: GraphQLResolveInfo, input: Input) -> dict[str, Any]:  # noqa: A002
    caller: Caller = info.context
    portfolio = key_of("ArtifactCollection", input["artifact_portfolio_id"])
    version = key_of("Artifact", input["artifact_id"])
    await caller.services.artifact_changes.unlink(caller.actor(), version, portfolio)
    return {"success": True}


async def _update_collection(_: Any, info: GraphQLResolveInfo, input: Input) -> dict[str, Any]:  # noqa: A002
    caller: Caller = info.context
    found = await caller.services.artifact_changes.update_collection(
        caller.actor(), _collection(input), input.get("name"), input.get("description")
    )
    return {"artifact_collection": collection_shape(found)}


async def _move_sequence(_: Any, info: GraphQLResolveInfo, input: Input) -> dict[str, Any]:  # noqa: A002
    caller: Caller = info.context
    found = await caller.services.artifact_changes.move_collection(
        caller.actor(), _collection(input), input["destination_artifact_type_name"]
    )
    return {"artifact_collection": collection_shape(found)}


async def _delete_collection(_: Any, info: GraphQLResolveInfo, input: Input) -> dict[str, Any]:  # noqa: A002
    caller: Caller = info.context
    found = await caller.services.artifact_changes.delete_collection(caller.actor(), _collection(input))
    return {"artifact_collection": collection_shape(found, state="DELETED")}


def _collection(given: Input) -> int:
    return key_of("ArtifactCollection", given.get("artifact_sequence_id") or given.get("artifact_portfolio_id") or "")


async def _add_collection_tags(_: Any, info: GraphQLResolveInfo, input: Input) -> dict[str, Any]:  # noqa: A002
    tags = _tags(input["tags"])
    await _tag_collection(info, input, add=tags)
    return {"tags": [tag_shape(tag) for tag in tags]}


async def _delete_collection_tags(_: Any, info: GraphQLResolveInfo, input: Input) -> dict[str, Any]:  # noqa: A002
    await _tag_collection(info, input, remove=_tags(input["tags"]))
    return {"success": True}


async def _tag_collection(
    info: GraphQLResolveInfo, given: Input, add: list[str] | None = None, remove: list[str] | None = None
) -> None:
    caller: Caller = info.context
    actor = caller.actor(given["entity_name"])
    await caller.services.artifact_changes.tag_collection(
        actor, given["project_name"], given["artifact_collection_name"], add or [], remove or []
    )


def _tags(given: list[Input] | None) -> list[str]:
    return [tag["tag_name"] for tag in given or ()]


RESOLVERS: Resolvers = {
    ("Mutation", "useArtifact"): _use,
    ("Mutation", "updateArtifact"): _update,
    ("Mutation", "deleteArtifact"): _delete,
    ("Mutation", "addAliases"): _add_aliases,
    ("Mutation", "deleteAliases"): _delete_aliases,
    ("Mutation", "linkArtifact"): _link,
    ("Mutation", "unlinkArtifact"): _unlink,
    ("Mutation", "updateArtifactSequence"): _update_collection,
    ("Mutation", "updateArtifactPortfolio"): _update_collection,
    ("Mutation", "moveArtifactSequence"): _move_sequence,
    ("Mutation", "deleteArtifactSequence"): _delete_collection,
    ("Mutation", "deleteArtifactPortfolio"): _delete_collection,
    ("Mutation", "createArtifactCollectionTagAssignments"): _add_collection_tags,
    ("Mutation", "deleteArtifactCollectionTagAssignments"): _delete_collection_tags,
}
