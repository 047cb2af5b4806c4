"""Rows of metrics: names interned, every point once, and the latest point of each name beside them."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

import msgspec

from podium.domain.history import HistoryLine
from podium.domain.history_reading import StepPoint
from podium.domain.runs import HistoryPoint, Point, RunPoint, stored_value
from podium.store.dialect import is_in, list_value
from podium.store.registries import outside
from podium.store.transaction import Row, Tx

_NUMBERS = (float, int)
_LEAST, _MOST = -1e308, 1e308
# Where a point is in a history: the rest of its key.
_ORDER = "timestamp, step, value, is_nan"
Position: TypeAlias = tuple[int, int, float, int]


class HistoryPage(msgspec.Struct, frozen=True):
    """Points by time, and the position to go on behind; None on the last page."""

    points: list[HistoryPoint]
    after: Position | None


def intern_keys(tx: Tx, keys: Iterable[str]) -> dict[str, int]:
    """The ids of metric names, made where they are missing. They are to be remembered only after the commit."""
    wanted = sorted(keys)
    found = _select_keys(tx, wanted)
    for key in wanted:
        if key not in found:
            # An update that changes nothing: it returns the id also when another process was first.
            found[key] = tx.value(
                "INSERT INTO metric_keys (key) VALUES (:key)"
                " ON CONFLICT (key) DO UPDATE SET key = excluded.key RETURNING id",
                key=key,
            )
    return found


def find_keys(tx: Tx, keys: Iterable[str]) -> dict[str, int]:
    """The ids of those of the metrics' names under which a point was ever logged."""
    return _select_keys(tx, list(keys))


def find_key(tx: Tx, key: str) -> int | None:
    """The id of a metric's name, None when no point was ever logged under it."""
    return _select_keys(tx, [key]).get(key)


def insert_points(tx: Tx, run: int, key_ids: Mapping[str, int], points: Iterable[Point]) -> None:
    """Add points that are not there yet, and keep the latest one of each name up to date."""
    rows: list[Row] = []
    for point in points:
        value, is_nan = point.value, 0
        if value != value:  # noqa: PLR0124  NaN, told without a call: batches are large
            value, is_nan = 0.0, 1
        rows.append((run, key_ids[point.key], point.timestamp, point.step, value, is_nan))
    _insert_rows(tx, rows)


def insert_history(tx: Tx, run: int, key_ids: Mapping[str, int], lines: Iterable[HistoryLine]) -> None:
    """Add the points that lines of a history hold of the metrics in `key_ids`, as `insert_points` does."""
    rows: list[Row] = []
    for line in lines:  # there may be hundreds of thousands of values: no call for any of them
        time, step, values = line.timestamp, line.step, line.values
        rows += [
            (run, key_ids[key], time, step, value * 1.0, 0)
            if _LEAST < value < _MOST
            else _unlike_others(run, key_ids[key], time, step, value)
            for key, value in values.items()
            if key in key_ids and type(value) in _NUMBERS
        ]
    _insert_rows(tx, rows)


def select_key_ids(tx: Tx, run: int) -> set[int]:
    """The ids of the metrics that a run has points of."""
    return {row[0] for row in tx.all("SELECT key_id FROM latest_metrics WHERE run_id = :run", run=run)}


def delete_points(tx: Tx, run: int, key_ids: Iterable[int] | None = None) -> None:
    """Remove a run's points of these metrics, or of all."""
    which = "" if key_ids is None else f" AND key_id IN ({_list(key_ids)})"
    for table in ("metrics", "latest_metrics"):
        tx.run(f"DELETE FROM {table} WHERE run_id = :run{which}", run=run)


def delete_points_behind(tx: Tx, run: int, step: int) -> None:
    """Remove a run's points of later steps; the latest one of each metric is then an earlier one."""
    tx.run("DELETE FROM metrics WHERE run_id = :run AND step > :step", run=run, step=step)
    _renew_latest(tx, run)


def copy_points(tx: Tx, source: int, target: int, last_step: int) -> None:
    """Give a run without points those of another one up to a step."""
    tx.run(
        f"INSERT INTO metrics (run_id, key_id, {_ORDER}) SELECT :target, key_id, {_ORDER} FROM metrics"
        " WHERE run_id = :source AND step <= :step",
        source=source,
        target=target,
        step=last_step,
    )
    _renew_latest(tx, target)


def _renew_latest(tx: Tx, run: int) -> None:
    """Write the latest point of each of a run's metrics anew."""
    tx.run("DELETE FROM latest_metrics WHERE run_id = :run", run=run)
    tx.run(
        f"INSERT INTO latest_metrics (run_id, key_id, {_ORDER}) SELECT run_id, key_id, {_ORDER} FROM (SELECT m.*,"
        " ROW_NUMBER() OVER (PARTITION BY key_id ORDER BY step DESC, timestamp DESC, value DESC, is_nan DESC) AS place"
        " FROM metrics AS m WHERE run_id = :run) AS ranked WHERE place = 1",
        run=run,
    )


def _insert_rows(tx: Tx, rows: list[Row]) -> None:
    rows.sort()
    # In the order of the table's key, so that neighbours fall on the same page and no two batches wait for each other.
    tx.insert(
        f"INSERT INTO metrics (run_id, key_id, {_ORDER}) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        rows,
    )
    tx.insert(
        f"INSERT INTO latest_metrics (run_id, key_id, {_ORDER}) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (run_id, key_id) DO UPDATE SET step = excluded.step, timestamp = excluded.timestamp,"
        " value = excluded.value, is_nan = excluded.is_nan"
        " WHERE (excluded.step, excluded.timestamp, excluded.value, excluded.is_nan)"
        " > (latest_metrics.step, latest_metrics.timestamp, latest_metrics.value, latest_metrics.is_nan)",
        _latest_of(rows),
    )


def select_model_keys(tx: Tx, team_id: int, model_ids: Iterable[str]) -> dict[str, int]:
    """The keys of those of the team's logged models that are there."""
    names = {f"m{i}": model_id for i, model_id in enumerate(model_ids)}
    wanted = ", ".join(f":{name}" for name in names) or "NULL"
    rows = tx.all(
        "SELECT m.model_id, m.id FROM logged_models m JOIN projects p ON p.id = m.project_id"
        f" WHERE p.team_id = :team AND m.deleted_at IS NULL AND m.model_id IN ({wanted}) AND {outside('p.id')}",
        team=team_id,
        **names,
    )
    return {row[0]: row[1] for row in rows}


def upsert_model_points(
    tx: Tx, run: int, key_ids: Mapping[str, int], model_keys: Mapping[str, int], points: Iterable[Point]
) -> None:
    """Note points beside the logged models that they measure. A model has one value a run, name, time and step."""
    tx.insert(
        "INSERT INTO logged_model_metrics (logged_model_id, key_id, timestamp, step, run_id, value, is_nan,"
        " dataset_name, dataset_digest) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (logged_model_id, key_id, timestamp, step, run_id) DO UPDATE SET value = excluded.value,"
        " is_nan = excluded.is_nan, dataset_name = excluded.dataset_name, dataset_digest = excluded.dataset_digest",
        [
            (
                model_keys[point.model_id],
                key_ids[point.key],
                point.timestamp,
                point.step,
                run,
                *stored_value(point.value),
                point.dataset_name or None,
                point.dataset_digest or None,
            )
            for point in points
        ],
    )


def select_latest(tx: Tx, runs: list[int]) -> dict[int, list[Point]]:
    """For each of the runs its latest point of each metric, by name."""
    wanted = ", ".join(str(run) for run in runs) or "NULL"
    points: dict[int, list[Point]] = {run: [] for run in runs}
    for run, key, timestamp, step, value, is_nan in tx.all(
        f"SELECT l.run_id, k.key, l.timestamp, l.step, l.value, l.is_nan FROM latest_metrics l"
        f" JOIN metric_keys k ON k.id = l.key_id WHERE l.run_id IN ({wanted}) ORDER BY l.run_id, k.key"
    ):
        points[run].append(Point(key, math.nan if is_nan else value, timestamp, step))
    return points


def select_history(tx: Tx, run: int, key: str, *, limit: int | None, after: Position | None) -> HistoryPage:
    """A run's points of one metric by (time, step, value), those behind `after`; all of them without a limit."""
    key_id = find_key(tx, key)
    position = dict(zip(("timestamp", "step", "value", "is_nan"), after or (), strict=bool(after)))
    rows = tx.all(
        f"SELECT {_ORDER} FROM metrics WHERE run_id = :run AND key_id = :key"
        + (f" AND ({_ORDER}) > (:timestamp, :step, :value, :is_nan)" if after else "")
        + f" ORDER BY {_ORDER}"
        + ("" if limit is None else f" LIMIT {limit + 1}"),
        run=run,
        key=key_id,
        **position,
    )
    more = limit is not None and len(rows) > limit
    rows = rows[:limit]
    return HistoryPage(
        [HistoryPoint(key, math.nan if is_nan else value, timestamp, step) for timestamp, step, value, is_nan in rows],
        (*rows[-1],) if more else None,
    )


def select_steps(tx: Tx, run: int, key_ids: Sequence[int], within: tuple[int, int] | None = None) -> list[int]:
    """The steps at which a run has a point of each of these metrics, or of any if none are named, in order.

    Those from the first of `within` up to, not including, the second.
    """
    limits = "" if within is None else " AND step >= :first AND step < :end"
    every = ""
    if key_ids:
        limits += f" AND key_id IN ({_list(key_ids)})"
        every = f" HAVING COUNT(DISTINCT key_id) = {len(set(key_ids))}"
    rows = tx.all(
        f"SELECT step FROM metrics WHERE run_id = :run{limits} GROUP BY step{every} ORDER BY step",
        run=run,
        first=within[0] if within else 0,
        end=within[1] if within else 0,
    )
    return [row[0] for row in rows]


def select_at_steps(tx: Tx, run: int, key_ids: Sequence[int], steps: Sequence[int]) -> list[StepPoint]:
    """A run's points of these metrics, or of all if none are named, at these steps, by step and time."""
    if not steps:
        return []
    named = f" AND m.key_id IN ({_list(key_ids)})" if key_ids else ""
    rows = tx.all(
        "SELECT m.step, m.timestamp, k.key, m.value, m.is_nan FROM metrics m JOIN metric_keys k ON k.id = m.key_id"
        f" WHERE m.run_id = :run{named} AND m.step >= :first AND m.step <= :last"
        f" AND {is_in('m.step', 'steps', tx.dialect)} ORDER BY m.step, m.timestamp, m.key_id",
        run=run,
        first=min(steps),
        last=max(steps),
        steps=list_value(list(steps), tx.dialect),
    )
    return [StepPoint(step, time, key, math.nan if is_nan else value) for step, time, key, value, is_nan in rows]


def find_first_step(tx: Tx, run: int) -> int | None:
    """The lowest step at which a run has a point; None for one without points."""
    step: int | None = tx.value("SELECT MIN(step) FROM metrics WHERE run_id = :run", run=run)
    return step


def select_histories(tx: Tx, runs: list[int], key: str, limit: int) -> list[RunPoint]:
    """The first points of one metric over several runs, by run id and time."""
    rows = tx.all(
        "SELECT r.run_id, m.timestamp, m.step, m.value, m.is_nan FROM metrics m JOIN runs r ON r.id = m.run_id"
        f" WHERE m.key_id = :key AND m.run_id IN ({_list(runs)})"
        " ORDER BY r.run_id, m.timestamp, m.step, m.value, m.is_nan LIMIT :limit",
        key=find_key(tx, key),
        limit=limit,
    )
    return [_sampled(key, row) for row in rows]


def sample_histories(
    tx: Tx, runs: list[int], key: str, *, per_run: int, steps: tuple[int, int] | None
) -> dict[str, list[RunPoint]]:
    """For each run up to `per_run` points of one metric, spread evenly over all of them by step, the last one always.

    They are chosen in the database: memory does not grow with the length of the histories.
    """
    within = "" if steps is None else " AND m.step BETWEEN :first AND :last"
    order = "m.step, m.timestamp, m.value, m.is_nan"
    backwards = "m.step DESC, m.timestamp DESC, m.value DESC, m.is_nan DESC"
    rows = tx.all(
        "SELECT run_id, timestamp, step, value, is_nan FROM (SELECT s.*,"
        " ROW_NUMBER() OVER (PARTITION BY s.run_id, s.bucket ORDER BY s.step, s.timestamp, s.value, s.is_nan) AS nth"
        " FROM (SELECT r.run_id, m.timestamp, m.step, m.value, m.is_nan,"
        f" NTILE({per_run}) OVER (PARTITION BY m.run_id ORDER BY {order}) AS bucket,"
        f" ROW_NUMBER() OVER (PARTITION BY m.run_id ORDER BY {backwards}) AS from_end"
        " FROM metrics m JOIN runs r ON r.id = m.run_id"
        f" WHERE m.key_id = :key AND m.run_id IN ({_list(runs)}){within}) AS s) AS ranked"
        " WHERE nth = 1 OR from_end = 1 ORDER BY run_id, step, timestamp, value, is_nan",
        key=find_key(tx, key),
        first=steps[0] if steps else 0,
        last=steps[1] if steps else 0,
    )
    samples: dict[str, list[RunPoint]] = {}
    for row in rows:
        samples.setdefault(row[0], []).append(_sampled(key, row))
    for sample in samples.values():
        if len(sample) > per_run:  # the last point takes the place of the one before
            del sample[-2]
    return samples


def _unlike_others(run: int, key_id: int, timestamp: int, step: int, value: float) -> Row:
    """The row of a value that is NaN, or infinite, as integers are that no float can hold."""
    if not isinstance(value, float):
        value = math.inf if value > 0 else -math.inf
    return (run, key_id, timestamp, step, *stored_value(value))


def _latest_of(rows: Iterable[Row]) -> list[Row]:
    """Of each metric the row with the highest (step, timestamp, value); `rows` are in the order of their key."""
    latest: dict[int, Row] = {}
    for row in rows:
        best = latest.get(row[1])
        # A row with the same step and time comes behind one with a lower value.
        if best is None or (row[3], row[2]) >= (best[3], best[2]):
            latest[row[1]] = row
    return list(latest.values())


def _select_keys(tx: Tx, keys: list[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for start in range(0, len(keys), 500):
        names = {f"k{i}": key for i, key in enumerate(keys[start : start + 500])}
        wanted = ", ".join(f":{name}" for name in names)
        found.update(
            (row[0], row[1]) for row in tx.all(f"SELECT key, id FROM metric_keys WHERE key IN ({wanted})", **names)
        )
    return found


def _sampled(key: str, row: Row) -> RunPoint:
    run_id, timestamp, step, value, is_nan = row
    return RunPoint(run_id, Point(key, math.nan if is_nan else value, timestamp, step))


def _list(keys: Iterable[int]) -> str:
    return ", ".join(str(key) for key in keys) or "NULL"
