"""Models, versions, stages, aliases and files over the native API."""

from hashlib import sha256
from uuid import uuid4

import httpx
import pytest

API = "/api/v1"


@pytest.fixture
def model(http: httpx.Client) -> str:
    """A model's address."""
    name = f"churn {uuid4()}"
    assert http.post(f"{API}/models", json={"name": name, "tags": {"team": "a"}}).status_code == 201
    return f"{API}/models/{name}"


@pytest.fixture
def add_version(http: httpx.Client, model, new_run):
    """Registers the files of a new run."""

    def add(content: bytes = b"weights") -> dict:
        run_id = new_run({"model/data/model.bin": content, "model/MLmodel": b"flavor"})
        created = http.post(f"{model}/versions", json={"source": f"runs:/{run_id}/model"})
        assert created.status_code == 201, created.text
        return created.json()

    return add


def test_a_model_s_life(http: httpx.Client, model):
    assert http.patch(model, json={"description": "who leaves"}).json()["description"] == "who leaves"
    assert http.patch(model, json={}).json()["description"] == "who leaves"
    assert http.patch(model, json={"description": None}).json()["description"] is None
    renamed = http.patch(model, json={"new_name": f"new {uuid4()}"}).json()["name"]
    assert http.get(model).status_code == 404
    one = f"{API}/models/{renamed}"
    key = http.delete(one).json()["key"]
    assert http.get(one).status_code == 404
    assert http.post(f"{one}/restore", json={"key": key}).json()["tags"] == {"team": "a"}
    http.delete(one)
    assert http.post(f"{one}/restore").json()["name"] == renamed
    assert http.post(f"{one}/restore", json={"key": key}).status_code == 404


def test_restoring_what_was_never_deleted(http: httpx.Client):
    assert http.post(f"{API}/models/never/restore").status_code == 404


def test_models_are_found_by_part_of_the_name_and_by_tag(http: httpx.Client):
    mark = uuid4().hex
    for name, tags in ((f"Alpha {mark}", {"kind": "x"}), (f"beta {mark}", {"kind": "y"}), (f"gamma {mark}", {})):
        http.post(f"{API}/models", json={"name": name, "tags": tags})

    def found(**query) -> list[str]:
        return [item["name"].split()[0] for item in http.get(f"{API}/models", params=query).json()["items"]]

    assert found(q=mark.upper()) == ["Alpha", "beta", "gamma"]
    assert found(q=mark, tag="kind") == ["Alpha", "beta"]
    assert found(q=mark, tag="kind=y") == ["beta"]
    assert found(filter=f"name LIKE '%{mark}'", order_by="name DESC", limit=1) == ["gamma"]


def test_models_and_versions_are_found_by_stage_and_alias(http: httpx.Client, model, add_version):
    add_version()
    add_version()
    name = http.get(model).json()["name"]
    http.put(f"{model}/versions/1/stage", json={"stage": "Staging"})
    http.put(f"{model}/aliases/odd", json={"version": 2})

    def models(**query) -> list[str]:
        return [item["name"] for item in http.get(f"{API}/models", params={"q": name, **query}).json()["items"]]

    def versions(**query) -> list[int]:
        return [item["version"] for item in http.get(f"{model}/versions", params=query).json()["items"]]

    assert (models(stage="Staging"), models(alias="odd"), models(stage="Staging", alias="odd")) == ([name],) * 3
    assert (models(stage="Archived"), models(alias="even")) == ([], [])
    assert (versions(stage="Staging"), versions(alias="odd"), versions(stage="None", alias="odd")) == ([1], [2], [2])
    http.delete(f"{model}/versions/1")
    assert models(stage="Staging") == []
    assert http.get(f"{API}/models", params={"stage": "Nowhere"}).json()["field"] == "stage"


def test_versions_and_their_tags(http: httpx.Client, model, add_version):
    first, second = add_version(), add_version(b"other")
    assert (first["version"], second["version"]) == (1, 2)
    assert (first["stage"], first["files"], first["created_by"]) == ("None", "snapshot", "anonymous")
    one = f"{model}/versions/1"
    assert http.put(f"{one}/tags/checked", json={"value": "yes"}).status_code == 204
    assert http.patch(one, json={"description": "first"}).json()["tags"] == {"checked": "yes"}
    assert http.delete(f"{one}/tags/checked").status_code == 204
    assert http.get(one).json()["tags"] == {}
    assert http.delete(one).status_code == 204
    assert [item["version"] for item in http.get(f"{model}/versions").json()["items"]] == [2]
    assert http.post(f"{one}/restore").json()["description"] == "first"
    assert http.get(f"{API}/models/absent/versions").status_code == 404


@pytest.mark.parametrize("version", ["0", "-1", "x", "1.5", str(2**63)])
def test_numbers_that_no_version_has(http: httpx.Client, model, version):
    response = http.get(f"{model}/versions/{version}")
    assert response.status_code == 400
    assert response.json()["field"] == "version"


def test_promotion_with_expectations(http: httpx.Client, model, add_version):
    add_version()
    add_version()
    stage = "versions/{}/stage"
    first = http.put(f"{model}/{stage.format(1)}", json={"stage": "Production", "expected": "None"})
    assert first.json()["stage"] == "Production"
    late = http.put(f"{model}/{stage.format(1)}", json={"stage": "Staging", "expected": "None"})
    assert (late.status_code, late.json()["type"]) == (409, "urn:podium:problem:conflict")
    http.put(f"{model}/{stage.format(2)}", json={"stage": "Production", "archive_existing": True})
    assert http.get(f"{model}/versions/1").json()["stage"] == "Archived"
    assert http.get(model).json()["stages"] == {"Archived": 1, "Production": 2}
    assert http.put(f"{model}/{stage.format(2)}", json={"stage": "Nowhere"}).json()["field"] == "stage"


def test_aliases_with_expectations(http: httpx.Client, model, add_version):
    add_version()
    add_version()
    alias = f"{model}/aliases/champion"
    assert http.put(alias, json={"version": 1, "expected": None}).json()["aliases"] == ["champion"]
    assert http.put(alias, json={"version": 2, "expected": None}).status_code == 409
    assert http.put(alias, json={"version": 2, "expected": 1}).json()["version"] == 2
    assert http.put(alias, json={"version": 2}).status_code == 200
    assert http.get(alias).json()["version"] == 2
    assert http.delete(alias, params={"expected": 1}).status_code == 409
    assert http.delete(alias, params={"expected": 2}).status_code == 204
    assert http.delete(alias).status_code == 204
    assert http.put(f"{model}/aliases/latest", json={"version": 1}).status_code == 400
    assert http.get(f"{model}/aliases/latest").json()["version"] == 2


def test_what_stood_there_then(http: httpx.Client, model, add_version):
    def production(time: str) -> list[dict]:
        return http.get(f"{model}/at", params={"stage": "Production", "time": time}).json()["items"]

    since = []
    for number in (1, 2):
        add_version()
        http.put(f"{model}/versions/{number}/stage", json={"stage": "Production", "archive_existing": True})
        assert [(item["version"], item["actor"]) for item in production("2099-01-01")] == [(number, "anonymous")]
        since.append(production("2099-01-01")[0]["since"])
    then = since[0]
    assert [item["version"] for item in production(then)] == [1]
    assert http.get(f"{model}/at", params={"stage": "Production", "time": "2001-01-01"}).status_code == 404
    assert http.get(f"{model}/at", params={"time": then}).status_code == 400
    assert http.get(f"{model}/at", params={"stage": "Production"}).json()["field"] == "time"


def test_files_of_versions(http: httpx.Client, model, add_version):
    add_version(b"weights")
    add_version(b"changed")
    manifest = http.get(f"{model}/versions/1/manifest").json()
    assert [file["path"] for file in manifest["files"]] == ["MLmodel", "data/model.bin"]
    assert manifest["files"][1]["digest"] == sha256(b"weights").hexdigest()
    assert http.get(f"{API}/manifests/{manifest['digest']}").json() == manifest
    assert http.get(f"{API}/manifests/{'0' * 64}").status_code == 404
    assert http.get(f"{API}/manifests/x").status_code == 400

    file = f"{model}/versions/1/files/data/model.bin"
    assert http.get(file).content == b"weights"
    part = http.get(file, headers={"Range": "bytes=2-4"})
    assert (part.status_code, part.content) == (206, b"igh")
    assert http.get(f"{model}/versions/1/files/absent").status_code == 404
    assert http.get(f"{model}/versions/1/files/..%2F..%2Fx").json()["type"] == "urn:podium:problem:invalid-path"

    difference = http.get(f"{model}/versions/1/diff", params={"to": 2}).json()
    assert [change["path"] for change in difference["changed"]] == ["data/model.bin"]
    assert (difference["added"], difference["removed"], difference["unchanged_count"]) == ([], [], 1)


def test_versions_outside_this_server_have_no_manifest(http: httpx.Client, model):
    created = http.post(f"{model}/versions", json={"source": "s3://bucket/model"}).json()
    assert created["files"] == "external"
    assert http.get(f"{model}/versions/1/manifest").json()["type"] == "urn:podium:problem:invalid-state"


@pytest.mark.parametrize("source", ["http://[", "mlflow-artifacts://[::/x", "http://%5B/x", "runs:/", "models:/"])
def test_sources_that_are_no_uris(http: httpx.Client, model, source):
    assert http.post(f"{model}/versions", json={"source": source}).status_code == 400


def test_a_project_whose_files_are_nowhere(http: httpx.Client, new_run):
    location = {"name": f"nowhere {uuid4()}", "artifact_location": "http://["}
    project = http.post(f"{API}/projects", json=location).json()
    assert http.get(f"{API}/runs/{new_run(project=project['id'])}/files").status_code == 400


@pytest.mark.parametrize("key", [0, -1, 2**63, 10**30])
def test_keys_that_no_model_has(http: httpx.Client, model, key):
    assert http.post(f"{model}/restore", json={"key": key}).json()["field"] == "key"


def test_artifacts_are_put_listed_deleted_and_restored(http: httpx.Client):
    folder = f"free/{uuid4()}"
    stored = http.put(f"{API}/artifacts/{folder}/a%20b.txt", content=b"text").json()
    assert stored == {"path": f"{folder}/a b.txt", "digest": sha256(b"text").hexdigest(), "size_bytes": 4}
    listed = http.get(f"{API}/artifacts", params={"path": folder}).json()["items"]
    assert listed == [{"path": f"{folder}/a b.txt", "is_folder": False, "size_bytes": 4}]
    assert http.delete(f"{API}/artifacts/{folder}").status_code == 204
    assert http.get(f"{API}/artifacts/{folder}/a%20b.txt").status_code == 404
    assert http.post(f"{API}/artifacts/restore", json={"path": folder}).json() == {"files": 1}
    assert http.get(f"{API}/artifacts/{folder}/a%20b.txt").content == b"text"
