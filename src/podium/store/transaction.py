"""One open transaction: what every function of `podium.store` takes first. It runs statements and nothing else."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from podium.store.dialect import UNSTORABLE, Dialect, postgres_positional, postgres_sql, unstorable

Row = tuple[Any, ...]


MAX_BRIEF_ROWS = 500


class Lengthy(Exception):
    """Work that was to be brief is not: the store runs it again where it holds nobody up."""


class Tx:
    """Statements within one transaction; `all`, `one` and `value` read, `run` and `many` write."""

    __slots__ = ("_connection", "brief", "dialect")

    def __init__(self, connection: Any, dialect: Dialect) -> None:
        self._connection = connection
        self.dialect: Dialect = dialect
        self.brief = False

    def expect(self, rows: int) -> None:
        """Called before so many rows are handled: brief work with many ends here, and is run again elsewhere."""
        if self.brief and rows > MAX_BRIEF_ROWS:
            raise Lengthy

    def _execute(self, statement: str, parameters: Mapping[str, Any]) -> Any:
        if self.dialect == "postgresql":
            statement = postgres_sql(statement)
        try:
            return self._connection.execute(statement, parameters)
        except UNSTORABLE as error:
            raise unstorable(error) from error

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
        row = self._execute(statement, parameters).fetchone()
        return None if row is None else row[0]

    def batches(self, statement: str, size: int) -> Iterator[list[Row]]:
        """Every row, at most `size` at once: a table of any length takes little memory."""
        if self.dialect == "postgresql":  # with a name, so that the rows stay on the server until they are asked for
            with self._connection.cursor("batches") as named:
                named.execute(statement)
                while rows := named.fetchmany(size):
                    yield rows
            return
        cursor = self._connection.execute(statement)
        while rows := cursor.fetchmany(size):
            yield rows

    def run(self, statement: str, **parameters: Any) -> int:
        """The number of rows written."""
        count: int = self._execute(statement, parameters).rowcount
        return count

    def many(self, statement: str, rows: Iterable[Mapping[str, Any]]) -> None:
        """The same statement for each of `rows`, in one call of the driver."""
        batch: Sequence[Mapping[str, Any]] = rows if isinstance(rows, list) else list(rows)
        self._execute_many(postgres_sql(statement) if self.dialect == "postgresql" else statement, batch)

    def insert(self, statement: str, rows: Sequence[Row]) -> None:
        """The same statement for each of `rows`, whose values stand for its `?` in order: twice as fast as `many`."""
        self._execute_many(postgres_positional(statement) if self.dialect == "postgresql" else statement, rows)

    def load(self, table: str, columns: Sequence[str], batches: Iterable[Sequence[Row]]) -> None:
        """Insert rows in bulk, the fastest way that the database has."""
        names = ", ".join(columns)
        try:
            if self.dialect == "postgresql":
                with self._connection.cursor() as cursor, cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                    for batch in batches:
                        for row in batch:
                            copy.write_row(row)
                return
            marks = ", ".join("?" for _ in columns)
            for batch in batches:
                self._connection.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", batch)
        except UNSTORABLE as error:
            raise unstorable(error) from error

    def _execute_many(self, statement: str, rows: Sequence[Any]) -> None:
        if not rows:
            return
        try:
            if self.dialect == "postgresql":
                with self._connection.cursor() as cursor:
                    cursor.executemany(statement, rows)
            else:
                self._connection.executemany(statement, rows)
        except UNSTORABLE as error:
            raise unstorable(error) from error
