"""PostgreSQL: any number of processes may share the database.

It may go away at any time and come back. Meanwhile every request is refused within a few seconds, and none is left
waiting: connecting, statements, locks and whole transactions have their limits.
"""

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from podium.errors import StorageUnavailable
from podium.store.dialect import Dialect, storage_error, unstorable
from podium.store.migrate import migrate
from podium.store.postgres_pool import CONNECTIONS, Job, Pool, Unreachable
from podium.store.postgres_session import Session
from podium.store.postgres_tx import transaction
from podium.store.transaction import Tx

T = TypeVar("T")

# After a connection that could not be made, requests are refused at once for so long: they do not wait in turn.
OUTAGE_S = 1.0
# The end of what nothing else ends, such as a database that is frozen.
TRANSACTION_S = 90.0
# A network that swallows packets is noticed in 20 s. What the URL says wins.
_DEFAULTS = {
    "connect_timeout": "4",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "2",
    "tcp_user_timeout": "20000",
}
# Where neither the URL nor the database sets a limit of its own.
_LIMITS = (
    "SELECT set_config(name, value, false) FROM (VALUES ('statement_timeout', '60s'), ('lock_timeout', '20s'),"
    " ('idle_in_transaction_session_timeout', '60s')) AS wanted (name, value) WHERE current_setting(name) = '0'"
)


class PostgresStore:
    """The database at a `postgresql://` URL, brought to the current schema."""

    dialect: Dialect = "postgresql"

    def __init__(self, url: str) -> None:
        try:
            given = conninfo_to_dict(url)
            self._where = make_conninfo(url, **{name: _DEFAULTS[name] for name in _DEFAULTS.keys() - given.keys()})
            with transaction(self._where) as tx:
                migrate(tx)
        except psycopg.Error as error:
            reason = " ".join(str(error).split())
            raise StorageUnavailable(f"PostgreSQL at the given database URL cannot be used: {reason}") from error
        self._refused_until = 0.0
        self._threads = ThreadPoolExecutor(2 * CONNECTIONS, thread_name_prefix="podium-postgres")
        self._pools: dict[asyncio.AbstractEventLoop, Pool] = {}
        self._spare: list[Session] = []  # connections that no loop uses
        self._opening = threading.Lock()

    async def read(self, work: Callable[[Tx], T], *, brief: bool = True) -> T:
        return await self._run(work, writes=False, brief=brief)

    async def write(self, work: Callable[[Tx], T], *, brief: bool = False) -> T:
        return await self._run(work, writes=True, brief=brief)

    def close(self) -> None:
        self._threads.shutdown()
        for pool in self._pools.values():
            pool.leave()
        for session in self._spare:
            session.close()

    async def _run(self, work: Callable[[Tx], T], *, writes: bool, brief: bool) -> T:
        if time.monotonic() < self._refused_until:
            raise _unreachable()
        loop = asyncio.get_running_loop()
        pool = self._pools.get(loop) or self._open_pool(loop)
        job = Job(work, loop.create_future(), writes=writes, brief=brief)
        job.timer = loop.call_later(TRANSACTION_S, job.expire, _too_slow())
        pool.submit(job)
        try:
            result: T = await job.future
        except Unreachable as error:
            self._refused_until = time.monotonic() + OUTAGE_S
            raise _unreachable() from error
        except psycopg.DataError as error:  # NUL in a text, a number out of range
            raise unstorable(error) from error
        except psycopg.Error as error:
            raise storage_error(error) from error
        return result

    def _open_pool(self, loop: asyncio.AbstractEventLoop) -> Pool:
        """A pool for this loop, with the sessions of loops that have ended."""
        with self._opening:
            for ended in [other for other in self._pools if other.is_closed()]:
                self._pools.pop(ended).leave()
            pool = self._pools[loop] = Pool(loop, self._connect, self._spare, self._threads)
        return pool

    def _connect(self) -> None:
        connection = psycopg.connect(self._where, autocommit=True)
        try:
            connection.execute(_LIMITS)
            self._spare.append(Session(connection))
        except psycopg.Error:
            connection.close()
            raise


def _too_slow() -> StorageUnavailable:
    return StorageUnavailable(
        f"PostgreSQL did not answer within {TRANSACTION_S:g} s; whether a change was made, only a look tells."
    )


def _unreachable() -> StorageUnavailable:
    return StorageUnavailable("PostgreSQL does not answer; the same request can be sent again later.")
