"""URLs under which files are put and read without signing in: the server made them, and they expire."""

from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from podium.asgi.bodies import upload_body
from podium.asgi.downloads import download
from podium.domain.manifests import ManifestEntry
from podium.protocols.wandb.endpoint import Endpoint
from podium.protocols.wandb.graph.caller import Caller
from podium.services import Services

DIRECT_EXPIRES_S = 24 * 3600


def upload_url(caller: Caller, token: str, name: str) -> str:
    """Where a file is to be put; the name is there for people to read."""
    return f"{caller.base_url}/files/uploads/{token}/{quote(name)}"


async def read_url(caller: Caller, file: ManifestEntry) -> str:
    """Where a file can be read: in the object store, or on this server."""
    url = await caller.services.artifacts.direct_url(file, DIRECT_EXPIRES_S)
    if url is not None:
        return url
    token = caller.services.links.create(file)
    return f"{caller.base_url}/files/links/{token}/{quote(file.path)}"


async def put(services: Services, request: Request) -> Response:
    await services.run_files.put(request.path_params["token"], upload_body(request))
    return Response(status_code=200)


async def get(services: Services, request: Request) -> Response:
    file = services.links.open(request.path_params["token"])
    return await download(request, file, lambda start, end: services.artifacts.read(file, start, end))


ENDPOINTS = (
    Endpoint("PUT", "/files/uploads/{token}/{name:path}", put),
    Endpoint("GET", "/files/links/{token}/{name:path}", get),
)
