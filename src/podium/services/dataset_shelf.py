"""Data that runs read, as pages show it: that of all the actor's teams, and one with its readers."""

import msgspec

from podium.domain.access import Actor
from podium.domain.shelf import ListedDataset, NamedRun, ShownDataset
from podium.errors import NotFound
from podium.services.context import Context
from podium.store import dataset_shelf as rows
from podium.store.artifact_shelf import name_runs
from podium.store.transaction import Tx

MAX_RUNS = 200
MAX_LIKE = 20


class DatasetsFound(msgspec.Struct, frozen=True):
    """A page of datasets, how many there are on all pages, and the key behind which the next one begins."""

    datasets: list[ListedDataset]
    count: int
    before: int | None


class DatasetShown(msgspec.Struct, frozen=True):
    """A dataset with runs that read it, what each read it for, and others of its name."""

    dataset: ShownDataset
    uses: list[tuple[NamedRun, str]]
    like: list[ListedDataset]


class DatasetShelf:
    """What the actor may see."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def find(
        self, actor: Actor, text: str, *, team: str = "", before: int | None = None, limit: int = 60
    ) -> DatasetsFound:
        """A page of datasets with the text in the name, digest or project; of one team alone if it is named."""

        def work(tx: Tx) -> DatasetsFound:
            teams = [one.id for one in self._context.readable_teams(tx, actor, team)]
            found = rows.list_datasets(tx, teams, text, before, limit + 1)
            token = found[limit - 1].id if len(found) > limit else None
            return DatasetsFound(found[:limit], rows.count_datasets(tx, teams, text), token)

        return await self._context.store.read(work)

    async def dataset(self, actor: Actor, key: int) -> DatasetShown:
        """A dataset by the number that its lineage knows it by. Raises NotFound."""

        def work(tx: Tx) -> DatasetShown:
            teams = [one.id for one in self._context.readable_teams(tx, actor)]
            found = rows.find_dataset(tx, teams, key)
            if found is None:
                raise NotFound(f"There is no dataset with the number {key}.")
            uses = rows.uses_of(tx, key, MAX_RUNS)
            runs = name_runs(tx, teams, list(uses))
            named = [(runs[run], context) for run, context in uses.items() if run in runs]
            return DatasetShown(found, named, rows.like_datasets(tx, teams, found, MAX_LIKE))

        return await self._context.store.read(work)
