"""Data that runs read, as MLflow's client logs it: all of it, and one with its readers."""

import json
from typing import Any

from podium.errors import NotFound
from podium.protocols.pages.csv_files import Row, csv_answer, csv_stream, pages
from podium.protocols.pages.endpoint import Answer, Endpoint
from podium.protocols.pages.visit import Page, Visit
from podium.services.dataset_shelf import DatasetsFound, DatasetShown

PAGE = 60
CSV_PAGE = 500
_MAX_KEY = 2**62


async def datasets(visit: Visit) -> Answer:
    """The list, the part of it that a search finds, or the same as CSV."""
    if visit.query("format") == "csv":
        return await _csv(visit)
    values = {"area": "artifacts", "found": await _found(visit), "teams": await visit.teams()}
    values["is_filtered"] = any(visit.query(name) for name in ("q", "team"))
    return Page("datasets/found.html" if visit.is_partial else "datasets/page.html", values)


async def more(visit: Visit) -> Page:
    """The rows that follow those shown."""
    return Page("datasets/rows.html", {"found": await _found(visit)})


async def dataset(visit: Visit) -> Answer:
    """One of them; with `format=csv`, its schema or the runs that read it as a file."""
    number = visit.parameter("number")
    if not number.isdecimal() or len(number) > 18:
        raise NotFound(f"There is no dataset '{number[:100]}': datasets are known by numbers here.")
    shown = await visit.services.dataset_shelf.dataset(visit.actor(), int(number))
    if visit.query("format") == "csv":
        return _table(shown, visit.query("table"))
    values = {
        "area": "artifacts",
        "shown": shown,
        "dataset": shown.dataset,
        "columns": _columns(shown.dataset.schema),
        "profile": _profile(shown.dataset.profile),
    }
    return Page("datasets/dataset.html", values)


async def _found(visit: Visit) -> DatasetsFound:
    return await _page(visit, visit.number("before", 0, 0, _MAX_KEY) or None, PAGE)


async def _page(visit: Visit, before: int | None, limit: int) -> DatasetsFound:
    return await visit.services.dataset_shelf.find(
        visit.actor(), visit.query("q"), team=visit.query("team"), before=before, limit=limit
    )


async def _csv(visit: Visit) -> Answer:
    async def page(before: int | None) -> tuple[list[Row], int | None]:
        found = await _page(visit, before, CSV_PAGE)
        rows: list[Row] = [
            (each.name, each.digest, each.source_type, each.team, each.project, each.run_count, each.used_at)
            for each in found.datasets
        ]
        return rows, found.before

    head = ("name", "digest", "source_type", "team", "project", "runs", "used_ms")
    return await csv_stream("datasets", head, pages(page))


def _table(shown: DatasetShown, name: str) -> Answer:
    if name == "schema":
        return csv_answer(f"{shown.dataset.name}-schema", ("name", "type"), _columns(shown.dataset.schema))
    rows = [(run.run_id, run.name, used_for, run.status, run.team, run.project) for run, used_for in shown.uses]
    head = ("run_id", "name", "used_for", "status", "team", "project")
    return csv_answer(f"{shown.dataset.name}-runs", head, rows)


def _columns(schema: str | None) -> list[tuple[str, str]]:
    """Name and type of each column or tensor, as far as the client told them in MLflow's form."""
    found = _parsed(schema)
    columns = found.get("mlflow_colspec")
    if isinstance(columns, list):
        return [
            (str(each.get("name", place)), _type(each)) for place, each in enumerate(columns) if isinstance(each, dict)
        ]
    tensors = found.get("mlflow_tensorspec")
    if not isinstance(tensors, dict):
        return []
    features, targets = _listed(tensors, "features"), _listed(tensors, "targets")
    return [
        (str(each.get("name") or name), _type(each))
        for name, part in (("features", features), ("targets", targets))
        for each in part
        if isinstance(each, dict)
    ]


def _profile(profile: str | None) -> dict[str, str]:
    """What the client counted, each as text."""
    return {key: value if isinstance(value, str) else json.dumps(value) for key, value in _parsed(profile).items()}


def _listed(tensors: dict[str, Any], part: str) -> list[Any]:
    found = tensors.get(part)
    if isinstance(found, str):  # MLflow has it as JSON within JSON
        try:
            found = json.loads(found)
        except (ValueError, RecursionError):
            return []
    return found if isinstance(found, list) else []


def _type(given: dict[str, Any]) -> str:
    tensor = given.get("tensor-spec")
    if isinstance(tensor, dict):
        shape = tensor.get("shape")
        return f"{tensor.get('dtype')} {tuple(shape) if isinstance(shape, list) else ''}"
    return str(given.get("type", ""))


def _parsed(text: str | None) -> dict[str, Any]:
    try:
        found = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


ENDPOINTS = (
    Endpoint("GET", "/datasets", datasets),
    Endpoint("GET", "/datasets/more", more),
    Endpoint("GET", "/datasets/{number}", dataset),
)
