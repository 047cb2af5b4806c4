"""Runs as clients see them that name runs themselves: by project and slug, with config, summary and finer states."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from podium.domain.access import Actor
from podium.domain.history import flat, parse_object
from podium.domain.projects import Project
from podium.domain.run_config import config_of_params, config_params, parse_config
from podium.domain.run_streams import RunState, StreamRow, state_of
from podium.domain.runs import Run, RunRow
from podium.errors import NotFound
from podium.services.context import Context
from podium.store import projects, run_lines, run_streams, runs, teams
from podium.store.run_data import load_run_heads, load_runs
from podium.store.transaction import Tx


class TrackedRun(msgspec.Struct, frozen=True):
    """A run with its project, its team's name, and what it sent as streams; none of it for runs of MLflow's clients."""

    run: Run
    project: Project
    team: str
    state: RunState
    streams: StreamRow | None
    config_text: str | None
    summary_text: str | None

    @property
    def config(self) -> dict[str, Any]:
        """The config with the params that were logged one by one, as by MLflow's clients."""
        config = parse_config(self.config_text)
        known = config_params(config)
        added = {key: value for key, value in self.run.params.items() if key not in known}
        return {**config, **config_of_params(added)}

    @property
    def summary(self) -> dict[str, Any]:
        """The summary with the latest points of those metrics that it does not name."""
        sent = parse_object(self.summary_text, "summary") if self.summary_text else {}
        known = flat(sent)
        return {**{point.key: point.value for point in self.run.metrics if point.key not in known}, **sent}


class ResumeStatus(msgspec.Struct, frozen=True):
    """Where a run goes on that is resumed: behind the last lines of its streams."""

    tracked: TrackedRun
    last_history: str | None
    last_event: str | None


class TrackedRuns:
    """Reads the runs of the actor's team by project and slug."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def find(self, actor: Actor, project: str, slug: str) -> TrackedRun | None:
        """The active run of this slug in the project of this name."""

        def work(tx: Tx) -> TrackedRun | None:
            team = self._context.team_id(tx, actor)
            run = runs.find_run_by_slug(tx, team, project, slug)
            if run is None or run.deleted_at is not None:
                return None
            return load_tracked(tx, [run.id], self._context.clock())[0]

        return await self._context.store.read(work)

    async def resume_status(self, actor: Actor, project: str, slug: str) -> ResumeStatus | None:
        """Where the active run of this slug goes on; None when there is no such run."""

        def work(tx: Tx) -> ResumeStatus | None:
            team = self._context.team_id(tx, actor)
            run = runs.find_run_by_slug(tx, team, project, slug)
            if run is None or run.deleted_at is not None:
                return None
            tracked = load_tracked(tx, [run.id], self._context.clock())[0]
            return ResumeStatus(
                tracked,
                run_lines.find_last_line(tx, run.id, "history"),
                run_lines.find_last_line(tx, run.id, "events"),
            )

        return await self._context.store.read(work)


def load_tracked(tx: Tx, keys: Sequence[int], now: int) -> list[TrackedRun]:
    """The runs of these keys, in this order, with all that belongs to them, in a fixed number of statements."""
    configs = run_streams.select_documents(tx, keys, "config")
    summaries = run_streams.select_documents(tx, keys, "summary")
    return _tracked(tx, load_runs(tx, list(keys)), configs, summaries, now)


def load_listed(tx: Tx, keys: Sequence[int], now: int) -> list[TrackedRun]:
    """As `load_tracked`, without config and summary, params and metrics: what lists show."""
    return _tracked(tx, load_run_heads(tx, list(keys)), {}, {}, now)


def _tracked(
    tx: Tx, found: Sequence[Run], configs: Mapping[int, str], summaries: Mapping[int, str], now: int
) -> list[TrackedRun]:
    streams = run_streams.select_streams(tx, [run.info.id for run in found])
    ids = sorted({run.info.project_id for run in found})
    owned = dict(zip(ids, projects.load_projects(tx, ids), strict=True))
    names = teams.select_names_by_project(tx, ids)
    return [
        TrackedRun(
            run,
            owned[run.info.project_id],
            names[run.info.project_id],
            state_of(run.info.status, streams.get(run.info.id), now),
            streams.get(run.info.id),
            configs.get(run.info.id),
            summaries.get(run.info.id),
        )
        for run in found
    ]


def require_by_key(context: Context, tx: Tx, actor: Actor, key: int) -> tuple[int, RunRow]:
    """The active run with this key, behind its team's key. Raises NotFound."""
    missing = f"There is no run with the key {key}, or it is deleted."
    found = runs.find_run_by_key(tx, key)
    if found is None or found[1].deleted_at is not None:
        raise NotFound(missing)
    context.require_team(tx, actor, found[0], missing)
    return found


def as_json(value: Any) -> str:
    """A document as text. NaN and Infinity stay what they are: these clients write and read them so."""
    return json.dumps(value, separators=(",", ":"))
