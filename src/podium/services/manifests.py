"""Manifests: the immutable files of registered versions, and what tells two of them apart."""

from podium.domain.access import Actor
from podium.domain.manifests import Manifest, ManifestDiff, check_digest, diff
from podium.domain.registry import check_model_name
from podium.errors import InvalidState, NotFound
from podium.services.context import Context
from podium.services.registry_changes import require_version
from podium.store import manifests as rows
from podium.store.transaction import Tx


class Manifests:
    """What the actor may read of the files of its team's versions."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def of_version(self, actor: Actor, name: str, version: int) -> Manifest:
        """The files of a version. Raises NotFound, and InvalidState when they are outside this server."""
        check_model_name(name)
        return await self._context.store.read(lambda tx: _manifest(tx, self._context.team_id(tx, actor), name, version))

    async def get(self, actor: Actor, digest: str) -> Manifest:
        """The manifest with this digest, if a version of the team has it. Raises NotFound."""
        check_digest(digest)

        def work(tx: Tx) -> Manifest:
            key = rows.find_manifest(tx, self._context.team_id(tx, actor), digest)
            if key is None:
                raise NotFound(f"No version has a manifest with the digest {digest}")
            return Manifest(tuple(rows.select_entries(tx, key)))

        return await self._context.store.read(work)

    async def compare(self, actor: Actor, old: tuple[str, int], new: tuple[str, int]) -> ManifestDiff:
        """What turns the files of one version into those of another; each is a name and a number."""
        for name, _ in (old, new):
            check_model_name(name)

        def work(tx: Tx) -> ManifestDiff:
            team = self._context.team_id(tx, actor)
            return diff(_manifest(tx, team, *old), _manifest(tx, team, *new))

        return await self._context.store.read(work)


def _manifest(tx: Tx, team: int, name: str, version: int) -> Manifest:
    found = require_version(tx, team, name, version)
    if found.manifest_id is None:
        raise InvalidState(f"The files of {name} version {version} are outside this server, at '{found.location}'.")
    return Manifest(tuple(rows.select_entries(tx, found.manifest_id)))
