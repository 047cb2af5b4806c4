import asyncio
from pathlib import Path

import pytest

from podium.domain.access import Account, Actor
from podium.domain.cabinet import Wanted
from podium.domain.registry import PROMPT_TAG
from podium.domain.runs import Point
from podium.errors import InvalidArgument, NotFound
from podium.services.cabinet import Exhibit
from podium.store.engine import Store
from support.registry import ACTOR, RegistryWorld, refused


@pytest.fixture
def world(store: Store, tmp_path: Path) -> RegistryWorld:
    return RegistryWorld(store, tmp_path / "blobs")


async def names(world: RegistryWorld, wanted: Wanted = Wanted(), **how: object) -> list[str]:  # noqa: B008
    shelf = await world.services.cabinet.shelf(ACTOR, wanted, **how)  # type: ignore[arg-type]
    assert shelf.count >= len(shelf.exhibits)
    return [exhibit.model.name for exhibit in shelf.exhibits]


def test_models_are_paged_by_their_last_change_or_by_name(world):
    async def story():
        for name in ("c", "a", "b"):
            await world.registry.create(ACTOR, name, {})
        await world.registry.create(ACTOR, "prompt", {PROMPT_TAG: "true"})
        await world.registry.describe(ACTOR, "c", "changed last")
        assert await names(world) == ["c", "b", "a"]
        for order in (Wanted(), Wanted(by_name=True)):
            seen: list[str] = []
            token = ""
            while token is not None:
                shelf = await world.services.cabinet.shelf(ACTOR, order, limit=1, page_token=token)
                seen += [exhibit.model.name for exhibit in shelf.exhibits]
                assert shelf.count == 3
                token = shelf.next_page_token
            assert seen == await names(world, order)
        assert "another filter" in await refused(
            world.services.cabinet.shelf(
                ACTOR,
                Wanted(text="x"),
                page_token=(await world.services.cabinet.shelf(ACTOR, Wanted(), limit=1)).next_page_token,
            ),
            InvalidArgument,
        )

    asyncio.run(story())


def test_models_are_found_by_word_stage_alias_and_tag(world):
    async def story():
        await world.registry.create(ACTOR, "Iris", {"task": "x"}, "Tells 100% of them_apart")
        await world.registry.create(ACTOR, "wine", {})
        await world.new_version("Iris")
        await world.promotion.transition_stage(ACTOR, "Iris", 1, "Production")
        await world.promotion.set_alias(ACTOR, "Iris", "champion", 1)
        for wanted in (
            Wanted(text="iRIS"),
            Wanted(text="100%"),
            Wanted(text="m_a"),
            Wanted(stage="production"),
            Wanted(alias="champion"),
            Wanted(tag="task"),
            Wanted(text="iris", stage="Production", alias="champion", tag="task"),
        ):
            assert await names(world, wanted) == ["Iris"], wanted
        for wanted in (Wanted(text="%"), Wanted(stage="Staging"), Wanted(alias="c"), Wanted(tag="tas")):
            assert await names(world, wanted) == (["Iris"] if wanted.text else []), wanted
        assert "Value must be one of" in await refused(names(world, Wanted(stage="prod")), InvalidArgument)

    asyncio.run(story())


def test_the_metric_of_the_versions_runs_is_drawn(world):
    async def measured(run: str, **values: float) -> None:
        await world.new_run(run)
        for key, value in values.items():
            await world.services.metrics.log(ACTOR, run, Point(key, value, 1))
        await world.new_version(run_id=run)

    async def story():
        await world.registry.create(ACTOR, "M", {})
        await measured("1" * 32, accuracy=0.7, loss=0.9)
        await world.new_version()  # of no run
        await measured("2" * 32, accuracy=0.8, loss=0.8)
        exhibit, keys = await world.services.cabinet.exhibit(ACTOR, "M")
        assert keys == ["accuracy", "loss"]
        assert drawn(exhibit) == ("accuracy", [1, 3], [0.7, 0.8])
        assert exhibit.version_count == 3
        exhibit, _ = await world.services.cabinet.exhibit(ACTOR, "M", "loss")
        assert drawn(exhibit) == ("loss", [1, 3], [0.9, 0.8])
        await world.registry.set_tag(ACTOR, "M", "podium.metric", "loss")
        shelf = await world.services.cabinet.shelf(ACTOR, Wanted())
        assert drawn(shelf.exhibits[0]) == ("loss", [1, 3], [0.9, 0.8])

    asyncio.run(story())


def drawn(exhibit: Exhibit) -> tuple[str, list[int], list[float | None]]:
    assert exhibit.trend is not None
    return exhibit.trend.metric, exhibit.trend.versions, exhibit.trend.values


def test_the_models_of_other_teams_are_not_shown(world):
    async def story():
        blue = await world.services.teams.create(ACTOR, "blue", None, None)
        await world.registry.create(ACTOR, "ours", {})
        await world.registry.create(ACTOR.at("blue"), "theirs", {})
        assert await names(world) == ["theirs", "ours"]
        assert await names(world, team="blue") == ["theirs"]
        stranger = Actor("otto", account=Account(7, "otto", admin=False, home="default", roles={}))
        shelf = await world.services.cabinet.shelf(stranger, Wanted())
        assert (shelf.exhibits, shelf.count) == ([], 0)
        assert "no team 'blue'" in await refused(
            world.services.cabinet.shelf(stranger, Wanted(), team="blue"), NotFound
        )
        await refused(world.services.cabinet.exhibit(stranger.at("blue"), "theirs"), NotFound)
        viewer = Actor("vera", account=Account(8, "vera", admin=False, home="blue", roles={blue.id: "viewer"}))
        shelf = await world.services.cabinet.shelf(viewer, Wanted())
        assert [(exhibit.team, exhibit.model.name) for exhibit in shelf.exhibits] == [("blue", "theirs")]

    asyncio.run(story())
