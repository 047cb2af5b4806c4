"""A transaction on a PostgreSQL session. What is written is queued until the result of something is looked at."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from podium.store.dialect import Dialect, unstorable
from podium.store.postgres_session import Session
from podium.store.postgres_values import (
    column_types,
    encode,
    encode_array,
    encode_numbers,
    lift_keys,
    numbered,
    numbered_marks,
    of_arrays,
)
from podium.store.transaction import Lengthy, Row, Tx

# Rows that are read on the event loop at most, which takes a few milliseconds.
MAX_ROWS_HERE = 2000
# From here on many rows as arrays cost less than each row as a statement of its own.
MIN_ARRAY = 3


class PostgresTx(Tx):
    """The statements of one transaction."""

    __slots__ = ()
    dialect: Dialect = "postgresql"

    def all(self, statement: str, **parameters: Any) -> list[Row]:
        result = self._look(statement, parameters)
        if self.brief and result.ntuples > MAX_ROWS_HERE:
            raise Lengthy
        return self._session.rows(result)

    def one(self, statement: str, **parameters: Any) -> Row | None:
        result = self._look(statement, parameters)
        return self._session.rows(result)[0] if result.ntuples else None

    def run(self, statement: str, **parameters: Any) -> None:
        self._queue(statement, parameters)

    def count(self, statement: str, **parameters: Any) -> int:
        return self._look(statement, parameters).command_tuples or 0

    def many(self, statement: str, rows: Iterable[Mapping[str, Any]]) -> None:
        for row in rows:
            self._queue(statement, row)

    def insert(self, statement: str, rows: Sequence[Row]) -> None:
        columns = list(zip(*rows, strict=True))
        types = column_types(columns) if len(rows) >= MIN_ARRAY else None
        try:
            if types is None:
                marked = numbered_marks(statement)
                for row in rows:
                    self._session.queue(marked, [encode(value) for value in row])
            else:
                arrays = [
                    encode_array(column) if kind is str or None in column else encode_numbers(column)
                    for kind, column in zip(types, columns, strict=True)
                ]
                self._session.queue(of_arrays(statement, types), arrays)
        except UnicodeEncodeError as error:
            raise unstorable(error) from error

    @property
    def _session(self) -> Session:
        session: Session = self._connection
        return session

    def _look(self, statement: str, parameters: Mapping[str, Any]) -> Any:
        self._queue(statement, parameters)
        return self._session.look()

    def _queue(self, statement: str, parameters: Mapping[str, Any]) -> None:
        text, keys = lift_keys(statement)
        floats = [name for name, value in parameters.items() if type(value) is float]
        text, names = numbered(text, tuple(floats))
        try:
            values = [encode(parameters[name]) if name in parameters else keys[name] for name in names]
        except UnicodeEncodeError as error:
            raise unstorable(error) from error
        self._session.queue(text, values)
