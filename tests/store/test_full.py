"""SQLite without room, at the moments that matter: within a job, at the commit, and while moving its log."""

import asyncio
import resource
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from podium.errors import StorageError, StorageFull
from podium.store.dialect import storage_error
from podium.store.engine import open_store
from podium.store.sqlite import SqliteStore
from podium.store.transaction import Tx


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SqliteStore]:
    monkeypatch.setattr("podium.store.sqlite.make_room", lambda _: None)  # a log without room has to grow
    opened = open_store(None, tmp_path)
    assert isinstance(opened, SqliteStore)
    asyncio.run(opened.write(lambda tx: tx.run("CREATE TABLE notes (number INTEGER PRIMARY KEY, note TEXT)")))
    yield opened
    opened.close()


def note(number: int, size: int = 10):
    return lambda tx: tx.count("INSERT INTO notes VALUES (:number, :note)", number=number, note="n" * size)


def numbers(store: SqliteStore) -> list[int]:
    return asyncio.run(store.read(lambda tx: [row[0] for row in tx.all("SELECT number FROM notes ORDER BY number")]))


def limit_pages(store: SqliteStore, more: int) -> None:
    """SQLite itself finds its file full: `more` pages from now on."""

    def work(tx: Tx) -> None:
        pages = tx.value("PRAGMA page_count")
        tx.value(f"PRAGMA max_page_count = {pages + more}")

    asyncio.run(store.write(work))


@contextmanager
def no_file_grows_beyond(size: int):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


async def outcomes(store: SqliteStore, *jobs) -> list[object]:
    return await asyncio.gather(*(store.write(job) for job in jobs), return_exceptions=True)


def test_a_group_that_meets_a_full_database_fails_as_told_and_the_writer_goes_on(store):
    limit_pages(store, 0)
    told = asyncio.run(outcomes(store, note(1), note(2, 100_000), note(3)))
    assert isinstance(told[1], StorageFull)
    there = [number for number, outcome in zip((1, 2, 3), told, strict=True) if not isinstance(outcome, Exception)]
    assert numbers(store) == there
    limit_pages(store, 1000)
    assert asyncio.run(outcomes(store, note(4, 100_000), note(5))) == [1, 1]
    assert numbers(store) == [*there, 4, 5]


def test_a_commit_that_fails_takes_back_its_whole_group(store, tmp_path):
    log = tmp_path / "podium.db-wal"
    with no_file_grows_beyond(log.stat().st_size):
        told = asyncio.run(outcomes(store, note(1, 5000), note(2, 5000), note(3, 5000)))
        assert [isinstance(outcome, StorageError) for outcome in told] == [True] * 3
        assert numbers(store) == []
    assert asyncio.run(outcomes(store, note(1), note(2))) == [1, 1]
    assert numbers(store) == [1, 2]


def test_a_checkpoint_that_fails_loses_nothing(store, tmp_path):
    """The log may grow, the database may not: what was acknowledged stays in the log, and is moved later."""
    database = tmp_path / "podium.db"
    asyncio.run(store.write(lambda tx: tx.run("PRAGMA wal_autocheckpoint = 20")))
    for number in range(100):
        asyncio.run(store.write(note(number, 20_000)))
    size = database.stat().st_size
    with no_file_grows_beyond(max(size, (tmp_path / "podium.db-wal").stat().st_size)):
        told = asyncio.run(outcomes(store, *(note(number, 20_000) for number in range(100, 400))))
    kept = [number for number, outcome in enumerate(told, start=100) if not isinstance(outcome, Exception)]
    assert numbers(store) == [*range(100), *kept]
    assert asyncio.run(outcomes(store, note(1000, 20_000))) == [1]
    assert asyncio.run(store.read(lambda tx: tx.value("PRAGMA integrity_check"))) == "ok"


def test_a_file_that_is_no_database_is_told_as_damage(tmp_path):
    (tmp_path / "podium.db").write_bytes(b"not a database at all" * 100)
    with pytest.raises(StorageError, match="is damaged, restore it from a backup"):
        open_store(None, tmp_path)


def test_no_room_for_the_index_of_the_log_is_no_room():
    """What a start on a full disk meets."""
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = sqlite3.SQLITE_IOERR_SHMSIZE
    assert isinstance(storage_error(error), StorageFull)
