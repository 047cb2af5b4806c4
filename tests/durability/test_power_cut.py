"""The power fails at many moments: of what was acknowledged until then, nothing is missing on the disk.

The server runs with its work on files recorded. From the record come disks that hold only what had been synced at some
moment, or that and by chance parts of the rest; a server starts on each of them.
"""

import json
import os
import random
import threading
import time
from hashlib import sha256
from pathlib import Path

import httpx
import msgspec
import pytest

from support.power_cut import Disk, recorder
from support.process import ServerProcess, server_process
from support.server import running_server
from support.soundness import check_sound

CLIENTS = 6
LOAD_S = 4.0
CUTS = 3
POINTS = 400  # a batch: enough that the write-ahead log is moved into the database several times


class Ack(msgspec.Struct, frozen=True):
    """How long the record was when the answer came, the question whose answer shows it, and what to find there."""

    at: int
    path: str
    found: str


class Client(threading.Thread):
    """Makes runs with metrics, files and versions, and remembers what was acknowledged when."""

    def __init__(self, server: ServerProcess, log: Path, number: int) -> None:
        super().__init__(daemon=True)
        self.acks: list[Ack] = []
        self._server, self._log, self._random = server, log, random.Random(number)

    def run(self) -> None:
        until = time.monotonic() + LOAD_S
        with self._server.http() as http:
            while time.monotonic() < until:
                self._story(http)

    def _story(self, http: httpx.Client) -> None:
        run = self._ask(http, "mlflow/runs/create", experiment_id="0")["run"]["info"]
        run_id = run["run_id"]
        self._acknowledged(f"/mlflow/runs/get?run_id={run_id}", run_id)
        points = [{"key": f"m{n}", "value": n, "timestamp": n, "step": n} for n in range(POINTS)]
        self._ask(http, "mlflow/runs/log-batch", run_id=run_id, metrics=points)
        self._acknowledged(f"/mlflow/metrics/get-history?run_id={run_id}&metric_key=m{POINTS - 1}", str(POINTS - 1))
        path = f"/mlflow-artifacts/artifacts/0/{run_id}/artifacts/model/weights"
        # Some of the same bytes, some of their own.
        body = bytes([self._random.randrange(4)]) * 3000 if self._random.random() < 0.5 else os.urandom(100_000)
        http.put(path, content=body).raise_for_status()
        self._acknowledged(path, sha256(body).hexdigest())
        asked = {"name": "m", "source": f"{run['artifact_uri']}/model", "run_id": run_id}
        version = self._ask(http, "mlflow/model-versions/create", **asked)["model_version"]["version"]
        self._acknowledged(f"/mlflow/model-versions/get?name=m&version={version}", run["artifact_uri"])

    def _ask(self, http: httpx.Client, path: str, **message: object) -> dict:
        return http.post(path, json=message).raise_for_status().json()

    def _acknowledged(self, path: str, found: str) -> None:
        self.acks.append(Ack(self._log.stat().st_size, path, found))


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, list[Ack]]:
    """The folder that a server was killed in, the record of what it did there, and what it acknowledged."""
    folder = tmp_path_factory.mktemp("power")
    root, log = folder / "root", folder / "record"
    root.mkdir()
    environment = {
        "LD_PRELOAD": str(recorder(folder)),
        "POWER_CUT_LOG": str(log),
        "POWER_CUT_ROOT": str(root),
    }
    data = root / "new" / "data"
    with server_process(data, folder / "log", "--log-level", "error", environment=environment) as server:
        with server.http() as http:
            http.post("/mlflow/registered-models/create", json={"name": "m"}).raise_for_status()
        clients = [Client(server, log, number) for number in range(CLIENTS)]
        for client in clients:
            client.start()
        for client in clients:
            client.join()
        server.kill()
    return root, log, sorted((ack for client in clients for ack in client.acks), key=lambda ack: ack.at)


@pytest.mark.parametrize("cut", range(CUTS))
def test_what_was_acknowledged_was_on_the_disk(recorded, tmp_path: Path, cut: int):
    root, log, acks = recorded
    at = acks[(cut + 1) * len(acks) // CUTS - 1].at
    disk = Disk(root, log, at)
    disk.worst(tmp_path / "worst")
    check(tmp_path / "worst" / "new" / "data", [ack for ack in acks if ack.at <= at])
    disk.torn(tmp_path / "torn", seed=cut)
    check(tmp_path / "torn" / "new" / "data", [ack for ack in acks if ack.at <= at])


@pytest.mark.parametrize("seed", range(CUTS))
def test_a_cut_at_any_moment_leaves_a_sound_disk(recorded, tmp_path: Path, seed: int):
    root, log, acks = recorded
    at = random.Random(seed).randrange(acks[0].at, log.stat().st_size)
    Disk(root, log, at).torn(tmp_path / "torn", seed)
    check(tmp_path / "torn" / "new" / "data", [ack for ack in acks if ack.at <= at])


def test_the_record_tells_what_was_not_synced(recorded, tmp_path: Path):
    """The method itself: had the syncs been without effect, nothing would be there."""
    root, log, acks = recorded
    Disk(root, log, log.stat().st_size, synced=False).worst(tmp_path / "empty")
    assert list((tmp_path / "empty").iterdir()) == []
    assert len(acks) > CLIENTS * 4


def check(data: Path, acks: list[Ack]) -> None:
    assert data.is_dir(), "the data folder's own name was not synced"
    with running_server(data) as url, httpx.Client(base_url=f"{url}/api/2.0", timeout=30) as http:
        for ack in acks:
            answer = http.get(ack.path)
            assert answer.status_code == 200, (ack, answer.text)
            if "mlflow-artifacts" in ack.path:
                assert sha256(answer.content).hexdigest() == ack.found
            else:
                assert ack.found in json.dumps(answer.json())
    check_sound(data)
