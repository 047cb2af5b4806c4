"""Runs through the unmodified client, and what raw requests are refused with."""

import math

import pytest

API = "/api/2.0/mlflow"
AJAX = "/ajax-api/2.0/mlflow"
POINT = {"run_id": "$", "key": "a", "value": 1, "timestamp": 1}  # the test puts the run in


@pytest.fixture
def run_id(client):
    return client.create_run("0").info.run_id


def refusal(response):
    assert response.status_code == 400, response.text
    assert response.json()["error_code"] == "INVALID_PARAMETER_VALUE"
    return response.json()["message"]


def test_a_run_as_scripts_make_it(mlflow, client):
    with mlflow.start_run(run_name="first", tags={"team": "a"}) as run:
        mlflow.log_params({"lr": 0.1, "empty": ""})
        mlflow.log_metrics({"loss": 0.5, "acc": 0.9}, step=1)
        mlflow.log_metric("loss", 0.25, step=2)
        mlflow.set_tag("note", "x")
    found = client.get_run(run.info.run_id)
    assert (found.info.run_name, found.info.status, found.info.lifecycle_stage) == ("first", "FINISHED", "active")
    assert found.info.end_time >= found.info.start_time
    assert found.data.params == {"lr": "0.1", "empty": ""}
    assert found.data.metrics == {"loss": 0.25, "acc": 0.9}
    assert found.data.tags.items() >= {"team": "a", "note": "x", "mlflow.runName": "first"}.items()


def test_values_that_json_lacks(client, http, run_id):
    for step, value in enumerate((math.nan, math.inf, -math.inf, 1.5)):
        client.log_metric(run_id, "loss", value, timestamp=step, step=step)
    shown = http.get(f"{API}/metrics/get-history", params={"run_id": run_id, "metric_key": "loss"}).json()
    assert [metric["value"] for metric in shown["metrics"]] == ["NaN", "Infinity", "-Infinity", 1.5]
    values = [metric.value for metric in client.get_metric_history(run_id, "loss")]
    assert math.isnan(values[0])
    assert values[1:] == [math.inf, -math.inf, 1.5]
    python_json = f'{{"run_id": "{run_id}", "key": "raw", "value": NaN, "timestamp": "17", "step": "2"}}'
    assert http.post(f"{API}/runs/log-metric", content=python_json).status_code == 200
    assert math.isnan(client.get_run(run_id).data.metrics["raw"])


def test_rename_delete_and_restore(client, run_id):
    client.set_tag(run_id, "mlflow.runName", "renamed")
    assert client.get_run(run_id).info.run_name == "renamed"
    client.update_run(run_id, status="KILLED", name="again")
    found = client.get_run(run_id)
    assert (found.info.status, found.info.run_name, found.data.tags["mlflow.runName"]) == ("KILLED", "again", "again")
    client.delete_run(run_id)
    assert client.get_run(run_id).info.lifecycle_stage == "deleted"
    with pytest.raises(Exception, match=f"The run {run_id} must be in the 'active' state"):
        client.log_metric(run_id, "loss", 1.0)
    client.restore_run(run_id)
    client.delete_tag(run_id, "mlflow.runName")
    assert "mlflow.runName" not in client.get_run(run_id).data.tags


def test_a_changed_param_is_the_clients_own_error(mlflow, client, run_id):
    client.log_param(run_id, "lr", 1)
    client.log_param(run_id, "lr", 1)
    with pytest.raises(mlflow.exceptions.MlflowException, match="Changing param values is not allowed") as caught:
        client.log_param(run_id, "lr", 2)
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"


def test_datasets_and_models_of_a_run(mlflow, client, http):
    import numpy as np

    data = mlflow.data.from_numpy(np.arange(4.0), name="numbers")
    with mlflow.start_run() as run:
        mlflow.log_input(data, context="training")
    run_id = run.info.run_id
    models = {"run_id": run_id, "models": [{"model_id": "m-1", "step": "3"}]}
    assert http.post(f"{API}/runs/outputs", json=models).status_code == 200
    (given,) = client.get_run(run_id).inputs.dataset_inputs
    assert (given.dataset.name, given.tags[0].value) == ("numbers", "training")
    assert given.dataset.schema
    (made,) = client.get_run(run_id).outputs.model_outputs
    assert (made.model_id, made.step) == ("m-1", 3)
    found = http.post(f"{AJAX}/experiments/search-datasets", json={"experiment_ids": ["0"]}).json()
    digest = given.dataset.digest
    summary = {"experiment_id": "0", "name": "numbers", "digest": digest, "context": "training"}
    assert found == {"dataset_summaries": [summary]}


def test_histories_for_the_pages(client, http):
    runs = sorted(client.create_run("0").info.run_id for _ in range(2))
    for run in runs:
        client.log_batch(run, metrics=[_metric("a", float(step), 5, step) for step in range(20)])
    bulk = http.get(f"{AJAX}/metrics/get-history-bulk", params={"run_id": runs, "metric_key": "a", "max_results": 25})
    assert [m["run_id"] for m in bulk.json()["metrics"]] == [runs[0]] * 20 + [runs[1]] * 5
    assert bulk.json()["metrics"][3] == {"key": "a", "value": 3.0, "timestamp": 5, "step": 3, "run_id": runs[0]}
    asked = {"run_ids": runs, "metric_key": "a", "max_results": 5, "start_step": 0, "end_step": 9}
    for prefix in (API, AJAX):
        sampled = http.get(f"{prefix}/metrics/get-history-bulk-interval", params=asked).json()["metrics"]
        assert [m["step"] for m in sampled if m["run_id"] == runs[1]] == [0, 2, 4, 6, 9]
    assert http.get(f"{API}/metrics/get-history-bulk", params={"run_id": runs}).status_code == 404


def test_a_page_of_history_names_the_next(http, client, run_id):
    client.log_batch(run_id, metrics=[_metric("a", 1.0, 5, step) for step in range(3)])
    asked = {"run_uuid": run_id, "metric_key": "a", "max_results": "2"}
    first = http.get(f"{API}/metrics/get-history", params=asked).json()
    second = http.get(f"{API}/metrics/get-history", params={**asked, "page_token": first["next_page_token"]}).json()
    assert [m["step"] for m in first["metrics"] + second["metrics"]] == [0, 1, 2]
    assert "next_page_token" not in second


@pytest.mark.parametrize(
    ("path", "body", "message"),
    [
        ("log-metric", {**POINT, "run_id": 31}, "Invalid value 31 for parameter 'run_id'"),
        ("log-metric", {"key": "a", "value": 1, "timestamp": 1}, "Missing value for required parameter 'run_id'"),
        ("log-metric", {**POINT, "key": None}, "required parameter 'key'"),
        ("log-metric", {"run_id": "$", "key": "a", "timestamp": 1}, "Missing value for required parameter 'value'"),
        ("log-metric", {"run_id": "$", "key": "a", "value": 1}, "Missing value for required parameter 'timestamp'"),
        ("log-metric", {**POINT, "value": "x"}, "Invalid value \"x\" for parameter 'value'"),
        ("log-metric", {**POINT, "timestamp": 2**63}, "for parameter 'timestamp'"),
        ("log-metric", {**POINT, "step": "x"}, "Invalid value \"x\" for parameter 'step'"),
        ("log-metric", {**POINT, "key": "../a"}, "Invalid value \"../a\" for parameter 'name'"),
        ("log-parameter", {"run_id": "$", "key": 31, "value": "x"}, "Invalid value 31 for parameter 'key'"),
        ("set-tag", {"run_id": "$", "key": "a", "value": 41}, "Invalid value 41 for parameter 'value'"),
        ("log-batch", {"run_id": "$", "metrics": "foo"}, "Invalid value \"foo\" for parameter 'metrics'"),
        ("log-batch", {"run_id": "$", "metrics": [{"key": "a", "value": 1}]}, "parameter 'metrics[0].timestamp'"),
        ("log-batch", {"run_id": "$", "params": [{"value": "1"}]}, "required parameter 'params[0].key'"),
        ("update", {"run_id": "$", "status": "DONE"}, "Invalid value \"DONE\" for parameter 'status'"),
        ("outputs", {"run_id": "$"}, "Missing value for required parameter 'models'"),
        ("log-model", {"run_id": "$", "model_json": "{"}, "Malformed model info"),
    ],
)
def test_what_raw_requests_are_refused_with(http, run_id, path, body, message):
    if body.get("run_id") == "$":
        body = {**body, "run_id": run_id}
    assert message in refusal(http.post(f"{API}/runs/{path}", json=body))


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"metric_key": "a"}, "Missing value for required parameter 'run_ids'."),
        ({"run_ids": ["1"]}, "Missing value for required parameter 'metric_key'"),
        ({"run_ids": ["1"] * 101, "metric_key": "a"}, "must specify at most 100 run_ids. Received 101 run_ids."),
        ({"run_ids": ["1"], "metric_key": "a", "max_results": 0}, "max_results must be between 1 and 2500."),
        ({"run_ids": ["1"], "metric_key": "a", "start_step": 1}, "both must be specified"),
        ({"run_ids": ["1"], "metric_key": "a", "start_step": 2, "end_step": 1}, "end_step must be greater"),
    ],
)
def test_intervals_that_are_refused(http, params, message):
    assert message in refusal(http.get(f"{AJAX}/metrics/get-history-bulk-interval", params=params))


def test_a_run_that_is_not_there(http):
    response = http.get(f"{API}/runs/get", params={"run_id": "none"})
    assert (response.status_code, response.json()) == (
        404,
        {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "Run with id=none not found"},
    )


def _metric(key, value, timestamp, step):
    from mlflow.entities import Metric

    return Metric(key, value, timestamp, step)
