"""Aliases of versions within a collection: set and taken off."""

from collections.abc import Sequence

import msgspec

from podium.domain.access import Actor
from podium.domain.artifact_collections import LATEST, Collection, check_alias
from podium.domain.events import Change
from podium.errors import InvalidState
from podium.services.artifact_access import require_collection_named
from podium.services.context import Context
from podium.store import artifact_memberships as rows
from podium.store import artifact_versions
from podium.store.transaction import Tx


class AliasIn(msgspec.Struct, frozen=True):
    """An alias within a collection of a project of an entity."""

    entity: str
    project: str
    collection: str
    alias: str


class ArtifactAliases:
    """What the actor may do with aliases."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def add(self, actor: Actor, version_id: int, aliases: Sequence[AliasIn]) -> None:
        """Point aliases at a version, in collections that have it. Raises InvalidState for one that has not."""
        for alias in aliases:
            check_alias(alias.alias)

        def work(tx: Tx) -> None:
            at = self._context.clock()
            for given in aliases:
                team, found = self._collection(tx, actor, given)
                point_aliases(self._context, tx, actor, team, found, version_id, [given.alias], at)

        await self._context.store.write(work, brief=True)

    async def remove(self, actor: Actor, version_id: int, aliases: Sequence[AliasIn]) -> None:
        """Take aliases off a version; those that it does not have are no matter."""

        def work(tx: Tx) -> None:
            at = self._context.clock()
            for given in aliases:
                team, found = self._collection(tx, actor, given)
                place = rows.find_place(tx, found.id, version_id)
                if place is not None and rows.remove_alias(tx, place, given.alias):
                    change = Change(
                        "artifact_collection", str(found.id), found.name, "delete_alias", _told(given.alias, version_id)
                    )
                    self._context.record(tx, actor, team, change, at=at)

        await self._context.store.write(work, brief=True)

    def _collection(self, tx: Tx, actor: Actor, given: AliasIn) -> tuple[int, Collection]:
        return require_collection_named(self._context, tx, actor.at(given.entity), given.project, given.collection)


def point_aliases(
    context: Context,
    tx: Tx,
    actor: Actor,
    team: int,
    collection: Collection,
    version_id: int,
    aliases: Sequence[str],
    at: int,
) -> None:
    """Point aliases of a collection at one of its versions, wherever they pointed before."""
    if not aliases:
        return
    place = rows.find_place(tx, collection.id, version_id)
    if place is None:
        raise InvalidState(f"'{collection.name}' does not hold this version: link it there first.")
    for alias in aliases:
        rows.set_alias(tx, collection.id, alias, place)
        change = Change(
            "artifact_collection", str(collection.id), collection.name, "set_alias", None, _told(alias, version_id)
        )
        context.record(tx, actor, team, change, at=at)


def _told(alias: str, version_id: int) -> dict[str, object]:
    return {"alias": alias, "version": version_id}


def point_latest(tx: Tx, collection_id: int) -> None:
    """Let the newest that is left in a collection be its latest."""
    newest = rows.find_newest(tx, collection_id)
    if newest is not None:
        rows.set_alias(tx, collection_id, LATEST, newest)


def delete_version(tx: Tx, version_id: int, at: int) -> None:
    """Mark a version deleted. Where it was the latest, the newest that is left is."""
    left = rows.select_latest_at(tx, version_id)
    artifact_versions.delete_version(tx, version_id, at)
    for collection in left:
        point_latest(tx, collection)
