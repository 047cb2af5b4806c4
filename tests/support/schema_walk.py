"""Queries that reach every object of a GraphQL schema, and ask for all that each has."""

from collections.abc import Iterator, Mapping
from typing import Any, TypeGuard

from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    is_leaf_type,
    is_required_argument,
)

Arguments = Mapping[tuple[str, str], str]  # by type and field: those that it cannot do without, and others of interest


class Walk:
    """Queries of a schema; `arguments` are for the fields that need some."""

    def __init__(self, schema: GraphQLSchema, arguments: Arguments) -> None:
        self._schema, self._arguments = schema, arguments

    def queries(self, root: str, depth: int) -> Iterator[str]:
        """All that is behind a field of the root, which is given with its arguments, in queries of a page each."""
        for selection in self._selections(self._type_of(self._schema.query_type, root), depth):
            yield f"{{ {root} {selection} }}"

    def mutation(self, root: str) -> str:
        """A change, asked for the whole of what it gives, and what is directly below that."""
        payload = self._type_of(self._schema.mutation_type, root)
        assert isinstance(payload, GraphQLObjectType)
        given = [(name, field, get_named_type(field.type)) for name, field in self._objects(payload)]
        below = " ".join(
            f"{name} {self._whole(kind) if _is_plain(kind) else self._shallow(field)}" for name, field, kind in given
        )
        return f"mutation {{ {root} {{ {self._leaves(payload)} {below} }} }}"

    def _type_of(self, owner: GraphQLObjectType | None, root: str) -> GraphQLNamedType:
        assert owner is not None
        return get_named_type(owner.fields[root.partition("(")[0]].type)

    def _selections(self, kind: GraphQLNamedType, depth: int) -> Iterator[str]:
        """Each way on from an object; the last two levels are asked for together."""
        if isinstance(kind, GraphQLUnionType | GraphQLInterfaceType):
            for possible in self._schema.get_possible_types(kind):
                for selection in self._selections(possible, depth):
                    yield f"{{ __typename ... on {possible.name} {selection} }}"
            return
        assert isinstance(kind, GraphQLObjectType)
        if _is_page(kind):
            below = [(name, field) for name, field in self._objects(kind) if name in ("edges", "node")]
            beside = "" if "edges" not in kind.fields else self._beside(kind)
            for name, field in below:
                for selection in self._selections(get_named_type(field.type), depth):
                    yield f"{{ {beside} {name} {selection} }}"
        elif depth <= 1:
            yield self._whole(kind)
        else:
            yield f"{{ {self._leaves(kind)} }}"
            for name, field in self._objects(kind):
                for selection in self._selections(get_named_type(field.type), depth - 1):
                    yield f"{{ {self._asked(kind, name)} {selection} }}"

    def _whole(self, kind: GraphQLObjectType) -> str:
        """What an object has, and what is directly below it."""
        below = " ".join(f"{self._asked(kind, name)} {self._shallow(field)}" for name, field in self._objects(kind))
        return f"{{ {self._leaves(kind)} {below} }}"

    def _shallow(self, field: GraphQLField) -> str:
        kind = get_named_type(field.type)
        if isinstance(kind, GraphQLUnionType | GraphQLInterfaceType):
            possible = self._schema.get_possible_types(kind)
            return (
                "{ __typename " + " ".join(f"... on {each.name} {{ {self._leaves(each)} }}" for each in possible) + " }"
            )
        assert isinstance(kind, GraphQLObjectType)
        if not _is_page(kind):
            return f"{{ {self._leaves(kind)} }}"
        inner = "edges" if "edges" in kind.fields else "node"
        return f"{{ {self._leaves(kind)} {inner} {self._shallow(kind.fields[inner])} }}"

    def _beside(self, kind: GraphQLObjectType) -> str:
        return self._leaves(kind) + (" pageInfo { endCursor hasNextPage }" if "pageInfo" in kind.fields else "")

    def _leaves(self, kind: GraphQLObjectType) -> str:
        names = [name for name, field in kind.fields.items() if is_leaf_type(get_named_type(field.type))]
        return " ".join(["__typename", *(self._asked(kind, name) for name in names)])

    def _objects(self, kind: GraphQLObjectType) -> list[tuple[str, GraphQLField]]:
        return [(name, field) for name, field in kind.fields.items() if not is_leaf_type(get_named_type(field.type))]

    def _asked(self, kind: GraphQLObjectType, name: str) -> str:
        arguments = self._arguments.get((kind.name, name), "")
        required = [key for key, given in kind.fields[name].args.items() if is_required_argument(given)]
        missing = [key for key in required if f"{key}:" not in arguments]
        assert not missing, f"{kind.name}.{name} needs {missing}: tell what to ask for"
        return f"{name}({arguments})" if arguments else name


def _is_plain(kind: GraphQLNamedType) -> TypeGuard[GraphQLObjectType]:
    return isinstance(kind, GraphQLObjectType) and not _is_page(kind)


def _is_page(kind: GraphQLObjectType) -> bool:
    return "edges" in kind.fields or kind.name.endswith("Edge")


def objects_in(answer: Any) -> Iterator[dict[str, Any]]:
    """Every object in an answer, at any depth."""
    if isinstance(answer, list):
        for item in answer:
            yield from objects_in(item)
    elif isinstance(answer, dict):
        yield answer
        for value in answer.values():
            yield from objects_in(value)


def count_values(answer: Any) -> int:
    """How many fields and items of lists an answer has."""
    if isinstance(answer, list):
        return sum(1 + count_values(item) for item in answer)
    if isinstance(answer, dict):
        return sum(1 + count_values(value) for value in answer.values())
    return 0
