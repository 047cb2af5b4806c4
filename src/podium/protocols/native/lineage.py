"""Lineage: what was made from what."""

import msgspec

from podium.domain.access import Actor
from podium.domain.lineage import Direction, Kind, Link, Node
from podium.protocols.native.api import Api
from podium.protocols.native.endpoint import Call, Input, Topic


class LineageView(msgspec.Struct, frozen=True):
    """Nodes, what was asked for first, and what was made from what, as places in that list."""

    nodes: list[Node]
    edges: list[Link]
    complete: bool


class ReadLineage(Input, frozen=True, kw_only=True):
    """From where, which way and how far."""

    kind: Kind
    id: str
    direction: Direction = "both"
    depth: int | None = None


async def read_lineage(api: Api, actor: Actor, request: ReadLineage) -> LineageView:
    """Ids are those of runs and logged models, `name/version` of registered versions, and numbers of the others.

    It is not complete where it has too many edges, or leads to what another team has.
    """
    found = await api.services.lineage.graph(actor, request.kind, request.id, request.direction, request.depth)
    return LineageView(found.nodes, found.edges, found.complete)


TOPIC = Topic(
    "lineage",
    "What was made from what: runs, datasets, artifacts, logged models and registered versions, of all clients.",
    (Call("GET", "/lineage/{kind}/{id:path}", ReadLineage, LineageView, read_lineage, "Read a lineage"),),
)
