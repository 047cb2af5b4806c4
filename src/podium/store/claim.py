"""One server a data folder: SQLite's writer, and what it keeps in memory, belong to one process.

The claim is a lock on a file, which the system lets go of when the process ends, however it ends. Commands that tend
the folder (`podium gc`, `podium verify`) need no claim: they write under SQLite's own locks.
"""

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from podium.errors import StorageFull, StorageUnavailable

LOCK_FILE = "server.lock"


@contextmanager
def claimed(folder: Path) -> Iterator[None]:
    """Holds the folder for this server while the block runs.

    Raises StorageUnavailable when another one has it, naming its process, or when the folder cannot be written.
    """
    with _open(folder / LOCK_FILE) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            raise StorageUnavailable(_taken(folder, file.read().strip())) from error
        except OSError as error:
            raise StorageUnavailable(f"The data folder {folder} cannot be locked: {error.strerror}.") from error
        _sign(file)
        yield


def _open(path: Path) -> TextIO:
    try:
        return path.open("a+", encoding="ascii")
    except OSError as error:
        message = f"The data folder {path.parent} cannot be written: {error.strerror}."
        raise (StorageFull if error.errno == errno.ENOSPC else StorageUnavailable)(message) from error


def _taken(folder: Path, pid: str) -> str:
    return (
        f"The data folder {folder} belongs to a running podium server, process {pid or 'unknown'}: stop it first, or "
        "give this one another folder with --data. Several servers can share one PostgreSQL (--database-url)."
    )


def _sign(file: TextIO) -> None:
    """The process's number, for the message to the next one; a full disk is no reason to do without the server."""
    with suppress(OSError):
        os.ftruncate(file.fileno(), 0)
        os.write(file.fileno(), str(os.getpid()).encode())  # unbuffered: closing would try again
