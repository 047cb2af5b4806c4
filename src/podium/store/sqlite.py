"""SQLite: WAL, `synchronous=FULL`, one writer thread, and readers with connections of their own."""

import asyncio
import os
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from podium.errors import StorageUnavailable
from podium.store.dialect import Dialect, storage_error
from podium.store.migrate import migrate
from podium.store.transaction import Tx
from podium.store.writer import Writer

T = TypeVar("T")

READ_THREADS = 4
# LIKE is case-sensitive on PostgreSQL and in MLflow's grammar; SQLite has to be told.
_PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA case_sensitive_like = ON",
    "PRAGMA busy_timeout = 10000",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA cache_size = -32768",
)


def connect(path: Path) -> sqlite3.Connection:
    """A connection with Podium's settings, in autocommit mode, usable from any one thread at a time."""
    try:
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=512)
        for pragma in _PRAGMAS:
            connection.execute(pragma)
    except sqlite3.Error as error:
        raise storage_error(error) from error
    return connection


class SqliteStore:
    """The database file at `path`, made if missing, brought to the current schema."""

    dialect: Dialect = "sqlite"

    def __init__(self, path: Path) -> None:
        # SQLite opens such a file without a word, and refuses the first write.
        if path.exists() and not os.access(path, os.W_OK):
            raise StorageUnavailable(f"The database {path} cannot be written: the file or its disk is read-only.")
        connection = connect(path)
        try:
            connection.execute("BEGIN IMMEDIATE")
            migrate(Tx(connection, "sqlite"))
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            connection.close()  # which rolls back
            raise storage_error(error) from error
        except BaseException:
            connection.close()
            raise
        self._path = path
        self._writer = Writer(connection)
        self._readers = ThreadPoolExecutor(READ_THREADS, thread_name_prefix="podium-read")
        self._local = threading.local()
        self._connections: list[sqlite3.Connection] = []

    async def read(self, work: Callable[[Tx], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._read, work)

    async def write(self, work: Callable[[Tx], T]) -> T:
        return await self._writer.submit(work)

    def close(self) -> None:
        self._readers.shutdown()
        for connection in self._connections:
            connection.close()
        self._writer.close()

    def _read(self, work: Callable[[Tx], T]) -> T:
        connection = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = connect(self._path)
            connection.execute("PRAGMA query_only = ON")
            self._connections.append(connection)
        try:
            connection.execute("BEGIN")
            try:
                return work(Tx(connection, "sqlite"))
            finally:
                connection.execute("COMMIT")
        except sqlite3.Error as error:
            raise storage_error(error) from error
