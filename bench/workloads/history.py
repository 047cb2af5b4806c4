"""The points of a metric, read back."""

import time

from bench.client import expect, query
from bench.servers import Server
from bench.workloads.base import Bound, Setup, Workload, new_experiment, new_run

PAGE = 25_000


def count_points(server: Server, run: str, key: str) -> int:
    """How many points of a metric the server gives, over all pages."""
    count, token = 0, ""
    with server.connect() as connection:
        while True:
            page_token = {"page_token": token} if token else {}
            path = query("/metrics/get-history", run_id=run, metric_key=key, max_results=PAGE, **page_token)
            page = connection.call("GET", path)
            count += len(page.get("metrics", []))
            token = page.get("next_page_token")
            if not token:
                return count


def metric_history(server: Server, setup: Setup) -> float:
    """100,000 points of one metric, read back in pages of 25,000."""
    run = server.kept.get("history") or _fill(server, setup.sizes.history_calls)
    started = time.perf_counter()
    count = count_points(server, run, "loss")
    took = time.perf_counter() - started
    expect("points", count, setup.sizes.history_calls * 1000)
    return count / took


def _fill(server: Server, calls: int) -> str:
    run = new_run(server, new_experiment(server))
    with server.connect() as connection:
        for call in range(calls):
            metrics = [
                {"key": "loss", "value": i / 3, "timestamp": 1700000000000 + i, "step": call * 1000 + i}
                for i in range(1000)
            ]
            connection.call("POST", "/runs/log-batch", {"run_id": run, "metrics": metrics})
    server.kept["history"] = run
    return run


WORKLOADS = (Workload(metric_history, "points/s", (Bound("points read"),)),)
