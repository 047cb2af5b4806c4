"""Every endpoint of W&B's protocol: each topic's module lists its own, and here they become one mount."""

from starlette.requests import Request
from starlette.responses import Response

from podium.asgi.limits import UNLOGGED
from podium.asgi.router import Mount, Route
from podium.protocols.wandb import artifact_files, file_stream, files
from podium.protocols.wandb.endpoint import Endpoint, route_of
from podium.protocols.wandb.errors import endpoint_not_found, shape_error
from podium.protocols.wandb.graph import endpoint as graph
from podium.services import Services

ENDPOINTS: tuple[Endpoint, ...] = (
    *graph.ENDPOINTS,
    *artifact_files.ENDPOINTS,
    *file_stream.ENDPOINTS,
    *files.ENDPOINTS,
)
# Where the client reports how it fares itself, in the form of OpenTelemetry.
_REPORTS = ("/sdk/otel/v1/metrics", "/sdk/otel/v1/logs")


def wandb_mount(services: Services) -> Mount:
    """W&B's protocol over `services`; what it lacks is refused for good, so that the client does not try again."""
    routes = tuple(route_of(endpoint, services) for endpoint in ENDPOINTS)
    reports = tuple(Route("POST", path, _refuse_report) for path in _REPORTS)
    return Mount(("/files/", "/artifacts/", "/artifactsV2/"), (*routes, *reports), endpoint_not_found, shape_error)


async def _refuse_report(request: Request) -> Response:
    """As any server that takes none: the client goes on sending them where they are welcome."""
    request.scope[UNLOGGED] = True
    return await endpoint_not_found(request)
