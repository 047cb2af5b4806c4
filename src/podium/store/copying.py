"""Copies all rows between two databases of the same schema, of which one is SQLite and either may be the source."""

from collections.abc import Iterator, Mapping
from graphlib import TopologicalSorter

from podium.store.transaction import Tx

BATCH = 5000


def copy_rows(source: Tx, target: Tx) -> None:
    """Make `target`, which was just migrated, hold exactly the rows of `source`, and go on with its numbers."""
    sqlite = source if source.dialect == "sqlite" else target
    tables = list_tables(sqlite)
    for table in reversed(tables):
        target.run(f"DELETE FROM {table}")  # what the migrations put there
    for table in tables:
        columns = [row[1] for row in sqlite.all(f"PRAGMA table_info({table})")]
        target.load(table, columns, source.batches(f"SELECT {', '.join(columns)} FROM {table}", BATCH))
    _write_numbers(target, _read_numbers(source, _numbered_tables(sqlite)))


def list_tables(sqlite: Tx) -> list[str]:
    """The tables with rows of users, each behind those that it refers to."""
    names = [
        row[0]
        for row in sqlite.all(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
            " AND name <> 'schema_migrations' ORDER BY name"
        )
    ]
    return list(TopologicalSorter({name: _referred(sqlite, name) for name in names}).static_order())


def count_rows(tx: Tx) -> dict[str, int]:
    """The number of rows of each table of a SQLite database."""
    return {table: tx.value(f"SELECT COUNT(*) FROM {table}") for table in sorted(list_tables(tx))}


def _referred(sqlite: Tx, table: str) -> set[str]:
    return {row[2] for row in sqlite.all(f"PRAGMA foreign_key_list({table})")} - {table}


def _numbered_tables(sqlite: Tx) -> list[str]:
    """Those whose keys are given out by the database, and never twice, not even those of rows that are gone."""
    rows = sqlite.all("SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE '%AUTOINCREMENT%'")
    return [row[0] for row in rows]


def _read_numbers(tx: Tx, tables: list[str]) -> Mapping[str, int]:
    """The last key that each table gave out."""
    if tx.dialect == "sqlite":
        return dict(tx.all("SELECT name, seq FROM sqlite_sequence"))
    return dict(_postgres_numbers(tx, tables))


def _postgres_numbers(tx: Tx, tables: list[str]) -> Iterator[tuple[str, int]]:
    for table in tables:
        sequence = tx.value("SELECT pg_get_serial_sequence(:table, 'id')", table=table)
        number = tx.value(f"SELECT last_value FROM {sequence} WHERE is_called")
        if number is not None:
            yield table, number


def _write_numbers(tx: Tx, numbers: Mapping[str, int]) -> None:
    for table, number in numbers.items():
        if tx.dialect == "postgresql":
            if number > 0:
                tx.one("SELECT setval(pg_get_serial_sequence(:table, 'id'), :number)", table=table, number=number)
            continue
        tx.run("DELETE FROM sqlite_sequence WHERE name = :table", table=table)
        tx.run("INSERT INTO sqlite_sequence (name, seq) VALUES (:table, :number)", table=table, number=number)
