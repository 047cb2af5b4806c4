"""One connection to PostgreSQL in libpq's pipeline mode: statements are queued, and travel together when the result
of one is looked at.

Whoever looks waits for the answer, and there are two ways to wait. In a greenlet of the event loop, the loop goes on
meanwhile and switches back when the answer is there. In a thread, the thread sleeps.
"""

import asyncio
import itertools
import os
import select
import socket
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import psycopg
from greenlet import getcurrent, greenlet
from psycopg.adapt import Transformer
from psycopg.errors import error_from_result
from psycopg.pq import ConnStatus, ExecStatus, Format

Row = tuple[Any, ...]

# A statement is prepared at its second use, and all are forgotten when there are too many.
MAX_PREPARED = 1000

_NUMBERS = itertools.count()
_SYNC = ExecStatus.PIPELINE_SYNC
_BAD = ConnStatus.BAD
_FAILED = ExecStatus.FATAL_ERROR


class NotAlone(Exception):
    """What was to be a single statement is several, which need a transaction."""


class Session:
    """Statements on one connection. It belongs to one transaction at a time, and is of no use once it is `broken`."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection  # kept: it is closed when nobody holds it
        self._pg = connection.pgconn
        self._pg.nonblocking = 1
        self._pg.enter_pipeline_mode()
        self._descriptor = self._pg.socket
        self._transformer = Transformer(connection)
        self._prepared: dict[str, bytes | None] = {}  # what a statement is called, None after its first use
        self._unproven: list[str] = []  # statements prepared by the batch under way
        self._alone = False  # whether there is no transaction
        self.statements = 0  # in the transaction so far
        self._begin: str | None = None  # how the transaction begins; sent with its first statement
        self._queued = 0  # statements not sent yet
        self._open = False  # whether a transaction was left
        self._batches = 0  # under way
        self._unread = 0  # those at their front whose results nobody looks at
        self._results: list[Any] = []  # what has come of the batch under way
        self._waiter: greenlet | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._hang_up = select.poll()
        self._hang_up.register(self._descriptor, 0)  # nothing but that the other end is gone
        self.ending = False  # whether the commit was sent
        self.broken = False

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        """From now on greenlets of this loop wait for answers."""
        self._loop = loop
        loop.add_reader(self._descriptor, self._on_readable)

    def detach(self) -> None:
        """From now on a thread waits for answers."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.remove_reader(self._descriptor)
            self._loop.remove_writer(self._descriptor)
        self._loop = None

    def close(self) -> None:
        """Let go of the connection."""
        self.broken = True
        self.detach()
        self._connection.close()

    def abort(self) -> None:
        """Cut the connection: whoever waits for an answer gets an error instead."""
        with suppress(OSError), socket.socket(fileno=os.dup(self._descriptor)) as cut:
            cut.shutdown(socket.SHUT_RDWR)

    def is_alive(self) -> bool:
        """Whether the server has not closed the connection. The socket tells, without a round trip."""
        poller = select.poll()
        poller.register(self._descriptor, select.POLLIN)
        while not self.broken and poller.poll(0):
            try:
                self.broken = not self._batches or self._take_in() is not None
            except psycopg.Error:
                self.broken = True
        return not self.broken

    def begin(self, statement: str) -> None:
        """Open a transaction by this statement, once there is something to do in it.

        Without one there is none, which is fine for a single statement that reads.
        """
        self._begin = statement
        self._alone = not statement
        self.statements = 0
        self.ending = False

    def commit(self) -> None:
        """Close the transaction, and return when that is durable."""
        if self._begin is None:  # something was done in it
            self.ending = True
            self._send("COMMIT", ())
            self.look()

    def leave(self) -> None:
        """Close a transaction that changed nothing, together with the beginning of the next one or by `tidy`."""
        if self._queued:
            self.look()
        self._open = self._open or (self._begin is None and not self._alone)

    def tidy(self) -> None:
        """Close a transaction that was left."""
        if self._open and not self.broken:
            self._open = False
            try:
                self._send("COMMIT", ())
                self._forget()
            except psycopg.Error as error:
                self._fail(error)

    def roll_back(self) -> None:
        """Close the transaction, and take back what was done in it."""
        self.broken = self.broken or self._pg.status == _BAD
        if self._begin is not None or self.broken:
            return
        try:
            if self._queued:  # if one of these fails, nothing is done up to the end of their batch
                self._forget()
            if not self._alone:
                self._send("ROLLBACK", ())
                self._forget()
        except psycopg.Error:
            self.broken = True

    def queue(self, statement: str, values: Sequence[bytes | None]) -> int:
        """Have a statement run with the next one whose result is looked at; its place among those.

        Raises NotAlone for a second one where no transaction was begun.
        """
        self.statements += 1
        if self._begin is not None:
            self._open_transaction(self._begin)
        elif self._alone:
            raise NotAlone
        self._send(statement, values)
        return self._queued - 1

    def look(self) -> list[Any]:
        """The results of the statements that were queued. Raises the first of their errors."""
        try:
            self._sync()
            results = self._wait()
        except psycopg.Error:  # not a statement failed, but the connection
            self.broken = True
            raise
        for result in results:
            if result.status == _FAILED:
                self._doubt_prepared()
                raise error_from_result(result)
        self._unproven.clear()
        return results

    def rows(self, result: Any) -> list[Row]:
        """The rows of a result."""
        transformer = self._transformer
        transformer.set_pgresult(result)
        rows: list[Row] = transformer.load_rows(0, result.ntuples, tuple)
        return rows

    def _forget_prepared(self) -> None:
        self.tidy()
        self._prepared.clear()
        self._pg.send_query_params(b"DEALLOCATE ALL", None)
        self._forget()

    def _open_transaction(self, begin: str) -> None:
        if len(self._prepared) > MAX_PREPARED:
            self._forget_prepared()
        if self._open:
            self._open = False
            self._send("COMMIT", ())
        if begin:
            self._send(begin, ())
        self._begin = None

    def _send(self, statement: str, values: Sequence[bytes | None]) -> None:
        name = self._prepared.get(statement, b"")
        if not name:
            name = self._prepare(statement, again=name is None)
        if name is None:
            self._pg.send_query_params(statement.encode(), values, result_format=Format.BINARY)
        else:
            self._pg.send_query_prepared(name, values, result_format=Format.BINARY)
        self._queued += 1

    def _prepare(self, statement: str, *, again: bool) -> bytes | None:
        """What the statement is called from here on; nothing at its first use."""
        name = b"s%d" % next(_NUMBERS) if again else None
        self._prepared[statement] = name
        if name is not None:
            self._pg.send_prepare(name, statement.encode())
            self._queued += 1
            self._unproven.append(statement)
        return name

    def _doubt_prepared(self) -> None:
        """Statements that the batch under way was to prepare may not have been reached."""
        for statement in self._unproven:
            self._prepared.pop(statement, None)
        self._unproven.clear()

    def _forget(self) -> None:
        """Send what is queued, for nobody to look at."""
        self._unread += 1
        self._doubt_prepared()
        self._sync()

    def _sync(self) -> None:
        """Send what is queued."""
        self._pg.pipeline_sync()
        self._queued = 0
        self._batches += 1
        if self._pg.flush() and self._loop is not None:
            self._loop.add_writer(self._descriptor, self._on_writable)

    def _wait(self) -> list[Any]:
        if self._loop is None:
            return self._wait_asleep()
        self._waiter = current = getcurrent()
        assert current.parent is not None, "work on the loop runs in a greenlet of its own"
        results: list[Any] = current.parent.switch()
        return results

    def _wait_asleep(self) -> list[Any]:
        poller = select.poll()
        while (results := self._take_in()) is None:
            unsent = self._pg.flush()
            poller.register(self._descriptor, select.POLLIN | (select.POLLOUT if unsent else 0))
            poller.poll()
        return results

    def _take_in(self) -> list[Any] | None:
        """The results of a batch that somebody looks at, when all of them are there."""
        connection = self._pg
        connection.consume_input()
        while self._batches and not connection.is_busy():
            result = connection.get_result()
            if result is None:  # between the results of two statements, or for ever
                if connection.status == _BAD:
                    raise psycopg.OperationalError("the connection to PostgreSQL was lost")
                continue
            if result.status != _SYNC:
                self._results.append(result)
                continue
            self._batches -= 1
            results, self._results = self._results, []
            if not self._unread:
                return results
            self._unread -= 1
        return None

    def _on_readable(self) -> None:
        try:
            results = self._take_in()
        except psycopg.Error as error:
            self._fail(error)
            return
        # uvloop tells of a reset once and never again, and there may be more to read than was read now. Looked at
        # before the waiter goes on, who may send more.
        if self._hang_up.poll(0):
            asyncio.get_running_loop().call_soon(self._on_hung_up)
        if results is not None and self._waiter is not None:
            waiter, self._waiter = self._waiter, None
            waiter.switch(results)

    def _on_hung_up(self) -> None:
        if self._loop is not None:
            self._on_readable()

    def _on_writable(self) -> None:
        try:
            unsent = self._pg.flush()
        except psycopg.Error as error:
            self._fail(error)
            return
        if not unsent and self._loop is not None:
            self._loop.remove_writer(self._descriptor)

    def _fail(self, error: psycopg.Error) -> None:
        self.broken = True
        self.detach()
        if self._waiter is not None:
            waiter, self._waiter = self._waiter, None
            waiter.throw(error)
