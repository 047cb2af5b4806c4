"""How an endpoint of MLflow's protocol is declared, and bound to the services.

A `Call` is JSON in, JSON out: its handler takes (services, actor, request struct), makes one service call and shapes
the answer. A `Stream` handles bytes or headers: its handler takes (services, actor, HTTP request).
"""

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from podium.asgi.actor import ANONYMOUS
from podium.asgi.answers import JsonAnswer
from podium.asgi.bodies import read_body
from podium.asgi.router import Endpoint, Route
from podium.domain.access import DEFAULT_TEAM, Account, Actor
from podium.protocols.mlflow import wire
from podium.protocols.mlflow.workspace import actor_of
from podium.services import Services

Answer = msgspec.Struct | dict[str, Any] | None
CallHandler = Callable[[Services, Actor, Any], Awaitable[Answer]]
StreamHandler = Callable[[Services, Actor, Request], Awaitable[Response]]

BOTH = ("/api/", "/ajax-api/")  # clients, and MLflow's own pages
PAGES_ONLY = ("/ajax-api/",)
ROOT = ("/",)  # of the server, without a version


_NOBODY = Actor(ANONYMOUS, account=Account(None, ANONYMOUS, admin=False, home=DEFAULT_TEAM, roles={}))


class Call(msgspec.Struct, frozen=True):
    """A JSON endpoint; `path` comes after `/api/<version>/mlflow/`."""

    method: str
    path: str
    request: type[msgspec.Struct]
    handler: CallHandler
    version: str = "2.0"
    prefixes: tuple[str, ...] = BOTH


class Stream(msgspec.Struct, frozen=True):
    """An endpoint that reads or writes the HTTP messages itself; `path` is whole, after `/api/<version>/`."""

    method: str
    path: str
    handler: StreamHandler
    version: str = "2.0"
    prefixes: tuple[str, ...] = BOTH
    public: bool = False  # whether it asks nobody to sign in


def call_routes(call: Call, services: Services) -> list[Route]:
    """The routes of a JSON endpoint, one a prefix."""
    endpoint = _json_endpoint(call, services)
    return [Route(call.method, f"{prefix}{call.version}/mlflow/{call.path}", endpoint) for prefix in call.prefixes]


def stream_routes(stream: Stream, services: Services) -> list[Route]:
    """The routes of a byte endpoint, one a prefix."""

    async def endpoint(request: Request) -> Response:
        actor = _NOBODY if stream.public else await actor_of(services, request)
        return await stream.handler(services, actor, request)

    version = "" if stream.prefixes == ROOT else f"{stream.version}/"
    return [Route(stream.method, f"{prefix}{version}{stream.path}", endpoint) for prefix in stream.prefixes]


def _json_endpoint(call: Call, services: Services) -> Endpoint:
    kind, handler, from_query = call.request, call.handler, call.method == "GET"

    async def endpoint(request: Request) -> Response:
        actor = await actor_of(services, request)
        path = request.scope.get("path_params", {})
        if from_query:
            pairs = parse_qsl(request.scope["query_string"].decode("latin-1"), keep_blank_values=True)
            message = wire.decode_query(pairs, kind, path)
        else:
            message = wire.decode_body(await read_body(request), kind, path)
        answer = await handler(services, actor, message)
        return JsonAnswer(b"{}" if answer is None else wire.encode(answer))

    return endpoint
