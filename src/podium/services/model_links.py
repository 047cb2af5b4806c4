"""Links into the registry of models: what a client links there is registered, and what it changes there is changed of
the models themselves.
"""

from collections.abc import Sequence
from contextlib import suppress

import msgspec

from podium.domain import registries as rules
from podium.domain.access import Actor
from podium.domain.aliases import check_settable_alias, is_latest
from podium.domain.artifact_collections import Collection, Membership, Version
from podium.domain.registry import NewVersion, check_model_name
from podium.errors import Conflict, InvalidState, NotFound, PermissionDenied
from podium.services.artifact_access import (
    load_memberships,
    name_of,
    require_collection,
    require_collection_named,
    require_committed,
    require_project,
)
from podium.services.artifact_aliases import AliasIn, ArtifactAliases
from podium.services.artifact_changes import ArtifactChanges, VersionEdit
from podium.services.context import Context
from podium.services.link_targets import link_target
from podium.services.model_sync import ModelSync
from podium.services.promotion import Promotion
from podium.services.registry import Registry
from podium.services.registry_roles import require_role
from podium.services.versions import Versions
from podium.store import artifact_collections, artifact_memberships, model_links
from podium.store import registry as model_rows
from podium.store.transaction import Tx


class Models(msgspec.Struct, frozen=True):
    """The services that change models, and the one that shows them."""

    registry: Registry
    versions: Versions
    promotion: Promotion
    sync: ModelSync


class _Shown(msgspec.Struct, frozen=True):
    """A collection that shows a model, and the model's name."""

    collection: Collection
    model: str


class ModelChanges(ArtifactChanges):
    """Changes of artifacts; those of what shows models go to the models."""

    def __init__(self, context: Context, models: Models) -> None:
        super().__init__(context)
        self._models = models

    async def link(
        self, actor: Actor, version_id: int, project: str, portfolio: str, aliases: Sequence[str]
    ) -> Membership:
        """The version's place in a portfolio; a model linked into the registry of models is registered."""
        if project == rules.MODELS and await self._is_model(actor, version_id):
            return await self._register(actor, version_id, portfolio, aliases)
        return await super().link(actor, version_id, project, portfolio, aliases)

    async def _is_model(self, actor: Actor, version_id: int) -> bool:
        def work(tx: Tx) -> bool:
            _, version = require_committed(self._context, tx, actor, version_id)
            return version.sequence.type == rules.MODEL_TYPE

        return await self._context.store.read(work)

    async def _register(self, actor: Actor, version_id: int, name: str, aliases: Sequence[str]) -> Membership:
        check_model_name(name)
        wanted = [alias for alias in aliases if not is_latest(alias)]
        for alias in wanted:
            check_settable_alias(alias)

        def work(tx: Tx) -> Membership:
            _, version = require_committed(self._context, tx, actor, version_id)
            self._models.sync.open_registry(tx, actor)
            team, _ = link_target(self._context, tx, actor, rules.MODELS, rules.MODEL_TYPE)
            if model_rows.lock_model(tx, team, name) is None:
                self._models.registry.create_in(tx, actor, name, {})
            key = model_rows.find_key(tx, team, name)
            assert key is not None, "it is there now"
            number = model_links.find_version_in(tx, key, version.id) or self._version(tx, actor, name, version)
            for alias in wanted:
                self._models.promotion.set_alias_in(tx, actor, name, alias, number)
            self._models.sync.refresh_in(tx, actor, team)
            place = model_links.find_place_of(tx, key, rules.shown_number(number))
            assert place is not None, "the version was just shown"
            return load_memberships(self._context, tx, actor, [place])[0]

        return await self._context.store.write(work, brief=True)

    def _version(self, tx: Tx, actor: Actor, name: str, version: Version) -> int:
        source = f"wandb-artifact:///{name_of(version)}"
        tags = dict(rules.parse_tag(tag) for tag in version.tags)
        run_id = model_links.find_public_run(tx, version.run_id)
        new = NewVersion(name, source, run_id=run_id, description=version.description, tags=tags)
        made = self._models.versions.create_in(tx, actor, new, version.manifest_id)
        model_links.upsert_link(tx, made.id, version.id, _synced(version.description, tags))
        return made.version

    async def unlink(self, actor: Actor, version_id: int, portfolio_id: int) -> None:
        """Take a version out of a portfolio; from the registry of models the registered version is deleted."""
        shown = await self._shown(actor, portfolio_id)
        if shown is None:
            return await super().unlink(actor, version_id, portfolio_id)
        owner = _owner(actor, shown)

        def work(tx: Tx) -> int:
            place = artifact_memberships.find_place(tx, portfolio_id, version_id)
            if place is None:
                raise NotFound(f"'{shown.model}' does not link to this version.")
            return artifact_memberships.load_memberships(tx, [place])[0].number

        number = await self._context.store.read(work)
        await self._models.versions.delete(owner, shown.model, rules.version_of(number))
        await self._models.sync.refresh(owner)
        return None

    async def delete(self, actor: Actor, version_id: int, *, with_aliases: bool) -> Version:
        """The version, which is deleted. What was registered of it stays, with an artifact of its own."""
        deleted = await super().delete(actor, version_id, with_aliases=with_aliases)
        await self._context.store.write(model_links.forget_incomplete)
        return deleted

    async def update(self, actor: Actor, version_id: int, edit: VersionEdit) -> Version:
        """The version after the change, of which the versions registered of it, too, get description and tags."""
        changed = await super().update(actor, version_id, edit)
        bindings = await self._context.store.read(lambda tx: model_links.select_bindings(tx, changed.id))
        for binding in bindings:
            owner = msgspec.structs.replace(actor, team=binding.team)
            try:
                await self._pass_on(owner, binding.model, binding.version, edit)
            except (NotFound, PermissionDenied):
                continue  # what is registered elsewhere stays as those who may change it want it
            await self._models.sync.refresh(owner)
        return changed

    async def _pass_on(self, owner: Actor, model: str, version: int, edit: VersionEdit) -> None:
        if edit.description is not None:
            await self._models.versions.describe(owner, model, version, edit.description)
        for tag in edit.tags_to_add:
            await self._models.versions.set_tag(owner, model, version, *rules.parse_tag(tag))
        for tag in edit.tags_to_remove:
            await self._models.versions.delete_tag(owner, model, version, rules.parse_tag(tag)[0])

    async def update_collection(
        self, actor: Actor, collection_id: int, name: str | None, description: str | None
    ) -> Collection:
        """The collection after it, or the model that it shows, was renamed or described."""
        shown = await self._shown(actor, collection_id)
        if shown is None:
            return await super().update_collection(actor, collection_id, name, description)
        owner, model = _owner(actor, shown), shown.model
        if description is not None:
            await self._models.registry.describe(owner, model, description)
        if name is not None and name != model:
            await self._models.registry.rename(owner, model, name)
        await self._models.sync.refresh(owner)
        return await self._context.store.read(lambda tx: require_collection(self._context, tx, actor, collection_id)[1])

    async def move_collection(self, actor: Actor, collection_id: int, type_name: str) -> Collection:
        """The collection, which is now of another type. Raises InvalidState for one that shows a model."""
        shown = await self._shown(actor, collection_id)
        if shown is not None:
            raise InvalidState(f"'{shown.model}' is a registered model: its type is '{rules.MODEL_TYPE}'.")
        return await super().move_collection(actor, collection_id, type_name)

    async def tag_collection(
        self, actor: Actor, project: str, collection: str, add: Sequence[str], remove: Sequence[str]
    ) -> None:
        """Give a collection, or the model that it shows, tags, and take others off."""
        model = await find_model(self._context, actor, project, collection)
        if model is None:
            return await super().tag_collection(actor, project, collection, add, remove)
        for tag in add:
            await self._models.registry.set_tag(actor, model, *rules.parse_tag(tag))
        for tag in remove:
            await self._models.registry.delete_tag(actor, model, rules.parse_tag(tag)[0])
        await self._models.sync.refresh(actor)
        return None

    async def delete_collection(self, actor: Actor, collection_id: int) -> Collection:
        """The collection, which is deleted, with the model that it shows."""
        shown = await self._shown(actor, collection_id)
        if shown is None:
            deleted = await super().delete_collection(actor, collection_id)
            await self._context.store.write(model_links.forget_incomplete)
            return deleted
        owner = _owner(actor, shown)
        await self._models.registry.delete(owner, shown.model)
        await self._models.sync.refresh(owner)
        return shown.collection

    async def _shown(self, actor: Actor, collection_id: int) -> _Shown | None:
        def work(tx: Tx) -> _Shown | None:
            model = model_links.find_shown(tx, collection_id)
            if model is None:
                return None
            found = require_collection(self._context, tx, actor, collection_id)[1]
            _require_member(self._context, tx, actor.at(found.place.team), found.place.project_id)
            return _Shown(found, model)

        return await self._context.store.read(work)


class ModelAliases(ArtifactAliases):
    """Aliases within collections; those within what shows a model are the model's."""

    def __init__(self, context: Context, models: Models) -> None:
        super().__init__(context)
        self._models = models

    async def add(self, actor: Actor, version_id: int, aliases: Sequence[AliasIn]) -> None:
        """Point aliases at a version, in collections that have it."""
        others = []
        for given in aliases:
            owner = msgspec.structs.replace(actor, team=given.entity)
            model = await find_model(self._context, owner, given.project, given.collection)
            if model is None:
                others.append(given)
            elif not is_latest(given.alias):
                number = await self._number(owner, given, version_id)
                await self._models.promotion.set_alias(owner, model, given.alias, number)
                await self._models.sync.refresh(owner)
        if others:
            await super().add(actor, version_id, others)

    async def remove(self, actor: Actor, version_id: int, aliases: Sequence[AliasIn]) -> None:
        """Take aliases off a version; those that it does not have are no matter."""
        others = []
        for given in aliases:
            owner = msgspec.structs.replace(actor, team=given.entity)
            model = await find_model(self._context, owner, given.project, given.collection)
            if model is None:
                others.append(given)
            elif not is_latest(given.alias):
                number = await self._number(owner, given, version_id)
                with suppress(Conflict):  # it points to another version
                    await self._models.promotion.delete_alias(owner, model, given.alias, expected_version=number)
                await self._models.sync.refresh(owner)
        if others:
            await super().remove(actor, version_id, others)

    async def _number(self, owner: Actor, given: AliasIn, version_id: int) -> int:
        def work(tx: Tx) -> int:
            _, found = require_collection_named(self._context, tx, owner, given.project, given.collection)
            place = artifact_memberships.find_place(tx, found.id, version_id)
            if place is None:
                raise InvalidState(f"'{found.name}' does not hold this version: link it there first.")
            return rules.version_of(artifact_memberships.load_memberships(tx, [place])[0].number)

        return await self._context.store.read(work)


async def find_model(context: Context, actor: Actor, project: str, collection: str) -> str | None:
    """The name of the model that a collection of the actor's team shows, to be changed there.

    Raises NotFound and PermissionDenied for who is no member of the registry of models.
    """
    if project != rules.MODELS:
        return None

    def work(tx: Tx) -> str | None:
        _, found = require_project(context, tx, actor, project)
        shown = artifact_collections.find_collection(tx, found, collection)
        model = None if shown is None else model_links.find_shown(tx, shown.id)
        if model is not None:
            _require_member(context, tx, actor, found)
        return model

    return await context.store.read(work)


def _require_member(context: Context, tx: Tx, actor: Actor, registry: int) -> None:
    """Changes of models are made one by one, each in a transaction of its own, by their team's rights."""
    require_role(tx, actor, context.team_id(tx, actor), registry, "member")


def _owner(actor: Actor, shown: _Shown) -> Actor:
    return msgspec.structs.replace(actor, team=shown.collection.place.team)


def _synced(description: str | None, tags: dict[str, str]) -> str:
    return msgspec.json.encode(rules.Synced(description, rules.shown_tags(tags))).decode()
