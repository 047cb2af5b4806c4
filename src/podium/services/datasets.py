"""What runs read and made: datasets and logged models."""

from collections.abc import Sequence

from podium.domain import names
from podium.domain.access import Actor
from podium.domain.runs import Dataset, DatasetInput, DatasetSummary, ModelOutput
from podium.errors import InvalidArgument
from podium.services.context import Context
from podium.services.runs import change_run
from podium.store import datasets as rows
from podium.store import run_data
from podium.store.transaction import Tx

MAX_SEARCHED_PROJECTS = 20
MAX_SUMMARIES = 1000

_LIMITS = {
    "name": names.MAX_DATASET_NAME,
    "digest": names.MAX_DATASET_DIGEST,
    "source_type": names.MAX_KEY,
    "source": 65_535,
    "schema": 1_048_575,
    "profile": 16_777_215,
}
_MAX_TAG_KEY = 255
_MAX_TAG_VALUE = 500


class Datasets:
    """Inputs and outputs of the runs of the actor's team."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def log_inputs(
        self, actor: Actor, run_id: str, datasets: Sequence[DatasetInput], model_ids: Sequence[str]
    ) -> None:
        """Note what an active run read. What is noted already stays as it is."""
        for given in datasets:
            _check_dataset(given.dataset)
            _check_tags(given.tags)
        _check_model_ids(model_ids)

        def work(tx: Tx) -> None:
            run = change_run(tx, self._context.team_id(tx, actor), run_id)
            for given in datasets:
                rows.insert_input(tx, run.id, rows.upsert_dataset(tx, run.project_id, given.dataset), given.tags)
            run_data.upsert_models(tx, run.id, run_data.INPUT, [ModelOutput(model_id, 0) for model_id in model_ids])

        await self._context.store.write(work, brief=True)

    async def log_outputs(self, actor: Actor, run_id: str, models: Sequence[ModelOutput]) -> None:
        """Note the logged models that an active run made."""
        _check_model_ids([model.model_id for model in models])

        def work(tx: Tx) -> None:
            run = change_run(tx, self._context.team_id(tx, actor), run_id)
            run_data.upsert_models(tx, run.id, run_data.OUTPUT, models)

        await self._context.store.write(work, brief=True)

    async def search(self, actor: Actor, project_ids: Sequence[str]) -> list[DatasetSummary]:
        """The datasets that runs of these projects read, each once a context. Projects that are not there have none."""
        if not project_ids:
            raise InvalidArgument("SearchDatasets request must specify at least one experiment_id.")
        if len(project_ids) > MAX_SEARCHED_PROJECTS:
            raise InvalidArgument(
                f"SearchDatasets request cannot specify more than {MAX_SEARCHED_PROJECTS} experiment_ids. "
                f"Received {len(project_ids)} experiment_ids."
            )
        keys = [int(key) for key in project_ids if key.isdecimal() and len(key) <= 18]

        def work(tx: Tx) -> list[DatasetSummary]:
            return rows.select_summaries(tx, self._context.team_id(tx, actor), keys, MAX_SUMMARIES)

        return await self._context.store.read(work)


def _check_dataset(dataset: Dataset) -> None:
    for field, limit in _LIMITS.items():
        names.check_label(field, getattr(dataset, field) or "", limit)


def _check_tags(tags: dict[str, str]) -> None:
    for key, value in tags.items():
        names.check_label("key", key, _MAX_TAG_KEY)
        names.check_label("value", value, _MAX_TAG_VALUE)


def _check_model_ids(model_ids: Sequence[str]) -> None:
    for model_id in model_ids:
        names.check_label("model_id", model_id, names.MAX_KEY)
