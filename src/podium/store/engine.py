"""Runs functions in transactions. `read` and `write` take a plain function of a transaction; nothing is awaited
inside it, so a transaction never waits for a client.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol, TypeVar

from podium.store.dialect import Dialect
from podium.store.transaction import Tx

T = TypeVar("T")


class Store(Protocol):
    """A database, SQLite or PostgreSQL, at the schema of this program.

    Short work runs on the event loop, where handing it to a thread would cost several times the work.
    """

    dialect: Dialect

    async def read(self, work: Callable[[Tx], T], *, brief: bool = True) -> T:
        """Run `work` on one state of the database and return its result.

        What is known to read thousands of rows is not `brief`. Else it may be begun twice, when it turns out to read
        much: it changes nothing but what it returns.
        """
        ...

    async def write(self, work: Callable[[Tx], T], *, brief: bool = False) -> T:
        """Run `work` and return its result once that is durable. An exception rolls back, and is raised here.

        `work` may be run again, when the database asks for it (deadlock, serialization failure) or when it was said
        to be `brief` and is not: it changes nothing but the database. What is brief takes a millisecond or so, however
        much is stored.
        """
        ...

    def close(self) -> None:
        """Finish what is under way and let go of the database."""
        ...


def open_store(url: str | None, data: Path) -> Store:
    """Open the database that `url` names (`postgresql://…`, or None for SQLite in the data folder) and migrate it.

    Raises StorageError when it cannot be opened or is newer than this program.
    """
    # The drivers load only when they are used: PostgreSQL's costs 0.4 s of the start.
    if url:
        from podium.store.postgres import PostgresStore  # noqa: PLC0415

        return PostgresStore(url)
    from podium.store.sqlite import SqliteStore  # noqa: PLC0415

    return SqliteStore(data / "podium.db")
