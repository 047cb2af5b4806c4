"""An object on its way into an object store, in parts that are sent while more of it comes.

`obstore` takes an iterator, and gives up its multi-part upload only when that iterator raises: a cancelled request
would leave the parts behind in the store, unseen and paid for. So the iterator is ours, and giving up is an error
that it raises.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import obstore

from podium.blobs.objects import ATTRIBUTES, Objects, translated

_PART_BYTES = 5 << 20  # the least that S3 takes
_PARTS_AT_ONCE = 2
_MAX_PARTS = 10_000  # of S3


class Abandoned(Exception):
    """Ends an upload that its writer gave up."""


class Outflow:
    """Written piece by piece; the object appears with `finish`, and never with `abandon`."""

    def __init__(self, objects: Objects, key: str, size_bytes: int | None) -> None:
        """`size_bytes`, where it is known, makes the parts large enough for an object beyond 50 GB."""
        self._objects, self._key = objects, key
        self._queue: asyncio.Queue[bytes | Exception | None] = asyncio.Queue()
        self._room = asyncio.Semaphore(2)
        part_bytes = max(_PART_BYTES, -(-(size_bytes or 0) // (_MAX_PARTS - 1)))
        self._upload = asyncio.ensure_future(self._send(part_bytes))
        # A writer that waits for room learns that there is nothing to wait for.
        self._upload.add_done_callback(lambda _: self._room.release())

    async def write(self, piece: bytes) -> None:
        """Hands the piece over once there is room for it. Raises what sending met."""
        await self._room.acquire()
        if self._upload.done():
            await self._upload
        self._queue.put_nowait(piece)

    async def finish(self) -> None:
        """Returns when the object is stored, durably."""
        self._queue.put_nowait(None)
        await asyncio.shield(self._upload)

    async def abandon(self) -> None:
        """Returns when nothing more is sent, and the parts that were are dropped. After `finish` it does nothing."""
        self._queue.put_nowait(Abandoned())
        with suppress(Exception):
            await asyncio.shield(self._upload)

    async def _send(self, part_bytes: int) -> None:
        with translated():
            await obstore.put_async(
                self._objects.patient_store,
                self._key,
                self._pieces(),
                attributes=ATTRIBUTES,
                use_multipart=True,
                chunk_size=part_bytes,
                max_concurrency=_PARTS_AT_ONCE,
            )

    async def _pieces(self) -> AsyncIterator[bytes]:
        while (piece := await self._queue.get()) is not None:
            if isinstance(piece, Exception):
                raise piece
            self._room.release()
            yield piece
