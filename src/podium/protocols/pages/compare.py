"""Two to ten runs or versions side by side, and where to choose them."""

from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

import msgspec
from starlette.responses import Response

from podium.domain.comparing import MAX_COMPARED, MIN_COMPARED
from podium.domain.signatures import Part, Sort
from podium.errors import InvalidArgument
from podium.protocols.pages.compare_sheets import (
    Sheet,
    breaking_changes,
    run_sheets,
    version_params,
    version_sheets,
)
from podium.protocols.pages.csv_files import csv_answer
from podium.protocols.pages.endpoint import Endpoint
from podium.protocols.pages.parallel import parallel
from podium.protocols.pages.visit import Page, Visit, path_to
from podium.services.comparison import ComparedRun, ComparedVersion

MAX_CURVES = 24
PART_NAMES: dict[Part, str] = {"inputs": "Input", "outputs": "Output", "params": "Param"}
SORT_NAMES: dict[Sort, str] = {
    "added": "added",
    "removed": "removed",
    "renamed": "renamed",
    "retyped": "has another type",
    "required": "is required now",
    "optional": "is optional now",
    "default": "has another default",
}


class Column(msgspec.Struct, frozen=True):
    """A thing that is compared, at the head of its column."""

    name: str  # as the address has it
    title: str
    note: str
    address: str
    without: str | None  # the comparison without it, if enough is left
    first: str | None  # the one with it as the first


async def compare(visit: Visit) -> Page | Response:
    """The comparison, as a page or as CSV; where nothing is named, what there is to choose from."""
    runs, versions = visit.queries("run"), visit.queries("version")
    if runs and versions:
        raise InvalidArgument("Either runs are compared or versions: name only one sort of them.")
    named = runs or versions
    if visit.query("pick") or len(set(named)) < MIN_COMPARED:
        return await _picker(visit, runs, versions)
    return await (_runs(visit, runs) if runs else _versions(visit, versions))


async def choices(visit: Visit) -> Page:
    """What may be compared, as far as its name has the text asked for."""
    found = await visit.services.comparison.choices(visit.actor(), visit.query("q"))
    return Page("compare/choices.html", {"choices": found, "chosen": [], "kind": visit.query("kind")})


async def _runs(visit: Visit, names: Sequence[str]) -> Page | Response:
    found, keys = await visit.services.comparison.runs(visit.actor(), names)
    columns = _columns(visit, "run", [_run_head(each) for each in found])
    drawing = parallel([each.run.params for each in found], [each.metrics for each in found])
    curves = _curves([each.run.info.run_id for each in found], keys[:MAX_CURVES])
    values: dict[str, object] = {"kind": "run", "curves": curves, "drawing": drawing, "changes": [], "broken": 0}
    return _shown(visit, columns, run_sheets(found), values)


async def _versions(visit: Visit, names: Sequence[str]) -> Page | Response:
    found, keys = await visit.services.comparison.versions(visit.actor(), names)
    columns = _columns(visit, "version", [_version_head(each) for each in found])
    drawing = parallel(version_params(found), [each.metrics for each in found])
    changes = breaking_changes(found)
    curves = _curves([each.run.run.info.run_id if each.run else "" for each in found], keys[:MAX_CURVES])
    broken = sum(change.breaking for each in changes for change in each or ())
    values = {"kind": "version", "curves": curves, "drawing": drawing, "changes": changes, "broken": broken}
    return _shown(visit, columns, version_sheets(found), values)


def _shown(visit: Visit, columns: list[Column], sheets: list[Sheet], values: Mapping[str, object]) -> Page | Response:
    if visit.query("format") == "csv":
        lines = [
            [sheet.title, line.key, *(cell.value for cell in line.cells)] for sheet in sheets for line in sheet.lines
        ]
        return csv_answer("comparison", ["part", "name", *(column.title for column in columns)], lines)
    common = {
        "area": "compare",
        "columns": columns,
        "sheets": [sheet for sheet in sheets if sheet.lines],
        "only": visit.query("only") == "differences",
        "part_names": PART_NAMES,
        "sort_names": SORT_NAMES,
    }
    return Page("compare/page.html", {**common, **values})


async def _picker(visit: Visit, runs: Sequence[str], versions: Sequence[str]) -> Page:
    found = await visit.services.comparison.choices(visit.actor(), visit.query("q"))
    kind = "version" if versions or visit.query("kind") == "version" else "run"
    values = {
        "area": "compare",
        "choices": found,
        "chosen": list(dict.fromkeys([*runs, *versions])),
        "kind": kind,
        "most": MAX_COMPARED,
        "least": MIN_COMPARED,
    }
    return Page("compare/picker.html", values)


def _run_head(compared: ComparedRun) -> tuple[str, str, str, str]:
    place = compared.place
    address = path_to(place.team, place.project, "runs", place.slug)
    return place.run_id, compared.run.info.name, f"{place.team}/{place.project}", address


def _version_head(compared: ComparedVersion) -> tuple[str, str, str, str]:
    place = compared.place
    name = f"{place.team}/{place.name}/{place.version}"
    return name, f"{place.name} v{place.version}", place.team, path_to("models", place.team, place.name, place.version)


def _columns(visit: Visit, kind: str, heads: Sequence[tuple[str, str, str, str]]) -> list[Column]:
    names = [head[0] for head in heads]
    columns = []
    for place, head in enumerate(heads):
        others = [name for name in names if name != head[0]]
        without = _address(visit, kind, others) if len(others) >= MIN_COMPARED else None
        columns.append(Column(*head, without, _address(visit, kind, [head[0], *others]) if place else None))
    return columns


def _address(visit: Visit, kind: str, names: Sequence[str]) -> str:
    pairs = [(kind, name) for name in names]
    if visit.query("only"):
        pairs.append(("only", visit.query("only")))
    return f"/compare?{urlencode(pairs)}"


def _curves(runs: Sequence[str], keys: Sequence[str]) -> dict[str, object]:
    """The runs as their colours go, and where the points of each metric are."""
    named = [("run", run) for run in dict.fromkeys(runs) if run]
    return {"runs": ",".join(runs), "sources": {key: f"/curves?{urlencode([*named, ('key', key)])}" for key in keys}}


ENDPOINTS = (
    Endpoint("GET", "/compare", compare),
    Endpoint("GET", "/compare/choices", choices),
)
