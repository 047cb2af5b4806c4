"""Receiving a body into a temporary file: read, hashed and written at the same time, in bounded memory."""

import asyncio
import mmap
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from podium.blobs.base import Blob
from podium.blobs.bodies import ReadsInto
from podium.blobs.files import TemporaryFile
from podium.blobs.hashing import Expected, Hashes
from podium.blobs.threads import FileThreads

# A body has three buffers at most: one being filled, one held, one being hashed and written.
_BUDGET_BYTES = 32 << 20
_LEAST_BYTES, _MOST_BYTES = 128 << 10, 2 << 20
# Sent to the disk while more is received, so that the last fsync of a large body finds little left to do.
_WRITE_BACK_BYTES = 8 << 20


class Buffers:
    """Decides how large buffers are: large ones for few bodies, small ones for many, so that memory stays flat."""

    def __init__(self) -> None:
        self._bodies = 0

    @contextmanager
    def one_more_body(self) -> Iterator[None]:
        """Counts a body as long as it is on its way."""
        self._bodies += 1
        try:
            yield
        finally:
            self._bodies -= 1

    def size_now(self) -> int:
        """What a buffer should hold at this moment: a power of two."""
        share = _BUDGET_BYTES // (3 * max(self._bodies, 1))
        return min(max(1 << (share.bit_length() - 1), _LEAST_BYTES), _MOST_BYTES)


class Intake:
    """One body on its way in. One that fits a buffer costs one trip to a thread, and a known one no file at all."""

    def __init__(self, threads: FileThreads, folder: Path, buffers: Buffers, expected: Expected) -> None:
        self._threads, self._folder, self._buffers = threads, folder, buffers
        self._expected = expected
        self._hashes = Hashes(expected)
        self._size_bytes = 0
        self._free: list[memoryview] = []
        self._file: TemporaryFile | None = None
        self._discarded = False
        self._lock = threading.Lock()  # a cancelled intake is discarded while its last write is under way
        self._step: asyncio.Future[list[None]] | None = None
        self._in_step: memoryview | None = None
        self._unsynced_bytes = 0

    async def receive(
        self,
        body: ReadsInto,
        place: Callable[[Blob], Path | None],
    ) -> Blob:
        """Takes the whole body in, checks it, and publishes it at the path that `place` gives, in a thread.

        `place` returns `None` when the bytes are stored already. Whatever fails, no trace is left.
        """
        try:
            with self._buffers.one_more_body():
                last = await self._receive_all(body)
                return await self._threads.run(self._finish, last, place)
        except BaseException:
            if self._step is not None:
                self._step.cancel()
            await self._threads.run(self._discard)
            raise

    async def _receive_all(self, body: ReadsInto) -> memoryview:
        """Hands on all but the last piece, which is returned."""
        while True:
            buffer = self._buffer()
            wanted = self._expected.room(self._size_bytes, len(buffer))
            count = await body.read_into(buffer[:wanted])
            self._size_bytes += count
            self._expected.check_progress(self._size_bytes)
            await self._settle()
            if count < wanted:
                return buffer[:count]
            self._feed(buffer, count)

    def _buffer(self) -> memoryview:
        size = self._buffers.size_now()
        while self._free:
            buffer = self._free.pop()
            if len(buffer) == size:
                return buffer
        # Mapped, not taken from the heap: it goes back to the system as soon as nobody uses it.
        return memoryview(mmap.mmap(-1, size))

    def _feed(self, buffer: memoryview, count: int) -> None:
        """Starts on a piece and returns."""
        piece = buffer[:count]
        takers = (*self._hashes.updates, self._write)
        self._step = asyncio.gather(*(self._threads.run(take, piece) for take in takers))
        self._in_step = buffer

    async def _settle(self) -> None:
        """Waits for the piece before; its buffer is then free."""
        if self._step is None or self._in_step is None:
            return
        await self._step
        self._free.append(self._in_step)
        self._step = self._in_step = None

    def _write(self, piece: memoryview) -> None:
        with self._lock:
            if self._discarded:
                return
            file = self._opened()
            file.write(piece)
            self._unsynced_bytes += len(piece)
            if self._unsynced_bytes >= _WRITE_BACK_BYTES:
                file.start_write_back()
                self._unsynced_bytes = 0

    def _opened(self) -> TemporaryFile:
        self._file = self._file or TemporaryFile(self._folder)
        return self._file

    def _finish(self, last: memoryview, place: Callable[[Blob], Path | None]) -> Blob:
        self._hashes.update(last)
        blob = self._hashes.blob(self._size_bytes)
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
