"""The log of a SQLite database has its full length from the start, and is never more than that."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from podium.store.log_room import make_room
from podium.store.sqlite import SqliteStore


def log_of(path: Path) -> Path:
    return path.with_name(path.name + "-wal")


def test_a_new_log_does_not_grow_with_what_is_written(tmp_path: Path):
    path = tmp_path / "podium.db"
    store = SqliteStore(path)
    before = log_of(path).stat().st_size
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("CREATE TABLE t (x)")
        connection.execute("INSERT INTO t VALUES (zeroblob(1000000))")
    assert log_of(path).stat().st_size == before
    store.close()
    assert sorted(file.name for file in tmp_path.iterdir()) == ["podium.db"]


def test_a_log_that_is_there_is_left_as_it_is(tmp_path: Path):
    path = tmp_path / "podium.db"
    writing = sqlite3.connect(path, isolation_level=None)
    writing.execute("PRAGMA journal_mode = WAL")
    writing.execute("CREATE TABLE t (x)")
    writing.execute("INSERT INTO t VALUES (1)")
    content = log_of(path).read_bytes()
    make_room(path)
    assert log_of(path).read_bytes() == content
    assert writing.execute("SELECT x FROM t").fetchall() == [(1,)]
    writing.close()


def test_without_room_the_log_is_left_to_sqlite(tmp_path: Path, monkeypatch):
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    make_room(tmp_path / "podium.db")
    assert list(tmp_path.iterdir()) == []
