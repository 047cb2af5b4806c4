"""Searches by page. Pages are by keyset: a page begins behind the last row of the one before, so that it stays right
while rows are written, and its cost does not grow with its number.

There are three ways to a page: few candidates are sorted, or rows are taken in the order of an index until the page
is full, or, where neither can be had, all rows that there are get sorted.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from podium.domain.filters import Node, Order, SortValue
from podium.store.candidates import FEW, MANY, find_few, find_many, find_probes, probe_of_scope
from podium.store.dialect import as_rows, index_hints, list_value
from podium.store.filters import Parameters, Source, where
from podium.store.ordering import Column, behind, columns, needed_sorting, order_by, selected
from podium.store.transaction import Row, Tx
from podium.store.walking import Search, find_walk, walked_rows

# A statement has its limits: the parts of a scope with more of them are sorted as one.
MAX_PARTS = 50
# A walk is given up after so many rows for a better way, unless it has found its share of the page by then.
LOOK_AT = 500
PROMISING = 20


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


def search_page(
    tx: Tx,
    source: Source,
    *,
    scope: str,
    scope_parameters: Mapping[str, Any],
    query: PageQuery,
    parts: Sequence[str] = (),
) -> Page:
    """A page of keys. `scope` is a fixed SQL condition (the team, the view); ties are broken by the integer key.

    `parts` are conditions that share out the rows of `scope`, each of which has an index of its own to walk along.
    Rows without a value to sort by come last in both directions, NaN before them.
    """
    for hint in index_hints(tx.dialect):
        tx.run(hint)
    parameters = Parameters(tx.dialect, scope_parameters)
    search = Search(
        source=source,
        scope=scope,
        parts=parts if 0 < len(parts) <= MAX_PARTS else (scope,),
        sorting=needed_sorting(query.order, query.condition, source),
        node=query.condition,
        condition=where(query.condition, source, parameters),
        parameters=parameters,
        after=query.after,
        most=query.limit + 1,
    )
    found = _find_rows(tx, search, scope_parameters)
    keys = [row[-1] for row in found[: query.limit]]
    return Page(keys, found[query.limit - 1][:-1] if len(found) > query.limit else None)


def count_rows(tx: Tx, source: Source, *, scope: str, scope_parameters: Mapping[str, Any], condition: Node) -> int:
    """How many rows of the scope the condition lets through: counted among the fewest that an index can tell."""
    for hint in index_hints(tx.dialect):
        tx.run(hint)
    probes = find_probes(tx.dialect, source, condition, scope=scope, scope_parameters=scope_parameters)
    few = find_few(tx, probes, FEW)
    if few is None and probes:
        few = find_many(tx, source, probes, probe_of_scope(source, scope, scope_parameters), MANY)
    parameters = Parameters(tx.dialect, scope_parameters)
    rows, given = _among(source, few, parameters)
    test = where(condition, source, parameters)
    count: int = tx.value(f"SELECT COUNT(*) FROM {rows} WHERE {given} AND {scope} AND ({test})", **parameters.values)
    return count


def _among(source: Source, few: list[int] | None, parameters: Parameters) -> tuple[str, str]:
    """The FROM clause and the condition for the candidates, or for all rows."""
    if few is None:
        return source.rows, "1 = 1"
    dialect = parameters.dialect
    listed = as_rows(parameters.bind(list_value(few, dialect)), "few", dialect)
    return f"{listed} CROSS JOIN {source.rows}", f"{source.key} = few.value"


def _find_rows(tx: Tx, search: Search, scope_parameters: Mapping[str, Any]) -> list[Row]:
    """The rows of the page, in whichever way looks at the fewest."""
    source, scope, walk = search.source, search.scope, find_walk(search.source, search.sorting)
    probes = find_probes(tx.dialect, source, search.node, scope=scope, scope_parameters=scope_parameters)
    whole_scope = probe_of_scope(source, scope, scope_parameters)
    if walk is None:
        few = find_few(tx, [*probes, whole_scope], FEW)
        return _sorted_rows(tx, search, find_many(tx, source, probes, whole_scope, MANY) if few is None else few)
    few = find_few(tx, probes, FEW)
    if few is None:
        passes_others_by = bool(probes) or not walk.within_scope
        found, whole = walked_rows(tx, search, walk, LOOK_AT if passes_others_by else None)
        if whole:
            return found
        if len(found) * PROMISING < search.most:
            few = find_many(tx, source, probes, whole_scope, MANY)
    return walked_rows(tx, search, walk)[0] if few is None else _sorted_rows(tx, search, few)


def _sorted_rows(tx: Tx, search: Search, few: list[int] | None) -> list[Row]:
    """The rows of the page, out of the candidates or of the whole scope, by sorting."""
    source, parameters = search.source, search.parameters
    joins: list[str] = []
    sorted_by = columns(search.sorting, source, parameters, joins)
    rows, given = _among(source, few, parameters)
    # Else a database may walk along the order instead, and look for candidates there; or make the columns anew for
    # each comparison with the page before.
    once = "" if few is None and search.after is None else "MATERIALIZED "
    choices = ["1 = 1"]
    if search.after is not None:
        named = [Column(f"c{i}", column.ascending) for i, column in enumerate(sorted_by)]
        choices = behind(named, search.after, parameters) or ["1 = 0"]
    found = (
        f"SELECT {selected(sorted_by, source)} FROM {rows}{''.join(joins)} WHERE {given} AND ({search.condition})"
        f" AND {search.scope}"
    )
    return tx.all(
        f"WITH found AS {once}({found}) SELECT * FROM found"
        f" WHERE ({') OR ('.join(choices)}){order_by(sorted_by)} LIMIT {search.most}",
        **parameters.values,
    )
