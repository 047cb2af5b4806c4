"""Every page: each area's module lists its own, and here they become one mount."""

from starlette.requests import Request
from starlette.responses import Response

from podium.asgi.router import Mount
from podium.errors import NotFound
from podium.protocols.pages import (
    activity,
    cabinet,
    comments,
    design,
    models,
    palette,
    people,
    settings,
    sign_in,
    versions,
)
from podium.protocols.pages.assets import ASSETS
from podium.protocols.pages.endpoint import Endpoint, page_route, respond
from podium.protocols.pages.errors import error_page
from podium.protocols.pages.sessions import visitor_of
from podium.protocols.pages.visit import Visit
from podium.services import Services

# Paths with parameters are tried in this order.
ENDPOINTS: tuple[Endpoint, ...] = (
    *sign_in.ENDPOINTS,
    *design.ENDPOINTS,
    *cabinet.ENDPOINTS,
    *models.ENDPOINTS,
    *versions.ENDPOINTS,
    *comments.ENDPOINTS,
    *activity.ENDPOINTS,
    *palette.ENDPOINTS,
    *people.ENDPOINTS,
    *settings.ENDPOINTS,
)


def pages_mount(services: Services) -> Mount:
    """The pages over the services."""

    async def not_found(request: Request) -> Response:
        missing = NotFound(f"There is no page at {request.url.path}.")
        return respond(_nobody(services, request), error_page(request, missing))

    def on_error(request: Request, error: Exception) -> Response:
        shown = error_page(request, error)
        return shown if isinstance(shown, Response) else respond(_nobody(services, request), shown)

    routes = (ASSETS, *(page_route(endpoint, services) for endpoint in ENDPOINTS))
    return Mount((), routes, not_found, on_error)


def _nobody(services: Services, request: Request) -> Visit:
    return Visit(request, services, None, visitor_of(request))
