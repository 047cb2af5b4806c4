"""`mlflow-artifacts`: the tree of files that clients read and write through this server, path by path."""

from contextlib import suppress

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from podium.asgi.bodies import upload_body
from podium.asgi.downloads import download
from podium.domain.access import Actor
from podium.domain.manifests import ManifestEntry
from podium.domain.trees import Child
from podium.errors import InvalidPath, NotFound
from podium.protocols.mlflow import wire
from podium.protocols.mlflow.endpoint import Stream
from podium.protocols.mlflow.paths import file_path, tree_path
from podium.services import Services

LINK_EXPIRES_S = 900


class FileInfo(msgspec.Struct, omit_defaults=True):
    """MLflow's `FileInfo` message; a folder has no size."""

    path: str
    is_dir: bool
    file_size: int | None = None


class Files(msgspec.Struct, omit_defaults=True):
    files: list[FileInfo] = []


class PresignedUrl(msgspec.Struct):
    url: str
    headers: dict[str, str]
    file_size: int


def file_infos(children: list[Child], folder: str = "") -> list[FileInfo]:
    """Children as MLflow shows them, with paths from where `folder` is."""
    prefix = f"{folder}/" if folder else ""
    return [FileInfo(prefix + child.name, child.is_folder, child.size_bytes) for child in children]


def json_answer(answer: msgspec.Struct | None = None) -> Response:
    """A message as an HTTP answer; nothing is the empty message."""
    return Response(b"{}" if answer is None else wire.encode(answer), media_type="application/json")


async def list_artifacts(services: Services, actor: Actor, request: Request) -> Response:
    path = tree_path(request.query_params.get("path", ""))
    return json_answer(Files(file_infos(await services.artifacts.list_folder(actor, path))))


async def download_artifact(services: Services, actor: Actor, request: Request) -> Response:
    file = await services.artifacts.get(actor, file_path(request.path_params["path"]))
    return await download(request, file, lambda start, end: services.artifacts.read(file, start, end))


async def upload_artifact(services: Services, actor: Actor, request: Request) -> Response:
    if request.path_params["path"].endswith("/"):
        raise InvalidPath("Artifact path must include a filename (cannot end with '/').")
    path = file_path(request.path_params["path"])
    announced = request.headers.get("content-length", "")
    size = int(announced) if announced.isdecimal() else None
    await services.artifacts.put(actor, path, upload_body(request), size)
    return json_answer()


async def delete_artifact(services: Services, actor: Actor, request: Request) -> Response:
    path = file_path(request.path_params["path"])
    with suppress(NotFound):  # as MLflow has it, so that a client may repeat a request whose answer it lost
        await services.artifacts.delete(actor, path)
    return json_answer()


async def get_presigned_url(services: Services, actor: Actor, request: Request) -> Response:
    file = await services.artifacts.get(actor, file_path(request.path_params["path"]))
    return json_answer(PresignedUrl(await file_url(services, request, file, LINK_EXPIRES_S), {}, file.size_bytes))


async def open_link(services: Services, _: Actor, request: Request) -> Response:
    file = services.links.open(request.path_params["token"])
    return await download(request, file, lambda start, end: services.artifacts.read(file, start, end))


async def file_url(services: Services, request: Request, file: ManifestEntry, expires_s: int) -> str:
    """A URL that gives the file without any further permission: the object store's, or a signed link of this server
    at the address by which the caller knows it.
    """
    url = await services.artifacts.direct_url(file, expires_s)
    if url is not None:
        return url
    token = services.links.create(file, expires_s)
    return str(request.url.replace(path=f"/api/2.0/mlflow-artifacts/links/{token}", query=""))


ENDPOINTS = (
    Stream("GET", "mlflow-artifacts/artifacts", list_artifacts),
    Stream("GET", "mlflow-artifacts/artifacts/{path:path}", download_artifact),
    Stream("PUT", "mlflow-artifacts/artifacts/{path:path}", upload_artifact),
    Stream("DELETE", "mlflow-artifacts/artifacts/{path:path}", delete_artifact),
    Stream("GET", "mlflow-artifacts/presigned/{path:path}", get_presigned_url),
    Stream("GET", "mlflow-artifacts/links/{token}", open_link, prefixes=("/api/",), public=True),
)
