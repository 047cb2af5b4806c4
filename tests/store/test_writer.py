"""Where SQLite's commits are made, and what shares one."""

import asyncio
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from podium.store import writer as writing
from podium.store.writer import MAX_SLOW, Writer


class Database(sqlite3.Connection):
    """One whose commits take `delay_s`; it remembers the names of the threads that made them."""

    delay_s = 0.0

    def __init__(self, *given, **named) -> None:
        super().__init__(*given, **named)
        self.commits: list[str] = []

    def execute(self, statement: str, *given):
        if statement == "COMMIT":
            time.sleep(self.delay_s)
            self.commits.append(threading.current_thread().name)
        return super().execute(statement, *given)


@pytest.fixture
def database(tmp_path: Path) -> Database:
    opened = sqlite3.connect(tmp_path / "db", isolation_level=None, check_same_thread=False, factory=Database)
    opened.execute("CREATE TABLE written (number INTEGER)")
    return opened


@pytest.fixture
def writer(database: Database) -> Iterator[Writer]:
    opened = Writer(database)
    yield opened
    opened.close()


async def write(writer: Writer, number: int) -> None:
    await writer.submit(lambda tx: tx.run("INSERT INTO written VALUES (:number)", number=number), brief=True)


def numbers(database: Database) -> list[int]:
    return [number for (number,) in database.execute("SELECT number FROM written ORDER BY number")]


def test_quick_commits_are_made_on_the_loop(database: Database, writer: Writer, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(writing, "SLOW_COMMIT_S", 10.0)  # whatever the machine is doing

    async def scenario() -> None:
        for number in range(20):
            await write(writer, number)

    asyncio.run(scenario())
    assert database.commits == [threading.current_thread().name] * 20
    assert numbers(database) == list(range(20))


def test_slow_commits_are_left_to_the_thread_but_for_one_try_now_and_then(
    database: Database, writer: Writer, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(writing, "PAUSE_S", 0.2)
    database.delay_s = 0.003
    here = threading.current_thread().name

    async def scenario() -> None:
        for number in range(MAX_SLOW + 4):
            await write(writer, number)
        assert database.commits == [here] * MAX_SLOW + ["podium-writer"] * 4
        await asyncio.sleep(0.2)
        await write(writer, 100)
        await write(writer, 101)
        assert database.commits[-2:] == [here, "podium-writer"]

    asyncio.run(scenario())
    assert numbers(database) == [*range(MAX_SLOW + 4), 100, 101]


def test_a_disk_that_is_quick_again_is_waited_for_on_the_loop_again(
    database: Database, writer: Writer, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(writing, "PAUSE_S", 0.05)
    database.delay_s = 0.003

    async def scenario() -> None:
        for number in range(MAX_SLOW + 1):
            await write(writer, number)
        database.delay_s = 0
        monkeypatch.setattr(writing, "SLOW_COMMIT_S", 10.0)
        await asyncio.sleep(0.05)
        for number in range(10):
            await write(writer, number)

    asyncio.run(scenario())
    assert database.commits[MAX_SLOW:] == ["podium-writer"] + [threading.current_thread().name] * 10


def test_what_comes_in_the_same_turn_of_the_loop_and_the_next_shares_a_commit(database: Database, writer: Writer):
    async def scenario() -> None:
        async with asyncio.TaskGroup() as group:
            for number in range(10):
                group.create_task(write(writer, number))
            await asyncio.sleep(0)
            for number in range(10, 20):
                group.create_task(write(writer, number))

    asyncio.run(scenario())
    assert len(database.commits) == 1
    assert numbers(database) == list(range(20))


def test_a_job_that_raises_beside_others_is_undone_alone(database: Database, writer: Writer):
    def broken(tx) -> None:
        tx.run("INSERT INTO written VALUES (7)")
        raise LookupError("nothing there")

    async def scenario() -> list[object]:
        return await asyncio.gather(
            write(writer, 1), writer.submit(broken, brief=True), write(writer, 2), return_exceptions=True
        )

    first, failed, last = asyncio.run(scenario())
    assert (first, last) == (None, None)
    assert isinstance(failed, LookupError)
    assert numbers(database) == [1, 2]


def test_jobs_that_are_run_again_wait_for_another_process_that_came_between(tmp_path: Path):
    class Contended(Database):
        """One whose lock another process takes when it is first free, until someone asks for it."""

        def execute(self, statement: str, *given):
            try:
                return super().execute(statement, *given)
            except sqlite3.OperationalError:
                other.execute("ROLLBACK")
                refused.append(statement)
                raise
            finally:
                if statement == "ROLLBACK" and not refused:
                    other.execute("BEGIN IMMEDIATE")

    def broken(tx) -> None:
        tx.run("INSERT INTO written VALUES (7)")
        raise LookupError("nothing there")

    async def scenario() -> list[object]:
        return await asyncio.gather(write(writer, 1), writer.submit(broken, brief=True), return_exceptions=True)

    refused: list[str] = []
    path = tmp_path / "db"
    database = sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False, factory=Contended)
    database.execute("CREATE TABLE written (number INTEGER)")
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    writer = Writer(database)
    done, failed = asyncio.run(scenario())
    assert done is None
    assert isinstance(failed, LookupError)
    assert refused == ["BEGIN IMMEDIATE"]
    assert numbers(database) == [1]
    writer.close()
    other.close()
