"""Lineage: what was made from what, as a graph, and as a list for who reads or steers without a pointer."""

from typing import get_args

from podium.domain.lineage import Direction, Graph, Kind, Node, outline
from podium.errors import InvalidArgument, NotFound
from podium.protocols.pages.endpoint import Endpoint
from podium.protocols.pages.visit import Page, Visit, path_to
from podium.services.lineage import MAX_DEPTH

KIND_NAMES: dict[Kind, str] = {
    "dataset": "Dataset",
    "run": "Run",
    "artifact": "Artifact",
    "logged_model": "Logged model",
    "model_version": "Model version",
}
KIND_ICONS: dict[Kind, str] = {
    "dataset": "database",
    "run": "activity",
    "artifact": "package",
    "logged_model": "box",
    "model_version": "trophy",
}


async def lineage(visit: Visit) -> Page:
    """The graph around a thing; alone for the pages that show it within."""
    kind, public_id = _kind(visit.parameter("kind")), visit.parameter("id")
    direction = _direction(visit.query("direction", "both"))
    depth = visit.number("depth", -1, 0, MAX_DEPTH)
    team = visit.query("team")
    graph = await visit.services.lineage.graph(
        visit.actor(team), kind, public_id, direction, None if depth == -1 else depth
    )
    values = {
        "kind": kind,
        "graph": graph,
        "shape": shape_of(graph),
        "counts": _counts(graph),
        "kind_names": KIND_NAMES,
        "kind_icons": KIND_ICONS,
        "address_of": address_of,
        "title_of": title_of,
        "made_from": outline(graph, downstream=False),
        "made_of_it": outline(graph, downstream=True),
        "whole": path_to("lineage", kind, public_id),
        "team": team,
        "direction": direction,
    }
    return Page("lineage/graph.html" if visit.is_partial else "lineage/page.html", values)


def title_of(node: Node) -> str:
    """What a person calls it."""
    if node.kind == "model_version":
        name, _, number = node.id.rpartition("/")
        return f"{name} v{number}"
    return node.name or node.id


def address_of(node: Node) -> str:
    """The page of a thing."""
    if node.kind == "model_version":
        name, _, number = node.id.rpartition("/")
        return path_to("models", node.team, name, number)
    if node.kind == "run":
        return path_to("runs", node.id)
    if node.kind == "dataset":
        return path_to("datasets", node.id)
    if node.kind == "artifact":
        return path_to("artifacts", node.id)
    return path_to("logged-models", node.id)


def shape_of(graph: Graph) -> dict[str, object]:
    """The graph as the page's script draws it, the first node being what was asked for."""
    return {
        "nodes": [
            {
                "id": f"{node.kind}/{node.id}",
                "kind": node.kind,
                "title": title_of(node),
                "note": KIND_NAMES[node.kind] + (f" in {node.team}" if node.team != graph.nodes[0].team else ""),
                "icon": KIND_ICONS[node.kind],
                "address": address_of(node),
                "deleted": node.deleted,
            }
            for node in graph.nodes
        ],
        "edges": [(link.source, link.target) for link in graph.edges],
    }


def _counts(graph: Graph) -> dict[Kind, int]:
    kinds = [node.kind for node in graph.nodes]
    return {kind: kinds.count(kind) for kind in KIND_NAMES if kind in kinds}


def _kind(given: str) -> Kind:
    for kind in KIND_NAMES:
        if given == kind:
            return kind
    raise NotFound(f"There is no lineage of a '{given[:100]}': it is of {', '.join(KIND_NAMES)}.")


def _direction(given: str) -> Direction:
    for direction in get_args(Direction):
        if given == direction:
            found: Direction = direction
            return found
    raise InvalidArgument(f"'direction' is '{given[:100]}': expected upstream, downstream or both.")


ENDPOINTS = (Endpoint("GET", "/lineage/{kind}/{id:path}", lineage),)
