"""How transactions share connections, round trips and commits on PostgreSQL, and what must not be noticed of it."""

import asyncio
import math
import time
from collections.abc import Iterator
from contextlib import suppress

import psycopg
import pytest

from podium.domain.access import DEFAULT_TEAM_ID
from podium.domain.events import Change
from podium.errors import InvalidArgument, StorageUnavailable
from podium.store import events, postgres_session
from podium.store.postgres import PostgresStore
from podium.store.postgres_tx import MAX_ROWS_HERE
from podium.store.transaction import Tx

COUNT = "SELECT COUNT(*) FROM notes"


@pytest.fixture
def url(postgres_database: str) -> str:
    with psycopg.connect(postgres_database, autocommit=True) as connection:
        connection.execute("CREATE TABLE notes (number BIGINT PRIMARY KEY, text TEXT, value DOUBLE PRECISION)")
    return postgres_database


@pytest.fixture
def store(url: str) -> Iterator[PostgresStore]:
    opened = PostgresStore(url)
    yield opened
    opened.close()


def note(number: int, text: str = ""):
    """Work that adds a note, and tells in which transaction."""

    def work(tx: Tx) -> int:
        tx.run("INSERT INTO notes (number, text) VALUES (:number, :text)", number=number, text=text)
        return int(tx.value("SELECT CAST(pg_current_xact_id() AS text)"))

    return work


def numbers(store: PostgresStore) -> list[int]:
    return asyncio.run(store.read(lambda tx: [row[0] for row in tx.all("SELECT number FROM notes ORDER BY number")]))


def test_brief_writes_that_come_together_share_their_commit(store):
    async def scenario():
        return await asyncio.gather(*(store.write(note(n), brief=True) for n in range(20)))

    assert len(set(asyncio.run(scenario()))) < 5
    assert numbers(store) == list(range(20))


@pytest.mark.parametrize("failing", [0, 3, 9])
def test_a_write_that_fails_in_a_group_fails_alone(store, failing):
    def refused(tx: Tx) -> None:
        note(100)(tx)
        raise InvalidArgument("no")

    async def scenario():
        works = [note(n) for n in range(9)]
        works.insert(failing, refused)
        return await asyncio.gather(*(store.write(work, brief=True) for work in works), return_exceptions=True)

    told = asyncio.run(scenario())
    assert isinstance(told.pop(failing), InvalidArgument)
    assert all(isinstance(number, int) for number in told)
    assert numbers(store) == list(range(9))


def test_what_nobody_looks_at_fails_the_write_that_queued_it(store):
    """The violation comes with the commit. Tried again each alone, one of the two that cannot both be is refused."""

    async def scenario():
        works = [note(1), lambda tx: tx.run("INSERT INTO notes (number) VALUES (1)"), note(2)]
        return await asyncio.gather(*(store.write(work, brief=True) for work in works), return_exceptions=True)

    told = asyncio.run(scenario())
    assert sorted(isinstance(outcome, StorageUnavailable) for outcome in told) == [False, False, True]
    assert not isinstance(told[2], StorageUnavailable)
    assert numbers(store) == [1, 2]


def test_two_servers_that_lock_the_same_rows_in_different_orders_get_their_turns(store, url):
    other = PostgresStore(url)
    asyncio.run(store.write(lambda tx: [note(n)(tx) for n in (1, 2)]))

    def raised(number: int):
        def work(tx: Tx) -> None:
            tx.value("SELECT value FROM notes WHERE number = :number FOR UPDATE", number=number)
            tx.run("UPDATE notes SET value = COALESCE(value, 0) + 1 WHERE number = :number", number=number)
            change = Change("project", str(number), "p", "update", after={"n": number})
            events.append_event(tx, change, at=number, actor="ada", team_id=DEFAULT_TEAM_ID)

        return work

    async def scenario() -> None:
        here = [store.write(raised(n), brief=True) for n in (1, 2) * 20]
        there = [other.write(raised(n), brief=True) for n in (2, 1) * 20]
        await asyncio.gather(*here, *there)

    asyncio.run(scenario())
    other.close()
    assert asyncio.run(store.read(lambda tx: tx.all("SELECT value FROM notes"))) == [(40.0,), (40.0,)]
    chain = asyncio.run(store.read(lambda tx: tx.all("SELECT seq, previous_hash, hash FROM events ORDER BY seq")))
    assert [row[0] for row in chain] == list(range(1, 81))
    assert [row[1] for row in chain] == ["", *(row[2] for row in chain[:-1])]


@pytest.mark.parametrize("brief", [True, False])
def test_the_loop_goes_on_while_postgresql_does_not_answer(store, brief):
    async def scenario() -> int:
        turns = 0
        waiting = asyncio.create_task(store.write(lambda tx: tx.run("SELECT pg_sleep(0.3)"), brief=brief))
        while not waiting.done():
            await asyncio.sleep(0.01)
            turns += 1
        return turns

    assert asyncio.run(scenario()) >= 10


@pytest.mark.parametrize("brief", [True, False])
def test_a_caller_that_goes_away_leaves_no_transaction_open(store, url, brief):
    def slow(tx: Tx) -> None:
        note(1)(tx)
        tx.value("SELECT pg_sleep(0.2)")

    async def scenario() -> None:
        waiting = asyncio.create_task(store.write(slow, brief=brief))
        await asyncio.sleep(0.1)
        waiting.cancel()
        with suppress(asyncio.CancelledError):
            await waiting
        await store.write(note(2))
        await asyncio.sleep(0.3)

    asyncio.run(scenario())
    open_ones = "SELECT COUNT(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%%'"
    with psycopg.connect(url) as connection:
        assert connection.execute(open_ones).fetchone() == (0,)
    assert numbers(store) == [1, 2]


def test_reads_leave_no_transaction_open(store, url):
    async def scenario() -> None:
        await asyncio.gather(*(store.read(lambda tx: (tx.value(COUNT), tx.value(COUNT))) for _ in range(8)))
        await asyncio.sleep(0.1)
        with psycopg.connect(url) as connection:
            found = connection.execute("SELECT COUNT(*) FROM pg_stat_activity WHERE state LIKE 'idle in trans%'")
            assert found.fetchone() == (0,)

    asyncio.run(scenario())


@pytest.mark.parametrize("before", [1, 2])
def test_a_read_sees_one_state_also_when_it_was_a_single_statement_before(store, before):
    """`before` is how many statements the same function had when it was called last."""
    statements = before

    def counts(tx: Tx) -> list[int]:
        return [tx.value(f"SELECT COUNT(*), pg_sleep(0.1) FROM notes WHERE {n} = {n}") for n in range(statements)]

    async def scenario() -> list[int]:
        nonlocal statements
        await store.read(counts)
        statements = 4
        reading = asyncio.create_task(store.read(counts))
        for number in range(8):
            await store.write(note(number), brief=True)
            await asyncio.sleep(0.05)
        return await reading

    found = asyncio.run(scenario())
    assert len(found) == 4
    assert len(set(found)) == 1


def test_what_is_asked_together_is_answered_each(store):
    def work(tx: Tx) -> tuple[object, ...]:
        first, none, many = (
            tx.ask("SELECT 1"),
            tx.ask("SELECT 1 WHERE 1 = 2"),
            tx.ask("SELECT * FROM (VALUES (1), (2)) v"),
        )
        return tx.value("SELECT 7"), first.one(), none.one(), none.all(), many.all(), many.one()

    assert asyncio.run(store.read(work)) == (7, (1,), None, [], [(1,), (2,)], (1,))


def test_long_answers_are_read_beside_the_loop_and_whole(store):
    count = MAX_ROWS_HERE + 1
    rows = asyncio.run(store.read(lambda tx: tx.all("SELECT n FROM generate_series(1, :count) n", count=count)))
    assert len(rows) == count


def test_values_come_back_as_they_were(store):
    texts = ["", "NULL", 'a "quoted", {braced} \\N text\n\t', "Größe 🦄", None, "'"]
    values = [math.inf, -math.inf, 5e-324, 0.1 + 0.2, None, -0.0]
    rows = [(n - 2**63, text, value) for n, (text, value) in enumerate(zip(texts, values, strict=True))]
    insert = "INSERT INTO notes (number, text, value) VALUES (?, ?, ?)"

    def work(tx: Tx) -> list:
        tx.insert(insert, rows)  # as arrays
        tx.insert(insert, [(n, None, None) for n in range(3)])  # two of them of nothing
        tx.insert(insert, [(7, "alone", 2.5)])
        return tx.all("SELECT number, text, value FROM notes ORDER BY number")

    expected = [*rows, *((n, None, None) for n in range(3)), (7, "alone", 2.5)]
    assert list(map(repr, asyncio.run(store.write(work)))) == list(map(repr, expected))
    whole = store.read(
        lambda tx: tx.one("SELECT number FROM notes WHERE number > :least AND text = :t", least=2.5, t="alone")
    )
    assert asyncio.run(whole) == (7,)


@pytest.mark.parametrize("text", ["a\0b", "\ud800"])
@pytest.mark.parametrize("count", [1, 5])
def test_texts_that_no_database_holds_are_refused_and_the_connection_is_of_use(store, text, count):
    rows = [(n, text) for n in range(count)]
    for _ in range(10):
        with pytest.raises(InvalidArgument, match="cannot be stored"):
            asyncio.run(store.write(lambda tx: tx.insert("INSERT INTO notes (number, text) VALUES (?, ?)", rows)))
    assert numbers(store) == []


def test_statements_are_prepared_anew_when_they_were_too_many_or_their_batch_failed(store, monkeypatch):
    monkeypatch.setattr(postgres_session, "MAX_PREPARED", 5)
    for turn in range(12):
        number = turn % 4
        found = asyncio.run(store.read(lambda tx, n=number: [tx.value(f"SELECT {n + m} + :x", x=1) for m in range(3)]))
        assert found == [number + 1, number + 2, number + 3]
        with pytest.raises(InvalidArgument):
            asyncio.run(store.write(lambda tx: (tx.run("SELECT CAST(:x AS bigint)", x="no"), note(1)(tx)), brief=True))


def test_batches_come_one_after_the_other(store):
    def work(tx: Tx) -> list[int]:
        tx.insert("INSERT INTO notes (number) VALUES (?)", [(n,) for n in range(25)])
        return [len(batch) for batch in tx.batches("SELECT number, text FROM notes", 10)]

    assert asyncio.run(store.write(work)) == [10, 10, 5]


def test_many_transactions_at_once_take_turns_on_few_connections(store, url):
    async def scenario() -> int:
        begun = time.monotonic()
        await asyncio.gather(*(store.read(lambda tx: tx.value("SELECT pg_sleep(0.01)")) for _ in range(80)))
        assert time.monotonic() - begun < 10
        with psycopg.connect(url) as connection:
            counted = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database()"
            return connection.execute(counted).fetchone()[0]

    assert asyncio.run(scenario()) <= 9


@pytest.mark.parametrize("brief", [True, False])
@pytest.mark.parametrize("times", [1, 2])
def test_a_write_whose_connection_is_lost_before_its_commit_is_tried_once_more(store, url, brief, times):
    tries: list[int] = []

    def slow(tx: Tx) -> None:
        tries.append(tx.value("SELECT pg_backend_pid()"))
        note(1)(tx)
        if len(tries) <= times:
            tx.value("SELECT pg_sleep(20)")

    async def scenario() -> None:
        writing = asyncio.create_task(store.write(slow, brief=brief))
        with psycopg.connect(url, autocommit=True) as connection:
            for number in range(times):
                while len(tries) == number:  # noqa: ASYNC110  a thread may be the one that tries
                    await asyncio.sleep(0.01)
                connection.execute("SELECT pg_terminate_backend(%s, 5000)", (tries[-1],))
        await writing

    if times == 1:
        asyncio.run(scenario())
        assert numbers(store) == [1]
    else:
        with pytest.raises(StorageUnavailable):
            asyncio.run(scenario())
        assert numbers(store) == []
    assert len(tries) == 2


@pytest.mark.parametrize("count", [2, 9])
def test_of_two_rows_with_one_key_the_last_is_kept(store, count):
    upsert = "INSERT INTO notes (text, number) VALUES (?, ?) ON CONFLICT (number) DO UPDATE SET text = excluded.text"
    asyncio.run(store.write(lambda tx: tx.insert(upsert, [(str(n), n % 2) for n in range(count)])))
    found = asyncio.run(store.read(lambda tx: tx.all("SELECT number, text FROM notes ORDER BY number")))
    assert found == [(0, str((count - 1) // 2 * 2)), (1, str((count - 2) // 2 * 2 + 1))]
