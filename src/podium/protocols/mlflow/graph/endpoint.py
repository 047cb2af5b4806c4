"""`/graphql`, as MLflow's pages ask it. The library loads with the first query, so that the start stays fast."""

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from podium.asgi.bodies import read_body
from podium.domain.access import Actor
from podium.domain.nesting import check_nesting
from podium.errors import InvalidArgument
from podium.protocols.mlflow import wire
from podium.protocols.mlflow.endpoint import ROOT, Stream
from podium.services import Services


class Query(msgspec.Struct, rename="camel"):
    query: wire.Name
    variables: dict[str, Any] | None = None
    operation_name: str | None = None


async def post(services: Services, actor: Actor, request: Request) -> Response:
    return await _answer(services, actor, wire.decode_body(await read_body(request), Query, {}))


async def get(services: Services, actor: Actor, request: Request) -> Response:
    fields: dict[str, Any] = dict(request.query_params)
    check_nesting(fields.get("variables", ""), "Parameter 'variables'")
    try:
        fields["variables"] = msgspec.json.decode(fields.get("variables") or "{}", type=dict[str, Any])
    except msgspec.DecodeError as error:
        raise InvalidArgument(f"Invalid value for parameter 'variables' supplied: {error}") from error
    return await _answer(services, actor, wire.decode_fields(fields, Query))


async def _answer(services: Services, actor: Actor, asked: Query) -> Response:
    from podium.protocols.mlflow.graph.execute import execute  # noqa: PLC0415

    answer = await execute(services, actor, asked.query, asked.variables, asked.operation_name or None)
    return Response(wire.encode(answer), media_type="application/json")


ENDPOINTS = (Stream("POST", "graphql", post, prefixes=ROOT), Stream("GET", "graphql", get, prefixes=ROOT))
