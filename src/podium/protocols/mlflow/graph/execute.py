"""Runs a query: parsed and checked once, then answered by the resolvers."""

import logging
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    build_schema,
    parse,
    validate,
)
from graphql import execute as run_query

from podium.domain.access import Actor
from podium.errors import PodiumError
from podium.protocols.mlflow.graph.limits import MAX_DEPTH, check_size
from podium.protocols.mlflow.graph.resolvers import RESOLVERS, Caller, read_field, snake_case
from podium.services import Services

_log = logging.getLogger("podium.mlflow")

# A name, a brace or a colon is a token each: ten times what the largest query within the limits has.
_MAX_TOKENS = 20_000
_MAX_QUERY_CHARACTERS = 200_000
_KEPT_QUERIES = 128


async def execute(
    services: Services, actor: Actor, query: str, variables: dict[str, Any] | None, operation_name: str | None
) -> dict[str, Any]:
    """The answer in MLflow's form: data, and the messages of what went wrong, or None."""
    try:
        document = _prepared(query)
    except GraphQLError as error:
        return {"data": None, "errors": [error.message]}
    running = run_query(
        schema(),
        document,
        context_value=Caller(services, actor),
        variable_values=variables,
        operation_name=operation_name,
        field_resolver=read_field,
    )
    result = running if isinstance(running, ExecutionResult) else await running
    return {"data": result.data, "errors": [_message(error) for error in result.errors] if result.errors else None}


@cache
def schema() -> GraphQLSchema:
    """The schema with its resolvers, built at the first query."""
    text = files("podium.protocols.mlflow.graph").joinpath("schema.graphql").read_text(encoding="utf-8")
    built = build_schema(text)
    for (type_name, field), resolver in RESOLVERS.items():
        owner = built.type_map[type_name]
        assert isinstance(owner, GraphQLObjectType), "resolvers are for fields of objects"
        owner.fields[field].resolve = resolver
        for name, argument in owner.fields[field].args.items():
            argument.out_name = snake_case(name)
    for kind in built.type_map.values():
        if isinstance(kind, GraphQLInputObjectType):
            for name, given in kind.fields.items():
                given.out_name = snake_case(name)
    long = built.type_map["LongString"]
    assert isinstance(long, GraphQLScalarType), "the schema says so"
    long.serialize, long.parse_value = _long_text, _long_value  # type: ignore[method-assign]
    return built


def _long_text(value: Any) -> str:
    return str(value)


def _long_value(value: Any) -> int:
    try:
        return int(value)
    except (ValueError, TypeError) as error:
        raise GraphQLError(f"{value!r} is no LongString: expected a whole number") from error


@lru_cache(maxsize=_KEPT_QUERIES)
def _prepared(query: str) -> DocumentNode:
    """The query as a document that is within the limits and fits the schema. Raises GraphQLError."""
    if len(query) > _MAX_QUERY_CHARACTERS:
        raise GraphQLError(f"Query exceeds maximum length of {_MAX_QUERY_CHARACTERS} characters")
    try:
        document = parse(query, max_tokens=_MAX_TOKENS)
    except RecursionError:
        raise GraphQLError(f"Query exceeds maximum depth of {MAX_DEPTH}") from None
    check_size(document)
    problems = validate(schema(), document)
    if problems:
        raise problems[0]
    return document


def _message(error: GraphQLError) -> str:
    """What a client is told: domain errors in their words, others without their insides."""
    cause = error.original_error
    if isinstance(cause, PodiumError):
        return cause.message
    if cause is None or isinstance(cause, GraphQLError):
        return error.message
    _log.error("unexpected error in a query", exc_info=cause, extra={"fields": {"graphql.path": error.path}})
    return "Internal error; the server's log has more."
