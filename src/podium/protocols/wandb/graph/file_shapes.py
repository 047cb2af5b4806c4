"""How files look in answers, be they of runs or of artifacts."""

from typing import Any


def shape_file(key: str, path: str, size_bytes: int = 0, url: str = "") -> dict[str, Any]:
    """A file; without a URL one that is not here yet. Whose it is adds what else is known of it."""
    return {
        "id": key,
        "name": path,
        "display_name": path,
        "size_bytes": size_bytes,
        "direct_url": url,
        "url": url or None,
    }
