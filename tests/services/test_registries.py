"""Registries: what they allow, and how they and what they hold are found."""

import asyncio
from pathlib import Path

import pytest

from podium.domain.filters import And
from podium.errors import InvalidArgument, NotFound
from podium.protocols.wandb.grammar.registries import (
    parse_collection_filter,
    parse_registry_filter,
    parse_version_filter,
)
from podium.services.registries import Page, RegistryEdit, Wanted
from podium.store.engine import Store
from support.registries import BY_NAME, World
from support.registry import ACTOR, refused

BY_LINK = Page("linked_at", ascending=True, limit=10, offset=0)
ALL = Wanted(And(), And())


@pytest.fixture
def world(store: Store, tmp_path: Path) -> World:
    world = World(store, tmp_path / "blobs")

    async def fill() -> None:
        await world.registry.create(ACTOR, "M", {})

    asyncio.run(fill())
    return world


def test_links_need_a_registry_that_allows_their_type(world):
    services = world.services

    async def story():
        data = await world.log.log("data", {"w": b"1"})
        await refused(services.artifact_changes.link(ACTOR, data.id, "wandb-registry-x", "c", []), NotFound)
        await services.registries.upsert(ACTOR, "wandb-registry-x", RegistryEdit(types=["model"]))
        await refused(services.artifact_changes.link(ACTOR, data.id, "wandb-registry-x", "c", []), InvalidArgument)
        await services.registries.upsert(ACTOR, "wandb-registry-x", RegistryEdit(types=["dataset"]))
        place = await services.artifact_changes.link(ACTOR, data.id, "wandb-registry-x", "c", ["good"])
        assert place.number == 0
        assert await world.shown("c") is None

    asyncio.run(story())


def test_registries_and_what_they_hold_are_found_by_filters(world):
    services = world.services

    async def story():
        for name in ("wandb-registry-b", "wandb-registry-a"):
            await services.registries.upsert(ACTOR, name, RegistryEdit(description=f"about {name[-1]}"))
        for number, raw in enumerate((b"1", b"22")):
            version = await world.log.log("data", {"w": raw}, tags=[f"t{number}"])
            await services.artifact_changes.link(ACTOR, version.id, "wandb-registry-a", "one", [f"a{number}"])
        await services.artifact_changes.tag_collection(ACTOR, "wandb-registry-a", "one", ["gold"], [])

        async def found(text: str) -> list[str]:
            return [
                each.name[-1] for each in await services.registries.search(ACTOR, parse_registry_filter(text), BY_NAME)
            ]

        assert await found("{}") == ["a", "b", "l"]
        assert await found('{"name": "a"}') == await found('{"name": "wandb-registry-a"}') == ["a"]
        assert await found('{"name": {"$regex": "^[ab]$"}}') == ["a", "b"]
        assert await found('{"name": {"$contains": "registry-b"}}') == ["b"]
        assert await found('{"description": "about b"}') == ["b"]
        key = (await services.projects.get_by_name(ACTOR, "wandb-registry-a")).id
        assert await found(f'{{"id": {key}}}') == ["a"]

        async def collections(text: str) -> list[str]:
            wanted = Wanted(parse_registry_filter('{"name": "a"}'), parse_collection_filter(text))
            return [each.name for each in (await services.registries.collections(ACTOR, wanted, BY_NAME))[0]]

        assert await collections('{"tag": "gold"}') == await collections('{"name": "one"}') == ["one"]
        assert await collections('{"tag": "lead"}') == []

        async def versions(text: str) -> list[int]:
            page = await services.registries.versions(ACTOR, ALL, parse_version_filter(text), BY_LINK)
            return [each.number for each in page[0]]

        assert await versions("{}") == [0, 1]
        assert await versions('{"alias": "a1"}') == await versions('{"tag": "t1"}') == [1]
        assert await versions('{"version": "v0"}') == await versions('{"artifact_size": {"$lt": 2}}') == [0]
        assert await versions('{"alias": "latest", "tag": "t0"}') == []

    asyncio.run(story())
