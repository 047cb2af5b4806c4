"""Blobs in a local folder, which several server processes may share.

    <root>/sha256/ab/cdef…     a blob, under its digest
    <root>/uploads/<id>/       the parts of a multi-part upload
    <root>/tmp/                bodies on their way in; emptied at start of what no running process holds

A blob is written in `tmp`, synced, renamed, and its folder synced. Batching these syncs was measured and is
slower than leaving it to the file system's journal, which joins those of concurrent threads by itself.
No name that a client sends becomes a path: digests and upload ids are checked against their strict form.
"""

import fcntl
import os
import shutil
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Sequence
from contextlib import aclosing, suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Self

from podium.blobs.base import Blob, Part, PartUrl, PendingUpload, StoredBlob
from podium.blobs.bodies import ReadsInto, reader_of
from podium.blobs.files import FileReader, make_folder, remove_leftovers, sync_folder, try_write
from podium.blobs.hashing import Expected
from podium.blobs.intake import Buffers, Intake
from podium.blobs.joining import join
from podium.blobs.threads import FileThreads
from podium.blobs.uploads import UploadFolders
from podium.domain.manifests import check_digest, is_digest
from podium.errors import NotFound


class LocalBlobs:
    """`podium.blobs.base.Blobs` in a folder."""

    direct = False
    copies_parts = True

    def __init__(self, root: Path) -> None:
        """Expects a prepared folder; `open` prepares it."""
        self._blobs, self._temporary = root / "sha256", root / "tmp"
        self._uploads = UploadFolders(root / "uploads", trash=self._temporary)
        self._threads = FileThreads()
        self._buffers = Buffers()

    @classmethod
    def open(cls, root: Path) -> Self:
        """Creates what is missing of the folder and clears leftovers. Raises `OSError` where it cannot."""
        root = root.absolute()
        make_folder(root)
        for folder in (root / "sha256", root / "tmp", root / "uploads"):
            folder.mkdir(exist_ok=True)
        for first in range(256):
            (root / "sha256" / f"{first:02x}").mkdir(exist_ok=True)
        for folder in (root / "sha256", root):
            sync_folder(folder)
        remove_leftovers(root / "tmp")
        return cls(root)

    async def put(
        self,
        chunks: AsyncIterable[bytes],
        *,
        expected_bytes: int | None = None,
        expected_sha256: str | None = None,
        expected_md5: str | None = None,
        max_bytes: int | None = None,
    ) -> Blob:
        """See `Blobs`. When two puts of the same bytes race, both succeed, and the last rename stands."""
        expected = Expected(size_bytes=expected_bytes, sha256=expected_sha256, md5=expected_md5, max_bytes=max_bytes)
        return await self._receive(reader_of(chunks), expected)

    async def open_range(self, digest: str, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """See `Blobs`."""
        reader = FileReader(self._path(digest), start, end, absent=_absent(digest))
        async with aclosing(self._read(reader)) as pieces:
            async for piece in pieces:
                yield piece

    def path(self, digest: str) -> Path | None:
        """See `Blobs`."""
        path = self._path(digest)
        if not path.exists():
            raise NotFound(_absent(digest))
        return path

    async def presign(self, digest: str, *, expires_s: int) -> str | None:  # noqa: ARG002  the contract's names
        """Always `None`: a local file has no URL of its own."""
        return None

    async def size(self, digest: str) -> int:
        """See `Blobs`."""
        try:
            return self._path(digest).stat().st_size
        except FileNotFoundError as error:
            raise NotFound(_absent(digest)) from error

    async def exists(self, digest: str) -> bool:
        """See `Blobs`."""
        return self._path(digest).exists()

    async def delete(self, digest: str, *, unused_since: datetime | None = None) -> bool:
        """See `Blobs`."""
        return await self._threads.run(_delete, self._path(digest), unused_since)

    async def list_blobs(self) -> AsyncIterator[StoredBlob]:
        """See `Blobs`."""
        for first in range(256):
            for blob in await self._threads.run(self._list_files, first):
                yield blob

    async def check(self) -> None:
        """See `Blobs`."""
        await self._threads.run(try_write, self._temporary)

    async def open_upload(self) -> str:
        """See `Blobs`."""
        return await self._threads.run(self._uploads.create)

    async def put_part(
        self,
        upload_id: str,
        number: int,
        chunks: AsyncIterable[bytes],
        *,
        expected_bytes: int | None = None,
        expected_md5: str | None = None,
        max_bytes: int | None = None,
    ) -> Part:
        """See `Blobs`."""
        place = partial(self._uploads.place, upload_id, number)
        place("0" * 64)  # refuses a wrong upload or number before the body is read
        expected = Expected(size_bytes=expected_bytes, md5=expected_md5, max_bytes=max_bytes)
        blob = await self._intake(expected).receive(reader_of(chunks), lambda blob: place(blob.digest))
        return Part(number, blob.digest, blob.size_bytes, datetime.now(UTC))

    async def presign_parts(self, upload_id: str, count: int, *, expires_s: int) -> list[PartUrl] | None:  # noqa: ARG002
        """Always `None`, as `presign`."""
        return None

    async def list_parts(self, upload_id: str) -> list[Part]:
        """See `Blobs`."""
        return await self._threads.run(self._uploads.list_parts, upload_id)

    async def complete_upload(
        self,
        upload_id: str,
        parts: Sequence[tuple[int, str]],
        *,
        expected_sha256: str | None = None,
        expected_md5: str | None = None,
        keep_parts: bool = False,
    ) -> Blob:
        """See `Blobs`. After a crash in between the upload is still there and can be completed again."""
        expected = Expected(sha256=expected_sha256, md5=expected_md5)
        blob = await self._threads.run(self._join, upload_id, parts, expected)
        if not keep_parts:
            with suppress(NotFound):  # the same request, sent twice at once
                await self.abort_upload(upload_id)
        return blob

    async def abort_upload(self, upload_id: str) -> None:
        """See `Blobs`."""
        leftover = await self._threads.run(self._uploads.remove, upload_id)
        await self._threads.run(shutil.rmtree, leftover, ignore_errors=True)

    async def list_uploads(self) -> list[PendingUpload]:
        """See `Blobs`."""
        return await self._threads.run(self._uploads.list_uploads)

    def close(self) -> None:
        """See `Blobs`."""
        self._threads.close()

    def _path(self, digest: str) -> Path:
        check_digest(digest)
        return self._blobs / digest[:2] / digest[2:]

    async def _receive(self, body: ReadsInto, expected: Expected) -> Blob:
        return await self._intake(expected).receive(body, self._place)

    def _intake(self, expected: Expected) -> Intake:
        return Intake(self._threads, self._temporary, self._buffers, expected)

    def _list_files(self, first: int) -> list[StoredBlob]:
        return _list_folder(self._blobs / f"{first:02x}")

    def _place(self, blob: Blob) -> Path | None:
        path = self._path(blob.digest)
        if not _renew(path, blob.size_bytes):
            return path
        sync_folder(path.parent)  # who put it first may have got no further than the rename
        return None

    async def _read(self, reader: FileReader) -> AsyncGenerator[bytes, None]:
        try:
            while piece := await self._threads.run(reader.read):
                yield piece
        finally:
            # Not awaited: it may have to wait for a read under way, and the reader's client is gone.
            self._threads.run(reader.close)

    def _join(self, upload_id: str, parts: Sequence[tuple[int, str]], expected: Expected) -> Blob:
        paths = self._uploads.choose(upload_id, parts)
        try:
            return join(paths, self._temporary, expected, self._place)
        except FileNotFoundError:
            self._uploads.find(upload_id)  # says that the upload was completed or aborted meanwhile
            raise


# Files are stamped by a clock that ticks: a file may be made after a moment and bear an earlier time.
_TICK_S = 0.02


def _absent(digest: str) -> str:
    return f"There is no blob with the SHA-256 {digest}."


def _renew(path: Path, size_bytes: int) -> bool:
    """Whether the blob is there and whole; its time is set to now, and no `_delete` can be half done."""
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH)
            stat = os.fstat(file.fileno())
            if stat.st_nlink == 0 or stat.st_size != size_bytes:
                return False
            os.utime(file.fileno())
            return True
    except FileNotFoundError:
        return False


def _delete(path: Path, unused_since: datetime | None) -> bool:
    try:
        with path.open("rb+") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            stat = os.fstat(file.fileno())
            if stat.st_nlink == 0 or (unused_since and stat.st_mtime + _TICK_S > unused_since.timestamp()):
                return False
            path.unlink()
            return True
    except FileNotFoundError:
        return False


def _list_folder(folder: Path) -> list[StoredBlob]:
    with os.scandir(folder) as entries:
        found = [(folder.name + entry.name, entry.stat()) for entry in entries if is_digest(folder.name + entry.name)]
    return [
        StoredBlob(digest, stat.st_size, datetime.fromtimestamp(stat.st_mtime, UTC))
        for digest, stat in sorted(found, key=lambda item: item[0])
    ]
