"""Has the lists of a schema take from the budget of whoever asks for them."""

from functools import wraps
from inspect import iscoroutinefunction
from typing import Any

from graphql import (
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLResolveInfo,
    GraphQLSchema,
    get_named_type,
    is_leaf_type,
    is_list_type,
)
from starlette.requests import ClientDisconnect

from podium.asgi.graphql.engine import Resolver
from podium.protocols.wandb.graph.budget import PAGE, Budget
from podium.protocols.wandb.graph.caller import Caller
from podium.protocols.wandb.graph.selections import count_fields

_EDGES = "edges"


def count_lists(schema: GraphQLSchema, read_field: Resolver) -> None:
    """Wrap the resolvers of all fields that are pages or lists; those without one are read by `read_field`."""
    for kind in schema.type_map.values():
        if isinstance(kind, GraphQLObjectType) and not kind.name.startswith("__"):
            for name, field in kind.fields.items():
                if name != _EDGES and (_is_page(field.type) or _is_list(field.type)):
                    resolver = field.resolve or read_field
                    field.resolve = _read(resolver) if iscoroutinefunction(resolver) else _made(resolver)


def _is_page(kind: GraphQLOutputType) -> bool:
    named = get_named_type(kind)
    return isinstance(named, GraphQLObjectType) and _EDGES in named.fields


def _is_list(kind: GraphQLOutputType) -> bool:
    return is_list_type(kind.of_type if isinstance(kind, GraphQLNonNull) else kind)


def _read(resolver: Resolver) -> Resolver:
    @wraps(resolver)
    async def resolve(source: Any, info: GraphQLResolveInfo, **given: Any) -> Any:
        caller: Caller = info.context
        async with caller.budget.reading:
            caller.budget.check()
            if caller.budget.is_touched and await caller.is_gone():
                raise ClientDisconnect
            found = await resolver(source, info, **given)
            caller.budget.take(PAGE + _cost(found, info))
        return found

    return resolve


def _made(resolver: Resolver) -> Resolver:
    @wraps(resolver)
    def resolve(source: Any, info: GraphQLResolveInfo, **given: Any) -> Any:
        found = resolver(source, info, **given)
        budget: Budget = info.context.budget
        budget.take(_cost(found, info))
        return found

    return resolve


def _cost(found: Any, info: GraphQLResolveInfo) -> int:
    """How many values the answer gets by what was found: nodes with their fields, or whatever else is in a list."""
    if not found:
        return 1
    if isinstance(found, dict):
        return 1 + len(found[_EDGES]) * count_fields(info)
    if is_leaf_type(get_named_type(info.return_type)):
        return 1 + _values_in(found)
    return 1 + len(found) * (1 + count_fields(info))


def _values_in(found: Any) -> int:
    """The values of JSON that resolvers have made: lists of texts, and lists of rows."""
    if isinstance(found, dict):
        return 1 + len(found)
    return sum(map(_values_in, found)) if isinstance(found, list | tuple) else 1
