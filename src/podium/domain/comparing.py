"""Things side by side: what all of them have, what some lack, where they differ, and which is the best."""

import math
from collections.abc import Mapping, Sequence
from typing import Generic, TypeVar

import msgspec

from podium.domain.key_metric import less_is_better

MIN_COMPARED, MAX_COMPARED = 2, 10

T = TypeVar("T")


class Row(msgspec.Struct, Generic[T], frozen=True):
    """What each of the things has under a name; None where it has nothing."""

    key: str
    values: list[T | None]

    @property
    def differs(self) -> bool:
        """Whether not all of them have the same. NaN is the same as NaN."""
        return any(not _same(value, self.values[0]) for value in self.values[1:])


def rows_of(things: Sequence[Mapping[str, T]]) -> list[Row[T]]:
    """A row for every name that one of the things has, by name."""
    keys = sorted({key for thing in things for key in thing})
    return [Row(key, [thing.get(key) for thing in things]) for key in keys]


def best_of(row: Row[float]) -> set[int]:
    """The places of the best values: the lowest of a loss or an error, else the highest. None if all are alike."""
    known = {place: value for place, value in enumerate(row.values) if value is not None and math.isfinite(value)}
    if len(set(known.values())) < 2:
        return set()
    best = (min if less_is_better(row.key) else max)(known.values())
    return {place for place, value in known.items() if value == best}


def shares_of(row: Row[float]) -> list[float]:
    """How long a bar each value has, from 0 to 1 of the largest; 0 where there is no finite value."""
    sizes = [abs(value) if value is not None and math.isfinite(value) else 0.0 for value in row.values]
    most = max(sizes, default=0.0)
    return [size / most if most else 0.0 for size in sizes]


class Axis(msgspec.Struct, frozen=True):
    """A line of parallel coordinates: where each thing crosses it, from 0 (low end) to 1, and what its ends are."""

    key: str
    places: list[float | None]
    low: str
    high: str


def number_axis(row: Row[float], show: Mapping[float, str]) -> Axis | None:
    """The axis of numbers, `show` having the text of each; None where fewer than two differ."""
    known = [value for value in row.values if value is not None and math.isfinite(value)]
    if len(set(known)) < 2:
        return None
    low, high = min(known), max(known)
    if math.isinf(high - low):
        return None
    places = [
        None if value is None or not math.isfinite(value) else (value - low) / (high - low) for value in row.values
    ]
    return Axis(row.key, places, show[low], show[high])


def text_axis(row: Row[str]) -> Axis | None:
    """The axis of texts: numbers lie as far apart as they are, else each different text has a place of its own."""
    numbers = [_number(value) for value in row.values]
    if all((number is None) == (value is None) for number, value in zip(numbers, row.values, strict=True)):
        show = {number: value or "" for number, value in zip(numbers, row.values, strict=True) if number is not None}
        return number_axis(Row(row.key, numbers), show)
    texts = sorted({value for value in row.values if value is not None})
    if len(texts) < 2:
        return None
    places = [None if value is None else texts.index(value) / (len(texts) - 1) for value in row.values]
    return Axis(row.key, places, texts[0], texts[-1])


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _same(one: object, other: object) -> bool:
    return one == other or (one != one and other != other)  # noqa: PLR0124  NaN
