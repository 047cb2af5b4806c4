"""What a page's rows are sorted by, and which rows come behind a given one."""

from collections.abc import Sequence

import msgspec

from podium.domain.filters import Comparison, FieldKind, Node, Operator, Order, SortValue, conjuncts
from podium.store.filters import Parameters, Source, nan_rank, number_rank, side_join, sort_number, sort_value

# Databases have their limits for the tables of a statement, and think long about many.
MAX_JOINS = 4


class Column(msgspec.Struct, frozen=True):
    """The SQL of something to sort by; `constant` where all of the rows have the same."""

    sql: str
    ascending: bool = True
    constant: int | None = None


class Sorting(msgspec.Struct, frozen=True):
    """An order; `total` when it leaves no ties, so that it needs no key behind it."""

    order: tuple[Order, ...]
    total: bool


def needed_sorting(order: Sequence[Order], condition: Node, source: Source) -> Sorting:
    """As much of an order as makes a difference: not what the condition sets, nor what follows an identity."""
    known = {
        part.field.key
        for part in conjuncts(condition)
        if isinstance(part, Comparison) and part.operator is Operator.EQ and part.field.kind is FieldKind.ATTRIBUTE
    }
    needed: list[Order] = []
    for item in order:
        attribute = item.field.key if item.field.kind is FieldKind.ATTRIBUTE else None
        if attribute in known:
            continue
        if _tells_rows(source, known):
            break
        needed.append(item)
        if attribute is not None:
            known.add(attribute)
    return Sorting(tuple(needed), bool(needed) and _tells_rows(source, known))


def _tells_rows(source: Source, known: set[str]) -> bool:
    return bool(source.identity) and known.issuperset(source.identity)


def columns(sorting: Sorting, source: Source, parameters: Parameters, joins: list[str] | None = None) -> list[Column]:
    """What rows are sorted by. A rank comes before what may be missing, because the databases disagree on NULL.

    With `joins` the first values are joined, and what is to be added to the FROM clause for them is put there.
    """
    found: list[Column] = []
    for item in sorting.order:
        found += _columns_of(item, source, parameters, "" if joins is None else _join(item, source, parameters, joins))
    return found if sorting.total else [*found, Column(source.key)]


def _columns_of(item: Order, source: Source, parameters: Parameters, joined: str) -> list[Column]:
    field = item.field
    value = sort_value(field, source, parameters, joined)
    if item.as_number:
        number, rank = (of(field, source, parameters, joined) for of in (sort_number, number_rank))
        first = [Column(f"COALESCE({rank}, 2)"), Column(f"COALESCE({number}, 0)", item.ascending)]
        return [*first, Column(f"COALESCE({value}, '')", item.ascending)]
    last = Column(value, item.ascending)
    if field.kind is FieldKind.METRIC:
        rank = nan_rank(field, source, parameters, joined)
        return [Column(f"COALESCE({rank}, 2)"), Column(f"COALESCE({value}, 0)", item.ascending)]
    if field.kind is not FieldKind.ATTRIBUTE or field.key in source.nullable:
        return [Column(f"CASE WHEN {value} IS NULL THEN 1 ELSE 0 END"), last]
    return [last]


def _join(item: Order, source: Source, parameters: Parameters, joins: list[str]) -> str:
    """The name by which the values are joined; empty when they are not."""
    name = f"o{len(joins)}"
    join = side_join(item.field, source, parameters, name) if len(joins) < MAX_JOINS else None
    if join is None:
        return ""
    joins.append(join)
    return name


def selected(sorted_by: Sequence[Column], source: Source) -> str:
    """What to select: the columns as c0, c1, …, and the row's key."""
    named = [f"{column.sql} AS c{i}" for i, column in enumerate(sorted_by)]
    return ", ".join((*named, f"{source.key} AS row_key"))


def order_by(sorted_by: Sequence[Column]) -> str:
    """The ORDER BY clause over what `selected` names."""
    items = [
        f"c{i} {'ASC' if column.ascending else 'DESC'}" for i, column in enumerate(sorted_by) if column.constant is None
    ]
    return f" ORDER BY {', '.join(items)}"


def behind(sorted_by: Sequence[Column], after: Sequence[SortValue], parameters: Parameters) -> list[str]:
    """Conditions that share out the rows behind the values of `after`, those of the nearest first.

    Each is for the rows that are equal in some first columns and come behind in the next: a range of an index over
    the columns, which one condition for all of them would not be.
    """
    if len(after) != len(sorted_by):  # the token's digest matched, so this is another release's order
        return []
    choices: list[str] = []
    equal: list[str] = []
    for column, value in zip(sorted_by, after, strict=True):
        if column.constant is not None and isinstance(value, int | float):
            if column.constant == value:
                continue
            return ["1 = 1"] if column.constant > value else []
        if value is None:  # its rank has been compared already: all that are left are NULL too
            equal.append(f"{column.sql} IS NULL")
            continue
        name = parameters.bind(value)
        choices.append(" AND ".join((*equal, f"{column.sql} {'>' if column.ascending else '<'} :{name}")))
        equal.append(f"{column.sql} = :{name}")
    return choices[::-1]
