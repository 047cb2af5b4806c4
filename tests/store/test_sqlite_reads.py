"""SQLite's reads on the event loop: interrupted only when they are long themselves."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from podium.store.sqlite import MAX_TICKS, TICK_STEPS, SqliteStore

COUNTING = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :last) SELECT SUM(i) FROM n"


@pytest.fixture
def sqlite_store(tmp_path: Path) -> Iterator[SqliteStore]:
    opened = SqliteStore(tmp_path / "podium.db")
    yield opened
    opened.close()


def test_thousands_of_short_reads_are_not_taken_for_a_long_one(sqlite_store: SqliteStore):
    """SQLite counts the steps of a statement over all its runs, those of BEGIN and COMMIT among them."""

    async def scenario() -> None:
        for _ in range(2 * TICK_STEPS):
            assert await sqlite_store.read(lambda tx: tx.value("SELECT name FROM projects")) == "Default"

    asyncio.run(scenario())


def test_a_long_read_is_begun_again_elsewhere(sqlite_store: SqliteStore):
    begun = 0

    async def scenario() -> None:
        def work(tx) -> int:
            nonlocal begun
            begun += 1
            return tx.value(COUNTING, last=TICK_STEPS * MAX_TICKS)

        last = TICK_STEPS * MAX_TICKS
        assert await sqlite_store.read(work) == last * (last + 1) // 2
        assert begun == 2
        assert await sqlite_store.read(lambda tx: tx.value(COUNTING, last=10)) == 55

    asyncio.run(scenario())
