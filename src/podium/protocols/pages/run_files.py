"""Files of a run: listed, downloaded, and shown where that is safe."""

import json
from collections.abc import Sequence
from typing import Any

import msgspec
from starlette.responses import Response

from podium.asgi.downloads import content_type, download
from podium.domain.locations import proxied_path, run_location
from podium.domain.manifests import normalize_path
from podium.domain.trees import Child
from podium.errors import PodiumError
from podium.protocols.pages.visit import Visit
from podium.services.file_owners import OfRun
from podium.services.tracked_runs import TrackedRun

MAX_TABLE_ROWS, MAX_TABLE_COLUMNS = 100, 30
_MAX_TABLE_BYTES = 8 << 20
_MAX_CELL = 300
# What a browser only draws; all else is saved, or shown where it has no origin and runs nothing.
_PICTURES = ("image/png", "image/jpeg", "image/gif", "image/webp", "image/bmp")
_SANDBOXED = ("image/svg+xml", "text/html", "text/plain", "application/pdf")
_NO_ORIGIN = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:"


class Shown(msgspec.Struct, frozen=True):
    """The beginning of a table, and how many rows it has."""

    columns: list[str]
    rows: list[list[str]]
    row_count: int


class _Table(msgspec.Struct):
    columns: list[Any] = []
    data: list[list[Any]] = []


async def files_of(visit: Visit, tracked: TrackedRun, folder: str) -> Sequence[Child] | None:
    """What lies in a folder of the run; None when the run's files are outside of this server."""
    info = tracked.run.info
    if proxied_path(run_location(info.artifact_location, info.run_id)) is None:
        return None
    path = normalize_path(folder) if folder else ""
    listing = await visit.services.artifacts.list_of(visit.actor(tracked.team), OfRun(info.run_id), path)
    return listing.children


async def download_file(visit: Visit, tracked: TrackedRun) -> Response:
    """A file to save; with `show=1` one to look at. Nothing of it runs as a part of these pages."""
    actor, path = visit.actor(tracked.team), normalize_path(visit.parameter("path"))
    artifacts = visit.services.artifacts
    file = await artifacts.get_of(actor, OfRun(tracked.run.info.run_id), path)
    response = await download(visit.request, file, lambda start, end: artifacts.read(file, start, end))
    kind = content_type(path.rpartition("/")[2])
    response.headers["content-security-policy"] = (
        "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    )
    if visit.query("show") and kind in (*_PICTURES, *_SANDBOXED):
        del response.headers["content-disposition"]
        response.headers["content-type"] = kind
    return response


async def table_rows(visit: Visit, tracked: TrackedRun, path: str) -> Shown | None:
    """The beginning of a table that the run logged; None when it cannot be read."""
    artifacts = visit.services.artifacts
    try:
        owner = OfRun(tracked.run.info.run_id)
        file = await artifacts.get_of(visit.actor(tracked.team), owner, normalize_path(path))
        if file.size_bytes > _MAX_TABLE_BYTES:
            return None
        text = b"".join([piece async for piece in artifacts.read(file)])
        table = msgspec.convert(json.loads(text), _Table)  # which may hold NaN
    except (PodiumError, ValueError, RecursionError, msgspec.ValidationError):
        return None
    columns = [str(column)[:_MAX_CELL] for column in table.columns[:MAX_TABLE_COLUMNS]]
    rows = [[_cell(value) for value in row[:MAX_TABLE_COLUMNS]] for row in table.data[:MAX_TABLE_ROWS]]
    return Shown(columns, rows, len(table.data))


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    text = value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= _MAX_CELL else text[:_MAX_CELL] + "…"
