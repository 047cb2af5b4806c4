"""What `/metrics` shows, in Prometheus' text form."""

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, generate_latest


class RequestMetrics:
    """Counts requests and their durations. One per application, so that tests do not share counts."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._requests = Counter("podium_requests", "Requests answered", ["method", "status"], registry=self.registry)
        self._durations = Histogram(
            "podium_request_duration_seconds",
            "Time from the first byte of a request to the last of its answer",
            ["method"],
            registry=self.registry,
        )

    def observe(self, method: str, status: int, seconds: float) -> None:
        """Count one request."""
        self._requests.labels(method, str(status)).inc()
        self._durations.labels(method).observe(seconds)

    def render(self) -> bytes:
        """The page."""
        return generate_latest(self.registry)
