"""Bringing a database to the current schema."""

import asyncio
import time
from contextlib import closing
from pathlib import Path

import pytest

from podium.store.engine import Store, open_store
from podium.store.migrate import SchemaTooNew, migrate, migrations
from podium.store.transaction import Row, Tx


def test_migrations_are_numbered_without_gaps():
    assert [number for number, _, _ in migrations()] == list(range(1, len(migrations()) + 1))


def test_migrating_again_changes_nothing(store: Store):
    assert asyncio.run(store.write(migrate)) == migrations()[-1][0]
    assert asyncio.run(store.read(lambda tx: tx.value("SELECT COUNT(*) FROM projects"))) == 1


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_what_the_first_migration_makes_is_dated_now(database: str, tmp_path: Path, request: pytest.FixtureRequest):
    url = request.getfixturevalue("postgres_database") if database == "postgresql" else None
    before = time.time()
    with closing(open_store(url, tmp_path)) as store:
        made = asyncio.run(store.read(lambda tx: tx.value("SELECT created_at FROM projects WHERE id = 0")))
    assert before - 1 <= made / 1000 <= time.time() + 1  # a database may tell whole seconds


def test_a_newer_database_is_refused(tmp_path: Path):
    store = open_store(None, tmp_path)
    asyncio.run(
        store.write(lambda tx: tx.run("INSERT INTO schema_migrations (number, name) VALUES (999, 'from later')"))
    )
    store.close()
    with pytest.raises(SchemaTooNew, match="has schema 999, this Podium knows schema"):
        open_store(None, tmp_path)


def test_versions_that_writers_began_twice_do_not_stop_the_migration(store: Store):
    insert = (
        "INSERT INTO artifact_versions (id, collection_id, state, digest, user_id, distributed_id, pending_aliases,"
        " size_bytes, file_count, created_at, updated_at) VALUES (:id, 1, :state, '', '', 'd', '[]', 0, 0, 0, 0)"
    )

    def work(tx: Tx) -> list[Row]:
        tx.run("DROP INDEX artifact_versions_by_distributed_id")
        tx.run("DELETE FROM schema_migrations WHERE number = 14")
        tx.run("INSERT INTO artifact_types (id, project_id, name, created_at) VALUES (1, 0, 't', 0)")
        tx.run(
            "INSERT INTO artifact_collections (id, project_id, kind, type_id, name, next_version, created_at,"
            " updated_at) VALUES (1, 0, 'sequence', 1, 'c', 0, 0, 0)"
        )
        tx.many(insert, [{"id": key, "state": "COMMITTED" if key == 1 else "PENDING"} for key in (1, 2, 3)])
        migrate(tx)
        return tx.all("SELECT id, distributed_id FROM artifact_versions ORDER BY id")

    assert asyncio.run(store.write(work)) == [(1, "d"), (2, None), (3, "d")]
