"""The whole database at one moment as one SQLite file, whichever database it comes from and goes back to.

The file is what a backup holds: any SQLite reads it, and both databases are restored from it. Taking one holds up no
writer, and changes nothing: not even the schema is brought up to date.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from podium.store.dialect import storage_error
from podium.store.migrate import schema_number
from podium.store.transaction import Tx


def take_snapshot(url: str | None, data: Path, file: Path) -> None:
    """Write the state of now, of PostgreSQL at `url` or else of the SQLite database in `data`, to `file`, in place of
    what may be there.

    Raises StorageError, and SchemaTooNew for a database of a newer Podium.
    """
    file.unlink(missing_ok=True)
    try:
        with closing(sqlite3.connect(file, isolation_level=None)) as target:
            target.execute("PRAGMA synchronous = OFF")  # whoever publishes the file syncs it
            if url:
                from podium.store.postgres_snapshot import dump_postgres  # noqa: PLC0415  its driver takes a while

                dump_postgres(url, target)
            else:
                _copy_pages(data / "podium.db", target)
            # Copied pages say WAL, as their source. A snapshot is one file, and reading it leaves nothing beside it.
            target.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.Error as error:
        raise storage_error(error) from error


@contextmanager
def open_snapshot(file: Path) -> Iterator[Tx]:
    """The rows of a snapshot, for reading only."""
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)) as opened:
            yield Tx(opened)
    except sqlite3.Error as error:
        raise storage_error(error) from error


def load_snapshot(file: Path, url: str) -> None:
    """Fill the empty PostgreSQL database at `url` from a SQLite file of the current schema, all or nothing.

    Raises InvalidState when it is not empty, InvalidArgument for a text that PostgreSQL does not take, StorageError.
    """
    from podium.store.postgres_snapshot import load_postgres  # noqa: PLC0415

    with open_snapshot(file) as source:
        load_postgres(source, url)


def check_empty(url: str) -> None:
    """Raises InvalidState when a Podium is in the PostgreSQL database, StorageUnavailable when it is not there."""
    from podium.store.postgres_snapshot import check_empty_postgres  # noqa: PLC0415

    check_empty_postgres(url)


def _copy_pages(path: Path, target: sqlite3.Connection) -> None:
    # SQLite's online backup in one step, which is one read transaction. Measured beside VACUUM INTO, it takes less than
    # half of the processor time.
    with closing(sqlite3.connect(path, isolation_level=None)) as source:
        schema_number(Tx(source))
        source.backup(target)
