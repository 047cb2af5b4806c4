"""How large a query may be, counted before anything of it runs.

What is checked here bounds what reading, checking and keeping a document takes: nobody else is served meanwhile.
"""

from collections.abc import Mapping, Sequence

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

# Fields that become one in the answer are compared pair by pair, their arguments as text. What clients need of it are
# the same few fields of several fragments.
_MAX_SAME, _MAX_SAME_WITH_ARGUMENTS = 20, 3
_MAX_DEFINITIONS = 50
# What is kept in one answer's place: the selections of all fields that become one there.
_Place = Sequence[SelectionSetNode]


class Limits(msgspec.Struct, frozen=True):
    """How much one document may ask for; fragments count where they are spread."""

    root_fields: int
    aliases: int  # within one place of the answer
    depth: int
    selections: int
    characters: int = 200_000

    @property
    def tokens(self) -> int:
        """A name, a brace or a colon is a token each: some five a selection, with its arguments."""
        return 5 * self.selections


def check_size(document: DocumentNode, limits: Limits) -> None:
    """Raise GraphQLError for a document that asks for more."""
    _check(len(document.definitions), _MAX_DEFINITIONS, "operations and fragments")
    count = _Count(document, limits)
    for operation in document.definitions:
        if isinstance(operation, OperationDefinitionNode):
            count.operation(operation)
    count.check_fragments()


class _Count:
    """Walks through a document as its answer will be: by the names under which values are put there."""

    def __init__(self, document: DocumentNode, limits: Limits) -> None:
        found = [node for node in document.definitions if isinstance(node, FragmentDefinitionNode)]
        self._fragments: Mapping[str, SelectionSetNode] = {node.name.value: node.selection_set for node in found}
        self._unused = [node.name.value for node in found]
        self._limits, self._left = limits, limits.selections

    def operation(self, operation: OperationDefinitionNode) -> None:
        """Raise GraphQLError when the operations up to this one ask for more than is allowed."""
        level: list[_Place] = [(operation.selection_set,)]
        for depth in range(1, self._limits.depth + 1):
            below: list[_Place] = []
            for place in level:
                fields = self._fields(place)
                if depth == 1:
                    _check(len(fields), self._limits.root_fields, "root fields")
                _check(sum(field.alias is not None for field in fields), self._limits.aliases, "aliases")
                below += _places_below(fields)
            if not below:
                return
            level = below
        raise GraphQLError(f"Query exceeds maximum depth of {self._limits.depth}")

    def check_fragments(self) -> None:
        """Raise GraphQLError for fragments that no operation counted, which would be checked all the same."""
        if self._unused:
            raise GraphQLError(f"Fragment '{self._unused[0]}' is never used, or there are two of this name.")

    def _fields(self, place: _Place) -> list[FieldNode]:
        """The fields of a place, with those that fragments bring into it."""
        found: list[FieldNode] = []
        spread: set[str] = set()
        waiting = [node for selections in place for node in selections.selections]
        while waiting:
            node = waiting.pop()
            self._left -= 1
            if self._left < 0:
                raise GraphQLError(f"Query exceeds maximum total selections of {self._limits.selections}")
            if isinstance(node, FieldNode):
                found.append(node)
            elif isinstance(node, InlineFragmentNode):
                waiting.extend(node.selection_set.selections)
            elif isinstance(node, FragmentSpreadNode) and node.name.value not in spread:
                spread.add(node.name.value)
                waiting.extend(self._spread(node.name.value))
        return found

    def _spread(self, name: str) -> Sequence[FieldNode | FragmentSpreadNode | InlineFragmentNode]:
        if name in self._unused:
            self._unused.remove(name)
        selections = self._fragments.get(name)
        return () if selections is None else selections.selections  # type: ignore[return-value]  # what there is


def _places_below(fields: Sequence[FieldNode]) -> list[_Place]:
    """The places that these fields make, each of those with one name in the answer."""
    named: dict[str, list[FieldNode]] = {}
    for field in fields:
        named.setdefault((field.alias or field.name).value, []).append(field)
    for name, same in named.items():
        most = _MAX_SAME_WITH_ARGUMENTS if any(field.arguments for field in same) else _MAX_SAME
        _check(len(same), most, f"fields that are '{name[:100]}' in one place of the answer")
    places = ([field.selection_set for field in same if field.selection_set] for same in named.values())
    return [place for place in places if place]


def _check(count: int, most: int, what: str) -> None:
    if count > most:
        raise GraphQLError(f"GraphQL queries should have at most {most} {what}, got {count} {what}.")
