"""Reading artifacts: versions by id and by name, their files, what a collection and a project have."""

from collections.abc import Sequence

import msgspec

from podium.domain.access import Actor
from podium.domain.artifact_collections import (
    ArtifactType,
    Collection,
    CollectionScope,
    ListedFile,
    Membership,
    Version,
)
from podium.domain.manifests import ManifestEntry
from podium.services.artifact_access import (
    check_project,
    find_membership,
    hidden_members,
    load_memberships,
    load_versions,
    require_collection,
    require_version,
    seen_members,
)
from podium.services.context import Context
from podium.services.made_listings import MadeListings
from podium.services.registry_roles import seen_projects
from podium.services.searching import Counted, Search, find_counted
from podium.store import (
    artifact_collections,
    artifact_contents,
    artifact_memberships,
    artifact_search,
    artifact_versions,
)
from podium.store.transaction import Tx


class Files(msgspec.Struct, frozen=True):
    """A page of a version's files, whether more follow, and how many there are in all."""

    files: list[ListedFile]
    more: bool
    total: int


class ArtifactReading:
    """What the actor may see. Whatever a key is of, its project has to be one of those. Raises NotFound if not."""

    def __init__(self, context: Context, made: MadeListings) -> None:
        self._context, self._made = context, made

    async def version(self, actor: Actor, key: int) -> Version:
        """The version with this key, whatever its state. Raises NotFound."""
        return await self._context.store.read(lambda tx: require_version(self._context, tx, actor, key)[1])

    async def client_version(self, actor: Actor, client_id: str) -> Version | None:
        """The version that a client called so."""

        def work(tx: Tx) -> Version | None:
            key = artifact_versions.find_by_client_id(tx, client_id)
            return None if key is None else require_version(self._context, tx, actor, key)[1]

        return await self._context.store.read(work)

    async def membership(self, actor: Actor, project_id: int, name: str) -> Membership | None:
        """What `collection:alias` names in a project; without an alias the latest."""

        def work(tx: Tx) -> Membership | None:
            check_project(self._context, tx, actor, project_id)
            found = find_membership(self._context, tx, actor, project_id, name)
            return next(iter(seen_members(self._context, tx, actor, [found] if found else [])), None)

        return await self._context.store.read(work)

    async def places_of(self, actor: Actor, version_id: int) -> list[Membership]:
        """A version's places in its sequence and in the portfolios that link to it."""

        def work(tx: Tx) -> list[Membership]:
            _, version = require_version(self._context, tx, actor, version_id)
            places = artifact_memberships.select_places_of(tx, version.id)
            found = load_memberships(self._context, tx, actor, places)
            seen = seen_projects(self._context, tx, actor, (each.collection.place.project_id for each in found))
            return [each for each in found if each.collection.place.project_id in seen]

        return await self._context.store.read(work)

    async def listing(self, actor: Actor, version_id: int) -> ManifestEntry | None:
        """The file that lists what a version is made of; None while it is not committed."""
        await self._made.ensure(actor, version_id)

        def work(tx: Tx) -> ManifestEntry | None:
            team, version = require_version(self._context, tx, actor, version_id)
            if version.listing is None:
                return None
            content = artifact_contents.select_contents(tx, team, [version.listing])[version.listing]
            return ManifestEntry("wandb_manifest.json", content.digest, content.size_bytes)

        return await self._context.store.read(work)

    async def files(
        self, actor: Actor, version_id: int, after: str, limit: int, names: Sequence[str] | None = None
    ) -> Files:
        """A page of what a version lists behind the path `after`, files and references."""
        await self._made.ensure(actor, version_id)

        def work(tx: Tx) -> Files:
            team, version = require_version(self._context, tx, actor, version_id)
            found = artifact_contents.select_references(tx, version.id, after, limit + 1, names)
            if version.manifest_id is not None:
                found += artifact_contents.select_files(tx, team, version.manifest_id, after, limit + 1, names)
            found.sort(key=lambda file: file.path)
            total = version.file_count if names is None else len(found)
            return Files(found[:limit], len(found) > limit, total)

        return await self._context.store.read(work)

    async def collection(self, actor: Actor, project_id: int, name: str) -> Collection | None:
        """The project's collection of this name."""

        def work(tx: Tx) -> Collection | None:
            check_project(self._context, tx, actor, project_id)
            found = artifact_collections.find_collection(tx, project_id, name)
            return None if found is None else artifact_collections.find_collection_by_key(tx, found.id)

        return await self._context.store.read(work)

    async def collection_by_key(self, actor: Actor, key: int) -> Collection:
        """The collection with this key. Raises NotFound."""
        return await self._context.store.read(lambda tx: require_collection(self._context, tx, actor, key)[1])

    async def collections(self, actor: Actor, scope: CollectionScope, search: Search) -> Counted[Collection]:
        """A page of collections."""

        def work(tx: Tx) -> Counted[Collection]:
            check_project(self._context, tx, actor, scope.project_id)
            return find_counted(
                search,
                f"artifact_collections {scope}",
                lambda query: artifact_search.search_collections(tx, scope, query),
                lambda keys: artifact_collections.load_collections(tx, keys),
                lambda condition: artifact_search.count_collections(tx, scope, condition),
            )

        return await self._context.store.read(work)

    async def types(self, actor: Actor, project_id: int, limit: int, offset: int) -> tuple[list[ArtifactType], int]:
        """A page of the project's types, and how many it has."""

        def work(tx: Tx) -> tuple[list[ArtifactType], int]:
            check_project(self._context, tx, actor, project_id)
            found = artifact_collections.select_types(tx, project_id, limit, offset)
            return found, artifact_collections.count_types(tx, project_id)

        return await self._context.store.read(work)

    async def type(self, actor: Actor, project_id: int, name: str) -> ArtifactType | None:
        """The project's type of this name."""

        def work(tx: Tx) -> ArtifactType | None:
            check_project(self._context, tx, actor, project_id)
            return artifact_collections.find_type(tx, project_id, name)

        return await self._context.store.read(work)

    async def aliases(self, actor: Actor, collection_id: int, limit: int, offset: int) -> list[tuple[int, str]]:
        """A page of (key, alias) of a collection."""

        def work(tx: Tx) -> list[tuple[int, str]]:
            require_collection(self._context, tx, actor, collection_id)
            return artifact_memberships.select_aliases(tx, collection_id, limit, offset)

        return await self._context.store.read(work)

    async def members(self, actor: Actor, collection_id: int, search: Search) -> Counted[Membership]:
        """A page of the versions in a collection."""

        def work(tx: Tx) -> Counted[Membership]:
            _, collection = require_collection(self._context, tx, actor, collection_id)
            hidden = sorted(hidden_members(self._context, tx, actor, collection))
            return find_counted(
                search,
                f"artifact_members {collection_id}",
                lambda query: artifact_search.search_members(tx, collection_id, query, hidden),
                lambda keys: load_memberships(self._context, tx, actor, keys),
                lambda condition: artifact_search.count_members(tx, collection_id, condition, hidden),
            )

        return await self._context.store.read(work)

    async def latest(self, actor: Actor, collection_id: int) -> Version | None:
        """The newest version in a sequence."""

        def work(tx: Tx) -> Version | None:
            require_collection(self._context, tx, actor, collection_id)
            found = artifact_versions.find_latest(tx, collection_id)
            return None if found is None else load_versions(self._context, tx, actor, [found[0]])[0]

        return await self._context.store.read(work)

    async def member(self, actor: Actor, collection_id: int, alias: str) -> Membership | None:
        """The place that an alias or number names in a collection."""

        def work(tx: Tx) -> Membership | None:
            require_collection(self._context, tx, actor, collection_id)
            key = artifact_memberships.find_membership(tx, collection_id, alias)
            found = load_memberships(self._context, tx, actor, [] if key is None else [key])
            return next(iter(seen_members(self._context, tx, actor, found)), None)

        return await self._context.store.read(work)
