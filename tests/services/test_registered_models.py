"""The registry of models: how registered models show there, and what is linked there is registered."""

import asyncio
from pathlib import Path

import pytest

from podium.domain.registries import MODELS
from podium.errors import InvalidState, NotFound
from podium.services.artifact_aliases import AliasIn
from podium.services.artifact_changes import VersionEdit
from podium.store.engine import Store
from support.registries import RUN, World
from support.registry import ACTOR, refused


@pytest.fixture
def world(store: Store, tmp_path: Path) -> World:
    world = World(store, tmp_path / "blobs")

    async def fill() -> None:
        await world.registry.create(ACTOR, "M", {})
        await world.new_run(RUN)

    asyncio.run(fill())
    return world


def test_the_files_of_a_registered_version_are_read_once_for_all_who_ask(world, monkeypatch):
    read, open_range = [], world.services.artifact_reading._made._context.blobs.open_range

    def opened(digest, *given):
        read.append(digest)
        return open_range(digest, *given)

    async def story():
        await world.register()
        place = await world.shown()
        monkeypatch.setattr(
            type(world.services.artifact_reading._made._context.blobs), "open_range", staticmethod(opened)
        )
        key = place.version.id
        found = await asyncio.gather(*(world.services.artifact_reading.listing(ACTOR, key) for _ in range(5)))
        assert (len(set(found)), len(read)) == (1, 1)

    asyncio.run(story())


def test_a_registered_version_shows_as_an_artifact_with_the_same_files(world):
    services = world.services

    async def story():
        made = await world.register()
        await services.promotion.set_alias(ACTOR, "M", "prod", 1)
        place = await world.shown("M:prod")
        assert (place.number, place.version.sequence.name) == (0, "registered-M")
        assert {alias.alias for alias in place.aliases} == {"prod", "latest"}
        files = await services.artifact_reading.files(ACTOR, place.version.id, "", 10)
        assert [(file.path, file.size_bytes) for file in files.files] == [("weights", 7)]
        listing = await services.artifact_reading.listing(ACTOR, place.version.id)
        assert listing == await services.artifact_reading.listing(ACTOR, place.version.id)
        maker = await services.artifact_lineage.maker(ACTOR, place.version.id)
        assert maker.run.info.slug == RUN == made.run_id

        await world.register("better weights")
        await services.versions.delete(ACTOR, "M", 1)
        assert [await world.shown("M:v0"), (await world.shown("M")).number] == [None, 1]
        await services.versions.restore(ACTOR, "M", 1)
        assert (await world.shown("M:v0")).version.id == place.version.id

    asyncio.run(story())


def test_what_shows_registered_versions_verifies_as_whole(world):
    async def problems():
        return [found async for found in world.services.verification.problems(quick=False)]

    async def story():
        await world.register()
        await world.new_version()  # whose files are elsewhere
        place = await world.shown()
        assert (place.number, place.version.listing) == (1, None)
        assert await problems() == []
        await world.services.artifact_reading.listing(ACTOR, place.version.id)
        await world.services.versions.delete(ACTOR, "M", 1)
        await world.shown()
        assert await problems() == []
        await world.services.registry.delete(ACTOR, "M")
        await world.services.model_sync.refresh(ACTOR)
        assert await problems() == []

    asyncio.run(story())


def test_a_look_without_changes_writes_nothing(world):
    async def story():
        await world.register()
        before = await world.shown()
        events = len(await world.events())
        assert await world.shown() == before
        assert len(await world.events()) == events

    asyncio.run(story())


def test_what_is_asked_for_by_its_key_is_as_the_model_is_now(world):
    async def story():
        await world.register()
        place = await world.shown()
        sync, reading = world.services.model_sync, world.services.artifact_reading
        version, collection = place.version.id, place.collection.id
        await world.services.promotion.set_alias(ACTOR, "M", "prod", 1)
        assert "prod" not in {alias.alias for alias in (await reading.version(ACTOR, version)).aliases}
        await sync.refresh_version(ACTOR, version)
        assert "prod" in {alias.alias for alias in (await reading.version(ACTOR, version)).aliases}
        await world.registry.describe(ACTOR, "M", "better")
        await sync.refresh_collection(ACTOR, collection)
        assert (await reading.collection_by_key(ACTOR, collection)).description == "better"

    asyncio.run(story())


def test_what_is_outside_the_server_shows_as_a_reference(world):
    async def story():
        await world.new_version()
        place = await world.shown()
        assert place.version.manifest_id is None
        entry = await world.services.artifact_reading.listing(ACTOR, place.version.id)
        text = b"".join([piece async for piece in world.services.artifact_contents.read(entry, 0, entry.size_bytes)])
        assert b'"ref"' in text

    asyncio.run(story())


def test_names_descriptions_and_tags_are_the_models(world):
    services = world.services

    async def story():
        await world.register()
        place = await world.shown()
        collection = place.collection.id
        await services.registry.set_tag(ACTOR, "M", "team", "fraud")
        await services.registry.set_tag(ACTOR, "M", "mlflow.internal", "hidden")
        await services.artifact_changes.tag_collection(ACTOR, MODELS, "M", ["checked"], [])
        await services.artifact_changes.update_collection(ACTOR, collection, "N", "finds fraud")
        shown = (await world.shown("N")).collection
        assert (shown.id, shown.tags, shown.description) == (collection, ("checked", "team=fraud"), "finds fraud")
        model = await services.registry.get(ACTOR, "N")
        assert (model.description, model.tags["checked"]) == ("finds fraud", "")
        await services.artifact_changes.tag_collection(ACTOR, MODELS, "N", [], ["team=fraud"])
        assert (await world.shown("N")).collection.tags == ("checked",)
        await refused(services.artifact_changes.move_collection(ACTOR, collection, "other"), InvalidState)
        await services.artifact_changes.delete_collection(ACTOR, collection)
        await refused(services.registry.get(ACTOR, "N"), NotFound)
        assert await world.shown("N") is None

    asyncio.run(story())


def test_what_is_linked_is_registered_once(world):
    services = world.services

    async def story():
        version = await world.log.log("net", {"w": b"1"}, type="model", tags=["good"], description="first")
        place = await services.artifact_changes.link(ACTOR, version.id, MODELS, "New", ["prod", "latest"])
        again = await services.artifact_changes.link(ACTOR, version.id, MODELS, "New", ["best"])
        assert (place.id, place.number, again.id) == (again.id, 0, place.id)
        made = await services.versions.get(ACTOR, "New", 1)
        assert (made.aliases, made.tags, made.description) == (("best", "prod"), {"good": ""}, "first")
        assert (made.source, made.files) == ("wandb-artifact:///default/p/net:v0", "snapshot")
        # The same artifact may be a version of several models.
        await services.artifact_changes.link(ACTOR, version.id, MODELS, "M", [])
        assert (await services.versions.get(ACTOR, "M", 1)).manifest_id == made.manifest_id

        edit = VersionEdit(description="second", tags_to_add=["checked"], tags_to_remove=["good"])
        await services.artifact_changes.update(ACTOR, version.id, edit)
        for name in ("New", "M"):
            changed = await services.versions.get(ACTOR, name, 1)
            assert (changed.description, changed.tags) == ("second", {"checked": ""})

        await services.artifact_aliases.remove(ACTOR, version.id, [AliasIn("default", MODELS, "New", "prod")])
        await services.artifact_aliases.add(ACTOR, version.id, [AliasIn("default", MODELS, "New", "live")])
        await services.artifact_aliases.remove(ACTOR, version.id, [AliasIn("default", MODELS, "New", "nobody")])
        assert (await services.versions.get(ACTOR, "New", 1)).aliases == ("best", "live")
        await services.artifact_changes.unlink(ACTOR, version.id, place.collection.id)
        await refused(services.versions.get(ACTOR, "New", 1), NotFound)
        assert await world.shown("New:v0") is None

    asyncio.run(story())


def test_what_was_registered_outlives_its_artifact(world):
    services = world.services

    async def story():
        version = await world.log.log("net", {"w": b"1"}, type="model")
        await services.artifact_changes.link(ACTOR, version.id, MODELS, "New", ["prod"])
        await services.artifact_changes.delete(ACTOR, version.id, with_aliases=True)
        place = await world.shown("New:prod")
        assert place.version.id != version.id
        assert place.version.manifest_id == version.manifest_id

    asyncio.run(story())
