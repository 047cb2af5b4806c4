"""The lines that load a model, for people to copy."""

from podium.domain.registry import ModelVersion, RegisteredModel


def load_snippets(url: str, model: RegisteredModel, version: ModelVersion | None = None) -> dict[str, str]:
    """The code by the client that runs it: the version given, else what stands in production, else the newest."""
    place = _place(model, version)
    number = version.version if version is not None else _number(model)
    return {
        "mlflow": (
            f'import mlflow\nmlflow.set_tracking_uri("{url}")\n'
            f'model = mlflow.pyfunc.load_model("models:/{model.name}{place}")'
        ),
        "wandb": (
            f'import os\nos.environ["WANDB_BASE_URL"] = "{url}"\nimport wandb\n'
            f'artifact = wandb.Api().artifact("wandb-registry-model/{model.name}:v{number - 1}")\n'
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
    return "/Production" if "Production" in stages else f"/{_number(model)}"


def _number(model: RegisteredModel) -> int:
    """Of the champion, else of the version in production, else of the newest."""
    standing = {latest.stage: latest.version for latest in model.latest}
    return model.aliases.get("champion") or standing.get("Production") or max(standing.values(), default=1)
