"""Files of runs and logged models: listed, downloaded, and shown where that is safe."""

import json
from collections.abc import Sequence
from typing import Any

import msgspec
from starlette.responses import Response

from podium.asgi.downloads import content_type, download
from podium.domain.access import Actor
from podium.domain.locations import proxied_path
from podium.domain.manifests import normalize_path
from podium.domain.trees import Child
from podium.errors import PodiumError
from podium.protocols.pages.visit import Visit
from podium.services.file_owners import OfRun, Owner
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


async def files_of(visit: Visit, actor: Actor, owner: Owner, location: str) -> Sequence[Child] | None:
    """What lies in the folder of the address; None when the owner's files, at `location`, are outside this server."""
    if proxied_path(location) is None:
        return None
    folder = visit.query("path")
    listing = await visit.services.artifacts.list_of(actor, owner, normalize_path(folder) if folder else "")
    return listing.children


async def download_file(visit: Visit, actor: Actor, owner: Owner) -> Response:
    """A file to save; with `show=1` one to look at. Nothing of it runs as a part of these pages."""
    path, artifacts = normalize_path(visit.parameter("path")), visit.services.artifacts
    file = await artifacts.get_of(actor, owner, path)
    response = await download(visit.request, file, lambda start, end: artifacts.read(file, start, end))
    kind = content_type(path.rpartition("/")[2])
    response.headers["content-security-policy"] = _NO_ORIGIN
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
