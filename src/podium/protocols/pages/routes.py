"""Every page: each area's module lists its own, and here they become one mount."""

from starlette.requests import Request
from starlette.responses import Response

from podium.asgi.headers import header
from podium.asgi.router import Endpoint as Handler
from podium.asgi.router import Mount
from podium.errors import NotFound
from podium.protocols.pages import (
    activity,
    artifact_versions,
    artifacts,
    cabinet,
    comments,
    compare,
    curves,
    datasets,
    design,
    lineage,
    live,
    logged_models,
    models,
    palette,
    people,
    projects,
    run_changes,
    run_page,
    run_table,
    settings,
    sign_in,
    versions,
)
from podium.protocols.pages.assets import ASSETS, FAVICON
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
    *compare.ENDPOINTS,
    *curves.ENDPOINTS,
    *lineage.ENDPOINTS,
    *live.ENDPOINTS,
    *datasets.ENDPOINTS,
    *logged_models.ENDPOINTS,
    *models.ENDPOINTS,
    *versions.ENDPOINTS,
    *artifacts.ENDPOINTS,
    *artifact_versions.ENDPOINTS,
    *projects.ENDPOINTS,
    *comments.ENDPOINTS,
    *activity.ENDPOINTS,
    *palette.ENDPOINTS,
    *people.ENDPOINTS,
    *settings.ENDPOINTS,
)
# What begins with the names of a team and a project comes last: it fits most addresses.
WITHIN_PROJECTS: tuple[Endpoint, ...] = (*run_page.ENDPOINTS, *run_changes.ENDPOINTS)


def pages_mount(services: Services, parse_filter: run_table.ParseFilter, no_page: Handler) -> Mount:
    """The pages over the services; filters of runs are read by `parse_filter`, and `no_page` answers who is no browser
    where nothing is.
    """

    async def not_found(request: Request) -> Response:
        if not _wants_page(request):
            return await no_page(request)
        missing = NotFound(f"There is no page at {request.url.path}.")
        return respond(_nobody(services, request), error_page(request, missing))

    def on_error(request: Request, error: Exception) -> Response:
        shown = error_page(request, error)
        return shown if isinstance(shown, Response) else respond(_nobody(services, request), shown)

    endpoints = (*ENDPOINTS, *WITHIN_PROJECTS, *run_table.endpoints(parse_filter))
    routes = (ASSETS, FAVICON, *(page_route(endpoint, services) for endpoint in endpoints))
    return Mount((), routes, not_found, on_error)


def _wants_page(request: Request) -> bool:
    return not request.scope["allowed_methods"] and "text/html" in header(request.scope, b"accept")


def _nobody(services: Services, request: Request) -> Visit:
    return Visit(request, services, None, visitor_of(request))
