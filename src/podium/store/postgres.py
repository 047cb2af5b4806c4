"""PostgreSQL: a pool of connections, used from a pool of threads; any number of processes may share the database.

The database may go away at any time and come back. Meanwhile every request is refused within a few seconds, and none
is left waiting: connecting, statements, locks and whole transactions have their limits.
"""

import asyncio
import select
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg_pool import ConnectionPool, PoolTimeout

from podium.errors import StorageUnavailable
from podium.store.dialect import Dialect, storage_error, unstorable
from podium.store.migrate import migrate
from podium.store.transaction import Tx

T = TypeVar("T")

CONNECTIONS = 8
MAX_ATTEMPTS = 5
# Serialization failure and deadlock; and rows that another process removed or added after they were looked for: tried
# again, the work finds out by itself and says what is wrong in its own words.
_RETRY_STATES = {"40001", "40P01", "23503", "23505"}

# There are as many connections as threads, so a thread waits for one only while it is being made.
POOL_WAIT_S = 3.0
# After a wait in vain the others are refused at once for so long: the requests in the queue do not wait in turn.
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
            where = make_conninfo(url, **{name: _DEFAULTS[name] for name in _DEFAULTS.keys() - given.keys()})
            with psycopg.connect(where) as connection:
                migrate(Tx(connection, "postgresql"))
        except psycopg.Error as error:
            reason = " ".join(str(error).split())
            raise StorageUnavailable(f"PostgreSQL at the given database URL cannot be used: {reason}") from error
        self._pool: ConnectionPool[Any] = ConnectionPool(
            where,
            min_size=1,
            max_size=CONNECTIONS,
            kwargs={"autocommit": True},
            configure=_limit,
            check=_check_alive,
            timeout=POOL_WAIT_S,
            reconnect_timeout=POOL_WAIT_S,  # then begun anew by the next request, without the growing pauses
            open=True,
        )
        self._refused_until = 0.0
        self._threads = ThreadPoolExecutor(CONNECTIONS, thread_name_prefix="podium-postgres")

    async def read(self, work: Callable[[Tx], T]) -> T:
        return await self._in_thread(lambda: self._run(work, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"))

    async def write(self, work: Callable[[Tx], T], *, brief: bool = False) -> T:  # noqa: ARG002  all wait for the network
        def run() -> T:
            for attempt in range(1, MAX_ATTEMPTS + 1):
                try:
                    return self._run(work, "BEGIN")
                except StorageUnavailable as error:
                    state = getattr(error.__cause__, "sqlstate", None)
                    if state not in _RETRY_STATES or attempt == MAX_ATTEMPTS:
                        raise
            raise AssertionError

        return await self._in_thread(run)

    def close(self) -> None:
        self._threads.shutdown()
        self._pool.close()

    async def _in_thread(self, run: Callable[[], T]) -> T:
        try:
            async with asyncio.timeout(TRANSACTION_S):
                return await asyncio.get_running_loop().run_in_executor(self._threads, run)
        except TimeoutError as error:
            raise StorageUnavailable(
                f"PostgreSQL did not answer within {TRANSACTION_S:g} s; whether a change was made, only a look tells."
            ) from error

    def _run(self, work: Callable[[Tx], T], begin: str) -> T:
        if time.monotonic() < self._refused_until:
            raise _unreachable()
        try:
            with self._pool.connection() as connection:  # rolled back and returned, or thrown away, whatever happens
                connection.execute(begin)
                result = work(Tx(connection, "postgresql"))
                connection.execute("COMMIT")
                return result
        except PoolTimeout as error:
            self._refused_until = time.monotonic() + OUTAGE_S
            raise _unreachable() from error
        except psycopg.DataError as error:  # NUL in a text, a number out of range
            raise unstorable(error) from error
        except psycopg.Error as error:
            raise storage_error(error) from error


def _limit(connection: psycopg.Connection[Any]) -> None:
    connection.execute(_LIMITS)


def _check_alive(connection: psycopg.Connection[Any]) -> None:
    """Raises when the server has closed the connection. The socket tells, without a round trip: it is then readable."""
    socket = select.poll()
    socket.register(connection.fileno(), select.POLLIN)
    if socket.poll(0):
        ConnectionPool.check_connection(connection)


def _unreachable() -> StorageUnavailable:
    return StorageUnavailable("PostgreSQL does not answer; the same request can be sent again later.")
