"""`make bench`: the same work on Podium and on `mlflow server`, side by side, over HTTP on the loopback address.

Each workload runs on both in turn, round after round, so that a drift of the machine hits both; the table has the
medians and their ratio. One connection, one request after the other: what a script waits for.
"""

import argparse
import http.client
import json
import os
import shlex
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

BIN = Path(sys.executable).parent
COMMANDS = {
    "podium": f"{BIN}/podium server --port {{port}} --data {{folder}}",
    "mlflow": f"{BIN}/mlflow server --host 127.0.0.1 --port {{port}} --backend-store-uri sqlite:///{{folder}}/db.sqlite"
    " --artifacts-destination {folder}/artifacts",
}
START_DEADLINE_S = 120
API = "/api/2.0/mlflow"
FILES = "/api/2.0/mlflow-artifacts/artifacts"
MIB = 1 << 20
BY_NAME = quote("name='model'")


class Connection(http.client.HTTPConnection):
    """Sends at once what is written, as the clients' libraries do."""

    def connect(self) -> None:
        super().connect()
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


class Server:
    """A server process on a free port, and one connection to it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._folder = tempfile.TemporaryDirectory(prefix=f"bench-{name}-", ignore_cleanup_errors=True)
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        command = COMMANDS[name].format(port=self.port, folder=self._folder.name)
        started = time.perf_counter()
        self._process = subprocess.Popen(  # noqa: S603  the two commands above
            shlex.split(command), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        self.connection = self._connect()
        self.start_s = time.perf_counter() - started
        self.experiment = self.post("/experiments/create", {"name": "bench"})["experiment_id"]
        self.run = self.new_run()

    def _connect(self) -> Connection:
        connection = Connection("127.0.0.1", self.port, timeout=60)
        deadline = time.monotonic() + START_DEADLINE_S
        while time.monotonic() < deadline:
            try:
                connection.request("GET", "/health")
                connection.getresponse().read()
            except OSError:
                connection.close()
                time.sleep(0.02)
            else:
                return connection
        sys.exit(f"{self.name} did not start in {START_DEADLINE_S} s.")

    def send(self, method: str, path: str, body: bytes | None = None) -> bytes:
        """The body of an answer. Ends the program when it is not 200: a failed request is no figure."""
        self.connection.request(method, path, body, {"Content-Type": "application/json"})
        response = self.connection.getresponse()
        answer = response.read()
        if response.status != 200:
            sys.exit(f"{self.name}: {method} {path} answered {response.status}: {answer[:300]!r}")
        return answer

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self.send("POST", API + path, json.dumps(body).encode()))
        return answer

    def get(self, path: str) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self.send("GET", API + path))
        return answer

    def new_run(self) -> dict[str, Any]:
        run: dict[str, Any] = self.post("/runs/create", {"experiment_id": self.experiment})["run"]["info"]
        return run

    def stop(self) -> None:
        os.killpg(self._process.pid, signal.SIGTERM)
        self._process.wait(30)
        self._folder.cleanup()


def fill(server: Server) -> None:
    """What searches look through: 300 runs, a model of 100 versions with an alias."""
    server.connection.close()
    for number in range(300):
        run_id = server.new_run()["run_id"]
        metrics = [{"key": f"m{i}", "value": number / (i + 1), "timestamp": 1, "step": 0} for i in range(5)]
        params = [{"key": "lr", "value": str(number % 10)}]
        server.post("/runs/log-batch", {"run_id": run_id, "metrics": metrics, "params": params})
    server.post("/registered-models/create", {"name": "model"})
    for _ in range(100):
        register(server, 0)
    server.post("/registered-models/alias", {"name": "model", "alias": "champion", "version": "7"})
    server.send("PUT", f"{file_base(server)}/big.bin", os.urandom(64 * MIB))


def file_base(server: Server) -> str:
    return f"{FILES}/{server.run['artifact_uri'].split(':', 1)[1].lstrip('/')}"


def log_metric(server: Server, step: int) -> None:
    body = {"run_id": server.run["run_id"], "key": "loss", "value": 0.5, "timestamp": 1, "step": step}
    server.post("/runs/log-metric", body)


def log_batch(server: Server, number: int) -> None:
    metrics = [
        {"key": f"b{i % 10}", "value": i / 7, "timestamp": i, "step": number * 100 + i // 10} for i in range(1000)
    ]
    server.post("/runs/log-batch", {"run_id": server.run["run_id"], "metrics": metrics})


def register(server: Server, _: int) -> None:
    source = f"{server.run['artifact_uri']}/model"
    server.post("/model-versions/create", {"name": "model", "source": source, "run_id": server.run["run_id"]})


def resolve_alias(server: Server, _: int) -> None:
    assert server.get("/registered-models/alias?name=model&alias=champion")["model_version"]["version"] == "7"


def transition_stage(server: Server, number: int) -> None:
    body = {"name": "model", "version": str(number % 50 + 1), "stage": "Production", "archive_existing_versions": False}
    server.post("/model-versions/transition-stage", body)


def search_versions(server: Server, _: int) -> None:
    found = server.get(f"/model-versions/search?filter={BY_NAME}&max_results=100")
    assert len(found["model_versions"]) == 100


def search_runs(server: Server, _: int) -> None:
    body = {
        "experiment_ids": [server.experiment],
        "filter": "metrics.m0 > 100 and params.lr = '3'",
        "order_by": ["metrics.m0 DESC"],
        "max_results": 100,
    }
    assert len(server.post("/runs/search", body)["runs"]) == 20


def small_file(server: Server, number: int) -> None:
    server.send("PUT", f"{file_base(server)}/small-{number}-{time.time_ns()}.bin", os.urandom(10240))


def download(server: Server, _: int) -> None:
    assert len(server.send("GET", f"{file_base(server)}/big.bin")) == 64 * MIB


# Name, unit, how many units a call does, calls a round.
WORKLOADS: tuple[tuple[str, str, int, int, Callable[[Server, int], None]], ...] = (
    ("log a metric", "requests/s", 1, 200, log_metric),
    ("log batches of 1,000 metrics", "metrics/s", 1000, 10, log_batch),
    ("search 100 of 300 runs", "searches/s", 1, 20, search_runs),
    ("register a version", "versions/s", 1, 50, register),
    ("resolve an alias", "requests/s", 1, 100, resolve_alias),
    ("move a stage", "requests/s", 1, 100, transition_stage),
    ("search versions, page of 100", "searches/s", 1, 20, search_versions),
    ("upload files of 10 KiB", "files/s", 1, 100, small_file),
    ("download a file of 64 MiB", "MiB/s", 64, 4, download),
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    servers = [Server(name) for name in COMMANDS]
    try:
        for server in servers:
            fill(server)
        figures = {name: measure(servers, rounds, each, calls, work) for name, _, each, calls, work in WORKLOADS}
    finally:
        for server in servers:
            server.stop()
    podium, mlflow = servers
    print("| | unit | `mlflow server` | Podium | ratio |\n|---|---|---:|---:|---:|")
    print(
        f"| start to the first answer | s | {mlflow.start_s:.1f} | {podium.start_s:.1f} | "
        f"{mlflow.start_s / podium.start_s:.0f}x |"
    )
    for name, unit, *_ in WORKLOADS:
        ours, theirs = figures[name]["podium"], figures[name]["mlflow"]
        print(f"| {name} | {unit} | {theirs:,.0f} | {ours:,.0f} | {ours / theirs:.1f}x |")
    return 0


def measure(
    servers: list[Server], rounds: int, each: int, calls: int, work: Callable[[Server, int], None]
) -> dict[str, float]:
    """The median rate of each server, in units a second."""
    rates: dict[str, list[float]] = {server.name: [] for server in servers}
    for turn in range(rounds):
        for server in servers:
            server.connection.close()  # both close idle connections; the next request opens it again
            started = time.perf_counter()
            for call in range(calls):
                work(server, turn * calls + call)
            rates[server.name].append(each * calls / (time.perf_counter() - started))
    return {name: statistics.median(values) for name, values in rates.items()}


if __name__ == "__main__":
    sys.exit(main())
