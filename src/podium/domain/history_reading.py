"""Histories read back: lines by their step, samples of them, and the lines that points of metrics would have been."""

import json
import math
from array import array
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from podium.domain.history import STEP, parse_object

T = TypeVar("T")

DEFAULT_SAMPLES = 500
MAX_SAMPLES = 100_000  # whoever asks for more gets so many, spread evenly: all are read in pages of steps
MAX_KEYS = 1000


class StepPoint(msgspec.Struct, frozen=True, gc=False):
    """A point of a metric; a run's come by step and, within one, by time."""

    step: int
    timestamp: int
    key: str
    value: float


class SampleSpec(msgspec.Struct, frozen=True, rename="camel"):
    """Which values of which lines: so many of those that have all of the keys, spread evenly. Both steps are within."""

    keys: list[str]
    samples: int = DEFAULT_SAMPLES
    min_step: float | None = None
    max_step: float | None = None

    @property
    def steps(self) -> tuple[int, int] | None:
        """The first step, and the one behind the last; None when all are asked for."""
        if self.min_step is None and self.max_step is None:
            return None
        return _whole(self.min_step, 0), _whole(self.max_step, _FAR) + 1

    @property
    def most(self) -> int | None:
        """How many lines at most; None where the sample has room for each of the steps."""
        steps, most = self.steps, min(self.samples, MAX_SAMPLES)
        whole = steps is not None and most >= steps[1] - steps[0]
        return None if whole else most


_FAR = 2**62
_HISTORY = "wandb-history.jsonl"


class _Stepped(msgspec.Struct, rename={"step": STEP}):
    step: int | float | None = None


_steps = msgspec.json.Decoder(_Stepped)


def step_of(line: str) -> int:
    """A line's step, -1 when it has none."""
    try:
        step = _steps.decode(line).step
    except msgspec.DecodeError:  # NaN, perhaps, which strict JSON does not know
        step = parse_object(line, _HISTORY).get(STEP)
    return _as_step(step)


def lines_within(lines: Iterable[str], first: int, end: int) -> list[str]:
    """The lines of these steps: from the first up to, not including, the end."""
    return [line for line in lines if first <= step_of(line) < end]


def in_order(lines: list[str]) -> list[str]:
    """The lines by step; those of the same step stay as they are."""
    return sorted(lines, key=step_of)


def evenly(items: Sequence[T], most: int | None) -> Sequence[T]:
    """So many of the items at most, spread evenly: the first and the last among them. All of them for None."""
    if most is None or len(items) <= most:
        return items
    if most <= 1:
        return items[-most:] if most == 1 else []
    last = len(items) - 1
    return [items[i * last // (most - 1)] for i in range(most)]


def steps_around(specs: Iterable[SampleSpec]) -> tuple[int, int] | None:
    """The first step of any sample, and the one behind the last; None when one asks for all."""
    found = [spec.steps for spec in specs]
    known = [steps for steps in found if steps is not None]
    if not known or len(known) < len(found):
        return None
    return min(first for first, _ in known), max(end for _, end in known)


def samples_of(lines: Sequence[str], specs: Sequence[SampleSpec]) -> list[list[dict[str, Any]]]:
    """What each of the samples has of a history's lines, which are looked through once for all of them."""
    wanted = [(spec.steps, list(dict.fromkeys(spec.keys))) for spec in specs]
    found = [array("L") for _ in specs]
    for place, line in enumerate(lines):
        values = parse_object(line, _HISTORY)
        step = _as_step(values.get(STEP))
        for (steps, keys), places in zip(wanted, found, strict=True):
            if (steps is None or steps[0] <= step < steps[1]) and _has(values, keys):
                places.append(place)
    chosen = [evenly(places, spec.most) for places, spec in zip(found, specs, strict=True)]
    return [
        [_row(parse_object(lines[place], _HISTORY), keys) for place in places]
        for places, (_, keys) in zip(chosen, wanted, strict=True)
    ]


def lines_of_points(points: Iterable[StepPoint], start_time: int) -> list[str]:
    """A line for each step, as a client would have sent it that logs whole steps."""
    rows: dict[int, dict[str, Any]] = {}
    for point in points:
        row = rows.setdefault(point.step, {STEP: point.step})
        row["_timestamp"] = point.timestamp / 1000
        row["_runtime"] = max(0, point.timestamp - start_time) / 1000
        row[point.key] = point.value
    return [json.dumps(rows[step], separators=(",", ":")) for step in sorted(rows)]


def history_keys(values: Mapping[str, Any], lines: int, last_step: int) -> dict[str, Any] | None:
    """What a history holds, told from the last values of all that it has; None for one without lines."""
    if last_step < 0:
        return None
    keys = {
        key: {
            "typeCounts": [{"type": _type(value), "count": lines}],
            "monotonic": key == STEP,
            "previousValue": strict(value),
        }
        for key, value in values.items()
        if not key.startswith("_wandb")
    }
    return {"sets": [], "keys": keys, "lastStep": last_step}


def strict(value: Any) -> Any:
    """The value as strict JSON can hold it: numbers that are none become texts."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, dict):
        return {key: strict(item) for key, item in value.items()}
    if isinstance(value, list):
        return [strict(item) for item in value]
    return value


def _as_step(step: Any) -> int:
    return int(step) if isinstance(step, int | float) and math.isfinite(step) else -1


def _has(values: Mapping[str, Any], keys: Iterable[str]) -> bool:
    return all(_value(values, key) is not None for key in keys)


def _row(values: Mapping[str, Any], keys: Iterable[str]) -> dict[str, Any]:
    found = {key: _value(values, key) for key in keys}
    return {key: value if type(value) is int else strict(value) for key, value in found.items()}


def _value(values: Mapping[str, Any], key: str) -> Any:
    value = values.get(key)
    return _nested(values, key) if value is None and "." in key else value


def _nested(values: Any, key: str) -> Any:
    for part in key.split("."):
        if not isinstance(values, dict):
            return None
        values = values.get(part)
    return values


def _type(value: Any) -> str:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, dict):
        return str(value.get("_type", "map"))
    return "list" if isinstance(value, list) else "string"


def _whole(step: float | None, default: int) -> int:
    return default if step is None or not math.isfinite(step) else max(0, min(int(step), _FAR))
