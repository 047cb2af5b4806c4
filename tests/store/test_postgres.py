"""What PostgreSQL alone can do to a server, and what the server sets against it."""

import asyncio
from collections.abc import Iterator

import psycopg
import pytest

from podium.errors import StorageUnavailable
from podium.store import postgres
from podium.store.migrate import SchemaTooNew
from podium.store.postgres import PostgresStore


@pytest.fixture
def store(postgres_database: str) -> Iterator[PostgresStore]:
    opened = PostgresStore(postgres_database)
    yield opened
    opened.close()


def shown(store: PostgresStore, setting: str) -> str:
    return asyncio.run(store.read(lambda tx: tx.value("SELECT current_setting(:setting)", setting=setting)))


def test_connections_that_the_server_closed_are_noticed_before_they_are_used(store, postgres_database):
    async def read_at_once():
        return await asyncio.gather(*(store.read(lambda tx: tx.value("SELECT 1")) for _ in range(8)))

    assert asyncio.run(read_at_once()) == [1] * 8
    with psycopg.connect(postgres_database, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"  # waits until they have ended
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    assert asyncio.run(read_at_once()) == [1] * 8


def test_a_database_that_is_frozen_holds_no_request_for_ever(store, monkeypatch):
    monkeypatch.setattr(postgres, "TRANSACTION_S", 0.2)
    with pytest.raises(StorageUnavailable, match=r"did not answer within 0\.2 s"):
        asyncio.run(store.read(lambda tx: tx.value("SELECT pg_sleep(1)")))


def test_statements_have_a_limit(store):
    assert shown(store, "statement_timeout") == "1min"
    assert shown(store, "lock_timeout") == "20s"

    def too_long(tx):
        tx.run("SET LOCAL statement_timeout = 50")
        tx.value("SELECT pg_sleep(1)")

    with pytest.raises(StorageUnavailable, match="statement timeout"):
        asyncio.run(store.write(too_long))


def test_the_url_may_set_other_limits(postgres_database):
    separator = "&" if "?" in postgres_database else "?"
    store = PostgresStore(f"{postgres_database}{separator}options=-c%20statement_timeout%3D5000")
    assert shown(store, "statement_timeout") == "5s"
    store.close()


def test_a_newer_database_is_refused(store, postgres_database):
    later = "INSERT INTO schema_migrations (number, name) VALUES (999, 'from later')"
    asyncio.run(store.write(lambda tx: tx.run(later)))
    with pytest.raises(SchemaTooNew, match="has schema 999, this Podium knows schema"):
        PostgresStore(postgres_database)
