"""Files written under a temporary name, and files read in pieces."""

import fcntl
import os
import secrets
import shutil
import threading
from contextlib import suppress
from io import FileIO
from pathlib import Path
from typing import BinaryIO

from podium.errors import InvalidArgument, NotFound, StorageUnavailable

READ_BYTES = 1 << 20


class TemporaryFile:
    """A file that nobody sees until `publish`. Its owner holds a lock on it, which ends with the process."""

    def __init__(self, folder: Path) -> None:
        self._path, self._file = _create_locked(folder)

    def write(self, data: bytes) -> None:
        """Appends the bytes."""
        self._file.write(data)

    def write_back(self) -> None:
        """Waits until what was written so far is on the disk. Other threads may go on writing meanwhile."""
        os.fdatasync(self._file.fileno())

    def publish(self, target: Path) -> None:
        """Makes the file durable and visible as `target`, in place of what may be there."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._path.rename(target)
        self._file.close()
        sync_folder(target.parent)

    def discard(self) -> None:
        """Removes the file. After `publish` it does nothing."""
        self._path.unlink(missing_ok=True)
        # Closing flushes, which fails again where the disk is full; the bytes are unwanted by now.
        with suppress(OSError):
            self._file.close()


class FileReader:
    """A range of a file, read piece by piece; the first `read` opens it, so that unread ones hold nothing."""

    def __init__(self, path: Path, start: int = 0, end: int | None = None, *, absent: str) -> None:
        """`absent` is what to say when the file is not there."""
        self._path, self._position, self._end, self._absent = path, start, end, absent
        self._opened: tuple[FileIO, int] | None = None
        self._closed = False
        self._lock = threading.Lock()  # a cancelled reader is closed while its last read is still under way

    def read(self) -> bytes:
        """The next piece, or nothing at the end. Raises `NotFound` and `InvalidArgument`."""
        with self._lock:
            if self._closed:
                return b""
            self._opened = self._opened or self._open()
            file, end = self._opened
            piece = os.pread(file.fileno(), min(READ_BYTES, end - self._position), self._position)
            if not piece and self._position < end:
                raise StorageUnavailable(f"{self._path.name} was cut short on the disk.")
            self._position += len(piece)
            return piece

    def close(self) -> None:
        """Closes the file once a read under way has ended."""
        with self._lock:
            self._closed = True
            if self._opened is not None:
                self._opened[0].close()

    def _open(self) -> tuple[FileIO, int]:
        try:
            file = FileIO(self._path)
        except FileNotFoundError as error:
            raise NotFound(self._absent) from error
        size = os.fstat(file.fileno()).st_size
        end = size if self._end is None else self._end
        if not 0 <= self._position <= end <= size:
            file.close()
            raise InvalidArgument(f"Bytes {self._position} to {end} are not within the {size} bytes stored.")
        return file, end


def sync_folder(folder: Path) -> None:
    """Makes the names in the folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_folder(folder: Path) -> None:
    """Makes the folder and what is missing above it, so that their names survive a power cut too."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for path in missing:
        sync_folder(path.parent)


def remove_leftovers(folder: Path) -> None:
    """Removes what processes that no longer run left in the folder; files in use are locked, and stay."""
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
            continue
        # Another process may publish, discard or clean the same file at this moment.
        with suppress(FileNotFoundError, BlockingIOError), path.open("rb+") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink()


def _create_locked(folder: Path) -> tuple[Path, BinaryIO]:
    while True:
        path = folder / secrets.token_hex(16)
        file = path.open("xb")
        fcntl.flock(file, fcntl.LOCK_EX)
        # A process that starts up may have taken the unlocked file for a leftover.
        if os.fstat(file.fileno()).st_nlink:
            return path, file
        file.close()
