"""One graph of what was made from what: runs, datasets, artifacts, logged models and registered versions."""

from podium.domain.access import Actor, may_read
from podium.domain.lineage import Direction, Graph, Kind, Link, Ref, Step, within
from podium.domain.public_ids import values_of
from podium.errors import InvalidArgument, NotFound
from podium.services.context import Context
from podium.services.registry_roles import hidden_registries
from podium.store import lineage as rows
from podium.store.transaction import Tx

MAX_EDGES = 50_000
MAX_DEPTH = 1000
_OTHER = {False: "downstream", True: "upstream"}  # the direction that has no place for such a walk


class Lineage:
    """What the actor may see of the graph."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def graph(self, actor: Actor, kind: Kind, public_id: str, direction: Direction, depth: int | None) -> Graph:
        """What a thing of the actor's team was made from, what was made from it, or both; at most `depth` steps away.

        Raises NotFound.
        """
        if depth is not None and not 0 <= depth <= MAX_DEPTH:
            raise InvalidArgument(f"'depth' is {depth}: expected 0 to {MAX_DEPTH}.")
        named = values_of(kind, public_id)

        def work(tx: Tx) -> Graph:
            start = rows.find_node(tx, self._context.team_id(tx, actor), kind, named)
            if start is None:
                raise NotFound(f"There is no {kind} '{public_id[:200]}'.")
            ways = [downstream for downstream in (False, True) if direction != _OTHER[downstream]]
            found = {way: rows.select_steps(tx, start, downstream=way, limit=MAX_EDGES) for way in ways}
            graph = _shown(tx, actor, start, found, depth)
            if graph is None:
                raise NotFound(f"There is no {kind} '{public_id}'.")
            return graph

        # All that there is may be much: begun where it holds nobody up, it need not be begun twice.
        return await self._context.store.read(work, brief=depth is not None)


def _shown(tx: Tx, actor: Actor, start: Ref, found: dict[bool, list[Step]], depth: int | None) -> Graph | None:
    """What the actor may see; None when that is not even the start."""
    refs = list(dict.fromkeys(ref for steps in found.values() for ref in within(start, steps, depth)))
    known = [] if actor.account is None else list(actor.account.roles)
    loaded = rows.load_nodes(tx, refs, hidden_registries(tx, actor, known))
    if start not in loaded:
        return None
    readable = {team for team in {team for team, _ in loaded.values()} if may_read(actor, team)}
    visible = [ref for ref in refs if ref in loaded and loaded[ref][0] in readable]
    cut = any(len(steps) == MAX_EDGES for steps in found.values())
    nodes = [loaded[ref][1] for ref in visible]
    return Graph(nodes, _links(visible, found), complete=len(visible) == len(refs) and not cut)


def _links(visible: list[Ref], found: dict[bool, list[Step]]) -> list[Link]:
    """The edges between what is visible, each once: both ways of a walk go along those of a loop."""
    places = {ref: place for place, ref in enumerate(visible)}
    edges: dict[Step, None] = {}
    for downstream, steps in found.items():
        edges.update(dict.fromkeys(steps if downstream else [(end, begin) for begin, end in steps]))
    return [Link(places[source], places[target]) for source, target in edges if source in places and target in places]
