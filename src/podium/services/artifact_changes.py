"""Changing what is there: descriptions, metadata and tags of versions and collections; deleting them; links."""

from collections.abc import Sequence

import msgspec

from podium.domain import artifact_collections as rules
from podium.domain.access import Actor
from podium.domain.artifact_collections import Collection, Membership, Version
from podium.domain.events import Change, State
from podium.domain.names import check_text
from podium.errors import AlreadyExists, InvalidArgument, InvalidState, NotFound
from podium.services.artifact_access import (
    load_memberships,
    load_versions,
    name_of,
    require_collection,
    require_collection_named,
    require_committed,
    require_version,
    without_hidden,
)
from podium.services.artifact_aliases import delete_version, point_aliases, point_latest
from podium.services.context import Context
from podium.services.link_targets import link_target
from podium.store import artifact_collections, artifact_memberships, artifact_versions
from podium.store.transaction import Tx


class VersionEdit(msgspec.Struct, frozen=True, kw_only=True):
    """What to change of a version; None leaves what is there."""

    description: str | None = None
    metadata: str | None = None
    ttl_s: int | None = None
    tags_to_add: Sequence[str] = ()
    tags_to_remove: Sequence[str] = ()


class ArtifactChanges:
    """What the actor may change of artifacts."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def update(self, actor: Actor, version_id: int, edit: VersionEdit) -> Version:
        """The version after the change."""
        for tag in edit.tags_to_add:
            rules.check_tag(tag)
        check_text("description", edit.description or "")
        rules.check_metadata(edit.metadata)

        def work(tx: Tx) -> Version:
            artifact_versions.lock_pending(tx, version_id)
            team, version = require_version(self._context, tx, actor, version_id)
            at = self._context.clock()
            artifact_versions.update_version(
                tx,
                version.id,
                description=version.description if edit.description is None else edit.description,
                metadata=version.metadata if edit.metadata is None else edit.metadata,
                ttl_s=version.ttl_s if edit.ttl_s is None else rules.ttl_of(edit.ttl_s),
                at=at,
            )
            artifact_versions.add_tags(tx, version.id, edit.tags_to_add)
            artifact_versions.remove_tags(tx, version.id, edit.tags_to_remove)
            after = {key: value for key, value in msgspec.structs.asdict(edit).items() if value}
            change = Change("artifact_version", str(version.id), name_of(version), "update", None, after)
            self._context.record(tx, actor, team, change, at=at)
            return load_versions(self._context, tx, actor, [version.id])[0]

        return await self._context.store.write(work, brief=True)

    async def delete(self, actor: Actor, version_id: int, *, with_aliases: bool) -> Version:
        """The version, which is deleted. Raises InvalidState when it has aliases and they are not to go with it."""

        def work(tx: Tx) -> Version:
            team, version = require_version(self._context, tx, actor, version_id)
            shown = without_hidden(self._context, tx, actor, version)
            if version.state == "DELETED":
                return shown
            if version.aliases and not with_aliases:
                named = ", ".join(repr(alias.alias) for alias in shown.aliases) or "of registries"
                raise InvalidState(
                    f"The artifact '{name_of(version)}' has the aliases {named}: delete them first, or with it."
                )
            at = self._context.clock()
            delete_version(tx, version.id, at)
            change = Change("artifact_version", str(version.id), name_of(version), "delete")
            self._context.record(tx, actor, team, change, at=at)
            return shown

        return await self._context.store.write(work, brief=True)

    async def update_collection(
        self, actor: Actor, collection_id: int, name: str | None, description: str | None
    ) -> Collection:
        """The collection after it was renamed or described; None leaves what is there. Raises AlreadyExists."""
        if name is not None:
            rules.check_collection_name(name)
        check_text("description", description or "")

        def work(tx: Tx) -> Collection:
            artifact_collections.lock_collection(tx, collection_id)
            team, found = require_collection(self._context, tx, actor, collection_id)
            wanted = found.name if name is None else name
            other = artifact_collections.find_collection(tx, found.place.project_id, wanted)
            if other is not None and other.id != collection_id:
                raise AlreadyExists(f"The project has an artifact collection '{wanted}' already.")
            at = self._context.clock()
            told = found.description if description is None else description
            artifact_collections.update_collection(tx, collection_id, wanted, told, at)
            self._record(tx, actor, team, found, "update", {"name": wanted, "description": told}, at)
            return require_collection(self._context, tx, actor, collection_id)[1]

        return await self._context.store.write(work, brief=True)

    async def move_collection(self, actor: Actor, collection_id: int, type_name: str) -> Collection:
        """The collection, which is now of another type."""
        rules.check_type_name(type_name)

        def work(tx: Tx) -> Collection:
            team, found = require_collection(self._context, tx, actor, collection_id)
            at = self._context.clock()
            type_id = artifact_collections.ensure_type(tx, found.place.project_id, type_name, at)
            artifact_collections.update_type(tx, collection_id, type_id, at)
            self._record(tx, actor, team, found, "update", {"type": type_name}, at)
            return require_collection(self._context, tx, actor, collection_id)[1]

        return await self._context.store.write(work, brief=True)

    async def tag_collection(
        self, actor: Actor, project: str, collection: str, add: Sequence[str], remove: Sequence[str]
    ) -> None:
        """Give a collection of the actor's team tags, and take others off."""
        for tag in add:
            rules.check_tag(tag)

        def work(tx: Tx) -> None:
            team, found = require_collection_named(self._context, tx, actor, project, collection)
            artifact_collections.add_tags(tx, found.id, add)
            artifact_collections.remove_tags(tx, found.id, remove)
            told = {"tags_added": list(add), "tags_removed": list(remove)}
            self._record(tx, actor, team, found, "update", told, self._context.clock())

        await self._context.store.write(work, brief=True)

    async def delete_collection(self, actor: Actor, collection_id: int) -> Collection:
        """The collection, which is deleted: a sequence with all its versions, a portfolio with its links."""

        def work(tx: Tx) -> Collection:
            team, found = require_collection(self._context, tx, actor, collection_id)
            at = self._context.clock()
            if found.kind == "sequence":
                artifact_versions.delete_versions_of(tx, collection_id, at)
            artifact_memberships.empty_collection(tx, collection_id)
            artifact_collections.delete_collection(tx, collection_id, at)
            self._record(tx, actor, team, found, "delete", None, at)
            return found

        return await self._context.store.write(work)

    async def link(
        self, actor: Actor, version_id: int, project: str, portfolio: str, aliases: Sequence[str]
    ) -> Membership:
        """The version's place in a portfolio of the actor's team, which is made if it is not there."""
        rules.check_collection_name(portfolio)
        for alias in aliases:
            rules.check_alias(alias)

        def work(tx: Tx) -> Membership:
            _, version = require_committed(self._context, tx, actor, version_id)
            team, target = link_target(self._context, tx, actor, project, version.sequence.type)
            at = self._context.clock()
            found = _portfolio(tx, target, portfolio, version, at)
            place = artifact_memberships.find_place(tx, found.id, version.id)
            if place is None:
                number = artifact_collections.take_number(tx, found.id)
                place = artifact_memberships.insert_membership(tx, found.id, version.id, number, at)
                told = {"version": version.id, "name": name_of(version), "number": number}
                self._record(tx, actor, team, found, "link", told, at)
                # A look-up without an alias asks for the latest, which clients do not set on links.
                artifact_memberships.set_alias(tx, found.id, rules.LATEST, place)
            point_aliases(self._context, tx, actor, team, found, version.id, aliases, at)
            return load_memberships(self._context, tx, actor, [place])[0]

        return await self._context.store.write(work, brief=True)

    async def unlink(self, actor: Actor, version_id: int, portfolio_id: int) -> None:
        """Take a version out of a portfolio, with its aliases there. Raises NotFound when it is not there."""

        def work(tx: Tx) -> None:
            team, found = require_collection(self._context, tx, actor, portfolio_id)
            if found.kind != "portfolio":
                raise InvalidArgument(f"'{found.name}' is no collection of links: its versions are deleted instead.")
            place = artifact_memberships.find_place(tx, portfolio_id, version_id)
            if place is None:
                raise NotFound(f"'{found.name}' does not link to this version.")
            was_latest = artifact_memberships.find_membership(tx, portfolio_id, rules.LATEST) == place
            artifact_memberships.delete_membership(tx, place)
            if was_latest:
                point_latest(tx, portfolio_id)
            self._record(tx, actor, team, found, "unlink", {"version": version_id}, self._context.clock())

        await self._context.store.write(work, brief=True)

    def _record(
        self,
        tx: Tx,
        actor: Actor,
        team: int,
        found: Collection,
        action: str,
        after: State,
        at: int,
    ) -> None:
        change = Change("artifact_collection", str(found.id), found.name, action, None, after)
        self._context.record(tx, actor, team, change, at=at)


def _portfolio(tx: Tx, project_id: int, name: str, version: Version, at: int) -> Collection:
    type_name = version.sequence.type
    found = artifact_collections.find_collection(tx, project_id, name)
    if found is None:
        type_id = artifact_collections.ensure_type(tx, project_id, type_name, at)
        artifact_collections.insert_collection(
            tx, project_id=project_id, kind="portfolio", type_id=type_id, name=name, at=at
        )
        found = artifact_collections.find_collection(tx, project_id, name)
        assert found is not None, "it is there now, whoever made it"
    if found.kind != "portfolio":
        raise InvalidArgument(
            f"'{name}' holds artifacts that were logged to it: links go to a collection of their own."
        )
    if found.type != type_name:
        raise InvalidArgument(
            f"The collection '{name}' is of type '{found.type}': "
            f"an artifact of type '{type_name}' cannot be linked there."
        )
    return found
