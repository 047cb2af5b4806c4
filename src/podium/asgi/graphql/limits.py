"""How large a query may be, counted before anything of it runs."""

from collections.abc import Mapping

import msgspec
from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

_Fragments = Mapping[str, SelectionSetNode]


class Limits(msgspec.Struct, frozen=True):
    """How much one document may ask for; fragments count where they are spread."""

    root_fields: int
    aliases: int  # within one selection
    depth: int
    selections: int
    characters: int = 200_000

    @property
    def tokens(self) -> int:
        """A name, a brace or a colon is a token each: some five a selection, with its arguments.

        Reading takes 13 µs a token, and nobody else is served meanwhile. The clients' longest document has 250.
        """
        return 5 * self.selections


def check_size(document: DocumentNode, limits: Limits) -> None:
    """Raise GraphQLError for a document that asks for more."""
    fragments = {
        node.name.value: node.selection_set for node in document.definitions if isinstance(node, FragmentDefinitionNode)
    }
    left = limits.selections
    for operation in document.definitions:
        if isinstance(operation, OperationDefinitionNode):
            left = _check_operation(operation, fragments, limits, left)


def _check_operation(operation: OperationDefinitionNode, fragments: _Fragments, limits: Limits, left: int) -> int:
    """How many of the selections that were left are left after this operation."""
    level = [operation.selection_set]
    for depth in range(1, limits.depth + 1):
        below: list[SelectionSetNode] = []
        for selections in level:
            fields = _fields(selections, fragments)
            left -= len(fields)
            if left < 0:
                raise GraphQLError(f"Query exceeds maximum total selections of {limits.selections}")
            if depth == 1:
                _check(len(fields), limits.root_fields, "root fields")
            _check(sum(field.alias is not None for field in fields), limits.aliases, "aliases")
            below += [field.selection_set for field in fields if field.selection_set]
        if not below:
            return left
        level = below
    raise GraphQLError(f"Query exceeds maximum depth of {limits.depth}")


def _fields(selections: SelectionSetNode, fragments: _Fragments) -> list[FieldNode]:
    """The fields of one level, with those that fragments bring into it."""
    found: list[FieldNode] = []
    spread: set[str] = set()
    waiting = list(selections.selections)
    while waiting:
        node = waiting.pop()
        if isinstance(node, FieldNode):
            found.append(node)
        elif isinstance(node, InlineFragmentNode):
            waiting.extend(node.selection_set.selections)
        elif isinstance(node, FragmentSpreadNode) and node.name.value not in spread:
            spread.add(node.name.value)
            if node.name.value in fragments:
                waiting.extend(fragments[node.name.value].selections)
    return found


def _check(count: int, most: int, what: str) -> None:
    if count > most:
        raise GraphQLError(f"GraphQL queries should have at most {most} {what}, got {count} {what}.")
