"""Points of one metric as a curve. Of very long histories the database hands out the extremes alone."""

from collections.abc import Sequence
from typing import Any, cast

import msgspec

from podium.domain.curves import Axis, Line, ordered
from podium.domain.runs import RunRow
from podium.store.dialect import gathered, gathered_list
from podium.store.registries import outside
from podium.store.runs import COLUMNS, JOINED
from podium.store.transaction import Tx
from podium.store.versions import inlined

_COLUMNS: dict[Axis, str] = {"step": "m.step", "time": "m.timestamp"}
_MOST = 1.7976931348623157e308
_FINITE = "m.is_nan = 0 AND m.value BETWEEN -:most AND :most"
_VALUE = f"CASE WHEN {_FINITE} THEN m.value END"


class CurveQuery(msgspec.Struct, frozen=True):
    """Which metric of which run, by what, and between which places, both of them within."""

    run: int
    key_id: int
    axis: Axis
    first: int | None = None
    last: int | None = None


def find_runs_of_teams(tx: Tx, team_ids: Sequence[int], run_ids: Sequence[str]) -> list[RunRow]:
    """Those of the runs with these public ids that belong to one of the teams, in the order given."""
    names = {f"r{index}": run_id for index, run_id in enumerate(run_ids)}
    wanted = ", ".join(f":{name}" for name in names) or "NULL"
    rows = tx.all(
        f"SELECT {COLUMNS} FROM {JOINED} WHERE runs.run_id IN ({wanted}) AND projects.team_id IN ({inlined(team_ids)})"
        f" AND {outside('projects.id')}",
        **names,
    )
    found = {run.run_id: run for run in (RunRow(*row) for row in rows)}
    return [found[run_id] for run_id in dict.fromkeys(run_ids) if run_id in found]


def select_line(tx: Tx, query: CurveQuery, limit: int) -> Line | None:
    """Every point in order; None when there are more than the limit."""
    column, dialect = _COLUMNS[query.axis], tx.dialect
    row = tx.one(
        f"SELECT {gathered('p.x', dialect)}, {gathered('p.y', dialect)} FROM (SELECT {column} AS x, {_VALUE} AS y"
        f" FROM metrics m WHERE {_where(query)} LIMIT :limit) AS p",
        **_parameters(query),
        limit=limit + 1,
    )
    assert row is not None, "an aggregate has a row"
    places = gathered_list(row[0], int, dialect)
    if len(places) > limit:
        return None
    return ordered(Line(places, gathered_list(row[1], cast("type[float | None]", float | None), dialect)))


def select_extremes(tx: Tx, query: CurveQuery, stretches: int) -> Line:
    """Of each of about so many stretches of equal length the least and the greatest value and a gap, in order.

    The first and the last point are among them. All of these are points that are there: nothing is averaged.
    """
    span = _span(tx, query)
    if span is None:
        return Line([], [])
    column = _COLUMNS[query.axis]
    rows = tx.all(
        f"WITH stretches AS MATERIALIZED (SELECT {column} / :width AS place, MIN({_VALUE}) AS least,"
        f" MAX({_VALUE}) AS greatest FROM metrics m WHERE {_where(query)} GROUP BY 1)"
        f" SELECT MIN({column}), {_VALUE} AS y, CASE WHEN {column} IN (:start, :end) THEN 1 ELSE 0 END AS at_end"
        f" FROM metrics m JOIN stretches s ON s.place = {column} / :width WHERE {_where(query)}"
        f" AND (m.value = s.least OR m.value = s.greatest OR {column} IN (:start, :end) OR NOT ({_FINITE}))"
        f" GROUP BY s.place, y, at_end ORDER BY 1",
        **_parameters(query),
        width=(span[1] - span[0]) // stretches + 1,
        start=span[0],
        end=span[1],
    )
    return Line([row[0] for row in rows], [row[1] for row in rows])


def _span(tx: Tx, query: CurveQuery) -> tuple[int, int] | None:
    column = _COLUMNS[query.axis]
    row = tx.one(f"SELECT MIN({column}), MAX({column}) FROM metrics m WHERE {_where(query)}", **_parameters(query))
    return None if row is None or row[0] is None else (row[0], row[1])


def _where(query: CurveQuery) -> str:
    column = _COLUMNS[query.axis]
    return (
        "m.run_id = :run AND m.key_id = :key"
        + ("" if query.first is None else f" AND {column} >= :first")
        + ("" if query.last is None else f" AND {column} <= :last")
    )


def _parameters(query: CurveQuery) -> dict[str, Any]:
    return {"run": query.run, "key": query.key_id, "first": query.first, "last": query.last, "most": _MOST}
