"""PostgreSQL: a pool of connections, used from a pool of threads; any number of processes may share the database."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import psycopg
from psycopg_pool import ConnectionPool

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


class PostgresStore:
    """The database at a `postgresql://` URL, brought to the current schema."""

    dialect: Dialect = "postgresql"

    def __init__(self, url: str) -> None:
        try:
            with psycopg.connect(url) as connection:
                migrate(Tx(connection, "postgresql"))
        except psycopg.Error as error:
            raise StorageUnavailable(f"PostgreSQL at the given database URL cannot be used: {error}") from error
        self._pool: ConnectionPool[Any] = ConnectionPool(
            url, min_size=1, max_size=CONNECTIONS, kwargs={"autocommit": True}, open=True
        )
        self._threads = ThreadPoolExecutor(CONNECTIONS, thread_name_prefix="podium-postgres")

    async def read(self, work: Callable[[Tx], T]) -> T:
        def run() -> T:
            return self._run(work, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")

        return await asyncio.get_running_loop().run_in_executor(self._threads, run)

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

        return await asyncio.get_running_loop().run_in_executor(self._threads, run)

    def close(self) -> None:
        self._threads.shutdown()
        self._pool.close()

    def _run(self, work: Callable[[Tx], T], begin: str) -> T:
        try:
            with self._pool.connection() as connection:
                connection.execute(begin)
                try:
                    result = work(Tx(connection, "postgresql"))
                    connection.execute("COMMIT")
                except BaseException:
                    connection.rollback()
                    raise
                return result
        except psycopg.DataError as error:  # NUL in a text, a number out of range
            raise unstorable(error) from error
        except psycopg.Error as error:
            raise storage_error(error) from error
