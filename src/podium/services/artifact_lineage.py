"""Which runs made and read versions of artifacts."""

from podium.domain.access import Actor
from podium.domain.artifact_collections import Direction, RunRef, Version
from podium.errors import NotFound
from podium.services.artifact_access import load_versions, require_committed, require_version
from podium.services.context import Context
from podium.services.registry_roles import seen_projects
from podium.services.tracked_runs import require_by_key
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

    async def runs_that_read(self, actor: Actor, version_id: int) -> list[RunRef]:
        """The runs that read a version, in the order in which they first did."""

        def work(tx: Tx) -> list[RunRef]:
            require_version(self._context, tx, actor, version_id)
            found = run_artifacts.select_runs_of(tx, version_id, "input")
            seen = seen_projects(self._context, tx, actor, (run.place.project_id for run in found))
            return [run for run in found if run.place.project_id in seen]

        return await self._context.store.read(work)

    async def maker(self, actor: Actor, version_id: int) -> RunRef | None:
        """The run that made a version first; None when no run did, or it is gone."""

        def work(tx: Tx) -> RunRef | None:
            require_version(self._context, tx, actor, version_id)
            found = run_artifacts.find_maker(tx, version_id)
            if found is None or not seen_projects(self._context, tx, actor, [found.place.project_id]):
                return None
            return found

        return await self._context.store.read(work)

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
