"""Regular expressions, and texts as numbers, in SQL: PostgreSQL has both, SQLite gets functions for them."""

import re
import sqlite3
from functools import lru_cache

from podium.domain.matching import matcher
from podium.domain.patterns import At, Chars, Choice, Repeat, Sequence, Tree, parse_pattern
from podium.store.dialect import Dialect

# What is a number in both databases: so short, with so small an exponent, that no database finds it too large. To count
# digits by `{1,50}` takes PostgreSQL four times as long.
_NUMBER = r"[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]{1,2})?"
_IS_NUMBER = re.compile(_NUMBER)
_LONGEST_NUMBER = 100
_PLACES = {"start": r"\A", "end": r"\Z", "boundary": r"\y", "inside": r"\Y"}


def define_functions(connection: sqlite3.Connection) -> None:
    """Give a connection to SQLite the functions that statements of this module call."""
    connection.create_function("podium_matches", 2, _matches, deterministic=True)
    connection.create_function("podium_number", 1, _number, deterministic=True)


def matches(column: str, parameter: str, dialect: Dialect) -> str:
    """Whether a text has a pattern within it, which is bound as `pattern_value` of it."""
    return f"{column} ~ :{parameter}" if dialect == "postgresql" else f"podium_matches(:{parameter}, {column})"


def number_of(column: str, dialect: Dialect) -> str:
    """The number that a text writes; NULL when it is none."""
    short = f"LENGTH({column}) <= {_LONGEST_NUMBER}"
    if dialect == "postgresql":
        return f"(CASE WHEN {short} AND {column} ~ '^({_NUMBER})$' THEN CAST({column} AS DOUBLE PRECISION) END)"
    return f"(CASE WHEN {short} THEN podium_number({column}) END)"


def pattern_value(text: str, dialect: Dialect) -> str:
    """What to bind for `matches`. Raises InvalidArgument for what is no pattern."""
    return _written(text) if dialect == "postgresql" else text


def _matches(pattern: str, text: str | None) -> int | None:
    return None if text is None else int(matcher(pattern).found_in(text))


# The same few values stand in many rows, and a statement asks for each of them several times.
@lru_cache(maxsize=30_000)
def _number(text: str | None) -> float | None:
    return float(text) if text is not None and _IS_NUMBER.fullmatch(text) else None


@lru_cache(maxsize=100)
def _written(text: str) -> str:
    """The pattern as PostgreSQL writes it, whose syntax means other things in places."""
    pattern = parse_pattern(text)
    return f"{'(?i)' if pattern.ignores_case else ''}(?:{_tree(pattern.tree)})"


def _tree(tree: Tree) -> str:
    match tree:
        case Sequence(items):
            return "".join(f"(?:{_tree(item)})" if isinstance(item, Choice) else _tree(item) for item in items)
        case Choice(items):
            return "|".join(_tree(item) for item in items)
        case Repeat(item, least, most):
            return f"(?:{_tree(item)}){{{least},{'' if most is None else most}}}"
        case At(place):
            return _PLACES[place]
        case Chars(ranges, negated):
            listed = "".join(f"{_point(low)}-{_point(high)}" for low, high in ranges)
            return f"[{'^' if negated else ''}{listed}]"


def _point(point: int) -> str:
    return f"\\U{point:08x}"
