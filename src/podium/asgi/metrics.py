"""What `/metrics` shows, in Prometheus' text form."""

from bisect import bisect_left
from collections.abc import Iterator

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_BOUNDS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0)
_LAST_S = float("inf")


class RequestMetrics(Collector):
    """Counts requests and their durations. One per application, so that tests do not share counts.

    Plain dictionaries, made into Prometheus' families when they are asked for: its own counters and histograms
    cost more than the router.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._requests: dict[tuple[str, int], int] = {}
        self._buckets: dict[str, list[int]] = {}
        self._seconds: dict[str, float] = {}
        self.registry.register(self)

    def observe(self, method: str, status: int, seconds: float) -> None:
        """Count one request. It took from the first byte of the request to the last of the answer."""
        if method not in _METHODS:  # any word may come as a method; each would be a series
            method = "OTHER"
        key = (method, status)
        self._requests[key] = self._requests.get(key, 0) + 1
        buckets = self._buckets.get(method)
        if buckets is None:
            buckets = self._buckets[method] = [0] * (len(_BOUNDS_S) + 1)
        buckets[bisect_left(_BOUNDS_S, seconds)] += 1
        self._seconds[method] = self._seconds.get(method, 0.0) + seconds

    def collect(self) -> Iterator[CounterMetricFamily | HistogramMetricFamily]:
        """The families, for the registry."""
        requests = CounterMetricFamily("podium_requests", "Requests answered", labels=("method", "status"))
        for (method, status), count in self._requests.items():
            requests.add_metric((method, str(status)), count)
        yield requests
        durations = HistogramMetricFamily(
            "podium_request_duration_seconds",
            "Time from the first byte of a request to the last of its answer",
            labels=("method",),
        )
        for method, buckets in self._buckets.items():
            durations.add_metric((method,), _cumulated(buckets), sum_value=self._seconds[method])
        yield durations

    def render(self) -> bytes:
        """The page."""
        return generate_latest(self.registry)


def _cumulated(buckets: list[int]) -> list[tuple[str, float]]:
    """(upper bound, requests up to it) of each bucket, as Prometheus has them."""
    total, found = 0, []
    for bound, count in zip((*_BOUNDS_S, _LAST_S), buckets, strict=True):
        total += count
        found.append(("+Inf" if bound == _LAST_S else str(bound), float(total)))
    return found
