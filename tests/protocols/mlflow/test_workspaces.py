import pytest


@pytest.fixture(autouse=True)
def _no_workspace_afterwards(mlflow):
    yield
    mlflow.set_workspace(None)


def test_a_workspace_keeps_its_things_to_itself(mlflow, client):
    made = mlflow.create_workspace("blue", description="sky")
    assert (made.name, made.description) == ("blue", "sky")
    with pytest.raises(mlflow.MlflowException, match="Workspace 'blue' already exists"):
        mlflow.create_workspace("blue")
    mlflow.set_workspace("blue")
    experiment = client.get_experiment(mlflow.create_experiment("only-here"))
    assert experiment.artifact_location.endswith(f"/workspaces/blue/{experiment.experiment_id}")
    mlflow.set_workspace("default")
    assert client.get_experiment_by_name("only-here") is None
    assert [w.name for w in mlflow.list_workspaces()] == ["blue", "default"]
    with pytest.raises(mlflow.MlflowException, match="still contains"):
        mlflow.delete_workspace("blue")
    mlflow.delete_workspace("blue", mode="CASCADE")
    assert [w.name for w in mlflow.list_workspaces()] == ["default"]


def test_an_artifact_root_is_checked_and_taken_off(mlflow):
    mlflow.create_workspace("blue", default_artifact_root="s3://bucket/blue")
    assert mlflow.update_workspace("blue", default_artifact_root="").default_artifact_root is None
    with pytest.raises(mlflow.MlflowException, match="absolute path"):
        mlflow.update_workspace("blue", default_artifact_root="folder")


def test_the_server_says_what_it_can(http):
    info = http.get("/api/3.0/mlflow/server-info").json()
    assert info["workspaces_enabled"]
    assert info["multipart_uploads_enabled"]
    assert http.get("/api/2.0/mlflow/experiments/get?experiment_id=0").json()["experiment"]["name"] == "Default"
