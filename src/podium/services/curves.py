"""Curves of metrics over several runs, whichever teams of the actor have them, as many points as a screen shows."""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence

import msgspec

from podium.domain.access import Actor
from podium.domain.curves import LEAST_POINTS, MAX_POINTS, Axis, Curve, Line, thinned
from podium.domain.runs import RunRow
from podium.errors import InvalidArgument
from podium.services.context import Context
from podium.store import curves as rows
from podium.store import metrics
from podium.store.transaction import Tx

MAX_CURVES = 100
_KEPT = 500
_BRIEF_POINTS = 400
_READ_POINTS = 400_000  # of more points the database chooses
_Key = tuple[int, int, str, Axis, int | None, int | None, int]


class Wanted(msgspec.Struct, frozen=True):
    """Which metrics, by what, and from where to where; None is as far as there are points."""

    keys: tuple[str, ...]
    axis: Axis = "step"
    first: int | None = None
    last: int | None = None
    most: int = MAX_POINTS


class CurveSet(msgspec.Struct, frozen=True):
    """Curves, and the runs that have them."""

    axis: Axis
    runs: list[RunRow]
    curves: list[Curve]


class Curves:
    """Reads curves. What was read is kept for as long as the run does not change."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._kept: OrderedDict[_Key, Curve] = OrderedDict()
        self._reading: dict[_Key, asyncio.Task[Curve]] = {}
        self._foreseen: set[asyncio.Task[CurveSet]] = set()

    async def read(self, actor: Actor, run_ids: Sequence[str], wanted: Wanted) -> CurveSet:
        """A curve for each metric of each run that has it. Runs that are not there, or not the actor's, have none."""
        _check(run_ids, wanted)

        def find(tx: Tx) -> tuple[list[RunRow], dict[str, int]]:
            teams = [team.id for team in self._context.readable_teams(tx, actor)]
            return rows.find_runs_of_teams(tx, teams, run_ids), metrics.find_keys(tx, wanted.keys)

        runs, ids = await self._context.store.read(find)
        found = await asyncio.gather(
            *(self._curve(run, key, ids[key], wanted) for run in runs for key in wanted.keys if key in ids)
        )
        return CurveSet(wanted.axis, runs, [curve for curve in found if curve.x])

    def foresee(self, actor: Actor, run_ids: Sequence[str], wanted: Wanted) -> None:
        """Begin to read what a page will ask for as soon as it is there."""
        task = asyncio.ensure_future(self.read(actor, run_ids, wanted))
        self._foreseen.add(task)  # else nobody would hold it
        task.add_done_callback(self._forget)

    def _forget(self, task: "asyncio.Task[CurveSet]") -> None:
        self._foreseen.discard(task)
        if not task.cancelled():
            task.exception()  # whoever asks for the curve meets it too

    async def _curve(self, run: RunRow, key: str, key_id: int, wanted: Wanted) -> Curve:
        kept_as = (run.id, run.revision, key, wanted.axis, wanted.first, wanted.last, wanted.most)
        kept = self._kept.get(kept_as)
        if kept is not None:
            self._kept.move_to_end(kept_as)
            return kept
        task = self._reading.get(kept_as)
        if task is None:  # those who ask for the same meanwhile wait for it
            query = rows.CurveQuery(run.id, key_id, wanted.axis, wanted.first, wanted.last)
            task = self._reading[kept_as] = asyncio.ensure_future(self._read(kept_as, run, key, query, wanted.most))
            task.add_done_callback(lambda _: self._reading.pop(kept_as))
        return await asyncio.shield(task)

    async def _read(self, kept_as: _Key, run: RunRow, key: str, query: rows.CurveQuery, most: int) -> Curve:
        line, whole = await self._line(query, most)
        curve = Curve(run.run_id, key, line.x, line.y, whole)
        self._kept[kept_as] = curve
        if len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return curve

    async def _line(self, query: rows.CurveQuery, most: int) -> tuple[Line, bool]:
        """The points to show, and whether they are all."""
        read = self._context.store.read
        few = await read(lambda tx: rows.select_line(tx, query, min(most, _BRIEF_POINTS)))
        if few is not None:
            return few, True
        line = await read(lambda tx: _thinned(rows.select_line(tx, query, _READ_POINTS), most), brief=False)
        if line is not None:
            return line
        found = await read(lambda tx: rows.select_extremes(tx, query, most // 2), brief=False)
        return thinned(found, most), False


def _thinned(line: Line | None, most: int) -> tuple[Line, bool] | None:
    return None if line is None else (thinned(line, most), len(line.x) <= most)


def _check(run_ids: Sequence[str], wanted: Wanted) -> None:
    if len(run_ids) * len(wanted.keys) > MAX_CURVES:
        raise InvalidArgument(f"'run' and 'key' name more than {MAX_CURVES} curves; ask for fewer at once.")
    if not LEAST_POINTS <= wanted.most <= MAX_POINTS:
        raise InvalidArgument(f"'points' is a whole number from {LEAST_POINTS} to {MAX_POINTS}, not {wanted.most}.")
