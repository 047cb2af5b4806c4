"""Runs made and changed by clients that name them: begun, begun anew, resumed, forked, changed while they go on."""

from collections.abc import Mapping
from typing import Any

import msgspec

from podium.domain import names, run_names
from podium.domain.access import Actor
from podium.domain.history import numbers, parse_object
from podium.domain.ids import new_run_id
from podium.domain.run_config import branch_point, config_params, merged_config, parse_config
from podium.domain.run_streams import status_of
from podium.domain.runs import NAME_TAG, RunRow
from podium.domain.tracked_runs import USER_TAG, RunChange, check_slug
from podium.errors import InvalidState, NotFound
from podium.services.context import Context
from podium.services.metric_names import MetricNames
from podium.services.projects import ensure_project
from podium.services.run_branches import copy_until
from podium.services.run_summaries import write_summary
from podium.services.tracked_runs import TrackedRun, as_json, load_tracked, require_by_key
from podium.store import metrics, run_data, run_streams
from podium.store import runs as rows
from podium.store.transaction import Tx


class Upserted(msgspec.Struct, frozen=True):
    """The run after the change, and whether the change made it."""

    tracked: TrackedRun
    inserted: bool


class RunUpserts:
    """What the actor's clients say of runs, made where they are missing."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._names = MetricNames()

    async def upsert(self, actor: Actor, project: str, slug: str, change: RunChange, *, together: bool) -> Upserted:
        """The run of this slug, changed, or made with its project.

        A process that begins a run which is there begins it anew, unless several write to it `together`: the streams
        that were sent are removed. Raises InvalidState when the run is deleted.
        """
        check_slug(slug)

        def work(tx: Tx, ids: Mapping[str, int]) -> Upserted:
            team = self._context.team_id(tx, actor)
            made = self._insert(tx, actor, team, project, slug, change)
            if made is not None:
                tracked = self._write(tx, made, change, ids)
                return Upserted(self._fork(tx, team, tracked, change), inserted=True)
            run = _change(tx, team, _require(tx, team, project, slug))
            # What only MLflow's client has written to was never begun here: it goes on.
            anew = change.begins and not together and run_streams.find_streams(tx, run.id) is not None
            if anew:
                run_streams.reset_streams(tx, run.id)
                metrics.delete_points(tx, run.id)
            tracked = self._write(tx, run, _together(tx, run, change) if together else change, ids)
            # A fork that is begun anew is one whose first answer was lost.
            return Upserted(self._fork(tx, team, tracked, change) if anew else tracked, inserted=False)

        return await self._run(change, work)

    async def change(self, actor: Actor, key: int, change: RunChange) -> Upserted:
        """The run with this key, changed; its streams stay. Raises NotFound."""

        def work(tx: Tx, ids: Mapping[str, int]) -> Upserted:
            team, run = require_by_key(self._context, tx, actor, key)
            return Upserted(self._write(tx, _change(tx, team, run), change, ids), inserted=False)

        return await self._run(change, work)

    async def _run(self, change: RunChange, work: Any) -> Upserted:
        wanted = numbers(parse_object(change.summary, "summaryMetrics")) if change.summary else {}

        def with_names(tx: Tx) -> tuple[Upserted, dict[str, int]]:
            ids = self._names.ids(tx, wanted)
            return work(tx, ids.of), ids.made

        upserted, made = await self._context.store.write(with_names)
        self._names.remember(made)
        return upserted

    def _insert(
        self, tx: Tx, actor: Actor, team: int, project_name: str, slug: str, change: RunChange
    ) -> RunRow | None:
        """The new run, or None when there is one of this slug."""
        if rows.find_run_by_slug(tx, team, project_name, slug) is not None:
            return None
        project = ensure_project(self._context, tx, actor, team, project_name)
        name = change.display_name or run_names.random_run_name()
        names.check_label("displayName", name, names.MAX_RUN_TAG_VALUE)
        key = rows.insert_named_run(
            tx,
            run_id=new_run_id(),
            slug=slug,
            project_id=project.id,
            name=name,
            user_id=actor.name,
            status="RUNNING",
            start_time=self._context.clock(),
        )
        if key is None:  # another process was first, at this moment
            return None
        run_data.upsert_tags(tx, key, {NAME_TAG: name, USER_TAG: actor.name})
        return require_by_key(self._context, tx, actor, key)[1]

    def _fork(self, tx: Tx, team: int, tracked: TrackedRun, change: RunChange) -> TrackedRun:
        """The run with the history of the one that it goes on from, if its config names one."""
        point, run = branch_point(parse_config(change.config)), tracked.run.info
        if point is None or point[0] == run.slug:
            return tracked
        origin = rows.find_run_by_slug(tx, team, tracked.project.name, point[0])
        if origin is None or origin.deleted_at is not None:
            raise NotFound(f"There is no run '{point[0]}' in the project '{tracked.project.name}' to fork from.")
        copy_until(tx, origin.id, run.id, point[1])
        return load_tracked(tx, [run.id], self._context.clock())[0]

    def _write(self, tx: Tx, run: RunRow, change: RunChange, ids: Mapping[str, int]) -> TrackedRun:
        """Keep what the change says."""
        at = self._context.clock()
        if change.begins:
            run_streams.upsert_streams(tx, run.id, at, live=True)
            run_streams.update_begin(tx, run.id)
        elif run_streams.find_streams(tx, run.id) is None:
            run_streams.upsert_streams(tx, run.id, at, live=False)
        tags = change.tags()
        run = self._write_state(tx, run, change)
        if change.display_name:
            names.check_label("displayName", change.display_name, names.MAX_RUN_TAG_VALUE)
            rows.update_name(tx, run.id, change.display_name)
            tags[NAME_TAG] = change.display_name
        run_data.upsert_tags(tx, run.id, tags)
        if change.config is not None:
            _write_config(tx, run.id, change.config)
        if change.summary is not None:
            write_summary(tx, run, change.summary, parse_object(change.summary, "summaryMetrics"), ids)
        return load_tracked(tx, [run.id], at)[0]

    def _write_state(self, tx: Tx, run: RunRow, change: RunChange) -> RunRow:
        status, note = status_of(change.state or "running")
        if not change.begins and change.state is None:
            return run
        open_ended = status in ("RUNNING", "SCHEDULED")
        changed = msgspec.structs.replace(
            run, status=status, end_time=None if open_ended else run.end_time or self._context.clock()
        )
        rows.update_state(tx, changed)
        run_streams.update_note(tx, run.id, note)
        return changed


def _require(tx: Tx, team: int, project: str, slug: str) -> RunRow:
    run = rows.find_run_by_slug(tx, team, project, slug)
    assert run is not None, "it was not to be inserted"
    return run


def _change(tx: Tx, team: int, run: RunRow) -> RunRow:
    changed = rows.change_run(tx, team, run.run_id)
    if changed is None:
        raise InvalidState(f"The run '{run.slug}' was deleted: take another id, or restore it.")
    return changed


def _together(tx: Tx, run: RunRow, change: RunChange) -> RunChange:
    """The change of one of several processes: what the others said of the config stays."""
    if change.config is None:
        return change
    before = parse_config(run_streams.find_document(tx, run.id, "config"))
    return msgspec.structs.replace(change, config=as_json(merged_config(before, parse_config(change.config))))


def _write_config(tx: Tx, run: int, text: str) -> None:
    new = config_params(parse_config(text))
    old = config_params(parse_config(run_streams.find_document(tx, run, "config")))
    changed = {key: value for key, value in new.items() if old.get(key) != value}
    run_data.replace_params(tx, run, gone=old.keys() - new.keys(), new=changed)
    run_streams.upsert_document(tx, run, "config", text)
