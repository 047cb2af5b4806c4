"""Artifacts of runs, logged models and registered versions, addressed by their owner."""

from collections.abc import AsyncIterator

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from podium.asgi.bodies import read_body
from podium.asgi.downloads import download
from podium.domain.access import Actor
from podium.errors import InvalidArgument, TooLarge
from podium.protocols.mlflow import wire
from podium.protocols.mlflow.endpoint import PAGES_ONLY, ROOT, Call, Stream
from podium.protocols.mlflow.paths import file_path, tree_path
from podium.protocols.mlflow.proxied_artifacts import LINK_EXPIRES_S, FileInfo, file_infos, file_url, json_answer
from podium.protocols.mlflow.wire import Name
from podium.services import Services
from podium.services.file_owners import OfLoggedModel, OfRun, OfVersion, Owner

MAX_PAGE_UPLOAD_BYTES = 10 << 20
MAX_LINK_S = 7 * 24 * 3600


class ListArtifacts(msgspec.Struct):
    run_id: str = ""
    run_uuid: str = ""
    path: str = ""


class ListLoggedModelArtifacts(msgspec.Struct):
    model_id: str
    artifact_directory_path: str = ""


class ListedArtifacts(msgspec.Struct, omit_defaults=True):
    root_uri: str
    files: list[FileInfo] = []


class CreatePresignedDownloadUrl(msgspec.Struct):
    run_id: Name
    path: Name
    expiration: int = LINK_EXPIRES_S


class PresignedDownloadUrl(msgspec.Struct):
    presigned_url: str
    headers: dict[str, str]
    file_size: int


class CreatePresignedUploadUrl(msgspec.Struct):
    path: Name
    run_id: str = ""
    model_id: str = ""


async def list_artifacts(services: Services, actor: Actor, request: ListArtifacts) -> ListedArtifacts:
    run_id = request.run_id or request.run_uuid
    if not run_id:
        raise InvalidArgument("Missing value for required parameter 'run_id'.")
    return await _list_of(services, actor, OfRun(run_id), request.path)


async def list_logged_model_artifacts(
    services: Services, actor: Actor, request: ListLoggedModelArtifacts
) -> ListedArtifacts:
    return await _list_of(services, actor, OfLoggedModel(request.model_id), request.artifact_directory_path)


async def get_artifact(services: Services, actor: Actor, request: Request) -> Response:
    run_id = request.query_params.get("run_id") or _required(request, "run_uuid")
    return await _download_of(services, actor, OfRun(run_id), request, "path")


async def get_version_artifact(services: Services, actor: Actor, request: Request) -> Response:
    owner = OfVersion(_required(request, "name"), _required(request, "version"))
    return await _download_of(services, actor, owner, request, "path")


async def get_logged_model_artifact(services: Services, actor: Actor, request: Request) -> Response:
    owner = OfLoggedModel(request.path_params["model_id"])
    return await _download_of(services, actor, owner, request, "artifact_file_path")


async def upload_artifact(services: Services, actor: Actor, request: Request) -> Response:
    run_id, path = _required(request, "run_uuid"), file_path(_required(request, "path"))
    try:
        body = await read_body(request, MAX_PAGE_UPLOAD_BYTES)
    except TooLarge as error:
        raise InvalidArgument("Artifact size is too large. Max size is 10MB.") from error
    if not body:
        raise InvalidArgument("Request must specify data.")
    await services.artifacts.put_of(actor, OfRun(run_id), path, _single(body))
    return Response(media_type="application/json")


async def create_presigned_download_url(services: Services, actor: Actor, request: Request) -> Response:
    message = wire.decode_body(await read_body(request), CreatePresignedDownloadUrl, {})
    if not 1 <= message.expiration <= MAX_LINK_S:
        raise InvalidArgument(f"expiration must be between 1 and {MAX_LINK_S} seconds (got {message.expiration}).")
    file = await services.artifacts.get_of(actor, OfRun(message.run_id), file_path(message.path))
    url = await file_url(services, request, file, message.expiration)
    return json_answer(PresignedDownloadUrl(url, {}, file.size_bytes))


async def create_presigned_upload_url(_: Services, __: Actor, request: CreatePresignedUploadUrl) -> None:
    if bool(request.run_id) == bool(request.model_id):
        raise InvalidArgument("Exactly one of run_id and model_id must be provided.")
    file_path(request.path)
    raise InvalidArgument(
        "Presigned upload is not supported for proxied artifact storage: upload through mlflow-artifacts instead."
    )


async def _list_of(services: Services, actor: Actor, owner: Owner, raw_path: str) -> ListedArtifacts:
    path = tree_path(raw_path)
    listing = await services.artifacts.list_of(actor, owner, path)
    return ListedArtifacts(listing.root_uri, file_infos(listing.children, path))


async def _download_of(services: Services, actor: Actor, owner: Owner, request: Request, parameter: str) -> Response:
    path = file_path(_required(request, parameter))
    file = await services.artifacts.get_of(actor, owner, path)
    return await download(request, file, lambda start, end: services.artifacts.read(file, start, end))


def _required(request: Request, name: str) -> str:
    value = request.query_params.get(name)
    if not value:
        raise InvalidArgument(f"Request must specify {name}.")
    return value


async def _single(body: bytes) -> AsyncIterator[bytes]:
    yield body


ENDPOINTS = (
    Call("GET", "artifacts/list", ListArtifacts, list_artifacts),
    Call(
        "GET", "logged-models/{model_id}/artifacts/directories", ListLoggedModelArtifacts, list_logged_model_artifacts
    ),
    Call("POST", "artifacts/presigned-upload-url", CreatePresignedUploadUrl, create_presigned_upload_url),
    Stream("POST", "mlflow/artifacts/presigned-download-url", create_presigned_download_url),
    Stream("GET", "mlflow/logged-models/{model_id}/artifacts/files", get_logged_model_artifact, prefixes=PAGES_ONLY),
    Stream("POST", "mlflow/upload-artifact", upload_artifact, prefixes=PAGES_ONLY),
    Stream("GET", "get-artifact", get_artifact, prefixes=ROOT),
    Stream("GET", "model-versions/get-artifact", get_version_artifact, prefixes=ROOT),
)
