"""Runs the queries of W&B's client: one schema, in one file a topic, and one module of resolvers a topic."""

from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Any

from graphql import (
    GraphQLError,
    GraphQLNonNull,
    GraphQLOutputType,
    GraphQLResolveInfo,
    GraphQLSchema,
    build_schema,
    is_list_type,
)
from starlette.requests import ClientDisconnect

from podium.asgi.graphql.engine import Engine, Resolvers
from podium.asgi.graphql.limits import Limits
from podium.errors import NotSupported, PodiumError, StorageFull, StorageUnavailable
from podium.protocols.wandb.errors import unexpected
from podium.protocols.wandb.graph import (
    artifact_changes,
    artifact_collections,
    artifact_parts,
    artifact_uploads,
    artifacts,
    automations,
    people,
    people_changes,
    project_changes,
    project_lists,
    projects,
    registries,
    registry_lists,
    registry_members,
    run_files,
    run_history,
    run_lists,
    runs,
    scalars,
    server_info,
)
from podium.protocols.wandb.graph.caller import Caller
from podium.protocols.wandb.graph.counted_pages import count_lists
from podium.protocols.wandb.graph.names import snake_case
from podium.protocols.wandb.graph.products import with_product

_TOPICS = (
    "base",
    "people",
    "projects",
    "runs",
    "files",
    "artifacts",
    "artifact_changes",
    "registries",
    "automations",
)
_RESOLVERS: Resolvers = {
    **server_info.RESOLVERS,
    **people.RESOLVERS,
    **people_changes.RESOLVERS,
    **projects.RESOLVERS,
    **project_lists.RESOLVERS,
    **project_changes.RESOLVERS,
    **runs.RESOLVERS,
    **run_files.RESOLVERS,
    **run_lists.RESOLVERS,
    **run_history.RESOLVERS,
    **artifacts.RESOLVERS,
    **artifact_collections.RESOLVERS,
    **artifact_uploads.RESOLVERS,
    **artifact_parts.RESOLVERS,
    **artifact_changes.RESOLVERS,
    **registries.RESOLVERS,
    **registry_lists.RESOLVERS,
    **registry_members.RESOLVERS,
    **automations.RESOLVERS,
}
# The largest documents of the client have 84 selections, 11 levels deep.
LIMITS = Limits(root_fields=10, aliases=50, depth=25, selections=1000)


async def execute(
    caller: Caller, query: str, variables: dict[str, Any] | None, operation_name: str | None
) -> dict[str, Any]:
    """The answer as the client reads it. `data` beside `errors` it takes for a failure, so there is none then.

    Raises StorageUnavailable and StorageFull: within an answer the client would take them for a refusal, and not try
    again; and ClientDisconnect when nobody waits for the answer any more.
    """
    result = await engine().run(query, variables, operation_name, caller)
    if result.errors:
        _raise_failures(result.errors)
        return {"data": None, "errors": [_told(caller, error) for error in result.errors]}
    return {"data": result.data}


@cache
def engine() -> Engine:
    """The schema with its resolvers, built at the first query."""
    made = Engine(schema(), _RESOLVERS, read_field=read_field, rename=snake_case, limits=LIMITS)
    count_lists(schema(), read_field)
    return made


@cache
def schema() -> GraphQLSchema:
    """What the client can ask for."""
    folder = files("podium.protocols.wandb.graph").joinpath("schema")
    made = build_schema("\n".join(folder.joinpath(f"{topic}.graphql").read_text(encoding="utf-8") for topic in _TOPICS))
    scalars.define(made)
    return made


def read_field(source: Any, info: GraphQLResolveInfo, **_: Any) -> Any:
    """The part of an object that a field names, in snake case; arguments are for resolvers of their own.

    What is not there is null, and an empty list where the schema wants a list. Changes need resolvers: told that one
    was made and given null for it, the client's Go program crashes.
    """
    if info.parent_type is info.schema.mutation_type:
        raise NotSupported(f"This server does not offer '{info.field_name}'.")
    name = snake_case(info.field_name)
    value = source.get(name) if isinstance(source, dict) else getattr(source, name, None)
    return [] if value is None and _is_required_list(info.return_type) else value


def _is_required_list(kind: GraphQLOutputType) -> bool:
    return isinstance(kind, GraphQLNonNull) and is_list_type(kind.of_type)


def _raise_failures(errors: Iterable[GraphQLError]) -> None:
    for error in errors:
        if isinstance(error.original_error, StorageUnavailable | StorageFull | ClientDisconnect):
            raise error.original_error


def _told(caller: Caller, error: GraphQLError) -> dict[str, Any]:
    cause = error.original_error
    if isinstance(cause, PodiumError):
        return {"message": cause.message, "path": error.path}
    if cause is None or isinstance(cause, GraphQLError):
        return {"message": with_product(error.message)}
    return {"message": unexpected(cause, caller.request_id), "path": error.path}
