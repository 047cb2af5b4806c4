"""The columns of a table of runs: those that it always has, and params, metrics and tags that the viewer chose."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec

from podium.domain.filters import Field, FieldKind, Order
from podium.domain.runs import Run
from podium.errors import InvalidArgument
from podium.protocols.pages.visit import Visit

MAX_COLUMNS = 40
_DEFAULT_METRICS, _DEFAULT_PARAMS = 4, 3
_KINDS = {"metric": FieldKind.METRIC, "param": FieldKind.PARAM, "tag": FieldKind.TAG}
_INTERNAL_TAGS = ("mlflow.", "wandb.")


class Column(msgspec.Struct, frozen=True):
    """A param, metric or tag. In an address it is `metric:loss`."""

    kind: str
    key: str

    @property
    def spec(self) -> str:
        return f"{self.kind}:{self.key}"


class Fixed(msgspec.Struct, frozen=True):
    """A column that every table of runs has."""

    name: str
    label: str
    attribute: str


FIXED = (
    Fixed("status", "Status", "status"),
    Fixed("name", "Name", "name"),
    Fixed("user", "User", "user_id"),
    Fixed("started", "Started", "start_time"),
    Fixed("duration", "Duration", "duration"),
)


def parse_column(spec: str) -> Column:
    """The column that an address names. Raises InvalidArgument."""
    kind, _, key = spec.partition(":")
    if kind not in _KINDS or not key:
        raise InvalidArgument(f"A column is 'metric:', 'param:' or 'tag:' and a name, not '{spec[:100]}'.")
    return Column(kind, key)


def chosen_columns(visit: Visit, runs: Sequence[Run]) -> list[Column]:
    """The columns that the address names; without any those that tell most about the runs shown."""
    specs = list(dict.fromkeys(visit.queries("col")))
    if len(specs) > MAX_COLUMNS:
        raise InvalidArgument(f"A table shows at most {MAX_COLUMNS} columns, not {len(specs)}.")
    return [parse_column(spec) for spec in specs] if specs else _telling(runs)


def offered_columns(runs: Sequence[Run], chosen: Iterable[Column]) -> dict[str, list[Column]]:
    """What there is to choose from: what the runs shown have, and what is chosen already."""
    found = {
        "metric": {point.key for run in runs for point in run.metrics},
        "param": {key for run in runs for key in run.params},
        "tag": {key for run in runs for key in run.tags if not key.startswith(_INTERNAL_TAGS)},
    }
    for column in chosen:
        found[column.kind].add(column.key)
    return {kind: [Column(kind, key) for key in sorted(keys)] for kind, keys in found.items()}


def cells(run: Run, columns: Sequence[Column]) -> list[Any]:
    """What a run has in each of the columns: numbers, texts, or None."""
    metrics = {point.key: point.value for point in run.metrics}
    sources: dict[str, Callable[[str], Any]] = {
        "metric": metrics.get,
        "param": run.params.get,
        "tag": run.tags.get,
    }
    return [sources[column.kind](column.key) for column in columns]


def order_of(visit: Visit) -> tuple[Order, ...]:
    """What the address sorts by; nothing for the newest first. Raises InvalidArgument."""
    name = visit.query("order")
    if not name:
        return ()
    ascending = visit.query("dir") == "asc"
    for fixed in FIXED:
        if fixed.name == name:
            return (Order(Field(FieldKind.ATTRIBUTE, fixed.attribute), ascending),)
    column = parse_column(name)
    return (Order(Field(_KINDS[column.kind], column.key), ascending, as_number=column.kind == "param"),)


def _telling(runs: Sequence[Run]) -> list[Column]:
    """Metrics that most runs have, and params in which they differ."""
    metrics = Counter(point.key for run in runs for point in run.metrics)
    values: dict[str, set[str]] = {}
    for run in runs:
        for key, value in run.params.items():
            values.setdefault(key, set()).add(value)
    params = sorted(values, key=lambda key: (len(values[key]) < 2, key))
    return [
        *(Column("metric", key) for key, _ in sorted(metrics.items(), key=_commonest)[:_DEFAULT_METRICS]),
        *(Column("param", key) for key in params[:_DEFAULT_PARAMS]),
    ]


def _commonest(item: tuple[str, int]) -> tuple[int, str]:
    return -item[1], item[0]
