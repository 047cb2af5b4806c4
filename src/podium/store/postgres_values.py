"""Statements and values as PostgreSQL's protocol takes them: numbered parameters, each value as text.

Parameters carry no type: the server infers it from the statement, which so has one plan whatever is bound.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any

import psycopg

from podium.store.dialect import PARAMETER

_KEYS = re.compile(r" IN \((NULL|\d+(?:, \d+)*)\)")
_ROW_OF_PARAMETERS = re.compile(r"VALUES \(\?(?:, \?)*\)")
_UPDATING = re.compile(r"\(([\w, ]+)\) VALUES .* ON CONFLICT \(([\w, ]+)\) DO UPDATE")
_ARRAY_OF = {int: "bigint[]", float: "float8[]", str: "text[]"}


@lru_cache(maxsize=4096)
def numbered(statement: str, floats: tuple[str, ...] = ()) -> tuple[str, tuple[str, ...]]:
    """The statement with `$1` for its first `:name`, and the names in the order of their numbers.

    Those in `floats` say what they are: 2.5 may well be compared with a column of integers.
    """
    numbers: dict[str, int] = {}

    def number(found: re.Match[str]) -> str:
        place = f"${numbers.setdefault(found[1], len(numbers) + 1)}"
        return f"{place}::float8" if found[1] in floats else place

    return PARAMETER.sub(number, statement), tuple(numbers)


@lru_cache(maxsize=256)
def numbered_marks(statement: str) -> str:
    """The statement with `$1` for its first `?`."""
    parts = statement.split("?")
    return parts[0] + "".join(f"${number}{part}" for number, part in enumerate(parts[1:], 1))


@lru_cache(maxsize=256)
def of_arrays(statement: str, types: tuple[type | None, ...]) -> str:
    """An INSERT of one row of `?`, as one of many rows that come as an array a column; no type is a column of NULL."""
    columns = [f"c{number}" if kind else None for number, kind in enumerate(types)]
    arrays = [f"${number}::{_ARRAY_OF[kind]}" for number, kind in enumerate(filter(None, types), 1)]
    selected = ", ".join(column or "NULL" for column in columns)
    source = f"unnest({', '.join(arrays)}) AS rows ({', '.join(filter(None, columns))})"
    return _ROW_OF_PARAMETERS.sub(f"SELECT {selected} FROM {source}", statement)


@lru_cache(maxsize=256)
def updating_key(statement: str) -> tuple[int, ...]:
    """Where in the rows of an INSERT is the key by which it updates what is there; nothing for one that does not."""
    found = _UPDATING.search(statement)
    if found is None:
        return ()
    columns = found[1].split(", ")
    return tuple(columns.index(column) for column in found[2].split(", "))


def lift_keys(statement: str) -> tuple[str, dict[str, bytes]]:
    """The statement with a parameter for each list of keys written into it, and what to bind for these.

    It is so the same statement whatever the keys, and can be prepared. A single key is no list: for these PostgreSQL
    would make a plan each time.
    """
    if " IN (" not in statement:
        return statement, {}
    values: dict[str, bytes] = {}

    def lift(found: re.Match[str]) -> str:
        name, keys = f"keys_{len(values)}", found[1]
        if keys.isdecimal():
            values[name] = keys.encode()
            return f" = :{name}"
        values[name] = b"{}" if keys == "NULL" else b"{%s}" % keys.encode()
        return f" = ANY(:{name})"

    return _KEYS.sub(lift, statement), values


def encode(value: object) -> bytes | None:
    """A value as the text that PostgreSQL reads. Raises DataError for a text with NUL, which it has no room for."""
    try:
        return _ENCODERS[type(value)](value)
    except KeyError:
        raise psycopg.DataError(f"a value of type {type(value).__name__} cannot be stored") from None


def column_types(columns: Sequence[Sequence[object]]) -> tuple[type | None, ...] | None:
    """The type of each column of values, none for one without values; or None when there is no array of some."""
    types = []
    for column in columns:
        kinds = set(map(type, column)) - {type(None)}
        kind = kinds.pop() if kinds else None
        if kinds or (kind is not None and kind not in _ARRAY_OF):
            return None
        types.append(kind)
    return tuple(types) if any(types) else None


def encode_array(items: Iterable[Any]) -> bytes:
    """A list of values of one type, or of nothing, as an array."""
    return b"{%s}" % ",".join(map(_element, items)).encode()


def encode_numbers(numbers: Iterable[float]) -> bytes:
    """A list of numbers as an array, in a fraction of the time."""
    return b"{%s}" % ",".join(map(repr, numbers)).encode()


def _element(item: object) -> str:
    if isinstance(item, str):
        return '"' + _text(item).replace("\\", "\\\\").replace('"', '\\"') + '"'
    return "NULL" if item is None else repr(item)


def _text(value: str) -> str:
    if "\0" in value:
        raise psycopg.DataError("PostgreSQL text fields cannot contain NUL (0x00) bytes")
    return value


_ENCODERS: dict[type, Callable[[Any], bytes | None]] = {
    str: lambda value: _text(value).encode(),
    int: lambda value: b"%d" % value,
    float: lambda value: repr(value).encode(),
    bool: lambda value: b"t" if value else b"f",
    type(None): lambda _: None,
    list: encode_array,
}
