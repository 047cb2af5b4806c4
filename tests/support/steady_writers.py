"""Clients that write to a server all the time, and remember what it acknowledged."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import httpx

API = "/api/2.0/mlflow"
FILES = "/api/2.0/mlflow-artifacts/artifacts"
DEADLINE_S = 60


class Written(NamedTuple):
    """One run with a metric, a file, and the model version made of it; all of it was acknowledged."""

    run_id: str
    value: float
    model: str
    version: str
    content: bytes


class Writer:
    """Does the same story over and over, in a thread, for a model of its own."""

    def __init__(self, url: str, model: str) -> None:
        self.written: list[Written] = []
        self.failure: Exception | None = None
        self._http, self._model = httpx.Client(base_url=url, timeout=60), model
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def end(self) -> None:
        self._ended.set()
        self._thread.join()
        self._http.close()

    def _run(self) -> None:
        try:
            self._post("registered-models/create", name=self._model)
            while not self._ended.is_set():
                self.written.append(self._write(len(self.written)))
        except Exception as error:  # noqa: BLE001  shown by the test that waits
            self.failure = error

    def _write(self, number: int) -> Written:
        run = self._post("runs/create", experiment_id="0", start_time=number)["run"]["info"]["run_id"]
        point = {"key": "loss", "value": number / 7, "timestamp": number, "step": number}
        self._post("runs/log-batch", run_id=run, metrics=[point])
        content = f"{self._model} {number} ".encode() * 200 * (number % 9 + 1)
        self._http.put(f"{FILES}/0/{run}/artifacts/model/model.bin", content=content).raise_for_status()
        source = f"mlflow-artifacts:/0/{run}/artifacts/model"
        made = self._post("model-versions/create", name=self._model, source=source, run_id=run)
        return Written(run, number / 7, self._model, made["model_version"]["version"], content)

    def _post(self, path: str, **body: object) -> dict:
        response = self._http.post(f"{API}/{path}", json=body)
        response.raise_for_status()
        return response.json()


class Writers:
    """Several of them at once."""

    def __init__(self, url: str, count: int, name: str) -> None:
        self._writers = [Writer(url, f"{name}{number}") for number in range(count)]

    def written(self) -> list[Written]:
        """All that was acknowledged by now."""
        failures = [writer.failure for writer in self._writers if writer.failure]
        assert failures == []
        return [written for writer in self._writers for written in list(writer.written)]

    def wait_for(self, count: int) -> list[Written]:
        """What was acknowledged, once it is so much."""
        deadline = time.monotonic() + DEADLINE_S
        while len(written := self.written()) < count:
            assert time.monotonic() < deadline, f"{len(written)} of {count} were written"
            time.sleep(0.02)
        return written

    def end(self) -> None:
        for writer in self._writers:
            writer.end()


@contextmanager
def running_writers(url: str, count: int = 8, name: str = "model") -> Iterator[Writers]:
    """Writers that end with the block."""
    writers = Writers(url, count, name)
    try:
        yield writers
    finally:
        writers.end()


def check_written(url: str, expected: list[Written]) -> None:
    """Each run has its point, each model version its file, byte for byte."""
    with httpx.Client(base_url=url, timeout=60) as http:
        for written in expected:
            run = http.get(f"{API}/runs/get", params={"run_id": written.run_id}).json()["run"]
            assert [point["value"] for point in run["data"]["metrics"]] == [written.value]
            named = {"name": written.model, "version": written.version}
            place = http.get(f"{API}/model-versions/get-download-uri", params=named).json()["artifact_uri"]
            file = http.get(f"{FILES}/{place.removeprefix('mlflow-artifacts:/')}/model.bin")
            assert file.content == written.content
