"""Evaluation datasets. MLflow has tags, schemas, profiles and records as JSON within JSON."""

from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta

from podium.domain.access import Actor
from podium.domain.evaluation_datasets import EvaluationDataset, EvaluationRecord, RecordContent
from podium.domain.nesting import check_nesting
from podium.errors import InvalidArgument
from podium.protocols.mlflow.endpoint import Call
from podium.protocols.mlflow.grammar import EVALUATION_DATASETS, parse_filter, parse_order
from podium.protocols.mlflow.wire import Name
from podium.services import Services
from podium.services.searching import Search

V3 = "3.0"
T = TypeVar("T")


class CreateDataset(msgspec.Struct):
    name: Name
    experiment_ids: list[str] = []
    tags: str = ""


class DatasetId(msgspec.Struct):
    dataset_id: Name


class SearchDatasets(msgspec.Struct):
    experiment_ids: list[str] = []
    filter_string: str = ""
    max_results: int = 1000
    order_by: list[str] = []
    page_token: str = ""


class SetTags(msgspec.Struct):
    dataset_id: Name
    tags: Name


class DeleteTag(msgspec.Struct):
    dataset_id: Name
    key: Name


class UpsertRecords(msgspec.Struct):
    dataset_id: Name
    records: Name


class ListRecords(msgspec.Struct):
    dataset_id: Name
    max_results: Annotated[int, Meta(ge=0)] = 0
    page_token: str = ""


class DeleteRecords(msgspec.Struct):
    dataset_id: Name
    dataset_record_ids: list[str] = []


class ChangeExperiments(msgspec.Struct):
    dataset_id: Name
    experiment_ids: list[str] = []


class Dataset(msgspec.Struct, omit_defaults=True):
    """MLflow's `Dataset` message of evaluation datasets."""

    dataset_id: str
    name: str
    tags: str
    digest: str
    created_time: int
    last_update_time: int
    schema: str | None = None
    profile: str | None = None
    created_by: str | None = None
    last_updated_by: str | None = None
    experiment_ids: list[str] = []


class OneDataset(msgspec.Struct):
    dataset: Dataset


class FoundDatasets(msgspec.Struct, omit_defaults=True):
    datasets: list[Dataset] = []
    next_page_token: str | None = None


class Upserted(msgspec.Struct):
    inserted_count: int
    updated_count: int


class Deleted(msgspec.Struct):
    deleted_count: int


class Records(msgspec.Struct, omit_defaults=True):
    records: str
    next_page_token: str | None = None


class ExperimentIds(msgspec.Struct):
    experiment_ids: list[str]


async def create(services: Services, actor: Actor, request: CreateDataset) -> OneDataset:
    tags = {key: value for key, value in _tags(request.tags or "{}").items() if value is not None}
    return _one(await services.evaluation_datasets.create(actor, request.name, request.experiment_ids, tags))


async def get(services: Services, actor: Actor, request: DatasetId) -> OneDataset:
    return _one(await services.evaluation_datasets.get(actor, request.dataset_id))


async def search(services: Services, actor: Actor, request: SearchDatasets) -> FoundDatasets:
    wanted = Search(
        condition=parse_filter(request.filter_string, EVALUATION_DATASETS),
        order=parse_order(request.order_by, EVALUATION_DATASETS),
        limit=request.max_results or 1000,
        page_token=request.page_token or None,
    )
    found = await services.evaluation_datasets.search(actor, request.experiment_ids, wanted)
    return FoundDatasets([_dataset(dataset) for dataset in found.items], found.next_page_token)


async def delete(services: Services, actor: Actor, request: DatasetId) -> None:
    await services.evaluation_datasets.delete(actor, request.dataset_id)


async def set_tags(services: Services, actor: Actor, request: SetTags) -> None:
    await services.evaluation_datasets.set_tags(actor, request.dataset_id, _tags(request.tags))


async def delete_tag(services: Services, actor: Actor, request: DeleteTag) -> None:
    await services.evaluation_datasets.delete_tag(actor, request.dataset_id, request.key)


async def upsert_records(services: Services, actor: Actor, request: UpsertRecords) -> Upserted:
    records = _decoded(request.records, list[RecordContent], "records")
    counts = await services.evaluation_datasets.upsert_records(actor, request.dataset_id, records)
    return Upserted(counts.inserted, counts.updated)


async def list_records(services: Services, actor: Actor, request: ListRecords) -> Records:
    found = await services.evaluation_datasets.list_records(
        actor, request.dataset_id, request.max_results or 1000, request.page_token or None
    )
    records = [_record(record, request.dataset_id) for record in found.items]
    return Records(msgspec.json.encode(records).decode(), found.next_page_token)


async def delete_records(services: Services, actor: Actor, request: DeleteRecords) -> Deleted:
    count = await services.evaluation_datasets.delete_records(actor, request.dataset_id, request.dataset_record_ids)
    return Deleted(count)


async def get_experiment_ids(services: Services, actor: Actor, request: DatasetId) -> ExperimentIds:
    dataset = await services.evaluation_datasets.get(actor, request.dataset_id)
    return ExperimentIds([str(key) for key in dataset.project_ids])


async def add_experiments(services: Services, actor: Actor, request: ChangeExperiments) -> OneDataset:
    return _one(await services.evaluation_datasets.add_projects(actor, request.dataset_id, request.experiment_ids))


async def remove_experiments(services: Services, actor: Actor, request: ChangeExperiments) -> OneDataset:
    return _one(await services.evaluation_datasets.remove_projects(actor, request.dataset_id, request.experiment_ids))


def _one(dataset: EvaluationDataset) -> OneDataset:
    return OneDataset(_dataset(dataset))


def _dataset(dataset: EvaluationDataset) -> Dataset:
    return Dataset(
        dataset_id=dataset.dataset_id,
        name=dataset.name,
        tags=msgspec.json.encode(dataset.tags).decode(),
        digest=dataset.digest,
        created_time=dataset.created_at,
        last_update_time=dataset.updated_at,
        schema=None if dataset.schema is None else msgspec.json.encode(dataset.schema).decode(),
        profile=f'{{"num_records": {dataset.record_count}}}' if dataset.record_count else None,
        created_by=dataset.created_by,
        last_updated_by=dataset.updated_by,
        experiment_ids=[str(key) for key in dataset.project_ids],
    )


def _record(record: EvaluationRecord, dataset_id: str) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "dataset_record_id": record.record_id,
        "dataset_id": dataset_id,
        "inputs": record.content.inputs,
        "tags": record.content.tags or {},
        "created_time": record.created_at,
        "last_update_time": record.updated_at,
    }
    source = record.content.source or {}
    data = source.get("source_data") or {}
    optional = {
        "outputs": record.content.outputs,
        "expectations": record.content.expectations,
        "source": record.content.source,
        "source_type": source.get("source_type"),
        "source_id": data.get("trace_id") or data.get("source_id"),
        "created_by": record.created_by,
        "last_updated_by": record.updated_by,
    }
    return {**shown, **{name: value for name, value in optional.items() if value is not None}}


def _tags(text: str) -> dict[str, str | None]:
    """The tags in a text field. The client takes values of any type and leaves it to the server to write them out."""
    given = _decoded(text, dict[str, Any], "tags")
    return {key: None if value is None else str(value) for key, value in given.items()}


def _decoded(text: str, kind: type[T], name: str) -> T:
    """The JSON in a text field. Raises InvalidArgument."""
    check_nesting(text, f"Parameter '{name}'")
    try:
        return msgspec.json.decode(text, type=kind, strict=False)
    except msgspec.DecodeError as error:
        raise InvalidArgument(f"Invalid value for parameter '{name}' supplied: {error}") from error


ENDPOINTS = (
    Call("POST", "datasets/create", CreateDataset, create, V3),
    Call("GET", "datasets/search", SearchDatasets, search, V3),
    Call("POST", "datasets/search", SearchDatasets, search, V3),
    Call("GET", "datasets/{dataset_id}", DatasetId, get, V3),
    Call("DELETE", "datasets/{dataset_id}", DatasetId, delete, V3),
    Call("PATCH", "datasets/{dataset_id}/tags", SetTags, set_tags, V3),
    Call("DELETE", "datasets/{dataset_id}/tags/{key}", DeleteTag, delete_tag, V3),
    Call("POST", "datasets/{dataset_id}/records", UpsertRecords, upsert_records, V3),
    Call("GET", "datasets/{dataset_id}/records", ListRecords, list_records, V3),
    Call("DELETE", "datasets/{dataset_id}/records", DeleteRecords, delete_records, V3),
    Call("GET", "datasets/{dataset_id}/experiment-ids", DatasetId, get_experiment_ids, V3),
    Call("POST", "datasets/{dataset_id}/add-experiments", ChangeExperiments, add_experiments, V3),
    Call("POST", "datasets/{dataset_id}/remove-experiments", ChangeExperiments, remove_experiments, V3),
)
