"""Where an artifact URI points: into the tree of files on this server, or elsewhere."""

from urllib.parse import urlsplit

from podium.domain.access import DEFAULT_TEAM
from podium.domain.manifests import normalize_path
from podium.errors import InvalidArgument

SCHEME = "mlflow-artifacts"
ENDPOINT = "/api/2.0/mlflow-artifacts/artifacts"

# Below it lie the immutable files of registered versions, one folder a version's key.
REGISTRY_FOLDER = "registry"
# Below it lie the files of every team but the default one.
TEAMS_FOLDER = "workspaces"


def proxied_path(uri: str) -> str | None:
    """The path in the tree of files that `uri` means ("" is its root), or None when it is outside this server.

    `mlflow-artifacts:` URIs are taken with and without a host, and URLs by their path alone: a client may know this
    server under any name. Raises InvalidPath for a URI into the tree that would lead out of it.
    """
    try:
        parts = urlsplit(uri)
    except ValueError:  # the host is malformed: no URI of this server
        return None
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


def run_location(project_location: str, run_id: str) -> str:
    """The artifact URI of a run: a folder below that of its project."""
    return f"{project_location.rstrip('/')}/{run_id}/artifacts"


def team_path(team: str, path: str) -> str:
    """The path in the tree of `team` that its callers mean by `path`: below `workspaces/<team>`, said or not.

    The default team's files lie at the root. Raises InvalidArgument for the folder of another team.
    """
    first, _, rest = path.partition("/")
    if first != TEAMS_FOLDER:
        return path if team == DEFAULT_TEAM else "/".join(filter(None, (TEAMS_FOLDER, team, path)))
    named = rest.partition("/")[0]
    if not named:
        raise InvalidArgument("Artifact paths prefixed with 'workspaces/' must include a workspace name.")
    if named != team:
        raise InvalidArgument(
            f"Artifact path targets workspace '{named}' but the workspace specified in the request is '{team}'."
        )
    return path
