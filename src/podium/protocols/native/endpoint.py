"""How an endpoint of the native API is declared, and bound to the services.

An endpoint is data: one table of them makes the routes and the OpenAPI document, so neither can say what the other
does not. Its request is one struct. Fields named in the path come from there; the others come from the body of a POST,
PUT or PATCH, and else from the query.
"""

import re
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from podium.asgi import router
from podium.asgi.actor import actor_of_scope
from podium.asgi.bodies import read_body
from podium.domain.access import Actor
from podium.errors import InvalidArgument, NotFound, PodiumError
from podium.protocols.native.api import Api
from podium.protocols.native.decode import decode_body, decode_fields
from podium.services import Services

PREFIX = "/api/v1"
TEAM_HEADER = "x-podium-team"

_BODY_METHODS = frozenset({"POST", "PUT", "PATCH"})
_PARAMETER = re.compile(r"\{(\w+)(?::path)?\}")

CallHandler = Callable[[Api, Actor, Any], Awaitable[msgspec.Struct | None]]
StreamHandler = Callable[[Api, Actor, Any, Request], Awaitable[Response]]


class Input(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of all requests: what is not known is refused by name."""


class Call(msgspec.Struct, frozen=True):
    """JSON in, JSON out. Without an `answer` type the response is 204 and empty."""

    method: str
    path: str
    request: type[Input]
    answer: type[msgspec.Struct] | None
    handler: CallHandler
    summary: str
    errors: tuple[type[PodiumError], ...] = (InvalidArgument, NotFound)
    status: int = 200


class Stream(msgspec.Struct, frozen=True):
    """Bytes out, or bytes in: the handler reads and answers the HTTP messages itself."""

    method: str
    path: str
    request: type[Input]
    answer: type[msgspec.Struct] | None
    handler: StreamHandler
    summary: str
    errors: tuple[type[PodiumError], ...] = (InvalidArgument, NotFound)
    status: int = 200


Endpoint = Call | Stream


class Topic(msgspec.Struct, frozen=True):
    """The endpoints of one resource, under the heading that the documentation gives them."""

    name: str
    description: str
    endpoints: tuple[Endpoint, ...]


def parameters_of(path: str) -> tuple[str, ...]:
    """The names of a path's parameters."""
    return tuple(_PARAMETER.findall(path))


def has_body(endpoint: Endpoint) -> bool:
    """Whether what is not in the path comes as a JSON body; else it comes in the query."""
    return isinstance(endpoint, Call) and endpoint.method in _BODY_METHODS


def split_request(endpoint: Endpoint) -> tuple[type[msgspec.Struct], type[msgspec.Struct]]:
    """The request struct as two: the fields of the path, and the others."""
    in_path = parameters_of(endpoint.path)
    fields = msgspec.structs.fields(endpoint.request)
    return _part(endpoint.request, [field for field in fields if field.name in in_path], "Path"), (
        _part(endpoint.request, [field for field in fields if field.name not in in_path], "")
    )


def route_of(endpoint: Endpoint, api: Api) -> router.Route:
    """The route that answers `endpoint`."""
    path_kind, rest_kind = split_request(endpoint)
    from_body = has_body(endpoint)

    async def answer(http: Request) -> Response:
        actor = await actor_of(api.services, http)
        path = decode_fields(http.scope.get("path_params", {}), path_kind)
        rest = decode_body(await read_body(http), rest_kind) if from_body else decode_fields(_query(http), rest_kind)
        request = endpoint.request(**_values(path), **_values(rest))
        if isinstance(endpoint, Stream):
            return await endpoint.handler(api, actor, request, http)
        result = await endpoint.handler(api, actor, request)
        if result is None:
            return Response(status_code=204)
        return Response(msgspec.json.encode(result), endpoint.status, media_type="application/json")

    return router.Route(endpoint.method, PREFIX + endpoint.path, answer)


async def actor_of(services: Services, http: Request) -> Actor:
    """The caller, addressing the team it names, else its own one. Raises NotSignedIn."""
    return await actor_of_scope(services, http.scope, http.headers.get(TEAM_HEADER, "").strip())


def _part(kind: type[msgspec.Struct], fields: list[msgspec.structs.FieldInfo], suffix: str) -> type[msgspec.Struct]:
    declared: list[Any] = []
    for field in fields:
        if field.required:
            declared.append((field.name, field.type))
        elif field.default_factory is not msgspec.NODEFAULT:
            declared.append((field.name, field.type, msgspec.field(default_factory=field.default_factory)))
        else:
            declared.append((field.name, field.type, field.default))
    return msgspec.defstruct(
        kind.__name__ + suffix, declared, frozen=True, kw_only=True, forbid_unknown_fields=True, module=kind.__module__
    )


def _values(part: msgspec.Struct) -> dict[str, Any]:
    return {name: getattr(part, name) for name in part.__struct_fields__}


def _query(http: Request) -> dict[str, str]:
    """The query's values by name. Raises InvalidArgument for a name given twice: which one was meant?"""
    values: dict[str, str] = {}
    for name, value in http.query_params.multi_items():
        if name in values:
            raise InvalidArgument(f"The query gives '{name}' more than once.")
        values[name] = value
    return values
