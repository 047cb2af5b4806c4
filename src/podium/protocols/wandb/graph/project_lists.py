"""Projects of an entity, page by page, newest first."""

from typing import Any

from graphql import GraphQLResolveInfo

from podium.asgi.graphql.engine import Resolvers
from podium.domain.filters import And
from podium.protocols.wandb.graph.caller import Caller
from podium.protocols.wandb.graph.projects import shape_project
from podium.services.searching import Search

_PAGE, _MAX_PAGE = 50, 1000


async def _models(
    _: Any,
    info: GraphQLResolveInfo,
    entity_name: str | None = None,
    first: int | None = None,
    after: str | None = None,
) -> dict[str, Any]:
    return await list_projects(info.context, entity_name or info.context.home, first, after)


async def list_projects(caller: Caller, team: str, first: int | None, after: str | None) -> dict[str, Any]:
    size = max(1, min(_PAGE if first is None else first, _MAX_PAGE))
    search = Search(And(), limit=size, page_token=after or None)
    found = await caller.services.projects.search(caller.actor(team), search, "active")
    end = found.next_page_token
    return {
        "edges": [{"node": shape_project(project, team), "cursor": end} for project in found.items],
        "page_info": {"end_cursor": end, "has_next_page": end is not None},
    }


RESOLVERS: Resolvers = {("Query", "models"): _models}
