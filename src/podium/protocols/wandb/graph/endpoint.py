"""`POST /graphql`. The library loads with the first query, so that the start stays fast."""

import json
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from podium.asgi.bodies import read_body
from podium.domain.nesting import check_nesting
from podium.errors import InvalidArgument
from podium.protocols.wandb.endpoint import Endpoint
from podium.protocols.wandb.graph.caller import Caller
from podium.protocols.wandb.sign_in import from_wandb
from podium.services import Services


class _Query(msgspec.Struct, rename="camel"):
    query: str
    variables: dict[str, Any] | None = None
    operation_name: str | None = None


async def post(services: Services, request: Request) -> Response:
    from podium.protocols.wandb.graph.execute import execute  # noqa: PLC0415

    caller = Caller.of(services, request)
    body = await read_body(request)
    check_nesting(body)
    try:
        asked = msgspec.json.decode(body, type=_Query)
    except msgspec.DecodeError as error:
        raise InvalidArgument(f"The request's body is no GraphQL request: {error}") from error
    # Python's part of the client sends documents under no name as operationName "".
    answer = await execute(caller, asked.query, asked.variables, asked.operation_name or None)
    return Response(_encode(answer), media_type="application/json")


def _encode(answer: dict[str, Any]) -> bytes:
    try:
        return msgspec.json.encode(answer)
    except UnicodeEncodeError:  # half of a surrogate pair, which JSON can write and UTF-8 cannot
        return json.dumps(answer).encode()


ENDPOINTS = (Endpoint("POST", "/graphql", post, from_wandb),)
