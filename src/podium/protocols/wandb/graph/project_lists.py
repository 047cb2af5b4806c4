"""Projects of an entity, page by page, newest first."""

from typing import Any

from graphql import GraphQLResolveInfo

from podium.asgi.graphql.engine import Resolvers
from podium.domain.filters import And
from podium.protocols.wandb.graph.caller import Caller
from podium.protocols.wandb.graph.connections import page_size, searched
from podium.protocols.wandb.graph.projects import shape_project
from podium.services.searching import Search


async def _models(
    _: Any,
    info: GraphQLResolveInfo,
    entity_name: str | None = None,
    first: int | None = None,
    after: str | None = None,
) -> dict[str, Any]:
    return await list_projects(info.context, entity_name or info.context.home, first, after)


async def list_projects(caller: Caller, team: str, first: int | None, after: str | None) -> dict[str, Any]:
    search = Search(And(), limit=page_size(first), page_token=after or None)
    found = await caller.services.projects.search(caller.actor(team), search, "active")
    return searched([{"node": shape_project(project, team)} for project in found.items], found.next_page_token)


RESOLVERS: Resolvers = {("Query", "models"): _models}
