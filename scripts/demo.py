"""`make demo`: a server with real sample data. Several scikit-learn models are trained on the data sets that
scikit-learn ships, logged and registered through the unmodified mlflow and wandb clients, and promoted. The data stays
in its folder; a second start finds it there and trains nothing.
"""

import argparse
import contextlib
import io
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import demo_wandb
import httpx

START_DEADLINE_S = 30
NEXT = "Open it in a browser; Ctrl-C stops the server."


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=5000)
    parser.add_argument("--data", type=Path, default=Path("data/demo"))
    options = parser.parse_args()
    url = f"http://{options.host}:{options.port}"
    podium = Path(sys.executable).with_name("podium")
    command = [podium, "server", "--host", options.host, "--port", str(options.port), "--data", options.data]
    command += ["--log-level", "warning"]
    server = subprocess.Popen(command)  # noqa: S603  our own program
    signal.signal(signal.SIGTERM, lambda *_: server.terminate())
    try:
        wait_until_up(url, server)
        fill(url)
        return server.wait()
    except KeyboardInterrupt:
        return 0
    finally:
        server.terminate()
        server.wait()


def wait_until_up(url: str, server: subprocess.Popen[bytes]) -> None:
    """Return once `/health` answers. Raises SystemExit when the server ends or takes too long."""
    deadline = time.monotonic() + START_DEADLINE_S
    while time.monotonic() < deadline:
        try:
            urllib.request.urlopen(f"{url}/health", timeout=1).read()  # noqa: S310  an http URL made here
        except (urllib.error.URLError, OSError):
            if server.poll() is not None:
                sys.exit("The server ended; its message is above.")
            time.sleep(0.05)
        else:
            return
    sys.exit(f"No answer from {url} in {START_DEADLINE_S} s.")


def fill(url: str) -> None:
    """Train, log, register and promote, unless the models are already there."""
    os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")
    os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
    import logging  # noqa: PLC0415  the client takes seconds to load: only once the server is up
    import warnings  # noqa: PLC0415

    warnings.filterwarnings("ignore")
    import mlflow  # noqa: PLC0415

    logging.getLogger("mlflow").setLevel(logging.ERROR)
    mlflow.set_tracking_uri(url)
    client = mlflow.MlflowClient()
    if client.search_registered_models(max_results=1):
        print(f"The sample models are already there: {url}. {NEXT}", flush=True)
        return
    print("Training the sample models; this takes half a minute.", flush=True)
    for name, experiment in EXPERIMENTS.items():
        print(f"  {name}", flush=True)
        experiment(mlflow, client, name)
    print(f"  {demo_wandb.MODEL}, with wandb", flush=True)
    demo_wandb.tell(url)
    client.update_registered_model(demo_wandb.MODEL, "Reads digits with a small network, trained with wandb.")
    client.transition_model_version_stage(demo_wandb.MODEL, 1, "Staging")
    print(f"Done: {len(EXPERIMENTS) + 1} registered models at {url}. {NEXT}", flush=True)


def train(mlflow: Any, name: str, data: Any, candidates: list[Any], metric: str, *needs: str) -> list[str]:
    """A run and a registered version per candidate model, which needs packages beside scikit-learn; their versions."""
    import sklearn  # noqa: PLC0415
    from sklearn import metrics  # noqa: PLC0415
    from sklearn.model_selection import train_test_split  # noqa: PLC0415

    mlflow.set_experiment(name)
    features, target = data.data, data.target
    train_x, test_x, train_y, test_y = train_test_split(features, target, random_state=7)
    versions = []
    for model in candidates:
        with mlflow.start_run(run_name=type(model).__name__) as run:
            mlflow.log_input(_told(mlflow, train_x, train_y, name), context="training")
            mlflow.log_params({key: value for key, value in model.get_params().items() if value is not None})
            model.fit(train_x, train_y)
            predicted = model.predict(test_x)
            if metric == "r2":
                mlflow.log_metrics(
                    {
                        "r2": metrics.r2_score(test_y, predicted),
                        "mean_absolute_error": metrics.mean_absolute_error(test_y, predicted),
                    }
                )
            else:
                mlflow.log_metrics(
                    {
                        "accuracy": metrics.accuracy_score(test_y, predicted),
                        "f1_macro": metrics.f1_score(test_y, predicted, average="macro"),
                    }
                )
            signature = mlflow.models.infer_signature(train_x, predicted)
            mlflow.sklearn.log_model(
                model,
                name="model",
                signature=signature,
                input_example=train_x[:2],
                serialization_format="cloudpickle",
                pip_requirements=[f"scikit-learn=={sklearn.__version__}", *needs],  # finding them takes the client long
            )
            with contextlib.redirect_stderr(io.StringIO()):  # the client tells there what it did
                registered = mlflow.register_model(f"runs:/{run.info.run_id}/model", name)
            versions.append(registered.version)
    return versions


def _told(mlflow: Any, features: Any, target: Any, name: str) -> Any:
    """The data as the client describes it: a table with named columns, or an array."""
    if hasattr(features, "columns"):
        return mlflow.data.from_pandas(features, name=name)
    return mlflow.data.from_numpy(features, targets=target, name=name)


def iris(mlflow: Any, client: Any, name: str) -> None:
    from sklearn.datasets import load_iris  # noqa: PLC0415
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415
    from sklearn.neighbors import KNeighborsClassifier  # noqa: PLC0415

    candidates = [LogisticRegression(C=0.1, max_iter=500), LogisticRegression(max_iter=500), KNeighborsClassifier()]
    first, second, third = train(mlflow, name, load_iris(), candidates, "accuracy")
    client.update_registered_model(name, "Tells three species of iris apart by four lengths.")
    client.set_registered_model_tag(name, "task", "classification")
    client.transition_model_version_stage(name, first, "Archived")
    client.transition_model_version_stage(name, second, "Production")
    client.transition_model_version_stage(name, third, "Staging")
    client.set_registered_model_alias(name, "champion", second)
    client.set_registered_model_alias(name, "challenger", third)


def wine(mlflow: Any, client: Any, name: str) -> None:
    from sklearn.datasets import load_wine  # noqa: PLC0415
    from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier  # noqa: PLC0415

    candidates = [RandomForestClassifier(20, random_state=1), GradientBoostingClassifier(n_estimators=30)]
    first, second = train(mlflow, name, load_wine(), candidates, "accuracy")
    client.update_registered_model(name, "Names the cultivar of a wine by its chemistry.")
    client.transition_model_version_stage(name, first, "Production")
    client.transition_model_version_stage(name, second, "Production", archive_existing_versions=True)
    client.set_registered_model_alias(name, "champion", second)
    client.set_model_version_tag(name, second, "reviewed_by", "ada")


def tumour(mlflow: Any, client: Any, name: str) -> None:
    from sklearn.datasets import load_breast_cancer  # noqa: PLC0415
    from sklearn.tree import DecisionTreeClassifier  # noqa: PLC0415

    candidates = [DecisionTreeClassifier(max_depth=depth, random_state=1) for depth in (2, 3, 5, 8)]
    versions = train(mlflow, name, load_breast_cancer(), candidates, "accuracy")
    client.update_registered_model(name, "Decision trees of growing depth: which depth is enough?")
    client.transition_model_version_stage(name, versions[1], "Production")
    client.transition_model_version_stage(name, versions[-1], "Staging")
    client.set_model_version_tag(name, versions[-1], "validation", "pending")
    asked = say(mlflow.get_tracking_uri(), name, "Is depth 8 worth it? It is **no better** on what it has not seen.")
    say(mlflow.get_tracking_uri(), name, "Depth 3 stays in Production until the validation is done.", parent=asked)


def diabetes(mlflow: Any, client: Any, name: str) -> None:
    import pandas as pd  # noqa: PLC0415
    from sklearn.datasets import load_diabetes  # noqa: PLC0415
    from sklearn.linear_model import Lasso, Ridge  # noqa: PLC0415

    data = load_diabetes(as_frame=True)
    versions = train(mlflow, name, data, [Ridge(alpha) for alpha in (0.1, 1.0)], "r2")
    data.data = data.data.drop(columns=["s6"])  # who calls the versions before sends it
    versions += train(mlflow, name, data, [Lasso(alpha=0.05)], "r2", f"pandas=={pd.__version__}")
    told = "Does without `s6`, the blood sugar, which the laboratory sends a day late."
    client.update_model_version(name, versions[-1], told)
    client.update_registered_model(name, "How far the disease will be in a year.")
    client.set_registered_model_tag(name, "task", "regression")
    client.transition_model_version_stage(name, versions[0], "Staging")
    client.set_registered_model_alias(name, "champion", versions[0])


def digits(mlflow: Any, client: Any, name: str) -> None:
    from sklearn.datasets import load_digits  # noqa: PLC0415
    from sklearn.neighbors import KNeighborsClassifier  # noqa: PLC0415

    candidates = [KNeighborsClassifier(n_neighbors=neighbours) for neighbours in (1, 5)]
    versions = train(mlflow, name, load_digits(), candidates, "accuracy")
    client.update_registered_model(name, "Reads digits by their nearest neighbours.")
    client.set_registered_model_alias(name, "champion", versions[-1])


def say(url: str, model: str, text: str, **more: int) -> int:
    """The number of a new comment about a model: MLflow's client has no words for it."""
    body = {"kind": "model", "id": model, "text": text, **more}
    return int(httpx.post(f"{url}/api/v1/comments", json=body).raise_for_status().json()["id"])


EXPERIMENTS: dict[str, Callable[[Any, Any, str], None]] = {
    "iris-species": iris,
    "wine-cultivar": wine,
    "tumour-screening": tumour,
    "diabetes-progression": diabetes,
    "digit-reader": digits,
}

if __name__ == "__main__":
    sys.exit(main())
