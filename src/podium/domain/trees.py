"""Folders of files, as they are listed."""

import msgspec


class Child(msgspec.Struct, frozen=True):
    """A file or folder directly within a folder; a folder has no size."""

    name: str
    is_folder: bool
    size_bytes: int | None
