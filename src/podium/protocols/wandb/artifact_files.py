"""The bytes of artifacts over HTTP: put and read by signed URLs, and read by their MD5 with an API key."""

import re

from starlette.requests import Request
from starlette.responses import Response

from podium.asgi.bodies import upload_body
from podium.asgi.downloads import download
from podium.domain.manifests import ManifestEntry
from podium.errors import InvalidArgument
from podium.protocols.wandb.endpoint import Endpoint
from podium.protocols.wandb.graph.caller import Caller
from podium.services import Services

_MD5 = re.compile(r"[0-9a-f]{32}", re.ASCII)


async def upload(services: Services, request: Request) -> Response:
    """The token is all the right that there is: clients send no credentials with it."""
    size = _announced(request)
    await services.artifact_contents.put(request.path_params["token"], upload_body(request), size)
    return Response(status_code=200)


async def upload_part(services: Services, request: Request) -> Response:
    """Likewise. The client gives the ETag back when all parts are there."""
    token, size = request.path_params["token"], _announced(request)
    etag = await services.artifact_parts.put(token, upload_body(request), size)
    return Response(status_code=200, headers={"etag": f'"{etag}"'})


async def read_signed(services: Services, request: Request) -> Response:
    return await _send(services, request, services.links.open(request.path_params["token"]))


async def read_of_collection(services: Services, request: Request) -> Response:
    """The path names the region, and the version that had the bytes first, too: neither matters here."""
    asked = request.path_params
    actor = Caller.of(services, request).actor(asked["entity"])
    file = await services.artifact_contents.file_of(
        actor, asked["project"], asked["collection"], _md5(request), asked["name"]
    )
    return await _send(services, request, file)


async def read_of_team(services: Services, request: Request) -> Response:
    actor = Caller.of(services, request).actor(request.path_params["entity"])
    return await _send(services, request, await services.artifact_contents.file_of_team(actor, _md5(request)))


async def _send(services: Services, request: Request, file: ManifestEntry) -> Response:
    return await download(request, file, lambda start, end: services.artifact_contents.read(file, start, end))


def _announced(request: Request) -> int | None:
    announced = request.headers.get("content-length", "")
    return int(announced) if announced.isdecimal() else None


def _md5(request: Request) -> str:
    md5: str = request.path_params["md5"]
    if not _MD5.fullmatch(md5):
        raise InvalidArgument(f"'{md5[:100]}' is no MD5: expected 32 lower-case hexadecimal digits.")
    return md5


_COLLECTION = "/artifactsV2/{region}/{entity}/{project}/{collection}"

ENDPOINTS = (
    Endpoint("PUT", "/artifacts/upload/{token}", upload),
    Endpoint("PUT", "/artifacts/parts/{token}", upload_part),
    Endpoint("GET", "/artifacts/content/{folder}/{token}/{name}", read_signed),
    Endpoint("GET", "/artifacts/{entity}/{md5}", read_of_team),
    Endpoint("GET", f"{_COLLECTION}/{{birth}}/{{md5}}/{{name}}", read_of_collection),
    Endpoint("GET", f"{_COLLECTION}/{{version}}/{{birth}}/{{md5}}/{{name}}", read_of_collection),
)
