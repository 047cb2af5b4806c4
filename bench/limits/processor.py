"""Work that one core does for each byte or point."""

import json
import time
from collections.abc import Callable
from hashlib import sha256

import msgspec

from bench.client import MIB

POINTS_OF_A_PAGE = 25_000


class Metric(msgspec.Struct):
    """A point as clients send it."""

    key: str
    value: float
    timestamp: int
    step: int


class Batch(msgspec.Struct):
    """The body of log-batch."""

    run_id: str
    metrics: list[Metric]


def sha256_mib(mib: int) -> float:
    """MiB/s of SHA-256."""
    block, digest = bytes(MIB), sha256()
    started = time.perf_counter()
    for _ in range(mib):
        digest.update(block)
    return mib / (time.perf_counter() - started)


def metrics_decoded(seconds: float) -> float:
    """Metrics/s out of JSON, with their types checked."""
    body, decoder = json.dumps({"run_id": "r" * 32, "metrics": _points(1000)}).encode(), msgspec.json.Decoder(Batch)
    return 1000 * _rate(lambda: decoder.decode(body), seconds)


def points_read(seconds: float) -> float:
    """Points/s that the client of metric_history takes out of JSON."""
    page = json.dumps({"metrics": _points(POINTS_OF_A_PAGE)}).encode()
    return POINTS_OF_A_PAGE * _rate(lambda: json.loads(page), seconds)


def _points(count: int) -> list[dict[str, object]]:
    return [{"key": f"m{i % 10}", "value": i / 7, "timestamp": 1700000000000 + i, "step": i} for i in range(count)]


def _rate(work: Callable[[], object], seconds: float) -> float:
    started, count = time.perf_counter(), 0
    while time.perf_counter() - started < seconds:
        work()
        count += 1
    return count / (time.perf_counter() - started)
