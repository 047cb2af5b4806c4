"""Artifacts: the living files of a team, one tree. A run's are below `<project>/<run>/artifacts`."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from podium.asgi.downloads import download
from podium.domain.access import Actor
from podium.domain.manifests import ManifestEntry, normalize_path
from podium.domain.trees import Child
from podium.errors import InvalidArgument, InvalidPath, InvalidState, NotFound
from podium.protocols.native.api import Api
from podium.protocols.native.endpoint import Call, Input, Stream, Topic
from podium.services.file_owners import OfRun


class ArtifactView(msgspec.Struct, frozen=True):
    """A file or folder; `path` is whole, `size_bytes` is null for a folder."""

    path: str
    is_folder: bool
    size_bytes: int | None


class Folder(msgspec.Struct, frozen=True):
    """What lies directly within a folder."""

    items: list[ArtifactView]


class Restored(msgspec.Struct, frozen=True):
    """How many files came back."""

    files: int


class ListArtifacts(Input, frozen=True, kw_only=True):
    """A folder; the root of the tree, if none is named."""

    path: str = ""


class OneArtifact(Input, frozen=True, kw_only=True):
    """A file, or a folder where that makes sense."""

    path: str


class ListRunFiles(ListArtifacts, frozen=True, kw_only=True):
    """A folder of a run."""

    run_id: str


class RunFile(OneArtifact, frozen=True, kw_only=True):
    """A file of a run."""

    run_id: str


async def list_artifacts(api: Api, actor: Actor, request: ListArtifacts) -> Folder:
    folder = _folder(request.path)
    return _listing(folder, await api.services.artifacts.list_folder(actor, folder))


async def download_artifact(api: Api, actor: Actor, request: OneArtifact, http: Request) -> Response:
    """Takes ranges. The ETag is the SHA-256 of the file."""
    return await _download(api, await api.services.artifacts.get(actor, normalize_path(request.path)), http)


async def upload_artifact(api: Api, actor: Actor, request: OneArtifact, http: Request) -> Response:
    """The body is the file's bytes; they take the place of what is there. The answer has their SHA-256."""
    path = normalize_path(request.path)
    await api.services.artifacts.put(actor, path, http.stream(), _announced_size(http))
    return _stored(await api.services.artifacts.get(actor, path))


async def delete_artifact(api: Api, actor: Actor, request: OneArtifact) -> None:
    """A file, or a folder with everything in it. It can be restored until garbage collection."""
    await api.services.artifacts.delete(actor, normalize_path(request.path))


async def restore_artifact(api: Api, actor: Actor, request: OneArtifact) -> Restored:
    """Brings back what was deleted last at each path at or below `path`, unless a file is there now."""
    return Restored(await api.services.artifacts.restore(actor, normalize_path(request.path)))


async def list_run_files(api: Api, actor: Actor, request: ListRunFiles) -> Folder:
    folder = _folder(request.path)
    return _listing(folder, (await api.services.artifacts.list_of(actor, OfRun(request.run_id), folder)).children)


async def download_run_file(api: Api, actor: Actor, request: RunFile, http: Request) -> Response:
    """Takes ranges. The ETag is the SHA-256 of the file."""
    path = normalize_path(request.path)
    return await _download(api, await api.services.artifacts.get_of(actor, OfRun(request.run_id), path), http)


async def upload_run_file(api: Api, actor: Actor, request: RunFile, http: Request) -> Response:
    """The body is the file's bytes; they take the place of what is there. The answer has their SHA-256."""
    path, owner = normalize_path(request.path), OfRun(request.run_id)
    await api.services.artifacts.put_of(actor, owner, path, http.stream())
    return _stored(await api.services.artifacts.get_of(actor, owner, path))


async def _download(api: Api, file: ManifestEntry, http: Request) -> Response:
    return await download(http, file, lambda start, end: api.services.artifacts.read(file, start, end))


def _folder(path: str) -> str:
    return normalize_path(path) if path else ""


def _listing(folder: str, children: list[Child]) -> Folder:
    start = f"{folder}/" if folder else ""
    return Folder([ArtifactView(start + child.name, child.is_folder, child.size_bytes) for child in children])


def _stored(file: ManifestEntry) -> Response:
    return Response(msgspec.json.encode(file), media_type="application/json")


def _announced_size(http: Request) -> int | None:
    announced = http.headers.get("content-length", "")
    return int(announced) if announced.isdecimal() and len(announced) <= 18 else None


_ONE = "/artifacts/{path:path}"
_OF_RUN = "/runs/{run_id}/files"
_WRITTEN = (InvalidArgument, InvalidPath, InvalidState, NotFound)

TOPIC = Topic(
    "artifacts",
    "The files of a team, one tree. Those of a run are below `<project>/<run>/artifacts`; those of registered versions "
    "are below `registry/<key>`, and are only read.",
    (
        Call("GET", "/artifacts", ListArtifacts, Folder, list_artifacts, "List a folder", (InvalidPath,)),
        Call("POST", "/artifacts/restore", OneArtifact, Restored, restore_artifact, "Restore files", _WRITTEN),
        Stream("GET", _ONE, OneArtifact, None, download_artifact, "Download a file"),
        Stream("PUT", _ONE, OneArtifact, ManifestEntry, upload_artifact, "Upload a file", _WRITTEN),
        Call("DELETE", _ONE, OneArtifact, None, delete_artifact, "Delete a file or folder", _WRITTEN),
        Call("GET", _OF_RUN, ListRunFiles, Folder, list_run_files, "List a folder of a run"),
        Stream("GET", f"{_OF_RUN}/{{path:path}}", RunFile, None, download_run_file, "Download a file of a run"),
        Stream(
            "PUT",
            f"{_OF_RUN}/{{path:path}}",
            RunFile,
            ManifestEntry,
            upload_run_file,
            "Upload a file of a run",
            _WRITTEN,
        ),
    ),
)
