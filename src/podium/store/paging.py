"""Searches by page. Pages are by keyset: a page begins behind the last row of the one before, so that it stays right
while rows are written, and its cost does not grow with its number.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from podium.domain.filters import FieldKind, Node, Order, SortValue
from podium.store.filters import Parameters, Source, nan_rank, sort_value, where
from podium.store.transaction import Tx


class Page(msgspec.Struct, frozen=True):
    """The keys found, in order, and the sort values to go on behind; None on the last page."""

    keys: list[int]
    after: tuple[SortValue, ...] | None


class PageQuery(msgspec.Struct, frozen=True):
    """Which rows, in which order, how many at most, and behind which sort values; None is the first page."""

    condition: Node
    order: tuple[Order, ...]
    limit: int
    after: tuple[SortValue, ...] | None = None


class _Column(msgspec.Struct, frozen=True):
    sql: str
    ascending: bool


def search_page(tx: Tx, source: Source, *, scope: str, scope_parameters: Mapping[str, Any], query: PageQuery) -> Page:
    """A page of keys. `scope` is a fixed SQL condition (the team, the view); ties are broken by the integer key.

    Rows without a value to sort by come last in both directions, NaN before them.
    """
    parameters = Parameters(tx.dialect, scope_parameters)
    columns = _columns(query.order, source, parameters)
    selected = ", ".join(f"{column.sql} AS c{i}" for i, column in enumerate(columns))
    condition = where(query.condition, source, parameters)
    rows = f"SELECT {selected} FROM {source.rows} WHERE {scope} AND ({condition})"
    behind = f" WHERE {_behind(columns, query.after, parameters)}" if query.after is not None else ""
    order_by = ", ".join(f"c{i} {'ASC' if column.ascending else 'DESC'}" for i, column in enumerate(columns))
    statement = f"SELECT * FROM ({rows}) AS found{behind} ORDER BY {order_by} LIMIT {query.limit + 1}"
    found = tx.all(statement, **parameters.values)
    keys = [row[-1] for row in found[: query.limit]]
    return Page(keys, tuple(found[query.limit - 1]) if len(found) > query.limit else None)


def _columns(order: tuple[Order, ...], source: Source, parameters: Parameters) -> list[_Column]:
    """What rows are sorted by. A rank comes before what may be missing, because the databases disagree on NULL."""
    columns: list[_Column] = []
    for item in order:
        field = item.field
        value = sort_value(field, source, parameters)
        if field.kind is FieldKind.METRIC:
            rank = nan_rank(field, source, parameters)
            columns.append(_Column(f"COALESCE({rank}, 2)", ascending=True))
            value = f"COALESCE({value}, 0)"
        elif field.kind is not FieldKind.ATTRIBUTE or field.key in source.nullable:
            columns.append(_Column(f"CASE WHEN {value} IS NULL THEN 1 ELSE 0 END", ascending=True))
        columns.append(_Column(value, item.ascending))
    columns.append(_Column(source.key, ascending=True))
    return columns


def _behind(columns: list[_Column], after: tuple[SortValue, ...], parameters: Parameters) -> str:
    """The condition for rows that sort behind the values of `after`."""
    if len(after) != len(columns):  # the token's digest matched, so this is another release's order
        return "1 = 0"
    choices, equal = [], ""
    for i, (column, value) in enumerate(zip(columns, after, strict=True)):
        if value is None:  # its rank has been compared already: all that are left are NULL too
            equal += f"c{i} IS NULL AND "
            continue
        name = parameters.bind(value)
        choices.append(f"({equal}c{i} {'>' if column.ascending else '<'} :{name})")
        equal += f"c{i} = :{name} AND "
    return " OR ".join(choices)
