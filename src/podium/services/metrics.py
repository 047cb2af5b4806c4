"""Metrics: logged alone or in batches, and read back as histories."""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from podium.domain.access import Actor
from podium.domain.filters import decode_cursor, encode_cursor
from podium.domain.runs import HistoryPoint, Point, RunPoint, check_batch, check_points, valid_param, valid_tag
from podium.errors import InvalidArgument, NotFound
from podium.services.context import Context
from podium.services.runs import change_run, require_run, write_params, write_tags
from podium.store import metrics as rows
from podium.store import registry
from podium.store.runs import find_runs
from podium.store.transaction import Tx

MAX_RUNS = 100
MAX_BULK_POINTS = 25_000
MAX_SAMPLED_POINTS = 2_500

_MAX_KNOWN_KEYS = 100_000
_MAX_BRIEF_POINTS = 200
_MAX_BRIEF_HISTORY = 5_000  # points


class History(msgspec.Struct, frozen=True):
    """A page of points by time, and the token of the next page."""

    points: list[HistoryPoint]
    next_page_token: str | None


class Metrics:
    """What the actor may do with metrics of its team's runs."""

    def __init__(self, context: Context) -> None:
        self._context = context
        # Ids of metric names. Only what a finished transaction has shown is put here: an id that was handed out in
        # one that was rolled back belongs to no name.
        self._known: dict[str, int] = {}

    async def log(self, actor: Actor, run_id: str, point: Point) -> None:
        """Log one point."""
        check_points((point,), path="")
        await self._log(actor, run_id, (point,))

    async def log_batch(
        self,
        actor: Actor,
        run_id: str,
        *,
        points: Sequence[Point] = (),
        params: Sequence[tuple[str, str]] = (),
        tags: Sequence[tuple[str, str]] = (),
    ) -> None:
        """Log all of it or nothing. The same batch again changes nothing.

        Raises InvalidArgument for whatever is not valid, over a limit, or changes a param.
        """
        check_points(points)
        valid_params = _valid_params(params)
        valid_tags = {key: valid_tag(key, value, f"tags[{i}]") for i, (key, value) in enumerate(tags)}
        check_batch(len(points), len(params), len(tags))
        await self._log(actor, run_id, points, valid_params, valid_tags)

    async def history(
        self, actor: Actor, run_id: str, key: str, *, limit: int | None, page_token: str | None
    ) -> History:
        """A run's points of one metric by (time, step, value); all of them without a limit."""
        if limit is not None and limit <= 0:
            raise InvalidArgument(
                f"Invalid value {limit} for parameter 'max_results' supplied. It must be a positive integer."
            )
        scope = f"history/{run_id}/{key}"
        after = _position(page_token, scope) if page_token else None

        def work(tx: Tx) -> rows.HistoryPage:
            run = require_run(tx, self._context.team_id(tx, actor), run_id)
            return rows.select_history(tx, run.id, key, limit=limit, after=after)

        page = await self._context.store.read(work, brief=limit is not None and limit <= _MAX_BRIEF_HISTORY)
        return History(page.points, None if page.after is None else encode_cursor(page.after, scope))

    async def histories(self, actor: Actor, run_ids: Sequence[str], key: str, limit: int) -> list[RunPoint]:
        """The first points of one metric over several runs, by run id and time. Runs that are not there have none."""

        def work(tx: Tx) -> list[RunPoint]:
            found = find_runs(tx, self._context.team_id(tx, actor), list(run_ids))
            return rows.select_histories(tx, [run.id for run in found], key, min(limit, MAX_BULK_POINTS))

        return await self._context.store.read(work)

    async def sample(
        self, actor: Actor, run_ids: Sequence[str], key: str, *, per_run: int, steps: tuple[int, int] | None
    ) -> list[RunPoint]:
        """Up to `per_run` points of one metric a run, spread evenly by step, in the order of the runs given."""

        def work(tx: Tx) -> list[RunPoint]:
            found = find_runs(tx, self._context.team_id(tx, actor), list(run_ids))
            samples = rows.sample_histories(tx, [run.id for run in found], key, per_run=per_run, steps=steps)
            return [point for run_id in run_ids for point in samples.get(run_id, ())]

        return await self._context.store.read(work)

    async def _log(
        self,
        actor: Actor,
        run_id: str,
        points: Sequence[Point],
        params: Mapping[str, str] | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> None:
        keys = {point.key for point in points}
        known = {key: self._known[key] for key in keys if key in self._known}
        unknown = keys - known.keys()

        def work(tx: Tx) -> dict[str, int]:
            team = self._context.team_id(tx, actor)
            run = change_run(tx, team, run_id)
            interned = rows.intern_keys(tx, unknown) if unknown else {}
            key_ids = {**known, **interned}
            write_params(tx, run, params or {})
            rows.insert_points(tx, run.id, key_ids, points)
            _log_of_models(tx, team, run.id, key_ids, [point for point in points if point.model_id])
            write_tags(tx, run, tags or {})
            return interned

        interned = await self._context.store.write(work, brief=len(points) <= _MAX_BRIEF_POINTS)
        self._remember(interned)

    def _remember(self, interned: Mapping[str, int]) -> None:
        if len(self._known) + len(interned) > _MAX_KNOWN_KEYS:
            self._known.clear()
        self._known.update(interned)


def _position(page_token: str, scope: str) -> rows.Position:
    try:
        position: rows.Position = msgspec.convert(decode_cursor(page_token, scope), rows.Position)
    except msgspec.ValidationError as error:
        raise InvalidArgument("Invalid page token, it is not one that this server gave") from error
    return position


def _log_of_models(tx: Tx, team_id: int, run: int, key_ids: Mapping[str, int], points: Sequence[Point]) -> None:
    if not points:
        return
    wanted = {point.model_id for point in points}
    model_keys = rows.select_model_keys(tx, team_id, sorted(wanted))
    for model_id in sorted(wanted - model_keys.keys()):
        raise NotFound(f"Logged model with ID '{model_id}' not found.")
    rows.upsert_model_points(tx, run, key_ids, model_keys, points)
    registry.count_changes_of_logged(tx, wanted)


def _valid_params(params: Iterable[tuple[str, str]]) -> dict[str, str]:
    valid: dict[str, str] = {}
    twice: list[str] = []
    for index, (key, value) in enumerate(params):
        if key in valid:
            twice.append(key)
        valid[key] = valid_param(key, value, f"params[{index}]")
    if twice:
        raise InvalidArgument(
            f"Duplicate parameter keys have been submitted: {twice}. Please ensure the request contains only one "
            "param value per param key."
        )
    return valid
