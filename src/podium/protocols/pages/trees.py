"""Files as a tree to unfold: folders before files, by name."""

from collections.abc import Iterable

import msgspec

from podium.domain.manifests import ManifestEntry

MAX_SHOWN = 5000


class Folder(msgspec.Struct):
    """A folder with all that lies below it."""

    name: str
    folders: dict[str, "Folder"] = {}
    files: list[ManifestEntry] = []
    count: int = 0
    size_bytes: int = 0


def file_tree(entries: Iterable[ManifestEntry]) -> Folder:
    """The tree of the first `MAX_SHOWN` files; counts and sizes are of all."""
    root = Folder("")
    for number, entry in enumerate(entries):
        folder = root
        folder.count += 1
        folder.size_bytes += entry.size_bytes
        for name in entry.path.split("/")[:-1]:
            folder = folder.folders.setdefault(name, Folder(name))
            folder.count += 1
            folder.size_bytes += entry.size_bytes
        if number < MAX_SHOWN:
            folder.files.append(entry)
    return root
