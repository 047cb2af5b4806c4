"""Whether what is stored fits together: every byte that a row refers to is there and right, every manifest is whole."""

import hashlib
from collections.abc import AsyncIterator

import msgspec

from podium.domain.manifests import Manifest
from podium.errors import InvalidArgument, NotFound, StorageUnavailable
from podium.services.context import Context
from podium.store import gc
from podium.store.manifests import select_entries
from podium.store.transaction import Tx

BATCH = 500


class Problem(msgspec.Struct, frozen=True):
    """What does not fit: a blob's or manifest's digest, and what is wrong with it."""

    digest: str
    message: str


class Verification:
    """Reads everything, changes nothing; it can run beside a server."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def problems(self, *, quick: bool) -> AsyncIterator[Problem]:
        """Each problem as it is found. A quick check looks at the sizes of the files and does not read them."""
        async for problem in self._blob_problems(quick=quick):
            yield problem
        async for problem in self._manifest_problems():
            yield problem

    async def _blob_problems(self, *, quick: bool) -> AsyncIterator[Problem]:
        after = ""
        while batch := await self._context.store.read(
            lambda tx, after=after: gc.select_references(tx, after, BATCH)  # type: ignore[misc]
        ):
            for digest, least, most, path in batch:
                message = await self._blob_problem(digest, (least, most), quick=quick)
                if message is not None:
                    yield Problem(digest, f"{message} A file that needs it: {path}")
            after = batch[-1][0]

    async def _blob_problem(self, digest: str, sizes: tuple[int, int], *, quick: bool) -> str | None:
        try:
            actual = await self._context.blobs.size(digest)
            if sizes != (actual, actual):
                return f"The blob has {actual} bytes, rows say {sizes[0]} to {sizes[1]}."
            if not quick and await self._hash(digest) != digest:
                return "The blob's bytes do not have its digest."
        except NotFound:
            return "The blob is missing."
        except (StorageUnavailable, InvalidArgument) as error:
            return f"The blob cannot be read: {error.message}"
        return None

    async def _hash(self, digest: str) -> str:
        found = hashlib.sha256()
        async for chunk in self._context.blobs.open_range(digest):
            found.update(chunk)
        return found.hexdigest()

    async def _manifest_problems(self) -> AsyncIterator[Problem]:
        after = 0
        while batch := await self._context.store.read(
            lambda tx, after=after: _checked_manifests(tx, after)  # type: ignore[misc]
        ):
            for _, problem in batch:
                if problem is not None:
                    yield problem
            after = batch[-1][0]


def _checked_manifests(tx: Tx, after: int) -> list[tuple[int, Problem | None]]:
    return [
        (key, _manifest_problem(tx, key, digest, (count, size)))
        for key, digest, count, size in gc.select_manifests(tx, after, BATCH)
    ]


def _manifest_problem(tx: Tx, key: int, digest: str, told: tuple[int, int]) -> Problem | None:
    try:
        manifest = Manifest.of(select_entries(tx, key))
    except InvalidArgument as error:
        return Problem(digest, f"The manifest's files do not fit together: {error.message}")
    if manifest.digest != digest:
        return Problem(digest, f"The manifest's files have the digest {manifest.digest}.")
    if (len(manifest.entries), manifest.size_bytes) != told:
        return Problem(digest, "The manifest's number of files or size is not that of its files.")
    return None
