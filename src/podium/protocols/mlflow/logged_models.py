"""Logged models in MLflow's words."""

from typing import Literal

import msgspec

from podium.domain.access import Actor
from podium.domain.filters import DatasetRef
from podium.domain.logged_models import LoggedModel, NewLoggedModel, Status
from podium.domain.runs import RunPoint
from podium.errors import InvalidArgument
from podium.protocols.mlflow.endpoint import Call
from podium.protocols.mlflow.grammar import (
    LOGGED_MODELS,
    OrderBy,
    parse_filter,
    parse_logged_model_order,
    restrict_to_datasets,
)
from podium.protocols.mlflow.wire import Name, json_float
from podium.services import Services
from podium.services.searching import Search

StatusName = Literal[
    "LOGGED_MODEL_STATUS_UNSPECIFIED", "LOGGED_MODEL_PENDING", "LOGGED_MODEL_READY", "LOGGED_MODEL_UPLOAD_FAILED"
]
# In the order of the numbers of the protobuf enum, which clients may send in place of the names.
_STATUS_BY_NAME: dict[StatusName, Status] = {
    "LOGGED_MODEL_STATUS_UNSPECIFIED": "UNSPECIFIED",
    "LOGGED_MODEL_PENDING": "PENDING",
    "LOGGED_MODEL_READY": "READY",
    "LOGGED_MODEL_UPLOAD_FAILED": "FAILED",
}
_STATUSES = tuple(_STATUS_BY_NAME.values())
_NAME_BY_STATUS = {status: name for name, status in _STATUS_BY_NAME.items()}


class KeyValue(msgspec.Struct):
    key: str = ""
    value: str = ""


class CreateLoggedModel(msgspec.Struct):
    experiment_id: Name
    name: str = ""
    model_type: str = ""
    source_run_id: str = ""
    params: list[KeyValue] = []
    tags: list[KeyValue] = []


class GetLoggedModel(msgspec.Struct):
    model_id: Name
    allow_deleted: str = "false"


class LoggedModelId(msgspec.Struct):
    model_id: Name


class FinalizeLoggedModel(msgspec.Struct):
    model_id: Name
    status: StatusName | int


class LogParams(msgspec.Struct):
    model_id: Name
    params: list[KeyValue] = []


class SetTags(msgspec.Struct):
    model_id: Name
    tags: list[KeyValue] = []


class DeleteTag(msgspec.Struct):
    model_id: Name
    tag_key: Name


class Dataset(msgspec.Struct):
    dataset_name: str = ""
    dataset_digest: str = ""


class SearchLoggedModels(msgspec.Struct):
    experiment_ids: list[str]
    filter: str = ""
    datasets: list[Dataset] = []
    max_results: int = 0
    order_by: list[OrderBy] = []
    page_token: str = ""


class Info(msgspec.Struct, omit_defaults=True):
    """MLflow's `LoggedModelInfo` message."""

    model_id: str
    experiment_id: str
    name: str
    creation_timestamp_ms: int
    last_updated_timestamp_ms: int
    artifact_uri: str
    status: StatusName
    model_type: str = ""
    source_run_id: str = ""
    status_message: str = ""
    tags: list[KeyValue] = []


class Metric(msgspec.Struct, omit_defaults=True):
    """MLflow's `Metric` message, of a logged model."""

    key: str
    value: float | str
    timestamp: int
    run_id: str
    model_id: str
    step: int | None = None
    dataset_name: str = ""
    dataset_digest: str = ""


class Data(msgspec.Struct, omit_defaults=True):
    """MLflow's `LoggedModelData` message."""

    params: list[KeyValue] = []
    metrics: list[Metric] = []


class Model(msgspec.Struct):
    """MLflow's `LoggedModel` message."""

    info: Info
    data: Data


class OneModel(msgspec.Struct):
    model: Model


class FoundModels(msgspec.Struct, omit_defaults=True):
    models: list[Model] = []
    next_page_token: str | None = None


def model_of(model: LoggedModel) -> Model:
    """A logged model as MLflow shows it."""
    info = Info(
        model_id=model.model_id,
        experiment_id=str(model.project_id),
        name=model.name,
        creation_timestamp_ms=model.created_at,
        last_updated_timestamp_ms=model.updated_at,
        artifact_uri=model.artifact_location,
        status=_NAME_BY_STATUS[model.status],
        model_type=model.model_type or "",
        source_run_id=model.source_run_id or "",
        status_message=model.status_message or "",
        tags=_pairs(model.tags),
    )
    return Model(info, Data(_pairs(model.params), [_metric_of(point) for point in model.metrics]))


async def create(services: Services, actor: Actor, request: CreateLoggedModel) -> OneModel:
    new = NewLoggedModel(
        name=request.name or None,
        model_type=request.model_type or None,
        source_run_id=request.source_run_id or None,
        params=_texts(request.params),
        tags=_texts(request.tags),
    )
    return OneModel(model_of(await services.logged_models.create(actor, request.experiment_id, new)))


async def get(services: Services, actor: Actor, request: GetLoggedModel) -> OneModel:
    allow_deleted = request.allow_deleted.lower() == "true"
    return OneModel(model_of(await services.logged_models.get(actor, request.model_id, allow_deleted=allow_deleted)))


async def finalize(services: Services, actor: Actor, request: FinalizeLoggedModel) -> OneModel:
    status = _status_of(request.status)
    return OneModel(model_of(await services.logged_models.finalize(actor, request.model_id, status)))


async def delete(services: Services, actor: Actor, request: LoggedModelId) -> None:
    await services.logged_models.delete(actor, request.model_id)


async def log_params(services: Services, actor: Actor, request: LogParams) -> None:
    await services.logged_models.log_params(actor, request.model_id, _texts(request.params))


async def set_tags(services: Services, actor: Actor, request: SetTags) -> None:
    await services.logged_models.set_tags(actor, request.model_id, _texts(request.tags))


async def delete_tag(services: Services, actor: Actor, request: DeleteTag) -> None:
    await services.logged_models.delete_tag(actor, request.model_id, request.tag_key)


async def search(services: Services, actor: Actor, request: SearchLoggedModels) -> FoundModels:
    if not all(dataset.dataset_name for dataset in request.datasets):
        raise InvalidArgument("`dataset_name` in the `datasets` clause must be specified.")
    datasets = tuple(DatasetRef(dataset.dataset_name, dataset.dataset_digest or None) for dataset in request.datasets)
    wanted = Search(
        condition=restrict_to_datasets(parse_filter(request.filter, LOGGED_MODELS), datasets),
        order=parse_logged_model_order(request.order_by),
        limit=request.max_results or 100,
        page_token=request.page_token or None,
    )
    found = await services.logged_models.search(actor, request.experiment_ids, wanted)
    return FoundModels([model_of(model) for model in found.items], found.next_page_token)


def _status_of(status: StatusName | int) -> Status:
    if isinstance(status, str):
        return _STATUS_BY_NAME[status]
    if 0 <= status < len(_STATUSES):
        return _STATUSES[status]
    raise InvalidArgument(f"Unknown model status: {status}")


def _metric_of(point: RunPoint) -> Metric:
    metric = point.point
    return Metric(
        key=metric.key,
        value=json_float(metric.value),
        timestamp=metric.timestamp,
        step=metric.step,
        run_id=point.run_id,
        model_id=metric.model_id,
        dataset_name=metric.dataset_name,
        dataset_digest=metric.dataset_digest,
    )


def _pairs(texts: dict[str, str]) -> list[KeyValue]:
    return [KeyValue(key, value) for key, value in texts.items()]


def _texts(pairs: list[KeyValue]) -> dict[str, str]:
    """Texts by key; of a key that comes twice the last one counts."""
    return {pair.key: pair.value for pair in pairs}


ENDPOINTS = (
    Call("POST", "logged-models", CreateLoggedModel, create),
    Call("POST", "logged-models/search", SearchLoggedModels, search),
    Call("GET", "logged-models/{model_id}", GetLoggedModel, get),
    Call("PATCH", "logged-models/{model_id}", FinalizeLoggedModel, finalize),
    Call("DELETE", "logged-models/{model_id}", LoggedModelId, delete),
    Call("POST", "logged-models/{model_id}/params", LogParams, log_params),
    Call("PATCH", "logged-models/{model_id}/tags", SetTags, set_tags),
    Call("DELETE", "logged-models/{model_id}/tags/{tag_key}", DeleteTag, delete_tag),
)
