"""A page by walking along an index that has the rows in order, until the page is full."""

from collections.abc import Iterator, Sequence

import msgspec

from podium.domain.filters import Comparison, Field, FieldKind, Node, Operator, SortValue, conjuncts
from podium.store.filters import Parameters, Source, Walk, compare, of_key, side_table
from podium.store.ordering import Column, Sorting, behind, columns, order_by, selected
from podium.store.transaction import Row, Tx


class Search(msgspec.Struct, frozen=True):
    """One page's search. `condition` is the SQL of `node`; the statements of a page share their parameters.

    `parts` are conditions that share out the rows of `scope`, each of which has an index of its own to walk along.
    """

    source: Source
    scope: str
    parts: Sequence[str]
    sorting: Sorting
    node: Node
    condition: str
    parameters: Parameters
    after: tuple[SortValue, ...] | None
    most: int


class _Stretch(msgspec.Struct, frozen=True):
    """Rows that an index gives in the order of the columns, from each of the scopes."""

    rows: str
    scopes: Sequence[str]
    columns: Sequence[Column]


def find_walk(source: Source, sorting: Sorting) -> Walk | None:
    """How to have rows in an order, if an index has them so."""
    if not sorting.order:
        return None
    field = sorting.order[0].field
    if field.kind is FieldKind.ATTRIBUTE:
        return source.walks.get(field.key)
    if field.kind is FieldKind.METRIC and not field.datasets:
        side = side_table(source, field.kind, field.key)
        if side.indexed and side.single:
            return Walk(f"{side.table} s CROSS JOIN {source.rows}", within_scope=False)
    return None


def walked_rows(tx: Tx, search: Search, walk: Walk, look_at: int | None = None) -> tuple[list[Row], bool]:
    """The rows of the page, in order, and whether they are all of it: after so many that were looked at, it ends."""
    found: list[Row] = []
    for stretch in _stretches(search, walk):
        choices = ["1 = 1"] if search.after is None else behind(stretch.columns, search.after, search.parameters)
        for choice in choices:
            end = "" if look_at is None else _end(tx, search, stretch, choice, look_at)
            statement = _statement(search, stretch, choice + end, search.most - len(found))
            found += tx.all(statement, **search.parameters.values)
            if len(found) == search.most:
                return found, True
            if end:
                return found, False
    return found, True


def _end(tx: Tx, search: Search, stretch: _Stretch, choice: str, look_at: int) -> str:
    """The condition that ends a walk after so many rows and those that are equal to the last; empty if none follow."""
    first = next(column for column in stretch.columns if column.constant is None)
    for scope in stretch.scopes:
        row = tx.one(
            f"SELECT {first.sql} FROM {stretch.rows} WHERE {scope} AND {choice}"
            f" ORDER BY {first.sql} {'ASC' if first.ascending else 'DESC'} LIMIT 1 OFFSET {look_at}",
            **search.parameters.values,
        )
        if row is not None:
            return f" AND {first.sql} {'<=' if first.ascending else '>='} :{search.parameters.bind(row[0])}"
    return ""


def _statement(search: Search, stretch: _Stretch, choice: str, most: int) -> str:
    end = f"{order_by(stretch.columns)} LIMIT {most}"
    each = [
        f"SELECT {selected(stretch.columns, search.source)} FROM {stretch.rows}"
        f" WHERE {choice} AND ({search.condition}) AND {scope}{end}"
        for scope in stretch.scopes
    ]
    if len(each) == 1:
        return each[0]
    together = " UNION ALL ".join(f"SELECT * FROM ({statement}) AS part{i}" for i, statement in enumerate(each))
    return f"{together}{end}"


def _stretches(search: Search, walk: Walk) -> Iterator[_Stretch]:
    if search.sorting.order[0].field.kind is FieldKind.METRIC:
        yield from _of_metric(search, walk)
    else:
        yield _Stretch(walk.rows, search.parts, columns(search.sorting, search.source, search.parameters))


def _of_metric(search: Search, walk: Walk) -> Iterator[_Stretch]:
    """Rows with a number, rows with NaN, rows without the metric; ranks 0, 1 and 2 as in `ordering.columns`."""
    source, parameters, first = search.source, search.parameters, search.sorting.order[0]
    side = side_table(source, first.field.kind, first.field.key)
    rest = columns(Sorting(search.sorting.order[1:], search.sorting.total), source, parameters)
    joined = f"s.{side.owner} = {source.key}{of_key(first.field, parameters)}"
    tests = "".join(f" AND {compare('s.value', test, parameters)}" for test in _numeric_tests(search.node, first.field))
    numbers = f"{joined} AND s.is_nan = 0{tests} AND {search.scope}"
    yield _Stretch(walk.rows, (numbers,), (_constant(0), Column("s.value", first.ascending), *rest))
    if tests:  # neither NaN nor nothing stands them
        return
    yield _Stretch(walk.rows, (f"{joined} AND s.is_nan = 1 AND {search.scope}",), (_constant(1), _constant(0), *rest))
    missing = f"NOT EXISTS (SELECT 1 FROM {side.table} s WHERE {joined})"
    yield _Stretch(source.rows, [f"{missing} AND {part}" for part in search.parts], (_constant(2), _constant(0), *rest))


def _numeric_tests(node: Node, field: Field) -> Iterator[Comparison]:
    """The comparisons with a metric that only a number stands, which are a range of its index."""
    for part in conjuncts(node):
        if isinstance(part, Comparison) and part.field == field and part.operator is not Operator.NE:
            yield part


def _constant(value: int) -> Column:
    return Column(str(value), constant=value)
