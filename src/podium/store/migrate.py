"""Brings a database to the schema of this program. Migrations are numbered files, forward only, each applied in the
one transaction of the start; a released file is never edited.
"""

from importlib.resources import files

from podium.errors import StorageError
from podium.store.dialect import ddl
from podium.store.transaction import Tx

# Any number will do, as long as every Podium takes the same one.
_ADVISORY_LOCK = 7_063_486


class SchemaTooNew(StorageError):
    """The database was written by a newer Podium."""


def migrations() -> list[tuple[int, str, str]]:
    """(number, name, script) of each migration, in order."""
    found = []
    for file in files("podium.store").joinpath("migrations").iterdir():
        if file.name.endswith(".sql"):
            number, _, name = file.name.removesuffix(".sql").partition("_")
            found.append((int(number), name, file.read_text(encoding="utf-8")))
    return sorted(found)


def schema_number(tx: Tx) -> int:
    """The schema of a database that was migrated before.

    Raises SchemaTooNew when this program does not know it.
    """
    number: int = tx.value("SELECT MAX(number) FROM schema_migrations")
    _refuse_newer(number, migrations()[-1][0])
    return number


def migrate(tx: Tx, newest: int | None = None) -> int:
    """Apply what is missing, up to the migration `newest` if one is named, and return the schema's number.

    Raises SchemaTooNew when the database has a migration that this program does not know.
    """
    if tx.dialect == "postgresql":  # two processes may start at once
        tx.run("SELECT pg_advisory_xact_lock(:lock)", lock=_ADVISORY_LOCK)
    tx.run("CREATE TABLE IF NOT EXISTS schema_migrations (number BIGINT PRIMARY KEY, name TEXT NOT NULL)")
    applied = {row[0] for row in tx.all("SELECT number FROM schema_migrations")}
    known = [migration for migration in migrations() if newest is None or migration[0] <= newest]
    newest = known[-1][0]
    _refuse_newer(max(applied, default=0), newest)
    for number, name, script in known:
        if number not in applied:
            for statement in ddl(script, tx.dialect):
                tx.run(statement)
            tx.run("INSERT INTO schema_migrations (number, name) VALUES (:number, :name)", number=number, name=name)
    return newest


def _refuse_newer(number: int, newest: int) -> None:
    if number > newest:
        raise SchemaTooNew(
            f"The database has schema {number}, this Podium knows schema {newest}: start it with the newer "
            "Podium that wrote it, or restore a backup from before the upgrade."
        )
