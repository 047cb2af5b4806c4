import asyncio
from collections.abc import Awaitable
from pathlib import Path

import pytest

from podium.domain.access import Actor
from podium.domain.registry import NewVersion, Standing
from podium.errors import InvalidArgument, NotFound
from podium.store import gc
from podium.store.dialect import ddl
from podium.store.engine import Store
from podium.store.migrate import migrations
from support.registry import ACTOR, RegistryWorld, refused


@pytest.fixture
def world(store: Store, tmp_path: Path) -> RegistryWorld:
    return RegistryWorld(store, tmp_path / "blobs")


class Past:
    """Remembers moments, and asks what stood there then."""

    def __init__(self, world: RegistryWorld) -> None:
        self._world = world
        self.moments: list[int] = []

    def moment(self) -> None:
        self.moments.append(self._world.clock())

    async def numbers(self, name: str, **place: str) -> list[list[int] | None]:
        """The versions at each moment; None where no model bore the name."""
        found: list[list[int] | None] = []
        for at in self.moments:
            try:
                standing = await self._world.history.version_at(ACTOR, name, at, **place)
            except NotFound:
                found.append(None)
            else:
                found.append([item.version for item in standing])
        return found


def test_at_the_time_that_a_change_says_of_itself_it_stands(world):
    async def story():
        await world.registry.create(ACTOR, "M", {})
        made = await world.new_version()
        assert [item.version for item in await world.history.version_at(ACTOR, "M", made.created_at, stage="None")] == [
            1
        ]
        moved = await world.promotion.transition_stage(ACTOR, "M", 1, "Production")
        at = moved.updated_at
        [standing] = await world.history.version_at(ACTOR, "M", at, stage="Production")
        assert standing.since == at == (await world.registry.get(ACTOR, "M")).updated_at
        assert await world.history.version_at(ACTOR, "M", at - 1, stage="Production") == []
        renamed = await world.registry.rename(ACTOR, "M", "N")
        assert len(await world.history.version_at(ACTOR, "N", renamed.updated_at, stage="Production")) == 1

    asyncio.run(story())


def test_what_stood_in_a_stage_through_archiving_and_deletion(world):
    past = Past(world)

    async def story():
        move = world.promotion.transition_stage
        past.moment()
        await world.registry.create(ACTOR, "M", {})
        for _ in range(3):
            await world.new_version()
        past.moment()
        await move(ACTOR, "M", 1, "Production")
        past.moment()
        await move(ACTOR, "M", 2, "Production")
        past.moment()
        await move(ACTOR, "M", 3, "Production", archive_existing=True)
        past.moment()
        await world.versions.delete(ACTOR, "M", 3)
        past.moment()
        await world.versions.restore(ACTOR, "M", 3)
        past.moment()

        production = await past.numbers("M", stage="production")
        assert production == [None, [], [1], [1, 2], [3], [], [3]]
        archived = await past.numbers("M", stage="Archived")
        assert archived == [None, [], [], [], [1, 2], [1, 2], [1, 2]]
        assert await past.numbers("M", stage="None") == [None, [1, 2, 3], [2, 3], [3], [], [], []]

    asyncio.run(story())


def test_what_an_alias_pointed_to(world):
    past = Past(world)

    async def story():
        await world.registry.create(ACTOR, "M", {})
        await world.new_version()
        await world.new_version()
        past.moment()
        await world.promotion.set_alias(Actor("bob"), "M", "a", 1)
        await world.promotion.set_alias(ACTOR, "M", "b", 1)
        past.moment()
        await world.promotion.set_alias(ACTOR, "M", "a", 2)
        past.moment()
        await world.versions.delete(ACTOR, "M", 2)
        past.moment()
        await world.versions.restore(ACTOR, "M", 2)
        past.moment()
        await world.promotion.delete_alias(ACTOR, "M", "a")
        past.moment()
        assert await past.numbers("M", alias="a") == [[], [1], [2], [], [2], []]
        assert await past.numbers("M", alias="b") == [[], [1], [1], [1], [1], [1]]
        first = (await world.history.version_at(ACTOR, "M", past.moments[1], alias="a"))[0]
        assert (first.name, first.version, first.actor) == ("M", 1, "bob")
        assert past.moments[0] < first.since < past.moments[1]

    asyncio.run(story())


def test_a_name_means_whichever_model_bore_it_then(world):
    past = Past(world)

    async def story():
        await world.registry.create(ACTOR, "M", {})
        await world.new_version()
        await world.promotion.set_alias(ACTOR, "M", "a", 1)
        past.moment()
        await world.registry.rename(ACTOR, "M", "Old")
        past.moment()
        await world.registry.create(ACTOR, "M", {})
        for number in (1, 2):
            await world.new_version()
            await world.promotion.set_alias(ACTOR, "M", "a", number)
        past.moment()
        key = await world.registry.delete(ACTOR, "M")
        past.moment()
        await world.registry.rename(ACTOR, "Old", "M")
        past.moment()
        await world.registry.rename(ACTOR, "M", "Old")
        await world.registry.restore(ACTOR, key)
        past.moment()
        assert await past.numbers("M", alias="a") == [[1], None, [2], None, [1], [2]]
        assert await past.numbers("Old", alias="a") == [None, [1], [1], [1], None, [1]]

    asyncio.run(story())


def test_an_older_database_gets_its_past_from_its_events(world):
    def standings(tx):
        columns = "model_id, version, kind, name, since, until, actor"
        return tx.all(f"SELECT {columns} FROM version_standings ORDER BY {columns}")

    def derive(tx):
        tx.run("DELETE FROM version_standings")
        statements = [statement for _, _, script in migrations() for statement in ddl(script, tx.dialect)]
        for statement in statements:
            if statement.startswith(("INSERT INTO version_standings", "DELETE FROM version_standings")):
                tx.run(statement)

    async def story():
        for name in ("M", "N"):
            await world.registry.create(ACTOR, name, {})
            for _ in range(12):
                await world.new_version(name)
            for number, stage in ((1, "Production"), (11, "Staging"), (12, "Production"), (11, "Production")):
                await world.promotion.transition_stage(ACTOR, name, number, stage, archive_existing=True)
            for alias, number in (("a", 1), ("b", 12), ("a", 12), ("c", 12), ("c", 3)):
                await world.promotion.set_alias(ACTOR, name, alias, number)
            await world.versions.delete(ACTOR, name, 12)
            await world.promotion.set_alias(ACTOR, name, "a", 2)
            await world.versions.restore(ACTOR, name, 12)
            await world.promotion.delete_alias(ACTOR, name, "c")
            await world.versions.delete(ACTOR, name, 2)
        noted = await world.store.read(standings)
        await world.store.write(derive)
        assert await world.store.read(standings) == noted
        assert len(noted) > 30

    asyncio.run(story())


def test_a_version_that_nobody_moved_stood_where_it_was_made_also_when_it_is_gone(world):
    async def story():
        def standing(at: int) -> Awaitable[list[Standing]]:
            return world.history.version_at(ACTOR, "M", at, stage="None")

        await world.registry.create(ACTOR, "M", {})
        first = await world.new_version()
        second = await world.versions.create(Actor("bob"), NewVersion("M", first.source))
        expected = [Standing("M", 1, first.created_at, ACTOR.name), Standing("M", 2, second.created_at, "bob")]
        assert await standing(first.created_at - 1) == []
        assert await standing(first.created_at) == expected[:1]
        assert await standing(second.created_at) == expected
        await world.promotion.transition_stage(ACTOR, "M", 1, "Production")
        assert await standing(world.clock()) == expected[1:]
        assert await standing(second.created_at) == expected
        await world.registry.delete(ACTOR, "M")
        await world.store.write(lambda tx: gc.delete_rows(tx, "versions", [first.id, second.id]))
        assert await standing(second.created_at) == expected
        assert await world.store.read(lambda tx: tx.value("SELECT COUNT(*) FROM model_versions")) == 0

    asyncio.run(story())


def test_questions_that_are_refused(world):
    async def story():
        await world.registry.create(ACTOR, "M", {})
        ask = world.history.version_at
        message = await refused(ask(ACTOR, "M", 0, stage="Staging"), NotFound)
        assert message == "Nothing stood there: no model was named 'M' at 1970-01-01T00:00:00+00:00"
        await refused(ask(ACTOR, "X", 2**62, stage="Staging"), NotFound)
        await refused(ask(Actor("x", team="other"), "M", 2**62, stage="Staging"), NotFound)
        for place in ({}, {"stage": "Staging", "alias": "a"}, {"stage": "x"}, {"alias": "latest"}):
            await refused(ask(ACTOR, "M", 2**62, **place), InvalidArgument)

    asyncio.run(story())
