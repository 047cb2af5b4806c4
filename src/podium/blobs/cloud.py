"""Blobs in an object store (S3 and what speaks like it, Google Cloud Storage, Azure), shared by any number of servers.

    sha256/ab/cdef…      a blob, under its digest: laid out as in the local folder, so that either can be copied
    uploads/<id>/        the parts of a multi-part upload, and bodies on their way in
    doomed/<digest>      a blob that a collector is about to remove
    probe                written to see whether the store can be written

An object appears whole or not at all, so a blob can be seen under its digest only when it is complete and was
checked; `inflow` says how that is when its digest is known last.

Putting bytes again writes them again, which renews their time. Stores have no "remove if unchanged", so `delete`
first leaves a mark, then looks at the blob's time, then removes it; and `put` looks for the mark after writing. The
later of the two sees what the other did: either the collector sees the new time, or the writer sees the mark (or that
the blob is gone), waits for the collector, and writes again.
"""

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Sequence
from contextlib import aclosing, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from podium.blobs.base import Blob, Part, PartUrl, PendingUpload, StoredBlob
from podium.blobs.cloud_uploads import ROOT as UPLOADS
from podium.blobs.cloud_uploads import CloudUploads
from podium.blobs.hashing import Expected
from podium.blobs.inflow import Inflow, Received
from podium.blobs.objects import Found, Objects
from podium.blobs.parts import new_upload_id, part_name
from podium.domain.manifests import check_digest, is_digest
from podium.errors import InvalidArgument, NotFound, StorageUnavailable

# A collector that was killed leaves its mark. It gives up its own removal when the mark is half as old.
_MARK_S = 20
_LOOK_AGAIN_S = 0.1
_JOINS_AT_ONCE = 4  # each has some 40 MiB in memory


class _Join(msgspec.Struct, frozen=True):
    """Parts that are to become one blob."""

    upload_id: str
    parts: tuple[tuple[int, str], ...]
    sha256: str | None
    md5: str | None
    keep_parts: bool


class CloudBlobs:
    """`podium.blobs.base.Blobs` below a URL of an object store."""

    copies_parts = False

    def __init__(self, url: str, *, direct: bool = True) -> None:
        """With `direct`, clients are given URLs of the store itself. Raises what is wrong with the URL or the store."""
        self.direct = direct
        self._objects = Objects(url)
        self._inflow = Inflow(self._objects)
        self._uploads = CloudUploads(self._objects)
        self._joins = asyncio.Semaphore(_JOINS_AT_ONCE)
        self._joining: dict[_Join, asyncio.Task[Blob]] = {}
        self._objects.probe("probe")

    async def put(
        self,
        chunks: AsyncIterable[bytes],
        *,
        expected_bytes: int | None = None,
        expected_sha256: str | None = None,
        expected_md5: str | None = None,
        max_bytes: int | None = None,
    ) -> Blob:
        """See `Blobs`. Beyond 5 GiB the bytes are read and written once more, by way of the server."""
        expected = Expected(size_bytes=expected_bytes, sha256=expected_sha256, md5=expected_md5, max_bytes=max_bytes)
        async with self._inflow.received(chunks, expected, _temporary(new_upload_id())) as body:
            await self._place(body)
        return body.blob

    async def open_range(self, digest: str, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """See `Blobs`."""
        key = _key(digest)
        if start < 0 or (end is not None and start >= end):  # no range of HTTP
            await self._is_empty(digest, start, end)
            return
        try:
            async for piece in self._objects.read(key, start, end, absent=_absent(digest)):
                yield piece
        except StorageUnavailable:
            if not await self._is_empty(digest, start, end):
                raise

    def path(self, digest: str) -> Path | None:
        """Always `None`: the store keeps no local files."""
        check_digest(digest)
        return None

    async def presign(self, digest: str, *, expires_s: int) -> str | None:
        """See `Blobs`. The store answers ranges there, and names the file by its digest."""
        if not self.direct:
            return None
        [url] = await self._objects.sign("GET", [_key(digest)], expires_s)
        return url

    async def size(self, digest: str) -> int:
        """See `Blobs`."""
        found = await self._objects.find(_key(digest))
        if found is None:
            raise NotFound(_absent(digest))
        return found.size_bytes

    async def exists(self, digest: str) -> bool:
        """See `Blobs`."""
        return await self._objects.find(_key(digest)) is not None

    async def delete(self, digest: str, *, unused_since: datetime | None = None) -> bool:
        """See `Blobs`."""
        if not _is_unused(await self._objects.find(_key(digest)), unused_since):
            return False
        mark = f"doomed/{digest}"
        await self._objects.put(mark, b"")
        try:
            async with asyncio.timeout(_MARK_S / 2):
                if not _is_unused(await self._objects.find(_key(digest)), unused_since):
                    return False
                await self._objects.delete(_key(digest))
        except TimeoutError as error:
            raise StorageUnavailable("The object store takes too long to answer.") from error
        finally:
            await self._objects.delete(mark)
        return True

    async def list_blobs(self) -> AsyncIterator[StoredBlob]:
        """See `Blobs`."""
        async for key, found in self._objects.list_below("sha256"):
            digest = "".join(key.split("/")[1:])
            if is_digest(digest):
                yield StoredBlob(digest, found.size_bytes, found.modified_at)

    async def check(self) -> None:
        """See `Blobs`."""
        await self._objects.put("probe", b"podium")

    async def open_upload(self) -> str:
        """See `Blobs`."""
        return await self._uploads.create()

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
        part_name(number, "0" * 64)  # refuses a wrong upload or number before the body is read
        await self._uploads.check_open(upload_id)
        expected = Expected(size_bytes=expected_bytes, md5=expected_md5, max_bytes=max_bytes)
        async with self._inflow.received(chunks, expected, _temporary(upload_id)) as body:
            part = Part(number, body.blob.digest, body.blob.size_bytes, datetime.now(UTC))
            await self._uploads.check_open(upload_id)
            await body.write(f"{UPLOADS}/{upload_id}/{part_name(number, part.etag)}")
        await self._uploads.replace(upload_id, part)
        return part

    async def presign_parts(self, upload_id: str, count: int, *, expires_s: int) -> list[PartUrl] | None:
        """See `Blobs`."""
        return await self._uploads.sign(upload_id, count, expires_s) if self.direct else None

    async def list_parts(self, upload_id: str) -> list[Part]:
        """See `Blobs`."""
        return await self._uploads.list_parts(upload_id)

    async def complete_upload(
        self,
        upload_id: str,
        parts: Sequence[tuple[int, str]],
        *,
        expected_sha256: str | None = None,
        expected_md5: str | None = None,
        keep_parts: bool = False,
    ) -> Blob:
        """See `Blobs`. Each byte is read and written once, to know the digest; the upload stays until that is done.

        That may take longer than a client waits before it sends the request again: the second waits with the first.
        """
        request = _Join(upload_id, tuple(parts), expected_sha256, expected_md5, keep_parts)
        joining = self._joining.get(request)
        if joining is None:
            joining = self._joining[request] = asyncio.create_task(self._join(request))
            joining.add_done_callback(lambda _: self._joining.pop(request))
        return await asyncio.shield(joining)

    async def abort_upload(self, upload_id: str) -> None:
        """See `Blobs`."""
        await self._uploads.remove(upload_id)

    async def list_uploads(self) -> list[PendingUpload]:
        """See `Blobs`. Bodies that a killed server left on their way in are among them."""
        return await self._uploads.list_uploads()

    def close(self) -> None:
        """Nothing is held."""

    async def _join(self, asked: _Join) -> Blob:
        chosen = await self._uploads.choose(asked.upload_id, asked.parts)
        size = sum(part.found.size_bytes for part in chosen)
        async with self._joins, aclosing(self._uploads.join(chosen)) as joined:
            blob = await self.put(joined, expected_bytes=size, expected_sha256=asked.sha256, expected_md5=asked.md5)
        if not asked.keep_parts:
            with suppress(NotFound):  # the same request, sent twice at once
                await self.abort_upload(asked.upload_id)
        return blob

    async def _is_empty(self, digest: str, start: int, end: int | None) -> bool:
        """Whether the range holds nothing. Raises `InvalidArgument` when it is not within the blob."""
        size = await self.size(digest)
        end = size if end is None else end
        if not 0 <= start <= end <= size:
            raise InvalidArgument(f"Bytes {start} to {end} are not within the {size} bytes stored.")
        return start == end

    async def _place(self, body: Received) -> None:
        digest = body.blob.digest
        await body.write(_key(digest))
        while not await self._stays(digest):
            await body.write(_key(digest))

    async def _stays(self, digest: str) -> bool:
        """Whether what was just written is there, and no collector that looked before has yet to remove it."""
        for _ in range(int(_MARK_S / _LOOK_AGAIN_S)):
            mark = await self._objects.find(f"doomed/{digest}")
            if mark is None or mark.modified_at < datetime.now(UTC) - timedelta(seconds=_MARK_S):
                break
            await asyncio.sleep(_LOOK_AGAIN_S)
        return await self.exists(digest)


def _key(digest: str) -> str:
    check_digest(digest)
    return f"sha256/{digest[:2]}/{digest[2:]}"


def _temporary(upload_id: str) -> str:
    return f"{UPLOADS}/{upload_id}/{new_upload_id()}"


def _absent(digest: str) -> str:
    return f"There is no blob with the SHA-256 {digest}."


def _is_unused(found: Found | None, since: datetime | None) -> bool:
    """Whether the blob is there, and was put before the time; a second of doubt counts for the blob."""
    if found is None:
        return False
    return since is None or found.modified_at + timedelta(seconds=1) <= since
