"""Uploads in parts, as MLflow's client does with large files. The client sends the parts without its credentials, to
the URLs that it was given: those of an object store are signed, and in ours the upload's random id is the permission.
"""

import posixpath

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from podium.asgi.bodies import read_body, upload_body
from podium.domain.access import Actor
from podium.errors import InvalidArgument
from podium.protocols.mlflow import wire
from podium.protocols.mlflow.endpoint import Stream
from podium.protocols.mlflow.paths import file_path
from podium.protocols.mlflow.proxied_artifacts import json_answer
from podium.protocols.mlflow.wire import Name
from podium.services import Services

MAX_PARTS = 10_000
# The client gets the URLs of all parts before it sends the first.
PART_URLS_EXPIRE_S = 24 * 3600


class CreateUpload(msgspec.Struct):
    """`path` is the file's path at the client, of which only the last part matters."""

    path: Name
    num_parts: int = 1


class Part(msgspec.Struct):
    part_number: int
    etag: str


class CompleteUpload(msgspec.Struct):
    path: Name
    upload_id: Name
    parts: list[Part]


class AbortUpload(msgspec.Struct):
    path: Name
    upload_id: Name


class Credential(msgspec.Struct):
    url: str
    part_number: int
    headers: dict[str, str]


class CreatedUpload(msgspec.Struct):
    upload_id: str
    credentials: list[Credential]


class ReceivedPart(msgspec.Struct):
    part_number: int
    etag: str
    size: int


class ReceivedParts(msgspec.Struct):
    parts: list[ReceivedPart]


async def create_upload(services: Services, actor: Actor, request: Request) -> Response:
    message = wire.decode_body(await read_body(request), CreateUpload, {})
    if not 1 <= message.num_parts <= MAX_PARTS:
        raise InvalidArgument(f"num_parts must be between 1 and {MAX_PARTS} (got {message.num_parts}).")
    upload_id = await services.artifacts.open_upload(actor, _target(request, message.path))
    urls = await services.artifacts.part_urls(actor, upload_id, message.num_parts, PART_URLS_EXPIRE_S)
    if urls is None:
        return json_answer(CreatedUpload(upload_id, _through_server(request, upload_id, message.num_parts)))
    credentials = [Credential(part.url, number, part.headers) for number, part in enumerate(urls, 1)]
    return json_answer(CreatedUpload(upload_id, credentials))


async def upload_part(services: Services, actor: Actor, request: Request) -> Response:
    number = request.path_params["number"]
    if not number.isdecimal() or len(number) > 5:
        raise InvalidArgument(f"Part number {number!r} is not between 1 and {MAX_PARTS}.")
    etag = await services.artifacts.put_part(actor, request.path_params["upload_id"], int(number), upload_body(request))
    return Response(b"{}", headers={"etag": etag}, media_type="application/json")


async def list_parts(services: Services, actor: Actor, request: Request) -> Response:
    parts = await services.artifacts.list_parts(actor, request.path_params["upload_id"])
    return json_answer(ReceivedParts([ReceivedPart(part.number, part.etag, part.size_bytes) for part in parts]))


async def complete_upload(services: Services, actor: Actor, request: Request) -> Response:
    message = wire.decode_body(await read_body(request), CompleteUpload, {})
    parts = sorted((part.part_number, part.etag.strip('"')) for part in message.parts)
    target = _target(request, message.path)
    await services.artifacts.complete_upload(actor, target, message.upload_id, parts)
    return json_answer()


async def abort_upload(services: Services, actor: Actor, request: Request) -> Response:
    message = wire.decode_body(await read_body(request), AbortUpload, {})
    await services.artifacts.abort_upload(actor, message.upload_id)
    return json_answer()


def _through_server(request: Request, upload_id: str, count: int) -> list[Credential]:
    base = request.url.replace(path=f"/api/2.0/mlflow-artifacts/mpu/parts/{upload_id}", query="")
    return [Credential(f"{base}/{number}", number, {}) for number in range(1, count + 1)]


def _target(request: Request, client_path: str) -> str:
    return file_path(posixpath.join(request.path_params["folder"], posixpath.basename(client_path)))


ENDPOINTS = (
    Stream("POST", "mlflow-artifacts/mpu/create/{folder:path}", create_upload),
    Stream("POST", "mlflow-artifacts/mpu/complete/{folder:path}", complete_upload),
    Stream("POST", "mlflow-artifacts/mpu/abort/{folder:path}", abort_upload),
    Stream("PUT", "mlflow-artifacts/mpu/parts/{upload_id}/{number}", upload_part, prefixes=("/api/",)),
    Stream("GET", "mlflow-artifacts/mpu/parts/{upload_id}", list_parts, prefixes=("/api/",)),
)
