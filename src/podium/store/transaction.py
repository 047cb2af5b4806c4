"""One open transaction: what every function of `podium.store` takes first. It runs statements and nothing else."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from podium.store.dialect import UNSTORABLE, Dialect, unstorable

Row = tuple[Any, ...]


MAX_BRIEF_ROWS = 500


class Lengthy(Exception):
    """Work that was to be brief is not: the store runs it again where it holds nobody up."""


class Answer:
    """What a statement will have found, or has found already."""

    __slots__ = ("_rows",)

    def __init__(self, rows: list[Row]) -> None:
        self._rows = rows

    def all(self) -> list[Row]:
        """Every row."""
        return self._rows

    def one(self) -> Row | None:
        """The first row, or None."""
        rows = self.all()
        return rows[0] if rows else None


class Tx:
    """Statements within one transaction; `all`, `one` and `value` read, `run`, `count`, `many` and `insert` write.

    Where the database is a network away, what is written may travel with the next statement whose result is looked at.
    """

    __slots__ = ("_connection", "brief", "head", "writes")
    dialect: Dialect = "sqlite"

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self.brief = False
        self.writes = True  # whether it was begun to change something
        # The end of the chain of events, where this transaction has locked and moved it. Not kept on SQLite, where a
        # job of the transaction may be undone alone.
        self.head: tuple[int, str] | None = None

    def expect(self, rows: int) -> None:
        """Called before so many rows are handled: brief work with many ends here, and is run again elsewhere."""
        if self.brief and rows > MAX_BRIEF_ROWS:
            raise Lengthy

    def all(self, statement: str, **parameters: Any) -> list[Row]:
        """Every row."""
        rows: list[Row] = self._execute(statement, parameters).fetchall()
        return rows

    def one(self, statement: str, **parameters: Any) -> Row | None:
        """The first row, or None."""
        row: Row | None = self._execute(statement, parameters).fetchone()
        return row

    def value(self, statement: str, **parameters: Any) -> Any:
        """The first column of the first row, or None when there is no row."""
        row = self.one(statement, **parameters)
        return None if row is None else row[0]

    def batches(self, statement: str, size: int) -> Iterator[list[Row]]:
        """Every row, at most `size` at once: a table of any length takes little memory."""
        cursor = self._connection.execute(statement)
        while rows := cursor.fetchmany(size):
            yield rows

    def ask(self, statement: str, **parameters: Any) -> Answer:
        """What `all` finds, to be looked at later: several that are asked before the first look share a round trip."""
        return Answer(self._execute(statement, parameters).fetchall())

    def run(self, statement: str, **parameters: Any) -> None:
        """Nothing: the statement is run for what it does."""
        self._execute(statement, parameters)

    def count(self, statement: str, **parameters: Any) -> int:
        """The number of rows written."""
        count: int = self._execute(statement, parameters).rowcount
        return count

    def many(self, statement: str, rows: Iterable[Mapping[str, Any]]) -> None:
        """The same statement for each of `rows`, in one call of the driver."""
        self._execute_many(statement, list(rows))

    def insert(self, statement: str, rows: Sequence[Row]) -> None:
        """The same INSERT for each of `rows`, whose values stand for its `?` in order: twice as fast as `many`."""
        self._execute_many(statement, rows)

    def load(self, table: str, columns: Sequence[str], batches: Iterable[Sequence[Row]]) -> None:
        """Insert rows in bulk."""
        marks = ", ".join("?" for _ in columns)
        for batch in batches:
            self.insert(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", batch)

    def _execute(self, statement: str, parameters: Mapping[str, Any]) -> Any:
        try:
            return self._connection.execute(statement, parameters)
        except UNSTORABLE as error:
            raise unstorable(error) from error

    def _execute_many(self, statement: str, rows: Sequence[Any]) -> None:
        if not rows:
            return
        try:
            self._connection.executemany(statement, rows)
        except UNSTORABLE as error:
            raise unstorable(error) from error
