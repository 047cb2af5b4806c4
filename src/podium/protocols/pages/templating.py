"""Templates to HTML. Everything that is put into one is escaped, unless it was made here."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from typing import Any

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from podium.protocols.pages.assets import asset_url
from podium.protocols.pages.markdown import markdown
from podium.protocols.pages.trends import sparkline, trend_chart
from podium.protocols.pages.visit import path_to

NOTHING = "\u2013"  # where there is no value

_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")
_SPANS = (
    (60, 1, "s"),
    (3600, 60, "min"),
    (86_400, 3600, "h"),
    (30 * 86_400, 86_400, "d"),
    (365 * 86_400, 30 * 86_400, "mo"),
)
_YEAR_S = 365 * 86_400


@cache
def environment() -> Environment:
    """The templates, compiled when first asked for."""
    made = Environment(
        loader=PackageLoader("podium.protocols.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters: dict[str, Callable[..., Any]] = {
        "when": when,
        "span": span,
        "size": size,
        "number": number,
        "markdown": markdown,
        "json": to_json,
        "short": short,
    }
    made.filters.update(filters)
    made.globals.update(asset=asset_url, path_to=path_to, sparkline=sparkline, trend_chart=trend_chart)
    return made


def render(template: str, values: dict[str, Any]) -> bytes:
    """The HTML of a template with these values."""
    return environment().get_template(template).render(values).encode()


def when(at_ms: int | None) -> Markup:
    """How long ago, with the exact time in the viewer's zone on hover; the page's script keeps both right."""
    if at_ms is None:
        return Markup('<span class="dim">{}</span>').format(NOTHING)
    exact = datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds")
    return Markup('<time datetime="{}" title="{}">{}</time>').format(exact, exact, ago(at_ms))


def ago(at_ms: int) -> str:
    """How long before now, in words."""
    passed_s = int(time.time() - at_ms / 1000)
    return "just now" if passed_s < 5 else f"{_in_words(passed_s)} ago"


def span(ms: int | None) -> str:
    """How long something took."""
    if ms is None:
        return NOTHING
    return f"{ms} ms" if ms < 1000 else _in_words(ms // 1000)


def _in_words(seconds: int) -> str:
    for below, unit, name in _SPANS:
        if seconds < below:
            return f"{seconds // unit} {name}"
    return f"{seconds // _YEAR_S} y"


def size(count: int | None) -> str:
    """A number of bytes, in the unit that reads best."""
    if count is None:
        return NOTHING
    value, unit = float(count), 0
    while value >= 1024 and unit < len(_UNITS) - 1:
        value, unit = value / 1024, unit + 1
    return f"{count} B" if unit == 0 else f"{value:.1f} {_UNITS[unit]}"


def number(value: float | None) -> str:
    """A number with as many digits as help to compare it with its like."""
    if value is None:
        return NOTHING
    if isinstance(value, int) or (value == value // 1 and abs(value) < 1e15):
        return f"{int(value):,}"
    return f"{value:.5g}"


def to_json(value: object) -> str:
    """A value for a script to read from an attribute."""
    return msgspec.json.encode(value).decode()


def short(digest: str) -> str:
    """The beginning of a digest or an id, enough to tell it from others at a glance."""
    return digest.removeprefix("sha256:")[:10]
