import asyncio
from pathlib import Path

import pytest

from podium.domain.access import Actor
from podium.domain.filters import And, Comparison, Field, FieldKind, Operator, Order
from podium.domain.registry import PROMPT_TAG
from podium.errors import AlreadyExists, InvalidArgument, NotFound
from podium.services.searching import Search
from podium.store.engine import Store
from support.registry import ACTOR, RegistryWorld, refused

NAME = Field(FieldKind.ATTRIBUTE, "name")


@pytest.fixture
def world(store: Store, tmp_path: Path) -> RegistryWorld:
    return RegistryWorld(store, tmp_path / "blobs")


def test_a_model_is_created_described_tagged_and_renamed_with_all_that_it_has(world):
    async def story():
        made = await world.registry.create(ACTOR, "M", {"a": "1"}, "first")
        assert (made.name, made.description, made.tags, made.latest) == ("M", "first", {"a": "1"}, ())
        await world.new_version()
        await world.promotion.set_alias(ACTOR, "M", "champion", 1)
        await world.registry.describe(ACTOR, "M", "second")
        await world.registry.set_tag(ACTOR, "M", "b", "")
        await world.registry.delete_tag(ACTOR, "M", "a")
        await world.registry.delete_tag(ACTOR, "M", "a")

        renamed = await world.registry.rename(ACTOR, "M", "N")

        assert (renamed.id, renamed.description, renamed.tags) == (made.id, "second", {"b": ""})
        assert renamed.aliases == {"champion": 1}
        assert [(v.name, v.version, v.aliases) for v in renamed.latest] == [("N", 1, ("champion",))]
        assert renamed.updated_at > made.updated_at
        assert await refused(world.registry.get(ACTOR, "M"), NotFound) == "Registered Model with name=M not found"
        assert [row[0] for row in await world.events()] == [
            "create",
            "create",
            "set_alias",
            "update",
            "set_tag",
            "delete_tag",
            "rename",
        ]

    asyncio.run(story())


def test_a_repeated_change_is_no_change(world):
    async def story():
        await world.registry.create(ACTOR, "M", {"a": "1"}, "d")
        before = await world.events()
        await world.registry.set_tag(ACTOR, "M", "a", "1")
        await world.registry.describe(ACTOR, "M", "d")
        await world.registry.rename(ACTOR, "M", "M")
        assert await world.events() == before

    asyncio.run(story())


def test_names_are_taken_once_and_free_again_after_deletion(world):
    async def story():
        await world.registry.create(ACTOR, "M", {})
        await world.registry.create(ACTOR, "P", {PROMPT_TAG: "true"})
        assert await refused(world.registry.create(ACTOR, "M", {}), AlreadyExists) == (
            "Registered Model (name=M) already exists."
        )
        assert await refused(world.registry.create(ACTOR, "P", {PROMPT_TAG: "true"}), AlreadyExists) == (
            "Prompt (name=P) already exists."
        )
        assert "already taken by a prompt" in await refused(world.registry.create(ACTOR, "P", {}), AlreadyExists)
        assert await refused(world.registry.rename(ACTOR, "M", "P"), AlreadyExists) == (
            "Registered Model (name=P) already exists."
        )
        await world.registry.delete(ACTOR, "P")
        await world.registry.rename(ACTOR, "M", "P")
        await refused(world.registry.delete(ACTOR, "M"), NotFound)

    asyncio.run(story())


def test_a_deleted_model_comes_back_with_everything_unless_its_name_is_taken(world):
    async def story():
        await world.registry.create(ACTOR, "M", {"a": "1"})
        await world.new_version()
        await world.promotion.set_alias(ACTOR, "M", "champion", 1)
        key = await world.registry.delete(ACTOR, "M")
        await refused(world.versions.get(ACTOR, "M", 1), NotFound)
        await refused(world.promotion.get_by_alias(ACTOR, "M", "champion"), NotFound)

        await world.registry.create(ACTOR, "M", {})
        await refused(world.registry.restore(ACTOR, key), AlreadyExists)
        await world.registry.delete(ACTOR, "M")
        restored = await world.registry.restore(ACTOR, key)

        assert (restored.tags, restored.aliases) == ({"a": "1"}, {"champion": 1})
        await refused(world.registry.restore(ACTOR, key), NotFound)
        assert (await world.new_version()).version == 2

    asyncio.run(story())


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("  ", "Missing value for required parameter 'name'."),
        ("a/b", "Invalid model name 'a/b'. Names cannot contain '/' or ':'."),
        ("a:b", "Invalid model name 'a:b'. Names cannot contain '/' or ':'."),
        ("..", "This name would resolve to '..'"),
        ("n" * 257, "'name' exceeds the maximum length of 256 characters"),
        ("a\0", "'name' holds a NUL character"),
    ],
)
def test_names_that_are_refused(world, name, message):
    assert message in asyncio.run(refused(world.registry.create(ACTOR, name, {}), InvalidArgument))


def test_tags_and_descriptions_that_are_refused(world):
    async def story():
        for tags in ({"": "x"}, {"a/../b": "x"}, {"k" * 251: "x"}, {"k": "x" * 100_001}, {"k": "\0"}):
            await refused(world.registry.create(ACTOR, "M", tags), InvalidArgument)
        await refused(world.registry.create(ACTOR, "M", {}, "d" * 100_001), InvalidArgument)
        await refused(world.registry.get(ACTOR, "M"), NotFound)

    asyncio.run(story())


def test_another_team_sees_nothing(world):
    other = Actor("eve", team="other")

    async def story():
        await world.store.write(
            lambda tx: tx.run("INSERT INTO teams (name, created_at, updated_at) VALUES ('other', 0, 0)")
        )
        await world.registry.create(ACTOR, "M", {})
        await world.new_version()
        await refused(world.registry.get(other, "M"), NotFound)
        await refused(world.versions.get(other, "M", 1), NotFound)
        await refused(world.promotion.set_alias(other, "M", "a", 1), NotFound)
        assert (await world.registry.search(other, Search(And()))).items == []
        assert (await world.versions.search(other, Search(And()))).items == []
        key = await world.registry.delete(ACTOR, "M")
        await refused(world.registry.restore(other, key), NotFound)
        await world.registry.create(other, "M", {})

    asyncio.run(story())


def test_search_pages_by_name_with_tags_and_aliases_and_leaves_prompts_out(world):
    async def story():
        for i in range(5):
            await world.registry.create(ACTOR, f"m{i}", {"i": str(i)})
        await world.registry.create(ACTOR, "prompt", {PROMPT_TAG: "true"})
        await world.new_version("m3")
        await world.promotion.set_alias(ACTOR, "m3", "best", 1)

        names, token = [], None
        while True:
            page = await world.registry.search(ACTOR, Search(And(), limit=2, page_token=token))
            names += [model.name for model in page.items]
            token = page.next_page_token
            if token is None:
                break
        assert names == ["m0", "m1", "m2", "m3", "m4"]

        found = await world.registry.search(
            ACTOR, Search(And((Comparison(Field(FieldKind.TAG, "i"), Operator.EQ, "3"),)))
        )
        assert [(m.name, m.tags, m.aliases, m.latest[0].aliases) for m in found.items] == [
            ("m3", {"i": "3"}, {"best": 1}, ("best",))
        ]
        is_prompt = Comparison(Field(FieldKind.TAG, PROMPT_TAG), Operator.EQ, "true")
        prompts = await world.registry.search(ACTOR, Search(And((is_prompt,))), prompts=True)
        assert [model.name for model in prompts.items] == ["prompt"]
        down = await world.registry.search(ACTOR, Search(And(), (Order(NAME, ascending=False),), limit=1))
        assert [model.name for model in down.items] == ["m4"]
        for limit in (0, 1001):
            await refused(world.registry.search(ACTOR, Search(And(), limit=limit)), InvalidArgument)

    asyncio.run(story())


def test_the_latest_versions_are_the_newest_of_each_stage(world):
    async def story():
        await world.registry.create(ACTOR, "M", {})
        for stage in ("Archived", "Production", "Archived", "Production", "Staging", "Staging", "None"):
            made = await world.new_version()
            await world.promotion.transition_stage(ACTOR, "M", made.version, stage)

        async def latest(*stages: str) -> dict[str, int]:
            return {v.stage: v.version for v in await world.registry.latest_versions(ACTOR, "M", list(stages))}

        assert await latest() == {"Archived": 3, "Production": 4, "Staging": 6, "None": 7}
        assert await latest("none", "STAGING") == {"Staging": 6, "None": 7}
        await world.versions.delete(ACTOR, "M", 6)
        assert await latest("Staging") == {"Staging": 5}
        assert "Invalid Model Version stage: x." in await refused(latest("x"), InvalidArgument)

    asyncio.run(story())
