"""Bodies on their way in, read into buffers of the reader's: what lets large ones pass without a copy in between."""

from collections.abc import AsyncIterable, AsyncIterator
from typing import Protocol, TypeGuard


class ReadsInto(Protocol):
    """A body that can fill a given buffer by itself, straight from where it comes from."""

    async def read_into(self, buffer: memoryview) -> int:
        """Fills the buffer and says with how many bytes; fewer than it holds only where the body ends."""


class ChunkReader:
    """A body that comes in chunks of any size, read as `ReadsInto`."""

    def __init__(self, chunks: AsyncIterator[bytes]) -> None:
        self._chunks = chunks
        self._rest = memoryview(b"")

    async def read_into(self, buffer: memoryview) -> int:
        """See `ReadsInto`."""
        filled = 0
        while filled < len(buffer):
            if not self._rest:
                chunk = await anext(self._chunks, None)
                if chunk is None:
                    return filled
                self._rest = memoryview(chunk)
            taken = self._rest[: len(buffer) - filled]
            buffer[filled : filled + len(taken)] = taken
            self._rest = self._rest[len(taken) :]
            filled += len(taken)
        return filled


def reads_into(body: object) -> TypeGuard[ReadsInto]:
    """Whether the body is one that fills buffers; each small upload asks, and `isinstance` would be slow."""
    return hasattr(body, "read_into")


def reader_of(chunks: AsyncIterable[bytes]) -> ReadsInto:
    """The body as one that fills buffers."""
    return chunks if reads_into(chunks) else ChunkReader(aiter(chunks))


async def take_head(chunks: AsyncIterator[bytes], limit: int) -> tuple[bytes, bool]:
    """The chunks up to the first with which they are over `limit` bytes, and whether that was the whole body."""
    head: list[bytes] = []
    size = 0
    async for chunk in chunks:
        head.append(chunk)
        size += len(chunk)
        if size > limit:
            return b"".join(head), False
    return head[0] if len(head) == 1 else b"".join(head), True


async def resumed(head: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The body again of which `take_head` took the head."""
    yield head
    async for chunk in rest:
        yield chunk
