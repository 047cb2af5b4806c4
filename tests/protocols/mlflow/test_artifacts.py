"""Artifacts with the unmodified client, and MLflow's own pages' endpoints."""

import json
import os
import resource
import threading
import time
from pathlib import Path

import pytest

MIB = 1 << 20


@pytest.fixture
def run_id(mlflow):
    with mlflow.start_run() as run:
        return run.info.run_id


def paths(client, run_id, path=None):
    return [(info.path, info.is_dir, info.file_size) for info in client.list_artifacts(run_id, path)]


def test_folders_go_up_and_come_back(mlflow, client, tmp_path, run_id):
    source = tmp_path / "source"
    (source / "sub" / "deep").mkdir(parents=True)
    (source / "a b+c.txt").write_text("a")
    (source / "sub" / "Größe.bin").write_bytes(bytes(range(256)))
    (source / "sub" / "deep" / "empty").write_bytes(b"")
    client.log_artifacts(run_id, str(source))
    client.log_artifacts(run_id, str(source), "below")
    assert paths(client, run_id) == [("a b+c.txt", False, 1), ("below", True, None), ("sub", True, None)]
    assert paths(client, run_id, "below/sub") == [("below/sub/Größe.bin", False, 256), ("below/sub/deep", True, None)]
    assert paths(client, run_id, "a b+c.txt") == []
    got = Path(
        mlflow.artifacts.download_artifacts(run_id=run_id, artifact_path="below", dst_path=str(tmp_path / "got"))
    )
    for file in (path for path in source.rglob("*") if path.is_file()):
        assert (got / file.relative_to(source)).read_bytes() == file.read_bytes()


def test_the_loggers_of_values(mlflow, client):
    import numpy as np
    from PIL import Image

    image = np.zeros((8, 8, 3), dtype=np.uint8)
    with mlflow.start_run() as run:
        mlflow.log_text("text", "notes/a.txt")
        mlflow.log_dict({"a": 1}, "config.json")
        mlflow.log_image(image, "image.png")
        mlflow.log_image(image, key="dog", step=100, timestamp=100, synchronous=True)
        mlflow.log_table({"x": [1], "y": ["a"]}, "table.json")
        mlflow.log_table({"x": [2], "y": ["b"]}, "table.json")
    uri = f"runs:/{run.info.run_id}"
    assert mlflow.artifacts.load_text(f"{uri}/notes/a.txt") == "text"
    assert mlflow.artifacts.load_dict(f"{uri}/config.json") == {"a": 1}
    assert mlflow.artifacts.load_image(f"{uri}/image.png").size == (8, 8)
    assert list(mlflow.load_table("table.json", run_ids=[run.info.run_id])["x"]) == [1, 2]
    steps = [info.path for info in client.list_artifacts(run.info.run_id, "images")]
    assert len(steps) == 2
    png = next(path for path in steps if path.endswith("png"))
    with Image.open(mlflow.artifacts.download_artifacts(f"{uri}/{png}")) as loaded:
        assert loaded.size == (8, 8)


def test_a_figure(mlflow):
    figure = pytest.importorskip("matplotlib.figure").Figure()
    figure.subplots().plot([1, 2])
    with mlflow.start_run() as run:
        mlflow.log_figure(figure, "plots/line.png")
    assert mlflow.artifacts.load_image(f"runs:/{run.info.run_id}/plots/line.png").size[0] > 10


def test_an_upload_in_parts(mlflow, client, tmp_path, run_id, monkeypatch):
    monkeypatch.setenv("MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD", "true")
    monkeypatch.setenv("MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE", str(MIB))
    monkeypatch.setenv("MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE", str(MIB))
    big = tmp_path / "big.bin"
    big.write_bytes(os.urandom(3 * MIB + 17))
    client.log_artifact(run_id, str(big), "folder")
    assert paths(client, run_id, "folder") == [("folder/big.bin", False, 3 * MIB + 17)]
    got = mlflow.artifacts.download_artifacts(run_id=run_id, artifact_path="folder/big.bin", dst_path=str(tmp_path))
    assert Path(got).read_bytes() == big.read_bytes()


def test_a_download_in_parts_through_signed_links(mlflow, client, tmp_path, run_id, monkeypatch):
    monkeypatch.setenv("MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD", "true")
    monkeypatch.setenv("MLFLOW_MULTIPART_DOWNLOAD_CHUNK_SIZE", str(MIB))
    big = tmp_path / "big.bin"
    big.write_bytes(os.urandom(2 * MIB + 5))
    client.log_artifact(run_id, str(big))
    got = mlflow.artifacts.download_artifacts(run_id=run_id, artifact_path="big.bin", dst_path=str(tmp_path / "got"))
    assert Path(got).read_bytes() == big.read_bytes()


def test_large_bodies_pass_in_flat_memory(http):
    """The server runs in this process: its peak may not grow by anything like the body."""
    total = 100 * MIB

    def body():
        for _ in range(total // MIB):
            yield bytes(MIB)

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    url = "/api/2.0/mlflow-artifacts/artifacts/big.bin"
    assert http.put(url, content=body(), timeout=120).status_code == 200
    with http.stream("GET", url, timeout=120) as answer:
        received = sum(len(chunk) for chunk in answer.iter_raw())
    assert received == total
    grown_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown_kib < 50 * 1024


def test_endpoints_of_the_owner(http, client, run_id):
    info = client.get_run(run_id).info
    client.log_text(run_id, "abc", "dir/a.txt")
    listed = http.get("/api/2.0/mlflow/artifacts/list", params={"run_id": run_id, "path": "dir"}).json()
    assert listed == {
        "root_uri": info.artifact_uri,
        "files": [{"path": "dir/a.txt", "is_dir": False, "file_size": 3}],
    }
    for name in ("run_id", "run_uuid"):
        got = http.get("/get-artifact", params={name: run_id, "path": "dir/a.txt"})
        assert (got.text, got.headers["content-type"]) == ("abc", "text/plain")
    upload = "/ajax-api/2.0/mlflow/upload-artifact"
    assert http.post(upload, params={"run_uuid": run_id, "path": "up/b.txt"}, content=b"b").status_code == 200
    assert http.get("/get-artifact", params={"run_id": run_id, "path": "up/b.txt"}).text == "b"
    for params, body in (
        ({"path": "a"}, b"b"),
        ({"run_uuid": run_id}, b"b"),
        ({"run_uuid": run_id, "path": "../a"}, b"b"),
        ({"run_uuid": run_id, "path": "a"}, b""),
        ({"run_uuid": run_id, "path": "a"}, bytes(10 * MIB + 1)),
    ):
        assert http.post(upload, params=params, content=body).status_code == 400
    assert http.get("/api/2.0/mlflow/artifacts/list", params={"run_id": "none"}).status_code == 404
    assert http.get("/api/2.0/mlflow/artifacts/list").status_code == 400


def test_presigned_urls_of_a_run(http, client, run_id):
    client.log_text(run_id, "abc", "a.txt")
    answer = http.post(
        "/api/2.0/mlflow/artifacts/presigned-download-url", json={"run_id": run_id, "path": "a.txt", "expiration": 60}
    ).json()
    assert answer["file_size"] == 3
    assert http.get(answer["presigned_url"]).text == "abc"
    for expiration in (0, 604801):
        body = {"run_id": run_id, "path": "a.txt", "expiration": expiration}
        assert http.post("/api/2.0/mlflow/artifacts/presigned-download-url", json=body).status_code == 400
    refused = http.post("/api/2.0/mlflow/artifacts/presigned-upload-url", json={"run_id": run_id, "path": "a.txt"})
    assert (refused.status_code, "not supported for proxied" in refused.json()["message"]) == (400, True)


def test_a_version_s_files_are_those_of_its_registration(mlflow, http, server_url, client, run_id, tmp_path):
    client.log_text(run_id, "registered", "model/MLmodel")
    client.create_registered_model("m")
    uri = client.get_run(run_id).info.artifact_uri
    version = client.create_model_version("m", f"{uri}/model", run_id)
    client.log_text(run_id, "overwritten", "model/MLmodel")
    params = {"name": "m", "version": version.version, "path": "MLmodel"}
    assert http.get("/model-versions/get-artifact", params=params).text == "registered"
    got = mlflow.artifacts.download_artifacts(f"models:/m/{version.version}", dst_path=str(tmp_path / "got"))
    assert (Path(got) / "MLmodel").read_text() == "registered"
    params["path"] = "../path"
    assert http.get(f"{server_url}//model-versions/get-artifact", params=params).json() == {
        "error_code": "INVALID_PARAMETER_VALUE",
        "message": "Invalid path",
    }


def test_files_of_a_logged_model(http, mlflow, client, tmp_path):
    model = mlflow.initialize_logged_model("net")
    (tmp_path / "net").mkdir()
    (tmp_path / "net" / "weights.bin").write_bytes(b"weights")
    client.log_model_artifacts(model.model_id, str(tmp_path / "net"))
    base = f"/logged-models/{model.model_id}/artifacts"
    listed = http.get(f"/api/2.0/mlflow{base}/directories").json()
    assert listed == {
        "root_uri": model.artifact_location,
        "files": [{"path": "weights.bin", "is_dir": False, "file_size": 7}],
    }
    url = f"/ajax-api/2.0/mlflow{base}/files"
    assert http.get(url, params={"artifact_file_path": "weights.bin"}).content == b"weights"
    assert http.get(url).status_code == 400


def test_many_uploads_at_once(http):
    failures = []

    def upload(worker):
        for number in range(20):
            answer = http.put(f"/api/2.0/mlflow-artifacts/artifacts/many/{worker}/{number}", content=b"same")
            failures.extend([answer.text] if answer.status_code != 200 else [])

    workers = [threading.Thread(target=upload, args=(worker,)) for worker in range(8)]
    started = time.monotonic()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(30)
    assert failures == []
    assert time.monotonic() - started < 30
    listed = http.get("/api/2.0/mlflow-artifacts/artifacts", params={"path": "many"}).json()["files"]
    assert json.dumps(listed).count('"is_dir": true') == 8
