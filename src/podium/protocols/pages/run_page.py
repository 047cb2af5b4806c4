"""The page of a run, part by part: overview, curves, console, media, system, files, lineage."""

from typing import Any

from starlette.responses import Response

from podium.domain.curves import Axis
from podium.domain.history import flat
from podium.domain.locations import run_location
from podium.domain.run_config import config_values
from podium.domain.runs import NAME_TAG, Point, Run
from podium.domain.tracked_runs import (
    COMMIT_TAG,
    DESCRIPTION_TAG,
    GROUP_TAG,
    HOST_TAG,
    JOB_TYPE_TAG,
    LABELS_TAG,
    NOTES_TAG,
    PROGRAM_TAG,
    REPO_TAG,
    read_labels,
)
from podium.protocols.pages.csv_files import Cell, Table, csv_choice
from podium.protocols.pages.curves import json_response, place_of, told_run
from podium.protocols.pages.endpoint import Answer, Endpoint
from podium.protocols.pages.run_files import download_file, files_of, table_rows
from podium.protocols.pages.templating import to_json
from podium.protocols.pages.visit import Page, Visit, path_to
from podium.services.curves import Wanted
from podium.services.file_owners import OfRun
from podium.services.run_pages import RunPage
from podium.services.tracked_runs import TrackedRun

PARTS = ("overview", "curves", "console", "media", "system", "files", "lineage")
_LINES = 1000
_FIRST_CURVES, _MOST_CURVES = 12, 200
_INTERNAL_TAGS = ("mlflow.", "wandb.")


async def run(visit: Visit) -> Answer:
    """One part of the page, named in the address; with `format=csv`, its metrics or parameters as a file."""
    opened = await _opened(visit)
    if visit.query("format") == "csv":
        return _csv(visit, opened.tracked)
    tracked = opened.tracked
    home = path_to(tracked.team, tracked.project.name, "runs", tracked.run.info.slug)
    part = visit.query("part") if visit.query("part") in PARTS else "overview"
    values = {
        "area": "projects",
        "opened": opened,
        "tracked": tracked,
        "run": tracked.run,
        "info": tracked.run.info,
        "home": home,
        "part": part,
        "project_home": path_to(tracked.team, tracked.project.name),
        "curve_count": len(_curved(tracked.run)),
        "mark": await _mark(visit),
        **await _SHOWN[part](visit, opened),
    }
    return Page("run/page.html", values)


async def live(visit: Visit) -> Response:
    """A mark that changes when the page would."""
    return json_response(visit, {"mark": await _mark(visit)})


async def system_curves(visit: Visit) -> Response:
    """What the machine measured, in the form of `/curves`, by time whatever is asked."""
    opened = await _opened(visit)
    found = await visit.services.run_pages.system_curves(
        opened.tracked, visit.queries("key"), place_of(visit, "from"), place_of(visit, "to")
    )
    runs = [told_run(run) for run in found.runs]
    return json_response(visit, {"axis": found.axis, "runs": runs, "curves": found.curves})


def _csv(visit: Visit, tracked: TrackedRun) -> Response:
    metrics = [(each.key, each.value, each.step, each.timestamp) for each in tracked.run.metrics]
    params = [(key, _cell(value)) for key, value in flat(_config(tracked)).items()]
    tables: dict[str, Table] = {
        "metrics": (("metric", "value", "step", "timestamp_ms"), metrics),
        "params": (("parameter", "value"), params),
    }
    return csv_choice(tracked.run.info.name, visit.query("table"), tables)


def _cell(value: object) -> Cell:
    return value if value is None or isinstance(value, str | int | float) else to_json(value)


def _config(tracked: TrackedRun) -> dict[str, Any]:
    return {key: value for key, value in config_values(tracked.config).items() if key != "_wandb"}


async def _overview(visit: Visit, opened: RunPage) -> dict[str, Any]:
    tracked = opened.tracked
    tags = tracked.run.tags
    summary = flat(tracked.summary)
    measured = {point.key for point in tracked.run.metrics}
    return {
        "config": _config(tracked),
        "notes": tags.get(NOTES_TAG, ""),
        "description": tags.get(DESCRIPTION_TAG, ""),
        "labels": read_labels(tags.get(LABELS_TAG)),
        "tags": {key: value for key, value in tags.items() if not key.startswith(_INTERNAL_TAGS)},
        "internal_tags": {
            key: value
            for key, value in tags.items()
            if key.startswith(_INTERNAL_TAGS) and key not in (NAME_TAG, NOTES_TAG)
        },
        "facts": _facts(tags),
        "more_summary": {
            key: value
            for key, value in summary.items()
            if key not in measured and not key.startswith("_") and not isinstance(value, dict)
        },
        "shown_curves": _foreseen(visit, tracked.run, _curved(tracked.run)[:_FIRST_CURVES]),
    }


async def _curves(visit: Visit, opened: RunPage) -> dict[str, Any]:
    text = visit.query("m").lower()
    found = [point for point in _curved(opened.tracked.run) if text in point.key.lower()]
    shown = _foreseen(visit, opened.tracked.run, found[:_MOST_CURVES])
    return {"shown_curves": shown, "found_count": len(found)}


async def _console(visit: Visit, opened: RunPage) -> dict[str, Any]:
    streams = opened.tracked.streams
    count = 0 if streams is None else streams.console_lines
    first = visit.number("line", max(0, count - _LINES), 0, 2**31)
    lines = await visit.services.run_history.console(opened.tracked, first, first + _LINES)
    return {"lines": lines, "line_count": count, "first_line": first, "page_lines": _LINES}


async def _media(visit: Visit, opened: RunPage) -> dict[str, Any]:
    galleries = await visit.services.run_pages.media(opened.tracked)
    tables = {}
    for gallery in galleries:
        if gallery.kind == "table" and gallery.media:
            tables[gallery.key] = await table_rows(visit, opened.tracked, gallery.media[-1].paths[0])
    return {"galleries": galleries, "tables": tables}


async def _system(visit: Visit, opened: RunPage) -> dict[str, Any]:
    return {"system_keys": list(await visit.services.run_pages.system_metrics(opened.tracked))}


async def _files(visit: Visit, opened: RunPage) -> dict[str, Any]:
    info, actor = opened.tracked.run.info, visit.actor(opened.tracked.team)
    location = run_location(info.artifact_location, info.run_id)
    return {"folder": visit.query("path"), "listing": await files_of(visit, actor, OfRun(info.run_id), location)}


async def _lineage(_visit: Visit, _opened: RunPage) -> dict[str, Any]:
    return {}  # the graph is fetched by its own script


_SHOWN = {
    "overview": _overview,
    "curves": _curves,
    "console": _console,
    "media": _media,
    "system": _system,
    "files": _files,
    "lineage": _lineage,
}


def _curved(run: Run) -> list[Point]:
    """The latest points of metrics that have more than a beginning."""
    return [point for point in run.metrics if point.step > 0]


def _foreseen(visit: Visit, run: Run, points: list[Point]) -> list[Point]:
    """The points, of whose curves the first are being read already while the browser makes the page."""
    if points and not visit.query("from") and not visit.query("to"):
        axis: Axis = "time" if visit.query("x") in ("relative", "time") else "step"
        first = tuple(point.key for point in points[:_FIRST_CURVES])
        visit.services.curves.foresee(visit.actor(), [run.info.run_id], Wanted(first, axis))
    return points


def _facts(tags: dict[str, str]) -> list[tuple[str, str]]:
    named = (
        ("Source", PROGRAM_TAG),
        ("Commit", COMMIT_TAG),
        ("Repository", REPO_TAG),
        ("Branch", "mlflow.source.git.branch"),
        ("Host", HOST_TAG),
        ("Group", GROUP_TAG),
        ("Job type", JOB_TYPE_TAG),
    )
    return [(label, tags[tag]) for label, tag in named if tags.get(tag)]


async def _opened(visit: Visit) -> RunPage:
    actor = visit.actor(visit.parameter("team"))
    return await visit.services.run_pages.open(actor, visit.parameter("project"), visit.parameter("run"))


async def _mark(visit: Visit) -> str:
    actor = visit.actor(visit.parameter("team"))
    return await visit.services.run_pages.mark(actor, visit.parameter("project"), visit.parameter("run"))


async def file(visit: Visit) -> Response:
    """A file of the run."""
    tracked = (await _opened(visit)).tracked
    return await download_file(visit, visit.actor(tracked.team), OfRun(tracked.run.info.run_id))


ONE = "/{team}/{project}/runs/{run}"

ENDPOINTS = (
    Endpoint("GET", ONE, run),
    Endpoint("GET", ONE + "/live", live),
    Endpoint("GET", ONE + "/system-curves", system_curves),
    Endpoint("GET", ONE + "/files/{path:path}", file),
)
