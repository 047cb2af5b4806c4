"""A folder whose small blobs lie together in `<root>/small.db`, for the processes of one host."""

from collections.abc import AsyncIterable, AsyncIterator
from datetime import datetime
from pathlib import Path

from podium.blobs.base import Blob, StoredBlob
from podium.blobs.bodies import ChunkReader, reads_into, resumed, take_head
from podium.blobs.files import check_range
from podium.blobs.hashing import Expected, Hashes
from podium.blobs.local import LocalBlobs
from podium.blobs.small import SmallBlobs
from podium.errors import NotFound

# Around here a file of its own becomes as cheap as a row, which is written twice: to the log, then to its place.
SMALL_BYTES = 64 << 10
DATABASE = "small.db"


class PackedBlobs(LocalBlobs):
    """`podium.blobs.base.Blobs` in a folder. Small blobs that are files there from earlier are served as they are.

    A blob may thus be in both places. It is there while it is in one, and its time is the later one.
    """

    def __init__(self, root: Path) -> None:
        """Expects a prepared folder; `open` prepares it."""
        super().__init__(root)
        self._small = SmallBlobs(root / DATABASE)

    async def put(
        self,
        chunks: AsyncIterable[bytes],
        *,
        expected_bytes: int | None = None,
        expected_sha256: str | None = None,
        expected_md5: str | None = None,
        max_bytes: int | None = None,
    ) -> Blob:
        """See `Blobs`. A small body is hashed in the event loop, which is quicker than a trip to a thread."""
        expected = Expected(size_bytes=expected_bytes, sha256=expected_sha256, md5=expected_md5, max_bytes=max_bytes)
        if reads_into(chunks):  # a server offers it for large bodies only
            return await self._receive(chunks, expected)
        rest = aiter(chunks)
        head, whole = await take_head(rest, SMALL_BYTES)
        if not whole:
            return await self._receive(ChunkReader(resumed(head, rest)), expected)
        expected.check_progress(len(head))
        hashes = Hashes(expected)
        hashes.update(head)
        blob = hashes.blob(len(head))
        await self._small.put(blob.digest, head)
        return blob

    async def open_range(self, digest: str, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """See `Blobs`."""
        self._path(digest)  # refuses what is no digest
        data = await self._threads.run(self._small.read, digest)
        if data is None:
            async for piece in super().open_range(digest, start, end):
                yield piece
            return
        yield data[start : check_range(start, end, len(data))]

    def path(self, digest: str) -> Path | None:
        """See `Blobs`."""
        path = self._path(digest)
        if not path.exists() and self._small.size(digest) is not None:
            return None
        return super().path(digest)

    async def size(self, digest: str) -> int:
        """See `Blobs`."""
        self._path(digest)
        size = await self._threads.run(self._small.size, digest)
        return await super().size(digest) if size is None else size

    async def exists(self, digest: str) -> bool:
        """See `Blobs`."""
        try:
            await self.size(digest)
        except NotFound:
            return False
        return True

    async def delete(self, digest: str, *, unused_since: datetime | None = None) -> bool:
        """See `Blobs`."""
        deleted_file = await super().delete(digest, unused_since=unused_since)
        deleted_row = await self._threads.run(self._small.delete, digest, unused_since)
        return (deleted_file or deleted_row) and not await self.exists(digest)

    async def list_blobs(self) -> AsyncIterator[StoredBlob]:
        """See `Blobs`."""
        for first in range(256):
            found: dict[str, StoredBlob] = {}
            for blob in await self._threads.run(self._list_both, first):
                known = found.get(blob.digest)
                if known is None or known.modified_at < blob.modified_at:
                    found[blob.digest] = blob
            for digest in sorted(found):
                yield found[digest]

    def close(self) -> None:
        """See `Blobs`."""
        super().close()
        self._small.close()

    def _list_both(self, first: int) -> list[StoredBlob]:
        return self._list_files(first) + self._small.list_prefix(first)


def open_folder(root: Path, *, packed: bool) -> LocalBlobs:
    """The blobs in a folder; once small ones were packed there, they stay so. Raises `OSError` where it cannot."""
    if packed or (root / DATABASE).exists():
        return PackedBlobs.open(root)
    return LocalBlobs.open(root)
