"""SQLite's one writer. What waits is run in one transaction and committed once (group commit): the cost of making
writes durable is shared by all that came in meanwhile, and none is acknowledged before. Where a job fails, the group is
taken back and run again under savepoints, so that it fails alone.

Brief jobs run on the event loop itself: handing each statement to and fro between two threads that want the
interpreter's lock cost more than the statements. So does handing over a commit, unless the disk is slow: while commits
take less than a millisecond they are made on the loop too, else by a thread. A group with a job that may take long, or
finds that it does, runs in the thread as a whole.
"""

import asyncio
import sqlite3
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from typing import Any, TypeVar

from podium.errors import StorageUnavailable
from podium.store.dialect import storage_error
from podium.store.transaction import Lengthy, Tx

T = TypeVar("T")

MAX_GROUP = 256
# How long another process (garbage collection, a backup) may hold the database before writes give up.
MAX_WAIT_S = 10.0
_RETRY_S = 0.005
# A commit that takes longer is slow. After so many slow ones in a row the loop leaves commits to the thread for a
# while: a single one is most often the one in some hundred that also empties the log.
SLOW_COMMIT_S = 0.001
MAX_SLOW = 3
PAUSE_S = 1.0


class _Job:
    __slots__ = ("brief", "error", "future", "loop", "result", "work")

    def __init__(self, work: Callable[[Tx], Any], loop: asyncio.AbstractEventLoop, *, brief: bool) -> None:
        self.work = work
        self.loop = loop
        self.brief = brief
        self.future: asyncio.Future[Any] = loop.create_future()
        self.result: Any = None
        self.error: BaseException | None = None


class Writer:
    """Owns the connection that writes, whose busy timeout is zero, and the thread that commits."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._tx = Tx(connection)
        self._waiting: deque[_Job] = deque()
        self._working = False  # whether a group is under way or about to begin
        self._closed = False
        self._state = threading.Lock()  # guards the three above
        self._slow = 0  # how many of the last commits on the loop were slow
        self._away_until = 0.0  # when commits are tried on the loop again, on the monotonic clock
        # Groups for the thread, and whether their jobs were run already.
        self._handed: SimpleQueue[tuple[list[_Job], bool] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run_thread, name="podium-writer", daemon=True)
        self._thread.start()

    async def submit(self, work: Callable[[Tx], T], *, brief: bool) -> T:
        """The result of `work`, once it is on disk. `brief` promises that it takes a millisecond or so.

        A caller that is cancelled while it waits may still find its write done: it was already under way.
        """
        loop = asyncio.get_running_loop()
        job = _Job(work, loop, brief=brief)
        with self._state:
            if self._closed:
                raise StorageUnavailable("The server is shutting down.")
            self._waiting.append(job)
            idle, self._working = not self._working, True
        if idle:
            self._gather(loop)
        result: T = await job.future
        return result

    def close(self) -> None:
        """Commit what is waiting, then close the connection."""
        with self._state:
            self._closed = True
        self._handed.put(None)
        self._thread.join()
        while group := self._take_group():
            self._finish(group, done=False)
            _deliver(group)
        self._connection.close()

    def _gather(self, loop: asyncio.AbstractEventLoop, seen: int = 0) -> None:
        """Begin the next group once a turn of the loop has brought nothing new: what comes together shares a commit."""
        waiting = len(self._waiting)
        if waiting > seen and waiting < MAX_GROUP:
            # Two steps are a whole turn: what the first one finds ready was read before the requests behind it.
            loop.call_soon(loop.call_soon, self._gather, loop, waiting)
        else:
            self._begin(loop)

    def _begin(self, loop: asyncio.AbstractEventLoop) -> None:
        """Start the next group, on the loop of one of its callers."""
        group = self._take_group()
        if not group:  # the store was closed meanwhile, which took them
            return
        before = self._connection.total_changes
        done = all(job.brief for job in group) and self._attempt(group)
        if done and self._connection.total_changes == before:  # there is no disk to wait for
            self._finish_here(group, loop)
        elif done and time.monotonic() >= self._away_until:
            began = time.monotonic()
            self._finish_here(group, loop)
            self._note_commit(time.monotonic() - began)
        else:
            self._handed.put((group, done))

    def _finish_here(self, group: list[_Job], loop: asyncio.AbstractEventLoop) -> None:
        self._finish(group, done=True)
        _resolve([job for job in group if job.loop is loop])
        _deliver([job for job in group if job.loop is not loop])
        self._go_on()

    def _note_commit(self, took_s: float) -> None:
        self._slow = self._slow + 1 if took_s > SLOW_COMMIT_S else 0
        if self._slow == MAX_SLOW:
            self._slow -= 1  # after the pause a single slow one is enough for the next
            self._away_until = time.monotonic() + PAUSE_S

    def _take_group(self) -> list[_Job]:
        with self._state:
            return [self._waiting.popleft() for _ in range(min(len(self._waiting), MAX_GROUP))]

    def _run_thread(self) -> None:
        while (handed := self._handed.get()) is not None:
            group, done = handed
            self._finish(group, done=done)
            _deliver(group)
            self._go_on()

    def _go_on(self) -> None:
        """Have what came in meanwhile begun by the loop that waits for it."""
        with self._state:
            self._working = bool(self._waiting) and not self._closed
            if not self._working:
                return
            loop = self._waiting[0].loop
        try:
            loop.call_soon_threadsafe(self._gather, loop)
        except RuntimeError:  # that loop was closed: its jobs are done here, for nobody
            self._handed.put((self._take_group(), False))

    def _attempt(self, group: list[_Job]) -> bool:
        """Run the group at once, and whether that was possible: another process may be writing, or a job be long."""
        self._tx.brief = True
        try:
            return self._run(group, self._open_at_once)
        except Lengthy:
            self._connection.execute("ROLLBACK")
            return False
        finally:
            self._tx.brief = False

    def _finish(self, group: list[_Job], *, done: bool) -> None:
        """Run the group unless that is `done`, and make it durable."""
        try:
            if not done:
                self._run(group, self._wait_and_open)
            if self._connection.in_transaction:
                self._connection.execute("COMMIT")
        except Exception as error:  # noqa: BLE001  nothing may end this thread; every caller is told
            self._fail(group, error)

    def _open_at_once(self) -> bool:
        """Begin a transaction, and whether that was possible."""
        try:
            self._connection.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            if _is_busy(error):
                return False
            raise
        return True

    def _wait_and_open(self) -> bool:
        deadline = time.monotonic() + MAX_WAIT_S
        while not self._open_at_once():
            if time.monotonic() > deadline:
                self._connection.execute("BEGIN IMMEDIATE")  # which says why it cannot
                return True
            time.sleep(_RETRY_S)
        return True

    def _run(self, group: list[_Job], begin: Callable[[], bool]) -> bool:
        """Run the jobs in a transaction, and whether one could be begun."""
        try:
            if not begin():
                return False
            if len(group) == 1:
                self._run_job(group[0], undo="ROLLBACK")
                return True
            if self._run_together(group):
                return True
            if not begin():
                return False
            self._run_apart(group)
        except Lengthy:
            raise
        except Exception as error:  # noqa: BLE001  every caller is told
            self._fail(group, error)
        return True

    def _run_together(self, group: list[_Job]) -> bool:
        """Run the jobs, and whether all went well; else none has happened, and the transaction is over.

        Savepoints would copy each page that a job changes: it is cheaper to run the few groups again that need them.
        """
        try:
            for job in group:
                job.result, job.error = job.work(self._tx), None
        except Lengthy:
            raise
        except BaseException:  # noqa: BLE001  it comes again when the jobs run apart
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            return False
        return True

    def _run_apart(self, group: list[_Job]) -> None:
        """Run the jobs in the open transaction. One that raises is undone alone, by its savepoint."""
        for job in group:
            self._connection.execute("SAVEPOINT job")
            self._run_job(job, undo="ROLLBACK TO job")
            self._connection.execute("RELEASE job")

    def _run_job(self, job: _Job, undo: str) -> None:
        try:
            job.result, job.error = job.work(self._tx), None
        except Lengthy:
            raise
        except BaseException as error:  # handed to the caller that waits for it
            job.error = _told(error)
            if not self._connection.in_transaction:  # a full disk makes SQLite roll back everything
                raise
            self._connection.execute(undo)

    def _fail(self, group: list[_Job], error: Exception) -> None:
        """None of the group is stored."""
        with suppress(sqlite3.Error):  # it may fail where the disk does; the next BEGIN then says so
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        for job in group:
            job.error = job.error or _told(error)


def _is_busy(error: sqlite3.Error) -> bool:
    code: int | None = getattr(error, "sqlite_errorcode", None)
    return code is not None and code & 0xFF == sqlite3.SQLITE_BUSY


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
        with suppress(RuntimeError):  # the loop was closed
            loop.call_soon_threadsafe(_resolve, jobs)


def _resolve(jobs: list[_Job]) -> None:
    for job in jobs:
        if job.future.done():  # the caller went away
            continue
        if job.error is not None:
            job.future.set_exception(job.error)
        else:
            job.future.set_result(job.result)
