"""Registries: the projects of an organization's entity that artifacts are linked into."""

from typing import Any

from graphql import GraphQLResolveInfo

from podium.asgi.graphql.engine import Resolvers
from podium.domain.registries import Registry, check_access, is_registry
from podium.protocols.wandb.graph import artifact_collections, project_changes, projects
from podium.protocols.wandb.graph.caller import Caller
from podium.protocols.wandb.graph.connections import whole
from podium.protocols.wandb.graph.ids import global_id, key_of
from podium.services.registries import RegistryEdit

Parts = dict[str, Any]


async def _project_of_entity(source: Parts, info: GraphQLResolveInfo, name: str | None = None) -> Parts | None:
    return await projects.find_project(info.context, name, source["name"])


async def _upsert(_: Any, info: GraphQLResolveInfo, input: Parts) -> Parts:  # noqa: A002  the schema's name
    if not is_registry(input.get("name") or ""):
        return await project_changes.upsert_model(_, info, input)
    caller: Caller = info.context
    access = input.get("access")
    edit = RegistryEdit(
        description=input.get("description"),
        access=None if access is None else check_access(access),
        allows_all_types=input.get("allow_all_artifact_types_in_registry"),
        types=[given["name"] for given in input.get("artifact_types") or ()],
    )
    actor = caller.actor(input.get("entity_name"))
    registry, inserted = await caller.services.registries.upsert(actor, input["name"], edit)
    shaped = shape_registry(registry)
    return {"project": shaped, "model": shaped, "inserted": inserted}


async def _access(source: Parts, info: GraphQLResolveInfo) -> str:
    registry = await _registry(source, info)
    return "PRIVATE" if registry is None else registry.access


async def _allows_all_types(source: Parts, info: GraphQLResolveInfo) -> bool:
    registry = await _registry(source, info)
    return registry is None or registry.allows_all_types


async def _types(source: Parts, info: GraphQLResolveInfo, **given: Any) -> Parts:
    registry: Registry | None = source.get("registry")
    if registry is None:
        return await artifact_collections.list_types(source, info, **given)
    return whole([{"name": name} for name in registry.types])


async def _registry(source: Parts, info: GraphQLResolveInfo) -> Registry | None:
    """That of a project: it came with the project, or is asked for once."""
    if not is_registry(source["name"]):
        return None
    if "registry" not in source:
        caller: Caller = info.context
        actor = caller.actor(source["entity_name"])
        source["registry"] = await caller.services.registries.find(actor, key_of("Project", source["id"]))
    found: Registry | None = source["registry"]
    return found


def shape_registry(registry: Registry) -> Parts:
    """A registry as the project that it is."""
    return {
        "__typename": "Project",
        "registry": registry,
        "id": global_id("Project", registry.id),
        "internal_id": global_id("ProjectInternalId", registry.id),
        "name": registry.name,
        "entity_name": registry.team,
        "organization": registry.organization,
        "description": registry.description,
        "created_at": registry.created_at,
        "updated_at": registry.updated_at,
        "read_only": False,
        "is_benchmark": False,
    }


async def _project(
    _: Any, info: GraphQLResolveInfo, name: str | None = None, entity_name: str | None = None
) -> Parts | None:
    return await projects.find_project(info.context, name, entity_name)


async def _source_project(sequence: Parts, info: GraphQLResolveInfo) -> Parts | None:
    """Whoever sees a link in a registry need not learn where it leads to."""
    caller: Caller = info.context
    project: Parts | None = sequence.get("project")
    if project is None or caller.account is None:
        return project
    known: dict[str, bool] = caller.kept.setdefault("readable", {})
    team = project["entity_name"]
    if team not in known:
        known[team] = await caller.services.teams.is_readable(caller.actor(team))
    return project if known[team] else None


RESOLVERS: Resolvers = {
    ("Query", "project"): _project,
    ("Query", "model"): _project,
    ("Entity", "project"): _project_of_entity,
    ("Mutation", "upsertModel"): _upsert,
    ("ArtifactSequence", "project"): _source_project,
    ("Project", "access"): _access,
    ("Project", "allowAllArtifactTypesInRegistry"): _allows_all_types,
    ("Project", "artifactTypes"): _types,
}
