"""The unmodified client against a server whose files are in an object store."""

import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from podium.app import Podium
from podium.blobs import objects
from podium.blobs.cloud import CloudBlobs
from podium.errors import StorageUnavailable
from podium.settings import Settings
from support.object_store import running_s3
from support.server import running_server

MIB = 1 << 20
TREE = "/api/2.0/mlflow-artifacts/artifacts"
NATIVE = "/api/v1/artifacts"


@pytest.fixture
def store(s3):
    return s3.new_store()


@pytest.fixture
def server_url(store, tmp_path):
    """In place of the server that keeps its files in a folder."""
    with running_server(tmp_path / "podium", artifact_store=store) as url:
        yield url


@pytest.fixture
def in_parts(monkeypatch):
    """Files over 1 MiB go up in parts of 5 MiB, and all come down in parts of 1 MiB."""
    monkeypatch.setenv("MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE", str(MIB))
    monkeypatch.setenv("MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE", str(5 * MIB))
    monkeypatch.setenv("MLFLOW_MULTIPART_DOWNLOAD_CHUNK_SIZE", str(MIB))


@pytest.fixture
def requested(monkeypatch):
    """The URLs of the requests that the client sends with `requests` alone: those of parts."""
    import requests

    urls = []

    def noted(method):
        send = getattr(requests, method)

        def call(url, *args, **kwargs):
            urls.append(url)
            return send(url, *args, **kwargs)

        return call

    monkeypatch.setattr(requests, "put", noted("put"))
    return urls


@pytest.fixture
def big(tmp_path):
    file = tmp_path / "big.bin"
    file.write_bytes(os.urandom(12 * MIB + 17))
    return file


@pytest.fixture
def run_id(mlflow):
    with mlflow.start_run() as run:
        return run.info.run_id


@pytest.mark.usefixtures("in_parts")
@pytest.mark.parametrize("told", [False, True], ids=["as the server says", "by the variable"])
def test_a_large_file_goes_past_the_server_is_registered_and_comes_back(
    mlflow, client, s3, store, run_id, big, tmp_path, requested, monkeypatch, told
):
    if told:
        monkeypatch.setenv("MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD", "true")
        monkeypatch.setenv("MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD", "true")
    client.log_artifact(run_id, str(big), "model")
    client.log_text(run_id, "flavors: {}", "model/MLmodel")
    assert len(requested) == 3
    assert all(url.startswith(f"{s3.url}/") for url in requested)
    client.create_registered_model("m")
    version = client.create_model_version("m", f"{client.get_run(run_id).info.artifact_uri}/model", run_id)
    client.delete_run(run_id)
    got = Path(mlflow.artifacts.download_artifacts(f"models:/m/{version.version}", dst_path=str(tmp_path / "got")))
    assert (got / "big.bin").read_bytes() == big.read_bytes()
    assert (got / "MLmodel").read_text() == "flavors: {}"
    assert [key.partition("/")[0] for key in s3.keys(store)] == ["probe", "sha256", "sha256"]


@pytest.mark.usefixtures("in_parts")
def test_a_download_is_not_read_through_the_server(client, s3, http, run_id, big, tmp_path, monkeypatch):
    client.log_artifact(run_id, str(big))
    monkeypatch.setattr(CloudBlobs, "open_range", None)
    path = f"{client.get_run(run_id).info.artifact_uri.partition(':/')[2]}/big.bin"
    signed = http.get(f"/api/2.0/mlflow-artifacts/presigned/{path}").json()
    assert (signed["url"].startswith(f"{s3.url}/"), signed["file_size"]) == (True, 12 * MIB + 17)
    other = http.post(
        "/api/2.0/mlflow/artifacts/presigned-download-url", json={"run_id": run_id, "path": "big.bin", "expiration": 9}
    ).json()
    assert "X-Amz-Expires=9&" in other["presigned_url"]
    got = client.download_artifacts(run_id, "big.bin", str(tmp_path / "got"))
    assert Path(got).read_bytes() == big.read_bytes()


@pytest.mark.usefixtures("in_parts")
def test_without_signed_urls_everything_passes_the_server(s3, store, big, tmp_path, requested):
    import mlflow

    with running_server(tmp_path / "closed", artifact_store=store, presigned_urls=False) as url:
        client = mlflow.MlflowClient(url)
        run = client.create_run("0").info
        client.log_artifact(run.run_id, str(big))
        got = client.download_artifacts(run.run_id, "big.bin", str(tmp_path))
        assert Path(got).read_bytes() == big.read_bytes()
        assert len(requested) == 3
        assert all(part.startswith(url) for part in requested)
    assert [key.partition("/")[0] for key in s3.keys(store)] == ["probe", "sha256"]


def test_a_plain_get_keeps_its_ranges_and_headers(http):
    http.put(f"{TREE}/page.html", content=b"<script>").raise_for_status()
    answer = http.get(f"{TREE}/page.html", headers={"range": "bytes=1-3"})
    assert (answer.status_code, answer.content) == (206, b"scr")
    assert answer.headers["content-disposition"] == "attachment; filename=page.html"
    again = http.get(f"{TREE}/page.html", headers={"if-none-match": answer.headers["etag"]})
    assert again.status_code == 304


def test_the_native_api_reads_and_writes_there(http, s3, store):
    stored = http.put(f"{NATIVE}/dir/a.bin", content=b"payload").json()
    assert f"sha256/{stored['digest'][:2]}/{stored['digest'][2:]}" in s3.keys(store)
    assert http.get(f"{NATIVE}/dir/a.bin", headers={"range": "bytes=-4"}).content == b"load"
    assert http.delete(f"{NATIVE}/dir/a.bin").status_code == 204


def test_an_upload_that_breaks_off_is_taken_up_again_by_its_parts(http):
    base = "/api/2.0/mlflow-artifacts/mpu"
    created = http.post(f"{base}/create/f", json={"path": "big.bin", "num_parts": 2}).json()
    to_first, to_second = created["credentials"]
    first = httpx.put(to_first["url"], content=b"a" * 6 * MIB)
    httpx.put(to_second["url"], content=b"broken")
    second = httpx.put(to_second["url"], content=b"b")
    parts = [{"part_number": n, "etag": sent.headers["etag"]} for n, sent in enumerate((first, second), 1)]
    body = {"path": "big.bin", "upload_id": created["upload_id"], "parts": parts}
    wrong = {**body, "parts": [{**parts[0], "etag": "other"}, parts[1]]}
    assert http.post(f"{base}/complete/f", json=wrong).status_code == 400
    assert http.post(f"{base}/complete/f", json=body).status_code == 200
    assert http.get(f"{TREE}/f/big.bin").content == b"a" * 6 * MIB + b"b"


def test_readiness_asks_the_store(http):
    assert http.get("/ready").json()["checks"]["blobs"] == "ok"


def test_a_store_that_is_down_is_told_in_the_client_s_form_and_work_goes_on_when_it_is_back(tmp_path, monkeypatch):
    monkeypatch.setattr(objects, "_MAX_RETRIES", 1)
    with running_s3() as s3:
        s3.environment(monkeypatch)
        with (
            running_server(tmp_path / "podium", artifact_store=s3.new_store()) as url,
            httpx.Client(base_url=url, timeout=30) as http,
        ):
            http.put(f"{TREE}/a.txt", content=b"a").raise_for_status()
            s3.stop()
            for refused in (http.put(f"{TREE}/b.txt", content=b"b"), http.get(f"{TREE}/a.txt")):
                told = {"error_code": "TEMPORARILY_UNAVAILABLE", "message": "The object store does not answer."}
                assert (refused.status_code, refused.json()) == (503, told)
            assert http.get("/ready").status_code == 503
            assert http.get(TREE).json()["files"][0]["path"] == "a.txt"
            s3.start()
            http.put(f"{TREE}/b.txt", content=b"b").raise_for_status()
            assert http.get(f"{TREE}/b.txt").content == b"b"
            assert http.get("/ready").status_code == 200


@pytest.mark.usefixtures("s3")
def test_a_bucket_that_is_not_there_ends_the_start_and_is_named_with_its_setting(tmp_path):
    with pytest.raises(StorageUnavailable) as refused:
        Podium(Settings(data=str(tmp_path), artifact_store="s3://missing/podium"))
    assert refused.value.message.startswith(
        "The object store s3://missing/podium (setting 'artifact_store') cannot be used: The object store has no such "
        "bucket."
    )


def test_the_library_is_loaded_only_for_an_object_store():
    script = "import sys, podium.app; sys.exit('obstore' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
