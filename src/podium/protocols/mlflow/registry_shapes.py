"""Registered models and their versions as MLflow's messages have them."""

import msgspec

from podium.domain.filters import And, Comparison, Field, FieldKind, Node, Operator
from podium.domain.registry import PROMPT_TAG, LoggedMetric, ModelVersion, RegisteredModel
from podium.protocols.mlflow.wire import encode, json_float

_IS_PROMPT = Field(FieldKind.TAG, PROMPT_TAG)


class Tag(msgspec.Struct):
    key: str = ""
    value: str = ""


class Alias(msgspec.Struct):
    alias: str
    version: str


class ModelParam(msgspec.Struct):
    name: str
    value: str


class ModelMetric(msgspec.Struct, omit_defaults=True):
    key: str
    value: float | str
    timestamp: int
    step: int
    model_id: str
    run_id: str
    dataset_name: str | None = None
    dataset_digest: str | None = None


class Version(msgspec.Struct, omit_defaults=True):
    """MLflow's `ModelVersion` message; `files` is Podium's own, and passed over by clients."""

    name: str
    version: str
    creation_timestamp: int
    last_updated_timestamp: int
    current_stage: str
    source: str
    run_id: str
    run_link: str
    status: str
    files: str
    description: str | None = None
    user_id: str | None = None
    status_message: str | None = None
    tags: list[Tag] = []
    aliases: list[str] = []
    model_id: str | None = None
    model_params: list[ModelParam] = []
    model_metrics: list[ModelMetric] = []


class Model(msgspec.Struct, omit_defaults=True):
    """MLflow's `RegisteredModel` message."""

    name: str
    creation_timestamp: int
    last_updated_timestamp: int
    description: str = ""
    latest_versions: list[Version] = []
    tags: list[Tag] = []
    aliases: list[Alias] = []


class OneModel(msgspec.Struct):
    registered_model: Model


class OneVersion(msgspec.Struct):
    model_version: Version


class Versions(msgspec.Struct, omit_defaults=True):
    model_versions: list[Version] = []
    next_page_token: str | None = None


class EncodedModel(msgspec.Struct):
    """`OneModel`, in JSON already; so are the next ones."""

    registered_model: msgspec.Raw


class EncodedVersion(msgspec.Struct):
    model_version: msgspec.Raw


class EncodedModels(msgspec.Struct, omit_defaults=True):
    registered_models: list[msgspec.Raw] = []
    next_page_token: str | None = None


class EncodedVersions(msgspec.Struct, omit_defaults=True):
    model_versions: list[msgspec.Raw] = []
    next_page_token: str | None = None


def encoded_model(model: RegisteredModel) -> bytes:
    """A registered model as MLflow shows it, in JSON."""
    return encode(model_of(model))


def encoded_version(version: ModelVersion) -> bytes:
    """A version as MLflow shows it, in JSON."""
    return encode(version_of(version))


def model_of(model: RegisteredModel) -> Model:
    """A registered model as MLflow shows it."""
    return Model(
        name=model.name,
        creation_timestamp=model.created_at,
        last_updated_timestamp=model.updated_at,
        description=model.description or "",
        latest_versions=[version_of(version) for version in model.latest],
        tags=tags_of(model.tags),
        aliases=[Alias(alias, str(version)) for alias, version in model.aliases.items()],
    )


def version_of(version: ModelVersion) -> Version:
    """A version as MLflow shows it."""
    return Version(
        name=version.name,
        version=str(version.version),
        creation_timestamp=version.created_at,
        last_updated_timestamp=version.updated_at,
        current_stage=version.stage,
        source=version.source,
        run_id=version.run_id or "",
        run_link=version.run_link or "",
        status=version.status,
        files=version.files,
        description=version.description,
        user_id=version.user_id,
        status_message=version.status_message,
        tags=tags_of(version.tags),
        aliases=list(version.aliases),
        model_id=version.logged_model_id,
        model_params=[ModelParam(name, value) for name, value in version.params.items()],
        model_metrics=[_metric_of(metric, version.logged_model_id or "") for metric in version.metrics],
    )


def tags_of(tags: dict[str, str]) -> list[Tag]:
    """Tags as MLflow lists them."""
    return [Tag(key, value) for key, value in tags.items()]


def tag_map(tags: list[Tag]) -> dict[str, str]:
    """Tags by key; of a key that comes twice the last one counts."""
    return {tag.key: tag.value for tag in tags}


def without_prompt_marks(condition: And) -> tuple[And, bool]:
    """The condition as the services take it, and whether it asks for prompts.

    MLflow tells prompts from models by a tag that models lack: the first comparison with it decides. Models are
    asked for by leaving it out, or by conditions that no model could fulfil as written (`= 'false'`, `!= 'true'`);
    those are dropped, because the service leaves out prompts by itself.
    """
    marks = [item for item in condition.items if isinstance(item, Comparison) and item.field == _IS_PROMPT]
    if marks and _asks_for_prompts(marks[0]):
        return condition, True
    return And(tuple(item for item in condition.items if not _is_mark(item))), False


def _is_mark(item: Node) -> bool:
    return isinstance(item, Comparison) and item.field == _IS_PROMPT


def _asks_for_prompts(mark: Comparison) -> bool:
    value = str(mark.value).lower()
    return (mark.operator, value) in ((Operator.EQ, "true"), (Operator.NE, "false"))


def _metric_of(metric: LoggedMetric, model_id: str) -> ModelMetric:
    return ModelMetric(
        key=metric.key,
        value=json_float(metric.value),
        timestamp=metric.timestamp,
        step=metric.step,
        model_id=model_id,
        run_id=metric.run_id,
        dataset_name=metric.dataset_name,
        dataset_digest=metric.dataset_digest,
    )
