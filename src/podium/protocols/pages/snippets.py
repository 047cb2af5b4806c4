"""The lines that load a model, for people to copy."""

from podium.domain.registry import ModelVersion, RegisteredModel

MLFLOW_VARIABLE = "MLFLOW_TRACKING_URI"


def load_snippets(url: str, model: RegisteredModel, version: ModelVersion | None = None) -> dict[str, str]:
    """The code by the client that runs it: the version given, else what stands in production, else the newest."""
    place = _place(model, version)
    number = version.version if version is not None else _number(model)
    return {
        "mlflow": (
            f'import mlflow\n\nmlflow.set_tracking_uri("{url}")\n'
            f'model = mlflow.pyfunc.load_model("models:/{model.name}{place}")'
        ),
        "wandb": (
            f'import os\n\nos.environ["WANDB_BASE_URL"] = "{url}"\n\nimport wandb\n\n'
            f'artifact = wandb.Api().artifact("wandb-registry-model/{model.name}:v{number - 1}")\nartifact.download()'
        ),
        "shell": f'MLFLOW_TRACKING_URI={url} mlflow models serve -m "models:/{model.name}{place}"',
    }


def _place(model: RegisteredModel, version: ModelVersion | None) -> str:
    if version is not None:
        return f"/{version.version}"
    if "champion" in model.aliases:
        return "@champion"
    stages = {latest.stage for latest in model.latest}
    return "/Production" if "Production" in stages else f"/{_number(model)}"


def _number(model: RegisteredModel) -> int:
    """Of the version in production, else of the newest."""
    standing = {latest.stage: latest.version for latest in model.latest}
    return standing.get("Production") or max(standing.values(), default=1)
