"""Rows inserted by one connection, with nothing around them. The row is as long as a metric point."""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import psycopg

BATCH = 1000
TABLE = "CREATE TABLE points (run INT, key INT, moment BIGINT, step BIGINT, value DOUBLE PRECISION)"

Row = tuple[int, int, int, int, float]
Insert = Callable[[list[Row]], None]


class Database(msgspec.Struct, frozen=True):
    """A database with an empty table; `opened` gives what inserts rows and commits."""

    name: str
    opened: Callable[[], AbstractContextManager[Insert]]

    def rate(self, batch: int, seconds: float) -> float:
        """Rows/s with a commit every `batch` rows."""
        rows: list[Row] = [(1, 1, 1700000000000 + i, i, i / 7) for i in range(batch)]
        with self.opened() as insert:
            started, count = time.perf_counter(), 0
            while time.perf_counter() - started < seconds:
                insert(rows)
                count += batch
            return count / (time.perf_counter() - started)


def sqlite(place: Path) -> Database:
    """SQLite on the disk of `place`, as durable as Podium keeps it."""
    return Database("SQLite (WAL, synchronous=FULL)", partial(_sqlite, place))


def postgres(address: str) -> Database:
    """A PostgreSQL database as it is set up."""
    return Database("PostgreSQL", partial(_postgres, address))


@contextmanager
def _sqlite(place: Path) -> Iterator[Insert]:
    with TemporaryDirectory(dir=place) as folder:
        connection = sqlite3.connect(Path(folder) / "limit.db", isolation_level=None)
        for statement in ("PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL", TABLE):
            connection.execute(statement)

        def insert(rows: list[Row]) -> None:
            connection.execute("BEGIN")
            connection.executemany("INSERT INTO points VALUES (?, ?, ?, ?, ?)", rows)
            connection.execute("COMMIT")

        yield insert
        connection.close()


@contextmanager
def _postgres(address: str) -> Iterator[Insert]:
    with psycopg.connect(f"postgresql://{address}") as connection, connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS points")
        cursor.execute(TABLE)
        connection.commit()

        def insert(rows: list[Row]) -> None:
            cursor.executemany("INSERT INTO points VALUES (%s, %s, %s, %s, %s)", rows)
            connection.commit()

        yield insert
