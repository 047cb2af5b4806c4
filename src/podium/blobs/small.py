"""Small blobs as rows of one SQLite file, where a file for each would cost three syncs and a name for each.

One thread a process writes: it takes what is waiting, commits it at once with one sync, and only then answers
all of them. Processes of one host share the file by SQLite's locks. Its WAL needs shared memory, so that hosts
must not share it over a network.
"""

import asyncio
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

import msgspec

from podium.blobs.base import StoredBlob
from podium.blobs.files import sync_folder
from podium.errors import StorageFull, StorageUnavailable

_MAX_GROUP = 256
_SETTINGS = (
    "PRAGMA busy_timeout = 10000",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA wal_autocheckpoint = 4000",  # a checkpoint syncs twice: every 16 MiB, not every 4
    "PRAGMA cache_size = -1024",
)
# Of the connection that the event loop uses: it neither waits nor syncs, and leaves the log to be emptied by the
# writer, which therefore gets a renewal now and then.
_RENEWING = ("PRAGMA busy_timeout = 0", "PRAGMA synchronous = NORMAL", "PRAGMA wal_autocheckpoint = 0")
_RENEWALS_PER_COMMIT = 1000
# The time stands before the bytes, so that renewing it rewrites one page however many the bytes take.
_TABLE = (
    "CREATE TABLE IF NOT EXISTS blobs"
    " (digest BLOB NOT NULL UNIQUE, modified_at INTEGER NOT NULL, data BLOB NOT NULL) STRICT"
)


class _Put(msgspec.Struct):
    digest: bytes
    data: bytes
    done: asyncio.Future[None]
    loop: asyncio.AbstractEventLoop


_OPEN_S = 10.0  # how long another process that opens the file at this moment is waited for


class SmallBlobs:
    """What `put` acknowledged survives a power cut. Methods that are not `async` block, and are for threads."""

    def __init__(self, path: Path) -> None:
        """Makes the file if there is none. Raises `OSError` where it cannot."""
        self._path = path
        self._local = threading.local()
        self._opened: list[sqlite3.Connection] = []
        self._queue: SimpleQueue[_Put | None] = SimpleQueue()
        self._renewals = 0
        try:
            self._open()
        except sqlite3.Error as error:
            raise OSError(None, f"{path.name}: {error}") from error
        self._thread = threading.Thread(target=self._write, name="podium-small-blobs", daemon=True)
        self._thread.start()

    def _open(self) -> None:
        deadline = time.monotonic() + _OPEN_S
        while True:
            try:
                self._writing = self._connect()
                self._writing.execute(_TABLE)
                self._renewing = self._connect()
                for setting in _RENEWING:
                    self._renewing.execute(setting)
                break
            except sqlite3.OperationalError as error:
                # Another process makes the same file: SQLite refuses at once, whatever the busy time-out.
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                    raise
                time.sleep(0.01)
        sync_folder(self._path.parent)

    async def put(self, digest: str, data: bytes) -> None:
        """Stores the bytes, or renews the time of those stored already."""
        if self._renew(bytes.fromhex(digest)):
            return
        loop = asyncio.get_running_loop()
        put = _Put(bytes.fromhex(digest), data, loop.create_future(), loop)
        self._queue.put(put)
        await put.done

    def read(self, digest: str) -> bytes | None:
        """The bytes, if they are here."""
        data: bytes | None = self._value("SELECT data FROM blobs WHERE digest = ?", digest)
        return data

    def size(self, digest: str) -> int | None:
        """Their length, if they are here."""
        size: int | None = self._value("SELECT length(data) FROM blobs WHERE digest = ?", digest)
        return size

    def delete(self, digest: str, unused_since: datetime | None) -> bool:
        """Whether the blob was removed; one put after `unused_since` is not."""
        latest = 1 << 62 if unused_since is None else _microseconds(unused_since.timestamp())
        statement = "DELETE FROM blobs WHERE digest = ? AND modified_at <= ?"
        with _translated():
            return self._connection().execute(statement, (bytes.fromhex(digest), latest)).rowcount > 0

    def list_prefix(self, first: int) -> list[StoredBlob]:
        """The blobs whose digest begins with this byte, ordered by digest."""
        end = bytes([first + 1]) if first < 255 else b"\xff" * 33
        with _translated():
            rows = self._connection().execute(
                "SELECT digest, length(data), modified_at FROM blobs WHERE digest >= ? AND digest < ? ORDER BY digest",
                (bytes([first]), end),
            )
            return [StoredBlob(row[0].hex(), row[1], datetime.fromtimestamp(row[2] / 1e6, UTC)) for row in rows]

    def close(self) -> None:
        """Stores what is waiting, then closes the file; no other call may be under way."""
        self._queue.put(None)
        self._thread.join()
        for connection in self._opened:
            connection.close()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
        self._opened.append(connection)
        for setting in _SETTINGS:
            connection.execute(setting)
        return connection

    def _connection(self) -> sqlite3.Connection:
        """The calling thread's own."""
        if not hasattr(self._local, "connection"):
            self._local.connection = self._connect()
        connection: sqlite3.Connection = self._local.connection
        return connection

    def _value(self, statement: str, digest: str) -> Any:
        with _translated():
            row = self._connection().execute(statement, (bytes.fromhex(digest),)).fetchone()
        return None if row is None else row[0]

    def _write(self) -> None:
        while True:
            group, ended = self._take_group()
            error: Exception | None = None
            if group:
                try:
                    with _translated():
                        self._commit(group)
                except Exception as raised:  # noqa: BLE001  handed to those who wait; this thread goes on
                    error = raised
                _answer(group, error)
            if ended:
                return

    def _renew(self, digest: bytes) -> bool:
        """Whether the blob was there and has the time of now, which here takes less than handing it to a thread.

        It needs no sync: the bytes were synced before anyone could see them, and after a power cut nobody who was
        promised the new time is left.
        """
        self._renewals += 1
        if self._renewals % _RENEWALS_PER_COMMIT == 0:
            return False
        try:
            statement = "UPDATE blobs SET modified_at = ? WHERE digest = ?"
            return self._renewing.execute(statement, (_microseconds(time.time()), digest)).rowcount > 0
        except sqlite3.Error:  # busy, as a rule; whatever else it is, the writer meets it too, and says so
            return False

    def _take_group(self) -> tuple[list[_Put], bool]:
        put = self._queue.get()
        group: list[_Put] = []
        while put is not None:
            group.append(put)
            if len(group) == _MAX_GROUP:
                return group, False
            try:
                put = self._queue.get_nowait()
            except Empty:
                return group, False
        return group, True

    def _commit(self, group: list[_Put]) -> None:
        now = _microseconds(time.time())
        self._writing.execute("BEGIN IMMEDIATE")
        try:
            self._writing.executemany(
                "INSERT INTO blobs (digest, modified_at, data) VALUES (?, ?, ?)"
                " ON CONFLICT (digest) DO UPDATE SET modified_at = excluded.modified_at",
                [(put.digest, now, put.data) for put in group],
            )
            self._writing.execute("COMMIT")
        except BaseException:
            if self._writing.in_transaction:  # a full disk makes SQLite roll back by itself
                self._writing.execute("ROLLBACK")
            raise


def _answer(group: list[_Put], error: Exception | None) -> None:
    """One trip to the event loop for all that wait in it."""
    for loop in {put.loop for put in group}:
        if not loop.is_closed():
            loop.call_soon_threadsafe(_settle, [put.done for put in group if put.loop is loop], error)


def _settle(futures: list[asyncio.Future[None]], error: Exception | None) -> None:
    for future in futures:
        if future.done():  # its caller was cancelled
            continue
        if error is None:
            future.set_result(None)
        else:
            future.set_exception(error)


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        if "disk is full" in str(error):
            raise StorageFull(f"The blob store has no room left: {error}.") from error
        raise StorageUnavailable(f"The blob store failed: {error}.") from error


def _microseconds(seconds: float) -> int:
    return int(seconds * 1e6)
