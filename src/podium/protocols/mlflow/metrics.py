"""Histories of metrics: of one run by pages, and of several for MLflow's charts."""

import math

import msgspec

from podium.domain.access import Actor
from podium.domain.runs import HistoryPoint, Int64, RunPoint
from podium.errors import InvalidArgument
from podium.protocols.mlflow.endpoint import PAGES_ONLY, Call
from podium.protocols.mlflow.run_shapes import MetricMessage, metrics_of
from podium.protocols.mlflow.runs import OfRun
from podium.protocols.mlflow.wire import Name, json_float, missing
from podium.services import Services
from podium.services.metrics import MAX_BULK_POINTS, MAX_RUNS, MAX_SAMPLED_POINTS


class GetHistory(OfRun):
    metric_key: Name
    max_results: Int64 | None = None
    page_token: str = ""


class History(msgspec.Struct, omit_defaults=True):
    metrics: list[HistoryPoint] | list[MetricMessage]
    next_page_token: str | None = None


class GetHistoryBulk(msgspec.Struct):
    run_id: list[str] = []
    metric_key: str | None = None
    max_results: Int64 = MAX_BULK_POINTS


class GetHistoryInterval(msgspec.Struct):
    run_ids: list[str] = []
    metric_key: str = ""
    start_step: Int64 | None = None
    end_step: Int64 | None = None
    max_results: Int64 = MAX_SAMPLED_POINTS


class MetricOfRun(msgspec.Struct, gc=False):
    """MLflow's `MetricWithRunId` message."""

    key: str
    value: float | str
    timestamp: int
    step: int
    run_id: str


class Histories(msgspec.Struct):
    metrics: list[MetricOfRun]


async def get_history(services: Services, actor: Actor, request: GetHistory) -> History:
    page = await services.metrics.history(
        actor, request.run, request.metric_key, limit=request.max_results, page_token=request.page_token or None
    )
    finite = all(map(math.isfinite, [point.value for point in page.points]))
    return History(page.points if finite else metrics_of(page.points), page.next_page_token)


async def get_history_bulk(services: Services, actor: Actor, request: GetHistoryBulk) -> Histories:
    if not request.run_id:
        raise InvalidArgument("GetMetricHistoryBulk request must specify at least one run_id.")
    if len(request.run_id) > MAX_RUNS:
        raise InvalidArgument(
            f"GetMetricHistoryBulk request cannot specify more than {MAX_RUNS} run_ids. "
            f"Received {len(request.run_id)} run_ids."
        )
    if request.metric_key is None:
        raise InvalidArgument("GetMetricHistoryBulk request must specify a metric_key.")
    limit = max(0, request.max_results)
    return _histories_of(await services.metrics.histories(actor, request.run_id, request.metric_key, limit))


async def get_history_interval(services: Services, actor: Actor, request: GetHistoryInterval) -> Histories:
    _check_interval(request)
    steps = None
    if request.start_step is not None and request.end_step is not None:
        steps = (request.start_step, request.end_step)
    points = await services.metrics.sample(
        actor, request.run_ids, request.metric_key, per_run=request.max_results, steps=steps
    )
    return _histories_of(points)


def _check_interval(request: GetHistoryInterval) -> None:
    if not request.run_ids:
        raise missing("run_ids")
    if len(request.run_ids) > MAX_RUNS:
        raise InvalidArgument(
            f"GetMetricHistoryBulkInterval request must specify at most {MAX_RUNS} run_ids. "
            f"Received {len(request.run_ids)} run_ids."
        )
    if not request.metric_key:
        raise missing("metric_key")
    if not 1 <= request.max_results <= MAX_SAMPLED_POINTS:
        raise InvalidArgument(f"max_results must be between 1 and {MAX_SAMPLED_POINTS}.")
    if (request.start_step is None) != (request.end_step is None):
        raise InvalidArgument("If either start step or end step are specified, both must be specified.")
    if request.start_step is not None and request.end_step is not None and request.start_step > request.end_step:
        raise InvalidArgument(
            "end_step must be greater than start_step. "
            f"Found start_step={request.start_step} and end_step={request.end_step}."
        )


def _histories_of(points: list[RunPoint]) -> Histories:
    return Histories(
        [MetricOfRun(s.point.key, json_float(s.point.value), s.point.timestamp, s.point.step, s.run_id) for s in points]
    )


ENDPOINTS = (
    Call("GET", "metrics/get-history", GetHistory, get_history),
    Call("GET", "metrics/get-history-bulk", GetHistoryBulk, get_history_bulk, prefixes=PAGES_ONLY),
    Call("GET", "metrics/get-history-bulk-interval", GetHistoryInterval, get_history_interval),
)
