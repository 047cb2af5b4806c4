"""The parts of multi-part uploads as objects.

    uploads/<id>/open              the upload is neither completed nor aborted
    uploads/<id>/00001             a part that its sender put there itself, by a signed URL
    uploads/<id>/00001.<sha256>    a part that came through the server
    uploads/<id>/<random>          a body on its way to its digest, gone when it is there

Parts are objects of their own, and not those of the store's multi-part uploads: these have no signed URLs in
`obstore`, differ between stores, and end in an object whose key was chosen before its digest was known. Joining them
reads and writes each byte once; the sender waits for that, but its own bytes never pass the server.

A signed URL outlives its upload. What is put there afterwards refers to nothing, and is collected.
"""

import asyncio
import re
from collections import deque
from collections.abc import AsyncGenerator, Iterator, Sequence
from datetime import datetime

import msgspec

from podium.blobs.base import Part, PartUrl, PendingUpload
from podium.blobs.objects import Found, Objects
from podium.blobs.parts import (
    check_order,
    check_upload_id,
    is_upload_id,
    new_upload_id,
    not_received,
    part_name,
    unknown_upload,
)

ROOT = "uploads"

_PART_NAME = re.compile(r"([0-9]{5})(?:\.([0-9a-f]{64}))?", re.ASCII)
# Parts are read in windows, a few at once and in order: a store gives one reader less than it gives several.
_WINDOW_BYTES = 4 << 20
_WINDOWS_AT_ONCE = 4


class PartObject(msgspec.Struct, frozen=True):
    """A part, and where it is."""

    part: Part
    key: str
    found: Found


class CloudUploads:
    """What `CloudBlobs` does with parts."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    async def create(self) -> str:
        """A new upload's id."""
        upload_id = new_upload_id()
        await self._objects.put(_mark(upload_id), b"")
        return upload_id

    async def check_open(self, upload_id: str) -> None:
        """Raises `InvalidArgument` for what is no id, `NotFound` for an upload that is not open."""
        if await self._objects.find(_mark(check_upload_id(upload_id))) is None:
            raise unknown_upload(upload_id)

    async def sign(self, upload_id: str, count: int, expires_s: int) -> list[PartUrl]:
        """Where to put the parts 1 to `count`."""
        await self.check_open(upload_id)
        keys = [f"{ROOT}/{upload_id}/{number:05}" for number in range(1, count + 1)]
        urls = await self._objects.sign("PUT", keys, expires_s)
        return [PartUrl(url, self._objects.put_headers) for url in urls]

    async def replace(self, upload_id: str, part: Part) -> None:
        """Drops what was sent before `part` under its number: the times of two parts may be the same."""
        kept = part_name(part.number, part.etag)
        found = await self._find_parts(upload_id)
        others = [one.key for one in found if one.part.number == part.number and not one.key.endswith(kept)]
        await self._objects.delete(*others)

    async def list_parts(self, upload_id: str) -> list[Part]:
        """The newest of each number, in order."""
        found = [one.part for one in await self._find_parts(upload_id)]
        newest_last = sorted(found, key=lambda part: (part.number, part.modified_at))
        return list({part.number: part for part in newest_last}.values())

    async def choose(self, upload_id: str, parts: Sequence[tuple[int, str]]) -> list[PartObject]:
        """The named parts. Raises `InvalidArgument` when they cannot make a whole."""
        received = {(one.part.number, one.part.etag): one for one in await self._find_parts(upload_id)}
        check_order(parts)
        for number, etag in parts:
            if (number, etag) not in received:
                raise not_received(number)
        return [received[named] for named in parts]

    async def join(self, parts: Sequence[PartObject]) -> AsyncGenerator[bytes, None]:
        """The bytes of the parts. Raises `NotFound` when one was removed or changed since it was chosen."""
        reading: deque[asyncio.Task[bytes]] = deque()
        try:
            for part, start, end in _windows(parts):
                if len(reading) == _WINDOWS_AT_ONCE:
                    yield await reading.popleft()
                fetched = self._objects.fetch(part.key, start, end, part.found.etag)
                reading.append(asyncio.create_task(fetched))
            while reading:
                yield await reading.popleft()
        finally:
            for task in reading:
                task.cancel()
            await asyncio.gather(*reading, return_exceptions=True)

    async def remove(self, upload_id: str) -> None:
        """Drops everything of the upload, and raises `NotFound` if it was not open."""
        keys = [key async for key, _ in self._objects.list_below(f"{ROOT}/{check_upload_id(upload_id)}")]
        mark = _mark(upload_id)
        # The mark goes first, so that what a crash leaves is no upload, and is still found.
        await self._objects.delete(*(key for key in keys if key == mark))
        await self._objects.delete(*(key for key in keys if key != mark))
        if mark not in keys:
            raise unknown_upload(upload_id)

    async def list_uploads(self) -> list[PendingUpload]:
        """Every upload of which anything is left."""
        newest: dict[str, datetime] = {}
        async for key, found in self._objects.list_below(ROOT):
            upload_id = key.split("/")[1]
            if is_upload_id(upload_id):
                newest[upload_id] = max(found.modified_at, newest.get(upload_id, found.modified_at))
        return [PendingUpload(upload_id, modified_at) for upload_id, modified_at in newest.items()]

    async def _find_parts(self, upload_id: str) -> list[PartObject]:
        folder = f"{ROOT}/{check_upload_id(upload_id)}"
        stored = {key: found async for key, found in self._objects.list_below(folder)}
        if _mark(upload_id) not in stored:
            raise unknown_upload(upload_id)
        return [
            PartObject(_part(match, found), key, found)
            for key, found in stored.items()
            if (match := _PART_NAME.fullmatch(key.rpartition("/")[2]))
        ]


def _mark(upload_id: str) -> str:
    return f"{ROOT}/{upload_id}/open"


def _part(match: re.Match[str], found: Found) -> Part:
    return Part(int(match[1]), match[2] or found.etag.strip('"'), found.size_bytes, found.modified_at)


def _windows(parts: Sequence[PartObject]) -> Iterator[tuple[PartObject, int, int]]:
    for part in parts:
        for start in range(0, part.found.size_bytes, _WINDOW_BYTES):
            yield part, start, min(start + _WINDOW_BYTES, part.found.size_bytes)
