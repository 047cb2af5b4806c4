"""Receiving a body into a temporary file: read, hashed and written at the same time, in bounded memory."""

import asyncio
import hashlib
import threading
from collections.abc import AsyncIterable, Callable
from pathlib import Path

from podium.blobs.base import Blob
from podium.blobs.files import TemporaryFile
from podium.blobs.hashing import Expected, batched
from podium.blobs.threads import FileThreads

# Three batches are in memory at most: one being received, one held, one being hashed and written.
_BATCH_BYTES = 4 << 20
# Sent to the disk while more is received, so that the last fsync of a large body finds little left to do.
_WRITE_BACK_BYTES = 16 << 20


class Intake:
    """One body on its way in. A small one costs one trip to a thread, and a known one no file at all."""

    def __init__(self, threads: FileThreads, folder: Path) -> None:
        self._threads, self._folder = threads, folder
        self._hash = hashlib.sha256()
        self._size_bytes = 0
        self._file: TemporaryFile | None = None
        self._discarded = False
        self._lock = threading.Lock()  # a cancelled intake is discarded while its last write is under way
        self._step: asyncio.Future[tuple[None, None]] | None = None
        self._write_back: asyncio.Future[None] | None = None
        self._unsynced_bytes = 0

    async def receive(
        self,
        chunks: AsyncIterable[bytes],
        expected: Expected,
        place: Callable[[Blob], Path | None],
    ) -> Blob:
        """Takes the whole body in, checks it, and publishes it at the path that `place` gives, in a thread.

        `place` returns `None` when the bytes are stored already. Whatever fails, no trace is left.
        """
        held = b""
        try:
            async for batch in batched(chunks, _BATCH_BYTES, expected):
                if held:
                    await self._feed(held)
                held = batch
            await self._settle()
            return await self._threads.run(self._finish, held, expected, place)
        except BaseException:
            for future in (self._step, self._write_back):
                if future is not None:
                    future.cancel()
            await self._threads.run(self._discard)
            raise

    async def _feed(self, batch: bytes) -> None:
        """Waits for the batch before, then starts on this one and returns."""
        if self._step is not None:
            await self._step
        self._step = asyncio.gather(self._threads.run(self._digest, batch), self._threads.run(self._write, batch))
        self._unsynced_bytes += len(batch)
        if self._unsynced_bytes >= _WRITE_BACK_BYTES and self._file is not None:
            if self._write_back is not None:
                await self._write_back
            self._write_back = self._threads.run(self._file.write_back)
            self._unsynced_bytes = 0

    async def _settle(self) -> None:
        for future in (self._step, self._write_back):
            if future is not None:
                await future

    def _digest(self, batch: bytes) -> None:
        self._hash.update(batch)
        self._size_bytes += len(batch)

    def _write(self, batch: bytes) -> None:
        with self._lock:
            if not self._discarded:
                self._opened().write(batch)

    def _opened(self) -> TemporaryFile:
        self._file = self._file or TemporaryFile(self._folder)
        return self._file

    def _finish(self, last: bytes, expected: Expected, place: Callable[[Blob], Path | None]) -> Blob:
        self._digest(last)
        blob = Blob(self._hash.hexdigest(), self._size_bytes)
        expected.check(blob)
        target = place(blob)
        if target is None:
            self._discard()
            return blob
        self._write(last)
        with self._lock:
            if not self._discarded:
                self._opened().publish(target)
        return blob

    def _discard(self) -> None:
        with self._lock:
            self._discarded = True
            if self._file is not None:
                self._file.discard()
