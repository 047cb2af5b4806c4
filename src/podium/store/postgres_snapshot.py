"""The rows of a PostgreSQL database into a SQLite file, and back; loaded only with a postgresql:// URL."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from podium.errors import InvalidState
from podium.store.copying import copy_rows
from podium.store.dialect import storage_error, unstorable
from podium.store.migrate import migrate, schema_number
from podium.store.postgres_tx import transaction
from podium.store.transaction import Tx

_READ = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"


def dump_postgres(url: str, target: sqlite3.Connection) -> None:
    """Write the rows of one moment into an empty SQLite database, at the schema that they have."""
    target.execute("PRAGMA journal_mode = OFF")  # a file that was not finished is thrown away
    target.execute("BEGIN")
    with _connected(url, read_only=True) as source:
        migrate(Tx(target), schema_number(source))
        copy_rows(source, Tx(target))
    target.execute("COMMIT")


def load_postgres(source: Tx, url: str) -> None:
    """Bring an empty database to the current schema, and `source`'s rows into it, in one transaction."""
    with _connected(url) as target:
        _refuse_filled(target)
        migrate(target)
        copy_rows(source, target)


def check_empty_postgres(url: str) -> None:
    """Raises InvalidState when there is a Podium in the database, StorageUnavailable when it is not there."""
    with _connected(url, read_only=True) as tx:
        _refuse_filled(tx)


@contextmanager
def _connected(url: str, *, read_only: bool = False) -> Iterator[Tx]:
    try:
        with transaction(url, _READ if read_only else "BEGIN") as tx:
            yield tx
    except psycopg.DataError as error:  # NUL in a text
        raise unstorable(error) from error
    except psycopg.Error as error:
        raise storage_error(error) from error


def _refuse_filled(tx: Tx) -> None:
    if tx.value("SELECT to_regclass('schema_migrations')") is not None:
        raise InvalidState("The PostgreSQL database is not empty: name a new one with --database-url.")
