"""Artifacts as pages show them: collections of all the actor's teams, one collection, one version."""

import msgspec

from podium.domain.access import Actor
from podium.domain.artifact_collections import Collection, Membership, Version
from podium.domain.filters import decode_cursor, encode_cursor
from podium.domain.manifests import Manifest, ManifestDiff, ManifestEntry, diff
from podium.domain.shelf import CollectionContent, NamedRun, RegisteredPlace, ShelfPlace, WantedArtifacts
from podium.errors import InvalidArgument, NotFound
from podium.services.artifact_access import (
    hidden_members,
    load_memberships,
    require_collection_named,
    require_version,
    seen_members,
)
from podium.services.context import Context
from podium.services.registry_roles import hidden_registries, seen_projects
from podium.store import artifact_collections, artifact_contents, artifact_memberships
from podium.store import artifact_shelf as rows
from podium.store.transaction import Tx

MAX_PAGE = 500
MAX_READERS = 50
MAX_COMPARED_FILES = 20_000


class ShelvedCollection(msgspec.Struct, frozen=True):
    """A collection, what is in it, and when that changed."""

    collection: Collection
    content: CollectionContent
    changed_at: int


class ArtifactsFound(msgspec.Struct, frozen=True):
    """A page of collections, how many there are on all pages, the token of the next one, and the types there are."""

    collections: list[ShelvedCollection]
    count: int
    types: list[str]
    next_page_token: str | None


class CollectionShown(msgspec.Struct, frozen=True):
    """A collection with a page of its versions, and the runs that made those."""

    collection: Collection
    content: CollectionContent
    members: list[Membership]
    runs: dict[int, NamedRun]
    before: int | None  # where the next page begins


class VersionShown(msgspec.Struct, frozen=True):
    """A version's place in a collection, who made it and who read it, and where else it is."""

    member: Membership
    maker: NamedRun | None
    readers: list[NamedRun]
    places: list[Membership]
    registered: list[RegisteredPlace]
    numbers: list[int]  # of the collection's newest versions, to compare with

    @property
    def version(self) -> Version:
        return self.member.version


class ArtifactShelf:
    """What the actor may see."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def find(
        self, actor: Actor, wanted: WantedArtifacts, *, team: str = "", limit: int = 60, page_token: str = ""
    ) -> ArtifactsFound:
        """A page of collections; of one team alone if it is named. Raises NotFound for a team that is not theirs."""
        if not 1 <= limit <= MAX_PAGE:
            raise InvalidArgument(f"'limit' must be between 1 and {MAX_PAGE}, got {limit}.")
        scope = f"artifact_shelf/{team}/{msgspec.json.encode(wanted).decode()}"
        after = ShelfPlace(*decode_cursor(page_token, scope)) if page_token else None  # type: ignore[arg-type]

        def work(tx: Tx) -> ArtifactsFound:
            teams = [one.id for one in self._context.readable_teams(tx, actor, team)]
            hidden = hidden_registries(tx, actor, teams)
            found = rows.list_collections(tx, teams, hidden, wanted, after, limit + 1)
            last = found[limit - 1] if len(found) > limit else None
            token = None if last is None else encode_cursor((last.id, last.name, last.changed_at), scope)
            count = rows.count_collections(tx, teams, hidden, wanted)
            return ArtifactsFound(_shelved(tx, found[:limit]), count, rows.list_types(tx, teams, hidden), token)

        return await self._context.store.read(work)

    async def collection(
        self, actor: Actor, project: str, name: str, *, before: int | None, limit: int
    ) -> CollectionShown:
        """A collection of the actor's team, with versions of numbers below `before`. Raises NotFound."""

        def work(tx: Tx) -> CollectionShown:
            _, found = require_collection_named(self._context, tx, actor, project, name)
            whole = artifact_collections.load_collections(tx, [found.id])[0]
            hidden = sorted(hidden_members(self._context, tx, actor, found))
            keys = rows.list_members(tx, found.id, hidden, before, limit + 1)
            members = load_memberships(self._context, tx, actor, keys[:limit])
            runs = rows.name_runs(tx, self._teams(tx, actor), _makers(members))
            content = rows.contents_of(tx, [found.id]).get(found.id, CollectionContent(0, -1, 0))
            return CollectionShown(whole, content, members, runs, members[-1].number if len(keys) > limit else None)

        return await self._context.store.read(work)

    async def version(self, actor: Actor, project: str, name: str, alias: str) -> VersionShown:
        """A version of the actor's team by its number `v3` or an alias. Raises NotFound."""

        def work(tx: Tx) -> VersionShown:
            _, found = require_collection_named(self._context, tx, actor, project, name)
            key = artifact_memberships.find_membership(tx, found.id, alias)
            members = load_memberships(self._context, tx, actor, [] if key is None else [key])
            members = seen_members(self._context, tx, actor, members)
            if not members:
                raise NotFound(f"The artifact '{name}' has no version '{alias}'.")
            return self._shown(tx, actor, members[0])

        return await self._context.store.read(work)

    async def place(self, actor: Actor, version_id: int) -> Membership:
        """A version's place in its own collection. Raises NotFound, for one without a number too."""

        def work(tx: Tx) -> Membership:
            _, version = require_version(self._context, tx, actor, version_id)
            key = artifact_memberships.find_place(tx, version.sequence.id, version.id)
            if key is None:
                raise NotFound(f"The artifact version {version_id} is deleted, or not committed yet.")
            return load_memberships(self._context, tx, actor, [key])[0]

        return await self._context.store.read(work)

    async def changes(self, actor: Actor, old: int, new: int) -> ManifestDiff:
        """What turns the files of one version into those of another, what lies elsewhere included."""

        def work(tx: Tx) -> ManifestDiff:
            return diff(self._files(tx, actor, old), self._files(tx, actor, new))

        return await self._context.store.read(work)

    def _shown(self, tx: Tx, actor: Actor, member: Membership) -> VersionShown:
        version = member.version
        teams = self._teams(tx, actor)
        keys = rows.readers_of(tx, version.id, MAX_READERS)
        runs = rows.name_runs(tx, teams, [*keys, *_makers([member])])
        others = artifact_memberships.load_memberships(tx, artifact_memberships.select_places_of(tx, version.id))
        seen = seen_projects(self._context, tx, actor, (each.collection.place.project_id for each in others))
        hidden = sorted(hidden_members(self._context, tx, actor, member.collection))
        near = rows.list_members(tx, member.collection.id, hidden, None, MAX_READERS)
        return VersionShown(
            member,
            runs.get(version.run_id or 0),
            [runs[key] for key in keys if key in runs],
            [each for each in others if each.id != member.id and each.collection.place.project_id in seen],
            rows.registered_of(tx, teams, version.id),
            [each.number for each in artifact_memberships.load_memberships(tx, near)],
        )

    def _files(self, tx: Tx, actor: Actor, version_id: int) -> Manifest:
        team, version = require_version(self._context, tx, actor, version_id)
        found = artifact_contents.select_references(tx, version_id, "", MAX_COMPARED_FILES, None)
        if version.manifest_id is not None:
            found += artifact_contents.select_files(tx, team, version.manifest_id, "", MAX_COMPARED_FILES, None)
        entries = [ManifestEntry(file.path, file.digest, file.size_bytes) for file in found]
        return Manifest(tuple(sorted(entries, key=lambda entry: entry.path)))

    def _teams(self, tx: Tx, actor: Actor) -> list[int]:
        return [team.id for team in self._context.readable_teams(tx, actor)]


def _shelved(tx: Tx, places: list[ShelfPlace]) -> list[ShelvedCollection]:
    keys = [place.id for place in places]
    contents = rows.contents_of(tx, keys)
    loaded = {each.id: each for each in artifact_collections.load_collections(tx, keys)}
    nothing = CollectionContent(0, -1, 0)
    return [
        ShelvedCollection(loaded[place.id], contents.get(place.id, nothing), place.changed_at)
        for place in places
        if place.id in loaded
    ]


def _makers(members: list[Membership]) -> list[int]:
    return [each.version.run_id for each in members if each.version.run_id is not None]
