"""Registered models as they show in the registry of models: brought up to date before anybody looks there.

Registering a model does not pay for it: a collection notes which revision of its model it shows, and only what is
behind is read again.
"""

import hashlib
from collections.abc import Callable
from contextlib import suppress

import msgspec

from podium.domain.access import Actor
from podium.domain.artifact_collections import LATEST
from podium.domain.registries import MODEL_TYPE, MODELS, Synced, shown_number, shown_tags
from podium.errors import NotFound
from podium.services.context import Context
from podium.services.projects import require_active
from podium.services.registry_projects import ensure_registry
from podium.store import (
    artifact_collections,
    artifact_memberships,
    artifact_versions,
    model_links,
    projects,
    registries,
    run_artifacts,
)
from podium.store.model_links import ModelRow, VersionRow
from podium.store.transaction import Tx

_STATEMENTS = 10  # about as many as it takes to show a model
_LOGGED = "registered-"  # begins the names of sequences that hold what was registered without an artifact


class ModelSync:
    """Keeps the registry of models up to date."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def refresh(self, actor: Actor) -> None:
        """Let the registry of the actor's team show its models as they are now."""
        reader = self._context

        def is_stale(tx: Tx) -> bool:
            return bool(model_links.select_stale(tx, reader.team_id(tx, actor)))

        if await reader.store.read(is_stale):
            await reader.store.write(lambda tx: self.refresh_in(tx, actor, self._team(tx, actor)), brief=True)

    async def refresh_version(self, actor: Actor, key: int) -> None:
        """The same for the registry that has the version with this key, if it shows a model there."""
        await self._refresh_found(actor, lambda tx: model_links.find_team_of_stale_version(tx, key))

    async def refresh_collection(self, actor: Actor, key: int) -> None:
        """The same for the registry that has the collection with this key."""
        await self._refresh_found(actor, lambda tx: model_links.find_team_of_stale_collection(tx, key))

    async def _refresh_found(self, actor: Actor, find: Callable[[Tx], str | None]) -> None:
        team = await self._context.store.read(find)
        if team is not None:
            with suppress(NotFound):  # for this actor: whether it may see the thing itself is asked by who reads it
                await self.refresh(actor.at(team))

    def refresh_in(self, tx: Tx, actor: Actor, team: int) -> None:
        """As `refresh`, within a transaction."""
        if not model_links.select_stale(tx, team):
            return
        known = projects.find_project_by_name(tx, team, MODELS)
        if known is not None and (known.deleted_at is not None or registries.find_registry(tx, known.id) is None):
            return
        registry = self.open_registry(tx, actor)
        stale = model_links.select_stale(tx, team)  # what others brought up to date meanwhile is not
        tx.expect(len(stale) * _STATEMENTS)
        type_id = artifact_collections.ensure_type(tx, registry, MODEL_TYPE, self._context.clock())
        for model in stale:
            self._refresh_model(tx, team, registry, type_id, model)

    def open_registry(self, tx: Tx, actor: Actor) -> int:
        """The key of the registry of models of the actor's team, which is made if it is not there.

        Until the transaction ends nobody else shows models in it or registers there what is linked. Raises
        InvalidArgument when it is deleted.
        """
        team = self._team(tx, actor)
        project, made = ensure_registry(self._context, tx, actor, team, MODELS, allows_all_types=False)
        require_active(project)
        projects.find_project(tx, team, project.id, lock=True)
        if made:
            artifact_collections.ensure_type(tx, project.id, MODEL_TYPE, self._context.clock())
        return project.id

    def _team(self, tx: Tx, actor: Actor) -> int:
        """A reader's look makes the copy, too: the right to write it is not asked for."""
        return self._context.team_id(tx, actor, only_reads=True)

    def _refresh_model(self, tx: Tx, team: int, registry: int, type_id: int, model: ModelRow) -> None:
        collection = model.collection_id
        if collection is None:
            collection = _collection(tx, registry, type_id, model)
        versions = [] if model.deleted_at is not None else model_links.select_versions(tx, team, model.id)
        tx.expect(len(versions))
        tags = model_links.select_tags(tx, [version.id for version in versions])
        shown = {}
        for version in versions:
            artifact = version.artifact_id
            if artifact is None:
                artifact = _artifact(tx, registry, model, version)
            _pass_on(tx, artifact, version, shown_tags(tags[version.id]))
            shown[shown_number(version.version)] = (artifact, version.created_at)
        places = _place(tx, collection, shown)
        _point(tx, collection, model, places)
        _tag(tx, collection, model)
        model_links.update_collection(tx, collection, _free_name(tx, registry, model, collection), model)


def _collection(tx: Tx, registry: int, type_id: int, model: ModelRow) -> int:
    key = artifact_collections.insert_collection(
        tx,
        project_id=registry,
        kind="portfolio",
        type_id=type_id,
        name=_free_name(tx, registry, model, None),
        at=model.created_at,
    )
    assert key is not None, "the name is free"
    model_links.bind_collection(tx, key, model.id)
    return key


def _free_name(tx: Tx, registry: int, model: ModelRow, own: int | None) -> str:
    """The model's name, unless a collection of something else has it."""
    for name in (model.name, f"{model.name} ({model.id})"):
        other = artifact_collections.find_collection(tx, registry, name)
        if other is None or other.id == own:
            return name
    return f"{_LOGGED}{model.id}"


def _artifact(tx: Tx, registry: int, model: ModelRow, version: VersionRow) -> int:
    """The key of a new artifact with a registered version's files, in the project of the run that made it."""
    at = version.created_at
    project = registry if version.project_id is None else version.project_id
    sequence = _sequence(tx, project, model, at)
    key = model_links.insert_artifact(tx, sequence, version, _digest(version))
    number = artifact_collections.take_number(tx, sequence)
    artifact_memberships.insert_membership(tx, sequence, key, number, at)
    if version.project_id is not None and version.run_id is not None:
        run_artifacts.insert_use(tx, version.run_id, "output", key, at)
    return key


def _sequence(tx: Tx, project: int, model: ModelRow, at: int) -> int:
    type_id = artifact_collections.ensure_type(tx, project, MODEL_TYPE, at)
    names = (f"{_LOGGED}{model.name}", f"{_LOGGED}{model.name} ({model.id})")
    for name in names:
        found = artifact_collections.find_collection(tx, project, name)
        if found is not None and (found.kind, found.type) == ("sequence", MODEL_TYPE):
            return found.id
        if found is None:
            break
    key = artifact_collections.insert_collection(
        tx, project_id=project, kind="sequence", type_id=type_id, name=name, at=at
    )
    assert key is not None, "the name is free"
    return key


def _digest(version: VersionRow) -> str:
    """Of the form of an artifact's digest; equal for equal files."""
    return hashlib.md5((version.digest or version.location).encode(), usedforsecurity=False).hexdigest()


def _pass_on(tx: Tx, artifact: int, version: VersionRow, tags: list[str]) -> None:
    """Give an artifact what its registered version was given since the last time; what else it has is its own."""
    before = Synced(None, []) if version.synced is None else msgspec.json.decode(version.synced, type=Synced)
    now = Synced(version.description, tags)
    if version.artifact_id is not None and now == before:
        return
    artifact_versions.add_tags(tx, artifact, sorted(set(tags) - set(before.tags)))
    artifact_versions.remove_tags(tx, artifact, sorted(set(before.tags) - set(tags)))
    if version.description != before.description:
        model_links.update_description(tx, artifact, version.description)
    model_links.upsert_link(tx, version.id, artifact, msgspec.json.encode(now).decode())


def _place(tx: Tx, collection: int, shown: dict[int, tuple[int, int]]) -> dict[int, int]:
    """Let a collection have these versions by number, (key, time) each; the keys of their places by number."""
    there = model_links.select_places(tx, collection)
    gone = [key for number, (key, version) in there.items() if number not in shown or shown[number][0] != version]
    if gone:
        model_links.delete_places(tx, gone)
    places = {number: key for number, (key, _) in there.items() if key not in set(gone)}
    for number, (version, at) in shown.items():
        if number not in places:
            places[number] = artifact_memberships.insert_membership(tx, collection, version, number, at)
    return places


def _point(tx: Tx, collection: int, model: ModelRow, places: dict[int, int]) -> None:
    """Let a collection have the model's aliases, and the latest."""
    wanted = {alias: places.get(shown_number(n)) for alias, n in model_links.select_aliases(tx, model.id).items()}
    if places:
        wanted[LATEST] = places[max(places)]
    there = model_links.select_place_aliases(tx, collection)
    for alias in there.keys() - wanted.keys():
        model_links.delete_alias(tx, collection, alias)
    for alias, place in wanted.items():
        if place is not None and there.get(alias) != place:
            artifact_memberships.set_alias(tx, collection, alias, place)


def _tag(tx: Tx, collection: int, model: ModelRow) -> None:
    wanted = set(shown_tags(model_links.select_model_tags(tx, model.id)))
    there = set(artifact_collections.load_collections(tx, [collection])[0].tags) if model.collection_id else set()
    artifact_collections.add_tags(tx, collection, sorted(wanted - there))
    artifact_collections.remove_tags(tx, collection, sorted(there - wanted))
