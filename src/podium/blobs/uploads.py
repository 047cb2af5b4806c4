"""The parts of multi-part uploads as files: `<root>/<upload id>/<number>.<sha256>`.

A part sent again with other bytes is one more file, and the completing request says which it means. So
nothing is replaced while it may be read, and no lock is needed between processes.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from podium.blobs.base import Part, PendingUpload
from podium.blobs.files import sync_folder
from podium.blobs.parts import (
    check_order,
    check_upload_id,
    is_upload_id,
    new_upload_id,
    not_received,
    part_name,
    unknown_upload,
)

_PART_NAME = re.compile(r"([0-9]{5})\.([0-9a-f]{64})", re.ASCII)


class UploadFolders:
    """Blocking file work; `LocalBlobs` calls it in threads."""

    def __init__(self, root: Path, trash: Path) -> None:
        self._root, self._trash = root, trash

    def create(self) -> str:
        """A new upload's id, durable."""
        upload_id = new_upload_id()
        (self._root / upload_id).mkdir()
        sync_folder(self._root)
        return upload_id

    def find(self, upload_id: str) -> Path:
        """The upload's folder. Raises `InvalidArgument` for what is no id, `NotFound` for an unknown one."""
        folder = self._root / check_upload_id(upload_id)
        if not folder.is_dir():
            raise unknown_upload(upload_id)
        return folder

    def place(self, upload_id: str, number: int, etag: str) -> Path:
        """Where a part belongs."""
        name = part_name(number, etag)
        return self.find(upload_id) / name

    def list_parts(self, upload_id: str) -> list[Part]:
        """The newest of each number, in order."""
        found = [
            _part(path, match) for path in self.find(upload_id).iterdir() if (match := _PART_NAME.fullmatch(path.name))
        ]
        newest_last = sorted(found, key=lambda part: (part.number, part.modified_at))
        return list({part.number: part for part in newest_last}.values())

    def choose(self, upload_id: str, parts: Sequence[tuple[int, str]]) -> list[Path]:
        """The files of the named parts. Raises `InvalidArgument` when they cannot make a whole."""
        check_order(parts)
        paths = [self.place(upload_id, number, etag) for number, etag in parts]
        for path, (number, _) in zip(paths, parts, strict=True):
            if not path.is_file():
                raise not_received(number)
        return paths

    def remove(self, upload_id: str) -> Path:
        """Takes the upload away in one step and returns the folder that is left to be emptied."""
        try:
            return self.find(upload_id).rename(self._trash / upload_id)
        except FileNotFoundError as error:
            raise unknown_upload(upload_id) from error

    def list_uploads(self) -> list[PendingUpload]:
        """Every open upload."""
        return [
            PendingUpload(folder.name, datetime.fromtimestamp(folder.stat().st_mtime, UTC))
            for folder in self._root.iterdir()
            if is_upload_id(folder.name)
        ]


def _part(path: Path, match: re.Match[str]) -> Part:
    stat = path.stat()
    return Part(int(match[1]), match[2], stat.st_size, datetime.fromtimestamp(stat.st_mtime, UTC))
