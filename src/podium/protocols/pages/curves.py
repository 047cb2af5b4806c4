"""The numbers that curves are drawn from, as JSON of columns; static/curves.js draws them."""

import gzip
from typing import Any

import msgspec
from starlette.responses import Response

from podium.domain.curves import LEAST_POINTS, MAX_POINTS, Axis
from podium.domain.runs import RunRow
from podium.errors import InvalidArgument
from podium.protocols.pages.assets import accepts_gzip
from podium.protocols.pages.endpoint import SECURITY_HEADERS, Endpoint
from podium.protocols.pages.visit import Visit
from podium.services.curves import Wanted

_AXES: tuple[Axis, ...] = ("step", "time")
_FAR = 2**62
_MIN_GZIP = 1000  # bytes


async def curves(visit: Visit) -> Response:
    """`/curves?run=…&key=…&x=step|time&from=…&to=…&points=…`; `run` (a public id) and `key` may come repeatedly."""
    wanted = Wanted(
        keys=tuple(dict.fromkeys(visit.queries("key"))),
        axis=_axis(visit.query("x", "step")),
        first=place_of(visit, "from"),
        last=place_of(visit, "to"),
        most=visit.number("points", MAX_POINTS, LEAST_POINTS, MAX_POINTS),
    )
    found = await visit.services.curves.read(visit.actor(), visit.queries("run"), wanted)
    return json_response(
        visit,
        {"axis": found.axis, "runs": [told_run(run) for run in found.runs], "curves": found.curves},
    )


def json_response(visit: Visit, content: object) -> Response:
    """An answer for a script, packed where that pays."""
    body = msgspec.json.encode(content)
    headers = {**SECURITY_HEADERS, "vary": "accept-encoding"}
    if len(body) >= _MIN_GZIP and accepts_gzip(visit.request):
        body = gzip.compress(body, 1, mtime=0)
        headers["content-encoding"] = "gzip"
    return Response(body, 200, headers, media_type="application/json")


def told_run(run: RunRow) -> dict[str, Any]:
    """What the script knows of a run."""
    return {
        "id": run.run_id,
        "name": run.name,
        "start": run.start_time,
        "live": run.status in ("RUNNING", "SCHEDULED"),
    }


def _axis(given: str) -> Axis:
    for axis in _AXES:
        if axis == given:
            return axis
    raise InvalidArgument(f"'x' is one of {', '.join(_AXES)}, not '{given}'.")


def place_of(visit: Visit, name: str) -> int | None:
    """A place on the axis that the address names. Raises InvalidArgument."""
    text = visit.query(name)
    if not text:
        return None
    digits = text.removeprefix("-")
    if not digits.isdecimal() or len(digits) > 19 or abs(int(text)) > _FAR:
        raise InvalidArgument(f"'{name}' is a whole number, not '{text}'.")
    return int(text)


ENDPOINTS = (Endpoint("GET", "/curves", curves),)
