import asyncio
from pathlib import Path

import pytest

from podium.errors import Conflict, InvalidArgument, NotFound
from podium.store.engine import Store
from support.registry import ACTOR, RegistryWorld, refused


@pytest.fixture
def world(store: Store, tmp_path: Path) -> RegistryWorld:
    """A model with three versions."""
    world = RegistryWorld(store, tmp_path / "blobs")

    async def fill() -> None:
        await world.registry.create(ACTOR, "M", {})
        for _ in range(3):
            await world.new_version()

    asyncio.run(fill())
    return world


async def stages(world: RegistryWorld) -> list[str]:
    return [(await world.versions.get(ACTOR, "M", number)).stage for number in (1, 2, 3)]


def test_a_move_archives_those_that_stand_there_when_asked_to(world):
    async def story():
        move = world.promotion.transition_stage
        for number in (1, 2):
            assert (await move(ACTOR, "M", number, "production")).stage == "Production"
        assert await stages(world) == ["Production", "Production", "None"]
        moved = await move(ACTOR, "M", "3", "PRODUCTION", archive_existing=True)
        assert await stages(world) == ["Archived", "Archived", "Production"]
        model = await world.registry.get(ACTOR, "M")
        assert model.updated_at >= moved.updated_at > moved.created_at
        before = await world.events()
        again = await move(ACTOR, "M", "3", "Production", archive_existing=True)
        assert again == moved
        assert await world.events() == before
        assert [name for action, _, name in before if action == "transition_stage"] == [
            "M/1",
            "M/2",
            "M/1",
            "M/2",
            "M/3",
        ]

    asyncio.run(story())


def test_moves_that_are_refused(world):
    async def story():
        move = world.promotion.transition_stage
        assert await refused(move(ACTOR, "M", 1, "prod"), InvalidArgument) == (
            "Invalid Model Version stage: prod. Value must be one of None, Staging, Production, Archived."
        )
        assert await refused(move(ACTOR, "M", 1, "archived", archive_existing=True), InvalidArgument) == (
            "Model version transition cannot archive existing model versions because 'archived' is not an Active "
            "stage. Valid stages are ['Staging', 'Production']"
        )
        for name, number in (("M", 9), ("X", 1)):
            assert await refused(move(ACTOR, name, number, "Staging"), NotFound) == (
                f"Model Version (name={name}, version={number}) not found"
            )
        await refused(move(ACTOR, "M", 1, "Production", expected_stage="Staging"), Conflict)
        assert await stages(world) == ["None", "None", "None"]
        await move(ACTOR, "M", 1, "Production", expected_stage="none")

    asyncio.run(story())


def test_an_alias_points_to_one_version_and_a_version_may_have_many(world):
    async def story():
        set_alias = world.promotion.set_alias
        await set_alias(ACTOR, "M", "champion", 1)
        await set_alias(ACTOR, "M", "safe-1", "1")
        assert (await world.versions.get(ACTOR, "M", 1)).aliases == ("champion", "safe-1")
        await set_alias(ACTOR, "M", "champion", 2)
        await set_alias(ACTOR, "M", "champion", 2)
        assert (await world.registry.get(ACTOR, "M")).aliases == {"champion": 2, "safe-1": 1}
        assert (await world.promotion.get_by_alias(ACTOR, "M", "champion")).version == 2
        assert (await world.promotion.get_by_alias(ACTOR, "M", "Latest")).version == 3
        await world.promotion.delete_alias(ACTOR, "M", "champion")
        await world.promotion.delete_alias(ACTOR, "M", "champion")
        assert await refused(world.promotion.get_by_alias(ACTOR, "M", "champion"), InvalidArgument) == (
            "Registered model alias champion not found."
        )
        names = [(action, name) for action, _, name in await world.events() if "alias" in action]
        assert names == [
            ("set_alias", "M/1"),
            ("set_alias", "M/1"),
            ("set_alias", "M/2"),
            ("delete_alias", "M/2"),
        ]

    asyncio.run(story())


@pytest.mark.parametrize(
    ("alias", "message"),
    [
        ("latest", "'latest' alias name (case insensitive) is reserved."),
        ("LaTest", "'latest' alias name (case insensitive) is reserved."),
        ("v12", "Version alias name 'v12' is reserved."),
        ("V1", "Version alias name 'V1' is reserved."),
        ("", "Registered model alias name cannot be empty."),
        ("a.b", "Invalid alias name: 'a.b'."),
        ("a\n", "Invalid alias name: 'a\n'."),
        ("a" * 256, "'Registered model alias name' exceeds the maximum length of 255 characters"),
    ],
)
def test_aliases_that_are_refused(world, alias, message):
    assert message in asyncio.run(refused(world.promotion.set_alias(ACTOR, "M", alias, 1), InvalidArgument))


def test_an_alias_of_nothing_is_refused(world):
    async def story():
        await refused(world.promotion.set_alias(ACTOR, "M", "a", 9), NotFound)
        await refused(world.promotion.set_alias(ACTOR, "X", "a", 1), NotFound)
        await refused(world.promotion.delete_alias(ACTOR, "X", "a"), NotFound)
        await refused(world.promotion.get_by_alias(ACTOR, "X", "a"), NotFound)
        await world.registry.create(ACTOR, "Empty", {})
        assert await refused(world.promotion.get_by_alias(ACTOR, "Empty", "latest"), NotFound) == (
            "Latest version not found for model Empty."
        )

    asyncio.run(story())


def test_an_alias_moves_only_from_where_it_is_expected(world):
    async def story():
        set_alias, delete_alias = world.promotion.set_alias, world.promotion.delete_alias
        assert await refused(set_alias(ACTOR, "M", "a", 1, expected_version=2), Conflict) == (
            "Alias 'a' of model M points to no version, not to version 2."
        )
        await set_alias(ACTOR, "M", "a", 1, expected_version=None)
        assert await refused(set_alias(ACTOR, "M", "a", 2, expected_version=None), Conflict) == (
            "Alias 'a' of model M points to version 1, not to no version."
        )
        await set_alias(ACTOR, "M", "a", 2, expected_version=1)
        await refused(delete_alias(ACTOR, "M", "a", expected_version=1), Conflict)
        await delete_alias(ACTOR, "M", "a", expected_version=2)

    asyncio.run(story())


def test_of_two_that_expect_the_same_one_wins(world):
    async def story():
        await world.promotion.set_alias(ACTOR, "M", "a", 1)
        attempts = [world.promotion.set_alias(ACTOR, "M", "a", number, expected_version=1) for number in (2, 3)]
        outcomes = await asyncio.gather(*attempts, return_exceptions=True)
        assert sorted(type(outcome) for outcome in outcomes if outcome is not None) == [Conflict]

    asyncio.run(story())
