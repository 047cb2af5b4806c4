"""Runs over the native API, logged as the mlflow client logs them."""

import json

import httpx
import pytest

API = "/api/v1"
MLFLOW = "/api/2.0/mlflow"


@pytest.fixture
def project(http: httpx.Client, request) -> str:
    return http.post(f"{API}/projects", json={"name": request.node.name}).json()["id"]


def log(http: httpx.Client, run_id: str, **values: float) -> None:
    points = [{"key": key, "value": value, "timestamp": 1, "step": 2} for key, value in values.items()]
    body = json.dumps({"run_id": run_id, "metrics": points, "params": [{"key": "C", "value": "1"}]})
    assert http.post(f"{MLFLOW}/runs/log-batch", content=body).status_code == 200


def test_a_run_shows_what_was_logged(http: httpx.Client, project, new_run):
    run_id = new_run({"a/b.txt": b"text"}, project)
    log(http, run_id, loss=0.5, broken=float("nan"), far=float("-inf"))
    run = http.get(f"{API}/runs/{run_id}").json()
    assert {point["key"]: point["value"] for point in run["metrics"]} == {
        "loss": 0.5,
        "broken": "NaN",
        "far": "-Infinity",
    }
    assert (run["project_id"], run["params"], run["status"]) == (project, {"C": "1"}, "RUNNING")
    assert http.get(f"{API}/runs/{run_id}/files", params={"path": "a"}).json()["items"] == [
        {"path": "a/b.txt", "is_folder": False, "size_bytes": 4}
    ]
    assert http.get(f"{API}/runs/{run_id}/files/a/b.txt").content == b"text"


def test_runs_are_found_by_filter(http: httpx.Client, project, new_run):
    runs = [new_run(project=project) for _ in range(3)]
    for number, run_id in enumerate(runs):
        log(http, run_id, loss=float(number))
    query = {"projects": project, "filter": "metrics.loss > 0", "order_by": "metrics.loss DESC", "limit": 1}
    first = http.get(f"{API}/runs", params=query).json()
    assert [run["run_id"] for run in first["items"]] == [runs[2]]
    second = http.get(f"{API}/runs", params={**query, "cursor": first["next_cursor"]}).json()
    assert [run["run_id"] for run in second["items"]] == [runs[1]]
    assert second["next_cursor"] is None
    assert {run["run_id"] for run in http.get(f"{API}/runs").json()["items"]} >= set(runs)


def test_histories_come_in_pages(http: httpx.Client, project, new_run):
    run_id = new_run(project=project)
    points = [{"key": "a/loss", "value": n, "timestamp": n, "step": n} for n in range(5)]
    http.post(f"{MLFLOW}/runs/log-batch", json={"run_id": run_id, "metrics": points})
    one = f"{API}/runs/{run_id}/metrics/a%2Floss"
    first = http.get(one, params={"limit": 3}).json()
    rest = http.get(one, params={"limit": 3, "cursor": first["next_cursor"]}).json()
    assert [point["step"] for point in first["items"] + rest["items"]] == [0, 1, 2, 3, 4]
    assert rest["next_cursor"] is None
    assert http.get(f"{API}/runs/{run_id}/metrics/never").json()["items"] == []


def test_deleting_a_run_twice_is_deleting_it(http: httpx.Client, project, new_run):
    one = f"{API}/runs/{new_run(project=project)}"
    assert http.put(f"{one}/tags/kept", json={"value": "yes"}).status_code == 204
    assert [http.delete(one).status_code for _ in range(2)] == [204, 204]
    assert http.get(f"{API}/runs", params={"projects": project}).json()["items"] == []
    assert len(http.get(f"{API}/runs", params={"projects": project, "view": "deleted"}).json()["items"]) == 1
    assert http.post(f"{one}/restore").json()["deleted_at"] is None
    assert http.delete(f"{one}/tags/kept").status_code == 204


def test_unknown_runs(http: httpx.Client):
    for response in (
        http.get(f"{API}/runs/absent"),
        http.delete(f"{API}/runs/absent"),
        http.get(f"{API}/runs/absent/files"),
        http.get(f"{API}/runs/absent/metrics/loss"),
    ):
        assert response.json()["type"] == "urn:podium:problem:not-found"


def test_a_run_of_times_that_no_calendar_has(http: httpx.Client, project):
    body = {"experiment_id": project, "start_time": 2**63 - 1}
    run_id = http.post(f"{MLFLOW}/runs/create", json=body).json()["run"]["info"]["run_id"]
    assert http.get(f"{API}/runs/{run_id}").json()["started_at"].startswith("9999-12-31")


def test_the_status_counts_what_is_there(http: httpx.Client):
    before = http.get(f"{API}/status").json()["counts"]
    http.post(f"{API}/models", json={"name": "counted"})
    after = http.get(f"{API}/status").json()["counts"]
    assert after["models"] == before["models"] + 1
    assert after["events"] == before["events"] + 1
