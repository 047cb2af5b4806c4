"""Media that a run logged: pictures, tables and histograms, as lines of its history name them."""

import json
from collections.abc import Iterable, Mapping
from typing import Any, Literal

import msgspec

from podium.domain.history import flat, step_of

MARK = '"_type"'
Kind = Literal["image", "table", "histogram", "html", "file"]

MAX_SHOWN = 24  # of each name, the newest
_MAX_BINS = 512
_MOST = 1e308
_KINDS: dict[str, Kind] = {
    "image-file": "image",
    "images/separated": "image",
    "images": "image",
    "table-file": "table",
    "histogram": "histogram",
    "html-file": "html",
}


class Medium(msgspec.Struct, frozen=True):
    """What was logged at a step: files by their paths below the run's, or the counts between edges."""

    step: int
    kind: Kind
    paths: list[str] = []
    captions: list[str] = []
    counts: list[float] = []
    edges: list[float] = []


class Gallery(msgspec.Struct, frozen=True):
    """All that was logged under a name, by step."""

    key: str
    kind: Kind
    media: list[Medium]


def galleries(lines: Iterable[str]) -> list[Gallery]:
    """What the lines hold of media, by name, of each the newest. Lines that are no JSON have none."""
    found: dict[str, list[Medium]] = {}
    for line in lines:
        if MARK not in line:
            continue
        values = _object(line)
        step = step_of(values)
        for key, value in flat(values).items():
            medium = medium_of(value, step) if isinstance(value, dict) else None
            if medium is not None:
                found.setdefault(key, []).append(medium)
    return [Gallery(key, media[-1].kind, media[-MAX_SHOWN:]) for key, media in sorted(found.items())]


def medium_of(value: Mapping[str, Any], step: int) -> Medium | None:
    """What an object of a line stands for; None for what is no medium."""
    name = value.get("_type")
    if not isinstance(name, str):
        return None
    kind = _KINDS.get(name, "file")
    if kind == "histogram":
        return _histogram(value, step)
    paths = [path for path in (*_texts(value.get("filenames")), value.get("path")) if isinstance(path, str) and path]
    captions = [*_texts(value.get("captions")), *_texts([value.get("caption")])]
    return Medium(step, kind, paths, captions) if paths else None


def _histogram(value: Mapping[str, Any], step: int) -> Medium | None:
    counts, edges = _numbers(value.get("values")), _numbers(value.get("bins"))
    packed = value.get("packedBins")
    if not edges and isinstance(packed, dict):
        least, size, count = (_numbers([packed.get(name)]) for name in ("min", "size", "count"))
        if least and size and count and 0 < count[0] <= _MAX_BINS:
            edges = [least[0] + place * size[0] for place in range(int(count[0]) + 1)]
    fits = 0 < len(counts) <= _MAX_BINS and len(edges) == len(counts) + 1
    return Medium(step, "histogram", counts=counts, edges=edges) if fits else None


def _object(line: str) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _texts(value: Any) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _numbers(value: Any) -> list[float]:
    """The numbers of a list that has nothing else; none that a float cannot hold."""
    if not isinstance(value, list) or not all(isinstance(item, int | float) and abs(item) < _MOST for item in value):
        return []
    return [float(item) for item in value]
