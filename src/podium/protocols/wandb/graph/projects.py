"""Projects as W&B shows them; their owners are in `people`."""

from collections.abc import Awaitable
from typing import Any

import msgspec
from graphql import GraphQLResolveInfo

from podium.asgi.graphql.engine import Resolver, Resolvers
from podium.domain.artifact_collections import Place
from podium.domain.projects import Project
from podium.domain.registries import MODELS, Registry
from podium.errors import NotFound
from podium.protocols.wandb.graph.caller import Caller
from podium.protocols.wandb.graph.ids import global_id, key_of

DESCRIPTION_TAG = "mlflow.note.content"

Parts = dict[str, Any]


class _Details(msgspec.Struct, frozen=True):
    """What is known of a project beside its place."""

    description: str | None
    created_at: int
    updated_at: int


def shape_place(place: Place) -> Parts:
    """A project of which just the place is known: the rest is read when it is asked for."""
    return {
        "__typename": "Project",
        "id": global_id("Project", place.project_id),
        "internal_id": global_id("ProjectInternalId", place.project_id),
        "name": place.project,
        "entity_name": place.team,
        "read_only": False,
        "is_benchmark": False,
    }


def shape_project(project: Project, team: str) -> Parts:
    """A project of a team."""
    return {**shape_place(Place(project.id, project.name, team)), "details": _details(project)}


def shape_registry(registry: Registry) -> Parts:
    """A registry as the project that it is."""
    details = _Details(registry.description, registry.created_at, registry.updated_at)
    place = shape_place(Place(registry.id, registry.name, registry.team))
    return {**place, "details": details, "registry": registry, "organization": registry.organization}


async def find_project(caller: Caller, name: str | None, entity_name: str | None) -> Parts | None:
    """The project of this name, of an entity or the caller's own one."""
    actor = caller.actor(entity_name)
    try:
        if name == MODELS:
            await caller.services.model_sync.refresh(actor)
        project = await caller.services.projects.get_by_name(actor, name or "")
    except NotFound:  # of the entity, too
        return None
    return None if project.deleted_at is not None else shape_project(project, entity_name or caller.home)


def _detail(name: str) -> Resolver:
    """Resolves a field of a project that its place does not tell."""

    def resolve(project: Parts, info: GraphQLResolveInfo) -> Any | Awaitable[Any]:
        details: _Details | None = project.get("details")
        return _read_detail(project, info.context, name) if details is None else getattr(details, name)

    return resolve


async def _read_detail(project: Parts, caller: Caller, name: str) -> Any:
    key = key_of("Project", project["id"])
    actor = caller.actor(project["entity_name"])
    found = await caller.once(("project", key), lambda: caller.services.projects.get(actor, str(key)))
    return getattr(_details(found), name)


def _details(project: Project) -> _Details:
    return _Details(project.tags.get(DESCRIPTION_TAG), project.created_at, project.updated_at)


RESOLVERS: Resolvers = {
    ("Project", field): _detail(name)
    for field, name in (("description", "description"), ("createdAt", "created_at"), ("updatedAt", "updated_at"))
}
