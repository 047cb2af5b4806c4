"""Several processes on one set of data: refused on SQLite, at home on PostgreSQL."""

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import httpx
import psutil

from support.process import ServerProcess, failed_start, server_process
from support.soundness import check_sound
from support.writers import MODEL, all_versions, check_acknowledged, wait_for_writes, writing

ROUNDS = 20


def test_a_second_server_on_a_folder_is_refused_until_the_first_one_ends(tmp_path: Path):
    data, log = tmp_path / "data", tmp_path / "log"
    with server_process(data, log) as first:
        code, printed = failed_start(data)
        assert code == 2
        assert f"{data} belongs to a running podium server, process {first.pid}: stop it first" in printed
        assert first.ready().status_code == 200
        first.kill()
    with server_process(data, log) as second:
        assert second.ready().status_code == 200


def test_commands_may_tend_the_folder_of_a_running_server(tmp_path: Path):
    data, log = tmp_path / "data", tmp_path / "log"
    with server_process(data, log, "--log-level", "warning") as server:
        with writing([server], 4) as writers:
            wait_for_writes(writers, 40)
            for command in ("gc", "verify"):
                subprocess.run(
                    [sys.executable, "-m", "podium", command, "--data", str(data)], check=True, capture_output=True
                )
            wait_for_writes(writers, sum(writer.count for writer in writers) + 40)
        check_acknowledged(server, writers)


def test_two_servers_share_one_postgresql_and_one_blob_folder(postgres_database: str, tmp_path: Path):
    options = ("--database-url", postgres_database, "--log-level", "warning")
    data = tmp_path / "data"
    with (
        server_process(data, tmp_path / "log1", *options) as one,
        server_process(data, tmp_path / "log2", *options) as other,
    ):
        with writing([one, other]) as writers:
            wait_for_writes(writers, 300)
        check_acknowledged(one, writers)
        check_acknowledged(other, writers)
        one_of_two_wins_an_expected_move(one, other)
    check_sound(data, postgres_database)


def one_of_two_wins_an_expected_move(one: ServerProcess, other: ServerProcess):
    """Each moves the alias from where it knows it to be: of two who know the same, one is told that it moved."""
    with one.http() as http:
        newest = len(all_versions(http))
        body = {"name": MODEL, "alias": "champion", "version": "1"}
        http.post("/mlflow/registered-models/alias", json=body).raise_for_status()
    at = 1
    with ThreadPoolExecutor(2) as threads:
        for number in range(ROUNDS):
            wanted = [2 + number % 2, 4 + number % 2]
            assert max(wanted) <= newest
            outcomes = list(threads.map(move_champion, (one, other), wanted, (at, at)))
            assert sorted(outcomes) == [200, 409]
            at = wanted[outcomes.index(200)]


def move_champion(server: ServerProcess, version: int, expected: int) -> int:
    url = f"{server.url}/api/v1/models/{MODEL}/aliases/champion"
    return httpx.put(url, json={"version": version, "expected": expected}, timeout=30).status_code


def test_worker_processes_write_side_by_side(postgres_database: str, tmp_path: Path):
    data, log = tmp_path / "data", tmp_path / "log"
    options = ("--database-url", postgres_database, "--workers", "2", "--log-level", "warning")
    with server_process(data, log, *options) as server, ExitStack() as stack:
        with writing([server]) as writers:
            wait_for_writes(writers, 300)
        check_acknowledged(server, writers)
        clients = client_of_each_worker(server, stack)
        before = len(all_versions(clients[0]))
        made = [make_version(client) for _ in range(5) for client in clients]
        assert made == list(range(before + 1, before + 11))
        assert [len(all_versions(client)) for client in clients] == [before + 10] * 2
    check_sound(data, postgres_database)


def make_version(http: httpx.Client) -> int:
    made = http.post("/mlflow/model-versions/create", json={"name": MODEL, "source": "s3://bucket/model"})
    return int(made.raise_for_status().json()["model_version"]["version"])


def client_of_each_worker(server: ServerProcess, stack: ExitStack) -> list[httpx.Client]:
    """Clients whose connections are kept open, one to each of the two processes."""
    found: dict[int, httpx.Client] = {}
    deadline = time.monotonic() + 20
    while len(found) < 2:
        assert time.monotonic() < deadline, "the second worker answers nothing"
        client = stack.enter_context(server.http())
        client.get("/mlflow/experiments/get?experiment_id=0").raise_for_status()
        for pid in busy_workers(server, set(found)):
            found[pid] = client
    return list(found.values())


def busy_workers(server: ServerProcess, known: set[int]) -> list[int]:
    """The worker processes beside those known that have a client connected."""
    port = int(server.url.rpartition(":")[2])
    return [
        child.pid
        for child in psutil.Process(server.pid).children(recursive=True)
        if child.pid not in known
        and any(
            connection.status == psutil.CONN_ESTABLISHED and connection.laddr.port == port
            for connection in child.net_connections("tcp")
        )
    ]
