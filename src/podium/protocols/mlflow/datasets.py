"""Searching the datasets that runs read, for MLflow's pages. Evaluation datasets are another thing."""

import msgspec

from podium.domain.access import Actor
from podium.protocols.mlflow.endpoint import PAGES_ONLY, Call
from podium.services import Services


class SearchDatasets(msgspec.Struct):
    experiment_ids: list[str] = []


class DatasetSummaryMessage(msgspec.Struct, omit_defaults=True):
    """MLflow's `DatasetSummary` message."""

    experiment_id: str
    name: str
    digest: str
    context: str | None = None


class FoundDatasets(msgspec.Struct):
    dataset_summaries: list[DatasetSummaryMessage]


async def search(services: Services, actor: Actor, request: SearchDatasets) -> FoundDatasets:
    found = await services.datasets.search(actor, request.experiment_ids)
    return FoundDatasets(
        [DatasetSummaryMessage(str(item.project_id), item.name, item.digest, item.context) for item in found]
    )


ENDPOINTS = (Call("POST", "experiments/search-datasets", SearchDatasets, search, prefixes=PAGES_ONLY),)
