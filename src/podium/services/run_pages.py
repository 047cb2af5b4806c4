"""Runs as their pages show them: whole, with what came of them, and with what they logged beside numbers."""

import asyncio
from bisect import bisect_left, bisect_right
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

import msgspec

from podium.domain.access import Actor, may_write
from podium.domain.curves import Curve, Line, ordered, thinned
from podium.domain.history import flat, parse_object, time_ms
from podium.domain.media import MARK, Gallery, galleries
from podium.domain.runs import RunRow
from podium.errors import InvalidArgument, NotFound
from podium.services.context import Context
from podium.services.curves import CurveSet
from podium.services.tracked_runs import TrackedRun, load_tracked
from podium.store import run_lines, run_pages, runs
from podium.store.run_pages import ArtifactUse, RegisteredAs
from podium.store.transaction import Tx

_MAX_MEDIA_ROWS = 200
_MAX_EVENTS = 200_000
_KEPT = 20
_MOST = 1e308  # NaN is not below it either
_Events = dict[str, Line]


class RunPage(msgspec.Struct, frozen=True):
    """A run, whether the viewer may change it, and what came of it."""

    tracked: TrackedRun
    writable: bool
    registered: list[RegisteredAs]
    model_names: dict[str, str]
    artifacts: list[ArtifactUse]


class RunPages:
    """What the viewer may see of a run."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._events: OrderedDict[tuple[int, int], _Events] = OrderedDict()

    async def open(self, actor: Actor, project: str, slug: str) -> RunPage:
        """The run of this slug in the project of the actor's team, deleted or not. Raises NotFound."""

        def work(tx: Tx) -> RunPage:
            team = self._context.team_id(tx, actor)
            run = self._require(tx, actor, project, slug)
            tracked = load_tracked(tx, [run.id], self._context.clock())[0]
            known = [one.id for one in self._context.readable_teams(tx, actor)]
            models = [*tracked.run.model_inputs, *(output.model_id for output in tracked.run.model_outputs)]
            return RunPage(
                tracked,
                may_write(actor, team),
                run_pages.select_registered(tx, known, run.run_id),
                run_pages.select_model_names(tx, models),
                run_pages.select_artifacts(tx, known, run.id),
            )

        return await self._context.store.read(work)

    async def place(self, actor: Actor, run_id: str) -> tuple[str, str, str]:
        """The names of team and project, and the slug, of the run with this public id. Raises NotFound."""

        def work(tx: Tx) -> tuple[str, str, str]:
            known = [team.id for team in self._context.readable_teams(tx, actor)]
            found = run_pages.find_place(tx, known, run_id)
            if found is None:
                raise NotFound(f"There is no run with the id {run_id}.")
            return found

        return await self._context.store.read(work)

    async def run_id(self, actor: Actor, project: str, slug: str) -> str:
        """The public id of the run of this slug. Raises NotFound."""
        return await self._context.store.read(lambda tx: self._require(tx, actor, project, slug).run_id)

    async def media(self, tracked: TrackedRun) -> list[Gallery]:
        """What the run logged of pictures, tables and histograms."""

        def work(tx: Tx) -> list[str]:
            return run_pages.select_rows_with(tx, tracked.run.info.id, "history", MARK, _MAX_MEDIA_ROWS)

        contents = await self._context.store.read(work, brief=False)
        return await asyncio.to_thread(lambda: galleries(line for text in contents for line in text.split("\n")))

    async def system_metrics(self, tracked: TrackedRun) -> dict[str, Line]:
        """What the run's machine measured, by time, by name."""
        streams = tracked.streams
        if streams is None or not 0 < streams.event_lines <= _MAX_EVENTS:
            return {}
        kept_as = (tracked.run.info.id, streams.event_lines)
        if kept_as not in self._events:

            def work(tx: Tx) -> list[run_lines.LineRow]:
                return run_lines.select_lines(tx, tracked.run.info.id, "events")

            rows = await self._context.store.read(work, brief=False)
            self._events[kept_as] = await asyncio.to_thread(_measured, rows)
            if len(self._events) > _KEPT:
                self._events.popitem(last=False)
        return self._events[kept_as]

    async def system_curves(
        self, tracked: TrackedRun, keys: list[str], first: int | None = None, last: int | None = None
    ) -> CurveSet:
        """Curves of what the run's machine measured, between two times."""
        measured, run = await self.system_metrics(tracked), tracked.run.info
        found = [(key, _within(measured[key], first, last)) for key in dict.fromkeys(keys) if key in measured]
        curves = [
            Curve(run.run_id, key, thin.x, thin.y, len(thin.x) == len(line.x))
            for key, line in found
            if line.x and (thin := thinned(line))
        ]
        return CurveSet("time", [run], curves)

    def _require(self, tx: Tx, actor: Actor, project: str, slug: str) -> RunRow:
        run = runs.find_run_by_slug(tx, self._context.team_id(tx, actor), project, slug)
        if run is None:
            raise NotFound(f"There is no run '{slug}' in the project '{actor.team}/{project}'.")
        return run


def _measured(rows: list[run_lines.LineRow]) -> dict[str, Line]:
    """The numbers of the lines by name; lines without a time have none."""
    found: dict[str, Line] = {}
    for line in (line for row in rows for line in row.lines):
        values = _values(line)
        at = time_ms(values.get("_timestamp"))
        if at is None:
            continue
        for key, value in flat(values).items():
            if key.startswith("system") and type(value) in (float, int) and abs(value) < _MOST:
                points = found.setdefault(key, Line([], []))
                points.x.append(at)
                points.y.append(float(value))
    return {key: ordered(found[key]) for key in sorted(found)}


def _values(line: str) -> Mapping[str, Any]:
    try:
        return parse_object(line, "wandb-events.jsonl")
    except InvalidArgument:
        return {}


def _within(line: Line, first: int | None, last: int | None) -> Line:
    start = 0 if first is None else bisect_left(line.x, first)
    end = len(line.x) if last is None else bisect_right(line.x, last)
    return Line(line.x[start:end], line.y[start:end])
