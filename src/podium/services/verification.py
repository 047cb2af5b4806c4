"""Whether what is stored fits together: the rows, every manifest, every byte that a row refers to, the audit trail."""

from collections.abc import AsyncIterator
from typing import Literal

import msgspec

from podium.domain.manifests import Manifest
from podium.errors import InvalidArgument, NotFound, StorageError, StorageUnavailable
from podium.services.audit import Audit
from podium.services.blob_copies import hash_blob
from podium.services.context import Context
from podium.services.parallel import in_parallel
from podium.services.progress import ProgressBar, no_bar
from podium.store import gc
from podium.store.integrity import check_database, check_rules
from podium.store.manifests import select_entries
from podium.store.references import Reference, count_references, digest_ranges, select_references
from podium.store.transaction import Tx

BATCH = 500


class Problem(msgspec.Struct, frozen=True):
    """What does not fit: a table, the digest of a manifest or blob, or an event's number, and what is wrong there."""

    part: Literal["rows", "manifest", "blob", "event"]
    subject: str
    message: str


class Verification:
    """Reads everything, changes nothing; it can run beside a server."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def problems(self, *, quick: bool, bar: ProgressBar = no_bar) -> AsyncIterator[Problem]:
        """Each problem as it is found.

        A quick check looks at the sizes of the blobs and does not read them, nor compare indexes with rows.
        """
        for problem in await self._row_problems(quick=quick):
            yield problem
        async for problem in self._manifest_problems():
            yield problem
        bad = await Audit(self._context).verify_chain()
        if bad is not None:
            yield Problem("event", str(bad.seq), f"The audit trail is broken: {bad.reason}.")
        async for problem in self._blob_problems(bar, quick=quick):
            yield problem

    async def _row_problems(self, *, quick: bool) -> list[Problem]:
        try:
            found = await self._context.store.read(lambda tx: check_database(tx, quick=quick) + check_rules(tx))
        except StorageError as error:  # so damaged that it cannot be checked
            return [Problem("rows", "database", error.message)]
        return [Problem("rows", row.table, row.message) for row in found]

    async def _blob_problems(self, bar: ProgressBar, *, quick: bool) -> AsyncIterator[Problem]:
        async def check(reference: Reference) -> Problem | None:
            message = await self._blob_problem(reference, quick=quick)
            advance(reference.most_bytes)
            if message is None:
                return None
            return Problem("blob", reference.digest, f"{message} A file that needs it: {reference.path}")

        _, total = await self._context.store.read(count_references)
        with bar("Blobs", total) as advance:
            async for problem in in_parallel(self._references(), check):
                if problem is not None:
                    yield problem

    async def _references(self) -> AsyncIterator[Reference]:
        for start, end in digest_ranges():
            found = await self._context.store.read(
                lambda tx, start=start, end=end: select_references(tx, start, end)  # type: ignore[misc]
            )
            for reference in found:
                yield reference

    async def _blob_problem(self, reference: Reference, *, quick: bool) -> str | None:
        digest, least, most = reference.digest, reference.least_bytes, reference.most_bytes
        try:
            actual = await self._context.blobs.size(digest)
            if (least, most) != (actual, actual):
                return f"The blob has {actual} bytes, rows say {least} to {most}."
            if not quick and await hash_blob(self._context.blobs, digest) != digest:
                return "The blob's bytes do not have its digest."
        except NotFound:
            return "The blob is missing."
        except (StorageUnavailable, InvalidArgument) as error:
            return f"The blob cannot be read: {error.message}"
        return None

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
    message = None
    try:
        manifest = Manifest.of(select_entries(tx, key))
    except InvalidArgument as error:
        return Problem("manifest", digest, f"The manifest's files do not fit together: {error.message}")
    if manifest.digest != digest:
        message = f"The manifest's files have the digest {manifest.digest}."
    elif (len(manifest.entries), manifest.size_bytes) != told:
        message = "The manifest's number of files or size is not that of its files."
    return None if message is None else Problem("manifest", digest, message)
