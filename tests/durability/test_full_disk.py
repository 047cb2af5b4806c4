"""No room left, for the database or for the blobs: writes are refused in words, reads go on, and so do writes later."""

import os
import resource
from pathlib import Path

import httpx
import pytest

from support.disks import MIB, Disk, small_disk
from support.process import ServerProcess, failed_start, server_process
from support.soundness import check_sound
from support.writers import Writer, check_acknowledged, wait_for_writes, writing

FILE = "/mlflow-artifacts/artifacts/0/file.bin"


@pytest.fixture
def disk(tmp_path: Path):
    with small_disk(tmp_path / "disk") as opened:
        yield opened


def test_the_database_has_no_room(disk: Disk, tmp_path: Path):
    data = disk.folder / "data"
    options = ("--artifact-store", str(tmp_path / "blobs"), "--log-level", "error")
    with server_process(data, tmp_path / "log", *options) as server:
        with writing([server], 8, patient=True) as writers:
            wait_for_writes(writers, 100)
            disk.fill(server.pid, left=MIB // 4)  # what the next groups need, and then one commit fails
            refused_in_words(disk, server, writers)
            disk.free(server.pid)
            wait_for_writes(writers, sum(writer.count for writer in writers) + 100)
        check_acknowledged(server, writers)
        server.stop()  # an orderly end: the log is moved into the database
    check_sound(data, artifact_store=str(tmp_path / "blobs"))


def refused_in_words(disk: Disk, server: ServerProcess, writers: list[Writer]):
    """What no longer fits is refused in the form that MLflow's client reads; and reads are answered."""
    with server.http() as http:
        refusal = fill_up(http)
        assert refusal.status_code in disk.full_status
        if refusal.status_code == 507:
            assert refusal.json()["error_code"] == "RESOURCE_EXHAUSTED"
            assert "no room left" in refusal.json()["message"]
        known = next(run for writer in writers for run in writer.points)
        assert http.get("/mlflow/runs/get", params={"run_id": known}).status_code == 200
        assert http.post("/mlflow/experiments/search", json={"max_results": 10}).status_code == 200


def fill_up(http: httpx.Client) -> httpx.Response:
    """Writes until there is no room left, and gives that refusal: a smaller group of writes may fit after it."""
    for number in range(2000):
        tag = {"experiment_id": "0", "key": f"k{number}", "value": "v" * 5000}
        answer = http.post("/mlflow/experiments/set-experiment-tag", json=tag)
        if answer.status_code != 200:
            return answer
    raise AssertionError("the disk is not full")


def test_a_start_without_room_says_so(tmp_path: Path):
    data = tmp_path / "data"
    with server_process(data, tmp_path / "log") as server:
        server.stop()
    code, printed = failed_start(data, preexec=allow_no_bytes)
    assert (code, "Traceback" in printed) == (2, False)
    # A limit on files is told as a failed disk; tests/store/test_full.py has the words for a full one.
    assert "blobs cannot be used: small.db: disk I/O error" in printed


def allow_no_bytes():
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))


def test_the_blobs_have_no_room(disk: Disk, tmp_path: Path):
    data, blobs = tmp_path / "data", disk.folder / "blobs"
    options = ("--artifact-store", str(blobs), "--log-level", "error")
    with server_process(data, tmp_path / "log", *options) as server, server.http() as http:
        body = os.urandom(5 * MIB)
        assert http.put(FILE, content=body).status_code == 200
        disk.fill(server.pid, left=MIB)
        refusal = http.put(f"{FILE}.second", content=os.urandom(5 * MIB))
        assert (refusal.status_code, refusal.json()["error_code"]) == (507, "RESOURCE_EXHAUSTED")
        assert http.get(f"{FILE}.second").status_code == 404
        assert http.get(FILE).content == body
        assert list((blobs / "tmp").iterdir()) == []
        disk.free(server.pid)
        assert http.put(f"{FILE}.second", content=body[::-1]).status_code == 200
        assert http.get(f"{FILE}.second").content == body[::-1]
    check_sound(data, artifact_store=str(blobs))
