"""What notebooks and pages ask of runs."""

import random
from typing import Any

from bench.client import expect, in_parallel, query
from bench.load import Ask, Traffic
from bench.servers import Server
from bench.workloads.base import Bound, Setup, Workload, drive, median_ms, new_experiment, new_run, now_ms

CONNECTIONS = 4


def search_runs(server: Server, setup: Setup) -> float:
    """The 100 best of 2,000 runs: a filter on metric, param and tag, ordered by the metric. Median latency."""
    count = setup.sizes.runs
    body = {
        "filter": "metrics.acc > 0.5 and params.lr = '3' and tags.team = 'team3'",
        "order_by": ["metrics.acc DESC"],
        "max_results": 100,
    }
    took, runs = _search(server, setup, body)
    wanted = [i for i in range(count - 1, -1, -1) if i / count > 0.5 and i % 10 == 3][:100]
    expect("runs, in order", [_number(run, count) for run in runs], wanted)
    return took


def list_runs(server: Server, setup: Setup) -> float:
    """The first page of 1,000 runs, newest first, whole. Median latency."""
    took, runs = _search(server, setup, {"max_results": 1000})
    expect("runs", len(runs), min(1000, setup.sizes.runs))
    starts = [int(run["info"]["start_time"]) for run in runs]
    expect("newest first", starts, sorted(starts, reverse=True))
    return took


def search_runs_like(server: Server, setup: Setup) -> float:
    """The first 100 runs whose tag is LIKE '%eam3' and whose param is LIKE '3%'. Median latency."""
    count = setup.sizes.runs
    body = {
        "filter": "tags.team LIKE '%eam3' and params.lr LIKE '3%'",
        "order_by": ["metrics.acc ASC"],
        "max_results": 100,
    }
    took, runs = _search(server, setup, body)
    expect("runs, in order", [_number(run, count) for run in runs], [i for i in range(count) if i % 10 == 3][:100])
    return took


def get_run(server: Server, setup: Setup) -> float:
    """One run with its metrics, params and tags, 8 connections."""
    experiment = _filled(server, setup.sizes.runs)
    body = {"experiment_ids": [experiment], "max_results": 1, "order_by": ["metrics.acc DESC"]}
    run = server.call("POST", "/runs/search", body)["runs"][0]["info"]["run_id"]
    path = query("/runs/get", run_id=run)
    found = server.call("GET", path)["run"]["data"]
    expect("params and metrics", (len(found["params"]), len(found["metrics"])), (10, 10))
    return drive(server, setup, Traffic((Ask("GET", path),))).per_second


def _search(server: Server, setup: Setup, body: dict[str, Any]) -> tuple[float, list[Any]]:
    asked = {"experiment_ids": [_filled(server, setup.sizes.runs)], **body}
    with server.connect() as connection:
        took, answer = median_ms(setup.sizes.repeats, lambda: connection.call("POST", "/runs/search", asked))
    return took, answer.get("runs", [])


def _number(run: Any, count: int) -> int:
    accuracy: float = next(metric["value"] for metric in run["data"]["metrics"] if metric["key"] == "acc")
    return round(accuracy * count)


def _filled(server: Server, count: int) -> str:
    """The experiment that is searched; made at the first call."""
    if "runs" not in server.kept:
        experiment = new_experiment(server)
        in_parallel(lambda part: _fill(server, experiment, part, count), range(CONNECTIONS), CONNECTIONS)
        server.kept["runs"] = experiment
    return str(server.kept["runs"])


def _fill(server: Server, experiment: str, part: int, count: int) -> None:
    chance = random.Random(part)  # noqa: S311  no secret
    with server.connect() as connection:
        for number in range(part, count, CONNECTIONS):
            values = [("acc", number / count)] + [(f"m{j}", chance.random()) for j in range(9)]
            params = [("lr", str(number % 10))] + [(f"p{j}", str(j)) for j in range(9)]
            body = {
                "run_id": new_run(connection, experiment),
                "metrics": [{"key": key, "value": value, "timestamp": now_ms(), "step": 0} for key, value in values],
                "params": [{"key": key, "value": value} for key, value in params],
                "tags": [{"key": "team", "value": f"team{number % 5}"}],
            }
            connection.call("POST", "/runs/log-batch", body)


WORKLOADS = (
    Workload(search_runs, "ms"),
    Workload(list_runs, "ms"),
    Workload(search_runs_like, "ms", (), "own"),
    Workload(get_run, "requests/s", (Bound("no-op POST"),), "own"),
)
