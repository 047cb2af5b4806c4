"""Bringing a database to the current schema."""

import asyncio
import time
from pathlib import Path

import pytest

from podium.store.engine import Store, open_store
from podium.store.migrate import SchemaTooNew, migrate, migrations


def test_migrations_are_numbered_without_gaps():
    assert [number for number, _, _ in migrations()] == list(range(1, len(migrations()) + 1))


def test_migrating_again_changes_nothing(store: Store):
    assert asyncio.run(store.write(migrate)) == migrations()[-1][0]
    assert asyncio.run(store.read(lambda tx: tx.value("SELECT COUNT(*) FROM projects"))) == 1


def test_what_the_first_migration_makes_is_dated_now(store: Store):
    made = asyncio.run(store.read(lambda tx: tx.value("SELECT created_at FROM projects WHERE id = 0")))
    assert abs(made / 1000 - time.time()) < 60


def test_a_newer_database_is_refused(tmp_path: Path):
    store = open_store(None, tmp_path)
    asyncio.run(
        store.write(lambda tx: tx.run("INSERT INTO schema_migrations (number, name) VALUES (999, 'from later')"))
    )
    store.close()
    with pytest.raises(SchemaTooNew, match="has schema 999, this Podium knows schema"):
        open_store(None, tmp_path)
