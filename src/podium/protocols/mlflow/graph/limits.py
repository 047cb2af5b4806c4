"""How large a query may be, counted before anything of it runs. The limits are those of `mlflow server`."""

from collections.abc import Mapping

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

MAX_ROOT_FIELDS = 10
MAX_ALIASES = 10
MAX_DEPTH = 10
MAX_SELECTIONS = 1000

_Fragments = Mapping[str, SelectionSetNode]


def check_size(document: DocumentNode) -> None:
    """Raise GraphQLError for a query that asks for more than one page of MLflow ever does."""
    fragments = {
        node.name.value: node.selection_set for node in document.definitions if isinstance(node, FragmentDefinitionNode)
    }
    left = MAX_SELECTIONS
    for operation in document.definitions:
        if isinstance(operation, OperationDefinitionNode):
            left = _check_operation(operation, fragments, left)


def _check_operation(operation: OperationDefinitionNode, fragments: _Fragments, left: int) -> int:
    """How many of the selections that were left are left after this operation."""
    level = [operation.selection_set]
    for depth in range(1, MAX_DEPTH + 1):
        below: list[SelectionSetNode] = []
        for selections in level:
            fields = _fields(selections, fragments)
            left -= len(fields)
            if left < 0:
                raise GraphQLError(f"Query exceeds maximum total selections of {MAX_SELECTIONS}")
            if depth == 1:
                _check(len(fields), MAX_ROOT_FIELDS, "root fields")
            _check(sum(field.alias is not None for field in fields), MAX_ALIASES, "aliases")
            below += [field.selection_set for field in fields if field.selection_set]
        if not below:
            return left
        level = below
    raise GraphQLError(f"Query exceeds maximum depth of {MAX_DEPTH}")


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
