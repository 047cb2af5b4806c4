"""Runs or registered versions side by side, of all teams that the actor belongs to."""

from collections.abc import Sequence

import msgspec

from podium.domain.access import Actor
from podium.domain.comparing import MAX_COMPARED, MIN_COMPARED
from podium.domain.manifests import Manifest
from podium.domain.model_descriptions import ModelDescription
from podium.domain.registry import ModelVersion, parse_version
from podium.domain.runs import Run
from podium.errors import InvalidArgument, NotFound
from podium.services.context import Context
from podium.services.model_files import ModelFiles
from podium.store import compared as rows
from podium.store import manifests, registry_search, run_data
from podium.store.compared import RunChoice, RunPlace, VersionChoice, VersionPlace
from podium.store.transaction import Tx

MAX_CHOICES = 20


class ComparedRun(msgspec.Struct, frozen=True):
    """A run, and where it is."""

    place: RunPlace
    run: Run

    @property
    def metrics(self) -> dict[str, float]:
        """The last value of each metric."""
        return {point.key: point.value for point in self.run.metrics}


class ComparedVersion(msgspec.Struct, frozen=True):
    """A version with the run that made it, its files, and what those say. `manifest` is None for files elsewhere."""

    place: VersionPlace
    version: ModelVersion
    run: ComparedRun | None
    manifest: Manifest | None
    description: ModelDescription

    @property
    def metrics(self) -> dict[str, float]:
        """What its run measured last, as the cabinet shows it, and what its logged model alone measured."""
        # MLflow's client copies the metrics that a run has at step 0 to the logged model: there they stay as they were.
        logged = {metric.key: metric.value for metric in self.version.metrics}
        return logged | (self.run.metrics if self.run else {})


class Choices(msgspec.Struct, frozen=True):
    """What may be compared, the newest first."""

    runs: list[RunChoice]
    versions: list[VersionChoice]


class Comparison:
    """What the actor may see of what is compared."""

    def __init__(self, context: Context, files: ModelFiles) -> None:
        self._context = context
        self._files = files

    async def choices(self, actor: Actor, text: str) -> Choices:
        """What was made last, with the text in its name."""

        def work(tx: Tx) -> Choices:
            teams = self._teams(tx, actor)
            return Choices(
                rows.recent_runs(tx, teams, text, MAX_CHOICES), rows.recent_versions(tx, teams, text, MAX_CHOICES)
            )

        return await self._context.store.read(work)

    async def runs(self, actor: Actor, run_ids: Sequence[str]) -> tuple[list[ComparedRun], list[str]]:
        """The runs with these public ids in this order, and the names of the metrics that have curves.

        Raises NotFound, and InvalidArgument for too few or too many.
        """
        wanted = _each_once(run_ids, "runs")

        def work(tx: Tx) -> tuple[list[ComparedRun], list[str]]:
            found = _runs(tx, self._teams(tx, actor), wanted)
            for run_id in wanted:
                if run_id not in found:
                    raise NotFound(f"There is no run '{run_id[:200]}'.")
            runs = [found[run_id] for run_id in wanted]
            return runs, rows.keys_with_curves(tx, [each.place.key for each in runs])

        return await self._context.store.read(work)

    async def versions(self, actor: Actor, names: Sequence[str]) -> tuple[list[ComparedVersion], list[str]]:
        """The versions `team/model/number`, as `runs` gives runs; without a team those of the actor's own."""
        wanted = [_parsed(name, actor.team) for name in _each_once(names, "versions")]

        def work(tx: Tx) -> tuple[list[ComparedVersion], list[str]]:
            teams = self._teams(tx, actor)
            places = rows.find_versions(tx, teams, wanted)
            for one in wanted:
                if one not in places:
                    raise NotFound(f"There is no version {one[2]} of a model '{one[1]}' in the team '{one[0]}'.")
            found = registry_search.select_versions(tx, [places[one].key for one in wanted])
            runs = _runs(tx, teams, sorted({each.run_id for each in found if each.run_id}))
            compared = [
                ComparedVersion(
                    places[one], version, runs.get(version.run_id or ""), _files(tx, version), ModelDescription()
                )
                for one, version in zip(wanted, found, strict=True)
            ]
            return compared, rows.keys_with_curves(tx, [each.place.key for each in runs.values()])

        compared, keys = await self._context.store.read(work)
        return [await self._described(each) for each in compared], keys

    def _teams(self, tx: Tx, actor: Actor) -> list[int]:
        return [team.id for team in self._context.readable_teams(tx, actor)]

    async def _described(self, compared: ComparedVersion) -> ComparedVersion:
        files = () if compared.manifest is None else compared.manifest.entries
        return msgspec.structs.replace(compared, description=await self._files.describe(files))


def _runs(tx: Tx, teams: list[int], run_ids: list[str]) -> dict[str, ComparedRun]:
    places = rows.find_runs(tx, teams, run_ids)
    loaded = run_data.load_runs(tx, [place.key for place in places.values()])
    return {run.info.run_id: ComparedRun(places[run.info.run_id], run) for run in loaded}


def _files(tx: Tx, version: ModelVersion) -> Manifest | None:
    if version.manifest_id is None:
        return None
    return Manifest(tuple(manifests.select_entries(tx, version.manifest_id)))


def _each_once(names: Sequence[str], what: str) -> list[str]:
    wanted = list(dict.fromkeys(names))
    if not MIN_COMPARED <= len(wanted) <= MAX_COMPARED:
        raise InvalidArgument(f"{MIN_COMPARED} to {MAX_COMPARED} {what} are compared, not {len(wanted)}.")
    return wanted


def _parsed(name: str, home: str) -> tuple[str, str, int]:
    path, slash, number = name.rpartition("/")
    if not slash:
        raise InvalidArgument(f"'{name[:200]}' names no version: expected team/model/number.")
    team, slash, model = path.partition("/")
    return (team, model, parse_version(number)) if slash else (home, path, parse_version(number))
