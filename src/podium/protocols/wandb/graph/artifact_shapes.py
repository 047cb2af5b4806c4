"""How artifacts, their collections and files look in answers. Nothing here asks a service."""

import mimetypes
from typing import Any
from urllib.parse import quote

from podium.domain.artifact_collections import (
    TTL_DISABLED,
    Alias,
    ArtifactType,
    Collection,
    ListedFile,
    Membership,
    Version,
)
from podium.domain.artifact_listings import base64_md5
from podium.protocols.wandb.graph.caller import Caller
from podium.protocols.wandb.graph.connections import whole
from podium.protocols.wandb.graph.file_shapes import shape_file
from podium.protocols.wandb.graph.ids import global_id, key_of
from podium.protocols.wandb.graph.projects import shape_place

_TYPENAMES = {"sequence": "ArtifactSequence", "portfolio": "ArtifactPortfolio"}
# Clients tell files from manifests by where W&B's own server has them.
FILES_FOLDER, MANIFESTS_FOLDER = "wandb_artifacts", "wandb_manifests"
_TYPES = mimetypes.MimeTypes()


def project_key(source: Any) -> int:
    """The key of the project in a resolver's source."""
    return key_of("Project", source["id"])


def tag_shape(tag: str) -> dict[str, Any]:
    return {"id": f"Tag:{tag}", "name": tag}


def alias_shape(alias: Alias) -> dict[str, Any]:
    return {
        "id": global_id("ArtifactAlias", alias.id),
        "alias": alias.alias,
        "artifact_collection": collection_shape(alias.collection),
    }


def type_shape(found: ArtifactType, project: Any) -> dict[str, Any]:
    """A type of a project, which its resolvers look in."""
    return {
        "id": global_id("ArtifactType", found.id),
        "name": found.name,
        "created_at": found.created_at,
        "project": project,
    }


def collection_shape(found: Collection, *, state: str = "READY") -> dict[str, Any]:
    project = shape_place(found.place)
    return {
        "__typename": _TYPENAMES[found.kind],
        "key": found.id,
        "id": global_id("ArtifactCollection", found.id),
        "name": found.name,
        "description": found.description,
        "state": state,
        "project": project,
        "default_artifact_type": type_shape(found.artifact_type, project),
        "created_at": found.created_at,
        "updated_at": found.updated_at,
        "tags": {"edges": [{"node": tag_shape(tag)} for tag in found.tags]},
        "digest_algorithm": "MANIFEST_MD5",
    }


def version_shape(version: Version) -> dict[str, Any]:
    return {
        "__typename": "Artifact",
        "key": version.id,
        "id": global_id("Artifact", version.id),
        "artifact_sequence": collection_shape(version.sequence),
        "artifact_type": type_shape(version.sequence.artifact_type, shape_place(version.sequence.place)),
        "version_index": version.number,
        "state": version.state,
        "description": version.description,
        "metadata": version.metadata,
        "digest": version.digest,
        "digest_algorithm": "MANIFEST_MD5",
        "commit_hash": version.listing,
        "size": version.size_bytes,
        "file_count": version.file_count,
        "history_step": version.history_step,
        "ttl_duration_seconds": TTL_DISABLED if version.ttl_s is None else version.ttl_s,
        "ttl_is_inherited": version.ttl_s is None,
        "created_at": version.created_at,
        "updated_at": version.updated_at,
        "tags": [tag_shape(tag) for tag in version.tags],
        "aliases": [alias_shape(alias) for alias in version.aliases],
        "user_id": version.user_id,
    }


def membership_shape(found: Membership) -> dict[str, Any]:
    return {
        "key": found.version.id,
        "id": global_id("ArtifactCollectionMembership", found.id),
        "version_index": found.number,
        "created_at": found.created_at,
        "aliases": [alias_shape(alias) for alias in found.aliases],
        "artifact_collection": collection_shape(found.collection),
        "artifact": version_shape(found.version),
    }


def file_shape(caller: Caller, file: ListedFile) -> dict[str, Any]:
    url = read_url(caller, file) if file.url is None else file.url
    md5 = base64_md5(file.md5) if file.md5 else None
    return {
        **shape_file(f"ArtifactFile:{file.md5 or file.digest}:{file.path}", file.path, file.size_bytes, url),
        "mimetype": _TYPES.guess_type(file.path)[0] or "application/octet-stream",
        "md5": md5,
        "digest": md5 or file.digest,
        "storage_path": f"{FILES_FOLDER}/{file.md5}" if file.md5 else None,
    }


def read_url(caller: Caller, file: ListedFile) -> str:
    """Where the bytes of a file are, for who has no other permission."""
    return content_url(caller, caller.services.links.create(file.entry), file.path)


def content_url(caller: Caller, token: str, path: str, folder: str = FILES_FOLDER) -> str:
    """The URL with which a token reads."""
    return f"{caller.base_url}/artifacts/content/{folder}/{token}/{quote(path.rpartition('/')[2])}"


def upload_target(caller: Caller, token: str | None, md5: str, mimetype: str | None = None) -> dict[str, Any]:
    """Where and with which headers to put bytes; no URL for those that need not be sent."""
    kind = mimetype or "application/octet-stream"
    return {
        "upload_url": None if token is None else f"{caller.base_url}/artifacts/upload/{token}",
        "upload_headers": [f"Content-MD5:{base64_md5(md5)}", f"Content-Type:{kind}"],
    }


def aliases_page(found: list[tuple[int, str]]) -> dict[str, Any]:
    return whole([{"id": global_id("ArtifactAlias", key), "alias": alias} for key, alias in found])
