"""Files of runs, uploaded by URLs that need no further permission, listed page by page, and deleted."""

from collections.abc import AsyncIterable, Sequence

import msgspec

from podium.domain.access import Actor, by_grant
from podium.domain.events import Change
from podium.domain.locations import proxied_path, run_location
from podium.domain.manifests import normalize_path
from podium.domain.run_files import RunFile
from podium.domain.runs import RunRow
from podium.errors import InvalidState, NotFound
from podium.services.artifacts import Artifacts
from podium.services.context import Context
from podium.services.file_owners import OfRun
from podium.services.signed_urls import SignedUrls
from podium.services.tracked_runs import require_by_key
from podium.store import artifacts as file_rows
from podium.store import run_files as rows
from podium.store import runs
from podium.store.transaction import Tx

MAX_PAGE = 1000


class RunFileGrant(msgspec.Struct, frozen=True, array_like=True):
    """May put a file of a run, as the user who asked for it."""

    user: str
    team: str
    run_id: str
    path: str


class Uploads(msgspec.Struct, frozen=True):
    """The key of a run, and for each name asked the token of a URL that takes the file."""

    run: int
    tokens: list[tuple[str, str]]


class FilePage(msgspec.Struct, frozen=True):
    """A page of a run's files, how many it has in all, and whether more follow."""

    files: list[RunFile]
    count: int
    more: bool


class RunFiles:
    """What the actor may do with the files of its team's runs. Elsewhere they are called the run's artifacts."""

    def __init__(self, context: Context, urls: SignedUrls) -> None:
        self._context, self._urls = context, urls
        self._artifacts = Artifacts(context)

    async def create_uploads(self, actor: Actor, project: str, slug: str, names: Sequence[str]) -> Uploads:
        """Tokens that let anyone put these files, for a day. Raises NotFound for the run, InvalidPath for a name."""
        paths = [(name, normalize_path(name)) for name in names]
        await self._context.require_write(actor)
        run = await self._context.store.read(lambda tx: _require(tx, self._context.team_id(tx, actor), project, slug))
        return Uploads(
            run.id,
            [(name, self._urls.sign(RunFileGrant(actor.name, actor.team, run.run_id, path))) for name, path in paths],
        )

    async def put(self, token: str, chunks: AsyncIterable[bytes]) -> None:
        """Store the file that a token is for. Raises PermissionDenied when it is not ours, or has expired."""
        grant = self._urls.read(token, RunFileGrant)
        await self._artifacts.put_of(by_grant(grant.user, grant.team), OfRun(grant.run_id), grant.path, chunks)

    async def list_files(
        self,
        actor: Actor,
        project: str,
        slug: str,
        *,
        names: list[str] | None = None,
        pattern: str | None = None,
        after: str = "",
        limit: int = MAX_PAGE,
    ) -> FilePage:
        """Files of a run by name, those behind `after`: of these names, or like a pattern with `%` and `_`."""

        def work(tx: Tx) -> FilePage:
            team = self._context.team_id(tx, actor)
            folder = _folder(_require(tx, team, project, slug))
            if folder is None:
                return FilePage([], 0, more=False)
            size = max(1, min(limit, MAX_PAGE))
            found = rows.select_file_rows(tx, team, folder, names=names, pattern=pattern, after=after, limit=size + 1)
            return FilePage(found[:size], rows.count_files(tx, team, folder), len(found) > size)

        return await self._context.store.read(work)

    async def delete(self, actor: Actor, files: Sequence[tuple[int, str]]) -> None:
        """Delete files by their runs' keys and names; those that are gone already change nothing."""

        def work(tx: Tx) -> None:
            at = self._context.clock()
            for key, name in files:
                team, run = require_by_key(self._context, tx, actor, key)
                folder = _folder(run)
                if folder is None:
                    raise InvalidState(f"The files of the run '{run.slug}' are outside of this server.")
                place = f"{folder}/{normalize_path(name)}"
                file_rows.lock_place(tx, team, place)
                count = file_rows.delete_files(tx, team, place, at)
                if count:
                    change = Change("artifact", place, place, "delete", {"files": count})
                    self._context.record(tx, actor, team, change, at=at)

        await self._context.store.write(work)


def _require(tx: Tx, team: int, project: str, slug: str) -> RunRow:
    run = runs.find_run_by_slug(tx, team, project, slug)
    if run is None or run.deleted_at is not None:
        raise NotFound(f"There is no run '{slug}' in the project '{project}'.")
    return run


def _folder(run: RunRow) -> str | None:
    """Where a run's files are in the team's tree; None when they are outside of this server."""
    return proxied_path(run_location(run.artifact_location, run.run_id))
