"""Has the pages of a schema take from the budget of whoever asks for them."""

from functools import wraps
from inspect import iscoroutinefunction
from typing import Any

from graphql import GraphQLObjectType, GraphQLOutputType, GraphQLResolveInfo, GraphQLSchema, get_named_type

from podium.asgi.graphql.engine import Resolver
from podium.protocols.wandb.graph.budget import Budget
from podium.protocols.wandb.graph.selections import count_fields


def count_pages(schema: GraphQLSchema, read_field: Resolver) -> None:
    """Wrap the resolvers of all fields that are pages; those without one are read by `read_field`."""
    for kind in schema.type_map.values():
        if isinstance(kind, GraphQLObjectType):
            for field in kind.fields.values():
                if _is_page(field.type):
                    resolver = field.resolve or read_field
                    field.resolve = _read(resolver) if iscoroutinefunction(resolver) else _made(resolver)


def _is_page(kind: GraphQLOutputType) -> bool:
    named = get_named_type(kind)
    return isinstance(named, GraphQLObjectType) and "edges" in named.fields


def _read(resolver: Resolver) -> Resolver:
    @wraps(resolver)
    async def resolve(source: Any, info: GraphQLResolveInfo, **given: Any) -> Any:
        budget: Budget = info.context.budget
        async with budget.reading:
            budget.check()
            page = await resolver(source, info, **given)
            _take(budget, page, info)
        return page

    return resolve


def _made(resolver: Resolver) -> Resolver:
    @wraps(resolver)
    def resolve(source: Any, info: GraphQLResolveInfo, **given: Any) -> Any:
        page = resolver(source, info, **given)
        _take(info.context.budget, page, info)
        return page

    return resolve


def _take(budget: Budget, page: Any, info: GraphQLResolveInfo) -> None:
    budget.take(len(page["edges"]) if page else 0, count_fields(info))
