"""Clients that write at once and remember what was acknowledged, and the check that all of it is there."""

import random
import threading
import time
from contextlib import contextmanager, suppress
from hashlib import sha256

import httpx

from support.process import ServerProcess

MODEL = "shared"
LARGE_EVERY = 4
LARGE_BYTES = 1_500_000
_STAGES = ("Staging", "Production", "Archived")


class _Refused(Exception):
    """The server said that it cannot at present."""


class Writer(threading.Thread):
    """Makes runs with metrics, params, files and a version each, until the server is gone or `stopping` is set.

    What was acknowledged is in the plain attributes; `unanswered` holds the files of which nothing is known.
    A patient one takes a 503 or 507 for what it is, and begins something else.
    """

    def __init__(self, url: str, number: int, stopping: threading.Event, *, patient: bool) -> None:
        super().__init__(daemon=True)
        self.number = number
        self.points: dict[str, list[float]] = {}  # by run
        self.params: dict[str, dict[str, str]] = {}
        self.files: dict[str, str] = {}  # path -> SHA-256
        self.versions: dict[str, str] = {}  # version -> run
        self.stages: dict[str, str] = {}
        self.aliases: list[str] = []  # the versions that this writer's alias stood at
        self.unanswered: dict[str, str] = {}
        self.wrong: list[str] = []
        self.refused: list[tuple[float, dict]] = []  # seconds that the answer took, and the answer
        self.count = 0
        self._url, self._stopping, self._patient = url, stopping, patient
        self._random = random.Random(number)

    def run(self) -> None:
        with httpx.Client(base_url=f"{self._url}/api/2.0", timeout=60) as http:
            try:
                while not self._stopping.is_set():
                    with suppress(_Refused):
                        self._story(http)
            except httpx.TransportError:
                return  # the server is gone; what it did not answer is not remembered

    def _story(self, http: httpx.Client) -> None:
        info = self._ask(http, "mlflow/runs/create", experiment_id="0", start_time=1)["run"]["info"]
        run_id = info["run_id"]
        self.points[run_id], self.params[run_id] = [], {}
        self._log(http, run_id)
        self._upload(http, f"0/{run_id}/artifacts/model/weights.bin")
        source = f"{info['artifact_uri']}/model"
        made = self._ask(http, "mlflow/model-versions/create", name=MODEL, source=source, run_id=run_id)
        version = made["model_version"]["version"]
        self.versions[version] = run_id
        self._ask(http, "mlflow/registered-models/alias", name=MODEL, alias=f"w{self.number}", version=version)
        self.aliases.append(version)
        stage = self._random.choice(_STAGES)
        self._ask(http, "mlflow/model-versions/transition-stage", name=MODEL, version=version, stage=stage)
        self.stages[version] = stage

    def _log(self, http: httpx.Client, run_id: str) -> None:
        for step in range(3):
            self._ask(http, "mlflow/runs/log-metric", run_id=run_id, key="m", value=step, timestamp=step, step=step)
            self.points[run_id].append(float(step))
        points = [{"key": "m", "value": value, "timestamp": value, "step": value} for value in range(100, 120)]
        params = [{"key": f"p{number}", "value": str(number)} for number in range(5)]
        self._ask(http, "mlflow/runs/log-batch", run_id=run_id, metrics=points, params=params)
        self.points[run_id] += [float(value) for value in range(100, 120)]
        self.params[run_id] = {param["key"]: param["value"] for param in params}

    def _upload(self, http: httpx.Client, path: str) -> None:
        size = LARGE_BYTES if self.count % LARGE_EVERY == 0 else 2000
        body = self._random.randbytes(size)
        self.unanswered[path] = sha256(body).hexdigest()
        answer = http.put(f"/mlflow-artifacts/artifacts/{path}", content=body)
        self._note(answer)
        self.files[path] = self.unanswered.pop(path)

    def _ask(self, http: httpx.Client, path: str, **message: object) -> dict:
        answer = http.post(path, json=message)
        self._note(answer)
        return answer.json()

    def _note(self, answer: httpx.Response) -> None:
        if self._patient and answer.status_code in (503, 507):
            self.refused.append((answer.elapsed.total_seconds(), answer.json()))
            self._stopping.wait(0.05)
            raise _Refused
        if answer.status_code != 200:
            self.wrong.append(f"{answer.url}: {answer.status_code} {answer.text}")
            raise httpx.TransportError(answer.text)
        self.count += 1


@contextmanager
def writing(servers: list[ServerProcess], count: int = 16, *, patient: bool = False):
    """`count` writers, spread over the servers, that have ended when the block has."""
    with servers[0].http() as http:
        http.post("/mlflow/registered-models/create", json={"name": MODEL})
    stopping = threading.Event()
    writers = [Writer(servers[number % len(servers)].url, number, stopping, patient=patient) for number in range(count)]
    for writer in writers:
        writer.start()
    try:
        yield writers
    finally:
        stopping.set()
        for writer in writers:
            writer.join(60)


def wait_for_writes(writers: list[Writer], count: int, deadline_s: float = 30) -> None:
    """Returns once `count` writes are acknowledged."""
    deadline = time.monotonic() + deadline_s
    while sum(writer.count for writer in writers) < count:
        assert time.monotonic() < deadline, f"{sum(writer.count for writer in writers)} of {count} writes were answered"
        time.sleep(0.01)


def check_acknowledged(server: ServerProcess, writers: list[Writer]) -> None:
    """Every acknowledged write is there, and what was not acknowledged is there whole or not at all."""
    assert [line for writer in writers for line in writer.wrong] == []
    with server.http() as http:
        versions = all_versions(http)
        for writer in writers:
            _check_runs(http, writer)
            _check_files(http, writer)
            _check_versions(versions, writer)


def all_versions(http: httpx.Client) -> dict[str, dict]:
    """The versions of the model, by number. There is no gap and no duplicate among them."""
    question = {"filter": f"name='{MODEL}'", "max_results": 10_000}
    found = http.get("/mlflow/model-versions/search", params=question).json().get("model_versions", [])
    assert sorted(int(version["version"]) for version in found) == list(range(1, len(found) + 1))
    return {version["version"]: version for version in found}


def _check_runs(http: httpx.Client, writer: Writer) -> None:
    for run_id, points in writer.points.items():
        run = http.get("/mlflow/runs/get", params={"run_id": run_id}).json()["run"]
        params = {param["key"]: param["value"] for param in run["data"].get("params", [])}
        assert writer.params[run_id].items() <= params.items()
        assert len(params) in (0, 5), "a batch is there whole or not at all"
        if points:
            question = {"run_id": run_id, "metric_key": "m"}
            history = http.get("/mlflow/metrics/get-history", params=question).json()["metrics"]
            there = [point["value"] for point in history]
            assert set(points) <= set(there)
            assert len(there) == len(set(there))


def _check_files(http: httpx.Client, writer: Writer) -> None:
    for path, digest in writer.files.items():
        assert sha256(http.get(f"/mlflow-artifacts/artifacts/{path}").content).hexdigest() == digest
    for path, digest in writer.unanswered.items():
        answer = http.get(f"/mlflow-artifacts/artifacts/{path}")
        assert answer.status_code == 404 or sha256(answer.content).hexdigest() == digest


def _check_versions(versions: dict[str, dict], writer: Writer) -> None:
    for number, run_id in writer.versions.items():
        assert versions[number]["run_id"] == run_id
        assert versions[number]["status"] == "READY"
    for number, stage in writer.stages.items():
        assert versions[number]["current_stage"] == stage
    if writer.aliases:
        # The last one acknowledged, or the one whose answer was cut off.
        [at] = [number for number, version in versions.items() if f"w{writer.number}" in version.get("aliases", [])]
        assert int(at) >= int(writer.aliases[-1])
