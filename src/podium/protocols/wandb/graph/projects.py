"""Projects, found by their names."""

from typing import Any

from graphql import GraphQLResolveInfo

from podium.asgi.graphql.engine import Resolvers
from podium.domain.artifact_collections import Place
from podium.errors import NotFound
from podium.protocols.wandb.graph.artifact_shapes import project_shape
from podium.protocols.wandb.graph.caller import Caller


async def _project(
    _: Any, info: GraphQLResolveInfo, name: str | None = None, entity_name: str | None = None
) -> dict[str, Any] | None:
    caller: Caller = info.context
    actor = caller.actor(entity_name)
    try:
        found = await caller.services.projects.get_by_name(actor, name or "")
    except NotFound:
        return None
    return None if found.deleted_at is not None else project_shape(Place(found.id, found.name, actor.team))


RESOLVERS: Resolvers = {("Query", "project"): _project}
