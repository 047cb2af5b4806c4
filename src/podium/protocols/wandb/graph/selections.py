"""What of an answer a query asks for, so that the rest is not read."""

from collections.abc import Iterable, Iterator

from graphql import FieldNode, FragmentSpreadNode, GraphQLResolveInfo, InlineFragmentNode, SelectionSetNode


def asks_for(info: GraphQLResolveInfo, names: Iterable[str]) -> bool:
    """Whether a field of one of these names is asked for, at any depth below the one that is resolved."""
    wanted = set(names)
    return any(field in wanted for node in info.field_nodes for field in _fields(node.selection_set, info))


def asks_beyond(info: GraphQLResolveInfo, names: Iterable[str]) -> bool:
    """Whether any field but those of these names is asked for."""
    known = set(names)
    return any(field not in known for node in info.field_nodes for field in _fields(node.selection_set, info))


def count_fields(info: GraphQLResolveInfo) -> int:
    """How many fields are asked for, at any depth below the one that is resolved."""
    return sum(1 for node in info.field_nodes for _ in _fields(node.selection_set, info))


def _fields(selections: SelectionSetNode | None, info: GraphQLResolveInfo) -> Iterator[str]:
    for node in selections.selections if selections else ():
        if isinstance(node, FieldNode):
            yield node.name.value
            yield from _fields(node.selection_set, info)
        elif isinstance(node, InlineFragmentNode):
            yield from _fields(node.selection_set, info)
        elif isinstance(node, FragmentSpreadNode) and node.name.value in info.fragments:
            yield from _fields(info.fragments[node.name.value].selection_set, info)
