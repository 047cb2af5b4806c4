"""What is logged to runs: metrics, params, batches, models, inputs and outputs."""

import msgspec

from podium.domain.access import Actor
from podium.domain.runs import Dataset, DatasetInput, Int64, ModelOutput, Point
from podium.errors import InvalidArgument
from podium.protocols.mlflow.endpoint import Call
from podium.protocols.mlflow.runs import OfRun, Tag
from podium.protocols.mlflow.wire import Name
from podium.services import Services


class LogMetric(OfRun):
    key: Name
    value: float
    timestamp: Int64
    step: Int64 = 0
    model_id: str = ""
    dataset_name: str = ""
    dataset_digest: str = ""


class LogParam(OfRun):
    key: Name
    value: str = ""


class LogBatch(OfRun):
    metrics: tuple[Point, ...] = ()
    params: tuple[Tag, ...] = ()
    tags: tuple[Tag, ...] = ()


class LogModel(OfRun):
    model_json: Name


class DatasetField(msgspec.Struct):
    name: Name
    digest: Name
    source_type: str = ""
    source: str = ""
    schema: str | None = None
    profile: str | None = None


class DatasetInputField(msgspec.Struct):
    dataset: DatasetField
    tags: tuple[Tag, ...] = ()


class ModelInputField(msgspec.Struct):
    model_id: Name


class ModelOutputField(msgspec.Struct):
    model_id: Name
    step: Int64 = 0


class LogInputs(OfRun):
    datasets: tuple[DatasetInputField, ...] = ()
    models: tuple[ModelInputField, ...] = ()


class LogOutputs(OfRun):
    models: list[ModelOutputField]


async def log_metric(services: Services, actor: Actor, request: LogMetric) -> None:
    if bool(request.dataset_name) != bool(request.dataset_digest):
        raise InvalidArgument("Both dataset_name and dataset_digest must be provided if one is provided")
    point = Point(
        request.key,
        request.value,
        request.timestamp,
        request.step,
        request.model_id,
        request.dataset_name,
        request.dataset_digest,
    )
    await services.metrics.log(actor, request.run, point)


async def log_param(services: Services, actor: Actor, request: LogParam) -> None:
    await services.runs.log_param(actor, request.run, request.key, request.value)


async def log_batch(services: Services, actor: Actor, request: LogBatch) -> None:
    await services.metrics.log_batch(
        actor,
        request.run,
        points=request.metrics,
        params=[(param.key, param.value) for param in request.params],
        tags=[(tag.key, tag.value) for tag in request.tags],
    )


async def log_model(services: Services, actor: Actor, request: LogModel) -> None:
    await services.runs.log_model(actor, request.run, request.model_json)


async def log_inputs(services: Services, actor: Actor, request: LogInputs) -> None:
    datasets = [_dataset_input(given) for given in request.datasets]
    await services.datasets.log_inputs(actor, request.run, datasets, [model.model_id for model in request.models])


async def log_outputs(services: Services, actor: Actor, request: LogOutputs) -> None:
    models = [ModelOutput(model.model_id, model.step) for model in request.models]
    await services.datasets.log_outputs(actor, request.run, models)


def _dataset_input(given: DatasetInputField) -> DatasetInput:
    data = given.dataset
    dataset = Dataset(data.name, data.digest, data.source_type, data.source, data.schema, data.profile)
    return DatasetInput(dataset, {tag.key: tag.value for tag in given.tags})


ENDPOINTS = (
    Call("POST", "runs/log-metric", LogMetric, log_metric),
    Call("POST", "runs/log-parameter", LogParam, log_param),
    Call("POST", "runs/log-batch", LogBatch, log_batch),
    Call("POST", "runs/log-model", LogModel, log_model),
    Call("POST", "runs/log-inputs", LogInputs, log_inputs),
    Call("POST", "runs/outputs", LogOutputs, log_outputs),
)
