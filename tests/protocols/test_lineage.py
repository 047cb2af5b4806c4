"""The lineage of what MLflow's client made, over the native API."""


def test_a_registered_version_comes_from_the_model_that_a_run_logged(http, mlflow, client):
    with mlflow.start_run(run_name="trainer", experiment_id="0") as run:
        model = mlflow.create_external_model("m", source_run_id=run.info.run_id)
    client.create_registered_model("Fraud")
    client.create_model_version("Fraud", f"models:/{model.model_id}", model_id=model.model_id)
    answer = http.get("/api/v1/lineage/model_version/Fraud/1", params={"direction": "upstream"}).json()
    assert [(node["kind"], node["name"]) for node in answer["nodes"]] == [
        ("model_version", "Fraud"),
        ("logged_model", "m"),
        ("run", "trainer"),
    ]
    assert {(edge["source"], edge["target"]) for edge in answer["edges"]} == {(1, 0), (2, 1)}
    assert answer["complete"]
    near = http.get(f"/api/v1/lineage/run/{run.info.run_id}", params={"depth": 1}).json()
    assert {node["kind"] for node in near["nodes"]} == {"run", "logged_model"}
    assert http.get("/api/v1/lineage/run/unknown").status_code == 404
    assert http.get("/api/v1/lineage/ship/1").status_code == 400
