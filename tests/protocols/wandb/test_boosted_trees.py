"""What LightGBM and XGBoost log by W&B's callbacks and by MLflow's autologging, read back by both clients."""

import json
from pathlib import Path

import numpy as np
import pytest

pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.timeout(240)]

PROJECT = "trees"
ROUNDS = 8


@pytest.fixture(scope="module")
def flowers() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Features and classes of two classes of points, to train with and to judge by."""
    features = np.random.default_rng(0).normal(size=(200, 4))
    classes = (features[:, 0] + features[:, 1] > 0).astype(int)
    return features[:150], classes[:150], features[150:], classes[150:]


@pytest.fixture
def lightgbm():
    import lightgbm

    return lightgbm


def trained_by_lightgbm(lightgbm, flowers, **more):
    features, classes, unseen, expected = flowers
    known = lightgbm.Dataset(features, classes)
    params = {"objective": "binary", "metric": ["binary_logloss", "auc"], "verbosity": -1, "num_threads": 1}
    judge = known.create_valid(unseen, expected)
    return lightgbm.train(params, known, ROUNDS, valid_sets=[judge], valid_names=["val"], **more)


def importance(run) -> dict[str, float]:
    """The table of importances, by name, from the artifact that holds it."""
    (table,) = [artifact for artifact in run.logged_artifacts() if artifact.type == "run_table"]
    return dict(table.get("Feature Importance_table").data)


def seen_by_mlflow(client):
    project = client.get_experiment_by_name(PROJECT)
    (run,) = client.search_runs([project.experiment_id])
    return run


def test_lightgbm_logs_to_wandb(wandb, client, lightgbm, flowers, tmp_path):
    from wandb.integration.lightgbm import log_summary, wandb_callback

    judged = {}
    with wandb.init(project=PROJECT, id="lgb"):
        callbacks = [wandb_callback(), lightgbm.record_evaluation(judged)]
        model = trained_by_lightgbm(lightgbm, flowers, callbacks=callbacks)
        log_summary(model, save_model_checkpoint=True)

    run = wandb.Api().run(f"{PROJECT}/lgb")
    assert run.config["metric"] == ["binary_logloss", "auc"]
    assert run.config["num_iterations"] == ROUNDS
    rows = [row for row in run.scan_history() if row.get("val_auc") is not None]
    assert [row["val_auc"] for row in rows] == judged["val"]["auc"]
    assert [row["iteration"] for row in rows] == list(range(ROUNDS))
    assert run.summary["val_auc"]["max"] == max(judged["val"]["auc"])
    assert run.history_keys["keys"]["val_auc"]["previousValue"] == judged["val"]["auc"][-1]
    assert run.summary["best_score"]["val"]["binary_logloss"] == model.best_score["val"]["binary_logloss"]
    assert importance(run) == dict(zip(model.feature_name(), model.feature_importance(), strict=True))

    artifact = wandb.Api().artifact(f"{PROJECT}/model_lgb:best", type="model")
    (file,) = Path(artifact.download(str(tmp_path / "model"), skip_cache=True)).iterdir()
    again = lightgbm.Booster(model_file=file)
    assert np.array_equal(again.predict(flowers[2]), model.predict(flowers[2]))

    seen = seen_by_mlflow(client)
    assert (seen.info.status, seen.data.params["objective"]) == ("FINISHED", "binary")
    assert seen.data.metrics["best_score.val.auc"] == model.best_score["val"]["auc"]
    points = client.get_metric_history(seen.info.run_id, "val_binary_logloss")
    assert [(point.step, point.value) for point in points] == list(enumerate(judged["val"]["binary_logloss"]))


def test_xgboost_logs_to_wandb(wandb, client, flowers, tmp_path):
    xgboost = pytest.importorskip("xgboost", reason="has no wheel without GPUs for this system")
    from wandb.integration.xgboost import WandbCallback

    known, unseen = (xgboost.DMatrix(flowers[at], flowers[at + 1]) for at in (0, 2))
    judged = {}
    params = {"objective": "binary:logistic", "eval_metric": ["logloss", "auc"], "max_depth": 2, "nthread": 1}
    options = {"evals": [(unseen, "val")], "evals_result": judged, "early_stopping_rounds": ROUNDS}
    with wandb.init(project=PROJECT, id="xgb"):
        callbacks = [WandbCallback(log_model=True)]
        model = xgboost.train(params, known, ROUNDS, callbacks=callbacks, verbose_eval=False, **options)

    run = wandb.Api().run(f"{PROJECT}/xgb")
    assert run.config["learner"]["objective"]["name"] == "binary:logistic"
    logged = [row["val-logloss"] for row in run.scan_history(keys=["val-logloss"])]
    assert logged == judged["val"]["logloss"]
    assert run.summary["val-auc"]["max"] == max(judged["val"]["auc"])
    assert run.summary["best_iteration"] == model.best_iteration
    assert importance(run) == pytest.approx(model.get_score(importance_type="gain"))

    artifact = wandb.Api().artifact(f"{PROJECT}/xgb_model.json:latest", type="model")
    (file,) = Path(artifact.download(str(tmp_path / "model"), skip_cache=True)).iterdir()
    again = xgboost.Booster(model_file=file)
    assert np.array_equal(again.predict(unseen), model.predict(unseen))

    seen = seen_by_mlflow(client)
    assert seen.data.params["learner.gradient_booster.name"] == "gbtree"
    assert seen.data.metrics["best_score"] == run.summary["best_score"]
    points = client.get_metric_history(seen.info.run_id, "val-auc")
    assert [point.value for point in points] == judged["val"]["auc"]


def test_mlflow_logs_what_lightgbm_trains(wandb, mlflow, client, lightgbm, flowers, tmp_path):
    mlflow.set_experiment(PROJECT)
    mlflow.lightgbm.autolog(log_datasets=True, registered_model_name="Leaves")
    judged = {}
    try:
        with mlflow.start_run() as run:
            model = trained_by_lightgbm(lightgbm, flowers, callbacks=[lightgbm.record_evaluation(judged)])
    finally:
        mlflow.lightgbm.autolog(disable=True)

    seen = client.get_run(run.info.run_id)
    assert (seen.data.params["objective"], seen.data.params["num_boost_round"]) == ("binary", str(ROUNDS))
    points = client.get_metric_history(run.info.run_id, "val-auc")
    assert [(point.step, point.value) for point in points] == list(enumerate(judged["val"]["auc"]))
    assert [entry.dataset.name for entry in seen.inputs.dataset_inputs]
    kept = json.loads(mlflow.artifacts.load_text(f"runs:/{run.info.run_id}/feature_importance_split.json"))
    assert list(kept.values()) == model.feature_importance().tolist()

    (version,) = client.search_model_versions("name = 'Leaves'")
    assert version.run_id == run.info.run_id
    loaded = mlflow.lightgbm.load_model("models:/Leaves/1")
    assert np.array_equal(loaded.predict(flowers[2]), model.predict(flowers[2]))

    found = wandb.Api().run(f"{PROJECT}/{run.info.run_id}")
    assert found.summary["val-auc"] == judged["val"]["auc"][-1]
    folder = wandb.Api().artifact("wandb-registry-model/Leaves:v0").download(str(tmp_path), skip_cache=True)
    assert np.array_equal(mlflow.lightgbm.load_model(folder).predict(flowers[2]), model.predict(flowers[2]))
