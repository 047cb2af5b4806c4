"""Lineage told as a list."""

from podium.domain.lineage import MAX_OUTLINE_DEPTH, Branch, Graph, Link, Node, outline


def graph(count, *edges) -> Graph:
    nodes = [Node("run", str(number), str(number), "default", deleted=False) for number in range(count)]
    return Graph(nodes, [Link(*edge) for edge in edges], complete=True)


def names(branches: list[Branch]) -> list[object]:
    return [[branch.node.name, names(branch.below)] if branch.below else branch.node.name for branch in branches]


def test_each_thing_is_told_once_under_the_nearest_that_leads_there():
    made = graph(5, (0, 1), (0, 2), (1, 3), (2, 3), (3, 4), (4, 0))
    assert names(outline(made, downstream=True)) == [["1", [["3", ["4"]]]], "2"]
    assert names(outline(made, downstream=False)) == [["4", [["3", ["1", "2"]]]]]


def test_a_long_chain_is_nested_no_deeper_than_lists_can_be():
    chain = graph(100, *((place, place + 1) for place in range(99)))
    below, depth = outline(chain, downstream=True), 0
    while len(below) == 1:
        below, depth = below[0].below, depth + 1
    assert depth == MAX_OUTLINE_DEPTH - 1
    assert len(below) == 100 - MAX_OUTLINE_DEPTH
