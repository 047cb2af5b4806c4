"""Curves: points of a metric by step or by time, thinned to what a screen shows without losing a spike."""

from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec

Axis = Literal["step", "time"]

MAX_POINTS = 2_000
LEAST_POINTS = 10
_PER_STRETCH = 2  # the least and the greatest; a gap takes one more


class Line(msgspec.Struct, frozen=True):
    """Points by columns, in the order of `x`; None in `y` where there is no finite value, which is a gap."""

    x: list[int]
    y: list[float | None]


class Curve(msgspec.Struct, frozen=True):
    """One metric of one run, by columns. It is `whole` when no point between the first and the last was left out."""

    run: str
    key: str
    x: list[int]
    y: list[float | None]
    whole: bool


def ordered(line: Line) -> Line:
    """The points by `x`; those at the same place stay in their order."""
    in_order = sorted(line.x)
    if in_order == line.x:
        return line
    places = sorted(range(len(line.x)), key=line.x.__getitem__)
    return Line(in_order, [line.y[place] for place in places])


def thinned(line: Line, most: int = MAX_POINTS) -> Line:
    """At most so many of the points, in their order: the first and the last, and of each stretch the extremes.

    Stretches have equal numbers of points; one with a gap keeps one. So what is drawn reaches as high and as low as
    all of it would. `most` is 10 at least.
    """
    count = len(line.x)
    if count <= most:
        return line
    stretches = (most - 2) // (_PER_STRETCH + (None in line.y))
    kept = [0]
    for stretch in range(stretches):
        start, end = 1 + stretch * (count - 2) // stretches, 1 + (stretch + 1) * (count - 2) // stretches
        kept += [start + place for place in _extremes(line.y[start:end])]
    kept.append(count - 1)
    return Line([line.x[place] for place in kept], [line.y[place] for place in kept])


def _extremes(values: Sequence[float | None]) -> Iterable[int]:
    """The places of the least and of the greatest value, and of a gap, in order."""
    known = [value for value in values if value is not None]
    chosen = {values.index(min(known)), values.index(max(known))} if known else set()
    if len(known) < len(values):
        chosen.add(values.index(None))
    return sorted(chosen)
