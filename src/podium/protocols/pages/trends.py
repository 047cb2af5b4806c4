"""Curves over versions, drawn as SVG on the server: no script has to run for them."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from markupsafe import Markup

from podium.domain.registry import RegisteredModel
from podium.services.cabinet import Trend

_WIDTH, _HEIGHT, _MARGIN = 84, 22, 3


def sparkline(values: Sequence[float | None], label: str) -> Markup:
    """The values from left to right; gaps where there is none. `label` says what it shows to who cannot see it."""
    points = _points(values, _Box(_MARGIN, _WIDTH - _MARGIN, _MARGIN, _HEIGHT - _MARGIN))
    if len(points) < 2:
        return Markup("")
    line = _line(points)
    _, last_x, last_y = points[-1]
    return Markup(
        '<svg class="sparkline" viewBox="0 0 {} {}" role="img" aria-label="{}"><polyline points="{}"/>'
        '<circle cx="{:.1f}" cy="{:.1f}" r="2.2"/></svg>'
    ).format(_WIDTH, _HEIGHT, label, line, last_x, last_y)


def trend_chart(trend: Trend, home: str, model: RegisteredModel) -> Markup:
    """A trend with its scale; each point leads to its version, and those in production stand out."""
    known = [value for value in trend.values if value is not None and math.isfinite(value)]
    points = _points(trend.values, _CHART)
    if not points:
        return Markup("")
    production = {version.version for version in model.latest if version.stage == "Production"}
    dots = Markup("").join(
        _DOT.format(
            home,
            trend.versions[index],
            "in-production" if trend.versions[index] in production else "",
            x,
            y,
            f"v{trend.versions[index]}: {trend.values[index]:.6g}",
        )
        for index, x, y in points
    )
    return _FRAME.format(
        label=f"{trend.metric} over versions",
        most=f"{max(known):.4g}",
        least=f"{min(known):.4g}",
        first=trend.versions[0],
        last=trend.versions[-1],
        line=_line(points),
        dots=dots,
    )


class _Box(NamedTuple):
    left: float
    right: float
    top: float
    bottom: float


_CHART = _Box(52, 788, 14, 170)
_DOT = Markup('<a href="{}/{}" class="{}"><circle cx="{:.1f}" cy="{:.1f}" r="4.5"><title>{}</title></circle></a>')
_FRAME = Markup(
    '<svg class="trend-chart" viewBox="0 0 800 196" role="group" aria-label="{label}">'
    '<path class="grid" d="M52 14H788M52 92H788M52 170H788"/>'
    '<text x="44" y="18" text-anchor="end">{most}</text><text x="44" y="174" text-anchor="end">{least}</text>'
    '<text x="52" y="190">v{first}</text><text x="788" y="190" text-anchor="end">v{last}</text>'
    '<polyline points="{line}"/>{dots}</svg>'
)


def _points(values: Sequence[float | None], box: _Box) -> list[tuple[int, float, float]]:
    """Index and place of each value that is a number."""
    known = [value for value in values if value is not None and _is_number(value)]
    if not known:
        return []
    least, spread = min(known), (max(known) - min(known)) or 1
    step = (box.right - box.left) / max(len(values) - 1, 1)
    height = box.bottom - box.top
    return [
        (index, box.left + index * step, box.bottom - (value - least) / spread * height)
        for index, value in enumerate(values)
        if value is not None and _is_number(value)
    ]


def _line(points: Sequence[tuple[int, float, float]]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for _, x, y in points)


def _is_number(value: float | None) -> bool:
    return value is not None and math.isfinite(value)
