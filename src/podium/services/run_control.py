"""What is done to runs from outside: stopped, ended, deleted, rewound, given up as crashed; and what they alert to."""

import msgspec

from podium.domain.access import Actor
from podium.domain.events import Change
from podium.domain.names import check_label
from podium.domain.run_streams import SILENT_AFTER_MS, RunState, status_of
from podium.errors import InvalidArgument, NotFound
from podium.services.context import Context
from podium.services.run_branches import cut_behind
from podium.services.tracked_runs import TrackedRun, load_tracked, require_by_key
from podium.store import run_streams
from podium.store import runs as rows
from podium.store.transaction import Tx

MAX_SILENT = 100
MAX_TITLE, MAX_TEXT = 500, 20_000  # of an alert


class Alert(msgspec.Struct, frozen=True):
    """What a run has someone told."""

    title: str
    text: str
    severity: str

    def check(self) -> None:
        """Raise InvalidArgument for what no event should hold."""
        check_label("title", self.title, MAX_TITLE)
        check_label("text", self.text, MAX_TEXT)


class RunControl:
    """What may be done to runs from outside of their processes. Keys are those of runs that the actor was shown."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def stop(self, actor: Actor, key: int) -> None:
        """Have the run's process told to stop when it is next heard of. Raises NotFound."""

        def work(tx: Tx) -> None:
            require_by_key(self._context, tx, actor, key)
            run_streams.update_stop(tx, key, stop=True)

        await self._context.store.write(work)

    async def set_state(self, actor: Actor, key: int, state: RunState) -> None:
        """Say how a run stands. Raises NotFound."""

        def work(tx: Tx) -> None:
            team, run = require_by_key(self._context, tx, actor, key)
            at = self._context.clock()
            if run_streams.find_streams(tx, key) is None:
                run_streams.upsert_streams(tx, key, at, live=False)
            status, note = status_of(state)
            goes_on = status in ("RUNNING", "SCHEDULED")
            rows.change_run(tx, team, run.run_id)
            end = None if goes_on else run.end_time or at
            rows.update_state(tx, msgspec.structs.replace(run, status=status, end_time=end))
            run_streams.update_end(tx, key, None)
            run_streams.update_note(tx, key, note)

        await self._context.store.write(work)

    async def delete(self, actor: Actor, key: int) -> None:
        """Mark a run deleted; nothing happens to one that is. Raises NotFound."""

        def work(tx: Tx) -> None:
            missing = f"There is no run with the key {key}."
            found = rows.find_run_by_key(tx, key)
            if found is None:
                raise NotFound(missing)
            team, run = found
            self._context.require_team(tx, actor, team, missing)
            if run.deleted_at is not None:
                return
            at = self._context.clock()
            rows.update_deleted(tx, key, at)
            self._context.record(tx, actor, team, Change("run", run.run_id, run.name, "delete"), at=at)

        await self._context.store.write(work)

    async def rewind(self, actor: Actor, project: str, slug: str, step: int) -> TrackedRun:
        """The run as it was at a step: what it logged behind it is removed, and told in an event. Raises NotFound."""
        if step < 0:
            raise InvalidArgument(f"'metricValue' is {step}; a step to go back to is expected, 0 or more")

        def work(tx: Tx) -> TrackedRun:
            team = self._context.team_id(tx, actor)
            run = rows.find_run_by_slug(tx, team, project, slug)
            changed = None if run is None else rows.change_run(tx, team, run.run_id)
            if changed is None:
                raise NotFound(f"There is no run '{slug}' in the project '{project}' to rewind.")
            at = self._context.clock()
            cut_behind(tx, changed.id, step)
            change = Change("run", changed.run_id, changed.name, "rewind", after={"step": step})
            self._context.record(tx, actor, team, change, at=at)
            return load_tracked(tx, [changed.id], at)[0]

        return await self._context.store.write(work)

    async def alert(self, actor: Actor, project: str, slug: str, alert: Alert) -> None:
        """Keep an alert as an event, from where webhooks take it. Raises NotFound."""
        alert.check()

        def work(tx: Tx) -> None:
            team = self._context.team_id(tx, actor)
            run = rows.find_run_by_slug(tx, team, project, slug)
            if run is None:
                raise NotFound(f"There is no run '{slug}' in the project '{project}'.")
            change = Change("run", run.run_id, run.name, "alert", after=msgspec.structs.asdict(alert))
            self._context.record(tx, actor, team, change, at=self._context.clock())

        await self._context.store.write(work)

    async def give_up_silent(self) -> bool:
        """Have runs whose heartbeats stopped end as crashed, at the time of the last one; whether there are more."""

        def work(tx: Tx) -> bool:
            silent = run_streams.select_silent(tx, self._context.clock() - SILENT_AFTER_MS, MAX_SILENT)
            for key in silent:
                _give_up(tx, key)
            return len(silent) == MAX_SILENT

        return await self._context.store.write(work)


def _give_up(tx: Tx, key: int) -> None:
    found, streams = rows.find_run_by_key(tx, key), run_streams.find_streams(tx, key)
    assert found is not None, "its rows go with the run"
    assert streams is not None, "the caller found it by them"
    team, run = found
    run_streams.update_end(tx, key, None)
    if run.status != "RUNNING" or rows.change_run(tx, team, run.run_id) is None:
        return
    if streams.note == "preempting":
        run_streams.update_note(tx, key, "preempted")
        return
    run_streams.update_note(tx, key, "crashed")
    rows.update_state(tx, msgspec.structs.replace(run, status="FAILED", end_time=streams.heartbeat_at))
