"""A body received for an object store: a small one is held, a large one is sent on under a temporary key meanwhile.

The name of a blob is the digest of its bytes, known only when the last one is here, and a multi-part upload has its
key from the first. So a large body goes to a temporary key, and once it is checked the store itself copies it to
where it belongs: whatever breaks off, nothing can be seen under a digest that was not checked.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterable, AsyncIterator
from contextlib import asynccontextmanager, suppress

from podium.blobs.base import Blob
from podium.blobs.hashing import Expected, batched
from podium.blobs.objects import Objects
from podium.blobs.outflow import Outflow
from podium.errors import StorageError

HELD_BYTES = 8 << 20
# The largest object that S3 copies in one request. Beyond it the bytes are read and written once more.
COPY_BYTES = 5 << 30

_BATCH_BYTES = 4 << 20


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


@asynccontextmanager
async def received(
    objects: Objects, chunks: AsyncIterable[bytes], expected: Expected, temporary: str
) -> AsyncIterator[Received]:
    """The body, for the length of the block; what lies under the temporary key is gone after it.

    Raises what `Expected` raises, and what `chunks` raises.
    """
    intake = _Intake(objects, expected, temporary)
    try:
        yield await intake.take(chunks)
    finally:
        await intake.drop()


class _Intake:
    def __init__(self, objects: Objects, expected: Expected, temporary: str) -> None:
        self._objects, self._expected, self._temporary = objects, expected, temporary
        self._hash = hashlib.sha256()
        self._size_bytes = 0
        self._held: list[bytes] = []
        self._outflow: Outflow | None = None
        self._finished = False

    async def take(self, chunks: AsyncIterable[bytes]) -> Received:
        async for batch in batched(chunks, _BATCH_BYTES, self._expected):
            await asyncio.to_thread(self._hash.update, batch)
            self._size_bytes += len(batch)
            self._held.append(batch)
            if self._size_bytes > HELD_BYTES:
                await self._send_held()
        blob = Blob(self._hash.hexdigest(), self._size_bytes)
        self._expected.check(blob)
        if self._outflow is not None:
            self._finished = True  # or it may be, when waiting for it is cut short
            await self._outflow.finish()
            return Received(self._objects, blob, None, self._temporary)
        return Received(self._objects, blob, b"".join(self._held), self._temporary)

    async def drop(self) -> None:
        if self._outflow is not None:
            await self._outflow.abandon()
        if self._finished:
            with suppress(StorageError):  # what is left is found by the collector, as an upload that nobody ends
                await self._objects.delete(self._temporary)

    async def _send_held(self) -> None:
        self._outflow = self._outflow or Outflow(self._objects, self._temporary, self._expected.size_bytes)
        for batch in self._held:
            await self._outflow.write(batch)
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
