"""What open pages are told when what they show changes, over both databases and however many servers there are."""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from podium.blobs.local import LocalBlobs
from podium.domain.access import Actor
from podium.domain.comments import NewComment
from podium.domain.live import Mark
from podium.domain.runs import Point
from podium.errors import NotFound, StorageUnavailable
from podium.services import Services, live
from podium.services.context import Context
from podium.store.engine import Store, open_store
from support.people import RUN, PeopleWorld
from support.registry import ACTOR, refused


@pytest.fixture
def world(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PeopleWorld:
    monkeypatch.setattr(live, "TICK_S", 0.01)
    monkeypatch.setattr(live, "SPARED", 0)
    LocalBlobs.open(tmp_path / "blobs")  # prepares the folder
    world = PeopleWorld(store, tmp_path / "blobs")
    asyncio.run(world.fill())
    return world


async def told(stream: AsyncGenerator[Mark | None]) -> Mark:
    """The next change that a page is told."""
    async with asyncio.timeout(20):
        async for mark in stream:
            if mark is not None:
                return mark
    raise AssertionError("the stream ended")


async def opened(services: Services, kind: live.LiveKind, public_id: str = "") -> AsyncGenerator[Mark | None]:
    """A page that is open, and has been told that nothing has changed yet."""
    mark = await services.live.begin(ACTOR, kind, public_id)
    stream = services.live.follow(await services.live.topic(ACTOR, kind, public_id), str(mark))
    assert await anext(stream) is None
    return stream


def test_each_page_is_told_of_what_it_shows_and_of_nothing_else(world: PeopleWorld):
    async def changed(kind: live.LiveKind, public_id: str, mark: Mark) -> bool:
        topic = await world.services.live.topic(ACTOR, kind, public_id)
        return (await world.services.live.look(topic, str(mark))).changed

    async def story():
        services = world.services
        await world.registry.create(ACTOR, "N", {})
        project = (await services.runs.get(ACTOR, RUN)).info.project_id
        pages: list[tuple[live.LiveKind, str]] = [
            ("cabinet", ""),
            ("model", "M"),
            ("version", "M/1"),
            ("model", "N"),
            ("run", RUN),
            ("project", str(project)),
        ]

        async def touched_by(change) -> list[str]:
            marks = [await services.live.begin(ACTOR, *page) for page in pages]
            await change
            return [page[1] for page, mark in zip(pages, marks, strict=True) if await changed(*page, mark)]

        point = Point("loss", 0.5, 1, 1)
        assert await touched_by(services.metrics.log(ACTOR, RUN, point)) == [RUN, str(project)]
        assert await touched_by(world.promotion.set_alias(ACTOR, "M", "champion", "1")) == ["", "M", "M/1"]
        assert await touched_by(world.registry.describe(ACTOR, "N", "new")) == ["", "N"]
        said = services.comments.create(ACTOR, "version", "M/1", NewComment("why?"))
        assert await touched_by(said) == ["M/1"]
        assert await touched_by(services.projects.rename(ACTOR, str(project), "other")) == [str(project)]
        assert await touched_by(world.services.teams.create(ACTOR, "blue", None, None)) == []

    asyncio.run(story())


def test_a_stream_tells_changes_as_they_come_and_what_was_missed_at_once(world: PeopleWorld):
    async def story():
        stream = await opened(world.services, "model", "M")
        first = await world.services.live.begin(ACTOR, "model", "M")
        await world.promotion.set_alias(ACTOR, "M", "champion", "1")
        mark = await told(stream)
        assert mark.seq > first.seq
        await world.registry.describe(ACTOR, "M", "better")
        assert (await told(stream)).seq > mark.seq
        await stream.aclose()
        await world.promotion.delete_alias(ACTOR, "M", "champion")
        topic = await world.services.live.topic(ACTOR, "model", "M")
        again = world.services.live.follow(topic, str(mark))  # as a browser that connects again
        assert await anext(again) is not None
        await again.aclose()
        assert world.services.live._watch is None  # nobody looks, and nobody asks the database

    asyncio.run(story())


def test_one_page_of_many_is_followed_on_when_another_closes(world: PeopleWorld):
    async def story():
        streams = [await opened(world.services, kind, name) for kind, name in [("run", RUN)] * 3 + [("cabinet", "")]]
        await streams.pop(0).aclose()
        await streams.pop().aclose()
        await world.services.metrics.log(ACTOR, RUN, Point("loss", 0.5, 1, 1))
        marks = [await told(stream) for stream in streams]
        assert marks[0] == marks[1]
        for stream in streams:
            await stream.aclose()

    asyncio.run(story())


def test_what_another_server_writes_is_told_too(world: PeopleWorld, store_url: str | None, tmp_path: Path):
    store = open_store(store_url, tmp_path)
    other = Services(Context(store=store, blobs=LocalBlobs(tmp_path / "blobs")))

    async def story():
        streams = [await opened(other, kind, name) for kind, name in (("run", RUN), ("model", "M"))]
        await world.services.runs.set_tag(ACTOR, RUN, "a", "b")
        await told(streams[0])
        await world.promotion.set_alias(ACTOR, "M", "champion", "1")
        await told(streams[1])
        for stream in streams:
            await stream.aclose()

    asyncio.run(story())
    store.close()


def test_where_nothing_was_written_nothing_is_looked_at(world: PeopleWorld, monkeypatch: pytest.MonkeyPatch):
    looked = []
    look_around = live.Live._look_around

    async def counted(self):
        looked.append(1)
        await look_around(self)

    monkeypatch.setattr(live.Live, "_look_around", counted)

    async def story():
        asked: list[object] = []
        read, often = world.store.read, asyncio.Event()

        async def counting(work, *, brief=True):
            asked.append(work)
            if len(asked) == 10:
                often.set()
            return await read(work, brief=brief)

        streams = [await opened(world.services, "run", RUN) for _ in range(50)]
        monkeypatch.setattr(type(world.store), "read", lambda _, work, **given: counting(work, **given))
        await asyncio.wait_for(often.wait(), 20)
        monkeypatch.undo()
        assert len(looked) <= 2  # the first, and one that a database's own work may cause
        for stream in streams:
            await stream.aclose()

    asyncio.run(story())


def test_a_look_that_fails_ends_nothing(world: PeopleWorld, monkeypatch: pytest.MonkeyPatch):
    failed = asyncio.Event()

    async def story():
        stream = await opened(world.services, "run", RUN)
        look_around = live.Live._look_around

        async def failing(_):
            monkeypatch.setattr(live.Live, "_look_around", look_around)
            failed.set()
            raise KeyError("of nobody's making")

        monkeypatch.setattr(live.Live, "_look_around", failing)
        world.services.live._known = ""
        await asyncio.wait_for(failed.wait(), 20)
        await world.services.metrics.log(ACTOR, RUN, Point("loss", 0.5, 1, 1))
        await told(stream)
        await stream.aclose()

    asyncio.run(story())


def test_too_many_pages_have_to_ask(world: PeopleWorld, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(live, "MAX_STREAMS", 2)

    async def story():
        streams = [await opened(world.services, "cabinet") for _ in range(2)]
        await refused(opened(world.services, "cabinet"), StorageUnavailable)
        await streams.pop().aclose()
        streams.append(await opened(world.services, "cabinet"))
        for stream in streams:
            await stream.aclose()

    asyncio.run(story())


def test_who_may_not_see_a_thing_is_told_nothing_of_it(world: PeopleWorld):
    async def story():
        people = await world.people(viewer="viewer", stranger=None)
        for kind, name in (("model", "M"), ("version", "M/1"), ("run", RUN)):
            await world.services.live.topic(people["viewer"], kind, name)
            await refused(world.services.live.topic(people["stranger"], kind, name), NotFound)
        cabinets = [await world.services.live.topic(people[who], "cabinet", "") for who in ("stranger", "root")]
        assert cabinets[0].keys < cabinets[1].keys
        await refused(world.services.live.topic(Actor("ada", "none"), "run", RUN), NotFound)

    asyncio.run(story())
