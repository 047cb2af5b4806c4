"""Teams over the native API."""


def test_a_team_that_the_mlflow_client_deleted_is_restored(http):
    workspaces = "/api/3.0/mlflow/workspaces"
    assert http.post(workspaces, json={"name": "blue", "description": "sky"}).is_success
    inside = {"X-Podium-Team": "blue"}
    assert http.post("/api/v1/models", json={"name": "M"}, headers=inside).status_code == 201
    assert http.delete(f"{workspaces}/blue", params={"mode": "CASCADE"}).is_success
    assert [team["name"] for team in http.get("/api/v1/teams").json()["items"]] == ["default"]

    restored = http.post("/api/v1/teams/blue/restore")
    assert restored.json() == {"name": "blue", "description": "sky", "default_artifact_root": None, "kind": "team"}
    assert http.get("/api/v1/models/M", headers=inside).json()["name"] == "M"
    assert http.post("/api/v1/teams/blue/restore").status_code == 404
