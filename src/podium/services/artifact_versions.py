"""Versions of artifacts: begun, listed in one or several parts, and committed; until then nobody finds them by name."""

from collections.abc import Sequence

import msgspec

from podium.domain import artifact_collections as rules
from podium.domain.access import Actor
from podium.domain.artifact_collections import Collection, Version
from podium.domain.artifact_listings import Kind
from podium.domain.events import Change
from podium.domain.names import check_length, check_text
from podium.errors import AlreadyExists, InvalidArgument, InvalidState, NotFound
from podium.services.artifact_access import load_versions, name_of, require_committed, require_version
from podium.services.artifact_aliases import point_aliases
from podium.services.context import Context
from podium.services.projects import ensure_project
from podium.store import artifact_collections, artifact_contents, artifact_versions, run_artifacts
from podium.store.artifact_contents import ListingRow
from podium.store.transaction import Tx

_MAX_ID = 256  # of what clients call versions by; their own have 128 characters at most


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """What a client says of a version before it sends the files."""

    project: str
    type: str
    collection: str
    digest: str
    run: str | None = None
    aliases: Sequence[str] = ()
    tags: Sequence[str] = ()
    description: str | None = None
    metadata: str | None = None
    history_step: int | None = None
    ttl_s: int | None = None
    client_id: str | None = None
    distributed_id: str | None = None
    storage_region: str | None = None
    deduplicate: bool = True

    def check(self) -> None:
        """Raise InvalidArgument for names and values that no version can have."""
        rules.check_collection_name(self.collection)
        rules.check_type_name(self.type)
        for alias in self.aliases:
            rules.check_alias(alias)
        for tag in self.tags:
            rules.check_tag(tag)
        rules.ttl_of(self.ttl_s)
        rules.check_region(self.storage_region)
        for what in ("digest", "client_id", "distributed_id"):
            check_length(what, getattr(self, what) or "", _MAX_ID)
            check_text(what, getattr(self, what) or "")
        check_text("description", self.description or "")
        rules.check_metadata(self.metadata)


class Begun(msgspec.Struct, frozen=True):
    """A version, and the newest committed one of its sequence, by key and number."""

    version: Version
    latest: tuple[int, int] | None


class ArtifactVersions:
    """How versions come to be."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def create(self, actor: Actor, draft: Draft) -> Begun:
        """The version to fill; or the committed one that has the same content already, which gets the new aliases.

        Writers with the same `distributed_id` get the same one until it is committed. A draft sent again is the same
        version.
        """
        draft.check()

        def work(tx: Tx) -> Begun:
            team = self._context.team_id(tx, actor)
            project = ensure_project(self._context, tx, actor, team, draft.project)
            at = self._context.clock()
            sequence = self._sequence(tx, actor, team, project.id, draft, at)
            latest = artifact_versions.find_latest(tx, sequence.id)
            key = self._find_or_insert(tx, actor, team, sequence, draft, at)
            return Begun(load_versions(self._context, tx, actor, [key])[0], latest)

        return await self._context.store.write(work, brief=True)

    async def begin_listing(
        self, actor: Actor, version_id: int, kind: Kind, base_id: int | None, md5: str
    ) -> tuple[int, int]:
        """The keys of the team and of the list that a pending version is, or is partly, made of.

        A full list is the only one of its version: told again it is changed.
        """

        def work(tx: Tx) -> tuple[int, int]:
            team = self._pending(tx, actor, version_id)
            base = self._base(tx, actor, base_id)
            full = [row for row in artifact_contents.select_listings(tx, version_id) if row.kind == kind == "FULL"]
            if full:
                artifact_contents.update_listing(tx, full[0].id, base, md5)
                return team, full[0].id
            return team, artifact_contents.insert_listing(tx, version_id, kind, base, md5, self._context.clock())

        return await self._context.store.write(work, brief=True)

    async def update_listing(
        self, actor: Actor, listing_id: int, base_id: int | None, md5: str | None
    ) -> tuple[int, ListingRow]:
        """The key of the team, and the list after the change; what is None stays."""

        def work(tx: Tx) -> tuple[int, ListingRow]:
            listing = artifact_contents.find_listing(tx, listing_id)
            if listing is None:
                raise NotFound(f"There is no artifact manifest with the number {listing_id}.")
            team = self._pending(tx, actor, listing.version_id)
            base = self._base(tx, actor, base_id)
            changed = msgspec.structs.replace(listing, base_id=base or listing.base_id, md5=md5 or listing.md5)
            artifact_contents.update_listing(tx, listing_id, changed.base_id, changed.md5)
            return team, changed

        return await self._context.store.write(work, brief=True)

    def _base(self, tx: Tx, actor: Actor, base_id: int | None) -> int | None:
        """The version whose files become those of the new one."""
        return None if base_id is None else require_committed(self._context, tx, actor, base_id)[1].id

    def _pending(self, tx: Tx, actor: Actor, version_id: int) -> int:
        team, version = require_version(self._context, tx, actor, version_id)
        if version.state != "PENDING":
            raise InvalidState(f"The artifact '{name_of(version)}' is {version.state.lower()}: its files are fixed.")
        return team

    def _sequence(self, tx: Tx, actor: Actor, team: int, project_id: int, draft: Draft, at: int) -> Collection:
        found = artifact_collections.find_collection(tx, project_id, draft.collection)
        if found is None:
            type_id = artifact_collections.ensure_type(tx, project_id, draft.type, at)
            key = artifact_collections.insert_collection(
                tx, project_id=project_id, kind="sequence", type_id=type_id, name=draft.collection, at=at
            )
            if key is not None:
                change = Change("artifact_collection", str(key), draft.collection, "create", None, {"type": draft.type})
                self._context.record(tx, actor, team, change, at=at)
            found = artifact_collections.find_collection(tx, project_id, draft.collection)
            assert found is not None, "it is there now, whoever made it"
        if found.kind != "sequence":
            raise AlreadyExists(f"'{draft.collection}' is a collection of links: nothing can be logged under its name.")
        if found.type != draft.type:
            raise InvalidArgument(
                f"The artifact '{draft.collection}' already exists with type '{found.type}'; "
                f"cannot create another with type '{draft.type}'."
            )
        return found

    def _find_or_insert(self, tx: Tx, actor: Actor, team: int, sequence: Collection, draft: Draft, at: int) -> int:
        if draft.client_id and (known := artifact_versions.find_by_client_id(tx, draft.client_id)) is not None:
            return require_version(self._context, tx, actor, known)[1].id
        run = None
        if draft.run:
            run = run_artifacts.find_run_key(tx, team, draft.project, draft.run)
        key = self._find(tx, actor, team, sequence, draft, at) or _insert(tx, actor, sequence, draft, run, at)
        if run is not None:
            run_artifacts.insert_use(tx, run, "output", key, at)
        artifact_versions.add_tags(tx, key, draft.tags)
        if draft.client_id:
            artifact_versions.insert_client_id(tx, draft.client_id, key)
        return key

    def _find(self, tx: Tx, actor: Actor, team: int, sequence: Collection, draft: Draft, at: int) -> int | None:
        if draft.distributed_id:
            found = artifact_versions.find_distributed(tx, sequence.id, draft.distributed_id)
            if found is not None:
                artifact_versions.lock_pending(tx, found)
                aliases = sorted({*_pending_aliases(tx, found), *draft.aliases})
                artifact_versions.add_pending_aliases(tx, found, msgspec.json.encode(aliases).decode())
            return found
        if not draft.deduplicate or not draft.digest:
            return None
        found = artifact_versions.find_committed(tx, sequence.id, draft.digest)
        if found is not None:
            point_aliases(self._context, tx, actor, team, sequence, found, draft.aliases, at)
        return found


def _pending_aliases(tx: Tx, key: int) -> list[str]:
    row = artifact_versions.lock_pending(tx, key)
    return msgspec.json.decode(row[1], type=list[str]) if row else []


def _insert(tx: Tx, actor: Actor, sequence: Collection, draft: Draft, run: int | None, at: int) -> int:
    new = artifact_versions.NewVersion(
        collection_id=sequence.id,
        digest=draft.digest,
        description=draft.description,
        metadata=draft.metadata,
        ttl_s=rules.ttl_of(draft.ttl_s),
        history_step=draft.history_step,
        run_id=run,
        user_id=actor.name,
        distributed_id=draft.distributed_id,
        pending_aliases=msgspec.json.encode(list(draft.aliases)).decode(),
        kept=not draft.deduplicate,
    )
    return artifact_versions.insert_version(tx, new, at)
