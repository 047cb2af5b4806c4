"""What was made from what: nodes, edges from a source to what was made of it, and walks over loaded edges."""

from collections.abc import Iterable
from typing import Literal, get_args

import msgspec

Kind = Literal["run", "dataset", "artifact", "logged_model", "model_version"]
Direction = Literal["upstream", "downstream", "both"]

KINDS: tuple[Kind, ...] = get_args(Kind)

# A node within the database: the place of its kind in KINDS, and its key.
Ref = tuple[int, int]
Edge = tuple[Ref, Ref]


class Node(msgspec.Struct, frozen=True):
    """A thing that was made, or made something, by the id that clients know it by."""

    kind: Kind
    id: str
    name: str
    team: str
    deleted: bool


class Link(msgspec.Struct, frozen=True):
    """What was made from what, as places in a list of nodes."""

    source: int
    target: int


class Graph(msgspec.Struct, frozen=True):
    """Nodes, the one that was asked for first. It is not `complete` where it was cut off, or hides what is others'."""

    nodes: list[Node]
    edges: list[Link]
    complete: bool


def within(start: Ref, edges: Iterable[Edge], depth: int | None, *, downstream: bool) -> list[Ref]:
    """The nodes that edges lead to from the start, or from which they lead there, so many at most; nearest first."""
    beside: dict[Ref, list[Ref]] = {}
    for source, target in edges:
        begin, end = (source, target) if downstream else (target, source)
        beside.setdefault(begin, []).append(end)
    found = {start: 0}
    waiting = [start]
    for node in waiting:
        if depth is not None and found[node] >= depth:
            continue
        for other in beside.get(node, ()):
            if other not in found:
                found[other] = found[node] + 1
                waiting.append(other)
    return waiting
