"""Runs the queries of MLflow's pages."""

import logging
from functools import cache
from importlib.resources import files
from typing import Any

from graphql import GraphQLError, GraphQLScalarType, build_schema

from podium.asgi.graphql.engine import Engine
from podium.asgi.graphql.limits import Limits
from podium.domain.access import Actor
from podium.errors import PodiumError
from podium.protocols.mlflow.graph.resolvers import RESOLVERS, Caller, read_field, snake_case
from podium.services import Services

_log = logging.getLogger("podium.mlflow")

# Those of `mlflow server`: more than one of its pages ever asks for.
LIMITS = Limits(root_fields=10, aliases=10, depth=10, selections=1000)


async def execute(
    services: Services, actor: Actor, query: str, variables: dict[str, Any] | None, operation_name: str | None
) -> dict[str, Any]:
    """The answer in MLflow's form: data, and the messages of what went wrong, or None."""
    result = await engine().run(query, variables, operation_name, Caller(services, actor))
    return {"data": result.data, "errors": [_message(error) for error in result.errors] if result.errors else None}


@cache
def engine() -> Engine:
    """The schema with its resolvers, built at the first query."""
    text = files("podium.protocols.mlflow.graph").joinpath("schema.graphql").read_text(encoding="utf-8")
    schema = build_schema(text)
    long = schema.type_map["LongString"]
    assert isinstance(long, GraphQLScalarType), "the schema says so"
    long.serialize, long.parse_value = _long_text, _long_value  # type: ignore[method-assign]
    return Engine(schema, RESOLVERS, read_field=read_field, rename=snake_case, limits=LIMITS)


def _long_text(value: Any) -> str:
    return str(value)


def _long_value(value: Any) -> int:
    try:
        return int(value)
    except (ValueError, TypeError) as error:
        raise GraphQLError(f"{value!r} is no LongString: expected a whole number") from error


def _message(error: GraphQLError) -> str:
    """What a client is told: domain errors in their words, others without their insides."""
    cause = error.original_error
    if isinstance(cause, PodiumError):
        return cause.message
    if cause is None or isinstance(cause, GraphQLError):
        return error.message
    _log.error("unexpected error in a query", exc_info=cause, extra={"fields": {"graphql.path": error.path}})
    return "Internal error; the server's log has more."
