"""Making backups, beside a server that goes on writing.

First the rows of one moment, then the bytes that they refer to. Blobs never change, so copying them later is as good,
as long as they are there: garbage collection may take one away whose rows it removed after that moment. Then the rows
are taken again. They cannot name a blob that was collected before (rows go first), so a blob that two snapshots in a
row name and that was not there in between was lost by the source itself. It is told of, and does not stop the backup
of all that is left.
"""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import msgspec

from podium.blobs.base import Blobs
from podium.domain.backups import FORMAT, BackupManifest, BlobTotals
from podium.errors import DigestMismatch, InvalidArgument, NotFound, StorageUnavailable
from podium.services.backup_folder import (
    DATABASE,
    KEY,
    BackupFolder,
    StoredBackup,
    copy_secret,
    describe_file,
)
from podium.services.blob_copies import copy_blob
from podium.services.parallel import for_each
from podium.services.progress import ProgressBar, no_bar
from podium.store.copying import count_rows
from podium.store.migrate import schema_number
from podium.store.references import Reference, count_references, digest_ranges, select_references
from podium.store.snapshot import open_snapshot, take_snapshot

_ATTEMPTS = 5


class Origin(msgspec.Struct, frozen=True):
    """What is backed up: the database at the URL, else the one in the data folder, and the blobs."""

    database_url: str | None
    data: Path
    blobs: Blobs


class Made(msgspec.Struct, frozen=True):
    """A backup, and what it added to the blobs of its folder."""

    backup: StoredBackup
    new_blobs: int
    new_bytes: int


async def make_backup(origin: Origin, folder: BackupFolder, bar: ProgressBar = no_bar) -> Made:
    """A new backup in `folder`, which holds everything that was acknowledged before the call.

    After any failure the earlier ones are as they were, and none is added. Raises StorageFull, StorageUnavailable,
    Conflict when another one is being made there.
    """
    with folder.prepared() as unfinished:
        blobs = folder.open_blobs()
        try:
            return await _Backup(origin, folder, blobs, bar).make(unfinished)
        finally:
            blobs.close()


async def keep_newest(folder: BackupFolder, count: int) -> list[str]:
    """Remove all backups but the newest `count`, and the blobs that only they needed; the names of the removed ones."""
    with folder.locked():
        doomed = folder.names()[:-count]
        for name in doomed:
            folder.remove(name)
        if doomed:
            await _remove_unneeded(folder)
        return doomed


async def _remove_unneeded(folder: BackupFolder) -> None:
    needed: set[str] = set()
    for name in folder.names():
        needed |= {reference.digest async for reference in read_references(folder.find(name).folder / DATABASE)}
    blobs = folder.open_blobs()
    try:
        async for blob in blobs.list_blobs():
            if blob.digest not in needed:
                await blobs.delete(blob.digest)
    finally:
        blobs.close()


class _Backup:
    def __init__(self, origin: Origin, folder: BackupFolder, blobs: Blobs, bar: ProgressBar) -> None:
        self._origin, self._folder, self._blobs, self._bar = origin, folder, blobs, bar
        self._new: dict[str, int] = {}

    async def make(self, unfinished: Path) -> Made:
        created_at = datetime.now(UTC)
        missing = await self._collect(unfinished / DATABASE)
        # After the rows: whatever secret they hold was sealed with a key that is there by now.
        key = self._origin.data / KEY
        if key.is_file():
            copy_secret(key, unfinished / KEY)
        manifest = self._describe(unfinished, created_at, missing)
        return Made(self._folder.publish(unfinished, manifest), len(self._new), sum(self._new.values()))

    def _describe(self, unfinished: Path, created_at: datetime, missing: set[str]) -> BackupManifest:
        with open_snapshot(unfinished / DATABASE) as tx:
            count, size = count_references(tx)
            return BackupManifest(
                format=FORMAT,
                podium=version("podium"),
                schema=schema_number(tx),
                created_at=created_at,
                database="postgresql" if self._origin.database_url else "sqlite",
                rows=count_rows(tx),
                blobs=BlobTotals(count, size, tuple(sorted(missing))),
                files={path.name: describe_file(path) for path in sorted(unfinished.iterdir())},
            )

    async def _collect(self, file: Path) -> set[str]:
        """Rows and bytes that go together; the digests that the source itself has lost."""
        lost: set[str] = set()
        for _ in range(_ATTEMPTS):
            await asyncio.to_thread(take_snapshot, self._origin.database_url, self._origin.data, file)
            missing = await self._copy_blobs(file)
            if missing <= lost:
                return missing
            lost = missing
        raise StorageUnavailable(
            "Garbage collection removed bytes faster than they were copied: make the backup when it has ended."
        )

    async def _copy_blobs(self, file: Path) -> set[str]:
        with open_snapshot(file) as tx:
            total = count_references(tx)[1]
        missing = set()
        with self._bar("Blobs", total) as advance:

            async def copy(reference: Reference) -> None:
                if not await self._copy_blob(reference.digest, reference.most_bytes):
                    missing.add(reference.digest)
                advance(reference.most_bytes)

            await for_each(read_references(file), copy)
        return missing

    async def _copy_blob(self, digest: str, size_bytes: int) -> bool:
        """Whether the source has these bytes."""
        try:
            if await copy_blob(self._origin.blobs, self._blobs, digest, size_bytes):
                self._new[digest] = size_bytes
        except (NotFound, DigestMismatch, InvalidArgument):
            return False
        return True


async def read_references(file: Path) -> AsyncIterator[Reference]:
    """Every blob that the rows of a snapshot refer to."""
    with open_snapshot(file) as tx:
        for start, end in digest_ranges():
            for reference in select_references(tx, start, end):
                yield reference
