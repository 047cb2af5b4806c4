"""The connections of one event loop, and the transactions that wait for one.

Brief work runs on the loop, in a greenlet: a plain function that gives way to the loop while it waits for an answer.
Brief writes that wait are run one after the other in one transaction and committed once (group commit); the next
group begins while the commit of the one before is on its way to the disk. When a job of a group fails, the group is
taken back and its jobs are run each alone. Other work runs in a thread.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor
from types import CodeType
from typing import Any

import psycopg
from greenlet import greenlet

from podium.store.postgres_session import NotAlone, Session
from podium.store.postgres_tx import PostgresTx
from podium.store.transaction import Lengthy, Tx

CONNECTIONS = 8
MAX_GROUP = 64
MAX_ATTEMPTS = 5
# Serialization failure and deadlock; and rows that another process removed or added after they were looked for: tried
# again, the work finds out by itself and says what is wrong in its own words.
_RETRY_STATES = {"40001", "40P01", "23503", "23505"}

_READ = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_WRITE = "BEGIN"
# Two groups of two servers may lock the same rows in different orders: soon they are run one by one, in no group.
_MAX_GROUP_WAIT = "SET LOCAL lock_timeout = 100"
# How long a finished read may wait for the next one, to be closed together with its beginning.
_LEFT_OPEN_S = 0.005


class Unreachable(Exception):
    """No connection can be made."""


class Job:
    """A function to run in a transaction, and who waits for its result."""

    __slots__ = ("alone", "attempts", "brief", "future", "result", "session", "timer", "work", "writes")

    def __init__(self, work: Callable[[Tx], Any], future: asyncio.Future[Any], *, writes: bool, brief: bool) -> None:
        self.work = work
        self.future = future
        self.writes = writes
        self.brief = brief
        self.alone = False  # whether it is expected to be a single statement that reads
        self.attempts = 0
        self.result: Any = None
        self.session: Session | None = None  # while it is run
        self.timer: asyncio.TimerHandle | None = None

    def settle(self, error: BaseException | None) -> None:
        """Give the result or the error to who waits for it."""
        if self.timer is not None:
            self.timer.cancel()
        if self.future.done():  # the caller went away
            return
        if error is None:
            self.future.set_result(self.result)
        else:
            self.future.set_exception(error)

    def expire(self, error: Exception) -> None:
        """Give up: the connection is cut, whatever it is doing."""
        self.settle(error)
        if self.session is not None:
            self.session.abort()


class Pool:
    """Runs jobs, on up to `CONNECTIONS` sessions: those that are `spare`, and new ones that `connect` puts there."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        connect: Callable[[], None],
        spare: list[Session],
        threads: Executor,
    ) -> None:
        self._loop = loop
        self._connect = connect
        self._spare = spare
        self._threads = threads
        self._idle: list[Session] = []
        self._sessions: set[Session] = set()
        self._connecting = 0
        self._adopt()
        self._waiting: deque[list[Job]] = deque()  # each to be run in one transaction
        self._ungrouped: deque[Job] = deque()
        self._statements: dict[CodeType, int] = {}  # how many a function that reads had the last time
        self._tidying = False  # whether that is due
        self._grouping = False  # whether a group is being run or about to begin

    def submit(self, job: Job) -> None:
        """Run the job when there is a session for it."""
        if job.writes and job.brief:
            self._ungrouped.append(job)
            if not self._grouping:
                self._grouping = True
                self._loop.call_soon(self._begin_group)  # behind what is ready now: those that came together
            return
        # What was one statement the last time is taken for one. When it is not, it is begun again in a transaction.
        job.alone = not job.writes and self._statements.get(_code(job)) == 1
        self._run_alone(job)

    def leave(self) -> None:
        """Make the sessions spare, when the loop has ended. Those in use are closed."""
        for session in self._sessions.difference(self._idle):
            session.close()
        for session in self._idle:
            session.tidy()
            session.detach()
        self._spare += self._idle
        self._idle.clear()
        self._sessions.clear()

    def _run_alone(self, job: Job) -> None:
        self._waiting.append([job])
        self._dispatch()

    def _begin_group(self) -> None:
        group = [self._ungrouped.popleft() for _ in range(min(len(self._ungrouped), MAX_GROUP))]
        self._waiting.append(group)
        self._dispatch()

    def _end_group(self) -> None:
        self._grouping = bool(self._ungrouped)
        if self._grouping:
            self._loop.call_soon(self._begin_group)

    def _dispatch(self) -> None:
        """Start what waits, as long as there are sessions."""
        while self._waiting:
            session = self._take()
            if session is None:
                self._grow()
                return
            self._start(session, self._waiting.popleft())

    def _take(self) -> Session | None:
        while self._idle:
            session = self._idle.pop()
            if not session.broken:
                return session
            self._drop(session)
        return None

    def _start(self, session: Session, jobs: list[Job]) -> None:
        for job in jobs:
            job.attempts += 1
            job.session = session
        if jobs[0].brief:
            greenlet(self._run_here).switch(session, jobs)
            return
        session.detach()
        run = self._loop.run_in_executor(self._threads, _perform, session, jobs, lambda: None)
        run.add_done_callback(lambda done: self._finish(session, jobs, done.result()))

    def _run_here(self, session: Session, jobs: list[Job]) -> None:
        in_group = jobs[0].writes and jobs[0].attempts == 1
        self._finish(session, jobs, _perform(session, jobs, self._end_group if in_group else lambda: None))

    def _finish(self, session: Session, jobs: list[Job], error: BaseException | None) -> None:
        if not jobs[0].writes:
            self._statements[_code(jobs[0])] = session.statements
        for job in jobs:
            job.session = None
        for job in jobs:
            if error is None or not self._run_again(session, job, error, alone=len(jobs) == 1):
                job.settle(error)
        if session.broken:
            self._drop(session)
        else:
            if not jobs[0].brief:
                session.attach(self._loop)
            self._idle.append(session)
            if not self._tidying:
                self._tidying = True
                self._loop.call_later(_LEFT_OPEN_S, self._tidy)
        self._loop.call_soon(self._dispatch)

    def _tidy(self) -> None:
        self._tidying = False
        for session in self._idle:
            session.tidy()

    def _run_again(self, session: Session, job: Job, error: BaseException, *, alone: bool) -> bool:
        """Whether that was arranged."""
        if job.future.done() or (session.broken and session.ending):  # it may have been committed
            return False
        if isinstance(error, NotAlone):
            job.alone = False
        elif isinstance(error, Lengthy):
            job.brief = False
        elif alone:
            lost = session.broken and job.attempts == 1
            again = lost or getattr(error, "sqlstate", None) in _RETRY_STATES
            if not again or job.attempts == MAX_ATTEMPTS:
                return False
        self._waiting.append([job])
        return True

    def _grow(self) -> None:
        if self._connecting < len(self._waiting) and len(self._sessions) + self._connecting < CONNECTIONS:
            self._connecting += 1
            self._loop.run_in_executor(self._threads, self._connect).add_done_callback(self._on_connected)

    def _on_connected(self, made: asyncio.Future[None]) -> None:
        self._connecting -= 1
        error = made.exception()
        self._adopt()
        if error is None:
            self._dispatch()
        elif not self._sessions:  # else those go on with what waits
            self._refuse(error)

    def _adopt(self) -> None:
        while self._spare:
            session = self._spare.pop()
            if session.is_alive():
                session.attach(self._loop)
                self._sessions.add(session)
                self._idle.append(session)
            else:
                session.close()

    def _refuse(self, error: BaseException) -> None:
        """Nothing that waits can be run."""
        refused = [job for jobs in self._waiting for job in jobs]
        self._waiting.clear()
        if any(job.writes and job.brief and not job.attempts for job in refused):
            self._end_group()
        for job in refused:
            unreachable = Unreachable(str(error))
            unreachable.__cause__ = error
            job.settle(unreachable)

    def _drop(self, session: Session) -> None:
        self._sessions.discard(session)
        session.close()


def _code(job: Job) -> CodeType:
    return job.work.__code__


def _perform(session: Session, jobs: list[Job], ending: Callable[[], None]) -> BaseException | None:
    """Run the jobs in one transaction, and return what went wrong. `ending` is called before the commit is awaited."""
    first = jobs[0]
    tx = PostgresTx(session)
    tx.brief, tx.writes = first.brief, first.writes
    session.begin("" if first.alone else _WRITE if first.writes else _READ)
    try:
        if len(jobs) > 1:
            session.queue(_MAX_GROUP_WAIT, ())
        for job in jobs:
            job.result = job.work(tx)
    except BaseException as error:  # noqa: BLE001  handed to the callers that wait
        ending()
        session.roll_back()
        return error
    ending()
    try:
        if first.writes:
            session.commit()
        else:
            session.leave()
    except psycopg.Error as error:
        session.roll_back()
        return error
    return None
