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
from podium.services.registries import RegistryEdit, Wanted
from podium.services.searching import Search
from podium.store.engine import Store
from support.registries import World, sorted_by
from support.registry import ACTOR, refused

ALL, EDIT = Wanted(), RegistryEdit()


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
            search = sorted_by("name", parse_registry_filter(text))
            return [each.name[-1] for each in (await services.registries.search(ACTOR, search)).items]

        assert await found("{}") == ["a", "b", "l"]
        assert await found('{"name": "a"}') == await found('{"name": "wandb-registry-a"}') == ["a"]
        assert await found('{"name": {"$regex": "^[ab]$"}}') == ["a", "b"]
        assert await found('{"name": {"$contains": "registry-b"}}') == ["b"]
        assert await found('{"description": "about b"}') == ["b"]
        key = (await services.projects.get_by_name(ACTOR, "wandb-registry-a")).id
        assert await found(f'{{"id": {key}}}') == ["a"]

        async def collections(text: str) -> list[str]:
            wanted = Wanted(parse_registry_filter('{"name": "a"}'))
            search = sorted_by("name", parse_collection_filter(text))
            return [each.name for each in (await services.registries.collections(ACTOR, wanted, search)).items]

        assert await collections('{"tag": "gold"}') == await collections('{"name": "one"}') == ["one"]
        assert await collections('{"tag": "lead"}') == []

        async def versions(text: str) -> list[int]:
            search = sorted_by("linked_at", parse_version_filter(text))
            return [each.number for each in (await services.registries.versions(ACTOR, ALL, search)).items]

        assert await versions("{}") == [0, 1]
        assert await versions('{"alias": "a1"}') == await versions('{"tag": "t1"}') == [1]
        assert await versions('{"version": "v0"}') == await versions('{"artifact_size": {"$lt": 2}}') == [0]
        assert await versions('{"alias": "latest", "tag": "t0"}') == []

    asyncio.run(story())


def test_a_page_goes_on_behind_its_last_item_whatever_comes_before_it(world):
    services = world.services

    async def link(number: int) -> None:
        version = await world.log.log("data", {"w": str(number).encode()})
        await services.artifact_changes.link(ACTOR, version.id, "wandb-registry-b", f"c{number}", [])

    async def two_pages(find, name: str, before) -> tuple[list[int], list[int | None]]:
        """The keys of two pages of one and the rest, before which something else comes in between."""
        first = await find(sorted_by(name, limit=1))
        await before()
        rest = await find(sorted_by(name, page_token=first.next_page_token))
        assert rest.next_page_token is None
        totals = [getattr(page, "total", None) for page in (first, rest)]
        return [item.id for page in (first, rest) for item in page.items], totals

    async def story():
        for name in "bc":
            await services.registries.upsert(ACTOR, f"wandb-registry-{name}", RegistryEdit())
        for number in (2, 3):
            await link(number)
        registries, search = services.registries, services.registries.search
        kept = [each.id for each in (await search(ACTOR, sorted_by("name"))).items]
        found = await two_pages(
            lambda asked: search(ACTOR, asked), "name", lambda: registries.upsert(ACTOR, "wandb-registry-a", EDIT)
        )
        assert found[0] == kept
        held = Wanted(parse_registry_filter('{"name": "b"}'))
        found = await two_pages(lambda asked: registries.collections(ACTOR, held, asked), "name", lambda: link(1))
        assert (len(found[0]), len(set(found[0])), found[1]) == (2, 2, [2, 3])
        newest = await registries.versions(ACTOR, held, Search(And(), limit=2))
        rest = await registries.versions(ACTOR, held, Search(And(), page_token=newest.next_page_token))
        assert len({each.id for page in (newest, rest) for each in page.items}) == 3 == rest.total
        named = Wanted(parse_registry_filter('{"name": {"$in": ["b"]}}'))
        again = await registries.versions(ACTOR, named, Search(And(), page_token=newest.next_page_token))
        assert [each.id for each in again.items] == [each.id for each in rest.items]
        with pytest.raises(InvalidArgument, match="token"):
            await registries.collections(ACTOR, held, Search(And(), page_token=newest.next_page_token))

    asyncio.run(story())
