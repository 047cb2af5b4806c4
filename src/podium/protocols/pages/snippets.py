"""The lines that load a model, for people to copy."""

from podium.domain.registry import ModelVersion, RegisteredModel

# W&B's client wants a key of 40 characters or more, and a server without accounts takes any.
ANY_KEY = "local-" + "0" * 40


def load_snippets(
    url: str, model: RegisteredModel, version: ModelVersion | None = None, *, is_open: bool
) -> dict[str, str]:
    """The code by the client that runs it: the version given, else the champion, else production, else the newest.

    `is_open` is for a server without accounts; on others the reader has a key.
    """
    place = _place(model, version)
    # W&B counts from 0.
    wandb_place = f":{place[1:]}" if place.startswith("@") else f":v{_number(model, version) - 1}"
    key = f'os.environ["WANDB_API_KEY"] = "{ANY_KEY}"' if is_open else "# export WANDB_API_KEY=<your key>"
    return {
        "mlflow": (
            f'import mlflow\nmlflow.set_tracking_uri("{url}")\n'
            f'model = mlflow.pyfunc.load_model("models:/{model.name}{place}")'
        ),
        "wandb": (
            f'import os\nos.environ["WANDB_BASE_URL"] = "{url}"\n{key}\nimport wandb\n'
            f'artifact = wandb.Api().artifact("wandb-registry-model/{model.name}{wandb_place}")\n'
            "folder = artifact.download()"
        ),
        "the mlflow command": f'MLFLOW_TRACKING_URI={url} mlflow models serve -m "models:/{model.name}{place}"',
    }


def logged_model_snippets(url: str, model_id: str) -> dict[str, str]:
    """The code that loads a logged model, and the code that registers it."""
    begin = f'import mlflow\nmlflow.set_tracking_uri("{url}")\n'
    return {
        "mlflow": f'{begin}model = mlflow.pyfunc.load_model("models:/{model_id}")',
        "register it": f'{begin}mlflow.register_model("models:/{model_id}", "MyModel")',
    }


def _place(model: RegisteredModel, version: ModelVersion | None) -> str:
    if version is not None:
        return f"/{version.version}"
    if "champion" in model.aliases:
        return "@champion"
    stages = {latest.stage for latest in model.latest}
    return "/Production" if "Production" in stages else f"/{_number(model, None)}"


def _number(model: RegisteredModel, version: ModelVersion | None) -> int:
    """Of the version given, else of what stands in production, else of the newest."""
    if version is not None:
        return version.version
    standing = {latest.stage: latest.version for latest in model.latest}
    return standing.get("Production") or max(standing.values(), default=1)
