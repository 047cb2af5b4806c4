"""SQLite: WAL, `synchronous=FULL`, one writer thread, and readers with connections of their own."""

import asyncio
import os
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from podium.errors import StorageUnavailable
from podium.store.dialect import Dialect, storage_error
from podium.store.log_room import LOG_PAGES, make_room
from podium.store.migrate import migrate
from podium.store.patterns import define_functions
from podium.store.transaction import Lengthy, Tx
from podium.store.writer import Writer

T = TypeVar("T")

READ_THREADS = 4
# How many steps of its virtual machine SQLite may take for a read on the event loop: two milliseconds' worth, which is
# less than a thread would hold the interpreter's lock for it. They are counted in ticks; a tick may be begun by
# statements of earlier reads.
TICK_STEPS = 4_000
MAX_TICKS = 20
# LIKE is case-sensitive on PostgreSQL and in MLflow's grammar; SQLite has to be told.
_PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA case_sensitive_like = ON",
    "PRAGMA busy_timeout = 10000",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA cache_size = -32768",
    f"PRAGMA wal_autocheckpoint = {LOG_PAGES}",
)


def connect(path: Path) -> sqlite3.Connection:
    """A connection with Podium's settings, in autocommit mode, usable from any one thread at a time."""
    try:
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=512)
        for pragma in _PRAGMAS:
            connection.execute(pragma)
        define_functions(connection)
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
        if not path.exists():
            connect(path).close()  # SQLite throws away what lies beside an empty database
        make_room(path)
        connection = connect(path)
        try:
            connection.execute("BEGIN IMMEDIATE")
            migrate(Tx(connection))
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            connection.close()  # which rolls back
            raise storage_error(error) from error
        except BaseException:
            connection.close()
            raise
        connection.execute("PRAGMA busy_timeout = 0")  # the writer waits by itself, and never on the event loop
        self._path = path
        self._writer = Writer(connection)
        self._readers = ThreadPoolExecutor(READ_THREADS, thread_name_prefix="podium-read")
        self._local = threading.local()
        self._connections: list[sqlite3.Connection] = []
        self._here = threading.Lock()
        self._connection_here = self._connect_reader()
        self._ticks = 0
        self._connection_here.set_progress_handler(self._tick, TICK_STEPS)

    async def read(self, work: Callable[[Tx], T], *, brief: bool = True) -> T:
        if brief:
            with suppress(Lengthy):
                return self._read_here(work)
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._read, work)

    async def write(self, work: Callable[[Tx], T], *, brief: bool = False) -> T:
        return await self._writer.submit(work, brief=brief)

    def close(self) -> None:
        self._readers.shutdown()
        for connection in self._connections:
            connection.close()
        self._writer.close()

    def _read_here(self, work: Callable[[Tx], T]) -> T:
        """The result of `work`, run by the caller's thread. Raises Lengthy when that would hold up others."""
        if not self._here.acquire(blocking=False):  # another event loop is reading; there is one in a server
            raise Lengthy
        try:
            return _run(self._connection_here, self._counted(work))
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT:
                raise Lengthy from error
            raise storage_error(error) from error
        except sqlite3.Error as error:
            raise storage_error(error) from error
        finally:
            self._here.release()

    def _counted(self, work: Callable[[Tx], T]) -> Callable[[Tx], T]:
        def run(tx: Tx) -> T:
            self._ticks = 0
            try:
                return work(tx)
            finally:
                self._ticks = -MAX_TICKS  # the end of the transaction is never interrupted

        return run

    def _tick(self) -> bool:
        """Whether the statement under way is to be interrupted: the read takes long."""
        self._ticks += 1
        return self._ticks > MAX_TICKS

    def _read(self, work: Callable[[Tx], T]) -> T:
        connection = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = self._connect_reader()
        try:
            return _run(connection, work)
        except sqlite3.Error as error:
            raise storage_error(error) from error

    def _connect_reader(self) -> sqlite3.Connection:
        connection = connect(self._path)
        connection.execute("PRAGMA query_only = ON")
        self._connections.append(connection)
        return connection


def _run(connection: sqlite3.Connection, work: Callable[[Tx], T]) -> T:
    connection.execute("BEGIN")
    tx = Tx(connection)
    tx.writes = False
    try:
        return work(tx)
    finally:
        connection.execute("COMMIT")
