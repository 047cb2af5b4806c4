"""Which runs made and read versions of artifacts."""

from collections.abc import Sequence

from podium.domain.access import Actor
from podium.domain.artifact_collections import Direction, RunRef, Version
from podium.errors import NotFound
from podium.services.artifact_access import load_versions, require_committed, require_version
from podium.services.context import Context
from podium.services.registry_roles import seen_projects
from podium.services.tracked_runs import TrackedRun, load_listed, load_tracked, require_by_key
from podium.store import run_artifacts
from podium.store.transaction import Tx


class ArtifactLineage:
    """What the actor may see and add to the lineage of artifacts."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def use(self, actor: Actor, version_id: int, project: str, run: str) -> Version:
        """The version, which a run of the actor's team reads. Noted once. Raises NotFound."""

        def work(tx: Tx) -> Version:
            _, version = require_committed(self._context, tx, actor, version_id)
            team = self._context.team_id(tx, actor)
            key = run_artifacts.find_run_key(tx, team, project, run)
            if key is None:
                raise NotFound(f"There is no run '{run}' in the project '{actor.team}/{project}'.")
            run_artifacts.insert_use(tx, key, "input", version.id, self._context.clock())
            return version

        return await self._context.store.write(work, brief=True)

    async def runs_that_read(self, actor: Actor, version_id: int, *, whole: bool = False) -> list[TrackedRun]:
        """The runs that read a version, in the order in which they first did; `whole` as in `RunSearch`."""

        def work(tx: Tx) -> list[TrackedRun]:
            _, version = require_version(self._context, tx, actor, version_id)
            return self._load(tx, actor, run_artifacts.select_runs_of(tx, version.id, "input"), whole=whole)

        return await self._context.store.read(work)

    async def maker(self, actor: Actor, version_id: int, *, whole: bool = False) -> TrackedRun | None:
        """The run that made a version first; None when no run did, or it is gone."""

        def work(tx: Tx) -> TrackedRun | None:
            _, version = require_version(self._context, tx, actor, version_id)
            maker = run_artifacts.find_maker(tx, version.id)
            found = self._load(tx, actor, [] if maker is None else [maker], whole=whole)
            return found[0] if found else None

        return await self._context.store.read(work)

    def _load(self, tx: Tx, actor: Actor, runs: Sequence[RunRef], *, whole: bool) -> list[TrackedRun]:
        """Those of the runs that the actor may see."""
        seen = seen_projects(self._context, tx, actor, (run.place.project_id for run in runs))
        load = load_tracked if whole else load_listed
        return load(tx, [run.id for run in runs if run.place.project_id in seen], self._context.clock())

    async def versions_of_run(
        self, actor: Actor, run_id: int, direction: Direction, limit: int, offset: int
    ) -> tuple[list[Version], int]:
        """A page of the versions that a run made or read, and how many there are. Raises NotFound for the run."""

        def work(tx: Tx) -> tuple[list[Version], int]:
            require_by_key(self._context, tx, actor, run_id)
            keys = run_artifacts.select_versions_of(tx, run_id, direction, limit, offset)
            count = run_artifacts.count_versions_of(tx, run_id, direction)
            found = load_versions(self._context, tx, actor, keys)
            seen = seen_projects(self._context, tx, actor, (version.sequence.place.project_id for version in found))
            return [version for version in found if version.sequence.place.project_id in seen], count

        return await self._context.store.read(work)
