"""Registries: the projects of an organization's entity that artifacts are linked into."""

from typing import Any

from graphql import GraphQLResolveInfo

from podium.asgi.graphql.engine import Resolvers
from podium.domain.registries import Registry, check_access, is_registry
from podium.protocols.wandb.graph import artifact_collections, project_changes, projects
from podium.protocols.wandb.graph.caller import Caller
from podium.protocols.wandb.graph.connections import whole
from podium.protocols.wandb.graph.ids import key_of
from podium.protocols.wandb.graph.projects import shape_registry
from podium.protocols.wandb.graph.selections import asks_beyond
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
    registry = await registry_of(source, info)
    return "PRIVATE" if registry is None else registry.access


async def _allows_all_types(source: Parts, info: GraphQLResolveInfo) -> bool:
    registry = await registry_of(source, info)
    return registry is None or registry.allows_all_types


async def _types(source: Parts, info: GraphQLResolveInfo, **given: Any) -> Parts:
    """Their names came with the registry."""
    registry: Registry | None = source.get("registry")
    if registry is None or asks_beyond(info, ("edges", "node", "name", "__typename")):
        return await artifact_collections.list_types(source, info, **given)
    return whole([{"name": name} for name in registry.types])


async def registry_of(source: Parts, info: GraphQLResolveInfo) -> Registry | None:
    """The registry that a project is, as far as the caller may see it; it came with the project, or is read once."""
    if not is_registry(source["name"]):
        return None
    if "registry" in source:
        given: Registry = source["registry"]
        return given
    caller: Caller = info.context
    key, actor = key_of("Project", source["id"]), caller.actor(source["entity_name"])
    return await caller.once(("registry", key), lambda: caller.services.registries.find(actor, key))


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
    team = project["entity_name"]
    readable = await caller.once(("readable", team), lambda: caller.services.teams.is_readable(caller.actor(team)))
    return project if readable else None


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
