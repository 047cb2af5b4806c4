"""Lines of a run's history: JSON objects whose numbers are points of metrics."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

import msgspec

from podium.domain import names
from podium.domain.nesting import check_nesting
from podium.errors import InvalidArgument

STEP = "_step"
_INTERNAL = "_"  # how names begin that are the client's own: `_step`, `_timestamp`, `_runtime`, `_wandb`
_MEDIA = "_type"
_MAX_INT = 2**63 - 1

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_GIVEN_STEP = re.compile(rf'\{{"{STEP}":(\d+)')
_decoder = msgspec.json.Decoder(dict[str, Any])


class HistoryLine(msgspec.Struct, frozen=True, gc=False):
    """A line's numbers by name, and where in the history it is."""

    step: int
    timestamp: int  # milliseconds since the epoch
    values: Mapping[str, Any]  # those whose type is not a number are no metrics


def parse_object(text: str, what: str) -> dict[str, Any]:
    """The JSON object in `text`, which may hold NaN and Infinity. Raises InvalidArgument."""
    check_nesting(text, f"'{what}'")
    with suppress(msgspec.DecodeError):  # what this strict reader refuses may be NaN
        return _decoder.decode(text)
    try:
        value = json.loads(text)
    except ValueError as error:
        raise InvalidArgument(f"'{what}' holds what is no JSON: {error}") from error
    if not isinstance(value, dict):
        raise InvalidArgument(f"'{what}' holds '{text[:100]}'; a JSON object is expected")
    return value


def parse_history(lines: Sequence[str], default_time: int) -> list[HistoryLine]:
    """The lines as points. A line without a step has -1, one without a time `default_time`. Raises InvalidArgument."""
    return [_parse(line, default_time) for line in lines]


def with_step(line: str, step: int) -> str:
    """The line with a step, where its sender left that to the server."""
    inner = line.strip()[1:]
    comma = "" if inner.lstrip().startswith("}") else ","
    return f'{{"{STEP}":{step}{comma}{inner}'


def is_same_line(kept: str, sent: str) -> bool:
    """Whether a line is kept as it was sent, but for the step that it may have got here."""
    if kept == sent:
        return True
    given = _GIVEN_STEP.match(kept)
    return given is not None and with_step(sent, int(given[1])) == kept


def metric_names(lines: Sequence[HistoryLine]) -> set[str]:
    """The names under which the lines have numbers."""
    found: set[str] = set()
    for line in lines:
        values = line.values
        # Lines mostly have the same names: only new ones are looked at.
        found.update(key for key in values.keys() - found if type(values[key]) in (float, int))
    return {key for key in found if not key.startswith(_INTERNAL) and is_storable(key)}


def numbers(values: Mapping[str, Any]) -> dict[str, float]:
    """The numbers of an object that are metrics, by name."""
    return {
        key: float(value)
        for key, value in flat(values).items()
        if type(value) in (float, int) and not key.startswith(_INTERNAL) and is_storable(key) and _fits(value)
    }


def flat(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """The object with the parts of nested ones beside its own, as `a.b`; media objects stay as they are."""
    if dict not in map(type, values.values()):
        return values
    return dict(_flattened(values, ""))


def is_storable(key: str) -> bool:
    """Whether a metric or param may bear this name: no NUL in it, and no half of a surrogate pair."""
    return 0 < len(key) <= names.MAX_KEY and (key.isprintable() or not _UNSTORABLE.search(key))


def time_ms(value: Any) -> int | None:
    """A time in seconds since the epoch, as lines have it, in milliseconds; None for what is no such time."""
    return int(value * 1000) if type(value) in (float, int) and 0 <= value < _MAX_INT / 1000 else None


def step_of(values: Mapping[str, Any]) -> int:
    """The step that an object names, -1 for none."""
    step: Any = values.get(STEP)
    return int(step) if type(step) in (float, int) and 0 <= step < _MAX_INT else -1


def _parse(line: str, default_time: int) -> HistoryLine:
    values = parse_object(line, "wandb-history.jsonl")
    time = time_ms(values.get("_timestamp"))
    return HistoryLine(step_of(values), default_time if time is None else time, flat(values))


def _fits(value: float) -> bool:
    """Whether a float can hold it: integers of any length are JSON too."""
    return type(value) is float or abs(value) < 1 << 1023


def _flattened(values: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        if type(value) is dict and _MEDIA not in value:
            yield from _flattened(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value
