"""Answers in which a comparison with MLflow's own server found Podium's to differ."""

import pytest

API = "/api/2.0/mlflow"
TREE = "/api/2.0/mlflow-artifacts/artifacts"


def refusal(response):
    assert response.status_code == 400, response.text
    assert response.json()["error_code"] == "INVALID_PARAMETER_VALUE"
    return response.json()["message"]


def test_an_experiment_is_shown_with_empty_tags_and_its_workspace(http):
    tags = [{"key": "empty", "value": ""}]
    made = http.post(f"{API}/experiments/create", json={"name": "tagged", "tags": tags}).json()
    shown = http.get(f"{API}/experiments/get", params=made).json()["experiment"]
    assert shown["tags"] == tags
    assert shown["workspace"] == "default"
    assert (
        http.get(f"{API}/experiments/get-by-name", params={"experiment_name": "tagged"}).json()["experiment"] == shown
    )


def test_an_artifact_location_is_no_part_of_a_resource(http):
    asked = {"name": "elsewhere", "artifact_location": "s3://bucket/folder#part"}
    message = refusal(http.post(f"{API}/experiments/create", json=asked))
    assert message == "'artifact_location' URL can't include fragments or params."


@pytest.mark.parametrize(
    ("limit", "reason"), [(0, "a positive integer"), (-1, "a positive integer"), (50_001, "at most 50000")]
)
def test_the_size_of_a_page_is_bounded(http, limit, reason):
    message = refusal(http.post(f"{API}/experiments/search", json={"max_results": limit}))
    assert message == f"Invalid value {limit} for parameter 'max_results' supplied. It must be {reason}"


def test_runs_are_searched_by_ids_of_experiments(http):
    message = refusal(http.post(f"{API}/runs/search", json={"experiment_ids": ["0", "Default"]}))
    assert message == "Invalid experiment ID 'Default'. Experiment ID must be a valid integer."


@pytest.mark.parametrize("half", [{"dataset_name": "train"}, {"dataset_digest": "d1"}])
def test_a_metric_names_its_dataset_whole(http, client, half):
    point = {"run_id": client.create_run("0").info.run_id, "key": "loss", "value": 1, "timestamp": 1}
    message = refusal(http.post(f"{API}/runs/log-metric", json=point | half))
    assert message == "Both dataset_name and dataset_digest must be provided if one is provided"


def test_another_method_is_told_from_another_path(http):
    response = http.get(f"{API}/runs/search")
    assert (response.status_code, response.headers["Allow"]) == (405, "POST")
    assert response.json()["error_code"] == "ENDPOINT_NOT_FOUND"
    response = http.get(f"{API}/runs/seek")
    assert (response.status_code, response.json()["error_code"]) == (404, "ENDPOINT_NOT_FOUND")


def test_deleting_a_file_twice_is_no_error(http):
    assert http.put(f"{TREE}/0/a.txt", content=b"a").status_code == 200
    for _ in range(2):
        assert http.delete(f"{TREE}/0/a.txt").status_code == 200
    assert http.get(f"{TREE}/0/a.txt").status_code == 404


def test_a_folder_cannot_be_uploaded(http):
    message = refusal(http.put(f"{TREE}/0/folder/", content=b"a"))
    assert message == "Artifact path must include a filename (cannot end with '/')."


def test_tags_of_an_evaluation_dataset_are_of_any_type_and_none_takes_them_off(client):
    made = client.create_dataset(name="quiz", experiment_id="0", tags={"level": 3, "draft": True})
    client.set_dataset_tags(made.dataset_id, {"draft": None, "level": 4})
    tags = client.get_dataset(made.dataset_id).tags
    assert tags["level"] == "4"
    assert "draft" not in tags
