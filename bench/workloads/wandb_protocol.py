"""W&B's client, unmodified, and requests as it sends them. Podium alone speaks its protocol among the peers."""

import json
import os
import tempfile
import time
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

from bench import wandb_client
from bench.client import Connection, WrongAnswer, expect
from bench.peers import PODIUM
from bench.servers import Server
from bench.workloads.base import Bound, Setup, Workload, median_ms, new_experiment, new_run, unique

Run = Callable[[Server, Setup], float]

SMALL = 10 * 1024
_PAGES = """query Runs($filters: JSONString, $order: String, $cursor: String) {
 project(name: "listed", entityName: "default") { runCount(filters: $filters)
  runs(filters: $filters, order: $order, first: 50, after: $cursor) {
   edges { node { id name displayName state createdAt heartbeatAt tags group config summaryMetrics } cursor }
   pageInfo { endCursor hasNextPage } } } }"""
_UPSERT = """mutation Upsert($project: String, $name: String, $config: JSONString, $summary: JSONString) {
 upsertBucket(input: {modelName: $project, entityName: "default", name: $name, config: $config,
  summaryMetrics: $summary}) { bucket { id } } }"""


def _of_podium(run: Run) -> Run:
    """The workload, refused for servers that do not speak the protocol."""

    @wraps(run)
    def attempt(server: Server, setup: Setup) -> float:
        if server.name != PODIUM:
            raise WrongAnswer("it does not speak W&B's protocol")
        return run(server, setup)

    return attempt


@_of_podium
def wandb_log_online(server: Server, setup: Setup) -> float:
    """The script that logs 20,000 steps of 10 metrics: how much later it ends than with WANDB_MODE=offline.

    Two starts of a script differ by tenths of a second on a quiet machine, and by seconds on a busy one.
    """
    words = "steps", str(setup.sizes.steps)
    _, offline = wandb_client.seconds(server, *words, mode="offline")
    _, online = wandb_client.seconds(server, *words)
    return online - offline


@_of_podium
def wandb_history(server: Server, setup: Setup) -> float:
    """The same history in one request of a file stream."""
    run = unique("run")
    lines = [
        json.dumps({**{f"m{number}": step / 2 + number for number in range(10)}, "_step": step, "_timestamp": 1.7e9})
        for step in range(setup.sizes.steps)
    ]
    body = {"files": {"wandb-history.jsonl": {"offset": 0, "content": lines}}}
    with server.connect() as connection:
        _query(connection, _UPSERT, project="streamed", name=run)
        started = time.perf_counter()
        _post(connection, f"/files/default/streamed/{run}/file_stream", body)
        took = time.perf_counter() - started
        count = """query Count($name: String!) { project(name: "streamed", entityName: "default") {
            run(name: $name) { historyLineCount } } }"""
        found = _query(connection, count, name=run)["project"]["run"]["historyLineCount"]
    expect("lines", found, len(lines))
    return len(lines) * 10 / took


@_of_podium
def wandb_log_small(server: Server, setup: Setup) -> float:
    """An artifact of 2,000 files of 10 KiB, logged until it is committed."""
    name = unique("small")
    folder = _files(server, setup.sizes.artifact_files, [os.urandom(SMALL)])
    took, _ = wandb_client.seconds(server, "log", name, str(folder))
    server.kept["small artifact"] = name
    return setup.sizes.artifact_files / took


@_of_podium
def wandb_log_again(server: Server, setup: Setup) -> float:
    """The same files under another name: nothing is uploaded."""
    if "small artifact" not in server.kept:
        wandb_log_small(server, setup)
    folder = next(server.folder.glob("files-*"))
    took, _ = wandb_client.seconds(server, "log", unique("again"), str(folder))
    return len(list(folder.iterdir())) / took


@_of_podium
def wandb_download_small(server: Server, setup: Setup) -> float:
    """That artifact downloaded, without a cache."""
    if "small artifact" not in server.kept:
        wandb_log_small(server, setup)
    took, _ = wandb_client.seconds(server, "download", server.kept["small artifact"], _folder(server))
    return setup.sizes.artifact_files / took


@_of_podium
def wandb_log_large(server: Server, setup: Setup) -> float:
    """An artifact of one file of 2 GiB, logged until it is committed."""
    name = unique("large")
    folder = _files(server, 1, [os.urandom(1 << 20)] * setup.sizes.artifact_mib)
    took, _ = wandb_client.seconds(server, "log", name, str(folder))
    (folder / "0").unlink()
    server.kept["large artifact"] = name
    return setup.sizes.artifact_mib / took


@_of_podium
def wandb_download_large(server: Server, setup: Setup) -> float:
    """That artifact downloaded, without a cache."""
    if "large artifact" not in server.kept:
        wandb_log_large(server, setup)
    target = Path(_folder(server))
    took, _ = wandb_client.seconds(server, "download", server.kept["large artifact"], str(target))
    (target / "0").unlink()
    return setup.sizes.artifact_mib / took


@_of_podium
def wandb_runs(server: Server, setup: Setup) -> float:
    """A page of 50 whole runs of 10,000, and their number. Median latency, as of the next two."""
    return _pages(server, setup, {}, "+created_at", setup.sizes.listed_runs)


@_of_podium
def wandb_runs_filtered(server: Server, setup: Setup) -> float:
    """The same of those that have a config value and a summary below a number, by the summary."""
    filters = {"$and": [{"config.opt.value": "adam"}, {"summary_metrics.loss": {"$lt": 0.5}}]}
    half = sum(_loss(number) < 0.5 for number in range(0, setup.sizes.listed_runs, 2))
    return _pages(server, setup, filters, "-summary_metrics.loss", half)


@_of_podium
def wandb_runs_by_config(server: Server, setup: Setup) -> float:
    """The same of all, sorted by a number of their config."""
    return _pages(server, setup, {}, "-config.lr.value", setup.sizes.listed_runs)


@_of_podium
def wandb_lineage(server: Server, setup: Setup) -> float:
    """A lineage of 10,000 nodes, runs and the models that they made and read. Median time until all is received."""
    first = server.kept.get("lineage") or _chain(server, setup.sizes.nodes // 2)
    path = f"/api/v1/lineage/run/{first}?direction=downstream"
    with server.connect() as connection:
        took, found = median_ms(setup.sizes.repeats, lambda: connection.send_raw("GET", path, None))
    expect("nodes", len(json.loads(found)["nodes"]), setup.sizes.nodes)
    return took


def _pages(server: Server, setup: Setup, filters: Any, order: str, count: int) -> float:
    if not server.kept.get("listed"):
        _list_runs(server, setup.sizes.listed_runs)
    cursor = ""

    def page() -> Any:
        nonlocal cursor
        found = _query(connection, _PAGES, filters=json.dumps(filters), order=order, cursor=cursor)["project"]
        cursor = found["runs"]["pageInfo"]["endCursor"] or ""
        return found

    with server.connect() as connection:
        took, found = median_ms(setup.sizes.repeats, page)
    expect("runs", found["runCount"], count)
    return took


def _list_runs(server: Server, count: int) -> None:
    with server.connect() as connection:
        for number in range(count):
            config = {"opt": ("adam", "sgd")[number % 2], "lr": (number % 7 + 1) / 1000, "seed": number}
            summary = {"loss": _loss(number), "accuracy": number / count}
            _query(
                connection,
                _UPSERT,
                project="listed",
                name=f"run-{number}",
                config=json.dumps({key: {"value": value} for key, value in config.items()}),
                summary=json.dumps(summary),
            )
    server.kept["listed"] = True


def _loss(number: int) -> float:
    return number * 7919 % 10_007 / 10_007


def _chain(server: Server, length: int) -> str:
    """The id of the first of so many runs, each of which read the model that the one before made."""
    experiment, model, first = new_experiment(server), "", ""
    with server.connect() as connection:
        for _ in range(length):
            run = new_run(connection, experiment)
            first = first or run
            if model:
                connection.call("POST", "/runs/log-inputs", {"run_id": run, "models": [{"model_id": model}]})
            made = connection.call("POST", "/logged-models", {"experiment_id": experiment, "source_run_id": run})
            model = made["model"]["info"]["model_id"]
    server.kept["lineage"] = first
    return first


def _query(connection: Connection, query: str, **variables: Any) -> Any:
    found = _post(connection, "/graphql", {"query": query, "variables": variables})
    if found.get("errors"):
        raise WrongAnswer(f"graphql: {str(found['errors'])[:200]}")
    return found["data"]


def _post(connection: Connection, path: str, body: Any) -> Any:
    key = "YXBpOmxvY2FsLTAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDA="  # `api:local-000…`, in base64
    headers = {"Content-Type": "application/json", "Authorization": f"Basic {key}"}
    connection.request("POST", path, json.dumps(body).encode(), headers)
    response = connection.getresponse()
    answer = response.read()
    expect(f"POST {path}", response.status, 200)
    return json.loads(answer)


def _files(server: Server, count: int, blocks: list[bytes]) -> Path:
    """A folder of so many files, which are these blocks, no two the same."""
    folder = Path(tempfile.mkdtemp(prefix="files-", dir=server.folder))
    for number in range(count):
        with (folder / str(number)).open("wb") as file:
            file.write(b"%016d" % number + blocks[0][16:])
            file.writelines(blocks[1:])
    return folder


def _folder(server: Server) -> str:
    return tempfile.mkdtemp(prefix="download-", dir=server.folder)


WORKLOADS = (
    Workload(wandb_log_online, "s", (), "wandb"),
    Workload(wandb_history, "values/s", (Bound("rows in batches"),), "wandb"),
    Workload(wandb_log_small, "files/s", (Bound("small copies, synced"),), "wandb"),
    Workload(wandb_log_again, "files/s", (), "wandb"),
    Workload(wandb_download_small, "files/s", (Bound("small copies"),), "wandb"),
    Workload(wandb_log_large, "MiB/s", (Bound("large copy, synced"),), "wandb"),
    Workload(wandb_download_large, "MiB/s", (Bound("large copy"),), "wandb"),
    Workload(wandb_runs, "ms", (), "wandb"),
    Workload(wandb_runs_filtered, "ms", (), "wandb"),
    Workload(wandb_runs_by_config, "ms", (), "wandb"),
    Workload(wandb_lineage, "ms", (), "wandb"),
)
