"""What every user tries first, with the unmodified client and real scikit-learn models."""

from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

pytestmark = [
    pytest.mark.filterwarnings("ignore"),  # the client and scikit-learn warn about each other
    pytest.mark.timeout(240),
]


@pytest.fixture(scope="module")
def iris():
    return load_iris(return_X_y=True)


def log_iris(mlflow, iris, **parameters) -> tuple[str, LogisticRegression]:
    """A run with a trained model; its run id and the model."""
    features, target = iris
    model = LogisticRegression(max_iter=500, **parameters).fit(features, target)
    with mlflow.start_run() as run:
        mlflow.log_params(parameters)
        mlflow.log_metric("accuracy", model.score(features, target))
        mlflow.sklearn.log_model(
            model,
            name="model",
            input_example=features[:2],
            serialization_format="cloudpickle",
            pip_requirements=["scikit-learn"],  # found by running the model in another process otherwise: slow
        )
    return run.info.run_id, model


def test_log_register_promote_load(mlflow, client, iris):
    run_id, model = log_iris(mlflow, iris, C=0.5)

    registered = mlflow.register_model(f"runs:/{run_id}/model", "MyModel")
    assert (registered.name, str(registered.version)) == ("MyModel", "1")
    moved = client.transition_model_version_stage(name="MyModel", version=1, stage="Production")
    assert moved.current_stage == "Production"
    client.set_registered_model_alias("MyModel", "champion", 1)

    features = iris[0]
    for uri in (
        "models:/MyModel/Production",
        "models:/MyModel@champion",
        "models:/MyModel/1",
        "models:/MyModel/latest",
    ):
        assert np.array_equal(mlflow.pyfunc.load_model(uri).predict(features), model.predict(features)), uri
    assert np.array_equal(mlflow.sklearn.load_model("models:/MyModel/1").coef_, model.coef_)


def test_a_registered_version_keeps_its_bytes_whatever_happens_to_the_run(mlflow, client, iris, tmp_path):
    run_id, model = log_iris(mlflow, iris, C=0.5)
    version = mlflow.register_model(f"runs:/{run_id}/model", "Kept")
    source = client.get_model_version("Kept", version.version).source
    before = mlflow.artifacts.download_artifacts("models:/Kept/1", dst_path=str(tmp_path / "before"))

    client.log_text(run_id, "not a model", "model/MLmodel")
    for logged in client.search_logged_models([client.get_run(run_id).info.experiment_id]):
        folder = logged.artifact_location.removeprefix("mlflow-artifacts:/")
        import requests

        url = f"{mlflow.get_tracking_uri()}/api/2.0/mlflow-artifacts/artifacts/{folder}"
        assert requests.put(f"{url}/MLmodel", data=b"overwritten", timeout=30).status_code == 200
        assert requests.delete(f"{url}/model.pkl", timeout=30).status_code == 200
    client.delete_run(run_id)

    after = mlflow.artifacts.download_artifacts("models:/Kept/1", dst_path=str(tmp_path / "after"))
    assert tree(before) == tree(after)
    assert source == client.get_model_version("Kept", 1).source
    loaded = mlflow.pyfunc.load_model("models:/Kept/1")
    assert np.array_equal(loaded.predict(iris[0]), model.predict(iris[0]))


def tree(folder: str) -> dict[str, bytes]:
    """Path and bytes of each file, without the note that the client itself adds on download."""
    root = Path(folder)
    files = {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}
    files.pop("registered_model_meta", None)
    return files


def test_autologging_scikit_learn(mlflow, client, iris, monkeypatch):
    monkeypatch.setenv("MLFLOW_REQUIREMENTS_INFERENCE_TIMEOUT", "1")  # else half a minute of the client's own
    mlflow.sklearn.autolog(log_datasets=True, serialization_format="cloudpickle")
    try:
        with mlflow.start_run() as run:
            LogisticRegression(max_iter=300).fit(*iris)
    finally:
        mlflow.sklearn.autolog(disable=True)
    logged = client.get_run(run.info.run_id)
    assert logged.data.params["max_iter"] == "300"
    assert logged.data.metrics["training_score"] > 0.9
    assert logged.inputs.dataset_inputs
    assert logged.outputs.model_outputs
    assert mlflow.sklearn.load_model(f"runs:/{run.info.run_id}/model").predict(iris[0][:1]).shape == (1,)


def test_evaluating_a_classifier(mlflow, iris):
    import pandas as pd

    run_id, _ = log_iris(mlflow, iris)
    data = pd.DataFrame(iris[0], columns=["a", "b", "c", "d"]).assign(label=iris[1])
    with mlflow.start_run():
        result = mlflow.models.evaluate(
            f"runs:/{run_id}/model",
            data,
            targets="label",
            model_type="classifier",
            evaluator_config={"log_explainer": False},
        )
    assert result.metrics["accuracy_score"] > 0.9
    assert "confusion_matrix" in result.artifacts


def test_search_runs_as_a_data_frame(mlflow, iris):
    for strength in (0.1, 1.0, 10.0):
        log_iris(mlflow, iris, C=strength)
    frame = mlflow.search_runs(filter_string="params.C != '1.0'", order_by=["metrics.accuracy DESC"])
    assert sorted(frame["params.C"]) == ["0.1", "10.0"]
    assert frame["metrics.accuracy"].is_monotonic_decreasing


def test_tables_figures_images_dicts_and_inputs(mlflow, client):
    import pandas as pd
    from matplotlib.figure import Figure

    with mlflow.start_run() as run:
        mlflow.log_table({"a": [1, 2], "b": ["x", "y"]}, "table.json")
        mlflow.log_table({"a": [3], "b": ["z"]}, "table.json")
        figure = Figure()
        figure.subplots().plot([1, 2])
        mlflow.log_figure(figure, "plots/figure.png")
        mlflow.log_image(np.zeros((4, 4, 3), dtype=np.uint8), "image.png")
        mlflow.log_image(np.zeros((4, 4, 3), dtype=np.uint8), key="frames", step=3)
        mlflow.log_dict({"k": [1, 2]}, "config.json")
        mlflow.log_text("hello", "notes/hello.txt")
        mlflow.log_input(mlflow.data.from_pandas(pd.DataFrame({"a": [1]}), name="small"), context="training")
    run_id = run.info.run_id
    assert mlflow.load_table("table.json", run_ids=[run_id])["a"].tolist() == [1, 2, 3]
    assert mlflow.artifacts.load_dict(f"runs:/{run_id}/config.json") == {"k": [1, 2]}
    assert mlflow.artifacts.load_text(f"runs:/{run_id}/notes/hello.txt") == "hello"
    assert mlflow.artifacts.load_image(f"runs:/{run_id}/image.png").size == (4, 4)
    assert {f.path for f in client.list_artifacts(run_id)} >= {"table.json", "plots", "image.png", "images", "notes"}
    [used] = client.get_run(run_id).inputs.dataset_inputs
    assert (used.dataset.name, used.tags[0].value) == ("small", "training")


def test_the_mlflow_command_line(client, server_url, tmp_path, monkeypatch):
    from click.testing import CliRunner
    from mlflow.cli import cli

    monkeypatch.setenv("MLFLOW_TRACKING_URI", server_url)

    def run(*arguments: str) -> str:
        result = CliRunner().invoke(cli, arguments, catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result.output

    assert "Created experiment 'from-cli'" in run("experiments", "create", "-n", "from-cli")
    experiment = client.get_experiment_by_name("from-cli")
    assert "from-cli" in run("experiments", "search")
    run_id = client.create_run(experiment.experiment_id).info.run_id
    (tmp_path / "a.txt").write_text("a")
    run("artifacts", "log-artifact", "--local-file", str(tmp_path / "a.txt"), "--run-id", run_id)
    assert '"path": "a.txt"' in run("artifacts", "list", "--run-id", run_id)
    assert run_id in run("runs", "list", "--experiment-id", experiment.experiment_id)
    run("runs", "delete", "--run-id", run_id)
    assert client.get_run(run_id).info.lifecycle_stage == "deleted"
