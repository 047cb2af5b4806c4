"""SQLite's one writer. A thread takes what is waiting, runs it in one transaction and commits once (group commit):
the cost of making writes durable is shared by all that came in meanwhile, and none is acknowledged before.
"""

import asyncio
import sqlite3
import threading
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from podium.errors import StorageUnavailable
from podium.store.dialect import storage_error
from podium.store.transaction import Tx

T = TypeVar("T")

MAX_GROUP = 256


class _Job:
    __slots__ = ("error", "future", "loop", "result", "work")

    def __init__(self, work: Callable[[Tx], Any], loop: asyncio.AbstractEventLoop) -> None:
        self.work = work
        self.loop = loop
        self.future: asyncio.Future[Any] = loop.create_future()
        self.result: Any = None
        self.error: BaseException | None = None


class Writer:
    """Owns the connection that writes, and the thread that uses it."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._queue: SimpleQueue[_Job | None] = SimpleQueue()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="podium-writer", daemon=True)
        self._thread.start()

    async def submit(self, work: Callable[[Tx], T]) -> T:
        """The result of `work`, once it is on disk.

        A caller that is cancelled while it waits may still find its write done: it was already under way.
        """
        if self._closed:
            raise StorageUnavailable("The server is shutting down.")
        job = _Job(work, asyncio.get_running_loop())
        self._queue.put(job)
        result: T = await job.future
        return result

    def close(self) -> None:
        """Commit what is waiting, then close the connection."""
        self._closed = True
        self._queue.put(None)
        self._thread.join()
        self._connection.close()

    def _run(self) -> None:
        tx = Tx(self._connection, "sqlite")
        while True:
            group, ended = self._take_group()
            if group:
                try:
                    self._commit(tx, group)
                except Exception as error:  # noqa: BLE001  nothing may end this thread; every caller is told
                    self._rollback()
                    for job in group:
                        job.error = job.error or _told(error)
                _deliver(group)
            if ended:
                return

    def _take_group(self) -> tuple[list[_Job], bool]:
        """What is waiting, at least one job, and whether the writer is to end."""
        job = self._queue.get()
        group: list[_Job] = []
        while job is not None:
            group.append(job)
            if len(group) == MAX_GROUP:
                return group, False
            try:
                job = self._queue.get_nowait()
            except Empty:
                return group, False
        return group, True

    def _commit(self, tx: Tx, group: list[_Job]) -> None:
        """Run the group in one transaction. A job that raises is rolled back alone, by its savepoint."""
        execute = self._connection.execute
        execute("BEGIN IMMEDIATE")
        for job in group:
            execute("SAVEPOINT job")
            try:
                job.result = job.work(tx)
            except BaseException as error:  # handed to the caller that waits for it; this thread goes on
                job.error = _told(error)
                if not self._connection.in_transaction:  # a full disk makes SQLite roll back everything
                    raise
                execute("ROLLBACK TO job")
            execute("RELEASE job")
        execute("COMMIT")

    def _rollback(self) -> None:
        # It may fail where the disk does; the next BEGIN then says so.
        with suppress(sqlite3.Error):
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")


def _told(error: BaseException) -> BaseException:
    """What the caller is told: a failure of the database in the domain's terms, anything else as it is."""
    if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.IntegrityError):
        return storage_error(error)
    return error


def _deliver(group: list[_Job]) -> None:
    by_loop: dict[asyncio.AbstractEventLoop, list[_Job]] = defaultdict(list)
    for job in group:
        by_loop[job.loop].append(job)
    for loop, jobs in by_loop.items():
        if not loop.is_closed():
            loop.call_soon_threadsafe(_resolve, jobs)


def _resolve(jobs: list[_Job]) -> None:
    for job in jobs:
        if job.future.done():  # the caller went away
            continue
        if job.error is not None:
            job.future.set_exception(job.error)
        else:
            job.future.set_result(job.result)
