"""Logging artifacts: begun, listed, their files uploaded, and committed."""

from collections.abc import Awaitable
from typing import Any

from graphql import GraphQLResolveInfo

from podium.asgi.graphql.engine import Resolvers
from podium.domain.artifact_listings import Kind, md5_of
from podium.errors import InvalidArgument
from podium.protocols.wandb.graph.artifact_parts import part_targets
from podium.protocols.wandb.graph.artifact_shapes import FILES_FOLDER, upload_target, version_shape
from podium.protocols.wandb.graph.caller import Caller
from podium.protocols.wandb.graph.connections import whole
from podium.protocols.wandb.graph.file_shapes import shape_file
from podium.protocols.wandb.graph.ids import global_id, key_of
from podium.protocols.wandb.graph.selections import asks_beyond
from podium.services.artifact_versions import Draft

_LISTING_NAMES: dict[Kind, str] = {
    "FULL": "wandb_manifest.json",
    "PATCH": "wandb_manifest.patch.json",
    "INCREMENTAL": "wandb_manifest.incremental.json",
}

Input = dict[str, Any]


async def _create(_: Any, info: GraphQLResolveInfo, input: Input) -> dict[str, Any]:  # noqa: A002  the schema's name
    caller: Caller = info.context
    begun = await caller.services.artifact_versions.create(caller.actor(input["entity_name"]), _draft(input))
    shown = version_shape(begun.version)
    shown["artifact_sequence"]["latest"] = begun.latest
    return {"artifact": shown}


def _draft(given: Input) -> Draft:
    names = given.get("artifact_collection_names") or []
    name = given.get("artifact_collection_name") or (names[0] if names else None)
    if name is None:
        raise InvalidArgument("'artifactCollectionName' is missing: expected the name of the artifact.")
    return Draft(
        project=given["project_name"],
        type=given["artifact_type_name"],
        collection=name,
        digest=given["digest"],
        run=given.get("run_name"),
        aliases=[alias["alias"] for alias in given.get("aliases") or ()],
        tags=[tag["tag_name"] for tag in given.get("tags") or ()],
        description=given.get("description"),
        metadata=given.get("metadata"),
        history_step=given.get("history_step"),
        ttl_s=given.get("ttl_duration_seconds"),
        client_id=given.get("client_id"),
        distributed_id=given.get("distributed_id"),
        storage_region=given.get("storage_region"),
        deduplicate=given.get("enable_digest_deduplication") is not False,
    )


async def _create_manifest(_: Any, info: GraphQLResolveInfo, input: Input) -> dict[str, Any]:  # noqa: A002
    caller: Caller = info.context
    kind: Kind = input.get("type") or "FULL"
    md5 = md5_of(input["digest"]) if input["digest"] else ""
    team, key = await caller.services.artifact_versions.begin_listing(
        caller.actor(), key_of("Artifact", input["artifact_id"]), kind, _base(input), md5
    )
    return _manifest(caller, team, key, kind, md5)


async def _update_manifest(_: Any, info: GraphQLResolveInfo, input: Input) -> dict[str, Any]:  # noqa: A002
    caller: Caller = info.context
    md5 = md5_of(input["digest"]) if input.get("digest") else None
    team, listing = await caller.services.artifact_versions.update_listing(
        caller.actor(), key_of("ArtifactManifest", input["artifact_manifest_id"]), _base(input), md5
    )
    return _manifest(caller, team, listing.id, listing.kind, listing.md5)


def _base(given: Input) -> int | None:
    base = given.get("base_artifact_id")
    return key_of("Artifact", base) if base else None


def _manifest(caller: Caller, team: int, key: int, kind: Kind, md5: str) -> dict[str, Any]:
    name = _LISTING_NAMES[kind]
    file = shape_file(f"Listing:{key}", name)
    if md5:
        token = caller.services.artifact_contents.upload_token(team, md5, name)
        file |= upload_target(caller, token, md5, "application/json")
    return {"artifact_manifest": {"id": global_id("ArtifactManifest", key), "file": file}}


async def _create_files(_: Any, info: GraphQLResolveInfo, input: Input) -> dict[str, Any]:  # noqa: A002
    """As many as were asked for, in the same order: the client pairs them by their number."""
    caller: Caller = info.context
    specs = input["artifact_files"]
    owners = {spec["artifact_id"] for spec in specs}
    tokens: dict[tuple[str, str], str | None] = {}
    for owner in sorted(owners):
        files = [(spec["name"], _md5(spec)) for spec in specs if spec["artifact_id"] == owner]
        given = await caller.services.artifact_contents.offer(caller.actor(), key_of("Artifact", owner), files)
        tokens |= {(owner, path): token for (path, _), token in zip(files, given, strict=True)}
    return {"files": whole([await _upload(caller, spec, tokens[spec["artifact_id"], spec["name"]]) for spec in specs])}


async def _upload(caller: Caller, spec: Input, token: str | None) -> dict[str, Any]:
    md5 = _md5(spec)
    return {
        **shape_file(f"ArtifactFile:{md5}:{spec['name']}", spec["name"]),
        "storage_path": f"{FILES_FOLDER}/{md5}",
        "artifact_id": spec["artifact_id"],
        "upload_multipart_urls": await part_targets(caller, token, spec.get("upload_parts_input")),
        **upload_target(caller, token, md5, spec.get("mimetype")),
    }


def _md5(spec: Input) -> str:
    return md5_of(spec.get("md5") or spec.get("digest") or "")


def _artifact_of_file(file: dict[str, Any], info: GraphQLResolveInfo) -> Any | Awaitable[Any]:
    """Files that are to be uploaded tell for which version."""
    given: str | None = file.get("artifact_id")
    if given is None or not asks_beyond(info, ("id", "__typename")):
        return given and {"id": given}
    return _read_version(info.context, key_of("Artifact", given))


async def _read_version(caller: Caller, key: int) -> dict[str, Any]:
    return version_shape(await caller.services.artifact_reading.version(caller.actor(), key))


async def _commit(_: Any, info: GraphQLResolveInfo, input: Input) -> dict[str, Any]:  # noqa: A002
    caller: Caller = info.context
    key = key_of("Artifact", input["artifact_id"])
    return {"artifact": version_shape(await caller.services.artifact_commits.commit(caller.actor(), key))}


RESOLVERS: Resolvers = {
    ("Mutation", "createArtifact"): _create,
    ("Mutation", "createArtifactManifest"): _create_manifest,
    ("Mutation", "updateArtifactManifest"): _update_manifest,
    ("Mutation", "createArtifactFiles"): _create_files,
    ("Mutation", "commitArtifact"): _commit,
    ("File", "artifact"): _artifact_of_file,
}
