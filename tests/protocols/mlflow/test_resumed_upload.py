"""A broken upload is taken up again by its parts: what was acknowledged is still there after the server was killed."""

import hashlib
import random
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import httpx
import pytest

MPU = "/api/2.0/mlflow-artifacts/mpu"
FILE = "/api/2.0/mlflow-artifacts/artifacts/0/run/artifacts/big.bin"
PARTS = [random.Random(number).randbytes(2_500_000) for number in range(4)]


@contextmanager
def started(data, log):
    """The process and URL of a server of its own, which the test may kill."""
    command = [sys.executable, "-m", "podium", "server", "--port", "0", "--data", str(data)]
    with log.open("w") as output, subprocess.Popen(command, stdout=output, stderr=output) as server:
        try:
            yield server, _url(server, log)
        finally:
            server.kill()


def _url(server, log):
    deadline = time.monotonic() + 20
    while server.poll() is None and time.monotonic() < deadline:
        for line in log.read_text().splitlines():
            if line.startswith("Podium is at "):
                return line.removeprefix("Podium is at ")
        time.sleep(0.02)
    raise AssertionError(log.read_text())


def received(http, upload_id):
    return [
        (part["part_number"], part["etag"], part["size"])
        for part in http.get(f"{MPU}/parts/{upload_id}").raise_for_status().json()["parts"]
    ]


def test_parts_survive_a_killed_server_and_only_the_missing_ones_are_sent(tmp_path):
    with started(tmp_path / "data", tmp_path / "first.log") as (server, url), httpx.Client(base_url=url) as http:
        created = http.post(f"{MPU}/create/0/run/artifacts", json={"path": "big.bin", "num_parts": 4}).json()
        upload_id = created["upload_id"]
        paths = [httpx.URL(credential["url"]).path for credential in created["credentials"]]
        for index in (0, 2):
            http.put(paths[index], content=PARTS[index]).raise_for_status()

        def half():
            yield PARTS[1][:1_500_000]
            server.send_signal(signal.SIGKILL)
            server.wait()
            yield PARTS[1][1_500_000:]

        with pytest.raises(httpx.TransportError):
            http.put(paths[1], content=half(), headers={"content-length": str(len(PARTS[1]))})

    digests = [hashlib.sha256(part).hexdigest() for part in PARTS]
    with started(tmp_path / "data", tmp_path / "second.log") as (_, url), httpx.Client(base_url=url) as http:
        assert received(http, upload_id) == [(n + 1, digests[n], len(PARTS[n])) for n in (0, 2)]
        for index in (1, 3):
            http.put(paths[index], content=PARTS[index]).raise_for_status()
        parts = [{"part_number": number, "etag": etag} for number, etag, _ in received(http, upload_id)]
        body = {"path": "big.bin", "upload_id": upload_id, "parts": parts}
        http.post(f"{MPU}/complete/0/run/artifacts", json=body).raise_for_status()
        assert http.get(FILE).content == b"".join(PARTS)
        assert http.get(f"{MPU}/parts/{upload_id}").status_code == 404
    assert list((tmp_path / "data" / "blobs" / "tmp").iterdir()) == []
    assert list((tmp_path / "data" / "blobs" / "uploads").iterdir()) == []


def test_an_upload_sent_again_doubles_nothing(tmp_path):
    with started(tmp_path / "data", tmp_path / "log") as (_, url), httpx.Client(base_url=url) as http:
        for _ in range(3):
            http.put(FILE, content=PARTS[0] + PARTS[1]).raise_for_status()
            http.put(FILE.replace("big", "small"), content=b"small").raise_for_status()
        assert len([path for path in (tmp_path / "data" / "blobs" / "sha256").rglob("*") if path.is_file()]) == 1
        assert http.get(FILE).content == PARTS[0] + PARTS[1]
