"""How an endpoint of W&B's protocol is declared, and bound to the services."""

from collections.abc import Awaitable, Callable

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from podium.asgi.router import Route
from podium.protocols.wandb.sign_in import sign_in
from podium.services import Services

Handler = Callable[[Services, Request], Awaitable[Response]]


class Endpoint(msgspec.Struct, frozen=True):
    """A method and a path, and the handler that reads the request and makes the answer."""

    method: str
    path: str
    handler: Handler
    when: Callable[[Scope], bool] | None = None


def route_of(endpoint: Endpoint, services: Services) -> Route:
    """The route that leads to the endpoint's handler."""

    async def handle(request: Request) -> Response:
        await sign_in(services, request.scope)
        return await endpoint.handler(services, request)

    return Route(endpoint.method, endpoint.path, handle, endpoint.when)
