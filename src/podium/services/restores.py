"""Restoring a backup, all of it or nothing, and checking one where it lies.

What is restored is built in a folder `restoring` inside the data folder. While that is there no server starts, and the
same restore can be run again: it goes on with the bytes that are there. The database gets its place last.
"""

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from podium.blobs.base import Blobs
from podium.blobs.files import sync_folder
from podium.domain.backups import UNFINISHED_RESTORE, BackupDamaged
from podium.errors import DigestMismatch, InvalidArgument, InvalidState, NotFound
from podium.services.backup_folder import (
    DATABASE,
    KEY,
    BackupFolder,
    StoredBackup,
    copy_secret,
    storage_errors,
    sync_file,
)
from podium.services.backups import read_references
from podium.services.blob_copies import copy_blob, hash_blob
from podium.services.parallel import for_each
from podium.services.progress import ProgressBar, no_bar
from podium.store.copying import count_rows
from podium.store.engine import open_store
from podium.store.migrate import migrations, schema_number
from podium.store.references import Reference, count_references
from podium.store.snapshot import check_empty, load_snapshot, open_snapshot

# What an empty file system may hold.
_NOTHING = frozenset({"lost+found"})


class Destination(msgspec.Struct, frozen=True):
    """Where to restore to: a data folder, PostgreSQL if there is a URL, and the store for the bytes.

    The blob store is opened late: it may make its folders in the data folder, which has to be empty before.
    """

    data: Path
    database_url: str | None
    open_blobs: Callable[[], Blobs]


async def check_backup(folder: BackupFolder, backup: StoredBackup, bar: ProgressBar = no_bar) -> None:
    """Returns when the backup could be restored: every byte of it was read. Raises BackupDamaged."""
    _check_snapshot(backup)
    blobs = folder.read_blobs()

    async def check(reference: Reference) -> None:
        try:
            intact = await hash_blob(blobs, reference.digest) == reference.digest
        except (NotFound, InvalidArgument):
            intact = False
        if not intact and reference.digest not in backup.manifest.blobs.missing:
            raise _damaged(backup, reference)

    try:
        await _each_blob(backup, check, bar)
    finally:
        blobs.close()


async def restore_backup(
    folder: BackupFolder, backup: StoredBackup, destination: Destination, bar: ProgressBar = no_bar
) -> None:
    """Make the destination what the source was at the time of the backup, at the schema of this program.

    Raises InvalidState when the destination is not empty or the backup is of a newer Podium, BackupDamaged, and
    StorageError.
    """
    _check_destination(destination)
    _check_snapshot(backup)
    staging = destination.data / UNFINISHED_RESTORE
    with storage_errors(destination.data):
        goes_on = staging.is_dir()
        async with _opened(folder, destination) as (source, target):
            if not goes_on and await _has_blobs(target):
                raise InvalidState("The blob store is not empty: name a new one with --artifact-store.")
            _clear(staging)
            _stage(backup, staging)
            await _copy_blobs(backup, source, target, bar)
        if destination.database_url:
            await asyncio.to_thread(load_snapshot, staging / DATABASE, destination.database_url)
            (staging / DATABASE).unlink()
        _publish(staging)


def _check_destination(destination: Destination) -> None:
    with storage_errors(destination.data):
        there = {path.name for path in destination.data.iterdir()} if destination.data.exists() else set()
    if there - _NOTHING and UNFINISHED_RESTORE not in there:
        raise InvalidState(f"The data folder {destination.data} is not empty: name a new one with --data.")
    if destination.database_url:
        check_empty(destination.database_url)


async def _has_blobs(blobs: Blobs) -> bool:
    async for _ in blobs.list_blobs():
        return True
    return False


def _check_snapshot(backup: StoredBackup) -> None:
    backup.manifest.check_schema(migrations()[-1][0])
    backup.check_files()
    with open_snapshot(backup.folder / DATABASE) as tx:
        backup.manifest.check_rows(schema_number(tx), count_rows(tx))
        if count_references(tx) != (backup.manifest.blobs.count, backup.manifest.blobs.size_bytes):
            raise BackupDamaged(f"The backup {backup.folder} is damaged: its rows name other blobs than its manifest.")


def _clear(staging: Path) -> None:
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir(parents=True)
    sync_folder(staging.parent)


@asynccontextmanager
async def _opened(folder: BackupFolder, destination: Destination) -> AsyncIterator[tuple[Blobs, Blobs]]:
    source, target = folder.read_blobs(), destination.open_blobs()
    try:
        yield source, target
    finally:
        source.close()
        target.close()


def _stage(backup: StoredBackup, staging: Path) -> None:
    shutil.copyfile(backup.folder / DATABASE, staging / DATABASE)
    if KEY in backup.manifest.files:
        copy_secret(backup.folder / KEY, staging / KEY)
    StoredBackup(staging, backup.manifest).check_files()  # what was copied, not only what was read before
    open_store(None, staging).close()  # which migrates it


async def _copy_blobs(backup: StoredBackup, source: Blobs, target: Blobs, bar: ProgressBar = no_bar) -> None:
    async def copy(reference: Reference) -> None:
        try:
            await copy_blob(source, target, reference.digest, reference.most_bytes)
        except (NotFound, DigestMismatch, InvalidArgument) as error:
            if reference.digest not in backup.manifest.blobs.missing:
                raise _damaged(backup, reference) from error

    await _each_blob(backup, copy, bar)


async def _each_blob(backup: StoredBackup, work: Callable[[Reference], Awaitable[None]], bar: ProgressBar) -> None:
    with bar("Blobs", backup.manifest.blobs.size_bytes) as advance:

        async def one(reference: Reference) -> None:
            await work(reference)
            advance(reference.most_bytes)

        await for_each(read_references(backup.folder / DATABASE), one)


def _damaged(backup: StoredBackup, reference: Reference) -> BackupDamaged:
    return BackupDamaged(
        f"The backup {backup.folder} is damaged: the bytes with the SHA-256 {reference.digest}, which the file "
        f"{reference.path} needs, are missing or wrong."
    )


def _publish(staging: Path) -> None:
    """Everything to its place, the database last; then the folder can be started."""
    for name in (KEY, DATABASE):
        if (staging / name).is_file():
            sync_file(staging / name)
            (staging / name).rename(staging.parent / name)
    sync_folder(staging.parent)
    shutil.rmtree(staging)
    sync_folder(staging.parent)
