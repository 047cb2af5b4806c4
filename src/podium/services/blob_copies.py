"""Blobs from one store into another, and their bytes read again."""

import asyncio
import hashlib

from podium.blobs.base import Blobs
from podium.errors import NotFound

# Below this a trip to a thread costs more than hashing.
_IN_THREAD_BYTES = 1 << 16


async def copy_blob(source: Blobs, target: Blobs, digest: str, size_bytes: int) -> bool:
    """Have the blob in `target`, durable and with the right bytes; False when it was there already.

    Raises NotFound when `source` does not have it, DigestMismatch when it has other bytes.
    """
    if await _has(target, digest, size_bytes):
        return False
    await target.put(source.open_range(digest), expected_sha256=digest)
    return True


async def hash_blob(blobs: Blobs, digest: str) -> str:
    """The SHA-256 of the bytes that are stored under the digest. Raises NotFound."""
    found = hashlib.sha256()
    async for chunk in blobs.open_range(digest):
        if len(chunk) < _IN_THREAD_BYTES:
            found.update(chunk)
        else:
            await asyncio.to_thread(found.update, chunk)
    return found.hexdigest()


async def _has(blobs: Blobs, digest: str, size_bytes: int) -> bool:
    try:
        return await blobs.size(digest) == size_bytes
    except NotFound:
        return False
