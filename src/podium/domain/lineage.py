"""What was made from what: nodes, edges from a source to what was made of it, and walks over loaded edges."""

from collections.abc import Iterable
from typing import Literal, get_args

import msgspec

Kind = Literal["run", "dataset", "artifact", "logged_model", "model_version"]
Direction = Literal["upstream", "downstream", "both"]

KINDS: tuple[Kind, ...] = get_args(Kind)

# A node within the database, as one number: its key, and in the lowest bits the place of its kind in KINDS. Graphs are
# large, and numbers are cheaper than pairs of them.
Ref = int
KIND_BITS, KIND_MASK = 3, 7

# From a node to the next one of a walk, whichever way that goes.
Step = tuple[Ref, Ref]


# Neither holds anything but texts and numbers: the collector of garbage need not look at thousands of them.
class Node(msgspec.Struct, frozen=True, gc=False):
    """A thing that was made, or made something, by the id that clients know it by."""

    kind: Kind
    id: str
    name: str
    team: str
    deleted: bool


class Link(msgspec.Struct, frozen=True, gc=False):
    """What was made from what, as places in a list of nodes."""

    source: int
    target: int


class Graph(msgspec.Struct, frozen=True):
    """Nodes, the one that was asked for first. It is not `complete` where it was cut off, or hides what is others'."""

    nodes: list[Node]
    edges: list[Link]
    complete: bool


def ref_of(kind: Kind, key: int) -> Ref:
    """The node of this kind with this key."""
    return key << KIND_BITS | KINDS.index(kind)


def within(start: Ref, steps: Iterable[Step], depth: int | None) -> list[Ref]:
    """The nodes that steps lead to from the start, so many of them at most; nearest first."""
    beside: dict[Ref, list[Ref]] = {}
    for begin, end in steps:
        beside.setdefault(begin, []).append(end)
    found = {start: 0}
    waiting = [start]
    for node in waiting:
        away = found[node]
        if depth is not None and away >= depth:
            continue
        for other in beside.get(node, ()):
            if other not in found:
                found[other] = away + 1
                waiting.append(other)
    return waiting
