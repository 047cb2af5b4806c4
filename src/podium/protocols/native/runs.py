"""Runs: found and read, their metrics, and their deletion. They are logged by the clients' protocols."""

import math
from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from podium.domain.access import Actor
from podium.domain.filters import And
from podium.domain.projects import ViewType
from podium.domain.runs import HistoryPoint, Point, Run, RunStatus
from podium.protocols.native.api import Api
from podium.protocols.native.endpoint import Call, Input, Topic
from podium.protocols.native.search import SearchInput, search_of
from podium.protocols.native.shapes import Cursor, Limit, Tags, shown, shown_or_none
from podium.services.searching import Search

MAX_PROJECTS = 1000

# JSON has no such numbers: they are told by name.
Number = float | Literal["NaN", "Infinity", "-Infinity"]


class MetricView(msgspec.Struct, frozen=True):
    """A point of a metric."""

    key: str
    value: Number
    step: int
    at: datetime


class DatasetView(msgspec.Struct, frozen=True):
    """A dataset that the run read."""

    name: str
    digest: str
    source_type: str
    source: str
    tags: Tags


class RunView(msgspec.Struct, frozen=True):
    """A run; of each metric the last point."""

    run_id: str
    project_id: str
    name: str
    user: str
    status: RunStatus
    started_at: datetime
    ended_at: datetime | None
    deleted_at: datetime | None
    artifact_uri: str
    tags: Tags
    params: Tags
    metrics: list[MetricView]
    datasets: list[DatasetView]
    model_inputs: list[str]
    model_outputs: list[str]


class RunPage(msgspec.Struct, frozen=True):
    """A page of runs."""

    items: list[RunView]
    next_cursor: str | None


class MetricPage(msgspec.Struct, frozen=True):
    """A page of a metric's points, by time."""

    items: list[MetricView]
    next_cursor: str | None


class ListRuns(SearchInput, frozen=True, kw_only=True):
    """A search over runs."""

    projects: Annotated[
        str, Meta(description="Ids or names of projects, with commas; all of the team's without it")
    ] = ""
    view: ViewType = "active"


class OneRun(Input, frozen=True, kw_only=True):
    """A run by its id."""

    run_id: str


class MetricHistory(OneRun, frozen=True, kw_only=True):
    """A page of the points of one metric."""

    key: str
    limit: Limit = 1000
    cursor: Cursor | None = None


class RunTag(OneRun, frozen=True, kw_only=True):
    """A tag of a run."""

    key: str


class SetRunTag(RunTag, frozen=True, kw_only=True):
    """A tag of a run and its value."""

    value: str


def view_of(run: Run) -> RunView:
    """A run as the API shows it."""
    info = run.info
    return RunView(
        run_id=info.run_id,
        project_id=str(info.project_id),
        name=info.name,
        user=info.user_id,
        status=info.status,
        started_at=shown(info.start_time),
        ended_at=shown_or_none(info.end_time),
        deleted_at=shown_or_none(info.deleted_at),
        artifact_uri=info.artifact_uri,
        tags=run.tags,
        params=run.params,
        metrics=[metric_of(point) for point in run.metrics],
        datasets=[
            DatasetView(
                used.dataset.name, used.dataset.digest, used.dataset.source_type, used.dataset.source, used.tags
            )
            for used in run.datasets
        ],
        model_inputs=run.model_inputs,
        model_outputs=[output.model_id for output in run.model_outputs],
    )


def metric_of(point: Point | HistoryPoint) -> MetricView:
    """A point as the API shows it."""
    return MetricView(point.key, number_of(point.value), point.step, shown(point.timestamp))


def number_of(value: float) -> Number:
    """A value of a metric, by name where JSON has no number for it."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return value


async def list_runs(api: Api, actor: Actor, request: ListRuns) -> RunPage:
    search = search_of(api, "runs", request)
    named = [part.strip() for part in request.projects.split(",") if part.strip()]
    wanted = [str((await api.services.projects.resolve(actor, name)).id) for name in named]
    wanted = wanted or await _all_projects(api, actor)
    found = await api.services.run_search.search(actor, wanted, search, request.view)
    return RunPage([view_of(run) for run in found.items], found.next_page_token)


async def get_run(api: Api, actor: Actor, request: OneRun) -> RunView:
    """Deleted ones can be read, too."""
    return view_of(await api.services.runs.get(actor, request.run_id))


async def metric_history(api: Api, actor: Actor, request: MetricHistory) -> MetricPage:
    """A metric that was never logged has no points."""
    history = await api.services.metrics.history(
        actor, request.run_id, request.key, limit=request.limit, page_token=request.cursor
    )
    return MetricPage([metric_of(point) for point in history.points], history.next_page_token)


async def delete_run(api: Api, actor: Actor, request: OneRun) -> None:
    """It can be restored until garbage collection."""
    await api.services.runs.delete(actor, request.run_id)


async def restore_run(api: Api, actor: Actor, request: OneRun) -> RunView:
    await api.services.runs.restore(actor, request.run_id)
    return view_of(await api.services.runs.get(actor, request.run_id))


async def set_run_tag(api: Api, actor: Actor, request: SetRunTag) -> None:
    await api.services.runs.set_tag(actor, request.run_id, request.key, request.value)


async def delete_run_tag(api: Api, actor: Actor, request: RunTag) -> None:
    await api.services.runs.delete_tag(actor, request.run_id, request.key)


async def _all_projects(api: Api, actor: Actor) -> list[str]:
    found = await api.services.projects.search(actor, Search(And(), limit=MAX_PROJECTS), "all")
    return [str(project.id) for project in found.items]


_ONE = "/runs/{run_id}"
_TAG = f"{_ONE}/tags/{{key}}"

TOPIC = Topic(
    "runs",
    "Runs of projects, as the clients logged them.",
    (
        Call("GET", "/runs", ListRuns, RunPage, list_runs, "Search runs"),
        Call("GET", _ONE, OneRun, RunView, get_run, "Read a run"),
        Call("DELETE", _ONE, OneRun, None, delete_run, "Delete a run"),
        Call("POST", f"{_ONE}/restore", OneRun, RunView, restore_run, "Restore a run"),
        Call("GET", f"{_ONE}/metrics/{{key}}", MetricHistory, MetricPage, metric_history, "Read a metric's history"),
        Call("PUT", _TAG, SetRunTag, None, set_run_tag, "Set a tag"),
        Call("DELETE", _TAG, RunTag, None, delete_run_tag, "Take a tag off"),
    ),
)
