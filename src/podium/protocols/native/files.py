"""The immutable files of versions: manifests, their differences, and the bytes."""

from typing import Annotated

import msgspec
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response

from podium.asgi.downloads import download
from podium.domain.access import Actor
from podium.domain.manifests import Manifest, ManifestEntry, normalize_path
from podium.errors import InvalidArgument, InvalidPath, InvalidState, NotFound
from podium.protocols.native.api import Api
from podium.protocols.native.endpoint import Call, Input, Stream, Topic
from podium.protocols.native.shapes import VersionNumber
from podium.protocols.native.versions import ONE, OneVersion
from podium.services.file_owners import OfVersion


class ManifestView(msgspec.Struct, frozen=True):
    """The files of a tree, by path. The digest is equal for equal trees, and only for them."""

    digest: str
    file_count: int
    size_bytes: int
    files: tuple[ManifestEntry, ...]


class Changed(msgspec.Struct, frozen=True):
    """A path that has other bytes now."""

    path: str
    old: ManifestEntry
    new: ManifestEntry


class DiffView(msgspec.Struct, frozen=True):
    """What turns one version's files into another's. A moved file is one removed and one added."""

    added: tuple[ManifestEntry, ...]
    removed: tuple[ManifestEntry, ...]
    changed: list[Changed]
    unchanged_count: int


class CompareVersions(OneVersion, frozen=True, kw_only=True):
    """The version to compare with, of the same model unless another is named."""

    to: VersionNumber
    to_model: str | None = None


class VersionFile(OneVersion, frozen=True, kw_only=True):
    """A file of a version."""

    path: str


class OneManifest(Input, frozen=True, kw_only=True):
    """A manifest by its digest."""

    digest: Annotated[str, Meta(description="SHA-256 of 64 lower-case hexadecimal digits")]


def view_of(manifest: Manifest) -> ManifestView:
    """A manifest as the API shows it."""
    return ManifestView(manifest.digest, len(manifest.entries), manifest.size_bytes, manifest.entries)


async def get_version_manifest(api: Api, actor: Actor, request: OneVersion) -> ManifestView:
    return view_of(await api.services.manifests.of_version(actor, request.name, request.version))


async def get_manifest(api: Api, actor: Actor, request: OneManifest) -> ManifestView:
    return view_of(await api.services.manifests.get(actor, request.digest))


async def compare_versions(api: Api, actor: Actor, request: CompareVersions) -> DiffView:
    found = await api.services.manifests.compare(
        actor, (request.name, request.version), (request.to_model or request.name, request.to)
    )
    changed = [Changed(new.path, old, new) for old, new in found.changed]
    return DiffView(found.added, found.removed, changed, len(found.unchanged))


async def download_version_file(api: Api, actor: Actor, request: VersionFile, http: Request) -> Response:
    """Takes ranges. The ETag is the SHA-256 of the file."""
    owner = OfVersion(request.name, str(request.version))
    file = await api.services.artifacts.get_of(actor, owner, normalize_path(request.path))
    return await download(http, file, lambda start, end: api.services.artifacts.read(file, start, end))


_OUTSIDE = (InvalidArgument, NotFound, InvalidState)

TOPIC = Topic(
    "files",
    "The files of versions, as manifests of path, size and SHA-256.",
    (
        Call("GET", f"{ONE}/manifest", OneVersion, ManifestView, get_version_manifest, "Files of a version", _OUTSIDE),
        Call("GET", f"{ONE}/diff", CompareVersions, DiffView, compare_versions, "Compare two versions", _OUTSIDE),
        Stream(
            "GET",
            f"{ONE}/files/{{path:path}}",
            VersionFile,
            None,
            download_version_file,
            "Download a file of a version",
            (InvalidPath, NotFound),
        ),
        Call("GET", "/manifests/{digest}", OneManifest, ManifestView, get_manifest, "Read a manifest"),
    ),
)
