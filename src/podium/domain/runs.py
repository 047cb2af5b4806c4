"""Runs: their records, points of metrics, inputs and outputs, and what may be logged to them."""

import math
from collections.abc import Sequence
from typing import Annotated, Literal, get_args

import msgspec
from msgspec import Meta

from podium.domain import names
from podium.errors import InvalidArgument

RunStatus = Literal["RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"]
STATUSES: tuple[RunStatus, ...] = get_args(RunStatus)

NAME_TAG = "mlflow.runName"
LOGGED_MODELS_TAG = "mlflow.log-model.history"

MAX_METRICS_PER_BATCH = 1000
MAX_PARAMS_PER_BATCH = 100
MAX_TAGS_PER_BATCH = 100
MAX_PER_BATCH = 1000

Int64 = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
_FilledText = Annotated[str, Meta(min_length=1)]


class Point(msgspec.Struct, frozen=True, gc=False):
    """One value of one metric. Clients' JSON is decoded straight into it: batches of a thousand are everyday.

    `model_id` names the logged model that was measured, the dataset what it was measured on.
    """

    key: _FilledText
    value: float
    timestamp: Int64
    step: Int64 = 0
    model_id: str = ""
    dataset_name: str = ""
    dataset_digest: str = ""


class HistoryPoint(msgspec.Struct, frozen=True, gc=False):
    """A point as histories have it: what MLflow's answers show, in their order, since pages have 25,000 of them."""

    key: str
    value: float
    timestamp: int
    step: int


class RunPoint(msgspec.Struct, frozen=True):
    """A point, and the public id of its run."""

    run_id: str
    point: Point


class RunRow(msgspec.Struct, frozen=True):
    """A run's own record. `id` is the key inside, `run_id` the public id; times are milliseconds since the epoch.

    `revision` counts the changes of the run and of what is logged to it. `slug` names the run within its project.
    """

    id: int
    run_id: str
    project_id: int
    artifact_location: str
    name: str
    user_id: str
    status: RunStatus
    start_time: int
    end_time: int | None
    deleted_at: int | None
    revision: int = 0
    slug: str = ""

    @property
    def lifecycle(self) -> Literal["active", "deleted"]:
        return "active" if self.deleted_at is None else "deleted"

    @property
    def artifact_uri(self) -> str:
        """Where the run's files are: below the path of the project's location, before its query."""
        location, mark, query = self.artifact_location.partition("?")
        return f"{location.rstrip('/')}/{self.run_id}/artifacts{mark}{query}"


class Dataset(msgspec.Struct, frozen=True):
    """Data that runs read, known by name and digest within a project."""

    name: str
    digest: str
    source_type: str
    source: str
    schema: str | None = None
    profile: str | None = None


class DatasetInput(msgspec.Struct, frozen=True):
    """A dataset as one run read it; the tags say what for."""

    dataset: Dataset
    tags: dict[str, str]


class DatasetSummary(msgspec.Struct, frozen=True):
    """A dataset that runs of a project read, in one of its contexts (`training`, …)."""

    project_id: int
    name: str
    digest: str
    context: str | None


class ModelOutput(msgspec.Struct, frozen=True):
    """A logged model that a run made, and at which step."""

    model_id: str
    step: int


class Run(msgspec.Struct, frozen=True):
    """A run with all that a page about it shows; of each metric the latest point."""

    info: RunRow
    tags: dict[str, str] = {}
    params: dict[str, str] = {}
    metrics: list[Point] = []
    datasets: list[DatasetInput] = []
    model_inputs: list[str] = []
    model_outputs: list[ModelOutput] = []


def check_points(points: Sequence[Point], path: str = "metrics[{}]") -> None:
    """Raise InvalidArgument for the first point that is not valid. `path` names it in the message, by its index."""
    known: set[str] = set()
    for index, point in enumerate(points):
        if point.key not in known:
            names.check_length("Metric name", point.key, names.MAX_KEY)
            names.check_key(point.key, _within(path.format(index), "name"))
            known.add(point.key)
        if point.dataset_name or point.dataset_digest:
            where = path.format(index)
            names.check_label(_within(where, "dataset_name"), point.dataset_name, names.MAX_DATASET_NAME)
            names.check_label(_within(where, "dataset_digest"), point.dataset_digest, names.MAX_DATASET_DIGEST)
        if point.timestamp < 0:
            where = _within(path.format(index), "timestamp")
            raise InvalidArgument(
                f"Invalid value {point.timestamp} for parameter '{where}' supplied: metric '{point.key}' "
                f"(value={point.value}). Timestamp must be a nonnegative long (64-bit integer)"
            )


def valid_param(key: str, value: str, path: str = "") -> str:
    """The value to store: long ones are cut off. Raises InvalidArgument for a bad key."""
    names.check_length("Param key", key, names.MAX_KEY)
    names.check_key(key, _within(path, "key"))
    return names.cut(_within(path, "value"), value, names.MAX_PARAM_VALUE)


def valid_tag(key: str, value: str, path: str = "") -> str:
    """The value to store: long ones are cut off. Raises InvalidArgument for a bad key."""
    names.check_key(key, _within(path, "key"))
    return names.cut(_within(path, "value"), value, names.MAX_RUN_TAG_VALUE)


def check_batch(metrics: int, params: int, tags: int) -> None:
    """Raise InvalidArgument when there is too much for one request."""
    _check_count("metrics", metrics, MAX_METRICS_PER_BATCH)
    _check_count("params", params, MAX_PARAMS_PER_BATCH)
    _check_count("tags", tags, MAX_TAGS_PER_BATCH)
    _check_count("metrics, params, and tags", metrics + params + tags, MAX_PER_BATCH)


def stored_value(value: float) -> tuple[float, int]:
    """A metric's value as it is stored and compared: NaN is 0 with a mark."""
    return (0.0, 1) if math.isnan(value) else (value, 0)


def _check_count(what: str, count: int, limit: int) -> None:
    if count > limit:
        raise InvalidArgument(
            f"A batch logging request can contain at most {limit} {what}. Got {count} {what}. "
            f"Please split up {what} across multiple requests and try again."
        )


def _within(path: str, field: str) -> str:
    return f"{path}.{field}" if path else field
