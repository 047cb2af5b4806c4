"""The scalars of W&B's schema. Values that are documents pass as they are: resolvers make texts or objects of them."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from graphql import GraphQLError, GraphQLScalarType, GraphQLSchema

# Runs of MLflow's clients have any number that was sent for a time.
_FIRST_MS, _LAST_MS = (round(datetime(year, 1, 1, tzinfo=UTC).timestamp() * 1000) for year in (1, 9999))


def define(schema: GraphQLSchema) -> None:
    """Give the scalars of the schema their meaning."""
    for name, (serialize, parse) in _SCALARS.items():
        scalar = schema.type_map[name]
        assert isinstance(scalar, GraphQLScalarType), "the schema says so"
        scalar.serialize, scalar.parse_value = serialize, parse  # type: ignore[method-assign, assignment]


def _time(value: Any) -> str:
    """ISO 8601 in UTC, from milliseconds since the epoch; of times beyond these years the first or the last."""
    within = min(max(value, _FIRST_MS), _LAST_MS)
    return datetime.fromtimestamp(within / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float) or value != int(value):
        raise GraphQLError(f"{value!r} is no Int64: expected a whole number")
    if not -(2**63) <= value < 2**63:
        raise GraphQLError("a number beyond 64 bits is no Int64")
    return int(value)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise GraphQLError("a JSONString is a text that holds JSON, and not the JSON itself")
    return value


def _same(value: Any) -> Any:
    return value


_SCALARS: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "DateTime": (_time, _same),
    "Int64": (_whole, _whole),
    "Duration": (_whole, _whole),
    "JSON": (_same, _same),
    "JSONString": (_same, _text),
}
