"""A transaction on a PostgreSQL session. What is written is queued until the result of something is looked at."""

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg

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
    updating_key,
)
from podium.store.transaction import Answer, Lengthy, Row, Tx

# Rows that are read on the event loop at most, which takes a few milliseconds.
MAX_ROWS_HERE = 2000
# From here on many rows as arrays cost less than each row as a statement of its own.
MIN_ARRAY = 3

_CURSORS = itertools.count()


class _Asked(Answer):
    """The answer of a statement that may not have been sent yet."""

    __slots__ = ("_place", "_tx", "result")

    def __init__(self, tx: "PostgresTx", place: int) -> None:
        self._tx = tx
        self._place = place
        self.result: Any = None

    def take(self, results: Sequence[Any]) -> None:
        """Find its result among those of the batch."""
        self.result = results[self._place]

    def all(self) -> list[Row]:
        if self.result is None:
            self._tx.look()
        return self._tx.rows(self.result)


class PostgresTx(Tx):
    """The statements of one transaction."""

    __slots__ = ("_asked", "_session")
    dialect: Dialect = "postgresql"

    def __init__(self, session: Session) -> None:
        super().__init__(None)
        self._session = session
        self._asked: list[_Asked] = []

    def look(self) -> Sequence[Any]:
        """The results of what is queued."""
        results = self._session.look()
        if self._asked:
            for asked in self._asked:
                asked.take(results)
            self._asked.clear()
        return results

    def rows(self, result: Any) -> list[Row]:
        """The rows of a result. Raises Lengthy when reading them takes long."""
        if self.brief and result.ntuples > MAX_ROWS_HERE:
            raise Lengthy
        return self._session.rows(result)

    def all(self, statement: str, **parameters: Any) -> list[Row]:
        self._queue(statement, parameters)
        return self.rows(self.look()[-1])

    def one(self, statement: str, **parameters: Any) -> Row | None:
        self._queue(statement, parameters)
        result = self.look()[-1]
        return self._session.rows(result)[0] if result.ntuples else None

    def batches(self, statement: str, size: int) -> Iterator[list[Row]]:
        cursor = f"batches_{next(_CURSORS)}"  # a name of its own: FETCH is prepared with the columns of its cursor
        self.run(f"DECLARE {cursor} NO SCROLL CURSOR FOR {statement}")
        while rows := self.all(f"FETCH {size} FROM {cursor}"):
            yield rows
        self.run(f"CLOSE {cursor}")

    def ask(self, statement: str, **parameters: Any) -> Answer:
        asked = _Asked(self, self._queue(statement, parameters))
        self._asked.append(asked)
        return asked

    def run(self, statement: str, **parameters: Any) -> None:
        self._queue(statement, parameters)

    def count(self, statement: str, **parameters: Any) -> int:
        self._queue(statement, parameters)
        return self.look()[-1].command_tuples or 0

    def many(self, statement: str, rows: Iterable[Mapping[str, Any]]) -> None:
        for row in rows:
            self._queue(statement, row)

    def insert(self, statement: str, rows: Sequence[Row]) -> None:
        if key := updating_key(statement):  # one statement updates a row once: the last word counts
            rows = list({tuple([row[place] for place in key]): row for row in rows}.values())
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
                    if kind is not None
                ]
                self._session.queue(of_arrays(statement, types), arrays)
        except UnicodeEncodeError as error:
            raise unstorable(error) from error

    def _queue(self, statement: str, parameters: Mapping[str, Any]) -> int:
        text, keys = lift_keys(statement)
        floats = [name for name, value in parameters.items() if type(value) is float]
        text, names = numbered(text, tuple(floats))
        try:
            values = [encode(parameters[name]) if name in parameters else keys[name] for name in names]
        except UnicodeEncodeError as error:
            raise unstorable(error) from error
        return self._session.queue(text, values)


@contextmanager
def transaction(url: str, begin: str = "BEGIN") -> Iterator[PostgresTx]:
    """A transaction on a connection of its own: committed at the end of the block, or taken back when it raises."""
    with psycopg.connect(url, autocommit=True) as connection:
        session = Session(connection)
        session.begin(begin)
        yield PostgresTx(session)
        session.commit()
