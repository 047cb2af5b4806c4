"""Parallel coordinates as SVG: an axis a parameter or metric that differs, a line a thing that is compared."""

from collections.abc import Mapping, Sequence

import msgspec

from podium.domain.comparing import Axis, number_axis, rows_of, text_axis
from podium.protocols.pages.templating import number

WIDTH, HEIGHT, TOP, BOTTOM, SIDE = 1000, 250, 44, 226, 60
MAX_PARAMS, MAX_METRICS = 5, 4


class Stand(msgspec.Struct, frozen=True):
    """An axis as it is drawn."""

    axis: Axis
    x: float


class Drawing(msgspec.Struct, frozen=True):
    """Axes from left to right, and for each thing the path of its line, with gaps where it has no value."""

    stands: list[Stand]
    paths: list[str]


def parallel(params: Sequence[Mapping[str, str]], metrics: Sequence[Mapping[str, float]]) -> Drawing | None:
    """The drawing of what differs; None where there are not two axes."""
    texts = [axis for row in rows_of(params) if row.differs and (axis := text_axis(row)) is not None]
    numbers = []
    for row in rows_of(metrics):
        show = {value: number(value) for value in row.values if value is not None}
        if row.differs and (axis := number_axis(row, show)) is not None:
            numbers.append(axis)
    axes = texts[:MAX_PARAMS] + numbers[:MAX_METRICS]
    if len(axes) < 2:
        return None
    step = (WIDTH - 2 * SIDE) / (len(axes) - 1)
    stands = [Stand(axis, round(SIDE + place * step, 1)) for place, axis in enumerate(axes)]
    return Drawing(stands, [_path(stands, thing) for thing in range(len(params))])


def _path(stands: Sequence[Stand], thing: int) -> str:
    path, before = "", None
    for stand in stands:
        place = stand.axis.places[thing]
        if place is None:
            before = None
            continue
        y = round(BOTTOM - place * (BOTTOM - TOP), 1)
        if before is None:
            path += f"M{stand.x} {y}h0.1"
        else:
            middle = round((before[0] + stand.x) / 2, 1)
            path += f"C{middle} {before[1]} {middle} {y} {stand.x} {y}"
        before = (stand.x, y)
    return path
