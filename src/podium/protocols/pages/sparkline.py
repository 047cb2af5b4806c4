"""A small curve within a line of text, drawn as SVG on the server: no script has to run for it."""

import math
from collections.abc import Sequence

from markupsafe import Markup

_WIDTH, _HEIGHT, _MARGIN = 84, 22, 3


def sparkline(values: Sequence[float | None], label: str) -> Markup:
    """The values from left to right; gaps where there is none. `label` says what it shows to who cannot see it."""
    known = [value for value in values if value is not None and math.isfinite(value)]
    if len(known) < 2:
        return Markup("")
    least, most = min(known), max(known)
    step = (_WIDTH - 2 * _MARGIN) / (len(values) - 1)
    spread = (most - least) or 1
    points = [
        (_MARGIN + index * step, _HEIGHT - _MARGIN - (value - least) / spread * (_HEIGHT - 2 * _MARGIN))
        for index, value in enumerate(values)
        if value is not None and math.isfinite(value)
    ]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    last_x, last_y = points[-1]
    return Markup(
        '<svg class="sparkline" viewBox="0 0 {} {}" role="img" aria-label="{}"><polyline points="{}"/>'
        '<circle cx="{:.1f}" cy="{:.1f}" r="2.2"/></svg>'
    ).format(_WIDTH, _HEIGHT, label, line, last_x, last_y)
