"""Where an artifact URI points: into the tree of files on this server, or elsewhere."""

from urllib.parse import urlsplit

from podium.domain.manifests import normalize_path

SCHEME = "mlflow-artifacts"
ENDPOINT = "/api/2.0/mlflow-artifacts/artifacts"

# Below it lie the immutable files of registered versions, one folder a version's key.
REGISTRY_FOLDER = "registry"


def proxied_path(uri: str) -> str | None:
    """The path in the tree of files that `uri` means ("" is its root), or None when it is outside this server.

    `mlflow-artifacts:` URIs are taken with and without a host, and URLs by their path alone: a client may know this
    server under any name. Raises InvalidPath for a URI into the tree that would lead out of it.
    """
    parts = urlsplit(uri)
    if parts.scheme == SCHEME:
        path = parts.path.partition(ENDPOINT)[2] if ENDPOINT in parts.path else parts.path
    elif parts.scheme in ("http", "https"):
        _, found, path = parts.path.partition(ENDPOINT)
        if not found or (path and not path.startswith("/")):
            return None
    else:
        return None
    inner = path.removeprefix("/")
    return normalize_path(inner) if inner else ""


def version_folder(version_key: int) -> str:
    """The folder of a registered version's files in the tree."""
    return f"{REGISTRY_FOLDER}/{version_key}"


def parse_registry_path(path: str) -> tuple[int, str] | None:
    """The version's key and the path within its files, or None for a path outside the registry's folder.

    The key is -1, which no version has, where the path names none.
    """
    folder, _, rest = path.partition("/")
    if folder != REGISTRY_FOLDER:
        return None
    key, _, inner = rest.partition("/")
    return (int(key) if key.isascii() and key.isdecimal() and len(key) <= 18 else -1), inner
