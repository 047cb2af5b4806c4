"""Bodies as they come from a network, and the way back."""

from collections.abc import AsyncIterator
from hashlib import sha256


async def stream(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


async def collect(chunks: AsyncIterator[bytes]) -> bytes:
    return b"".join([chunk async for chunk in chunks])


def digest_of(data: bytes) -> str:
    return sha256(data).hexdigest()
