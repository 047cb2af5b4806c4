"""The parts of multi-part uploads as files: `<root>/<upload id>/<number>.<sha256>`.

A part sent again with other bytes is one more file, and the completing request says which it means. So
nothing is replaced while it may be read, and no lock is needed between processes.
"""

import re
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

from podium.blobs.base import Part, PendingUpload
from podium.blobs.files import sync_folder
from podium.domain.manifests import check_digest
from podium.errors import InvalidArgument, NotFound

_UPLOAD_ID = re.compile(r"[0-9a-f]{32}", re.ASCII)
_PART_NAME = re.compile(r"([0-9]{5})\.([0-9a-f]{64})", re.ASCII)
_MAX_PART_NUMBER = 10_000


class UploadFolders:
    """Blocking file work; `LocalBlobs` calls it in threads."""

    def __init__(self, root: Path, trash: Path) -> None:
        self._root, self._trash = root, trash

    def create(self) -> str:
        """A new upload's id, durable."""
        upload_id = secrets.token_hex(16)
        (self._root / upload_id).mkdir()
        sync_folder(self._root)
        return upload_id

    def find(self, upload_id: str) -> Path:
        """The upload's folder. Raises `InvalidArgument` for what is no id, `NotFound` for an unknown one."""
        if not _UPLOAD_ID.fullmatch(upload_id):
            raise InvalidArgument("An upload id consists of 32 hexadecimal digits.")
        folder = self._root / upload_id
        if not folder.is_dir():
            raise _unknown(upload_id)
        return folder

    def place(self, upload_id: str, number: int, etag: str) -> Path:
        """Where a part belongs."""
        if not 1 <= number <= _MAX_PART_NUMBER:
            raise InvalidArgument(f"Part number {number} is not between 1 and {_MAX_PART_NUMBER}.")
        return self.find(upload_id) / f"{number:05}.{check_digest(etag)}"

    def list_parts(self, upload_id: str) -> list[Part]:
        """The newest of each number, in order."""
        found = [
            _part(path, match) for path in self.find(upload_id).iterdir() if (match := _PART_NAME.fullmatch(path.name))
        ]
        newest_last = sorted(found, key=lambda part: (part.number, part.modified_at))
        return list({part.number: part for part in newest_last}.values())

    def choose(self, upload_id: str, parts: Sequence[tuple[int, str]]) -> list[Path]:
        """The files of the named parts. Raises `InvalidArgument` when they cannot make a whole."""
        numbers = [number for number, _ in parts]
        if not numbers or any(a >= b for a, b in pairwise(numbers)):
            raise InvalidArgument("Name at least one part, each once, in ascending order.")
        paths = [self.place(upload_id, number, etag) for number, etag in parts]
        for path, number in zip(paths, numbers, strict=True):
            if not path.is_file():
                raise InvalidArgument(f"Part {number} was not received with this etag.")
        return paths

    def remove(self, upload_id: str) -> Path:
        """Takes the upload away in one step and returns the folder that is left to be emptied."""
        try:
            return self.find(upload_id).rename(self._trash / upload_id)
        except FileNotFoundError as error:
            raise _unknown(upload_id) from error

    def list_uploads(self) -> list[PendingUpload]:
        """Every open upload."""
        return [
            PendingUpload(folder.name, datetime.fromtimestamp(folder.stat().st_mtime, UTC))
            for folder in self._root.iterdir()
            if _UPLOAD_ID.fullmatch(folder.name)
        ]


def _unknown(upload_id: str) -> NotFound:
    return NotFound(f"There is no upload {upload_id}; it may be completed or aborted.")


def _part(path: Path, match: re.Match[str]) -> Part:
    stat = path.stat()
    return Part(int(match[1]), match[2], stat.st_size, datetime.fromtimestamp(stat.st_mtime, UTC))
