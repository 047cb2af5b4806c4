"""A folder that can no longer be written, or never could."""

from contextlib import contextmanager
from pathlib import Path

from support.disks import LimitedProcess, immutable
from support.process import failed_start, heed_permissions, server_process

FILE = "/mlflow-artifacts/artifacts/0/file.bin"
UNAVAILABLE = (503, "TEMPORARILY_UNAVAILABLE")


def test_blobs_become_read_only_for_a_while(tmp_path: Path):
    blobs = tmp_path / "blobs"
    options = ("--artifact-store", str(blobs), "--log-level", "error")
    with (
        server_process(tmp_path / "data", tmp_path / "log", *options, preexec=heed_permissions) as server,
        server.http() as http,
    ):
        assert http.put(FILE, content=b"kept").status_code == 200
        with read_only(blobs / "tmp"):
            refusal = http.put(f"{FILE}.new", content=b"new")
            assert (refusal.status_code, refusal.json()["error_code"]) == UNAVAILABLE
            assert "blob store failed: Permission denied" in refusal.json()["message"]
            assert server.ready().json()["checks"]["database"] == "ok"
            assert server.ready().status_code == 503
            assert http.get(FILE).content == b"kept"
            assert http.post("/mlflow/runs/create", json={"experiment_id": "0"}).status_code == 200
        assert http.put(f"{FILE}.new", content=b"new").status_code == 200
        assert server.ready().status_code == 200


def test_the_database_becomes_read_only_for_a_while(tmp_path: Path):
    data = tmp_path / "data"
    with server_process(data, tmp_path / "log", "--log-level", "error") as server, server.http() as http:
        made = http.post("/mlflow/runs/create", json={"experiment_id": "0"}).json()["run"]["info"]["run_id"]
        with unwritable_database(data, server.pid):
            for _ in range(3):
                refusal = http.post("/mlflow/runs/create", json={"experiment_id": "0"})
                assert (refusal.status_code, refusal.json()["error_code"]) == UNAVAILABLE
                assert http.get("/mlflow/runs/get", params={"run_id": made}).status_code == 200
        assert http.post("/mlflow/runs/create", json={"experiment_id": "0"}).status_code == 200


def test_a_start_in_a_read_only_folder_names_it(tmp_path: Path):
    data = tmp_path / "data"
    data.mkdir()
    with read_only(data):
        code, printed = failed_start(data, preexec=heed_permissions)
    assert (code, "Traceback" in printed) == (2, False)
    assert f"The data folder {data} cannot be written: Permission denied." in printed


def test_a_start_with_a_read_only_database_says_so(tmp_path: Path):
    data = tmp_path / "data"
    with server_process(data, tmp_path / "log") as server:
        server.stop()
    with read_only(data / "podium.db", 0o444):
        code, printed = failed_start(data, preexec=heed_permissions)
    assert (code, "Traceback" in printed) == (2, False)
    assert f"The database {data / 'podium.db'} cannot be written: the file or its disk is read-only." in printed


@contextmanager
def read_only(path: Path, mode: int = 0o555):
    before = path.stat().st_mode
    path.chmod(mode)
    try:
        yield
    finally:
        path.chmod(before)


@contextmanager
def unwritable_database(data: Path, pid: int):
    """The files of a running server are open, so permissions do not matter any more: the file system has to refuse."""
    with immutable(data / "podium.db", data / "podium.db-wal") as done:
        if done:
            yield
            return
    limit = LimitedProcess(data / "limited")
    limit.fill(pid)
    try:
        yield
    finally:
        limit.free(pid)
