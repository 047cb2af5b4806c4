"""Artifact paths as MLflow's clients send them."""

from podium.domain.manifests import normalize_path
from podium.errors import InvalidPath


def tree_path(raw: str) -> str:
    """The path in normal form; nothing is the root. Raises InvalidPath in the two words that clients know."""
    if not raw:
        return ""
    try:
        return normalize_path(raw)
    except InvalidPath as error:
        raise InvalidPath("Invalid path") from error


def file_path(raw: str) -> str:
    """The path of a file, which is not the root."""
    path = tree_path(raw)
    if not path:
        raise InvalidPath("Invalid path")
    return path
