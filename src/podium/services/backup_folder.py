"""The folder that backups lie in, each whole or not there.

    <root>/blobs/                    the bytes of all of them, each once: a later backup adds what is new
    <root>/snapshots/<time>/         one backup: podium.db, secret.key if there was one, manifest.json
    <root>/snapshots/.unfinished/    one that is being made, or that was cut off

A backup gets its name by a rename, when all that belongs to it is on the disk.
"""

import errno
import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from podium.blobs.files import sync_folder
from podium.blobs.local import LocalBlobs
from podium.domain.backups import BackupDamaged, BackupManifest, StoredFile, decode_manifest, encode_manifest
from podium.errors import Conflict, InvalidArgument, NotFound, StorageFull, StorageUnavailable

DATABASE = "podium.db"
KEY = "secret.key"

_MANIFEST = "manifest.json"
_UNFINISHED = ".unfinished"


class StoredBackup(msgspec.Struct, frozen=True):
    """One backup in its folder."""

    folder: Path
    manifest: BackupManifest

    def check_files(self) -> None:
        """Raises BackupDamaged when a file beside the blobs is missing or not as it was written."""
        for name, told in self.manifest.files.items():
            try:
                found = describe_file(self.folder / name)
            except FileNotFoundError as error:
                raise BackupDamaged(f"The backup {self.folder} is damaged: {name} is missing.") from error
            if found != told:
                raise BackupDamaged(f"The backup {self.folder} is damaged: {name} has other bytes than were written.")


class BackupFolder:
    """Backups below `root`."""

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()
        self._snapshots = self.root / "snapshots"
        self._unfinished = self._snapshots / _UNFINISHED

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keeps other processes from making and removing backups here. Raises Conflict when one is at it.

        The lock ends with its process, however that ends; what such a process left half done is removed.
        """
        with storage_errors(self.root):
            self._snapshots.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self._snapshots, os.O_RDONLY | os.O_DIRECTORY)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(self._unfinished, ignore_errors=True)
                yield
            except BlockingIOError as error:
                raise Conflict(f"Another backup into {self.root} is under way: wait until it has ended.") from error
            finally:
                os.close(descriptor)

    @contextmanager
    def prepared(self) -> Iterator[Path]:
        """An empty folder to make a backup in, which goes if it is not published.

        Raises InvalidArgument when the root holds something else than backups, Conflict when it is in use.
        """
        if self.root.is_dir() and not self._snapshots.is_dir() and any(self.root.iterdir()):
            raise InvalidArgument(f"{self.root} holds other files than backups: name a new or empty folder.")
        with self.locked():
            self._unfinished.mkdir()
            try:
                yield self._unfinished
            finally:
                shutil.rmtree(self._unfinished, ignore_errors=True)

    def read_blobs(self) -> LocalBlobs:
        """The bytes of all backups here, for reading alone: the folder may be on a disk that cannot be written."""
        return LocalBlobs(self.root / "blobs")

    def open_blobs(self) -> LocalBlobs:
        """The bytes of all backups here, to be added to."""
        with storage_errors(self.root):
            return LocalBlobs.open(self.root / "blobs")

    def publish(self, unfinished: Path, manifest: BackupManifest) -> StoredBackup:
        """Write the manifest, make all of it durable, and give it its name, which is its time."""
        with (unfinished / _MANIFEST).open("wb") as file:
            file.write(encode_manifest(manifest))
        for path in unfinished.iterdir():
            sync_file(path)
        sync_folder(unfinished)
        folder = self._snapshots / f"{manifest.created_at:%Y%m%dT%H%M%S.%f}Z"
        unfinished.rename(folder)
        sync_folder(self._snapshots)
        sync_folder(self.root)
        return StoredBackup(folder, manifest)

    def names(self) -> list[str]:
        """The names of the backups, oldest first."""
        if not self._snapshots.is_dir():
            return []
        return sorted(path.name for path in self._snapshots.iterdir() if path.name != _UNFINISHED)

    def find(self, name: str | None = None) -> StoredBackup:
        """The backup of that name, else the newest. Raises NotFound, and BackupDamaged when it has no manifest."""
        names = self.names()
        if not names:
            raise NotFound(f"There is no backup in {self.root}: name the folder that `podium backup` was given.")
        if name is not None and name not in names:
            raise NotFound(f"There is no backup '{name}' in {self.root}; the newest is '{names[-1]}'.")
        folder = self._snapshots / (name or names[-1])
        try:
            return StoredBackup(folder, decode_manifest((folder / _MANIFEST).read_bytes()))
        except OSError as error:
            raise BackupDamaged(f"The backup {folder} is damaged: it has no manifest.") from error

    def remove(self, name: str) -> None:
        """Take one backup away, in one step; its blobs stay."""
        (self._snapshots / name).rename(self._unfinished)
        shutil.rmtree(self._unfinished)


def describe_file(path: Path) -> StoredFile:
    """Size and SHA-256 of a file."""
    with path.open("rb") as file:
        return StoredFile(path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest())


@contextmanager
def storage_errors(place: Path) -> Iterator[None]:
    """Tells the system's errors as Podium's, with the place that they are about."""
    try:
        yield
    except StorageFull as error:
        raise StorageFull(f"There is no room left in {place}.") from error
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise StorageFull(f"There is no room left in {place}.") from error
        raise StorageUnavailable(f"{error.filename or place} cannot be used: {error.strerror}.") from error


def copy_secret(source: Path, target: Path) -> None:
    """Copy a file that from the beginning only this user can read."""
    target.touch(mode=0o600)
    shutil.copyfile(source, target)


def sync_file(path: Path) -> None:
    """Make the bytes of the file durable."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
