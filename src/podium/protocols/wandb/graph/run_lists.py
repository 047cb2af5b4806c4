"""Runs of a project, filtered, sorted and page by page."""

from typing import Any

from graphql import GraphQLResolveInfo

from podium.asgi.graphql.engine import Resolvers
from podium.protocols.wandb.grammar import parse_run_filter, parse_run_order
from podium.protocols.wandb.graph.caller import Caller
from podium.protocols.wandb.graph.connections import searched
from podium.protocols.wandb.graph.ids import key_of
from podium.protocols.wandb.graph.run_shapes import asks_for_whole, shape_run
from podium.protocols.wandb.graph.selections import asks_for
from podium.services.searching import Search

_PAGE = 50
MAX_PAGE = 1000


async def _runs(
    project: dict[str, Any],
    info: GraphQLResolveInfo,
    filters: str | None = None,
    order: str | None = None,
    first: int | None = None,
    after: str | None = None,
) -> dict[str, Any]:
    caller: Caller = info.context
    size = max(1, min(_PAGE if first is None else first, MAX_PAGE))
    search = Search(parse_run_filter(filters), parse_run_order(order or "+created_at"), size, after or None)
    found = await caller.services.run_search.search_tracked(
        caller.actor(project["entity_name"]), _project_id(project), search, whole=asks_for_whole(info)
    )
    nodes = [shape_run(tracked) for tracked in found.items]
    if asks_for(info, ("systemMetrics",)):
        events = await caller.services.run_search.last_events(found.items)
        for node, tracked in zip(nodes, found.items, strict=True):
            node["last_event"] = events.get(tracked.run.info.id, "")
    return searched([{"node": node} for node in nodes], found.next_page_token)


async def _run_count(project: dict[str, Any], info: GraphQLResolveInfo, filters: str | None = None) -> int:
    caller: Caller = info.context
    actor = caller.actor(project["entity_name"])
    return await caller.services.run_search.count(actor, _project_id(project), parse_run_filter(filters))


def _project_id(project: dict[str, Any]) -> str:
    return str(key_of("Project", project["id"]))


RESOLVERS: Resolvers = {("Project", "runs"): _runs, ("Project", "runCount"): _run_count}
