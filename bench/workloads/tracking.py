"""What training scripts write."""

import random
import time

from bench.client import expect, in_parallel, query
from bench.load import BARE_NUMBER, NUMBER, Ask, Traffic, compact
from bench.servers import Server
from bench.workloads.base import Bound, Setup, Workload, drive, new_experiment, new_run, now_ms
from bench.workloads.history import count_points

RUNS_OF_BATCHES = 8
METRICS_OF_A_CALL = 1000
CONNECTIONS = 4


def log_metric(server: Server, setup: Setup) -> float:
    """One point a request, 8 connections."""
    return _log_metric(server, setup, 8)


def log_metric_64(server: Server, setup: Setup) -> float:
    """One point a request, 64 connections: a cluster that trains at once."""
    return _log_metric(server, setup, 64)


def _log_metric(server: Server, setup: Setup, connections: int) -> float:
    run = new_run(server, new_experiment(server))
    point = {"run_id": run, "key": "loss", "value": 0.5, "timestamp": 1700000000000, "step": BARE_NUMBER}
    rate = drive(server, setup, Traffic((Ask("POST", "/runs/log-metric", compact(point)),), connections))
    stored = count_points(server, run, "loss")
    # The last of each connection may be stored without having been answered within the time.
    expect("acknowledged points that are not stored", max(0, rate.requests - stored), 0)
    return rate.per_second


def log_batch(server: Server, setup: Setup) -> float:
    """8 runs, each 10 calls of 1,000 metrics, 4 connections."""
    experiment = new_experiment(server)
    runs = [new_run(server, experiment) for _ in range(RUNS_OF_BATCHES)]
    calls = setup.sizes.batch_calls

    def work(run: str) -> None:
        with server.connect() as connection:
            for call in range(calls):
                metrics = [
                    {"key": f"m{i % 10}", "value": i / 7, "timestamp": 1700000000000 + i, "step": call * 100 + i // 10}
                    for i in range(METRICS_OF_A_CALL)
                ]
                connection.call("POST", "/runs/log-batch", {"run_id": run, "metrics": metrics})

    started = time.perf_counter()
    in_parallel(work, runs, CONNECTIONS)
    took = time.perf_counter() - started
    expect("points of m3", count_points(server, runs[0], "m3"), calls * METRICS_OF_A_CALL // 10)
    return RUNS_OF_BATCHES * calls * METRICS_OF_A_CALL / took


def log_batch_64(server: Server, setup: Setup) -> float:
    """10 metrics a call, 64 connections."""
    run = new_run(server, new_experiment(server))
    metrics = [{"key": f"m{i}", "value": i / 7, "timestamp": 1700000000000, "step": BARE_NUMBER} for i in range(10)]
    ask = Ask("POST", "/runs/log-batch", compact({"run_id": run, "metrics": metrics}))
    rate = drive(server, setup, Traffic((ask,), 64))
    expect("acknowledged points that are not stored", max(0, rate.requests - count_points(server, run, "m3")), 0)
    return 10 * rate.per_second


def run_lifecycle(server: Server, setup: Setup) -> float:
    """Create a run, log 10 params, 5 tags and 10 metrics, finish it: 100 runs, 4 connections."""
    experiment, each = new_experiment(server), setup.sizes.lifecycles

    def work(_: int) -> None:
        with server.connect() as connection:
            for number in range(each):
                run = new_run(connection, experiment)
                connection.call("POST", "/runs/log-batch", _whole_run(run, number))
                connection.call("POST", "/runs/update", {"run_id": run, "status": "FINISHED", "end_time": now_ms()})

    started = time.perf_counter()
    in_parallel(work, range(CONNECTIONS), CONNECTIONS)
    took = time.perf_counter() - started
    _expect_finished(server, experiment, CONNECTIONS * each)
    return CONNECTIONS * each / took


def _whole_run(run: str, number: int) -> dict[str, object]:
    return {
        "run_id": run,
        "metrics": [
            {"key": f"m{j}", "value": random.random(), "timestamp": now_ms(), "step": 0}  # noqa: S311  no secret
            for j in range(10)
        ],
        "params": [{"key": f"p{j}", "value": str(j * number)} for j in range(10)],
        "tags": [{"key": f"t{j}", "value": "x"} for j in range(5)],
    }


def _expect_finished(server: Server, experiment: str, count: int) -> None:
    body = {"experiment_ids": [experiment], "max_results": 1000, "filter": "status = 'FINISHED'"}
    runs = server.call("POST", "/runs/search", body)["runs"]
    expect("finished runs", len(runs), count)
    expect("params of a run", len(runs[0]["data"]["params"]), 10)
    expect("metrics of a run", len(runs[0]["data"]["metrics"]), 10)


def set_run_tag(server: Server, setup: Setup) -> float:
    """A tag of a run set to another value, 8 connections."""
    run = new_run(server, new_experiment(server))
    ask = Ask("POST", "/runs/set-tag", compact({"run_id": run, "key": "phase", "value": NUMBER}))
    rate = drive(server, setup, Traffic((ask,), cycle=50))
    tags = server.call("GET", query("/runs/get", run_id=run))["run"]["data"]["tags"]
    expect("tags of that key", [tag["key"] for tag in tags].count("phase"), 1)
    return rate.per_second


WORKLOADS = (
    Workload(log_metric, "requests/s", (Bound("no-op POST"), Bound("commits", 8))),
    Workload(log_batch, "metrics/s", (Bound("metrics decoded"), Bound("rows in batches"))),
    Workload(run_lifecycle, "runs/s", (Bound("no-op POST", 1 / 3), Bound("commits", 4 / 3))),
    Workload(log_metric_64, "requests/s", (Bound("no-op POST"), Bound("commits", 64)), "own"),
    Workload(log_batch_64, "metrics/s", (Bound("no-op POST", 10), Bound("rows in batches")), "own"),
    Workload(set_run_tag, "requests/s", (Bound("no-op POST"), Bound("commits", 8)), "own"),
)
