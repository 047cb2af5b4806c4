"""Artifacts and data as pages show them, over all the teams that somebody belongs to."""

import asyncio
from pathlib import Path

import pytest

from podium.domain.access import Account, Actor
from podium.domain.palette import Find
from podium.domain.registries import MODELS
from podium.domain.registry import NewVersion
from podium.domain.runs import Dataset, DatasetInput
from podium.domain.shelf import WantedArtifacts
from podium.errors import InvalidArgument, NotFound
from podium.services import Services
from podium.store.engine import Store
from support.files import context_of
from support.registry import ACTOR, RegistryWorld, refused
from support.versioned import Logger

RUN, OTHER = "a" * 32, "b" * 32
GUEST = Actor("guest", "default", Account(None, "guest", admin=False, home="default", roles={1: "viewer"}))
ALL = WantedArtifacts()


class World(RegistryWorld):
    def __init__(self, store: Store, folder: Path) -> None:
        super().__init__(store, folder)
        context, self.clock = context_of(store, folder)
        self.services = Services(context)
        self.shelf = self.services.artifact_shelf

    async def log(self, name: str, files: dict[str, bytes], actor: Actor = ACTOR, **draft: object):
        self.clock.now += 1
        return await Logger(self.services, actor).log(name, files, **draft)

    async def found(self, wanted: WantedArtifacts = ALL, actor: Actor = ACTOR, **asked) -> list[str]:
        return [each.collection.name for each in (await self.shelf.find(actor, wanted, **asked)).collections]


@pytest.fixture
def world(store: Store, tmp_path: Path) -> World:
    return World(store, tmp_path)


def test_the_last_changed_come_first_page_by_page(world):
    async def story():
        for name in ("one", "two", "three"):
            await world.log(name, {"f": name.encode()})
        await world.log("one", {"f": b"again", "g": b"more"}, aliases=["latest", "clean"])
        assert await world.found() == ["one", "three", "two"]
        assert await world.found(WantedArtifacts(by_name=True)) == ["one", "three", "two"]
        page = await world.shelf.find(ACTOR, ALL, limit=2)
        rest = await world.shelf.find(ACTOR, ALL, limit=2, page_token=page.next_page_token)
        assert [each.collection.name for each in rest.collections] == ["two"]
        assert (page.count, rest.next_page_token) == (3, None)
        content = page.collections[0].content
        assert (content.version_count, content.newest, content.size_bytes) == (2, 1, 3 + 5 + 4)
        assert content.aliases == {"clean": 1, "latest": 1}
        assert "page token" in await refused(
            world.shelf.find(ACTOR, WantedArtifacts(text="x"), page_token=page.next_page_token), InvalidArgument
        )

    asyncio.run(story())


def test_they_are_found_by_text_and_type(world):
    async def story():
        await world.log("Flowers", {"f": b"1"})
        await world.log("net", {"f": b"2"}, type="model", project="vision")
        assert await world.found(WantedArtifacts(text="flow")) == ["Flowers"]
        assert await world.found(WantedArtifacts(text="VISION")) == ["net"]
        assert await world.found(WantedArtifacts(type="model")) == ["net"]
        assert (await world.shelf.find(ACTOR, ALL)).types == ["dataset", "model"]

    asyncio.run(story())


def test_nobody_sees_what_other_teams_have(world):
    async def story():
        await world.services.teams.create(ACTOR, "others", None, None)
        await world.log("ours", {"f": b"1"})
        hidden = await world.log("theirs", {"f": b"2"}, ACTOR.at("others"))
        assert await world.found() == ["theirs", "ours"]
        assert await world.found(team="others") == ["theirs"]
        assert await world.found(actor=GUEST) == ["ours"]
        await refused(world.found(actor=GUEST, team="others"), NotFound)
        await refused(world.shelf.place(GUEST, hidden.id), NotFound)
        await refused(world.shelf.version(GUEST.at("others"), "p", "theirs", "v0"), NotFound)

    asyncio.run(story())


def test_a_version_says_who_made_and_who_read_it_and_where_it_is_registered(world):
    async def story():
        await world.new_run(RUN)
        await world.new_run(OTHER)
        made = await world.log("net", {"w": b"1"}, type="model", project=RUN, run=RUN)
        await world.services.artifact_lineage.use(ACTOR, made.id, OTHER, OTHER)
        await world.services.artifact_changes.link(ACTOR, made.id, MODELS, "Net", [])
        shown = await world.shelf.version(ACTOR, RUN, "net", "latest")
        assert shown.maker.slug == RUN
        assert [run.slug for run in shown.readers] == [OTHER]
        assert [(one.name, one.version) for one in shown.registered] == [("Net", 1)]
        assert shown.numbers == [0]
        assert (await world.shelf.place(ACTOR, made.id)).number == 0
        assert "no version 'v9'" in await refused(world.shelf.version(ACTOR, RUN, "net", "v9"), NotFound)
        # What the registry shows is a copy of the model, which has pages of its own; so are a version's own files.
        await world.services.versions.create(ACTOR, NewVersion("Net", "s3://elsewhere/net", run_id=OTHER))
        await world.services.model_sync.refresh(ACTOR)
        assert await world.found() == ["net"]
        found = await world.services.palette.find(ACTOR, "net")
        assert found["Artifacts"] == [Find("collection", "net", "default", (RUN, "model", "net"), f"model · {RUN}")]

    asyncio.run(story())


def test_a_collection_shows_its_newest_versions_first(world):
    async def story():
        for number in range(5):
            await world.log("data", {"f": str(number).encode()})
        first = await world.shelf.collection(ACTOR, "p", "data", before=None, limit=3)
        rest = await world.shelf.collection(ACTOR, "p", "data", before=first.before, limit=3)
        assert [each.number for each in first.members] == [4, 3, 2]
        assert ([each.number for each in rest.members], rest.before) == ([1, 0], None)
        assert first.content.version_count == 5

    asyncio.run(story())


def test_changes_between_versions_tell_files_and_what_lies_elsewhere(world):
    async def story():
        old = await world.log("data", {"same": b"1", "gone": b"2", "other": b"3"}, references={"far": "s3://b/1"})
        new = await world.log("data", {"same": b"1", "new": b"4", "other": b"5"}, references={"far": "s3://b/2"})
        changes = await world.shelf.changes(ACTOR, old.id, new.id)
        assert [file.path for file in changes.added] == ["new"]
        assert [file.path for file in changes.removed] == ["gone"]
        assert sorted(after.path for _, after in changes.changed) == ["far", "other"]
        assert [file.path for file in changes.unchanged] == ["same"]

    asyncio.run(story())


def test_data_is_listed_with_the_runs_that_read_it(world):
    async def story():
        shelf = world.services.dataset_shelf
        await world.new_run(RUN)
        await world.new_run(OTHER)
        data = DatasetInput(Dataset("flowers", "d1", "local", "{}"), {"mlflow.data.context": "training"})
        again = DatasetInput(Dataset("flowers", "d2", "local", "{}"), {})
        await world.services.datasets.log_inputs(ACTOR, RUN, [data, again], [])
        await world.services.datasets.log_inputs(ACTOR, OTHER, [data], [])
        found = await shelf.find(ACTOR, "FLOW", limit=2)
        assert (len(found.datasets), found.count) == (2, 3)
        rest = await shelf.find(ACTOR, "FLOW", before=found.before, limit=2)
        assert [(one.digest, one.run_count) for one in rest.datasets] == [("d1", 1)]
        shown = await shelf.dataset(ACTOR, rest.datasets[0].id)
        assert [(run.slug, context) for run, context in shown.uses] == [(RUN, "training")]
        assert {one.digest for one in shown.like} == {"d1", "d2"}
        assert (await shelf.find(ACTOR, "nothing")).datasets == []
        await refused(shelf.dataset(ACTOR, 10**6), NotFound)
        await world.services.runs.delete(ACTOR, RUN)
        assert (await shelf.dataset(ACTOR, shown.dataset.id)).uses == []
        stranger = Actor("s", "default", Account(None, "s", admin=False, home="s", roles={}))
        await refused(shelf.dataset(stranger, shown.dataset.id), NotFound)

    asyncio.run(story())
