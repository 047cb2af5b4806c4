"""Runs queries over one schema: each is parsed and checked once, however often it is asked."""

from collections.abc import Callable, Mapping
from typing import Any

from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLObjectType,
    GraphQLSchema,
    execute,
    parse,
    validate,
)

from podium.asgi.graphql.documents import Documents
from podium.asgi.graphql.limits import Limits, check_size

Resolver = Callable[..., Any]
# By the names of an object type and of its field.
Resolvers = Mapping[tuple[str, str], Resolver]


class Engine:
    """A schema with its resolvers. Arguments and fields of inputs reach those under the names that `rename` gives."""

    def __init__(
        self,
        schema: GraphQLSchema,
        resolvers: Resolvers,
        *,
        read_field: Resolver,
        rename: Callable[[str], str],
        limits: Limits,
    ) -> None:
        _bind(schema, resolvers)
        _rename(schema, rename)
        self._schema, self._read_field, self._limits = schema, read_field, limits
        self._documents = Documents(self._prepare)

    async def run(
        self, query: str, variables: dict[str, Any] | None, operation_name: str | None, context: Any
    ) -> ExecutionResult:
        """What came of the query, which may be errors and no data."""
        try:
            document = self._documents.get(query)
        except GraphQLError as error:
            return ExecutionResult(None, [error])
        running = execute(
            self._schema,
            document,
            context_value=context,
            variable_values=variables,
            operation_name=operation_name,
            field_resolver=self._read_field,
        )
        return running if isinstance(running, ExecutionResult) else await running

    def _prepare(self, query: str) -> DocumentNode:
        """The query as a document that is within the limits and fits the schema. Raises GraphQLError."""
        if len(query) > self._limits.characters:
            raise GraphQLError(f"Query exceeds maximum length of {self._limits.characters} characters")
        try:
            # Nothing is told of lines and columns, and without them a document takes half the room.
            document = parse(query, max_tokens=self._limits.tokens, no_location=True)
        except RecursionError:
            raise GraphQLError(f"Query exceeds maximum depth of {self._limits.depth}") from None
        check_size(document, self._limits)
        problems = validate(self._schema, document, max_errors=1)  # which is what is told
        if problems:
            raise problems[0]
        return document


def _bind(schema: GraphQLSchema, resolvers: Resolvers) -> None:
    for (type_name, field), resolver in resolvers.items():
        owner = schema.type_map[type_name]
        assert isinstance(owner, GraphQLObjectType), "resolvers are for fields of objects"
        owner.fields[field].resolve = resolver


def _rename(schema: GraphQLSchema, rename: Callable[[str], str]) -> None:
    for kind in schema.type_map.values():
        if isinstance(kind, GraphQLInputObjectType):
            for name, given in kind.fields.items():
                given.out_name = rename(name)
        elif isinstance(kind, GraphQLObjectType) and not kind.name.startswith("__"):  # the library has its own there
            for field in kind.fields.values():
                for name, argument in field.args.items():
                    argument.out_name = rename(name)
