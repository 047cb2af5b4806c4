"""Every endpoint of W&B's protocol: each topic's module lists its own, and here they become one mount."""

from podium.asgi.router import Mount
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


def wandb_mount(services: Services) -> Mount:
    """W&B's protocol over `services`; what it lacks is refused for good, so that the client does not try again."""
    routes = tuple(route_of(endpoint, services) for endpoint in ENDPOINTS)
    return Mount(("/files/", "/artifacts/", "/artifactsV2/"), routes, endpoint_not_found, shape_error)
