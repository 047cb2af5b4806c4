"""A body received for an object store: a small one is held, a large one is sent on under a temporary key meanwhile.

The name of a blob is the digest of its bytes, known only when the last one is here, and a multi-part upload has its
key from the first. So a large body goes to a temporary key, and once it is checked the store itself copies it to
where it belongs: whatever breaks off, nothing can be seen under a digest that was not checked.
"""

import asyncio
from collections.abc import AsyncIterable, AsyncIterator
from contextlib import asynccontextmanager, suppress

from podium.blobs.base import Blob
from podium.blobs.hashing import Expected, Hashes
from podium.blobs.objects import Objects
from podium.blobs.outflow import Outflow
from podium.errors import StorageError

HELD_BYTES = 5 << 20
# The largest object that S3 copies in one request. Beyond it the bytes are read and written once more.
COPY_BYTES = 5 << 30

_BATCH_BYTES = 1 << 20
# Bodies of more than a batch that are taken at once; each has some 20 MiB in memory, and the others wait.
_LARGE_AT_ONCE = 16


class Received:
    """A whole body, checked. `write` puts it where it belongs, as often as it is called."""

    def __init__(self, objects: Objects, blob: Blob, held: bytes | None, temporary: str) -> None:
        self.blob = blob
        self._objects, self._held, self._temporary = objects, held, temporary

    async def write(self, key: str) -> None:
        """Makes the body the object under the key, in place of what is there."""
        if self._held is not None:
            await self._objects.put(key, self._held)
        elif self.blob.size_bytes <= COPY_BYTES:
            await self._objects.copy(self._temporary, key)
        else:
            pieces = self._objects.read(self._temporary, absent="The body is gone from its temporary key.")
            await _pour(self._objects, pieces, key, self.blob.size_bytes)


class Inflow:
    """Where bodies come in."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self._large = asyncio.Semaphore(_LARGE_AT_ONCE)

    @asynccontextmanager
    async def received(
        self, chunks: AsyncIterable[bytes], expected: Expected, temporary: str
    ) -> AsyncIterator[Received]:
        """The body, for the length of the block; what lies under the temporary key is gone after it.

        Raises what `Expected` raises, and what `chunks` raises.
        """
        intake = _Intake(self._objects, self._large, expected, temporary)
        try:
            yield await intake.take(chunks)
        finally:
            await intake.drop()


class _Intake:
    def __init__(self, objects: Objects, large: asyncio.Semaphore, expected: Expected, temporary: str) -> None:
        self._objects, self._large, self._expected, self._temporary = objects, large, expected, temporary
        self._hashes = Hashes(expected)
        self._size_bytes = 0
        self._held = bytearray()
        self._is_large = False
        self._outflow: Outflow | None = None
        self._finished = False

    async def take(self, chunks: AsyncIterable[bytes]) -> Received:
        batch = bytearray()
        async for chunk in chunks:
            self._size_bytes += len(chunk)
            self._expected.check_progress(self._size_bytes)
            batch += chunk
            if len(batch) >= _BATCH_BYTES:
                await self._take_batch(batch)
                batch = bytearray()
        self._hashes.update(batch)
        self._held += batch
        blob = self._hashes.blob(self._size_bytes)
        if self._outflow is None:
            return Received(self._objects, blob, bytes(self._held), self._temporary)
        await self._outflow.write(bytes(self._held))
        self._finished = True  # or it may be, when waiting for it is cut short
        await self._outflow.finish()
        return Received(self._objects, blob, None, self._temporary)

    async def drop(self) -> None:
        try:
            if self._outflow is not None:
                await self._outflow.abandon()
            if self._finished:
                with suppress(StorageError):  # what is left is found by the collector, as an upload that nobody ends
                    await self._objects.delete(self._temporary)
        finally:
            if self._is_large:
                self._large.release()

    async def _take_batch(self, batch: bytearray) -> None:
        if not self._is_large:
            await self._large.acquire()
            self._is_large = True
        await asyncio.to_thread(self._hashes.update, batch)
        self._held += batch
        if self._size_bytes > HELD_BYTES:
            self._outflow = self._outflow or Outflow(self._objects, self._temporary, self._expected.size_bytes)
            await self._outflow.write(bytes(self._held))
            self._held.clear()


async def _pour(objects: Objects, pieces: AsyncIterable[bytes], key: str, size_bytes: int) -> None:
    """Writes an object of which only the whole is to be seen."""
    outflow = Outflow(objects, key, size_bytes)
    try:
        async for piece in pieces:
            await outflow.write(piece)
    except BaseException:
        await outflow.abandon()
        raise
    await outflow.finish()
