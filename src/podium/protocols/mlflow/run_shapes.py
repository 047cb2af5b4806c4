"""Runs in MLflow's words."""

from collections.abc import Sequence

import msgspec

from podium.domain.runs import DatasetInput, HistoryPoint, Point, Run, RunRow
from podium.protocols.mlflow.wire import encode, json_float


class KeyValue(msgspec.Struct):
    """A tag or a param."""

    key: str
    value: str


class MetricMessage(msgspec.Struct, gc=False):
    """MLflow's `Metric` message, as far as histories and runs have it."""

    key: str
    value: float | str
    timestamp: int
    step: int


class RunInfo(msgspec.Struct, omit_defaults=True):
    """MLflow's `RunInfo` message; `run_uuid` is what old clients read."""

    run_id: str
    run_uuid: str
    run_name: str
    experiment_id: str
    user_id: str
    status: str
    start_time: int
    artifact_uri: str
    lifecycle_stage: str
    end_time: int | None = None


class RunData(msgspec.Struct):
    metrics: list[MetricMessage]
    params: list[KeyValue]
    tags: list[KeyValue]


class DatasetMessage(msgspec.Struct, omit_defaults=True):
    name: str
    digest: str
    source_type: str
    source: str
    schema: str | None = None
    profile: str | None = None


class DatasetInputMessage(msgspec.Struct):
    tags: list[KeyValue]
    dataset: DatasetMessage


class ModelInputMessage(msgspec.Struct):
    model_id: str


class ModelOutputMessage(msgspec.Struct):
    model_id: str
    step: int


class RunInputs(msgspec.Struct):
    dataset_inputs: list[DatasetInputMessage]
    model_inputs: list[ModelInputMessage]


class RunOutputs(msgspec.Struct):
    model_outputs: list[ModelOutputMessage]


class RunMessage(msgspec.Struct):
    """MLflow's `Run` message."""

    info: RunInfo
    data: RunData
    inputs: RunInputs
    outputs: RunOutputs


def run_of(run: Run) -> RunMessage:
    """A run as MLflow shows it."""
    return RunMessage(
        info=info_of(run.info),
        data=RunData(metrics=metrics_of(run.metrics), params=_key_values(run.params), tags=_key_values(run.tags)),
        inputs=RunInputs(
            dataset_inputs=[_input_of(given) for given in run.datasets],
            model_inputs=[ModelInputMessage(model_id) for model_id in run.model_inputs],
        ),
        outputs=RunOutputs([ModelOutputMessage(made.model_id, made.step) for made in run.model_outputs]),
    )


def encoded_run(run: Run) -> bytes:
    """A run as MLflow shows it, in JSON."""
    return encode(run_of(run))


def info_of(run: RunRow) -> RunInfo:
    """A run's own record as MLflow shows it."""
    return RunInfo(
        run_id=run.run_id,
        run_uuid=run.run_id,
        run_name=run.name,
        experiment_id=str(run.project_id),
        user_id=run.user_id,
        status=run.status,
        start_time=run.start_time,
        artifact_uri=run.artifact_uri,
        lifecycle_stage=run.lifecycle,
        end_time=run.end_time,
    )


def metrics_of(points: Sequence[Point | HistoryPoint]) -> list[MetricMessage]:
    """Points as MLflow shows them. NaN and the infinities are strings."""
    return [MetricMessage(p.key, json_float(p.value), p.timestamp, p.step) for p in points]


def _key_values(texts: dict[str, str]) -> list[KeyValue]:
    return [KeyValue(key, value) for key, value in texts.items()]


def _input_of(given: DatasetInput) -> DatasetInputMessage:
    data = given.dataset
    shown = DatasetMessage(data.name, data.digest, data.source_type, data.source, data.schema, data.profile)
    return DatasetInputMessage(tags=_key_values(given.tags), dataset=shown)
