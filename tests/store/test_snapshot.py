"""A snapshot holds every row of either database as it was, and goes into either."""

import math
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from podium.errors import InvalidArgument, InvalidState
from podium.store.copying import list_tables
from podium.store.engine import open_store
from podium.store.migrate import SchemaTooNew, migrate, migrations
from podium.store.postgres_tx import transaction
from podium.store.snapshot import load_snapshot, open_snapshot, take_snapshot
from podium.store.transaction import Tx

ODD = "Größe 🦄 'quoted' \\N \t tab \n line"


def fill(tx: Tx) -> None:
    """Values that are easily lost on the way."""
    tx.run(
        "INSERT INTO projects (id, team_id, name, artifact_location, created_at, updated_at, deleted_at)"
        " VALUES (7, 1, :name, '', :most, :least, NULL)",
        name=ODD,
        most=2**63 - 1,
        least=-(2**63),
    )
    tx.run("INSERT INTO runs (id, run_id, project_id, name, user_id, status) VALUES (41, 'r', 7, '', '', 'RUNNING')")
    values = [math.inf, -math.inf, 5e-324, 1.7976931348623157e308, 0.1 + 0.2]
    tx.insert(
        "INSERT INTO metrics VALUES (?, ?, ?, ?, ?, ?)", [(41, 1, n, n, value, 0) for n, value in enumerate(values)]
    )


def everything(tx: Tx, tables: list[str]) -> dict[str, list[str]]:
    return {table: sorted(map(repr, tx.all(f"SELECT * FROM {table}"))) for table in tables}


@pytest.fixture(params=["sqlite", "postgresql"])
def source(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str | None, Callable[[Callable[[Tx], Any]], Any]]:
    """An empty database: its URL, and a function that runs work on it."""
    url = request.getfixturevalue("postgres_database") if request.param == "postgresql" else None

    def run(work: Callable[[Tx], Any]) -> Any:
        if url:
            with transaction(url) as tx:
                return work(tx)
        with closing(sqlite3.connect(tmp_path / "podium.db")) as connection, connection:
            return work(Tx(connection))

    return url, run


def test_every_row_is_the_same_in_the_other_database_and_back(source, tmp_path, new_postgres_database):
    url, run = source
    run(migrate)
    run(fill)
    first, second, between = tmp_path / "first.db", tmp_path / "second.db", new_postgres_database()
    take_snapshot(url, tmp_path, first)
    load_snapshot(first, between)
    take_snapshot(between, tmp_path, second)
    with open_snapshot(first) as one, open_snapshot(second) as two:
        tables = list_tables(one)
        assert len(tables) > 40
        assert everything(one, tables) == everything(two, tables) == run(lambda tx: everything(tx, tables))


def test_keys_that_were_given_out_once_are_not_given_out_again(source, tmp_path, new_postgres_database):
    url, run = source
    insert = "INSERT INTO metric_keys (key) VALUES (:key) RETURNING id"
    run(migrate)
    given = [run(lambda tx, key=key: tx.value(insert, key=key)) for key in "abc"]
    run(lambda tx: tx.run("DELETE FROM metric_keys"))
    take_snapshot(url, tmp_path, tmp_path / "copy.db")
    restored = new_postgres_database()
    load_snapshot(tmp_path / "copy.db", restored)
    with transaction(restored) as tx:
        assert tx.value(insert, key="d") == given[-1] + 1
        assert tx.value("SELECT COUNT(*) FROM webhooks") == 0
    with closing(sqlite3.connect(tmp_path / "copy.db")) as connection:
        assert Tx(connection).value(insert, key="d") == given[-1] + 1


def test_an_older_schema_is_taken_as_it_is_and_brought_up_to_date_by_opening(source, tmp_path):
    url, run = source
    run(lambda tx: migrate(tx, 3))
    take_snapshot(url, tmp_path, tmp_path / "copy.db")
    assert run(lambda tx: tx.value("SELECT MAX(number) FROM schema_migrations")) == 3
    with open_snapshot(tmp_path / "copy.db") as tx:
        assert tx.value("SELECT MAX(number) FROM schema_migrations") == 3
        assert "traces" not in list_tables(tx)
    (tmp_path / "restored").mkdir()
    (tmp_path / "copy.db").rename(tmp_path / "restored" / "podium.db")
    open_store(None, tmp_path / "restored").close()
    assert sorted(path.name for path in (tmp_path / "restored").iterdir()) == ["podium.db"]
    with open_snapshot(tmp_path / "restored" / "podium.db") as tx:
        assert tx.value("SELECT MAX(number) FROM schema_migrations") == migrations()[-1][0]


def test_a_newer_schema_is_refused(source, tmp_path):
    url, run = source
    run(migrate)
    run(lambda tx: tx.run("INSERT INTO schema_migrations (number, name) VALUES (999, 'from later')"))
    with pytest.raises(SchemaTooNew, match="has schema 999"):
        take_snapshot(url, tmp_path, tmp_path / "copy.db")


def test_postgresql_takes_all_rows_or_none(tmp_path, new_postgres_database):
    with closing(sqlite3.connect(tmp_path / "podium.db")) as connection, connection:
        migrate(Tx(connection))
        connection.execute("INSERT INTO metric_keys (key) VALUES (?)", ("a\0b",))
    url = new_postgres_database()
    with pytest.raises(InvalidArgument, match="cannot be stored"):
        load_snapshot(tmp_path / "podium.db", url)
    with closing(sqlite3.connect(tmp_path / "podium.db")) as connection, connection:
        connection.execute("DELETE FROM metric_keys")
    load_snapshot(tmp_path / "podium.db", url)
    with pytest.raises(InvalidState, match="not empty"):
        load_snapshot(tmp_path / "podium.db", url)
